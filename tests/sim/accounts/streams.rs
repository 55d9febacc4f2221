//! The laws for streams: sockets that begin with Chatterbox, and may switch to WebSocket Chat. A3 to A7 and A16 are
//! those of `laws` and `devices`: a history, and what is told at the switch, lack what was deleted.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use switchboard::chat::account::Place;

use super::laws::{Kind, Laws, Letter, To, name};
use super::rows::Row;
use super::store::Store;
use crate::net::WireId;

/// How many global messages the server keeps in memory.
const RECENT: u32 = 50;

/// What one WebSocket was shown.
pub(super) struct Socket {
    pub(super) login: usize,
    /// Whether its login was over before the socket was opened.
    is_late: bool,
    /// The commits that the server knew of when it was opened.
    since: u64,
    /// Whether it was shown a message after its history.
    is_live: bool,
    /// The last global messages that were shown: in the history, as `message`, and as `chat`.
    history: Option<u32>,
    message: u32,
    chat: Option<u32>,
    private: HashMap<Place, u32>,
    /// Its messages that were not answered yet, oldest first.
    pub(super) pending: VecDeque<usize>,
}

impl Socket {
    pub(super) fn is_open(&self) -> bool {
        self.history.is_some()
    }
}

impl Laws {
    pub(super) fn open_socket(&mut self, login: usize, since: u64) {
        let is_late = self.logins[login].is_over;
        self.open(Kind::Socket(Socket {
            login,
            is_late,
            since,
            is_live: false,
            history: None,
            message: 0,
            chat: None,
            private: HashMap::new(),
            pending: VecDeque::new(),
        }));
    }

    /// Checks a frame that a stream is shown.
    pub(super) fn stream_shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
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
                // Those that are missing are deleted, and others have not come for them.
                let is_gap =
                    |before, after| !store.rows.are_deleted_between(Place::Global, before, after);
                let gap = numbers.windows(2).find(|two| is_gap(two[0], two[1]));
                assert_eq!(gap, None, "A5: a history with a gap: {numbers:?}");
                let last = numbers.last().copied().unwrap_or(0);
                let end = store.rows.deleted_after(Place::Global, last);
                let first = numbers.first().copied().unwrap_or(end + 1);
                let is_short = is_gap(end.saturating_sub(RECENT), first);
                assert!(!is_short && numbers.len() <= RECENT as usize, "A5: the last {RECENT}");
                let socket = self.socket(wire);
                (socket.history, socket.message) = (Some(last), last);
            }
            "message" => {
                let (letter, seq) = self.check_message(wire, frame, "username", store);
                let socket = self.socket(wire);
                assert_eq!(socket.chat, None, "it has switched");
                let is_next = seq == socket.message + 1
                    || !socket.is_live
                        && store.rows.are_deleted_between(Place::Global, socket.message, seq);
                assert!(is_next, "A4: global messages at wire {wire}");
                (socket.message, socket.is_live) = (seq, true);
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
                let is_it = |row: &Row| {
                    row.is_told() && row.first().text.iter().any(|text| text.starts_with(&begin))
                };
                assert!(
                    !store.rows.all().iter().any(is_it),
                    "A7: the message was stored, and its sender is told that it was not"
                );
            }
            "typing" | "user_list_update" => {}
            other => panic!("nobody knows frames of type {other}"),
        }
    }

    fn chat(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let (letter, seq) = self.check_message(wire, frame, "sender", store);
        let text = frame["content"].as_str().expect("a text");
        let row = store.rows.with_text(text).expect("it was checked");
        let is_global = row.place == Place::Global;
        assert_eq!(frame["is_global"], is_global);
        // What is told at the switch may have been deleted meanwhile.
        let is_gap = |before| !store.rows.are_deleted_between(row.place, before, seq);
        let socket = self.socket(wire);
        if is_global {
            // At the switch everything since the history is told once more, as far as memory has it.
            match socket.chat {
                Some(last) => {
                    assert!(last < seq && !is_gap(last), "A4: global messages at wire {wire}");
                }
                None => {
                    let since = socket.history.expect("a history comes first");
                    let is_next = since < seq && !is_gap(socket.message);
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
                last.is_none_or(|last| last < seq && !is_gap(last)),
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
        let row = store.rows.with_text(text);
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
            revoked.is_none_or(|&revoked| row.order() < revoked),
            "A6: wire {wire} is shown what was committed after its login was revoked"
        );
        let is_new = row.version_of(text) >= Some(row.version_at(socket.since));
        assert!(is_new, "A16: wire {wire} is shown an old text");
        (number, row.seq())
    }

    /// Checks an open stream when nothing is under way.
    pub(super) fn check_stream_at_rest(&self, wire: WireId, socket: &Socket, store: &Store) {
        assert!(socket.is_open(), "wire {wire} waits for its history for ever");
        assert!(socket.pending.is_empty(), "A7: wire {wire} waits for an answer");
        let last = socket.chat.unwrap_or(socket.message);
        let (rows, end) = (&store.rows, store.last_global() + 1);
        let has_all = last < end && rows.are_deleted_between(Place::Global, last, end);
        assert!(has_all, "A4, A5: wire {wire} has missed some");
        let is_over = self.logins[socket.login].is_over;
        assert!(!is_over, "A6: wire {wire} is open, and its login was revoked");
    }

    pub(super) fn socket(&mut self, wire: WireId) -> &mut Socket {
        match &mut self.lines[wire].kind {
            Kind::Socket(socket) => socket,
            Kind::Http(_) | Kind::Page(_) | Kind::Device(_) => panic!("wire {wire} is no stream"),
        }
    }
}
