//! The laws for what a device asks for: histories, conversations, marks, rooms, and refusals. [`Ask`] is what
//! it has asked for, with the commits that the server knew of then.

use serde_json::Value;
use switchboard::chat::account::{MessageId, Place, RoomKey, UserKey};

use super::devices::{Device, Draft, mid};
use super::laws::{Laws, To, key, name};
use super::rows::Row;
use super::store::{Store, in_order};
use super::talk::{Counted, Mark};
use crate::net::WireId;

/// What a device waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    Letter(usize),
    Change {
        mid: MessageId,
        deletes: bool,
        since: u64,
    },
    /// Nothing, if it is not refused.
    Mark {
        to: To,
        mid: MessageId,
    },
    History {
        to: To,
        before: Option<MessageId>,
        limit: usize,
        since: u64,
    },
    Conversations,
    /// A change of the room with this number.
    Room {
        room: usize,
    },
}

impl Device {
    /// Takes out the oldest of what it has asked for under this id.
    pub(super) fn take(&mut self, id: &str) -> Ask {
        let place = self.pending.iter().position(|(asked, _)| asked == id);
        let place = place.unwrap_or_else(|| panic!("A7: {id} is answered, and was not asked"));
        self.pending.remove(place).1
    }
}

impl Laws {
    /// Checks a frame that answers a device, or tells it of a mark or a room.
    pub(super) fn device_answered(
        &mut self,
        wire: WireId,
        kind: &str,
        frame: &Value,
        store: &Store,
    ) {
        let user = self.user_of_device(wire);
        match kind {
            "history" => self.history_shown(wire, frame, store),
            "conversations" => {
                let asked = self.device(wire).take(frame["id"].as_str().expect("an id"));
                assert!(matches!(asked, Ask::Conversations), "{asked:?}");
                conversations(user, frame, store);
            }
            "read" => self.told_of_mark(wire, frame, store),
            "room" => {
                let id = frame["room"].as_str().expect("an id");
                let mut rooms = store.talk.rooms.iter().map(|(room, key)| (room.to_string(), key));
                let (_, &room) = rooms.find(|(room, _)| room == id).expect("a room");
                let since = self.device(wire).since;
                self.saw_room(room, key(user), since, store);
                if let Some(id) = frame["id"].as_str() {
                    let asked = self.device(wire).take(id);
                    let is_it = matches!(asked, Ask::Room { room: asked }
                        if store.talk.rooms[asked].1 == room);
                    assert!(is_it, "A7: wire {wire} is answered {frame} for {asked:?}");
                }
            }
            "error" => {
                let id = frame["id"].as_str().unwrap_or_else(|| panic!("A7: {frame}"));
                let asked = self.device(wire).take(id);
                self.refused(wire, (asked, frame["code"].as_str().expect("a code")), store);
            }
            other => panic!("nobody knows frames of type {other}"),
        }
    }

