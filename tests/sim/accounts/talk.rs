//! [`Talk`]: what the store has told of rooms and marks, in the order of its lane.
//!
//! Every commit has a number, its order. So it is known who was in a room when a message was stored there, and
//! how much of what was written to a user they had read when it was counted.

use std::collections::{HashMap, HashSet};

use switchboard::chat::account::{
    Output, Place, RoomChange, RoomId, RoomKey, UnixMs, UserId, UserKey, Work,
};

use super::rows::{Rows, seq};
use super::store::in_order;

/// A user has read a conversation up to a message.
pub(super) struct Mark {
    pub(super) order: u64,
    pub(super) user: UserKey,
    pub(super) place: Place,
    pub(super) read: u32,
    /// Whether the server was told, or will be.
    pub(super) is_told: bool,
}

/// A user came into a room, or left it.
struct Move {
    order: u64,
    at: UnixMs,
    comes: bool,
}

/// What was counted as unread for a user, in each of the conversations.
pub(super) type Counted = HashMap<Place, u32>;

#[derive(Default)]
pub(super) struct Talk {
    /// The ids of the users, in the order of their keys.
    pub(super) users: Vec<UserId>,
    pub(super) rooms: Vec<(RoomId, RoomKey)>,
    /// When a user came into a room, and when they left it.
    stays: HashMap<(RoomKey, UserKey), Vec<Move>>,
    deleted: HashSet<RoomKey>,
    /// How far users have read, oldest first.
    pub(super) marks: Vec<Mark>,
    /// What was counted for a user. Only if it is asked for.
    counted: HashSet<(UserKey, Vec<(UserKey, u32)>)>,
    /// The same for the conversations of a user.
    inboxes: Vec<(UserKey, Counted)>,
}

