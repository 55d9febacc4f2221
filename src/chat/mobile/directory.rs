//! [`Directory`]: which numbers are online, and at which connection. A *place* is a position in the
//! dense list of all numbers online. A *seat* is the entry of a connection's slot, with its tenant's place.
//!
//! There are three tables. Each answers one question in O(1):
//!
//!   holders   number → its connection        to find the recipient of everything that is sent
//!   online    place → number                 the list that presence publishes, as it stands
//!   seats     slot → place                   to find the sender of everything that arrives
//!
//! Together they cost 49 bytes for each person online, without the spare capacity of the tables. The
//! directory knows no messages and no sink. The realm calls it.

use std::mem;

use super::takeovers::Takeovers;
use super::{Joined, Limits, Refusal};
use crate::chat::seats::Seats;
use crate::chat::{ConnectionId, Mobile};
use crate::limiter::{Block, Rate};
use crate::shards::Shards;
use crate::timer::Moment;

/// All numbers online, each once.
#[derive(Debug)]
pub(super) struct Directory {
    takeovers: Takeovers,
    holders: Shards<Holder>,
    online: Vec<Mobile>,
    seats: Seats,
}

/// The connection that holds a number.
#[derive(Debug)]
struct Holder {
    mobile: Mobile,
    connection: ConnectionId,
}

impl Directory {
    /// Makes a directory with no number online.
    pub(super) fn new(limits: Limits) -> Self {
        Directory {
            takeovers: Takeovers::new(limits.replacements, limits.remembered_takeovers),
            holders: Shards::default(),
            online: Vec::new(),
            seats: Seats::default(),
        }
    }

    /// Changes how often an address may take a number from another connection.
    pub(super) fn set_replacements(&mut self, rate: Rate) {
        self.takeovers.set_rate(rate);
    }

    /// Gives the number `mobile` to the connection `id` from the address block `from`. If another
    /// connection holds the number, it loses it.
    pub(super) fn join(
        &mut self,
        now: Moment,
        id: ConnectionId,
        mobile: Mobile,
        from: Block,
    ) -> Result<Joined, Refusal> {
        let Some(holder) = self.holders.find_mut(mobile, |holder| holder.mobile == mobile) else {
            self.seats.take(id, narrow(self.online.len()));
            self.online.push(mobile);
            let holder = Holder { mobile, connection: id };
            self.holders.insert(holder, |holder| holder.mobile);
            return Ok(Joined::New);
        };
        self.takeovers
            .take(now, mobile, from)
            .map_err(|retry_after| Refusal::ReplacedTooOften { retry_after })?;
        let old = mem::replace(&mut holder.connection, id);
        let place = self.seats.vacate(old).expect("a holder has a seat until it leaves");
        self.seats.take(id, place);
        Ok(Joined::Replaced(old))
    }

    /// Removes a connection and returns its number. `None` if it holds no number, or no longer holds one.
    pub(super) fn leave(&mut self, id: ConnectionId) -> Option<Mobile> {
        let place = self.seats.vacate(id)? as usize;
        // The last number of the list moves into the gap, so that the list stays dense.
        let mobile = self.online.swap_remove(place);
        self.holders.remove(mobile, |holder| holder.mobile == mobile);
        if let Some(moved) = self.online.get(place) {
            let connection = self.connection_of(*moved).expect("everyone in the list has a holder");
            self.seats.renumber(connection, narrow(place));
        }
        Some(mobile)
    }

    /// Forgets old takeovers that no longer matter: at most `budget` of them.
    pub(super) fn forget(&mut self, now: Moment, budget: usize) {
        self.takeovers.forget(now, budget);
    }

    /// All numbers online, in no particular order.
    pub(super) fn online(&self) -> &[Mobile] {
        &self.online
    }

    /// The connection that holds a number.
    pub(super) fn connection_of(&self, mobile: Mobile) -> Option<ConnectionId> {
        let holder = self.holders.find(mobile, |holder| holder.mobile == mobile);
        holder.map(|holder| holder.connection)
    }

