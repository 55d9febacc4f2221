//! [`Seat`]: one connection of a user, which speaks one of four protocols; and what is said on all of them
//! when a message is posted.

use std::io;
use std::net::TcpStream;

use serde_json::{Value, json};

use super::Flaw;
use super::chat::{Chat, Message, Place, STRUCK_TYPING, id_of};
use super::frames::{close, say, say_late};
use super::v1;

/// A connection of a user.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Another number for each connection.
    pub(crate) number: usize,
    pub(crate) user: usize,
    pub(crate) kind: Kind,
    pub(crate) stream: TcpStream,
}

/// What is spoken on a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Chatterbox,
    WebsocketChat,
    V1(Presence),
    /// MyChat's sockets: a private conversation, notices, who is online, a room.
    Private(usize),
    Notices,
    Status,
    Room(String),
}

/// How a connection is told who is online.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    Full,
    Delta,
    None,
}

/// A message of a client that is to be posted.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) place: Place,
    pub(crate) text: String,
    pub(crate) reply: Value,
    pub(crate) id: String,
}

impl Chat {
    /// A user takes a seat, and is greeted on it. The others are told.
    pub(crate) fn sit_down(&mut self, seat: Seat) -> io::Result<()> {
        let (stream, user) = (seat.stream.try_clone()?, seat.user);
        let was_online = self.is_online(user);
        let greeting = match &seat.kind {
            Kind::Chatterbox => Some(self.chatterbox_history()),
            Kind::V1(_) => {
                Some(json!({"type": "welcome", "user": self.name(user), "server": "fake"}))
            }
            _ => None,
        };
        if let Some(greeting) = greeting {
            say(&stream, &greeting);
        }
        let kind = seat.kind.clone();
        self.seats.push(seat);
        self.was_online.insert(user);
        match kind {
            Kind::V1(Presence::Full | Presence::Delta) if self.flaw != Flaw::NeverList => {
                say(&stream, &self.online_users())
            }
            Kind::Status if self.flaw != Flaw::NeverList => say(&stream, &self.status()),
            Kind::Notices => {
                self.pings += 1;
                say(&stream, &json!({"type": "ping"}));
            }
            _ => {}
        }
        if !was_online {
            self.announce(user, "joined");
        }
        Ok(())
    }

    /// A seat is empty.
    pub(crate) fn leave(&mut self, number: usize) {
        let Some(at) = self.seats.iter().position(|seat| seat.number == number) else { return };
        let user = self.seats.remove(at).user;
        if !self.is_online(user) {
            self.announce(user, "left");
        }
    }

    /// A text has come on this seat.
    pub(crate) fn hear(&mut self, number: usize, text: &str) {
        let Some(seat) = self.seats.iter().find(|seat| seat.number == number) else { return };
        let Ok(stream) = seat.stream.try_clone() else { return };
        let (user, kind) = (seat.user, seat.kind.clone());
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        match kind {
            Kind::Chatterbox if frame.get("type").or(frame.get("recipient")).is_some() => {
                for seat in self.seats.iter_mut().filter(|seat| seat.number == number) {
                    seat.kind = Kind::WebsocketChat;
                }
                self.websocket_chat((number, user), &frame, &stream);
            }
            Kind::Chatterbox => self.say_publicly((number, user), &frame),
            Kind::WebsocketChat => self.websocket_chat((number, user), &frame, &stream),
            Kind::V1(_) => v1::hear(self, (number, user), &frame, &stream),
            Kind::Private(other) => {
                let place = Place::pair(user, other);
                let (text, id) = (text.to_owned(), String::new());
                self.post((number, user), Posted { place, text, reply: Value::Null, id });
            }
            Kind::Room(room) => {
                let is_bare = !frame["text"].is_string();
                let reply = if is_bare { Value::Null } else { frame["reply_to"].clone() };
                let text = if is_bare { text.to_owned() } else { field(&frame, "text") };
                let (place, id) = (Place::Room(room), String::new());
                self.post((number, user), Posted { place, text, reply, id });
            }
            Kind::Notices => self.pongs += usize::from(frame == json!({"type": "pong"})),
            Kind::Status => {}
        }
    }

    fn say_publicly(&mut self, by: (usize, usize), frame: &Value) {
        let (text, id) = (field(frame, "content"), String::new());
        self.post(by, Posted { place: Place::All, text, reply: Value::Null, id });
    }

