//! [`Talk`]: what the store has told of rooms and marks, in the order of its lane.
//!
//! Every commit has a number, its order. So it is known who was in a room when a message was stored there, and
//! how much of what was written to a user they had read when it was counted.

use std::collections::{HashMap, HashSet};

use switchboard::chat::account::{
    Output, Place, RoomChange, RoomId, RoomKey, UserId, UserKey, Work,
};

use super::store::{Row, in_order};

#[derive(Default)]
pub(super) struct Talk {
    /// The ids of the users, in the order of their keys.
    pub(super) users: Vec<UserId>,
    pub(super) rooms: Vec<(RoomId, RoomKey)>,
    /// When a user came into a room, and when they left it.
    stays: HashMap<(RoomKey, UserKey), Vec<(u64, bool)>>,
    deleted: HashSet<RoomKey>,
    /// The last message that a user has read of what another one wrote.
    read: HashMap<(UserKey, UserKey), u32>,
    /// What was counted for a user. Only if it is asked for.
    counted: HashSet<(UserKey, Vec<(UserKey, u32)>)>,
}

impl Talk {
    /// Notes what a job has brought, and checks it against what was brought before.
    pub(super) fn note(&mut self, order: u64, work: &Work, output: &Output, rows: &[Row]) {
        match (work, output) {
            (Work::Say { place: Place::Room(room), from, .. }, Output::Said { .. }) => {
                assert!(self.is_member(*room, *from), "A6: a stranger speaks in a room");
            }
            (Work::Say { place: Place::Room(room), from, .. }, Output::NotAMember) => {
                assert!(!self.is_member(*room, *from), "A7: a member may not speak");
            }
            (Work::CreateRoom { creator, .. }, Output::RoomCreated(Some(room))) => {
                self.rooms.push((room.id, room.key));
                self.stays.insert((room.key, *creator), vec![(order, true)]);
            }
            (Work::ChangeRoom { room, change, .. }, Output::RoomChanged(is_done)) => {
                assert_eq!(*is_done, !self.deleted.contains(room), "a room is changed, or is not");
                match change {
                    _ if !is_done => {}
                    RoomChange::Add(user) => self.moves(order, (*room, *user), true),
                    RoomChange::Remove(user) => self.moves(order, (*room, *user), false),
                    RoomChange::Delete => {
                        self.deleted.insert(*room);
                        let all: Vec<_> = self.stays.keys().copied().collect();
                        for stay in all.into_iter().filter(|(key, _)| key == room) {
                            self.moves(order, stay, false);
                        }
                    }
                }
            }
            (Work::MarkRead { user, other }, Output::Read) => {
                let place = in_order(Place::Private(*user, *other));
                let last = rows.iter().rfind(|row| row.place == place);
                self.read.insert((*user, *other), last.map_or(0, |row| row.seq.0));
            }
            (Work::Unread(user), Output::Unread(unread)) => {
                let mut unread = unread.clone();
                unread.sort_unstable();
                assert_eq!(
                    unread,
                    self.unread(*user, rows),
                    "A11: unread is what follows the mark"
                );
                self.counted.insert((*user, unread));
            }
            _ => {}
        }
    }

    fn moves(&mut self, order: u64, stay: (RoomKey, UserKey), comes: bool) {
        if self.is_member(stay.0, stay.1) != comes {
            self.stays.entry(stay).or_default().push((order, comes));
        }
    }

    fn unread(&self, reader: UserKey, rows: &[Row]) -> Vec<(UserKey, u32)> {
        let keys = (1..).zip(&self.users).map(|(key, _)| UserKey(key));
        let count = |writer: UserKey| {
            let place = in_order(Place::Private(reader, writer));
            let own = rows.iter().filter(|row| row.place == place && row.from == writer);
            let read = self.has_read(reader, writer);
            (writer, own.filter(|row| row.seq.0 > read).count() as u32)
        };
        keys.filter(|key| *key != reader).map(count).filter(|(_, count)| *count > 0).collect()
    }

    /// The last message of a writer that a user has read.
    pub(super) fn has_read(&self, reader: UserKey, writer: UserKey) -> u32 {
        self.read.get(&(reader, writer)).copied().unwrap_or(0)
    }

    pub(super) fn was_counted(&self, user: UserKey, unread: Vec<(UserKey, u32)>) -> bool {
        self.counted.contains(&(user, unread))
    }

    pub(super) fn is_deleted(&self, room: RoomKey) -> bool {
        self.deleted.contains(&room)
    }

    pub(super) fn is_member(&self, room: RoomKey, user: UserKey) -> bool {
        self.was_member(room, user, u64::MAX)
    }

    /// Whether a user was in a room before this commit.
    pub(super) fn was_member(&self, room: RoomKey, user: UserKey, order: u64) -> bool {
        let moves = self.stays.get(&(room, user)).into_iter().flatten();
        moves.take_while(|(at, _)| *at < order).last().is_some_and(|(_, comes)| *comes)
    }

    /// Whether a user has left a room, or come into it, since a commit.
    pub(super) fn moved_since(&self, room: RoomKey, user: UserKey, order: u64) -> bool {
        let mut moves = self.stays.get(&(room, user)).into_iter().flatten();
        moves.any(|(at, _)| *at >= order)
    }

    /// Whether a user has left a room between two commits.
    pub(super) fn left_between(&self, room: RoomKey, user: UserKey, from: u64, to: u64) -> bool {
        let mut moves = self.stays.get(&(room, user)).into_iter().flatten();
        moves.any(|(at, comes)| !comes && (from..to).contains(at))
    }
}