impl Talk {
    /// Notes what a job has brought, and checks it against what was brought before.
    pub(super) fn note(&mut self, order: u64, work: &Work, output: &Output, rows: &Rows) {
        match (work, output) {
            (Work::Say { place: Place::Room(room), from, .. }, Output::Said { .. }) => {
                assert!(self.is_member(*room, *from), "A6: a stranger speaks in a room");
            }
            (Work::Say { place: Place::Room(room), from, .. }, Output::NotAMember) => {
                assert!(!self.is_member(*room, *from), "A7: a member may not speak");
            }
            (Work::CreateRoom { creator, .. }, Output::RoomCreated(Some(room))) => {
                self.rooms.push((room.id, room.key));
                let comes = Move { order, at: room.created, comes: true };
                self.stays.insert((room.key, *creator), vec![comes]);
            }
            (Work::ChangeRoom { room, by, change, at }, Output::RoomChanged(is_done)) => {
                let may_be = match change {
                    RoomChange::Leave(user) => self.is_member(*room, *user),
                    RoomChange::Delete | RoomChange::Add(_) | RoomChange::Remove(_) => {
                        // The first user has made all rooms.
                        !self.deleted.contains(room) && *by == UserKey(1)
                    }
                };
                assert_eq!(*is_done, may_be, "a room is changed, or is not: {change:?}");
                let now = (order, *at);
                match change {
                    _ if !is_done => {}
                    RoomChange::Add(user) => self.moves(now, (*room, *user), true),
                    RoomChange::Remove(user) | RoomChange::Leave(user) => {
                        self.moves(now, (*room, *user), false);
                    }
                    RoomChange::Delete => {
                        self.deleted.insert(*room);
                        let all: Vec<_> = self.stays.keys().copied().collect();
                        for stay in all.into_iter().filter(|(key, _)| key == room) {
                            self.moves(now, stay, false);
                        }
                    }
                }
            }
            (Work::MarkRead { user, other }, Output::Read(up_to)) => {
                let place = in_order(Place::Private(*user, *other));
                let last = rows.of(place).next_back().map(|row| row.mid);
                assert_eq!(*up_to, last, "A11: all is read");
                let read = last.map_or(0, seq);
                self.marks.push(Mark { order, user: *user, place, read, is_told: true });
            }
            (Work::ReadUpTo { user, place, .. }, Output::ReadUpTo { up_to, .. }) => {
                let (place, read) = (in_order(*place), up_to.map_or(0, seq));
                self.marks.push(Mark { order, user: *user, place, read, is_told: true });
            }
            (Work::Inbox { user, .. }, Output::Inbox(entries)) => {
                let counted = entries.iter().map(|one| (in_order(one.place), one.unread));
                self.inboxes.push((*user, counted.collect()));
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

    fn moves(&mut self, (order, at): (u64, UnixMs), stay: (RoomKey, UserKey), comes: bool) {
        if self.is_member(stay.0, stay.1) != comes {
            self.stays.entry(stay).or_default().push(Move { order, at, comes });
        }
    }

    /// The server will not be told of what was committed after this one.
    pub(super) fn untell(&mut self, after: u64) {
        self.marks.iter_mut().filter(|one| one.order > after).for_each(|one| one.is_told = false);
    }

    fn unread(&self, reader: UserKey, rows: &Rows) -> Vec<(UserKey, u32)> {
        let keys = (1..).zip(&self.users).map(|(key, _)| UserKey(key));
        let count = |writer: UserKey| {
            let place = in_order(Place::Private(reader, writer));
            let read = self.has_read(reader, place);
            let own = rows.of(place).filter(|row| row.from == writer && !row.is_deleted());
            (writer, own.filter(|row| row.seq() > read).count() as u32)
        };
        keys.filter(|key| *key != reader).map(count).filter(|(_, count)| *count > 0).collect()
    }

    /// The last message of a conversation that a user has read. 0: none.
    pub(super) fn has_read(&self, reader: UserKey, place: Place) -> u32 {
        let is = |mark: &&Mark| mark.user == reader && mark.place == place;
        self.marks.iter().rfind(is).map_or(0, |mark| mark.read)
    }

    /// When a user who is in a room came into it last.
    pub(super) fn came(&self, room: RoomKey, user: UserKey) -> Option<UnixMs> {
        let last = self.stays.get(&(room, user)).and_then(|moves| moves.last());
        last.filter(|last| last.comes).map(|last| last.at)
    }

    /// The rooms that a user is in.
    pub(super) fn rooms_of(&self, user: UserKey) -> Box<[RoomKey]> {
        let all = self.rooms.iter().map(|(_, key)| *key);
        all.filter(|&room| self.is_member(room, user)).collect()
    }

    /// Whether the store has counted this for a user, apart from rooms that the user may have left since.
    pub(super) fn has_listed(&self, user: UserKey, listed: &Counted) -> bool {
        let is_equal = |counted: &Counted| {
            let is_shown = |(place, unread): (&Place, &u32)| match listed.get(place) {
                Some(listed) => listed == unread,
                None => matches!(place, Place::Room(_)),
            };
            counted.iter().all(is_shown) && listed.keys().all(|place| counted.contains_key(place))
        };
        self.inboxes.iter().any(|(reader, counted)| *reader == user && is_equal(counted))
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
        moves.take_while(|one| one.order < order).last().is_some_and(|one| one.comes)
    }

    /// Whether a user has left a room, or come into it, since a commit.
    pub(super) fn moved_since(&self, room: RoomKey, user: UserKey, order: u64) -> bool {
        let mut moves = self.stays.get(&(room, user)).into_iter().flatten();
        moves.any(|one| one.order >= order)
    }

    /// Whether a user has left a room between two commits.
    pub(super) fn left_between(&self, room: RoomKey, user: UserKey, from: u64, to: u64) -> bool {
        let mut moves = self.stays.get(&(room, user)).into_iter().flatten();
        moves.any(|one| !one.comes && (from..to).contains(&one.order))
    }
}
