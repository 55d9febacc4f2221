//! `kill -9` under load, ten times in one folder: what any client was told is in the store, once and in order.
//!
//! Seven connections write and read, and an eighth registers users, logs them in and out. The client that gets
//! the n-th message of a life, or the n-th answer, kills the server at once, while all the others have something
//! under way. So a life is as long as what happens in it, however slow the machine is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::client::{Data, Member, PASSWORD, credentials};
use super::told::{Stored, Told, expect_recent, read};
use crate::harness::{Response, Server, Wire};

/// How each life of the server ends.
const LIVES: [Death; 10] = [
    Death::Messages(1),
    Death::Answers(1),
    Death::Messages(11),
    Death::Answers(2),
    Death::Messages(60),
    Death::Answers(3),
    Death::Messages(160),
    Death::Answers(7),
    Death::Messages(400),
    Death::Answers(12),
];

/// What kills the server.
#[derive(Clone, Copy)]
enum Death {
    /// This many messages were told to clients, each copy counted.
    Messages(usize),
    /// The client that registers users has this many answers of 200.
    Answers(usize),
}

/// The most texts of a connection in one life. Then it only reads.
const TEXTS: usize = 300;

/// Messages that a connection has under way: it sends this many and then waits for all of them.
const WINDOW: usize = 5;

/// A connection: its user, and whether it speaks WebSocket Chat (or Chatterbox).
const CONNECTIONS: [(usize, bool); 7] =
    [(0, true), (0, false), (1, true), (1, true), (2, true), (3, false), (3, false)];
const NAMES: [&str; 4] = ["ada", "bob", "eve", "kim"];

#[test]
fn whatever_a_client_was_told_is_stored_once_and_in_order_after_ten_kills() {
    let data = Data::new();
    let mut told = Told::default();
    let mut tokens = Vec::new();
    let mut stored = Stored::new();
    for (life, &death) in LIVES.iter().enumerate() {
        let durability = if life % 2 == 0 { "power" } else { "process" };
        let mut server = data.start_with(&["--durability", durability, "--message-rate", "off"]);
        if life == 0 {
            tokens = NAMES.iter().map(|name| server.join(name)).collect();
        }
        expect_as_before(&server, &tokens[0], &told, &stored);
        live(&server, life, death, &tokens, &mut told);
        server.ended();
        stored = read(&data);
        told.expect_in(&stored);
    }
    expect_as_before(&data.start(), &tokens[0], &told, &stored);
    assert!(told.messages() > 100, "there was no load: {}", told.messages());
    assert!(told.logged_out.len() > 1, "few were registered: {:?}", told.registered);
}

/// Asserts that a server that has just started knows all that clients were told before.
fn expect_as_before(server: &Server, token: &str, told: &Told, stored: &Stored) {
    expect_recent(&server.get_as(token, "/messages/global").json(), "content", stored);
    for name in &told.registered {
        server.log_in(name);
    }
    for token in told.tokens.iter().filter(|token| !told.logging_out.contains(*token)) {
        let (_, history) = server.enter(token);
        expect_recent(&Value::from(history), "content", stored);
    }
    for token in &told.logged_out {
        assert_eq!(server.get_as(token, "/users").status, 401, "a logout was forgotten");
    }
}

/// Plays all clients until one of them has killed the server.
fn live(server: &Server, life: usize, death: Death, tokens: &[String], told: &mut Told) {
    let (messages, answers) = match death {
        Death::Messages(count) => (count, usize::MAX),
        Death::Answers(count) => (usize::MAX, count),
    };
    // The one that counts down to zero kills.
    let (messages, answers) = (AtomicUsize::new(messages), AtomicUsize::new(answers));
    let counts_down = |left: &AtomicUsize| {
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            server.signal(Signal::SIGKILL);
        }
    };
    let (is_told, is_answered) = (|| counts_down(&messages), || counts_down(&answers));
    let records = Mutex::new(Vec::new());
    // Opened before anybody writes, since there may be no server any more a moment later.
    let members: Vec<Client> =
        (0..CONNECTIONS.len()).map(|number| Client::enter(server, life, number, tokens)).collect();
    let wire = server.wire();
    thread::scope(|scope| {
        for mut client in members {
            let (records, is_told) = (&records, &is_told);
            scope.spawn(move || {
                client.chat(is_told);
                records.lock().expect("nobody panics holding it").push((client.sent, client.view));
            });
        }
        register_users(wire, life, told, is_answered);
    });
    for (sent, view) in records.into_inner().expect("nobody panics holding it") {
        told.sent.push(sent);
        told.views.push(view);
    }
}

