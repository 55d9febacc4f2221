//! [`Client`]: one person's chat, sans-IO: bytes, the time and typed commands in; bytes and [`Notice`]s out.
//!
//! It puts the parts of this room together. The connection is the caller's, and what is not answered yet is among
//! the letters. `hearing` decides what a frame means, and `asking` writes frames. Knows neither sockets nor the
//! screen.

mod asking;
mod hearing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter;
use std::time::Duration;

use switchboard::timer::{Moment, Now};

use super::caller::{Caller, Ended, Happened};
use super::chats::Chats;
use super::command::{Command, Goal};
use super::heard::{self, Heard, Room};
use super::letters::Letters;
use super::link::Door;
use super::notice::{Notice, Summary};
use super::people::People;
use super::place::{Kind, Place, quoted};
use asking::SHOWN;

/// One person's chat.
#[derive(Debug)]
pub(crate) struct Client {
    kind: Kind,
    /// Our own number or name.
    me: String,
    caller: Caller,
    /// Whether the first list has come. Before that nothing is said.
    is_greeted: bool,
    letters: Letters,
    people: People,
    chats: Chats,
    /// Our rooms, by their ids.
    rooms: BTreeMap<String, Room>,
    /// When we hang up, though messages are under way; nothing if we stay.
    leaving: Option<Moment>,
    /// Where a line goes that is typed now.
    current: Option<Place>,
    /// Whether a person looks at the screen, as far as is known.
    is_watched: bool,
    /// Senders and ids of the messages that were shown last.
    seen: VecDeque<(String, String)>,
    /// Ids and recipients of the messages that were stored last.
    stored: VecDeque<(String, String)>,
    /// The number of requests that were made, and the ids of those that have no answer yet.
    asked: u64,
    waiting: BTreeSet<String>,
    notices: Vec<Notice>,
    random: fastrand::Rng,
}

/// How long the last messages may take to be answered when we leave.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The longest text among numbers, as JSON without its quotes.
const MOST_TEXT_BYTES: usize = 16 * 1024;
/// The longest text among names.
const MOST_TEXT_CHARACTERS: usize = 5000;
/// The most names that are shown at once.
const NAMES: usize = 100;
/// How many of a chat's last messages are shown when a person turns to it.
const LAST: u16 = 20;

impl Client {
    /// A client that connects here. Its ids and waits come from `random`.
    pub(crate) fn new(door: Door, mut random: fastrand::Rng) -> Self {
        Client {
            kind: door.pass.kind(),
            me: door.pass.name().to_owned(),
            caller: Caller::new(door, random.fork()),
            is_greeted: false,
            letters: Letters::default(),
            people: People::default(),
            chats: Chats::default(),
            rooms: BTreeMap::new(),
            leaving: None,
            current: None,
            is_watched: true,
            seen: VecDeque::new(),
            stored: VecDeque::new(),
            asked: 0,
            waiting: BTreeSet::new(),
            notices: Vec::new(),
            random,
        }
    }

    /// Which protocol the client speaks.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a TCP connection is wanted now. It then has to be made, or to fail.
    pub(crate) fn wants_to_dial(&mut self, now: Moment) -> bool {
        self.caller.wants_to_dial(now)
    }

    /// The TCP connection stands.
    pub(crate) fn connected(&mut self, now: Moment, out: &mut Vec<u8>) {
        self.caller.connected(now, out);
    }

    /// No TCP connection came about.
    pub(crate) fn unreachable(&mut self, now: Moment, why: String) {
        let ended = self.caller.unreachable(now, why);
        self.ended(ended);
    }

    /// Bytes have come.
    pub(crate) fn read(&mut self, now: Now, mut input: &mut [u8], out: &mut Vec<u8>) {
        while let Some(happened) = self.caller.read(now.monotonic, &mut input, out) {
            match happened {
                Happened::Said(json) => {
                    if let Some(id) = heard::answers(self.kind, &json) {
                        self.waiting.remove(&id);
                    }
                    let heard = Heard::understand(self.kind, &self.me, &json);
                    self.hear(now, heard, out);
                }
                Happened::Ended(ended) => self.ended(ended),
                Happened::Opened | Happened::Left => {}
            }
        }
        self.send(now.monotonic, out);
        self.hang_up_in_time(now.monotonic, out);
    }

    /// The stream is at its end, or has failed.
    pub(crate) fn stream_ended(&mut self, now: Moment) {
        if let Some(Happened::Ended(ended)) = self.caller.stream_ended(now) {
            self.ended(ended);
        }
    }