    fn websocket_chat(&mut self, by: (usize, usize), frame: &Value, stream: &TcpStream) {
        let recipient = frame["recipient"].as_str().map(|name| self.user(name));
        match (frame["type"].as_str().unwrap_or_default(), recipient) {
            ("request_user_list", _) => {
                let users: Vec<_> = self.online().iter().map(|&user| self.name(user)).collect();
                let list = json!({"type": "user_list_update", "users": users, "message": null,
                    "timestamp": time(0)});
                say(stream, &list);
            }
            (_, Some(None)) => {
                let text = "User is not found";
                say(stream, &json!({"type": "error", "message": text, "detail": text}));
            }
            ("chat", None) => self.say_publicly(by, frame),
            ("chat", Some(Some(other))) => {
                let (place, id) = (Place::pair(by.1, other), String::new());
                let text = field(frame, "content");
                self.post(by, Posted { place, text, reply: Value::Null, id });
            }
            ("typing", to) => self.type_to(by, to.flatten(), frame["is_typing"] == true),
            _ => {}
        }
    }

    /// A user types, to one user or to all. Those who speak other protocols are not told.
    fn type_to(&mut self, by: (usize, usize), to: Option<usize>, is_typing: bool) {
        let place = to.map_or(Place::All, |to| Place::pair(by.1, to));
        let recipient = to.map(|to| self.name(to).to_owned());
        let typing = json!({"type": "typing", "is_typing": is_typing, "recipient": recipient});
        self.pass_typing(by, &place, |kind| *kind == Kind::WebsocketChat, ("username", typing));
    }

    /// Tells connections of these kinds that a user types, whose name is a field of the frame.
    pub(crate) fn pass_typing(
        &mut self,
        (by, user): (usize, usize),
        place: &Place,
        is_meant: impl Fn(&Kind) -> bool,
        (field, mut frame): (&str, Value),
    ) {
        self.typed += 1;
        let (flaw, is_struck) = (self.flaw, self.typed == STRUCK_TYPING);
        let is_told = |seat: &&Seat| {
            let is_leaked = flaw == Flaw::LeakTyping || self.may_read(seat.user, place);
            is_meant(&seat.kind) && is_leaked && (seat.number != by || flaw == Flaw::EchoTyping)
        };
        let mut told: Vec<_> = self.seats.iter().filter(is_told).collect();
        match flaw {
            Flaw::LoseTyping => told.clear(),
            Flaw::LoseOneTyping if is_struck => drop(told.pop()),
            Flaw::TypeTwice if is_struck => told.extend(told.clone()),
            _ => {}
        }
        let is_wrong = flaw == Flaw::WrongTypist;
        let typist = if is_wrong { (user + 1) % self.users.len() } else { user };
        frame[field] = self.name(typist).into();
        told.into_iter().for_each(|seat| say(&seat.stream, &frame));
    }

