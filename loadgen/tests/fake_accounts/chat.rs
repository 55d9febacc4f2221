//! [`Chat`]: the users, rooms and messages of the fake server, with its flaw: what is stored, what a history
//! shows, and what was not read. `sockets` tells the connections of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Flaw;
use super::sockets::Seat;

/// The message to which the flaw happens, counted from 1; and the reply.
pub(crate) const STRUCK: usize = 20;
const STRUCK_REPLY: usize = 3;
/// How many messages somebody has written long ago: more than a history shows that has the last 50.
const OLD: u64 = 60;
/// The notice of typing.
pub(super) const STRUCK_TYPING: usize = 61;

/// The time of every message, in milliseconds since the Unix epoch; each is a millisecond later.
const BEGIN_MS: u64 = 1_772_323_199_000;

/// All that the server knows.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) flaw: Flaw,
    pub(crate) is_mychat_alone: bool,
    /// Whether it speaks `switchboard.v1`.
    pub(crate) speaks_v1: bool,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: BTreeMap<String, usize>,
    pub(crate) rooms: BTreeMap<String, Room>,
    /// In the order in which they were stored.
    messages: Vec<Message>,
    /// By user and place: the mid up to which was read.
    read: BTreeMap<(usize, Place), u64>,
    posted: usize,
    replies: usize,
    /// What some connections get after the next message, by their numbers.
    pub(crate) held: Vec<(usize, Value)>,
    /// How many notices there were, and how many messages in rooms.
    pub(crate) notices: usize,
    pub(crate) in_rooms: usize,
    pub(crate) pings: usize,
    /// How often somebody has asked how much is unread, in `switchboard.v1`.
    pub(crate) unread_asked: usize,
    pub(crate) pongs: usize,
    /// Notices of typing.
    pub(super) typed: usize,
    /// Nobody is told anything any more.
    pub(super) is_silent: bool,
    /// Users that are online, or were.
    pub(super) was_online: BTreeSet<usize>,
    pub(crate) seats: Vec<Seat>,
}

#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    password: String,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) creator: usize,
    pub(crate) members: BTreeSet<usize>,
}

/// A conversation.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    All,
    /// The smaller user first.
    Pair(usize, usize),
    Room(String),
}

/// A stored message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) mid: u64,
    pub(crate) from: usize,
    pub(crate) place: Place,
    pub(crate) text: String,
    pub(crate) ts: u64,
    /// What it replies to: a mid, or what MyChat says of it, or null.
    pub(crate) reply: Value,
    /// The sender's own id, if there is one.
    pub(crate) id: String,
}

impl Place {
    pub(crate) fn pair(a: usize, b: usize) -> Self {
        Place::Pair(a.min(b), a.max(b))
    }
}

impl Chat {
    pub(crate) fn new(flaw: Flaw) -> Self {
        let mut chat = Chat::empty(flaw);
        if flaw == Flaw::StayOld {
            let from = chat.register("long-ago".to_owned(), String::new()).expect("the first one");
            let old = |mid| Message {
                mid,
                from,
                place: Place::All,
                text: format!("Old news {mid}"),
                ts: mid,
                reply: Value::Null,
                id: String::new(),
            };
            chat.messages.extend((1..=OLD).map(old));
        }
        chat
    }

    fn empty(flaw: Flaw) -> Self {
        Chat {
            flaw,
            is_mychat_alone: false,
            speaks_v1: true,
            users: Vec::new(),
            tokens: BTreeMap::new(),
            rooms: BTreeMap::new(),
            messages: Vec::new(),
            read: BTreeMap::new(),
            posted: 0,
            replies: 0,
            held: Vec::new(),
            notices: 0,
            in_rooms: 0,
            pings: 0,
            unread_asked: 0,
            pongs: 0,
            typed: 0,
            is_silent: false,
            was_online: BTreeSet::new(),
            seats: Vec::new(),
        }
    }

    /// A new user, unless the name is taken.
    pub(crate) fn register(&mut self, name: String, password: String) -> Option<usize> {
        let is_new = !name.is_empty() && self.user(&name).is_none();
        is_new.then(|| {
            self.users.push(User { name, password });
            self.users.len() - 1
        })
    }