    /// Does what is due.
    pub(crate) fn expire(&mut self, now: Moment, out: &mut Vec<u8>) {
        let pings = out.len();
        if let Some(Happened::Ended(ended)) = self.caller.expire(now, out) {
            self.ended(ended);
        }
        if out.len() > pings && self.is_greeted {
            // With each ping: a recipient who is online now may have been offline in the answer to a message
            // that was under way.
            self.send_what_may_go();
        }
        self.send(now, out);
        self.hang_up_in_time(now, out);
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let letters = if self.is_greeted { self.letters.deadline() } else { None };
        [self.caller.deadline(), letters, self.leaving].into_iter().flatten().min()
    }

    /// Does what was typed. What only the screen can do is not done here.
    pub(crate) fn command(&mut self, now: Moment, command: Command, out: &mut Vec<u8>) {
        match command {
            Command::Say(text) => match self.current.clone() {
                Some(to) => self.say(&to, text),
                None => self.is_wrong("to which chat? /help shows how to choose one"),
            },
            Command::To(goal, text) => {
                if let Some(place) = self.place_of(goal) {
                    self.turn_to(&place, out);
                    if let Some(text) = text {
                        self.say(&place, text);
                    }
                }
            }
            Command::Who(part) => {
                let found = self.people.with(&part).count();
                let names = self.people.with(&part).take(NAMES).cloned().collect();
                self.tell(Notice::Who { names, found, online: self.people.count() });
            }
            Command::Chats => self.tell(Notice::Chats(self.summaries())),
            Command::Rooms => {
                let rooms = self.rooms.values().cloned().collect();
                self.tell(Notice::Rooms(rooms));
            }
            Command::History(count) => match self.current.clone() {
                Some(place) => self.ask_for_history(&place, SHOWN, count, out),
                None => self.is_wrong("of which chat? /help shows how to choose one"),
            },
            Command::Create(_)
            | Command::Add(_)
            | Command::Remove(_)
            | Command::Members
            | Command::Leave => self.ask_about_room(&command, out),
            Command::Discard => {
                let count = self.letters.discard();
                self.tell(Notice::Discarded(count));
            }
            Command::Now => self.caller.call_now(now),
            Command::Help => self.tell(Notice::Help(self.kind)),
            Command::Quit => self.leave(now, out),
            Command::Clear => {}
        }
        self.send(now, out);
    }

    /// Hangs up, and does not come back. What is under way has a second to be answered; to be asked twice is to
    /// hang up at once.
    pub(crate) fn leave(&mut self, now: Moment, out: &mut Vec<u8>) {
        let is_patient = self.leaving.is_none() && self.is_greeted && self.letters.any_under_way();
        self.leaving = Some(if is_patient { now + LAST_ANSWERS } else { now });
        self.hang_up_in_time(now, out);
    }

    fn hang_up_in_time(&mut self, now: Moment, out: &mut Vec<u8>) {
        let is_late = self.leaving.is_some_and(|at| now >= at);
        if is_late || self.leaving.is_some() && !(self.is_greeted && self.letters.any_under_way()) {
            self.caller.leave(now, out);
            self.is_greeted = false;
        }
    }

    /// A person looks at the screen now, or no longer does.
    pub(crate) fn watch(&mut self, is_watched: bool, out: &mut Vec<u8>) {
        self.is_watched = is_watched;
        if let Some(current) = self.current.clone().filter(|_| is_watched) {
            self.chats.read(&current);
            self.mark_read(&current, out);
        }
    }

    /// What there is to tell since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Where a line goes that is typed now.
    pub(crate) fn current(&self) -> Option<String> {
        self.current.as_ref().map(|place| self.label(place))
    }

    /// How many messages are unread in all chats but the current one.
    pub(crate) fn unread_elsewhere(&self) -> usize {
        let others = self.chats.all().filter(|(place, _)| Some(*place) != self.current.as_ref());
        others.map(|(_, unread)| unread).sum()
    }

    /// Whether the server has let us in.
    pub(crate) fn is_connected(&self) -> bool {
        self.is_greeted
    }

    /// Whether there is a TCP connection, or will be.
    pub(crate) fn has_connection(&self) -> bool {
        self.caller.has_connection()
    }

    /// Whether we have left for good.
    pub(crate) fn is_gone(&self) -> bool {
        self.caller.is_gone()
    }

    /// How many messages have no final answer.
    pub(crate) fn unanswered(&self) -> usize {
        self.letters.len()
    }

    /// Whether the server still owes an answer to a request.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether no further message is taken now.
    pub(crate) fn is_full(&self) -> bool {
        self.letters.len() >= super::letters::MOST
    }

    /// What may stand behind `/to`: first the chats, the last speaker first, then the others who are online.
    pub(crate) fn goals(&self) -> impl Iterator<Item = String> {
        let chats = self.chats.all().map(|(place, _)| place);
        let chats = chats.filter(|place| **place != Place::Everyone).map(|place| self.label(place));
        let others = self.people.with("").filter(|who| !self.chats.has(who));
        let others = others.filter(|who| **who != self.me).map(|who| quoted(who));
        chats.chain(others)
    }

