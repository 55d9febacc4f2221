//! [`Rooms`]: which users are in which room.
//!
//! A room is known by its number: the largest has 0. Sizes follow Zipf's law, as those of real groups do: the room of rank k has a k-th of the members of the
//! largest. The members of a room follow each other in the circle of all users, so a room is two numbers, and
//! whether a user is in it is one comparison. Knows no names and no ids of the server.
//!
//! If several processes share the users, they share the rooms in turn, as they share the users. The members of a room
//! are users of its process, since the others would have to wait until it is made. Each process has sizes like those
//! above.

use super::Shard;
use super::manners::fraction;
use crate::phone_id::PhoneId;

/// Which users are in which room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rooms {
    /// The largest room first.
    rooms: Vec<Circle>,
    users: u32,
    /// How many processes share the users.
    processes: u32,
}

/// Users of one process that follow each other: the place of the first among them, and how many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Circle {
    first: u32,
    size: u32,
}

impl Rooms {
    /// The most rooms of a run: our server allows a user to be in 200.
    pub(crate) const MOST: u32 = 200;
    /// The most members of a room: what our server allows.
    pub(crate) const MOST_MEMBERS: u32 = 1_000;
    /// Fewer could not talk.
    const LEAST_MEMBERS: u32 = 2;

    /// This many rooms for this many users; if several processes share the users, this is one of the shards.
    pub(crate) fn new(rooms: u32, users: u32, shard: Option<Shard>, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x0700_0075);
        let processes = shard.map_or(1, |shard| shard.of);
        let room = |room: u32| {
            let own = shard_of(room, processes).phones(users);
            let (largest, rank) = (own.min(Self::MOST_MEMBERS), room / processes);
            let size = (largest / (rank + 1)).max(Self::LEAST_MEMBERS.min(own));
            Circle { first: random.u32(0..own.max(1)), size }
        };
        Rooms { rooms: (0..rooms).map(room).collect(), users, processes }
    }

    /// The shard whose users are the members of a room.
    pub(crate) fn shard_of(&self, room: u32) -> Shard {
        shard_of(room, self.processes)
    }

    /// How many users there are, in rooms and in none.
    pub(crate) fn users(&self) -> u32 {
        self.users
    }

    /// How many rooms there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.rooms.len()).expect("they were counted in 32 bits")
    }

    /// The members of a room. The first has created it.
    pub(crate) fn members(&self, room: u32) -> impl Iterator<Item = PhoneId> {
        let Circle { first, size } = self.rooms[room as usize];
        (0..size).map(move |place| self.user_at(room, first + place))
    }

    /// How many members a room has on average.
    pub(crate) fn mean_size(&self) -> f64 {
        let members: f64 = self.rooms.iter().map(|room| f64::from(room.size)).sum();
        members / f64::from(self.count().max(1))
    }

    /// The member at this place of a room, which is a part of it from 0 to 1.
    pub(crate) fn member_at(&self, room: u32, part: f64) -> Option<PhoneId> {
        let Circle { first, size } = *self.rooms.get(room as usize)?;
        Some(self.user_at(room, first + (part * f64::from(size)) as u32))
    }

    /// The user at this place of the circle of all users of a room's process.
    fn user_at(&self, room: u32, place: u32) -> PhoneId {
        let shard = self.shard_of(room);
        PhoneId(place % shard.phones(self.users).max(1) * shard.of + shard.number - 1)
    }

    /// Whether a user is a member.
    pub(crate) fn has(&self, room: u32, user: PhoneId) -> bool {
        let Some(&Circle { first, size }) = self.rooms.get(room as usize) else { return false };
        let shard = self.shard_of(room);
        let (own, place) = (shard.phones(self.users), user.0 / shard.of);
        // Both are below the number of users, which has at most 20 bits.
        user.0 < self.users && shard.has(user) && (place + own - first) % own < size
    }

    /// The room in which a user writes the message with this number. `None`: the user is in none. O(rooms).
    pub(crate) fn draw(&self, user: PhoneId, message: u64, seed: u64) -> Option<u32> {
        self.draw_for_both(user, user, message, seed)
    }

    /// A room that both users are in, which the number decides; if they belong to different processes, one that the
    /// first is in. `None`: there is none. O(rooms).
    pub(crate) fn draw_for_both(
        &self,
        one: PhoneId,
        other: PhoneId,
        number: u64,
        seed: u64,
    ) -> Option<u32> {
        let count = self.count();
        let first = (fraction(number, seed ^ 0x6007) * f64::from(count)) as u32;
        let are_apart = one.0 % self.processes != other.0 % self.processes;
        let is_common = |&room: &u32| self.has(room, one) && (are_apart || self.has(room, other));
        (first..count).chain(0..first).find(is_common)
    }
}

