//! [`Typing`]: which phone is to see which user type. Each beginning and each end is to come once to every other
//! phone of the place.
//!
//! A server may drop typing for a phone whose socket is full, and a connection that ends may take typing with it.
//! Such typing is *doubtful*: it may be seen or not. Entries exist only while typing is under way; a counter for
//! each two phones of a place was the alternative, which grows with the square of the phones.

use std::collections::HashMap;
use std::time::Duration;

use switchboard::timer::Moment;

use super::{Accounts, Conversation, Lapse};
use crate::phone_id::PhoneId;
use crate::workload::Place;

/// A socket may have been full for this long before so much was read from it, and the server may take it for full
/// for as long after that.
const CROWDED: Duration = Duration::from_secs(1);
/// A phone that comes while others write may see typing that was sent before it came: for this long at most.
const NEWCOMER: Duration = Duration::from_secs(5);

impl Accounts {
    /// A user is seen typing in a place before a message: all others who are there must see it, and those who are on
    /// their way may.
    pub(crate) fn type_in(&mut self, from: PhoneId, place: Place, now: Moment) {
        let conversation = Conversation::of(from, place);
        for by in self.readers_of(place).into_iter().filter(|&by| by != from) {
            let seat = self.seats[by.index()];
            if !seat.is_awaited {
                continue;
            }
            let was_full = seat.crowded > Moment::START && now < seat.crowded + CROWDED;
            self.counts.typing_sent += 2 * u64::from(seat.is_present);
            self.typing.expect((from, conversation), by, seat.is_present && !was_full);
        }
    }

    /// A phone that reads all that comes sees that a user types in a place of the phone, or has stopped. When users of
    /// another process do is not known.
    pub(crate) fn see_typing(
        &mut self,
        by: PhoneId,
        (from, place): (PhoneId, Place),
        is_typing: bool,
        now: Moment,
    ) {
        if self.is_of_another(from) {
            return;
        }
        self.counts.typing_seen += 1;
        self.last_news = now;
        let seat = self.seats[by.index()];
        if self.typing.see(by, (from, Conversation::of(by, place)), is_typing) || !seat.is_present {
            return;
        }
        // A phone that was there before the first message has seen all that came before this.
        let is_new = seat.since > 0 && now < seat.came + NEWCOMER;
        self.lapses.add_many(Lapse::TypingUncalled, u64::from(!is_new));
    }

    /// So much came to a phone at once that its socket may have been full: a server may drop typing then.
    pub(crate) fn crowd(&mut self, phone: PhoneId, now: Moment) {
        self.seats[phone.index()].crowded = now;
        self.typing.doubt_to(phone);
    }

    /// The phones of a place.
    fn readers_of(&self, place: Place) -> Vec<PhoneId> {
        match place {
            Place::Everyone => {
                let phones = u32::try_from(self.seats.len()).expect("phones have 32 bits");
                (0..phones).map(PhoneId).collect()
            }
            Place::Phone(phone) => vec![phone],
            Place::Room(room) => {
                self.logs.rooms.get(room as usize).map(super::Log::members).unwrap_or_default()
            }
        }
    }
}

/// Typing that is on its way.
#[derive(Debug, Default)]
pub(super) struct Typing {
    /// By the phone that is to see it: by who types, and where.
    due: HashMap<PhoneId, HashMap<(PhoneId, Conversation), Due>>,
    /// How much must still be seen.
    under_way: u64,
}

/// Beginnings and ends of one user's typing in one place that a phone has not seen yet, by whether the user types.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Due {
    certain: [u32; 2],
    doubtful: [u32; 2],
}

impl Due {
    /// Makes all of it doubtful. Returns how much was certain.
    fn doubt(&mut self) -> u64 {
        let certain = std::mem::take(&mut self.certain);
        for (doubtful, certain) in self.doubtful.iter_mut().zip(certain) {
            *doubtful += certain;
        }
        certain.into_iter().map(u64::from).sum()
    }
}

