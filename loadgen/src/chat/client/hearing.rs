//! What the client makes of what the server says.

use switchboard::timer::Now;

use super::asking::MISSED;
use super::{Client, may_get};
use crate::chat::chats::Entry;
use crate::chat::heard::{Heard, Message, Room};
use crate::chat::notice::Notice;
use crate::chat::people::Change;
use crate::chat::place::{Kind, Place};

/// How many messages are remembered, so that none is shown twice.
const SEEN: usize = 1000;
/// The codes of errors that are about the server's store, and not about a message.
const OF_THE_STORE: [&str; 4] = ["busy", "disk_full", "read_only", "store_failed"];
/// How many stored messages are remembered, so that their delivery can be told.
const STORED: usize = 200;

impl Client {
    pub(super) fn hear(&mut self, now: Now, heard: Heard, out: &mut Vec<u8>) {
        match heard {
            Heard::Welcome(me) => self.me = me,
            Heard::Online(list) => self.hear_list(list, out),
            Heard::Presence { joined, left } => {
                let change = self.people.apply(joined, &left);
                self.changed(change);
            }
            Heard::Message(message) => self.hear_message(now, message, out),
            Heard::Stored(id) => self.hear_stored(id),
            Heard::Delivered(id) => self.hear_delivered(id),
            Heard::Undelivered(id) => {
                if let Some(to) = self.letters.put_off(&id) {
                    let to = self.label(&to);
                    self.tell(Notice::PutOff { to, id });
                }
            }
            Heard::Read { from, id } => self.tell(Notice::Read { by: from, id }),
            Heard::ReadElsewhere(place) => drop(self.chats.read(&place)),
            Heard::Changed { place, text } => {
                let place = self.label(&place);
                self.tell(Notice::Changed { place, text });
            }
            Heard::History { id, place, messages } => {
                let is_missed = id.is_some_and(|id| id.starts_with(MISSED));
                self.hear_history(is_missed, &place, messages, out);
            }
            Heard::Conversations(all) => {
                for (place, unread) in all {
                    // What is looked at is being read.
                    let is_read = self.is_watched && self.current.as_ref() == Some(&place);
                    self.chats.set_unread(&place, if is_read { 0 } else { unread });
                }
                self.tell(Notice::Connected { online: self.people.count() });
            }
            Heard::Rooms(rooms) => {
                self.rooms = rooms.into_iter().map(|room| (room.id.clone(), room)).collect();
            }
            Heard::Room { room, event, user } => self.hear_room(room, event, user, out),
            Heard::Members { room, members } => {
                let label = self.label(&Place::Room(room));
                self.tell(Notice::Members { label, members });
            }
            Heard::Announced(text) => self.tell(Notice::Announced(text)),
            Heard::Error { detail, code, id } => self.hear_error(detail, code, id),
            Heard::Other => {}
        }
    }

    fn hear_list(&mut self, list: Vec<String>, out: &mut Vec<u8>) {
        let change = self.people.replace(list);
        let is_first = !std::mem::replace(&mut self.is_greeted, true);
        if is_first {
            let (kind, people) = (self.kind, &self.people);
            self.letters.begin_again(|place| may_get(kind, people, place));
            match self.kind {
                Kind::Numbers => self.tell(Notice::Connected { online: self.people.count() }),
                // That is told once rooms and chats are known: the next command may be about them.
                Kind::Names => self.ask_for_everything(out),
            }
        }
        self.changed(change);
    }

    fn hear_error(&mut self, detail: String, code: String, id: Option<String>) {
        // What is wrong with the server says nothing about the message: it is sent again later.
        let is_the_servers = OF_THE_STORE.contains(&&*code);
        if let Some(id) = id.as_ref().filter(|_| is_the_servers) {
            self.letters.put_off(id);
        } else if let Some(letter) = id.and_then(|id| self.letters.take(&id)) {
            let to = self.label(&letter.to);
            return self.tell(Notice::Refused { to, id: letter.id, detail, code });
        }
        self.tell(Notice::Warned { detail, code });
    }

