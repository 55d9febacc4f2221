//! [`Seats`]: the sockets of the realm. A *seat* is one WebSocket of a user: whose it is, which login opened
//! it, what it is for, and what it waits for.
//!
//! A client of `/ws` is a *stream*. With a token alone it begins as Chatterbox, which has no words for private
//! messages, typing or lists. Once it *speaks*, it has switched to a dialect that has them. A *device* is a
//! stream that has words for everything, rooms included, and speaks from the start. Every stream hears global
//! messages, so all stand in one list, the *hearers*; those that speak are the first of them. The sockets of
//! a room stand in a list of the room's ([`Rooms`](super::rooms::Rooms)).
//!
//! A seat costs 40 bytes in a hash table by slot, and 8 among the hearers or in its room. A table indexed by
//! slot would be faster, but the connections of the other realms would pay for it. The table knows no user
//! and no text.

use super::logins::LoginKey;
use super::{RoomKey, UserKey};
use crate::chat::ConnectionId;
use crate::shards::Shards;

/// One WebSocket of a user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// The connection.
    pub(super) id: ConnectionId,
    /// How many messages were committed before it came, in all conversations.
    pub(super) since: u64,
    /// The user.
    pub(super) user: UserKey,
    /// The login that opened it.
    pub(super) login: LoginKey,
    /// What it is for.
    pub(super) purpose: Purpose,
    /// Its place among the hearers, or among the sockets of its room.
    pub(super) place: u32,
    /// How many of its messages and other commands wait for the store.
    pub(super) under_way: u16,
    /// Whether it is a stream that has words for private messages.
    pub(super) speaks: bool,
    /// Whether it is a device.
    pub(super) is_device: bool,
}

/// What a seat is for: its [`Role`](super::Role), in the store's keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Stream,
    /// The private conversation with this user.
    Pair(UserKey),
    Notices,
    Status,
    Room(RoomKey),
}

/// All seats.
#[derive(Default)]
pub(super) struct Seats {
    table: Shards<Seat>,
    /// All streams; those that speak come first.
    hearers: Vec<ConnectionId>,
    /// How many of them speak.
    speaking: usize,
    /// How many of those are devices.
    devices: usize,
    /// How many seats are for the status.
    status: usize,
}