    fn history_shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let user = self.user_of_device(wire);
        let asked = self.device(wire).take(frame["id"].as_str().expect("an id"));
        let Ask::History { to, before, limit, since } = asked else { panic!("{asked:?}") };
        names(frame, to, store);
        let place = place_of(user, to);
        if let Place::Room(room) = place {
            self.saw_room(room, key(user), since, store);
        }
        let messages = frame["messages"].as_array().expect("a list");
        assert!(messages.len() <= limit, "A5: more than were asked for");
        let rows: Vec<&Row> = messages.iter().map(|one| row_shown(one, since, store)).collect();
        assert!(rows.iter().all(|row| row.place == place), "A6: another conversation");
        let follows = rows.windows(2).all(|two| two[0].seq() + 1 == two[1].seq());
        assert!(follows, "A5: a history with a gap");
        let first = rows.first().map_or(1, |row| row.seq());
        assert_eq!(frame["more"], first > 1, "A5: whether there are older ones");
        let last = rows.last().map_or(0, |row| row.seq());
        match before {
            Some(before) => assert_eq!(last + 1, before.seq().0, "A5: those before a message"),
            None => {
                let is_known = |row: &&Row| row.is_told() && row.order() <= since;
                let known = store.rows.of(place).rfind(is_known).map_or(0, Row::seq);
                assert!(known <= last, "A5: a history without the newest");
            }
        }
    }

    fn told_of_mark(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let user = self.user_of_device(wire);
        let from = user_named(&frame["from"]);
        let place = match (frame["to"].as_str(), frame["room"].as_str()) {
            (None, None) => Place::Global,
            (Some(_), _) => {
                let to = user_named(&frame["to"]);
                // To the other user it is a mark of the conversation with the reader.
                assert!(from == user || to == user, "A6: a mark of others");
                in_order(Place::Private(key(from), key(to)))
            }
            (None, Some(id)) => {
                let mut rooms = store.talk.rooms.iter();
                let room = rooms.find(|(room, _)| room.to_string() == id).expect("a room");
                Place::Room(room.1)
            }
        };
        let is_private = matches!(place, Place::Private(..));
        assert!(is_private || from == user, "A6: wire {wire} is told what {from} has read");
        let (reader, read) = (key(from), mid(&frame["up_to"]).seq().0);
        let marks = &store.talk.marks;
        let is_true = marks.iter().any(|mark| {
            mark.is_told && (mark.user, mark.place, mark.read) == (reader, place, read)
        });
        assert!(is_true, "A3: wire {wire} is told of a mark that was not committed: {frame}");
        self.device(wire).reads.push((reader, place, read));
    }

    /// Checks that a device was told of the marks of the other user in each private conversation.
    pub(super) fn check_reads_at_rest(&self, wire: WireId, device: &Device, store: &Store) {
        let user = key(self.logins[device.login].user);
        let Some(begun) = device.begun else { return };
        let is_due = |mark: &&Mark| {
            let is_ours =
                matches!(mark.place, Place::Private(one, other) if user == one || user == other);
            mark.is_told && mark.order > begun && is_ours && mark.user != user && mark.read > 0
        };
        for mark in store.talk.marks.iter().filter(is_due) {
            let told = device.reads.contains(&(mark.user, mark.place, mark.read));
            assert!(told, "A11: wire {wire} was not told that {:?} has read", mark.user);
        }
    }

    /// Checks that a refusal is true.
    fn refused(&mut self, wire: WireId, (asked, code): (Ask, &str), store: &Store) {
        let user = key(self.user_of_device(wire));
        let since = self.device(wire).since;
        let is_true = match code {
            "disk_full" => store.full > 0,
            "store_failed" => store.has_failed(),
            "not_a_member" | "unknown_room" => match self.room_of(asked, store) {
                Some(room) => {
                    store.has_failed()
                        || store.talk.is_deleted(room)
                        || store.talk.moved_since(room, user, since)
                        || !store.talk.was_member(room, user, since)
                }
                None => false,
            },
            "not_the_creator" => matches!(asked, Ask::Room { .. }) && user != key(0),
            "creator_stays" => matches!(asked, Ask::Room { .. }) && user == key(0),
            "too_many_rooms" | "busy" => matches!(asked, Ask::Room { .. }),
            "id_reused" => self.draft_of(asked).is_some_and(|draft| draft.is_reused),
            "not_yours" => match asked {
                Ask::Change { mid, .. } => store.rows.get(mid).is_some_and(|row| row.from != user),
                _ => false,
            },
            "unknown_message" => match asked {
                Ask::Letter(_) => self.draft_of(asked).is_some_and(|draft| draft.is_lost_reply),
                Ask::Change { mid, deletes, since } => {
                    let row = store.rows.get(mid).expect("it was in the store");
                    row.is_deleted() && !deletes || may_be_unseen(user, row.place, since, store)
                }
                Ask::Mark { to, mid } => is_elsewhere(user, to, mid, store),
                Ask::History { to, before, .. } => {
                    before.is_some_and(|mid| is_elsewhere(user, to, mid, store))
                }
                Ask::Conversations | Ask::Room { .. } => false,
            },
            _ => false,
        };
        assert!(is_true, "A7: wire {wire} is refused {asked:?} with {code}");
        if let Ask::Letter(number) = asked {
            let begin = format!("{number} ");
            let is_it = |row: &Row| {
                row.is_told() && row.first().text.iter().any(|text| text.starts_with(&begin))
            };
            let draft = self.letters[number].draft.as_mut().expect("a device's");
            // One that could not be stored is sent again later.
            draft.is_done |= !matches!(code, "disk_full" | "store_failed");
            let was_told = store.rows.all().iter().any(is_it);
            assert!(draft.sent > 1 || !was_told, "A7: {number} is stored, and is refused");
        }
    }

    fn draft_of(&self, asked: Ask) -> Option<&Draft> {
        match asked {
            Ask::Letter(number) => self.letters[number].draft.as_ref(),
            _ => None,
        }
    }

    fn room_of(&self, asked: Ask, store: &Store) -> Option<RoomKey> {
        let to = match asked {
            Ask::Letter(number) => self.letters[number].to,
            Ask::Mark { to, .. } | Ask::History { to, .. } => to,
            Ask::Room { room } => return Some(store.talk.rooms[room].1),
            Ask::Change { .. } | Ask::Conversations => return None,
        };
        match to {
            To::Room(room) => Some(room),
            To::Everybody | To::User(_) => None,
        }
    }
}

