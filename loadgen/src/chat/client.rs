//! [`Client`]: one person's chat, sans-IO: bytes, the time and typed commands in; bytes and [`Notice`]s out.
//!
//! It puts the parts of this room together. The connection is the caller's, what is not answered yet is among the
//! letters, and the client decides what a frame means for them. Knows neither sockets nor the screen.

use std::collections::VecDeque;
use std::iter;

use switchboard::dialects::sca::wire::ClientFrame;
use switchboard::timer::{Moment, Now};

use super::caller::{Caller, Ended, Happened};
use super::chats::{Chats, Entry};
use super::command::Command;
use super::heard::Heard;
use super::letters::Letters;
use super::link::Door;
use super::notice::{Notice, Summary};
use super::people::{Change, People};

/// One person's chat.
#[derive(Debug)]
pub(crate) struct Client {
    /// Our own name.
    me: String,
    caller: Caller,
    /// Whether the first list has come. Before that nothing is said.
    is_greeted: bool,
    letters: Letters,
    people: People,
    chats: Chats,
    /// To whose chat a line goes that is typed now.
    current: Option<String>,
    /// Whether a person looks at the screen, as far as is known.
    is_watched: bool,
    seen: VecDeque<(String, String)>,
    notices: Vec<Notice>,
    random: fastrand::Rng,
}

/// How many messages are remembered, so that none is shown twice.
const SEEN: usize = 1000;
/// The longest text as JSON, without its quotes.
const MOST_TEXT_BYTES: usize = 16 * 1024;
/// The most names that are shown at once.
const SHOWN: usize = 100;

