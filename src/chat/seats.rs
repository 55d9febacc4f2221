//! [`Seats`]: from a connection to the realm's number for it. A *seat* is the entry for one slot of the
//! turn's slab: which tenant of the slot has joined a realm, and a number that the realm keeps for it.
//!
//! A realm looks up the sender of every command. So a lookup is an index into a table, O(1), and no
//! search. The table costs 8 bytes for each slot that was ever in use; with an `Option` it would be 12.
//! Each realm has its own table. The table knows no person and no message.

use super::ConnectionId;

/// For each slot: which of its tenants has joined, and the realm's number for that tenant.
#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

#[derive(Clone, Copy, Debug)]
struct Seat {
    generation: u32,
    /// The realm's number for the tenant; [`FREE`] while no tenant of the slot has joined.
    number: u32,
}

/// Marks a free seat. No realm uses this number: memory ends before a table has four billion entries.
const FREE: u32 = u32::MAX;

impl Seats {
    /// The size of a seat, in bytes.
    #[cfg(test)]
    pub(super) const BYTES_EACH: usize = size_of::<Seat>();

    /// The number of a connection. `None` if it has not joined, or if its slot has another tenant now.
    pub(super) fn number(&self, id: ConnectionId) -> Option<u32> {
        let seat = self.0.get(id.index())?;
        let is_here = seat.generation == id.generation() && seat.number != FREE;
        is_here.then_some(seat.number)
    }

    /// Gives a connection its seat, with the realm's number for it.
    ///
    /// # Panics
    ///
    /// If the seat is taken: a slot gets its next tenant only after the previous one has left the chat.
    pub(super) fn take(&mut self, id: ConnectionId, number: u32) {
        debug_assert_ne!(number, FREE, "no realm counts that far");
        if id.index() >= self.0.len() {
            self.0.resize(id.index() + 1, Seat { generation: 0, number: FREE });
        }
        let seat = &mut self.0[id.index()];
        assert_eq!(seat.number, FREE, "a slot is freed only after its tenant has left");
        *seat = Seat { generation: id.generation(), number };
    }

    /// Gives a seated connection another number.
    pub(super) fn renumber(&mut self, id: ConnectionId, number: u32) {
        debug_assert!(self.number(id).is_some(), "only a seated connection has a number");
        self.0[id.index()].number = number;
    }

    /// Frees the seat of a connection and returns its number. `None` if it had not joined.
    pub(super) fn vacate(&mut self, id: ConnectionId) -> Option<u32> {
        let number = self.number(id)?;
        self.0[id.index()].number = FREE;
        Some(number)
    }

    /// The connection that has joined from the slot of `id`: `id` itself, or another tenant of the slot.
    pub(super) fn tenant_of_slot(&self, id: ConnectionId) -> Option<ConnectionId> {
        let seat = self.0.get(id.index()).filter(|seat| seat.number != FREE)?;
        let index = u32::try_from(id.index()).expect("the number of a slot was a u32 before");
        Some(ConnectionId::new(index, seat.generation))
    }

    /// How many seats are taken. It looks at all seats, O(n), so only checks call it.
    pub(super) fn taken(&self) -> usize {
        self.0.iter().filter(|seat| seat.number != FREE).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: ConnectionId = ConnectionId::new(3, 0);
    const SECOND: ConnectionId = ConnectionId::new(3, 1);

    #[test]
    fn an_event_for_a_former_tenant_of_a_slot_finds_nobody() {
        let mut seats = Seats::default();
        seats.take(FIRST, 7);
        assert_eq!(seats.vacate(FIRST), Some(7));
        seats.take(SECOND, 8);
        assert_eq!((seats.number(FIRST), seats.number(SECOND)), (None, Some(8)));
        assert_eq!(seats.vacate(FIRST), None);
        assert_eq!(seats.tenant_of_slot(FIRST), Some(SECOND));
        seats.renumber(SECOND, 9);
        assert_eq!((seats.taken(), seats.vacate(SECOND)), (1, Some(9)));
        assert_eq!((seats.taken(), seats.tenant_of_slot(FIRST)), (0, None));
    }

    #[test]
    #[should_panic(expected = "a slot is freed only after its tenant has left")]
    fn a_slot_never_has_two_tenants_in_a_realm() {
        let mut seats = Seats::default();
        seats.take(FIRST, 0);
        seats.take(SECOND, 0);
    }
}