impl Seats {
    /// The seat of a connection.
    pub(super) fn get(&self, id: ConnectionId) -> Option<&Seat> {
        self.table.find(id.index(), |seat| seat.id == id)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Seat> {
        self.table.find_mut(id.index(), |seat| seat.id == id)
    }

    /// Gives a connection a seat. `room_place` is its place among the sockets of its room, if it is for one.
    ///
    /// # Panics
    ///
    /// If its slot has one: a slot gets its next tenant only after the previous one has left the chat.
    pub(super) fn take(
        &mut self,
        id: ConnectionId,
        (user, login): (UserKey, LoginKey),
        (purpose, room_place): (Purpose, usize),
        since: u64,
    ) {
        let is_taken = self.table.find(id.index(), |seat| seat.id.index() == id.index()).is_some();
        assert!(!is_taken, "a slot is freed only after its tenant has left");
        let place = match purpose {
            Purpose::Stream => {
                self.hearers.push(id);
                self.hearers.len() - 1
            }
            Purpose::Room(_) => room_place,
            Purpose::Pair(_) | Purpose::Notices | Purpose::Status => 0,
        };
        self.status += usize::from(purpose == Purpose::Status);
        let (place, under_way, speaks, is_device) = (number(place), 0, false, false);
        let seat = Seat { id, since, user, login, purpose, place, under_way, speaks, is_device };
        self.table.insert(seat, |seat| seat.id.index());
    }

    /// Notes that a stream speaks from now on. Returns the seat, unless it is none or spoke before.
    pub(super) fn speaks(&mut self, id: ConnectionId) -> Option<Seat> {
        let is_mute = |seat: &&mut Seat| !seat.speaks && seat.purpose == Purpose::Stream;
        let seat = self.get_mut(id).filter(is_mute)?;
        seat.speaks = true;
        let seat = *seat;
        self.swap(seat.place as usize, self.speaking);
        self.speaking += 1;
        Some(seat)
    }

    /// Notes that a stream which has just come is a device.
    pub(super) fn is_device(&mut self, id: ConnectionId) {
        if self.speaks(id).is_some()
            && let Some(seat) = self.get_mut(id)
        {
            seat.is_device = true;
            self.devices += 1;
        }
    }

    /// Takes the seat of a connection away. Its place in its room is the caller's to clear.
    pub(super) fn vacate(&mut self, id: ConnectionId) -> Option<Seat> {
        let seat = self.table.remove(id.index(), |seat| seat.id == id)?;
        self.status -= usize::from(seat.purpose == Purpose::Status);
        self.devices -= usize::from(seat.is_device);
        if seat.purpose != Purpose::Stream {
            return Some(seat);
        }
        let mut place = seat.place as usize;
        if seat.speaks {
            // The last that speaks moves into the gap, and so the gap to the end of those.
            self.speaking -= 1;
            self.move_to(self.speaking, place);
            place = self.speaking;
        }
        self.move_to(self.hearers.len() - 1, place);
        self.hearers.pop();
        Some(seat)
    }

    /// How many seats there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// How many seats are for the status.
    pub(super) fn status(&self) -> usize {
        self.status
    }

    /// How many seats are devices.
    pub(super) fn devices(&self) -> usize {
        self.devices
    }

    /// All streams. They hear global messages.
    pub(super) fn hearers(&self) -> &[ConnectionId] {
        &self.hearers
    }

    /// The streams that speak.
    pub(super) fn speaking(&self) -> &[ConnectionId] {
        &self.hearers[..self.speaking]
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.hearers.swap(one, other);
        for place in [one, other] {
            self.note_place(place);
        }
    }

    /// Copies a hearer to another place. Its old place is then free.
    fn move_to(&mut self, from: usize, to: usize) {
        if from != to {
            self.hearers[to] = self.hearers[from];
            self.note_place(to);
        }
    }

    fn note_place(&mut self, place: usize) {
        if let Some(seat) = self.get_mut(self.hearers[place]) {
            seat.place = number(place);
        }
    }

    /// Panics if the table and the list disagree. Returns the seats. It looks at every one.
    pub(super) fn check_invariants(&self) -> impl Iterator<Item = &Seat> {
        let count = |is: fn(&&Seat) -> bool| self.table.iter().filter(is).count();
        let streams = count(|seat| seat.purpose == Purpose::Stream);
        assert_eq!(streams, self.hearers.len(), "every stream hears");
        let status = count(|seat| seat.purpose == Purpose::Status);
        assert_eq!(self.status, status, "status sockets are counted");
        assert_eq!(self.devices, count(|seat| seat.is_device), "devices are counted");
        for seat in self.table.iter() {
            if seat.purpose != Purpose::Stream {
                assert!(!seat.speaks && !seat.is_device, "only a stream switches");
                continue;
            }
            let place = seat.place as usize;
            assert_eq!(self.hearers[place], seat.id, "a seat knows its place");
            assert_eq!(seat.speaks, place < self.speaking, "those that speak come first");
        }
        self.table.iter()
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("there are fewer connections than a u32 counts")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_seat_is_as_small_as_the_header_says() {
        assert_eq!(size_of::<Seat>() + size_of::<ConnectionId>(), 48);
    }

    #[test]
    fn a_late_word_of_a_former_tenant_finds_nobody() {
        let (old, new) = (ConnectionId::new(3, 0), ConnectionId::new(3, 1));
        let mut seats = Seats::default();
        seats.take(old, (UserKey(1), LoginKey(0)), (Purpose::Stream, 0), 0);
        assert!(seats.get(new).is_none() && seats.vacate(new).is_none());
        assert!(seats.vacate(old).is_some());
        seats.take(new, (UserKey(1), LoginKey(0)), (Purpose::Stream, 0), 0);
        assert!(seats.get(old).is_none() && seats.speaks(old).is_none());
        assert!(seats.speaks(new).is_some() && seats.speaks(new).is_none(), "once and for good");
    }

    proptest! {
        #[test]
        fn those_that_speak_come_first_whatever_the_order(
            steps in prop::collection::vec((0u32..8, any::<bool>(), any::<bool>()), 0..200),
        ) {
            let mut seats = Seats::default();
            // Of each seat: whether it is a stream, and whether it speaks.
            let mut model = std::collections::BTreeMap::new();
            for (slot, goes, is_stream) in steps {
                let id = ConnectionId::new(slot, 0);
                match (model.get(&id).copied(), goes) {
                    (None, _) => {
                        let purpose = if is_stream { Purpose::Stream } else { Purpose::Status };
                        seats.take(id, (UserKey(1), LoginKey(0)), (purpose, 0), 0);
                        model.insert(id, (is_stream, false));
                    }
                    (Some((true, false)), false) => {
                        prop_assert!(seats.speaks(id).is_some());
                        model.insert(id, (true, true));
                    }
                    (Some(_), false) => prop_assert!(seats.speaks(id).is_none()),
                    (Some(_), true) => {
                        prop_assert!(seats.vacate(id).is_some());
                        model.remove(&id);
                    }
                }
                seats.check_invariants().count();
                let mut speaking = seats.speaking().to_vec();
                speaking.sort_unstable();
                let expected: Vec<_> = model.iter().filter(|(_, (_, speaks))| *speaks).map(|(id, _)| *id).collect();
                prop_assert_eq!(speaking, expected);
                let streams = model.values().filter(|(is_stream, _)| *is_stream).count();
                prop_assert_eq!(seats.hearers().len(), streams);
                prop_assert_eq!((seats.len(), seats.status()), (model.len(), model.len() - streams));
            }
        }
    }
}