    /// The conversation that a person wants; none if there is no such room.
    fn place_of(&mut self, goal: Goal) -> Option<Place> {
        let name = match goal {
            Goal::Person(name) => return Some(Place::Person(name)),
            Goal::Everyone => return Some(Place::Everyone),
            Goal::Room(name) => name,
        };
        if self.rooms.contains_key(&name) {
            return Some(Place::Room(name));
        }
        let mut found = self.rooms.values().filter(|room| room.name == name);
        match (found.next().map(|room| room.id.clone()), found.next().is_some()) {
            (Some(id), false) => return Some(Place::Room(id)),
            (Some(_), true) => {
                self.is_wrong("two of your rooms are called so: /rooms shows ids, use /to #ID");
            }
            (None, _) => self.is_wrong("you are in no such room: /rooms shows yours"),
        }
        None
    }

    fn turn_to(&mut self, place: &Place, out: &mut Vec<u8>) {
        let (unread, entries) = self.chats.read(place);
        self.current = Some(place.clone());
        let is_online = self.is_online(place).filter(|_| self.is_greeted);
        let who = self.label(place);
        let is_connected = self.is_greeted;
        self.tell(Notice::To { who, is_online, is_connected, unread, entries });
        let count = LAST.max(u16::try_from(unread).unwrap_or(u16::MAX).min(100));
        self.ask_for_history(place, SHOWN, count, out);
    }

    fn say(&mut self, to: &Place, text: String) {
        let text = match self.checked(text) {
            Ok(text) => text,
            Err(why) => return self.is_wrong(&why),
        };
        let id: String = iter::repeat_with(|| self.random.alphanumeric()).take(20).collect();
        if !self.letters.add(id.clone(), to.clone(), text.clone()) {
            return self.is_wrong("too many messages wait to be sent: /discard throws them away");
        }
        let to = self.label(to);
        self.tell(Notice::Said { to: to.clone(), text, id: id.clone() });
        if self.letters.put_off_ones().any(|letter| letter.id == id) {
            self.tell(Notice::PutOff { to, id });
        }
    }

    /// A text as the server takes it, or why it does not.
    fn checked(&self, text: String) -> Result<String, String> {
        match self.kind {
            Kind::Numbers => {
                let json = serde_json::to_string(&text).expect("strings always have a JSON form");
                let bytes = json.len() - "\"\"".len();
                if bytes > MOST_TEXT_BYTES {
                    return Err(format!(
                        "too long: {bytes} bytes, and {MOST_TEXT_BYTES} are allowed"
                    ));
                }
                Ok(text)
            }
            Kind::Names => {
                // The server does the same.
                let text = text.trim();
                match text.chars().count() {
                    0 => Err("there is nothing to say".to_owned()),
                    count if count > MOST_TEXT_CHARACTERS => Err(format!(
                        "too long: {count} characters, and {MOST_TEXT_CHARACTERS} are allowed"
                    )),
                    _ => Ok(text.to_owned()),
                }
            }
        }
    }

    fn summaries(&self) -> Vec<Summary> {
        let summary = |(place, unread): (&Place, usize)| Summary {
            with: self.label(place),
            unread,
            is_online: self.is_online(place),
        };
        self.chats.all().map(summary).collect()
    }

    /// Whether the person of a conversation is online; `None` if there are many.
    fn is_online(&self, place: &Place) -> Option<bool> {
        match place {
            Place::Person(who) => Some(self.people.is_online(who)),
            Place::Room(_) | Place::Everyone => None,
        }
    }

    fn label(&self, place: &Place) -> String {
        place.label(|id| self.rooms.get(id).map(|room| room.name.clone()))
    }

    /// What waits for a recipient who is online now is to be sent. Names need not be online: the server keeps
    /// what they get.
    fn send_what_may_go(&mut self) {
        let (kind, people) = (self.kind, &self.people);
        self.letters.come(|place| may_get(kind, people, place));
    }

    fn ended(&mut self, ended: Ended) {
        self.is_greeted = false;
        self.waiting.clear();
        let Ended { ending, back_in } = ended;
        self.tell(Notice::Disconnected { ending, back_in });
    }

    fn is_wrong(&mut self, why: &str) {
        self.tell(Notice::Mistake(why.to_owned()));
    }

    fn tell(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// Whether a message to this place can be delivered, or kept, now.
fn may_get(kind: Kind, people: &People, place: &Place) -> bool {
    match (kind, place) {
        (Kind::Numbers, Place::Person(who)) => people.is_online(who),
        (Kind::Numbers | Kind::Names, _) => true,
    }
}