    /// Stores a message, and tells all that are to know of it. Returns it as it was stored.
    pub(crate) fn post(&mut self, (by, from): (usize, usize), posted: Posted) -> Option<Message> {
        let Posted { place, text, reply, id } = posted;
        if text.trim().is_empty() || !self.may_read(from, &place) {
            return None;
        }
        let new = Message { mid: 0, from, place, text, ts: 0, reply, id };
        let (mut message, is_struck) = self.store(new);
        let flaw = if is_struck { self.flaw } else { Flaw::None };
        let is_delivered = match &message.place {
            Place::Pair(a, b) => {
                let other = if *a == from { *b } else { *a };
                self.seats.iter().any(|seat| seat.user == other)
            }
            Place::All | Place::Room(_) => false,
        };
        match flaw {
            Flaw::WrongAuthor => message.from = (from + 1) % self.users.len(),
            Flaw::AlterText => message.text = message.text.replace('z', "y"),
            Flaw::FallSilent => self.is_silent = true,
            _ => {}
        }
        if self.is_silent {
            return None;
        }
        let is_late = matches!(self.flaw, Flaw::AcknowledgeLate | Flaw::StoreOutOfOrderLate);
        let (mut others, mut notices) = (0, self.notices);
        let (mut of_others, held) = (0, std::mem::take(&mut self.held));
        for seat in &self.seats {
            if self.flaw != Flaw::Leak && !self.may_read(seat.user, &message.place) {
                continue;
            }
            let mut told = message.clone();
            if flaw == Flaw::WrongPlace {
                told.place = Place::All;
            }
            let Some(frame) = self.frame_for(seat, from, &told, is_delivered) else { continue };
            let is_own = seat.user == from;
            // The sender gets an acknowledgement in this protocol, not an echo.
            if seat.number == by && matches!(seat.kind, Kind::V1(_)) {
                continue;
            }
            others += usize::from(!is_own);
            notices += usize::from(seat.kind == Kind::Notices);
            of_others += usize::from(seat.user % 2 != from % 2);
            if flaw == Flaw::SwapForOdd && seat.user % 2 == 1 {
                self.held.push((seat.number, frame));
                continue;
            }
            let is_lost = match flaw {
                Flaw::NeverAcknowledge | Flaw::ErrorAnswered => is_own,
                Flaw::AcknowledgeOnly => !is_own,
                Flaw::LoseOne => !is_own && others == 1,
                Flaw::LoseOneOfOthers => seat.user % 2 != from % 2 && of_others == 1,
                _ => self.flaw == Flaw::LoseNotice && seat.kind == Kind::Notices && notices == 3,
            };
            if flaw == Flaw::CloseOne && !is_own && others == 1 {
                close(&seat.stream, 1000);
                continue;
            }
            match is_late && frame["type"] == "chat_sent" {
                _ if is_lost => {}
                true => say_late(&seat.stream, vec![frame.clone()]),
                false => say(&seat.stream, &frame),
            }
            if self.flaw == Flaw::ResetUncalled && seat.kind == Kind::Notices && notices == 3 {
                say(&seat.stream, &json!({"type": "unread_reset", "from_id": id_of(from)}));
            }
            if flaw == Flaw::DeliverTwice && !is_own {
                say(&seat.stream, &frame);
            }
        }
        for (number, before) in held {
            let seat = self.seats.iter().find(|seat| seat.number == number);
            seat.inspect(|seat| say(&seat.stream, &before));
        }
        self.notices = notices;
        self.in_rooms += usize::from(matches!(message.place, Place::Room(_)));
        if self.flaw == Flaw::LeakRoom && self.in_rooms == 3 {
            let is_new = |seat: &&Seat| !matches!(seat.kind, Kind::Room(_));
            let frame = self.room_message(&message);
            self.seats.iter().filter(is_new).for_each(|seat| say(&seat.stream, &frame));
            self.in_rooms += 1;
        }
        let told = self.seats.iter().find(|seat| seat.number == by);
        if flaw == Flaw::ErrorAnswered {
            let error = json!({"type": "error", "message": "No.", "detail": "No.", "code": "no",
                "id": message.id});
            told.inspect(|seat| say(&seat.stream, &error));
        }
        if let Some(seat) = told.filter(|seat| matches!(seat.kind, Kind::V1(_)))
            && !matches!(flaw, Flaw::NeverAcknowledge | Flaw::ErrorAnswered)
        {
            let acks = v1::acks(&message, is_delivered);
            if flaw == Flaw::AcknowledgeTwice {
                acks.iter().for_each(|ack| say(&seat.stream, ack));
            }
            match is_late {
                true => say_late(&seat.stream, acks),
                false => acks.iter().for_each(|ack| say(&seat.stream, ack)),
            }
        }
        Some(message)
    }

    /// How a message is told on a connection; `None` if it is not told there.
    fn frame_for(&self, seat: &Seat, from: usize, one: &Message, delivered: bool) -> Option<Value> {
        let (sender, text) = (self.name(one.from), &one.text);
        match (&seat.kind, &one.place) {
            (Kind::Chatterbox, Place::All) => Some(json!({"type": "message", "username": sender,
                "content": text, "timestamp": time(one.ts)})),
            (Kind::WebsocketChat, Place::All | Place::Pair(..)) => {
                let recipient = other(&one.place, from).map(|user| self.name(user));
                let is_mine = recipient.is_some() && seat.user == from;
                let mut frame = json!({"type": if is_mine { "chat_sent" } else { "chat" },
                    "content": text, "sender": sender, "timestamp": time(one.ts),
                    "is_global": recipient.is_none(), "recipient": recipient});
                if is_mine {
                    frame["delivered"] = (delivered && self.flaw != Flaw::DenyDelivery).into();
                }
                Some(frame)
            }
            (Kind::V1(_), _) => Some(v1::message(self, one, from)),
            (Kind::Private(target), place) if *place == Place::pair(seat.user, *target) => {
                Some(json!({"user": sender, "text": text, "time": "23:59"}))
            }
            (Kind::Notices, Place::Pair(..)) if seat.user != from => {
                Some(json!({"type": "notify", "from_id": id_of(one.from), "from_name": sender,
                    "text": text, "time": "23:59"}))
            }
            (Kind::Room(room), Place::Room(place)) if room == place => Some(self.room_message(one)),
            _ => None,
        }
    }

