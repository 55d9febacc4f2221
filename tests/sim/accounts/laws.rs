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
//! A1 and A2 stand in [`Store`], where the rows are. The laws for the pages of MyChat stand in `pages`.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use switchboard::chat::account::{Place, RoomKey, Token, UserKey};

use super::pages::{Page, Question};
use super::store::{Row, Store, in_order};
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
struct Letter {
    user: usize,
    to: To,
    /// The socket that it was sent over, until the server is killed.
    wire: Option<WireId>,
    is_answered: bool,
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
    Http(Asks),
}

/// What one WebSocket was shown.
pub(super) struct Socket {
    pub(super) login: usize,
    /// Whether its login was over before the socket was opened.
    is_late: bool,
    /// The last global messages that were shown: in the history, as `message`, and as `chat`.
    history: Option<u32>,
    message: u32,
    chat: Option<u32>,
    private: HashMap<Place, u32>,
    /// Its messages that were not answered yet, oldest first.
    pending: VecDeque<usize>,
}

impl Socket {
    pub(super) fn is_open(&self) -> bool {
        self.history.is_some()
    }
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
    letters: Vec<Letter>,
    pub(super) is_draining: bool,
    pub(super) logouts: u64,
    pub(super) wrong_passwords: u64,
}

impl Laws {
    pub(super) fn open_socket(&mut self, login: usize) {
        let is_late = self.logins[login].is_over;
        self.open(Kind::Socket(Socket {
            login,
            is_late,
            history: None,
            message: 0,
            chat: None,
            private: HashMap::new(),
            pending: VecDeque::new(),
        }));
    }

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
            Kind::Http(_) => unreachable!("messages go over sockets"),
        };
        let (user, number) = (self.logins[login].user, self.letters.len());
        self.pending(wire).push_back(number);
        self.letters.push(Letter { user, to, wire: Some(wire), is_answered: false });
        self.letters.len() - 1
    }

    /// The server was killed: all connections have ended.
    pub(super) fn crash(&mut self) {
        self.lines.clear();
        self.letters.iter_mut().for_each(|letter| letter.wire = None);
    }

    /// Looks at what the server's kernel has taken for a client.
    pub(super) fn hear(&mut self, wire: WireId, bytes: &[u8], store: &Store) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        self.lines[wire].tap.feed(bytes);
        while let Some(heard) = self.lines[wire].tap.next() {
            let closed = self.lines[wire].closed;
            assert!(closed.is_none(), "A6: wire {wire} is sent something after its end");
            match heard {
                Heard::Response { status: 101, .. } => {
                    if let Kind::Page(page) = &mut self.lines[wire].kind {
                        assert!(!page.is_late, "A10: a token opens a socket after its logout");
                        page.is_up = true;
                    }
                }
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
            Kind::Socket(_) => assert!(
                status == 503 && is_draining || matches!(status, 503 | 507),
                "wire {wire} is refused with {status}"
            ),
        }
    }

    fn shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
        if matches!(self.lines[wire].kind, Kind::Page(_)) {
            return self.page_shown(wire, frame, store);
        }
        match frame["type"].as_str().expect("each frame has a type") {
            "history" => {
                let messages = frame["messages"].as_array().expect("a list");
                let Kind::Socket(socket) = &mut self.lines[wire].kind else { unreachable!() };
                assert!(!socket.is_late, "A10: a token opens a socket after its logout");
                assert!(socket.history.is_none(), "a second history");
                let numbers: Vec<u32> = messages
                    .iter()
                    .map(|one| self.check_message(wire, one, "username", store).1)
                    .collect();
                let ascends = numbers.windows(2).all(|two| two[0] + 1 == two[1]);
                let last = numbers.last().copied().unwrap_or(0);
                assert!(ascends, "A5: a history with a gap: {numbers:?}");
                assert_eq!(numbers.len(), last.min(50) as usize, "A5: the last 50");
                let socket = self.socket(wire);
                (socket.history, socket.message) = (Some(last), last);
            }
            "message" => {
                let (letter, seq) = self.check_message(wire, frame, "username", store);
                let socket = self.socket(wire);
                assert_eq!(socket.chat, None, "it has switched");
                assert_eq!(seq, socket.message + 1, "A4: global messages at wire {wire}");
                socket.message = seq;
                self.settle(wire, letter);
            }
            "chat" | "chat_sent" => self.chat(wire, frame, store),
            "error" => {
                let sentence = frame["detail"].as_str().expect("a sentence");
                assert!(sentence.starts_with("your message could not be stored"), "{sentence}");
                let is_true = match sentence.split(": ").last() {
                    Some("the server's disk is full") => store.full > 0,
                    Some("the server's database has failed") => store.has_failed(),
                    _ => false,
                };
                assert!(is_true, "A7: wire {wire} is told a wrong reason: {sentence}");
                let letter = self.pending(wire).pop_front();
                let letter = letter.expect("A7: an error, and nothing was said");
                self.letters[letter].is_answered = true;
                let begin = format!("{letter} ");
                let told = store.rows.iter().any(|row| row.is_told && row.text.starts_with(&begin));
                assert!(
                    !told,
                    "A7: the message was stored, and its sender is told that it was not"
                );
            }
            "typing" | "user_list_update" => {}
            other => panic!("nobody knows frames of type {other}"),
        }
    }

    fn chat(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let (letter, seq) = self.check_message(wire, frame, "sender", store);
        let row = store.row(frame["content"].as_str().expect("a text")).expect("it was checked");
        let is_global = row.place == Place::Global;
        assert_eq!(frame["is_global"], is_global);
        let socket = self.socket(wire);
        if is_global {
            // At the switch everything since the history is told once more, as far as memory has it.
            match socket.chat {
                Some(last) => assert_eq!(seq, last + 1, "A4: global messages at wire {wire}"),
                None => {
                    let since = socket.history.expect("a history comes first");
                    let is_next = since < seq && seq <= socket.message + 1;
                    assert!(
                        is_next,
                        "A4: the first message after the switch of wire {wire}: {seq}"
                    );
                }
            }
            socket.chat = Some(seq);
        } else {
            let last = socket.private.insert(row.place, seq);
            assert!(
                last.is_none_or(|last| last + 1 == seq),
                "A4: private messages: {last:?}, {seq}"
            );
        }
        self.settle(wire, letter);
    }

    /// Checks a message that is shown. Returns its letter, and its number in its conversation.
    fn check_message(
        &self,
        wire: WireId,
        frame: &Value,
        sender: &str,
        store: &Store,
    ) -> (usize, u32) {
        let Kind::Socket(socket) = &self.lines[wire].kind else { unreachable!() };
        let text = frame["content"].as_str().expect("a text");
        let row = store.row(text);
        let row = row.unwrap_or_else(|| panic!("A3: wire {wire} is shown what is not committed"));
        let login = &self.logins[socket.login];
        let number = self.letter_of(text, row);
        let Letter { user, to, .. } = self.letters[number];
        assert_eq!(frame[sender], name(user), "A2: the sender of {number}");
        let hears = match to {
            To::Everybody => true,
            To::User(to) => [user, to].contains(&login.user),
            To::Room(_) => false,
        };
        assert!(hears, "A6: wire {wire} is shown a private message of others");
        let revoked = store.revoked.get(&login.token.digest());
        assert!(
            revoked.is_none_or(|&revoked| row.order < revoked),
            "A6: wire {wire} is shown what was committed after its login was revoked"
        );
        (number, row.seq.0)
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
                Kind::Socket(socket) if is_open => {
                    assert!(socket.is_open(), "wire {wire} waits for its history for ever");
                    assert!(socket.pending.is_empty(), "A7: wire {wire} waits for an answer");
                    let last = socket.chat.unwrap_or(socket.message);
                    assert_eq!(last, store.last_global(), "A4, A5: wire {wire} has missed some");
                    let is_over = self.logins[socket.login].is_over;
                    assert!(!is_over, "A6: wire {wire} is open, and its login was revoked");
                }
                Kind::Page(page) if is_open => self.check_page_at_rest(wire, page, store),
                Kind::Http(_) => assert!(!is_open, "wire {wire} waits for a page for ever"),
                Kind::Socket(_) | Kind::Page(_) => {}
            }
        }
    }

    pub(super) fn socket(&mut self, wire: WireId) -> &mut Socket {
        match &mut self.lines[wire].kind {
            Kind::Socket(socket) => socket,
            Kind::Http(_) | Kind::Page(_) => panic!("wire {wire} is no stream"),
        }
    }

    fn pending(&mut self, wire: WireId) -> &mut VecDeque<usize> {
        match &mut self.lines[wire].kind {
            Kind::Socket(socket) => &mut socket.pending,
            Kind::Page(page) => &mut page.pending,
            Kind::Http(_) => panic!("wire {wire} is no WebSocket"),
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