    /// The number that a connection holds.
    pub(super) fn mobile_of(&self, id: ConnectionId) -> Option<Mobile> {
        self.seats.number(id).map(|place| self.online[place as usize])
    }

    /// Panics if the tables disagree, and says which. It looks at every number, so only tests and the
    /// simulator call it.
    pub(super) fn check_invariants(&self) {
        self.takeovers.check_invariants();
        let online = self.online.len();
        assert_eq!(self.holders.len(), online, "as many holders as numbers online");
        assert_eq!(self.seats.taken(), online, "as many seats taken as numbers online");
        for (place, &mobile) in self.online.iter().enumerate() {
            let connection = self.connection_of(mobile).expect("every number online has a holder");
            let seat = self.seats.number(connection);
            assert_eq!(
                seat,
                Some(narrow(place)),
                "every holder's seat knows the place of its number"
            );
        }
    }
}

/// Turns a place in the list of numbers online into a seat's number.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).expect("no more are online than there are slots, whose numbers are u32")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    use crate::limiter::Rate;

    /// Limits that allow any number of takeovers.
    fn limits() -> Limits {
        Limits { replacements: Rate::UNLIMITED, ..Limits::default() }
    }

    const SLOTS: u32 = 6;
    const NUMBERS: u64 = 5;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// The slot's present tenant leaves; then the next one signs in with a number.
        Join { slot: u32, number: u64 },
        /// A tenant of the slot leaves: the one `ago` tenants before the present one.
        Leave { slot: u32, ago: u32 },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..SLOTS, 0..NUMBERS).prop_map(|(slot, number)| Step::Join { slot, number }),
            (0..SLOTS, 0..3u32).prop_map(|(slot, ago)| Step::Leave { slot, ago }),
        ]
    }

    fn mobile(number: u64) -> Mobile {
        Mobile::parse(format!("{number:010}").as_bytes()).expect("ten digits")
    }

    proptest! {
        #[test]
        fn the_directory_is_a_plain_map_from_numbers_to_connections(
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let mut directory = Directory::new(limits());
            let mut model: BTreeMap<Mobile, ConnectionId> = BTreeMap::new();
            let mut generations = [0u32; SLOTS as usize];
            for step in steps {
                match step {
                    Step::Join { slot, number } => {
                        let generation = &mut generations[slot as usize];
                        directory.leave(ConnectionId::new(slot, *generation));
                        model.retain(|_, id| id.index() != slot as usize);
                        *generation += 1;
                        let id = ConnectionId::new(slot, *generation);
                        let joined = directory.join(Moment::START, id, mobile(number), Block::default());
                        let expected = match model.insert(mobile(number), id) {
                            Some(old) => Joined::Replaced(old),
                            None => Joined::New,
                        };
                        prop_assert_eq!(joined, Ok(expected));
                    }
                    Step::Leave { slot, ago } => {
                        let generation = generations[slot as usize].saturating_sub(ago);
                        let id = ConnectionId::new(slot, generation);
                        let expected = model.iter().find(|(_, held)| **held == id).map(|(m, _)| *m);
                        model.retain(|_, held| *held != id);
                        prop_assert_eq!(directory.leave(id), expected);
                    }
                }
                directory.check_invariants();
                let mut online = directory.online().to_vec();
                online.sort_unstable();
                prop_assert!(online.iter().eq(model.keys()));
                for (&number, &id) in &model {
                    prop_assert_eq!(directory.connection_of(number), Some(id));
                    prop_assert_eq!(directory.mobile_of(id), Some(number));
                }
            }
        }
    }

    #[test]
    fn a_person_online_costs_49_bytes_in_the_tables() {
        let entry = size_of::<Holder>() + 1; // and the hash table's control byte
        assert_eq!(entry + size_of::<Mobile>() + Seats::BYTES_EACH, 49);
    }

    #[test]
    #[should_panic(expected = "a slot is freed only after its tenant has left")]
    fn a_slot_never_has_two_tenants_online() {
        let mut directory = Directory::new(limits());
        for generation in 0..2 {
            let id = ConnectionId::new(0, generation);
            let _ = directory.join(Moment::START, id, mobile(generation.into()), Block::default());
        }
    }
}