    /// A new token, if the password is right.
    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Option<(usize, String)> {
        let user = self.user(name).filter(|&user| self.users[user].password == password)?;
        let token = format!("{:064x}", 0xabcd_0000 + self.tokens.len());
        let swapped = if self.flaw == Flaw::SwapTokens && user == 1 { 0 } else { user };
        self.tokens.insert(token.clone(), swapped);
        Some((user, token))
    }

    pub(crate) fn user(&self, name: &str) -> Option<usize> {
        self.users.iter().position(|user| user.name == name)
    }

    pub(crate) fn name(&self, user: usize) -> &str {
        &self.users[user].name
    }

    pub(crate) fn user_of_id(&self, id: &str) -> Option<usize> {
        (0..self.users.len()).find(|&user| id_of(user) == id)
    }

    pub(crate) fn create_room(&mut self, name: String, description: String, by: usize) -> String {
        let id = format!("f1e1d1c1-b1a1-4181-8161-{:012x}", self.rooms.len());
        let room = Room { name, description, creator: by, members: BTreeSet::from([by]) };
        self.rooms.insert(id.clone(), room);
        id
    }

    /// Who may read there.
    pub(crate) fn may_read(&self, user: usize, place: &Place) -> bool {
        match place {
            Place::All => true,
            Place::Pair(a, b) => user == *a || user == *b,
            Place::Room(id) => self.rooms.get(id).is_some_and(|room| room.members.contains(&user)),
        }
    }

    /// Stores a message. Returns it as everybody is told of it, and whether it is the struck one.
    pub(crate) fn store(&mut self, mut message: Message) -> (Message, bool) {
        self.posted += 1;
        // Twice as far apart as they need to be: a client must not count mids.
        message.mid = (1 << 32) + 2 * self.posted as u64;
        if self.flaw == Flaw::RepeatId && self.posted == STRUCK {
            message.mid -= 2;
        }
        message.ts = BEGIN_MS + self.posted as u64;
        let is_struck = self.posted == STRUCK;
        let mut stored = message.clone();
        if !message.reply.is_null() {
            self.replies += 1;
            if self.flaw == Flaw::ForgetReply && self.replies == STRUCK_REPLY {
                stored.reply = Value::Null;
            }
        }
        match self.flaw {
            Flaw::AlterStored if is_struck => stored.text = stored.text.replace('z', "y"),
            Flaw::StoreWrongAuthor if is_struck => {
                stored.from = (stored.from + 1) % self.users.len()
            }
            Flaw::StoreElsewhere if is_struck => stored.place = Place::All,
            Flaw::ChangeId if is_struck => stored.mid += 1,
            _ => {}
        }
        let is_forgotten = match self.flaw {
            Flaw::ForgetStored => is_struck,
            Flaw::StayOld => true,
            _ => false,
        };
        if !is_forgotten {
            self.messages.push(stored);
        }
        if is_struck && self.flaw == Flaw::StoreTwice {
            let mut again = message.clone();
            again.mid += 1;
            self.messages.push(again);
        }
        (message, is_struck)
    }

    /// The message that this user has sent with this id.
    pub(crate) fn sent_before(&self, from: usize, id: &str) -> Option<&Message> {
        let is_it = |message: &&Message| message.from == from && message.id == id;
        self.messages.iter().find(is_it).filter(|_| !id.is_empty())
    }

    /// All messages of a place, oldest first, as histories show them.
    pub(crate) fn history(&self, place: &Place) -> Vec<&Message> {
        let is_there = |one: &&Message| match (self.flaw, &one.place, place) {
            (Flaw::ShowOthers, Place::Pair(..), Place::Pair(..)) => one.place != *place,
            _ => one.place == *place,
        };
        let mut all: Vec<_> = self.messages.iter().filter(is_there).collect();
        if matches!(self.flaw, Flaw::StoreOutOfOrder | Flaw::StoreOutOfOrderLate) {
            let struck = (1 << 32) + 2 * STRUCK as u64;
            // In a conversation that has one there, and one after it.
            let at = all.iter().position(|one| one.mid >= struck);
            if let Some(at) = at.filter(|at| at + 1 < all.len()) {
                all.swap(at, at + 1);
            }
        }
        all
    }

