//! What must hold for the realm between two calls. For tests and the simulator.

use std::collections::BTreeMap;

use super::Realm;
use super::pending::Pending;
use super::seats::Purpose;
use crate::chat::ConnectionId;

impl Realm {
    /// Checks everything that must hold between two calls. It panics with a clear sentence if something
    /// does not. It looks at every user and every seat, so only tests and the simulator call it.
    ///
    /// # Panics
    ///
    /// If there is a bug in this room.
    pub fn check_invariants(&self) {
        self.users.check_invariants();
        self.recent.check_invariants();
        self.waiting.check_invariants();
        self.hashes.check_invariants(&self.limits);
        for table in [&self.registrations, &self.logins_by_address, &self.logins_by_name] {
            table.check_invariants();
        }
        self.check_seats();
        self.check_rooms();
        self.check_unstored();
        let commits = self.recent.newest().map_or(0, |newest| newest.commit);
        assert!(commits <= self.commits, "a message has the number of its commit");
    }

    fn check_seats(&self) {
        let mut by_login: BTreeMap<u32, usize> = BTreeMap::new();
        let mut seats = 0;
        for seat in self.seats.check_invariants() {
            let user = self.users.get(seat.user).expect("a seat is of a user");
            assert!(user.seats().contains(&seat.id), "a user knows each seat");
            assert_eq!(self.logins.user(seat.login), seat.user, "a seat is of its user's login");
            *by_login.entry(seat.login.0).or_default() += 1;
            seats += 1;
        }
        let of_users = self.users.iter().map(|one| one.seats().len()).sum::<usize>();
        assert_eq!(of_users, seats, "users have no other seats");
        let most = self.users.iter().map(|one| one.seats().len()).max();
        assert!(most.unwrap_or(0) <= self.limits.seats_per_user, "a user has its limit of seats");
        self.logins.check_invariants(|login| by_login.get(&login.0).copied().unwrap_or(0));
        let online = self.users.iter().filter(|one| one.is_online());
        self.online.check_invariants(online.map(|one| &one.user.name));
        let is = |id, purpose| self.seats.get(id).filter(|seat| seat.purpose == purpose);
        let waits = |id| is(id, Purpose::Stream).is_some_and(|seat| !seat.speaks);
        self.missed.check_invariants(&self.limits, waits);
        self.pings.check_invariants(|id| is(id, Purpose::Notices).is_some());
        let notices = self.seats.check_invariants();
        let notices = notices.filter(|seat| seat.purpose == Purpose::Notices).count();
        assert_eq!(self.pings.len(), notices, "every notices socket is pinged");
    }

    fn check_rooms(&self) {
        let mut seats = 0;
        assert!(self.rooms.len() <= self.limits.rooms, "more rooms than may be");
        for hall in self.rooms.check_invariants() {
            let room = &hall.room;
            let most = self.limits.members_per_room;
            assert!(room.members.len() <= most, "more members of a room than may be");
            let are_users = room.members.iter().all(|&user| self.users.get(user).is_some());
            assert!(are_users, "the members of a room are users");
            for (place, &id) in hall.seats().iter().enumerate() {
                let seat = self.seats.get(id).expect("a socket of a room has a seat");
                assert_eq!(seat.purpose, Purpose::Room(room.key), "a socket is for its room");
                assert_eq!(seat.place as usize, place, "a seat knows its place in its room");
                let is_member = self.rooms.is_member(room.key, seat.user);
                assert!(is_member, "only members have a socket for a room");
                seats += 1;
            }
        }
        let all = self.seats.check_invariants();
        let all = all.filter(|seat| matches!(seat.purpose, Purpose::Room(_))).count();
        assert_eq!(all, seats, "a room knows its sockets");
    }

    fn check_unstored(&self) {
        assert!(self.ledger.balances(), "the ledger balances: {:?}", self.ledger);
        let mut by_seat: BTreeMap<ConnectionId, u16> = BTreeMap::new();
        let (mut messages, mut bytes, mut hashes, mut errands) = (0, 0, 0, 0);
        for pending in self.waiting.iter() {
            if let Some(errand) = pending.errand() {
                *by_seat.entry(errand.seat).or_default() += 1;
                errands += 1;
            }
            match pending {
                Pending::Message(message) => {
                    *by_seat.entry(message.seat).or_default() += 1;
                    messages += 1;
                    bytes += message.bytes();
                }
                Pending::Hash { .. } | Pending::Credentials(_) | Pending::Verify(_) => hashes += 1,
                Pending::Login { .. }
                | Pending::Recheck(_)
                | Pending::LogOut { .. }
                | Pending::Room { .. }
                | Pending::Register { .. }
                | Pending::Admit(_)
                | Pending::History { .. }
                | Pending::Unread { .. }
                | Pending::MarkRead { .. }
                | Pending::CreateRoom { .. }
                | Pending::ChangeRoom { .. }
                | Pending::Change { .. }
                | Pending::Page { .. }
                | Pending::Inbox { .. }
                | Pending::ReadUpTo { .. } => {}
            }
        }
        assert_eq!(self.unstored(), messages, "what is in store waits for its result");
        assert_eq!(self.errands, errands, "the commands of devices in store are counted");
        assert_eq!(self.unstored_bytes, bytes, "bytes in store are counted");
        assert_eq!(self.hashes.waiting(), hashes, "a place in the hash queue has a job");
        for seat in self.seats.check_invariants() {
            let under_way = by_seat.get(&seat.id).copied().unwrap_or(0);
            assert_eq!(seat.under_way, under_way, "a seat counts what it has in store");
        }
    }
}
