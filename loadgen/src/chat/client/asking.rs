//! What the client says to the server: messages, and requests for what the server keeps.

use switchboard::dialects::sca::wire::ClientFrame as NumberedFrame;
use switchboard::dialects::switchboard_v1::wire::{ClientBody, ClientFrame};
use switchboard::timer::Moment;

use super::Client;
use crate::chat::command::Command;
use crate::chat::place::{Kind, Place};

/// How the id of a request begins that a person has made: all of the answer is shown.
pub(super) const SHOWN: &str = "shown-";
/// How the id of a request begins for messages that may have been missed.
pub(super) const MISSED: &str = "missed-";

impl Client {
    /// Sends what may be sent now.
    pub(super) fn send(&mut self, now: Moment, out: &mut Vec<u8>) {
        while self.is_greeted
            && let Some(letter) = self.letters.next(now)
        {
            let (text, id) = (&*letter.text, Some(&*letter.id));
            match (self.kind, &letter.to) {
                (Kind::Numbers, Place::Person(to)) => {
                    self.caller.say(&NumberedFrame::Message { to, text, id }, out);
                }
                (Kind::Numbers | Kind::Names, place) => {
                    let body = ClientBody::Message { text, reply_to: None };
                    self.caller.say(&frame(body, Some(place), id), out);
                }
            }
        }
    }

    /// Asks for the last messages of a conversation, if the server keeps any.
    pub(super) fn ask_for_history(
        &mut self,
        place: &Place,
        kind: &'static str,
        count: u16,
        out: &mut Vec<u8>,
    ) {
        let body = ClientBody::History { before: None, limit: Some(count) };
        self.ask(body, Some(place), Some(kind), out);
    }

    /// Asks for all that is known of us.
    pub(super) fn ask_for_everything(&mut self, out: &mut Vec<u8>) {
        self.ask(ClientBody::Rooms, None, Some(MISSED), out);
        self.ask(ClientBody::Conversations, None, Some(MISSED), out);
        if let Some(current) = self.current.clone() {
            self.ask_for_history(&current, MISSED, super::LAST, out);
        }
    }

    /// Tells the server, and so our other devices and the other person, that a conversation was read.
    pub(super) fn mark_read(&mut self, place: &Place, out: &mut Vec<u8>) {
        if let Some(mid) = self.chats.newest_shown(place) {
            let mid = mid.to_string();
            self.ask(ClientBody::Read { up_to: &mid }, Some(place), None, out);
        }
    }

    /// Does what a command wants with a room.
    pub(super) fn ask_about_room(&mut self, command: &Command, out: &mut Vec<u8>) {
        if !self.is_greeted {
            return self.is_wrong("there is no connection");
        }
        let body = match command {
            Command::Create(name) => {
                let body = ClientBody::RoomCreate { name, description: "" };
                return self.ask(body, None, Some(SHOWN), out);
            }
            Command::Add(user) => ClientBody::RoomAdd { user },
            Command::Remove(user) => ClientBody::RoomRemove { user },
            Command::Leave => ClientBody::RoomLeave,
            Command::Members => ClientBody::RoomMembers,
            Command::Say(_)
            | Command::To(..)
            | Command::Who(_)
            | Command::Chats
            | Command::History(_)
            | Command::Rooms
            | Command::Discard
            | Command::Now
            | Command::Help
            | Command::Clear
            | Command::Quit => return,
        };
        match self.current.clone() {
            Some(place @ Place::Room(_)) => self.ask(body, Some(&place), Some(SHOWN), out),
            Some(Place::Person(_) | Place::Everyone) | None => {
                self.is_wrong("you are in no room now: /to #ROOM");
            }
        }
    }

    /// Asks, in the protocol of names. Among numbers nothing is kept, and nothing is asked for. `kind` is how the
    /// request's id begins; a request without an id has no answer.
    fn ask(
        &mut self,
        body: ClientBody<'_>,
        place: Option<&Place>,
        kind: Option<&'static str>,
        out: &mut Vec<u8>,
    ) {
        if self.is_greeted && self.kind == Kind::Names {
            self.asked += 1;
            let id = kind.map(|kind| format!("{kind}{}", self.asked));
            self.caller.say(&frame(body, place, id.as_deref()), out);
            self.waiting.extend(id);
        }
    }
}

fn frame<'a>(
    body: ClientBody<'a>,
    place: Option<&'a Place>,
    id: Option<&'a str>,
) -> ClientFrame<'a> {
    let (to, room) = match place {
        Some(Place::Person(name)) => (Some(&**name), None),
        Some(Place::Room(id)) => (None, Some(&**id)),
        Some(Place::Everyone) | None => (None, None),
    };
    ClientFrame { body, to, room, id }
}
