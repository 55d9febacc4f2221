//! What the pages of MyChat do: they open sockets, write, ask for histories and numbers, and look after rooms.

use by_hand::upgrade;

use super::laws::{Asks, Kind, To};
use super::pages::{Page, Purpose, Question, Wants};
use super::people::BACKLOG;
use super::world::{AccountWorld, ROOMS};
use crate::frames::TEXT;
use crate::net::WireId;

impl AccountWorld {
    /// Opens a socket of a page.
    pub(super) fn open_page(&mut self, who: usize) -> Option<WireId> {
        let login = self.pick_login(who, 100)?;
        let (user, other) = (self.people[who].user, self.dice.below(self.users));
        let room = self.dice.below(ROOMS);
        let pair = Purpose::Pair(other);
        let all = [
            Purpose::Room(room),
            Purpose::Room(room),
            pair,
            pair,
            Purpose::Notices,
            Purpose::Status,
        ];
        let purpose = self.dice.pick(&all);
        let talk = &self.store.talk;
        let (me, other) = (talk.users[user], talk.users[other]);
        let path = match purpose {
            Purpose::Pair(_) => format!("/ws/{me}/{other}"),
            Purpose::Notices => format!("/ws/global/{me}"),
            Purpose::Status => "/ws/status".to_owned(),
            Purpose::Room(room) => format!("/ws/room/{}/{me}", talk.rooms[room].0),
        };
        let path = format!("{path}?token={}", self.laws.logins[login].hex());
        let is_late = self.laws.logins[login].is_over;
        let page = Page::new((login, is_late), purpose, &self.store);
        Some(self.connect(Kind::Page(page), &upgrade(&path, "here", "")))
    }

    /// Writes over a socket of a page, if it is for a conversation.
    pub(super) fn write_in_page(&mut self, wire: WireId) {
        let Kind::Page(page) = &self.laws.lines[wire].kind else { return };
        let to = match page.purpose {
            Purpose::Pair(other) => To::User(other),
            Purpose::Room(room) => To::Room(self.store.talk.rooms[room].1),
            Purpose::Notices | Purpose::Status => return,
        };
        // What is written before the answer to the upgrade would not be a browser's.
        if !page.is_up || self.net.wires[wire].unsent.len() > BACKLOG {
            return;
        }
        let count = if self.dice.per_mille(100) { self.dice.between(2, 20) } else { 1 };
        for _ in 0..count {
            let text = self.text(wire, to);
            self.say(wire, TEXT, text.as_bytes());
        }
    }

    /// Asks for something that is only read, or marks what was read.
    pub(super) fn read(&mut self, who: usize) -> Option<WireId> {
        let (other, room) = (self.dice.below(self.users), self.dice.below(ROOMS));
        let wants = [
            Wants::Unread,
            Wants::MarkRead,
            Wants::History(other),
            Wants::Rooms,
            Wants::RoomHistory(room),
        ];
        let wants = self.dice.pick(&wants);
        let talk = &self.store.talk;
        let (me, other, room) =
            (talk.users[self.people[who].user], talk.users[other], talk.rooms[room].0);
        let (method, path) = match wants {
            Wants::Unread => ("GET", format!("/api/unread/{me}")),
            Wants::MarkRead => ("POST", format!("/api/mark_read/{me}/{other}")),
            Wants::History(_) => ("GET", format!("/api/history/{me}/{other}")),
            Wants::Rooms => ("GET", "/api/rooms".to_owned()),
            _ => ("GET", format!("/api/rooms/{room}/history")),
        };
        self.ask(who, wants, (method, &path), "")
    }

    /// Takes a user into a room, or out of it. Now and then a room is deleted.
    pub(super) fn host(&mut self, who: usize) -> Option<WireId> {
        let room = self.dice.below(ROOMS);
        let id = self.store.talk.rooms[room].0;
        if self.dice.per_mille(20) {
            return self.ask(who, Wants::Delete(room), ("DELETE", &format!("/api/rooms/{id}")), "");
        }
        let other = self.store.talk.users[self.dice.between(1, self.users - 1)];
        let word = if self.dice.per_mille(600) { "add_user" } else { "remove_user" };
        let (path, body) =
            (format!("/api/rooms/{id}/{word}"), format!(r#"{{"user_id":"{other}"}}"#));
        self.ask(who, Wants::Change(room), ("POST", &path), &body)
    }

    fn ask(
        &mut self,
        who: usize,
        wants: Wants,
        (method, path): (&str, &str),
        body: &str,
    ) -> Option<WireId> {
        let login = self.pick_login(who, 50)?;
        let question = Question { login, since: self.store.told(), wants };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: here\r\nCookie: session={}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.laws.logins[login].hex(),
            body.len()
        );
        Some(self.connect(Kind::Http(Asks::Page(question)), &request))
    }
}
