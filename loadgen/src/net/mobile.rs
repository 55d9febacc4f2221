//! What phones with numbers do: they write messages.

use switchboard::timer::Moment;

use super::desk::Desk;
use super::lines::Lines;
use super::run::Run;
use crate::client::MobileWords;
use crate::phone_id::PhoneId;
use crate::workload::{Numbers, Stamp};

impl Run<'_> {
    /// A phone writes to another.
    pub(super) fn send_message(
        &mut self,
        words: &dyn MobileWords,
        (from, to): (PhoneId, PhoneId),
        planned: Moment,
        now: Moment,
    ) -> u64 {
        let (sender, recipient) = (self.lines.party(from), self.lines.recipient(from, to));
        let way = self.lines.way(from, to);
        let stamp = self.desk.record.books.send(sender, recipient, way, planned, now);
        self.write_message(words, &stamp);
        let is_sociable = self.lines.slot(to).persona.is_sociable();
        self.desk.record.sent(stamp.number, planned, now, is_sociable);
        self.write(from);
        stamp.number
    }

    /// Puts a message with this stamp into the buffer for its sender's socket.
    pub(super) fn write_message(&mut self, words: &dyn MobileWords, stamp: &Stamp) {
        let Lines { slots, pen, out, text, .. } = &mut self.lines;
        let Desk { texts, numbers, .. } = &self.desk;
        texts.write(stamp, text);
        let mut digits = [0; Numbers::DIGITS];
        let number = numbers.digits(stamp.recipient, &mut digits);
        let line = &slots[stamp.sender.index()].line;
        if line.as_ref().is_some_and(|line| line.phone.is_some()) {
            words.message(number, text, pen, out);
        }
    }
}