/// Whether a user may not have seen a conversation at some time since a commit.
fn may_be_unseen(user: UserKey, place: Place, since: u64, store: &Store) -> bool {
    match place {
        Place::Global => false,
        Place::Private(one, other) => user != one && user != other,
        Place::Room(room) => {
            store.has_failed()
                || store.talk.moved_since(room, user, since)
                || !store.talk.was_member(room, user, since)
        }
    }
}

fn is_elsewhere(user: UserKey, to: To, mid: MessageId, store: &Store) -> bool {
    let place = place_of(user.0 as usize - 1, to);
    store.rows.get(mid).is_none_or(|row| row.place != place)
}

/// Checks one message of a history. Returns its row.
fn row_shown<'s>(message: &Value, since: u64, store: &'s Store) -> &'s Row {
    let row = store.rows.get(mid(&message["mid"])).expect("A3: a message that is not committed");
    let text = message["text"].as_str().expect("a text");
    let version = match message["deleted"] == true {
        true => {
            assert_eq!(text, "", "A16: a deleted message has a text");
            row.versions.iter().rposition(|version| version.text.is_none())
        }
        false => row.version_of(text),
    };
    assert!(version >= Some(row.version_at(since)), "A16: an old text: {message}");
    let edited = version.filter(|&version| version > 0 && message["deleted"] != true);
    let edited = edited.map(|version| row.versions[version].at.0);
    assert_eq!(message["edited"].as_i64(), edited, "A16: when it was changed");
    assert_eq!(message["ts"].as_i64(), Some(row.first().at.0), "A5: {message}");
    assert_eq!(message["from"], name(row.from.0 as usize - 1), "A2: the sender");
    row
}

fn conversations(user: usize, frame: &Value, store: &Store) {
    let list = frame["conversations"].as_array().expect("a list");
    let counted: Counted = list
        .iter()
        .map(|one| {
            let place = match (one["to"].as_str(), one["room"].as_str()) {
                (Some(_), _) => Place::Private(key(user), key(user_named(&one["to"]))),
                (None, None) => Place::Global,
                (None, Some(id)) => {
                    let mut rooms = store.talk.rooms.iter();
                    Place::Room(rooms.find(|(room, _)| room.to_string() == id).expect("a room").1)
                }
            };
            let unread = one["unread"].as_u64().expect("a number");
            (in_order(place), u32::try_from(unread).expect("it is limited"))
        })
        .collect();
    assert_eq!(counted.len(), list.len(), "A11: a conversation is listed twice");
    assert!(store.talk.has_listed(key(user), &counted), "A11: what the store has not counted");
    let times: Vec<_> = list.iter().map(|one| one["last"]["ts"].as_i64()).collect();
    assert!(
        times.is_sorted_by(|one, next| one >= next),
        "A11: the newest conversation comes first"
    );
}

/// Checks that a frame names the place that was asked for.
fn names(frame: &Value, to: To, store: &Store) {
    let (user, room) = match to {
        To::Everybody => (None, None),
        To::User(user) => (Some(name(user)), None),
        To::Room(key) => {
            let room = store.talk.rooms.iter().find(|(_, room)| *room == key);
            (None, room.map(|(id, _)| id.to_string()))
        }
    };
    let named = (frame["to"].as_str(), frame["room"].as_str());
    assert_eq!(named, (user.as_deref(), room.as_deref()), "A6: another place");
}

/// A conversation of a user.
pub(super) fn place_of(user: usize, to: To) -> Place {
    in_order(match to {
        To::Everybody => Place::Global,
        To::User(other) => Place::Private(key(user), key(other)),
        To::Room(room) => Place::Room(room),
    })
}

fn user_named(name: &Value) -> usize {
    let number = name.as_str().and_then(|name| name.strip_prefix("user"));
    number.and_then(|number| number.parse().ok()).expect("a user's name")
}
