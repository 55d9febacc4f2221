//! What users with accounts do: they write to everyone and to each other.

use switchboard::timer::Moment;

use super::desk::Desk;
use super::desk::account::spot;
use super::lines::Lines;
use super::run::Run;
use crate::client::{AccountWords, Draft};
use crate::phone_id::PhoneId;
use crate::record::{Conversation, Way};
use crate::workload::Place;

impl Run<'_> {
    /// A user writes: to this phone, or to another place.
    pub(super) fn post(
        &mut self,
        words: &dyn AccountWords,
        (from, to): (PhoneId, PhoneId),
        planned: Moment,
        now: Moment,
    ) -> u64 {
        let (sender, place) = (self.lines.party(from), self.desk.place(from, to));
        let Lines { slots, pen, out, text, .. } = &mut self.lines;
        let Desk { record, texts, names, pool, seed, newest, .. } = &mut self.desk;
        let Some(accounts) = record.checked.accounts_mut() else { return 0 };
        let postings = &self.plan.settings.postings;
        let recipient = crate::record::Party { phone: place.recipient(), generation: 0 };
        let stamp = record.books.send(sender, recipient, Way::Within, planned, now);
        accounts.send(&stamp, now);
        texts.write(&stamp, text);
        let (id, number) = (names.message(stamp.number), stamp.number);
        let answered = newest.get(&Conversation::of(from, place));
        let reply_to = answered.filter(|_| postings.is_reply(number, *seed)).map(String::as_str);
        if let Some(mid) = reply_to {
            accounts.answer(number, mid);
        }
        let draft = Draft { id: id.as_str(), place: spot(pool, place), text, reply_to };
        let is_typed = words.skills().types && postings.is_typed(number, *seed);
        if slots[from.index()].line.as_ref().is_some_and(|line| line.phone.is_some()) {
            if is_typed {
                words.type_to(&draft.place, true, pen, out);
            }
            words.message(&draft, pen, out);
            if is_typed {
                words.type_to(&draft.place, false, pen, out);
                accounts.type_in(from, place, now);
            }
        }
        let is_timed = match place {
            // A phone of another process cannot be waited for.
            Place::Phone(to) => {
                let is_ours = self.plan.shard.is_none_or(|shard| shard.has(to));
                is_ours && slots[to.index()].persona.is_sociable()
            }
            // Some phone reads at once.
            Place::Everyone | Place::Room(_) => true,
        };
        record.sent(number, planned, now, is_timed);
        self.write(from);
        number
    }
}
