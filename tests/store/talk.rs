//! [`Talk`]: the model of conversations, rooms and marks, for the model of the store.

use std::collections::HashMap;

use switchboard::chat::account::{
    History, Output, Place, Room, RoomChange, RoomKey, Seq, Stored, UserKey, Work,
};

#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The messages of each conversation: who wrote what.
    messages: HashMap<Place, Vec<(UserKey, String)>>,
    /// How far a user has read what another one wrote.
    read: HashMap<(UserKey, UserKey), u32>,
    pub(super) rooms: Vec<Room>,
    /// Every room there ever was.
    pub(super) keys: Vec<RoomKey>,
}

impl Talk {
    /// Does to the model what the job does to the store, and checks what the job has brought. `exists` says
    /// which users there are. Returns whether the job is about conversations.
    pub(super) fn expect(
        &mut self,
        work: &Work,
        output: &Output,
        exists: impl Fn(UserKey) -> bool,
    ) -> bool {
        match (work, output) {
            (Work::Say { place: Place::Room(room), from, .. }, Output::NotAMember) => {
                assert!(!self.is_member(*room, *from), "a member may speak");
            }
            (Work::Say { place, from, text, .. }, Output::Said { seq }) => {
                if let Place::Room(room) = place {
                    assert!(self.is_member(*room, *from), "only a member may speak");
                }
                let all = self.messages.entry(in_order(*place)).or_default();
                all.push((*from, text.to_string()));
                let count = u32::try_from(all.len()).expect("few");
                assert_eq!(*seq, Seq(count), "dense, and in the order of the jobs");
            }
            (Work::MarkRead { user, other }, Output::Read) => {
                let last = self.len(Place::Private(*user, *other));
                self.read.insert((*user, *other), last);
            }
            (Work::Unread(user), Output::Unread(unread)) => {
                let mut unread = unread.clone();
                unread.sort_unstable();
                let expected = (1..9).map(UserKey).map(|other| (other, self.unread(*user, other)));
                let expected: Vec<_> = expected.filter(|(_, count)| *count > 0).collect();
                assert_eq!(unread, expected);
            }
            (Work::History { place, limit }, Output::History(history)) => {
                self.check_history(*place, (*limit).into(), history);
            }
            (Work::CreateRoom { creator, name, .. }, Output::RoomCreated(room)) => {
                assert_eq!(room.is_some(), exists(*creator));
                if let Some(room) = room {
                    assert_eq!((&room.name, &*room.members), (name, &[*creator][..]));
                    assert!(!self.keys.contains(&room.key), "a key is never given again");
                    self.keys.push(room.key);
                    self.rooms.push(room.clone());
                }
            }
            (Work::ChangeRoom { room, by, change, .. }, Output::RoomChanged(is_done)) => {
                let own = self.rooms.iter_mut().find(|one| one.key == *room && one.creator == *by);
                let Some(own) = own else {
                    assert!(!is_done, "only the creator changes a room");
                    return true;
                };
                let may_be = !matches!(change, RoomChange::Add(user) if !exists(*user));
                assert_eq!(*is_done, may_be);
                match change {
                    RoomChange::Delete => self.rooms.retain(|one| one.key != *room),
                    RoomChange::Remove(user) => own.members.retain(|one| one != user),
                    RoomChange::Add(user) if may_be && !own.members.contains(user) => {
                        own.members.push(*user);
                    }
                    RoomChange::Add(_) => {}
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn global(&self) -> Vec<&str> {
        let all = self.messages.get(&Place::Global).into_iter().flatten();
        all.map(|(_, text)| text.as_str()).collect()
    }

    fn check_history(&self, place: Place, limit: usize, history: &History) {
        let all = self.messages.get(&in_order(place)).map_or(&[][..], |all| all.as_slice());
        let first = all.len().saturating_sub(limit);
        let expected: Vec<_> = (1..).zip(all).skip(first).collect();
        assert_eq!(history.messages.len(), expected.len());
        for (stored, (seq, (from, text))) in history.messages.iter().zip(expected) {
            let Stored { seq: Seq(held), from: sender, text: words, .. } = stored;
            assert_eq!((*held, *sender, &**words), (seq, *from, text.as_str()));
        }
        for &(reader, Seq(seq)) in &history.read {
            let Place::Private(one, other) = place else { panic!("only private ones are read") };
            let writer = if reader == one { other } else { one };
            assert_eq!(seq, self.read.get(&(reader, writer)).copied().unwrap_or(0));
        }
    }

    fn unread(&self, reader: UserKey, writer: UserKey) -> u32 {
        let read = self.read.get(&(reader, writer)).copied().unwrap_or(0);
        let all = self.messages.get(&in_order(Place::Private(reader, writer)));
        let all = (1..).zip(all.into_iter().flatten());
        let unread =
            all.filter(|(seq, (from, _))| *seq > read && *from == writer && reader != writer);
        u32::try_from(unread.count()).expect("few")
    }

    fn len(&self, place: Place) -> u32 {
        let all = self.messages.get(&in_order(place)).map_or(0, Vec::len);
        u32::try_from(all).expect("few")
    }

    fn is_member(&self, room: RoomKey, user: UserKey) -> bool {
        self.rooms.iter().any(|one| one.key == room && one.members.contains(&user))
    }
}

fn in_order(place: Place) -> Place {
    match place {
        Place::Private(one, other) => Place::Private(one.min(other), one.max(other)),
        Place::Global | Place::Room(_) => place,
    }
}
