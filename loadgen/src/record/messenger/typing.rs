//! [`Typing`]: which device is to see which session type. Each beginning and each end is to come once to
//! every device of the recipient.

use std::collections::HashMap;

use switchboard::timer::Moment;

use super::breach::{Breach, Breaches};
use crate::phone_id::PhoneId;
use crate::record::Party;

/// Typing that is on its way.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    /// By the session that types and the device that is to see it.
    due: HashMap<(PhoneId, PhoneId), Due>,
    under_way: u64,
    pub(crate) sent: u64,
    pub(crate) seen: u64,
}

#[derive(Debug)]
struct Due {
    begins: u32,
    ends: u32,
    /// The connections that the two had last.
    parties: (Party, Party),
    /// When it was sent last.
    sent: Moment,
}

impl Typing {
    /// A session begins to type, and then stops; this device of the recipient is to see both.
    pub(crate) fn expect(&mut self, from: Party, to: Party, device: PhoneId, sent: Moment) {
        let parties = (from, to);
        let new = Due { begins: 0, ends: 0, parties, sent };
        let due = self.due.entry((from.phone, device)).or_insert(new);
        *due = Due { begins: due.begins + 1, ends: due.ends + 1, parties, sent };
        self.under_way += 2;
        self.sent += 2;
    }

    /// How many beginnings and ends are still to be seen.
    pub(crate) fn under_way(&self) -> u64 {
        self.under_way
    }

    /// A device sees that a session types, or has stopped.
    pub(super) fn see(
        &mut self,
        by: PhoneId,
        from: PhoneId,
        is_typing: bool,
        breaches: &mut Breaches,
    ) {
        self.seen += 1;
        let key = (from, by);
        let Some(due) = self.due.get_mut(&key) else { return breaches.add(Breach::TypingUncalled) };
        let count = if is_typing { &mut due.begins } else { &mut due.ends };
        if *count == 0 {
            return breaches.add(Breach::TypingUncalled);
        }
        *count -= 1;
        self.under_way -= 1;
        if due.begins + due.ends == 0 {
            self.due.remove(&key);
        }
    }

    /// Counts what should have been seen and was not, unless either side may have missed what was sent at that moment.
    pub(super) fn close(&self, missed: impl Fn(Party, Moment) -> bool, breaches: &mut Breaches) {
        for due in self.due.values() {
            if !missed(due.parties.0, due.sent) && !missed(due.parties.1, due.sent) {
                breaches.add_many(Breach::TypingLost, u64::from(due.begins + due.ends));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_seen_as_often_as_it_was_sent_or_it_is_found_out() {
        let party = |phone| Party { phone: PhoneId(phone), generation: 1 };
        let (mut typing, mut breaches) = (Typing::default(), Breaches::default());
        let (ann, bob) = (PhoneId(0), PhoneId(1));
        for _ in 0..2 {
            typing.expect(party(0), party(1), bob, Moment::START);
        }
        for is_typing in [true, false, true] {
            typing.see(bob, ann, is_typing, &mut breaches);
        }
        assert_eq!((typing.under_way(), breaches.count(Breach::TypingUncalled)), (1, 0));
        typing.see(bob, ann, true, &mut breaches);
        typing.see(ann, bob, false, &mut breaches);
        typing.close(|_, _| false, &mut breaches);
        let counts = [Breach::TypingUncalled, Breach::TypingLost].map(|b| breaches.count(b));
        assert_eq!(counts, [2, 1]);
        typing.close(|party, _| party.phone == bob, &mut breaches);
        assert_eq!(breaches.count(Breach::TypingLost), 1, "nobody can tell");
    }
}
