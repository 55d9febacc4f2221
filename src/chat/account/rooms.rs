//! [`Rooms`]: all rooms with their members, as the store has them, and the sockets of each.
//!
//! It is a complete replica, as the directory of users is, and only results of jobs change it. So the pages
//! about rooms, which clients ask for all the time, cost no read from the disk, and whether a user is a
//! member is known at once. For a message the store decides it once more, in its own order.
//!
//! Everything is found in O(log n). A room costs about 150 bytes and its texts, a member 12 bytes and more:
//! 4 in the order of joining, and 8 in the table that says which rooms a user is in. A member who leaves
//! costs O(members), which is at most 1,000.

use std::collections::{BTreeMap, BTreeSet};

use super::{Room, RoomId, RoomKey, UserKey};
use crate::chat::ConnectionId;

/// All rooms.
#[derive(Default)]
pub(super) struct Rooms {
    all: BTreeMap<RoomKey, Hall>,
    by_id: BTreeMap<RoomId, RoomKey>,
    memberships: BTreeSet<(UserKey, RoomKey)>,
}

/// A room, and its sockets.
pub(super) struct Hall {
    /// What the store has.
    pub(super) room: Room,
    /// The sockets of members that are open for it. Each seat knows its place here.
    seats: Vec<ConnectionId>,
}

impl Rooms {
    /// Makes a table of these rooms.
    pub(super) fn restore(rooms: Vec<Room>) -> Self {
        let mut table = Rooms::default();
        rooms.into_iter().for_each(|room| table.add(room));
        table
    }

    /// How many rooms there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All rooms, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Hall> {
        self.all.values()
    }

    /// The room with a key.
    pub(super) fn get(&self, key: RoomKey) -> Option<&Hall> {
        self.all.get(&key)
    }

    /// The room with an id.
    pub(super) fn find(&self, id: RoomId) -> Option<&Room> {
        self.by_id.get(&id).and_then(|key| self.all.get(key)).map(|hall| &hall.room)
    }

    /// Whether a user is a member of a room.
    pub(super) fn is_member(&self, key: RoomKey, user: UserKey) -> bool {
        self.memberships.contains(&(user, key))
    }

    /// The rooms that a user is a member of, the oldest first.
    pub(super) fn of(&self, user: UserKey) -> impl Iterator<Item = &Room> {
        let own = self.memberships.range((user, RoomKey(0))..=(user, RoomKey(u32::MAX)));
        own.filter_map(|(_, key)| self.all.get(key)).map(|hall| &hall.room)
    }

    /// Adds a room that the store has just made.
    pub(super) fn add(&mut self, room: Room) {
        self.by_id.insert(room.id, room.key);
        self.memberships.extend(room.members.iter().map(|&user| (user, room.key)));
        self.all.insert(room.key, Hall { room, seats: Vec::new() });
    }

    /// Takes a room out. Its sockets must have left.
    pub(super) fn remove(&mut self, key: RoomKey) {
        let Some(Hall { room, seats }) = self.all.remove(&key) else { return };
        debug_assert!(seats.is_empty(), "a socket of a room has a room");
        self.by_id.remove(&room.id);
        for &user in &room.members {
            self.memberships.remove(&(user, key));
        }
    }

    /// Makes a user a member of a room.
    pub(super) fn join(&mut self, key: RoomKey, user: UserKey) {
        let Some(hall) = self.all.get_mut(&key) else { return };
        if self.memberships.insert((user, key)) {
            hall.room.members.push(user);
        }
    }

    /// Makes a user no member of a room. The user's sockets must have left it.
    pub(super) fn part(&mut self, key: RoomKey, user: UserKey) {
        let Some(hall) = self.all.get_mut(&key) else { return };
        if self.memberships.remove(&(user, key)) {
            hall.room.members.retain(|&member| member != user);
        }
    }

    /// Makes these all the rooms there are. Those that stay keep their sockets; those that go must have
    /// none, and neither may users who are members no longer. O(rooms + members).
    pub(super) fn replace(&mut self, rooms: Rooms) {
        let mut old = std::mem::replace(self, rooms);
        for (key, hall) in &mut self.all {
            if let Some(former) = old.all.get_mut(key) {
                hall.seats = std::mem::take(&mut former.seats);
            }
        }
        debug_assert!(old.all.values().all(|hall| hall.seats.is_empty()), "a socket has a room");
    }

    /// Gives a room a socket. Returns its place.
    pub(super) fn seat(&mut self, key: RoomKey, id: ConnectionId) -> usize {
        let Some(hall) = self.all.get_mut(&key) else { return 0 };
        hall.seats.push(id);
        hall.seats.len() - 1
    }

    /// Takes the socket at a place from a room. Returns the one that stands there now, if one has moved.
    pub(super) fn unseat(&mut self, key: RoomKey, place: usize) -> Option<ConnectionId> {
        let seats = &mut self.all.get_mut(&key)?.seats;
        seats.swap_remove(place);
        seats.get(place).copied()
    }

    /// Panics if the tables disagree. Returns the rooms. It looks at every member.
    pub(super) fn check_invariants(&self) -> impl Iterator<Item = &Hall> {
        assert_eq!(self.by_id.len(), self.all.len(), "as many ids as rooms");
        let members: usize = self.all.values().map(|hall| hall.room.members.len()).sum();
        assert_eq!(self.memberships.len(), members, "as many memberships as members");
        for (&key, Hall { room, .. }) in &self.all {
            assert_eq!(self.by_id.get(&room.id), Some(&key), "every room is found by id");
            let are_in = room.members.iter().all(|&user| self.is_member(key, user));
            assert!(are_in, "every member has a membership");
            assert!(room.members.contains(&room.creator), "the creator is a member");
        }
        self.all.values()
    }
}

