//! [`Person`]: a client of the account realm, whose actions the dice decide.

use super::laws::{Asks, Kind, To, name};
use super::world::AccountWorld;
use crate::faults::Fault;
use crate::frames::TEXT;
use crate::net::WireId;

/// The password of every user.
pub(super) const PASSWORD: &str = "correct horse";

/// How many bytes on their way make a client pause.
pub(super) const BACKLOG: usize = 3000;

/// What a client is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Persona {
    /// A page that speaks Chatterbox, and never anything else.
    Chatterbox,
    /// A page that speaks WebSocket Chat from its first frame on.
    WebsocketChat,
    /// A client that begins with Chatterbox, and switches.
    Switcher,
    /// A phone with `switchboard.v1`.
    Phone,
    /// A page of MyChat, with one socket.
    Page,
    /// A page of MyChat that asks for histories and numbers, and says what it has read.
    Reader,
    /// The user who has made the rooms, and takes others in and out.
    Host,
    /// A script that logs in, with the right password or a wrong one.
    Curl,
    /// A phone that logs out logins of its user, while other devices use them.
    LogsOut,
}

const PERSONAS: [Persona; 14] = [
    Persona::Phone,
    Persona::Chatterbox,
    Persona::Phone,
    Persona::WebsocketChat,
    Persona::Page,
    Persona::Host,
    Persona::Curl,
    Persona::Page,
    Persona::LogsOut,
    Persona::Phone,
    Persona::Reader,
    Persona::Switcher,
    Persona::Phone,
    Persona::Page,
];

pub(super) struct Person {
    persona: Persona,
    pub(super) user: usize,
    /// The connection that it uses now.
    pub(super) wire: Option<WireId>,
    /// Whether it has said something over this connection that is no Chatterbox.
    has_switched: bool,
}

impl Person {
    pub(super) fn new(who: usize, users: usize) -> Self {
        let persona = PERSONAS[who % PERSONAS.len()];
        // The rooms are the first user's.
        let user = if persona == Persona::Host { 0 } else { who % users };
        Person { persona, user, wire: None, has_switched: false }
    }
}

impl AccountWorld {
    /// The client takes its next action.
    pub(super) fn act(&mut self, who: usize) {
        let persona = self.people[who].persona;
        if let Some(wire) = self.people[who].wire {
            let line = &self.laws.lines[wire];
            if line.has_left || line.is_over || line.closed.is_some() {
                self.people[who].wire = None;
            } else if self.dice.per_mille(10) && self.net.faults.strikes(Fault::Reset) {
                self.reset(wire);
                self.people[who].wire = None;
            } else {
                match persona {
                    Persona::Chatterbox | Persona::WebsocketChat | Persona::Switcher => {
                        self.chat(who, wire);
                    }
                    Persona::Phone => self.use_phone(who, wire),
                    Persona::Page => self.write_in_page(wire),
                    // They wait for their answer.
                    Persona::Curl | Persona::LogsOut | Persona::Reader | Persona::Host => {}
                }
            }
            return;
        }
        let wire = match persona {
            Persona::Curl => Some(self.log_in(who)),
            Persona::LogsOut => self.log_out(who),
            Persona::Phone => self.open_device(who),
            Persona::Page => self.open_page(who),
            Persona::Reader => self.read(who),
            Persona::Host => self.host(who),
            Persona::Chatterbox | Persona::WebsocketChat | Persona::Switcher => {
                self.pick_login(who, 100).map(|login| self.connect_socket(login))
            }
        };
        (self.people[who].wire, self.people[who].has_switched) = (wire, false);
    }

    /// A login of the client's user. Of a thousand choices, `over` may be of one that has ended.
    pub(super) fn pick_login(&mut self, who: usize, over: usize) -> Option<usize> {
        let (user, may_be_over) = (self.people[who].user, self.dice.per_mille(over));
        let logins = self.laws.logins.iter().enumerate();
        let logins = logins.filter(|(_, login)| login.user == user && (may_be_over || !login.ends));
        let logins: Vec<usize> = logins.map(|(at, _)| at).collect();
        (!logins.is_empty()).then(|| self.dice.pick(&logins))
    }

    fn log_in(&mut self, who: usize) -> WireId {
        let (user, is_right) = (self.people[who].user, self.dice.per_mille(500));
        let password = if is_right { PASSWORD } else { "wrong horse" };
        let body = format!(r#"{{"username":"{}","password":"{password}"}}"#, name(user));
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.connect(Kind::Http(Asks::Login { user, is_right }), &request)
    }

    fn log_out(&mut self, who: usize) -> Option<WireId> {
        // The last login of a user is kept, or soon nobody could chat.
        let user = self.people[who].user;
        let left = self.laws.logins.iter().filter(|login| login.user == user && !login.ends);
        if left.count() < 2 {
            return Some(self.log_in(who));
        }
        let login = self.pick_login(who, 0)?;
        self.laws.logins[login].ends = true;
        let request = format!(
            "POST /logout HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\n\
             Content-Length: 0\r\n\r\n",
            self.laws.logins[login].hex()
        );
        Some(self.connect(Kind::Http(Asks::Logout(login)), &request))
    }

    fn chat(&mut self, who: usize, wire: WireId) {
        if self.net.wires[wire].unsent.len() > BACKLOG {
            return;
        }
        let switches = match self.people[who].persona {
            Persona::WebsocketChat => true,
            Persona::Switcher => self.people[who].has_switched || self.dice.per_mille(100),
            _ => false,
        };
        self.people[who].has_switched |= switches;
        let count = if self.dice.per_mille(100) { self.dice.between(2, 20) } else { 1 };
        for _ in 0..count {
            let is_chat = self.dice.per_mille(800);
            let frame = match switches {
                true if !is_chat && self.dice.per_mille(500) => {
                    r#"{"type":"request_user_list"}"#.to_owned()
                }
                true if !is_chat => r#"{"type":"typing","is_typing":true}"#.to_owned(),
                _ => self.message(wire, switches),
            };
            self.say(wire, TEXT, frame.as_bytes());
        }
    }

    fn message(&mut self, wire: WireId, has_switched: bool) -> String {
        let is_private = has_switched && self.dice.per_mille(400);
        let to = is_private.then(|| self.dice.below(self.users));
        let text = self.text(wire, to.map_or(To::Everybody, To::User));
        match (has_switched, to) {
            (false, _) => format!(r#"{{"content":"{text}"}}"#),
            (true, None) => format!(r#"{{"type":"chat","content":"{text}","recipient":null}}"#),
            (true, Some(to)) => {
                let to = name(to);
                format!(r#"{{"type":"chat","content":"{text}","recipient":"{to}"}}"#)
            }
        }
    }

    /// A text for a socket to say.
    pub(super) fn text(&mut self, wire: WireId, to: To) -> String {
        let size = if self.dice.per_mille(100) { self.dice.between(0, 1500) } else { 10 };
        format!("{} {}.", self.laws.write(wire, to), "x".repeat(size))
    }
}