    fn hear_stored(&mut self, id: String) {
        if let Some(letter) = self.letters.take(&id) {
            let to = self.label(&letter.to);
            if self.stored.len() >= STORED {
                self.stored.pop_front();
            }
            self.stored.push_back((id.clone(), to.clone()));
            self.tell(Notice::Stored { to, id });
        }
    }

    fn hear_delivered(&mut self, id: String) {
        let to = match self.letters.take(&id) {
            Some(letter) => self.label(&letter.to),
            None => match self.stored.iter().position(|(stored, _)| *stored == id) {
                Some(at) => self.stored.remove(at).map_or(String::new(), |(_, to)| to),
                None => return,
            },
        };
        self.tell(Notice::Delivered { to, id });
    }

    fn hear_message(&mut self, now: Now, message: Message, out: &mut Vec<u8>) {
        if let Some(id) = &message.id {
            let key = (message.from.clone(), id.clone());
            if self.seen.contains(&key) {
                return;
            }
            if self.seen.len() >= SEEN {
                self.seen.pop_front();
            }
            self.seen.push_back(key);
        }
        let now = i64::try_from(now.unix.as_millis()).unwrap_or(i64::MAX);
        let id = message.id.clone();
        let (place, entry) = self.entry(message, now);
        let is_current = self.current.as_ref() == Some(&place);
        let is_read = entry.is_ours || self.is_watched && is_current;
        self.chats.heard(&place, entry.clone(), is_read);
        self.tell(Notice::Message { entry, id });
        if self.is_watched && is_current {
            self.mark_read(&place, out);
        }
    }

    /// Messages that the server has kept. Of those that may have been missed, only the new ones are shown.
    fn hear_history(
        &mut self,
        is_missed: bool,
        place: &Place,
        messages: Vec<Message>,
        out: &mut Vec<u8>,
    ) {
        let mut entries = Vec::new();
        for message in messages {
            let is_new = message.mid.is_some_and(|mid| self.chats.show(place, mid));
            if is_new || !is_missed {
                entries.push(self.entry(message, 0).1);
            }
        }
        if !(is_missed && entries.is_empty()) {
            let label = self.label(place);
            self.tell(Notice::History { place: label, entries });
        }
        if self.is_watched && self.current.as_ref() == Some(place) {
            self.mark_read(place, out);
        }
    }

    fn hear_room(&mut self, room: Room, event: String, user: String, out: &mut Vec<u8>) {
        let (id, label) = (room.id.clone(), Place::Room(room.id.clone()));
        let is_me = user == self.me;
        self.rooms.insert(id.clone(), room);
        let (place, label) = (label.clone(), self.label(&label));
        let is_over = event == "deleted" || is_me && (event == "removed" || event == "left");
        let is_made = event == "created" && is_me;
        self.tell(Notice::Room { label, event, user });
        if is_over {
            self.rooms.remove(&id);
            self.chats.remove(&place);
            self.current.take_if(|current| *current == place);
        } else if is_made {
            self.turn_to(&place, out);
        }
    }

    fn changed(&mut self, change: Change) {
        self.send_what_may_go();
        let Change { joined, left } = change;
        if joined.is_empty() && left.is_empty() {
            return;
        }
        let known = joined.iter().chain(&left).filter(|who| self.chats.has(who)).cloned().collect();
        let online = self.people.count();
        self.tell(Notice::Presence { joined, left, known, online });
    }

    /// A message as it is shown. Among numbers, it came now.
    fn entry(&self, message: Message, now: i64) -> (Place, Entry) {
        let Message { place, from, text, mid, at, id: _ } = message;
        let place = place.unwrap_or_else(|| Place::Person(from.clone()));
        let is_ours = self.kind == Kind::Names && from == self.me;
        let label = self.label(&place);
        (place, Entry { place: label, from, text, at: at.unwrap_or(now), is_ours, mid })
    }
}