/// Rooms are shared in turn, as phones are.
fn shard_of(room: u32, processes: u32) -> Shard {
    Shard { number: room % processes + 1, of: processes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_rank_k_has_a_kth_of_the_largest_and_no_room_is_a_monologue() {
        let size = |rooms: &Rooms, room| rooms.members(room).count();
        let rooms = Rooms::new(200, 300, None, 1);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|room| size(&rooms, room)), [300, 150, 100, 75, 60, 50]);
        assert_eq!((size(&rooms, 199), rooms.count()), (2, 200));
        assert_eq!(size(&Rooms::new(1, 20_000, None, 1), 0), Rooms::MOST_MEMBERS as usize);
        assert_eq!(size(&Rooms::new(3, 1, None, 1), 2), 1, "there is nobody else");
    }

    #[test]
    fn members_are_distinct_users_and_are_known() {
        let rooms = Rooms::new(40, 77, None, 3);
        for room in 0..40 {
            let mut members: Vec<_> = rooms.members(room).collect();
            members.sort();
            let inside: Vec<_> =
                (0..100).map(PhoneId).filter(|&user| rooms.has(room, user)).collect();
            assert_eq!(inside, members);
        }
        assert!(!rooms.has(40, PhoneId(0)), "there is no such room");
    }

    #[test]
    fn a_user_draws_each_of_their_rooms_and_no_other() {
        let rooms = Rooms::new(10, 100, None, 5);
        let user = PhoneId(42);
        let mut drawn: Vec<_> =
            (0..1000).filter_map(|number| rooms.draw(user, number, 7)).collect();
        assert_eq!(drawn.len(), 1000, "the largest room has everyone");
        drawn.sort();
        drawn.dedup();
        let own: Vec<_> = (0..10).filter(|&room| rooms.has(room, user)).collect();
        assert_eq!(drawn, own);
        assert_eq!(Rooms::new(0, 100, None, 5).draw(user, 1, 7), None);
    }

    #[test]
    fn processes_share_the_rooms_in_turn_and_each_room_has_users_of_one() {
        let shard = |number| Some(Shard { number, of: 3 });
        let rooms = Rooms::new(7, 32, shard(1), 1);
        assert_eq!(rooms, Rooms::new(7, 32, shard(3), 1), "all processes know all rooms");
        // 11, 11 and 10 of the users.
        let sizes: Vec<_> = (0..7).map(|room| rooms.members(room).count()).collect();
        assert_eq!(sizes, [11, 11, 10, 5, 5, 5, 3]);
        for room in 0..7 {
            let of = rooms.shard_of(room);
            let mut members: Vec<_> = rooms.members(room).collect();
            assert!(members.iter().all(|&user| of.has(user) && user.0 < 32));
            members.sort();
            let inside: Vec<_> =
                (0..40).map(PhoneId).filter(|&user| rooms.has(room, user)).collect();
            assert_eq!(inside, members);
            assert!(members.contains(&rooms.member_at(room, 0.99).expect("there is one")));
        }
        let (one, other) = (PhoneId(4), PhoneId(5));
        let drawn = rooms.draw_for_both(one, other, 1, 1).expect("their processes have rooms");
        assert!(rooms.has(drawn, one) && !rooms.has(drawn, other));
        assert!(
            (0..3)
                .map(PhoneId)
                .all(|user| Rooms::new(1, 3, shard(1), 1).has(0, user) == (user.0 == 0))
        );
    }
}