/// A connection that writes to everybody and, if it has the words for that, to one other user.
struct Client {
    member: Member,
    name: &'static str,
    speaks_websocket_chat: bool,
    /// Makes its texts unique.
    next: usize,
    sent: Vec<String>,
    view: Vec<String>,
}

impl Client {
    fn enter(server: &Server, life: usize, number: usize, tokens: &[String]) -> Client {
        let (user, speaks_websocket_chat) = CONNECTIONS[number];
        let (mut member, history) = server.enter(&tokens[user]);
        if speaks_websocket_chat {
            member.ask_for_users();
        }
        let view = history.iter().map(content).collect();
        let next = (life * CONNECTIONS.len() + number) * 100_000;
        Client { member, name: NAMES[user], speaks_websocket_chat, next, sent: Vec::new(), view }
    }

    /// Writes and reads until the connection ends.
    fn chat(&mut self, is_told: impl Fn()) {
        loop {
            let from = self.sent.len();
            for _ in 0..WINDOW.min(TEXTS - from) {
                let frame = self.next_frame();
                // What a dead server has said before can still be read.
                self.member.try_send(&frame);
            }
            let mut waiting = self.sent[from..].to_vec();
            while !waiting.is_empty() || self.sent.len() == TEXTS {
                let Some(frame) = self.member.frame_or_end() else { return };
                match frame["type"].as_str() {
                    Some("user_list_update") => {}
                    Some("message" | "chat" | "chat_sent") => {
                        let text = content(&frame);
                        waiting.retain(|other| *other != text);
                        self.view.push(text);
                        is_told();
                    }
                    _ => panic!("{frame}"),
                }
            }
        }
    }

    fn next_frame(&mut self) -> Value {
        self.next += 1;
        let recipient = NAMES[self.next % NAMES.len()];
        let is_private =
            self.speaks_websocket_chat && self.next.is_multiple_of(2) && recipient != self.name;
        let to = if is_private { recipient } else { "all" };
        let text = format!("{}>{to}#{}", self.name, self.next);
        self.sent.push(text.clone());
        match self.speaks_websocket_chat {
            true => json!({
                "type": "chat", "content": text, "recipient": is_private.then_some(recipient),
            }),
            false => json!({ "content": text }),
        }
    }
}

fn content(frame: &Value) -> String {
    frame["content"].as_str().expect("a text").to_owned()
}

/// Registers one user after the other, logs each in, and every second one out, until the connection ends.
fn register_users(mut wire: Wire, life: usize, told: &mut Told, is_answered: impl Fn()) {
    for number in 0.. {
        let name = format!("user-{life}-{number}");
        let body = credentials(&name, PASSWORD);
        let Some(_) = post(&mut wire, "/register", "", &body) else { return };
        told.registered.push(name);
        is_answered();
        let Some(answer) = post(&mut wire, "/login", "", &body) else { return };
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        told.tokens.push(token.clone());
        is_answered();
        if number % 2 == 0 {
            told.logging_out.insert(token.clone());
            let line = format!("Authorization: Bearer {token}\r\n");
            let Some(_) = post(&mut wire, "/logout", &line, "") else { return };
            told.logged_out.push(token);
            is_answered();
        }
    }
}

/// Sends a request on a connection that stays open. `None`: the server has died before its answer.
fn post(wire: &mut Wire, path: &str, line: &str, body: &str) -> Option<Response> {
    let length = body.len();
    wire.try_send(format!(
        "POST {path} HTTP/1.1\r\nHost: switchboard\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{line}\r\n{body}"
    ));
    let answer = wire.response_or_none()?;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    Some(answer)
}
