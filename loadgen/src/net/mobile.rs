//! What phones with numbers do: they write messages.

use switchboard::timer::Moment;

use super::desk::Desk;
use super::lines::Lines;
use super::run::Run;
use crate::client::MobileWords;
use crate::phone_id::PhoneId;
use crate::workload::Numbers;

impl Run<'_> {
    /// A phone writes to another.
    pub(super) fn send_message(
        &mut self,
        words: &dyn MobileWords,
        (from, to): (PhoneId, PhoneId),
        planned: Moment,
        now: Moment,
    ) -> u64 {
        let (sender, recipient) = (self.lines.party(from), self.lines.party(to));
        let Lines { slots, pen, out, text, .. } = &mut self.lines;
        let Desk { record, texts, numbers, .. } = &mut self.desk;
        let stamp = record.books.send(sender, recipient, planned, now);
        texts.write(&stamp, text);
        let mut digits = [0; Numbers::DIGITS];
        let number = numbers.digits(to, &mut digits);
        let text = str::from_utf8(text).expect("a text is ASCII");
        if slots[from.index()].line.as_ref().is_some_and(|line| line.phone.is_some()) {
            words.message(number, text, pen, out);
        }
        record.sent(stamp.number, planned, now, slots[to.index()].persona.is_sociable());
        self.write(from);
        stamp.number
    }
}
