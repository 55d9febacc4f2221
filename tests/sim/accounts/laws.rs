//! [`Laws`]: the oracle of the account realm, which looks at every byte that the server's kernel takes.
//!
//! | law | what it says |
//! |---|---|
//! | A1 | what anybody was shown is in the store after any crash, text and order equal |
//! | A2 | each row of the store comes from exactly one frame |
//! | A3 | nobody is shown a message that was not committed at that time |
//! | A4 | the numbers of the messages that one socket is shown ascend, and none is missing |
//! | A5 | a history and what follows it are the rows of the store |
//! | A6 | private messages go to the two users alone, and a login that was revoked hears nothing that came later |
//! | A7 | the sender of a message hears exactly one of stored and failed, in order, or its connection ends |
//! | A10 | after the 200 of a logout the token opens nothing |
//! | A14 | the right password enters, and a wrong one never |
//!
//! A1 and A2 stand in [`Store`]. `streams`, `pages` and `devices` have the laws for each kind of socket.

use std::collections::VecDeque;

use serde_json::Value;
use switchboard::chat::account::{Place, RoomKey, Token, UserKey};

use super::devices::{Device, Draft};
use super::pages::{Page, Question};
use super::rows::Row;
use super::store::{Store, in_order};
use super::streams::Socket;
use crate::frames::{Heard, Tap};
use crate::net::WireId;

/// A login, as far as its client knows.
pub(super) struct Login {
    pub(super) token: Token,
    pub(super) user: usize,
    /// Whether a logout was sent. Until its answer comes, both may be.
    pub(super) ends: bool,
    /// Whether the logout was answered with 200.
    pub(super) is_over: bool,
}

impl Login {
    pub(super) fn hex(&self) -> String {
        self.token.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a request over HTTP asks for.
pub(super) enum Asks {
    Login { user: usize, is_right: bool },
    Logout(usize),
    Page(Question),
}

/// The recipients of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    Everybody,
    User(usize),
    Room(RoomKey),
}

/// A message that a client has written. Its text begins with its number.
pub(super) struct Letter {
    pub(super) user: usize,
    pub(super) to: To,
    /// The socket that it was sent over, until the server is killed. `None`: a device has written it.
    wire: Option<WireId>,
    pub(super) is_answered: bool,
    /// What a device keeps of it.
    pub(super) draft: Option<Draft>,
}

/// One connection.
pub(super) struct Line {
    tap: Tap,
    pub(super) kind: Kind,
    /// Whether the client has ended it.
    pub(super) has_left: bool,
    /// The close code of the server.
    pub(super) closed: Option<Option<u16>>,
    pub(super) is_over: bool,
}

pub(super) enum Kind {
    Socket(Socket),
    Page(Page),
    /// A socket that speaks `switchboard.v1`.
    Device(Device),
    Http(Asks),
}

/// What a client does about what it was sent.
pub(super) enum Reaction {
    Pong,
    SayGoodbye,
    Hangup,
}

#[derive(Default)]
pub(super) struct Laws {
    pub(super) lines: Vec<Line>,
    pub(super) logins: Vec<Login>,
    pub(super) letters: Vec<Letter>,
    /// How many texts were edited, and how many other commands devices have sent.
    pub(super) edits: u64,
    pub(super) asked: u64,
    pub(super) is_draining: bool,
    pub(super) logouts: u64,
    pub(super) wrong_passwords: u64,
}

impl Laws {
    pub(super) fn open(&mut self, kind: Kind) {
        self.lines.push(Line {
            tap: Tap::default(),
            kind,
            has_left: false,
            closed: None,
            is_over: false,
        });
    }

    /// Notes a message. Returns its number.
    pub(super) fn write(&mut self, wire: WireId, to: To) -> usize {
        let login = match &self.lines[wire].kind {
            Kind::Socket(socket) => socket.login,
            Kind::Page(page) => page.login,
            Kind::Device(device) => device.login,
            Kind::Http(_) => unreachable!("messages go over sockets"),
        };
        let (user, number) = (self.logins[login].user, self.letters.len());
        let letter = Letter { user, to, wire: Some(wire), is_answered: false, draft: None };
        match self.lines[wire].kind {
            Kind::Device(_) => self.letters.push(Letter { wire: None, ..letter }),
            _ => {
                self.pending(wire).push_back(number);
                self.letters.push(letter);
            }
        }
        number
    }

    /// The server was killed: all connections have ended.
    pub(super) fn crash(&mut self) {
        self.lines.clear();
        for letter in &mut self.letters {
            letter.wire = None;
            letter.draft.iter_mut().for_each(|draft| draft.wires.clear());
        }
    }

    /// Looks at what the server's kernel has taken for a client.
    pub(super) fn hear(&mut self, wire: WireId, bytes: &[u8], store: &Store) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        self.lines[wire].tap.feed(bytes);
        while let Some(heard) = self.lines[wire].tap.next() {
            let closed = self.lines[wire].closed;
            assert!(closed.is_none(), "A6: wire {wire} is sent something after its end");
            match heard {
                Heard::Response { status: 101, .. } => match &mut self.lines[wire].kind {
                    Kind::Page(page) => {
                        assert!(!page.is_late, "A10: a token opens a socket after its logout");
                        page.is_up = true;
                    }
                    Kind::Socket(_) | Kind::Device(_) | Kind::Http(_) => {}
                },
                Heard::Response { status, body } => {
                    self.answered(wire, (status, &body), store);
                    reactions.push(Reaction::Hangup);
                }
                Heard::Text(frame) => self.shown(wire, &frame, store),
                Heard::Ping => reactions.push(Reaction::Pong),
                Heard::Pong => panic!("wire {wire} has sent no ping"),
                Heard::Close(code, reason) => {
                    self.was_closed(wire, code, &reason, store);
                    reactions.push(Reaction::SayGoodbye);
                }
            }
        }
        reactions
    }