    /// A message of a room, as MyChat shows it.
    pub(crate) fn room_message(&self, one: &Message) -> Value {
        let Place::Room(room) = &one.place else { return Value::Null };
        let mut frame = json!({"user": self.name(one.from), "text": one.text, "time": "23:59",
            "sender_id": id_of(one.from), "room_id": room});
        if one.reply.is_object() {
            frame["reply_to"] = one.reply.clone();
        }
        frame
    }

    fn chatterbox_history(&self) -> Value {
        let line = |one: &&Message| json!({"username": self.name(one.from), "content": one.text, "timestamp": time(one.ts)});
        let mut last: Vec<_> = self.page(&Place::All, None, 50).0.iter().map(line).collect();
        match self.flaw {
            Flaw::GreetWithOld => last.truncate(last.len().saturating_sub(2)),
            Flaw::GreetWithNothing => last.clear(),
            _ => {}
        }
        json!({"type": "history", "messages": last})
    }

    /// Who is online, as lists show it.
    fn online(&self) -> Vec<usize> {
        let is_shown = |&user: &usize| match self.flaw {
            Flaw::HideOne if user == 1 => false,
            Flaw::KeepGone if self.was_online.contains(&user) => true,
            _ => self.is_online(user),
        };
        let mut online: Vec<_> = (0..self.users.len()).filter(is_shown).collect();
        if self.flaw == Flaw::ListTwice && online.contains(&1) {
            online.push(1);
        }
        online
    }

    pub(crate) fn is_online(&self, user: usize) -> bool {
        let is_strict = matches!(self.flaw, Flaw::CountNotices | Flaw::ShowOfNext);
        let counts = |seat: &Seat| !is_strict || matches!(seat.kind, Kind::Notices);
        self.seats.iter().any(|seat| seat.user == user && counts(seat))
    }

    pub(crate) fn online_users(&self) -> Value {
        let users: Vec<_> = self.online().iter().map(|&user| self.name(user)).collect();
        json!({"type": "online_users", "users": users})
    }

    fn status(&self) -> Value {
        let (online, count) = (self.online(), self.users.len());
        let next = |user, flaw| if self.flaw == flaw { (user + 1) % count } else { user };
        let twice = (self.flaw == Flaw::ListTwice && count > 1).then_some(1);
        let user = |user| {
            let is_online = online.contains(&next(user, Flaw::ShowOfNext));
            json!({"id": id_of(next(user, Flaw::ListOtherIds)), "name": self.name(user), "online": is_online})
        };
        let is_listed = |&one: &usize| self.flaw != Flaw::ListOnlineOnly || online.contains(&one);
        (0..count).filter(is_listed).chain(twice).map(user).collect()
    }

    fn announce(&self, user: usize, has: &str) {
        let users: Vec<_> = self.online().iter().map(|&user| self.name(user)).collect();
        let message = format!("{} {has} the chat", self.name(user));
        let update = json!({"type": "user_list_update", "users": users, "message": message,
            "timestamp": time(0)});
        let (name, nobody) = ([self.name(user)], &[][..]);
        let (joined, left) =
            if has == "joined" { (&name[..], nobody) } else { (nobody, &name[..]) };
        let count = users.len() + usize::from(self.flaw == Flaw::MiscountOnline);
        let change = json!({"type": "presence", "joined": joined, "left": left, "online": count});
        let is_told = |seat: &&Seat| seat.user != user && self.flaw != Flaw::NeverList;
        for seat in self.seats.iter().filter(is_told) {
            match seat.kind {
                Kind::WebsocketChat => say(&seat.stream, &update),
                Kind::V1(Presence::Full) => say(&seat.stream, &self.online_users()),
                Kind::V1(Presence::Delta) => say(&seat.stream, &change),
                Kind::Status => say(&seat.stream, &self.status()),
                Kind::Private(_) if self.flaw == Flaw::LeakStatus => {
                    say(&seat.stream, &self.status());
                }
                _ => {}
            }
        }
    }
}

/// The other user of a private conversation.
pub(crate) fn other(place: &Place, user: usize) -> Option<usize> {
    match place {
        Place::Pair(a, b) => Some(if *a == user { *b } else { *a }),
        Place::All | Place::Room(_) => None,
    }
}

/// A time in words. Only its order counts.
pub(crate) fn time(ms: u64) -> String {
    let (seconds, ms) = ((ms / 1000) % 60, ms % 1000);
    format!("2026-02-28T23:59:{seconds:02}.{ms:03}Z")
}

pub(crate) fn field(frame: &Value, name: &str) -> String {
    frame[name].as_str().unwrap_or_default().to_owned()
}