impl Hall {
    /// The sockets that are open for the room.
    pub(super) fn seats(&self) -> &[ConnectionId] {
        &self.seats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::account::UnixMs;

    fn room(key: u32, members: &[u32]) -> Room {
        let members: Vec<UserKey> = members.iter().copied().map(UserKey).collect();
        Room {
            key: RoomKey(key),
            id: RoomId([u8::try_from(key).expect("small"); 16]),
            name: "room".into(),
            description: "".into(),
            creator: members[0],
            created: UnixMs(0),
            members,
        }
    }

    fn of(rooms: &Rooms, user: u32) -> Vec<u32> {
        rooms.of(UserKey(user)).map(|room| room.key.0).collect()
    }

    #[test]
    fn a_user_has_exactly_the_rooms_of_which_they_are_a_member() {
        let mut rooms = Rooms::restore(vec![room(5, &[1, 2]), room(3, &[2])]);
        assert_eq!((of(&rooms, 1), of(&rooms, 2), of(&rooms, 3)), (vec![5], vec![3, 5], vec![]));
        rooms.join(RoomKey(3), UserKey(1));
        rooms.join(RoomKey(3), UserKey(1));
        rooms.part(RoomKey(5), UserKey(2));
        rooms.part(RoomKey(5), UserKey(2));
        assert_eq!(rooms.check_invariants().count(), 2);
        assert_eq!((of(&rooms, 1), of(&rooms, 2)), (vec![3, 5], vec![3]));
        rooms.remove(RoomKey(3));
        assert_eq!(rooms.check_invariants().count(), 1);
        assert_eq!((of(&rooms, 1), of(&rooms, 2)), (vec![5], vec![]));
        assert!(rooms.find(RoomId([3; 16])).is_none() && rooms.find(RoomId([5; 16])).is_some());
    }

    #[test]
    fn a_room_that_stays_keeps_its_sockets_when_the_others_are_replaced() {
        let mut rooms = Rooms::restore(vec![room(1, &[1]), room(2, &[1])]);
        let ids = [7, 8, 9].map(|slot| ConnectionId::new(slot, 0));
        assert_eq!(ids.map(|id| rooms.seat(RoomKey(2), id)), [0, 1, 2]);
        rooms.replace(Rooms::restore(vec![room(2, &[1, 4])]));
        rooms.check_invariants().count();
        assert_eq!(rooms.unseat(RoomKey(2), 0), Some(ids[2]), "the last takes its place");
        assert_eq!(rooms.unseat(RoomKey(2), 1), None);
        assert_eq!(rooms.get(RoomKey(2)).map(Hall::seats), Some(&ids[2..]));
        assert!(rooms.get(RoomKey(1)).is_none() && rooms.is_member(RoomKey(2), UserKey(4)));
    }
}