impl Client {
    /// A client of this name that connects here. Its ids and waits come from `random`.
    pub(crate) fn new(me: String, door: Door, mut random: fastrand::Rng) -> Self {
        Client {
            me,
            caller: Caller::new(door, random.fork()),
            is_greeted: false,
            letters: Letters::default(),
            people: People::default(),
            chats: Chats::default(),
            current: None,
            is_watched: true,
            seen: VecDeque::new(),
            notices: Vec::new(),
            random,
        }
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
                    let heard = Heard::understand(&json);
                    self.hear(now, heard);
                }
                Happened::Ended(ended) => self.ended(ended),
                Happened::Opened | Happened::Left => {}
            }
        }
        self.send(now.monotonic, out);
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
            self.letters.come(|who| self.people.is_online(who));
        }
        self.send(now, out);
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        let letters = if self.is_greeted { self.letters.deadline() } else { None };
        [self.caller.deadline(), letters].into_iter().flatten().min()
    }

    /// Does what was typed. What only the screen can do is not done here.
    pub(crate) fn command(&mut self, now: Moment, command: Command, out: &mut Vec<u8>) {
        match command {
            Command::Say(text) => match self.current.clone() {
                Some(to) => self.say(&to, text),
                None => self.tell(Notice::Mistake("to which number? /to NUMBER".to_owned())),
            },
            Command::To(who, text) => {
                self.turn_to(&who);
                if let Some(text) = text {
                    self.say(&who, text);
                }
            }
            Command::Who(part) => {
                let found = self.people.with(&part).count();
                let names = self.people.with(&part).take(SHOWN).cloned().collect();
                self.tell(Notice::Who { names, found, online: self.people.count() });
            }
            Command::Chats => {
                let summary = |(with, unread): (&str, usize)| Summary {
                    with: with.to_owned(),
                    unread,
                    is_online: self.people.is_online(with),
                };
                self.tell(Notice::Chats(self.chats.all().map(summary).collect()));
            }
            Command::Discard => {
                let count = self.letters.discard();
                self.tell(Notice::Discarded(count));
            }
            Command::Now => self.caller.call_now(now),
            Command::Help => self.tell(Notice::Help),
            Command::Quit => self.leave(now, out),
            Command::Clear => {}
        }
        self.send(now, out);
    }

    /// Hangs up, and does not come back.
    pub(crate) fn leave(&mut self, now: Moment, out: &mut Vec<u8>) {
        self.caller.leave(now, out);
        self.is_greeted = false;
    }

    /// A person looks at the screen now, or no longer does.
    pub(crate) fn watch(&mut self, is_watched: bool) {
        self.is_watched = is_watched;
        if let Some(current) = self.current.as_ref().filter(|_| is_watched) {
            self.chats.read(current);
        }
    }

    /// What there is to tell since the last call.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Who gets a line that is typed now.
    pub(crate) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// How many messages are unread in all chats but the current one.
    pub(crate) fn unread_elsewhere(&self) -> usize {
        let others = self.chats.all().filter(|(with, _)| Some(*with) != self.current());
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

    /// Whether no further message is taken now.
    pub(crate) fn is_full(&self) -> bool {
        self.letters.len() >= super::letters::MOST
    }

    /// Who may be meant: first those of the chats, the last speaker first, then the others who are online.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let chats = self.chats.all().map(|(with, _)| with);
        let others = self.people.with("").map(String::as_str).filter(|who| !self.chats.has(who));
        chats.chain(others).filter(|who| *who != self.me)
    }

    fn turn_to(&mut self, who: &str) {
        let (unread, entries) = self.chats.read(who);
        self.current = Some(who.to_owned());
        let is_online = self.is_greeted.then(|| self.people.is_online(who));
        self.tell(Notice::To { who: who.to_owned(), is_online, unread, entries });
    }

    fn say(&mut self, to: &str, text: String) {
        let json = serde_json::to_string(&text).expect("strings always have a JSON form");
        let bytes = json.len() - "\"\"".len();
        if bytes > MOST_TEXT_BYTES {
            let line = format!("too long: {bytes} bytes, and {MOST_TEXT_BYTES} are allowed");
            return self.tell(Notice::Mistake(line));
        }
        let id: String = iter::repeat_with(|| self.random.alphanumeric()).take(20).collect();
        if !self.letters.add(id.clone(), to.to_owned(), text.clone()) {
            let line = "too many messages wait to be sent: /discard throws them away";
            return self.tell(Notice::Mistake(line.to_owned()));
        }
        self.tell(Notice::Said { to: to.to_owned(), text, id: id.clone() });
        if self.letters.put_off_ones().any(|letter| letter.id == id) {
            self.tell(Notice::PutOff { to: to.to_owned(), id });
        }
    }

    /// Sends what may be sent now.
    fn send(&mut self, now: Moment, out: &mut Vec<u8>) {
        while self.is_greeted
            && let Some(letter) = self.letters.next(now)
        {
            let id = Some(&*letter.id);
            self.caller.say(&ClientFrame::Message { to: &letter.to, text: &letter.text, id }, out);
        }
    }

    fn hear(&mut self, now: Now, heard: Heard) {
        match heard {
            Heard::Online(list) => {
                let change = self.people.replace(list);
                let is_first = !std::mem::replace(&mut self.is_greeted, true);
                if is_first {
                    self.letters.begin_again(|who| self.people.is_online(who));
                    self.tell(Notice::Connected { online: self.people.count() });
                }
                self.changed(change);
            }
            Heard::Presence { joined, left } => {
                let change = self.people.apply(joined, &left);
                self.changed(change);
            }
            Heard::Message { from, text, id } => self.hear_message(now, from, text, id),
            Heard::Delivered(id) => {
                if let Some(letter) = self.letters.take(&id) {
                    self.tell(Notice::Delivered { to: letter.to, id });
                }
            }
            Heard::Undelivered(id) => {
                if let Some(to) = self.letters.put_off(&id) {
                    self.tell(Notice::PutOff { to, id });
                }
            }
            Heard::Read { from, id } => self.tell(Notice::Read { by: from, id }),
            Heard::Error { detail, code, id } => match id.and_then(|id| self.letters.take(&id)) {
                Some(letter) => {
                    self.tell(Notice::Refused { to: letter.to, id: letter.id, detail, code });
                }
                None => self.tell(Notice::Warned { detail, code }),
            },
            Heard::Other => {}
        }
    }

    fn hear_message(&mut self, now: Now, from: String, text: String, id: Option<String>) {
        if let Some(id) = &id {
            let key = (from.clone(), id.clone());
            if self.seen.contains(&key) {
                return;
            }
            if self.seen.len() >= SEEN {
                self.seen.pop_front();
            }
            self.seen.push_back(key);
        }
        let at = i64::try_from(now.unix.as_millis()).unwrap_or(i64::MAX);
        let entry = Entry { from, text, at };
        let is_read = self.is_watched && self.current.as_ref() == Some(&entry.from);
        self.chats.heard(&entry.from, entry.clone(), is_read);
        self.tell(Notice::Message { entry, id });
    }

    fn changed(&mut self, change: Change) {
        self.letters.come(|who| self.people.is_online(who));
        let Change { joined, left } = change;
        if joined.is_empty() && left.is_empty() {
            return;
        }
        let known = joined.iter().chain(&left).filter(|who| self.chats.has(who)).cloned().collect();
        let online = self.people.count();
        self.tell(Notice::Presence { joined, left, known, online });
    }

    fn ended(&mut self, ended: Ended) {
        self.is_greeted = false;
        let Ended { ending, back_in } = ended;
        self.tell(Notice::Disconnected { ending, back_in });
    }

    fn tell(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}