    fn was_closed(&mut self, wire: WireId, code: Option<u16>, reason: &str, store: &Store) {
        self.lines[wire].closed = Some(code);
        let line = &self.lines[wire];
        let (login, may_end) = match &line.kind {
            // Between the lookup of the login and the upgrade the server may have forgotten it.
            Kind::Socket(socket) => (socket.login, code == Some(1013) && !socket.is_open()),
            Kind::Page(page) => (page.login, self.may_end_page(page, code, store)),
            Kind::Device(device) => (device.login, code == Some(1013) && device.begun.is_none()),
            Kind::Http(_) => panic!("wire {wire} is no WebSocket"),
        };
        let may_end = may_end
            || match code {
                Some(4001) => self.logins[login].ends,
                Some(1000) => line.has_left,
                Some(1001) => self.is_draining,
                _ => false,
            };
        assert!(may_end, "A9, A14: wire {wire} is ended with {code:?} {reason}");
    }

    fn answered(&mut self, wire: WireId, (status, body): (u16, &[u8]), store: &Store) {
        let is_draining = self.is_draining;
        match &self.lines[wire].kind {
            Kind::Http(Asks::Login { is_right: false, .. }) => {
                self.wrong_passwords += u64::from(status == 401);
                assert!(matches!(status, 401 | 503), "A14: {status} for a wrong password");
            }
            &Kind::Http(Asks::Login { user, .. }) => {
                assert!(matches!(status, 200 | 503 | 507), "A14: {status} for the right password");
                if status == 200 {
                    let body: Value = serde_json::from_slice(body).expect("JSON");
                    let token = token_of(body["token"].as_str().expect("a token"));
                    self.logins.push(Login { token, user, ends: false, is_over: false });
                }
            }
            &Kind::Http(Asks::Logout(login)) => {
                let login = &mut self.logins[login];
                assert!(matches!(status, 200 | 401 | 503 | 507), "{status} for a logout");
                assert!(status != 200 || !login.is_over, "A10: a token was revoked twice");
                login.is_over |= status == 200;
                self.logouts += u64::from(status == 200);
            }
            Kind::Http(Asks::Page(question)) => self.page_answered(question, (status, body), store),
            Kind::Page(page) => {
                assert!(self.may_refuse_page(page, status), "wire {wire} is refused with {status}");
            }
            Kind::Socket(_) | Kind::Device(_) => assert!(
                status == 503 && is_draining || matches!(status, 503 | 507),
                "wire {wire} is refused with {status}"
            ),
        }
    }

    fn shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
        match self.lines[wire].kind {
            Kind::Socket(_) => self.stream_shown(wire, frame, store),
            Kind::Page(_) => self.page_shown(wire, frame, store),
            Kind::Device(_) => self.device_shown(wire, frame, store),
            Kind::Http(_) => panic!("wire {wire} is no WebSocket"),
        }
    }

    /// The letter of a text. Its row has to be of it.
    pub(super) fn letter_of(&self, text: &str, row: &Row) -> usize {
        let number = text.split(' ').next().and_then(|number| number.parse().ok());
        let number: usize = number.expect("every text begins with its number");
        let Letter { user, to, .. } = self.letters[number];
        let place = match to {
            To::Everybody => Place::Global,
            To::User(to) => Place::Private(key(user), key(to)),
            To::Room(room) => Place::Room(room),
        };
        assert_eq!((row.from, row.place), (key(user), in_order(place)), "A2: the row of {number}");
        number
    }

    /// Notes that a socket was shown a message. If it is its own, that is the answer.
    pub(super) fn settle(&mut self, wire: WireId, number: usize) {
        let letter = &mut self.letters[number];
        if letter.wire == Some(wire) && !std::mem::replace(&mut letter.is_answered, true) {
            let next = self.pending(wire).pop_front();
            assert_eq!(next, Some(number), "A7: wire {wire} is answered out of order");
        }
    }

    /// Checks what must hold when nothing is under way.
    pub(super) fn check_rest(&self, store: &Store) {
        for (wire, line) in self.lines.iter().enumerate() {
            let is_open = !line.has_left && !line.is_over && line.closed.is_none();
            match &line.kind {
                Kind::Socket(socket) if is_open => self.check_stream_at_rest(wire, socket, store),
                Kind::Page(page) if is_open => self.check_page_at_rest(wire, page, store),
                Kind::Device(device) if is_open => self.check_device_at_rest(wire, device, store),
                Kind::Http(_) => assert!(!is_open, "wire {wire} waits for a page for ever"),
                Kind::Socket(_) | Kind::Page(_) | Kind::Device(_) => {}
            }
        }
    }

    pub(super) fn pending(&mut self, wire: WireId) -> &mut VecDeque<usize> {
        match &mut self.lines[wire].kind {
            Kind::Socket(socket) => &mut socket.pending,
            Kind::Page(page) => &mut page.pending,
            Kind::Device(_) | Kind::Http(_) => panic!("wire {wire} is answered by ids, or once"),
        }
    }
}

/// The name of a user.
pub(super) fn name(user: usize) -> String {
    format!("user{user}")
}

/// The key of a user: they are registered in order, from 1 on.
pub(super) fn key(user: usize) -> UserKey {
    UserKey(user as u32 + 1)
}

fn token_of(hex: &str) -> Token {
    let mut token = [0; 32];
    for (byte, at) in token.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&hex[at..at + 2], 16).expect("a token is hexadecimal");
    }
    Token(token)
}