impl Typing {
    /// A user begins to type, and then stops. `by` is to see both, or, if that is not certain, may see them.
    pub(super) fn expect(
        &mut self,
        (from, place): (PhoneId, Conversation),
        by: PhoneId,
        is_certain: bool,
    ) {
        let due = self.due.entry(by).or_default().entry((from, place)).or_default();
        let counts = if is_certain { &mut due.certain } else { &mut due.doubtful };
        counts.iter_mut().for_each(|count| *count += 1);
        self.under_way += if is_certain { 2 } else { 0 };
    }

    /// A phone sees that a user types, or has stopped. Returns whether the user did.
    pub(super) fn see(
        &mut self,
        by: PhoneId,
        (from, place): (PhoneId, Conversation),
        is_typing: bool,
    ) -> bool {
        let (key, which) = ((from, place), usize::from(is_typing));
        let Some(of_phone) = self.due.get_mut(&by) else { return false };
        let Some(due) = of_phone.get_mut(&key) else { return false };
        if due.certain[which] > 0 {
            due.certain[which] -= 1;
            self.under_way -= 1;
        } else if due.doubtful[which] > 0 {
            due.doubtful[which] -= 1;
        } else {
            return false;
        }
        if *due == Due::default() {
            of_phone.remove(&key);
        }
        true
    }

    /// The socket of a phone may have been full: what it has not seen yet may never come.
    pub(super) fn doubt_to(&mut self, phone: PhoneId) {
        for due in self.due.get_mut(&phone).into_iter().flat_map(HashMap::values_mut) {
            self.under_way -= due.doubt();
        }
    }

    /// The connection of a user who types has broken: nobody can tell what came of the last typing.
    pub(super) fn doubt_from(&mut self, user: PhoneId) {
        if self.under_way == 0 {
            return;
        }
        for ((from, _), due) in self.due.values_mut().flatten() {
            if *from == user {
                self.under_way -= due.doubt();
            }
        }
    }

    /// A phone is gone: it sees nothing any more.
    pub(super) fn forget(&mut self, phone: PhoneId) {
        self.doubt_to(phone);
        self.due.remove(&phone);
    }

    /// How many beginnings and ends must still be seen.
    pub(super) fn under_way(&self) -> u64 {
        self.under_way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Place;

    const ANN: PhoneId = PhoneId(0);
    const BOB: PhoneId = PhoneId(1);

    fn everyone() -> Conversation {
        Conversation::of(ANN, Place::Everyone)
    }

    #[test]
    fn typing_is_seen_as_often_as_it_was_done_in_its_place_and_no_more() {
        let (mut typing, here) = (Typing::default(), (ANN, everyone()));
        let private = (ANN, Conversation::of(ANN, Place::Phone(BOB)));
        typing.expect(here, BOB, true);
        typing.expect(here, BOB, true);
        let seen = [true, false, true].map(|is_typing| typing.see(BOB, here, is_typing));
        assert_eq!((seen, typing.under_way()), ([true; 3], 1));
        assert!(!typing.see(BOB, here, true), "a third beginning");
        assert!(!typing.see(BOB, private, false), "another place");
        assert!(!typing.see(ANN, here, false), "another phone");
        assert!(typing.see(BOB, here, false));
        assert_eq!(typing.under_way(), 0);
        assert!(typing.due[&BOB].is_empty(), "nothing is kept of what has come");
    }

    #[test]
    fn what_is_doubtful_may_come_and_need_not() {
        let (mut typing, here) = (Typing::default(), (ANN, everyone()));
        typing.expect(here, BOB, true);
        typing.doubt_from(BOB);
        assert_eq!(typing.under_way(), 2, "it is ann who types");
        typing.doubt_from(ANN);
        assert_eq!(typing.under_way(), 0);
        assert!(typing.see(BOB, here, true) && !typing.see(BOB, here, true));
        typing.expect(here, BOB, true);
        typing.doubt_to(BOB);
        assert_eq!(typing.under_way(), 0);
        assert!(typing.see(BOB, here, true) && typing.see(BOB, here, false));
        typing.expect(here, BOB, false);
        assert_eq!(typing.under_way(), 0, "it came while bob was on the way");
        typing.expect(here, BOB, true);
        typing.forget(BOB);
        assert_eq!(typing.under_way(), 0);
        assert!(!typing.see(BOB, here, true));
    }
}