    /// The messages before one, or the newest: at most `limit`. And whether there are more.
    pub(crate) fn page(
        &self,
        place: &Place,
        before: Option<u64>,
        limit: usize,
    ) -> (Vec<&Message>, bool) {
        let all = self.history(place);
        let at = before.and_then(|mid| all.iter().position(|one| one.mid == mid));
        let end = match (at, self.flaw) {
            (None, _) | (_, Flaw::PageStays) => all.len(),
            (Some(at), Flaw::PageRepeats) => at + 1,
            (Some(at), Flaw::PageSkips) => at.saturating_sub(1),
            (Some(at), _) => at,
        };
        if self.flaw == Flaw::PageEmpty {
            return (Vec::new(), true);
        }
        let is_busy = before.is_none() && self.seats.len() > 1;
        let end = match self.flaw {
            Flaw::OmitNewest if is_busy => end.saturating_sub(10),
            _ => end,
        };
        let begin = end.saturating_sub(limit);
        (all[begin..end].to_vec(), begin > 0)
    }

    /// The last messages of a place, oldest first, as MyChat shows them.
    pub(crate) fn last_of_app(&self, place: &Place) -> Vec<&Message> {
        let (mut last, _) = self.page(place, None, 200);
        let count = last.len();
        if self.flaw == Flaw::AppOutOfOrder && count > 1 {
            last.swap(count - 2, count - 1);
        }
        last
    }

    pub(crate) fn mark_read(&mut self, user: usize, place: Place, up_to: u64) {
        if self.flaw == Flaw::ForgetMarks {
            return;
        }
        let mark = self.read.entry((user, place)).or_default();
        *mark = up_to.max(*mark);
    }

    /// The newest message of a place.
    pub(crate) fn newest(&self, place: &Place) -> u64 {
        self.messages.iter().filter(|one| one.place == *place).map(|one| one.mid).max().unwrap_or(0)
    }

    /// How many messages of others a user has not read in a place.
    pub(crate) fn unread(&self, user: usize, place: &Place) -> usize {
        let mark = self.read.get(&(user, place.clone())).copied().unwrap_or(0);
        let is_unread = |one: &&Message| one.place == *place && one.from != user && one.mid > mark;
        let count = self.messages.iter().filter(is_unread).count();
        // Of one user only, and only where there is something.
        let is_miscounted = self.flaw == Flaw::MiscountUnread && user == 1 && count > 0;
        count + usize::from(is_miscounted)
    }

    /// The places where a user can read.
    pub(crate) fn places(&self, user: usize) -> Vec<Place> {
        let others: BTreeSet<_> = self.messages.iter().map(|one| one.place.clone()).collect();
        let rooms = self.rooms.keys().cloned().map(Place::Room);
        let all: BTreeSet<_> = others.into_iter().chain(rooms).chain([Place::All]).collect();
        all.into_iter().filter(|place| self.may_read(user, place)).collect()
    }

    /// The server dies and comes back: connections end, and what the flaw makes of it is stored.
    pub(crate) fn restart(&mut self) {
        for seat in self.seats.drain(..) {
            let _ = seat.stream.shutdown(std::net::Shutdown::Both);
        }
        let count = self.messages.len();
        match self.flaw {
            Flaw::ForgetAtRestart => drop(self.messages.pop()),
            Flaw::ReorderAtRestart => {
                // The newest two of one place, which has the newest of all.
                let place = self.messages.last().map(|one| one.place.clone());
                let is_there = |at: &usize| Some(&self.messages[*at].place) == place.as_ref();
                let mut newest = (0..count).rev().filter(is_there);
                if let (Some(last), Some(before)) = (newest.next(), newest.next()) {
                    self.messages.swap(before, last);
                }
            }
            _ => {}
        }
    }

    /// A room, as MyChat shows it.
    pub(crate) fn room_json(&self, id: &str) -> Value {
        let room = &self.rooms[id];
        json!({
            "id": id, "name": room.name, "description": room.description,
            "creator_id": id_of(room.creator), "creator_name": self.name(room.creator),
            "created_at": "2026-02-28T23:59:59.007Z", "member_count": room.members.len(),
        })
    }
}

/// The id of a user in MyChat.
pub(crate) fn id_of(user: usize) -> String {
    format!("01112131-4151-4171-8191-{user:012x}")
}
