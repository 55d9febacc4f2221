//! Does the client do what a good client does? The tests are the server: they hand over frames, and read what the
//! client sends.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard::timer::{Moment, Now};
use switchboard::ws::handshake::{Offer, Once, check};
use switchboard::ws::{CloseCode, Frame, Item, Limits, Reader, Role};

use super::*;

const ANN: &str = "0012345678";
const BOB: &str = "0087654321";

/// The server's answer that accepts a request for an upgrade.
pub(super) fn acceptance(request: &[u8]) -> Vec<u8> {
    let request = str::from_utf8(request).expect("a request is text");
    let (_, key) = request.split_once("Sec-WebSocket-Key: ").expect("it has a key");
    let key = key.split("\r\n").next().expect("a line").as_bytes();
    let offer = Offer {
        get: true,
        http_1_1: true,
        host: true,
        connection_upgrade: true,
        upgrade_websocket: true,
        key: Once::Value(key),
        version: Once::Value(b"13"),
    };
    let accept = check(&offer).expect("a good request");
    let start = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
    format!("{start}\r\nSec-WebSocket-Accept: {}\r\n\r\n", accept.as_str()).into_bytes()
}

/// A client, and the server's side of its connection.
struct Play {
    client: Client,
    now: Now,
    reader: Reader,
}

impl Play {
    /// A client that is connected, with these people online.
    fn with(online: &[&str]) -> Self {
        let door = Door { authority: "h".to_owned(), path: format!("/ws/{ANN}") };
        let client = Client::new(ANN.to_owned(), door, fastrand::Rng::with_seed(7));
        let reader = Reader::new(Role::Server);
        let monotonic = Moment::START + Duration::from_secs(60);
        let now = Now { monotonic, ..Now::default() };
        let mut play = Play { client, now, reader };
        play.connect(online);
        play
    }

    fn connect(&mut self, online: &[&str]) {
        assert!(self.client.wants_to_dial(self.now.monotonic));
        let mut request = Vec::new();
        self.client.connected(self.now.monotonic, &mut request);
        assert!(request.starts_with(format!("GET /ws/{ANN}").as_bytes()));
        let answer = acceptance(&request);
        self.reader = Reader::new(Role::Server);
        assert_eq!(self.bytes(answer), Vec::<Value>::new(), "nothing before the list");
        self.hears(&json!({"type": "online_users", "users": online}));
    }

    /// The server sends bytes. Returns the frames that the client answers.
    fn bytes(&mut self, mut bytes: Vec<u8>) -> Vec<Value> {
        let mut out = Vec::new();
        self.client.read(self.now, &mut bytes, &mut out);
        self.frames(out)
    }

    /// The server sends a frame.
    fn hears(&mut self, frame: &Value) -> Vec<Value> {
        let mut bytes = Vec::new();
        Frame::Text(&frame.to_string()).encode(&mut bytes);
        self.bytes(bytes)
    }

    /// The server closes.
    fn closes(&mut self, code: u16, reason: &str) {
        let mut bytes = Vec::new();
        Frame::Close(Some((CloseCode::from(code), reason))).encode(&mut bytes);
        self.bytes(bytes);
    }

    /// A person types a line.
    fn types(&mut self, line: &str) -> Vec<Value> {
        let command = Command::parse(line).expect("it is understood").expect("it is not empty");
        let mut out = Vec::new();
        self.client.command(self.now.monotonic, command, &mut out);
        self.frames(out)
    }

    fn waits(&mut self, time: Duration) -> Vec<Value> {
        self.now.monotonic = self.now.monotonic + time;
        let mut out = Vec::new();
        self.client.expire(self.now.monotonic, &mut out);
        self.frames(out)
    }

    fn frames(&mut self, mut out: Vec<u8>) -> Vec<Value> {
        let mut frames = Vec::new();
        let mut input = &mut out[..];
        while let Some(item) =
            self.reader.read(&mut input, &Limits::default()).expect("good frames")
        {
            if let Item::Text(text) = item {
                frames.push(serde_json::from_str(&text).expect("JSON"));
            }
        }
        frames
    }

    fn is_told(&mut self) -> Vec<Notice> {
        self.client.take_notices()
    }
}

fn texts(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["text"].as_str().expect("a message")).collect()
}

fn id(frame: &Value) -> &str {
    frame["id"].as_str().expect("every message has an id")
}

#[test]
fn a_message_has_an_id_and_is_done_with_its_ack() {
    let mut play = Play::with(&[ANN, BOB]);
    let sent = play.types(&format!("/to {BOB} hello"));
    assert_eq!((&sent[0]["to"], &sent[0]["text"]), (&json!(BOB), &json!("hello")));
    assert_eq!(play.client.unanswered(), 1);
    play.is_told();
    play.hears(&json!({"type": "ack", "id": id(&sent[0]), "status": "delivered"}));
    let delivered = Notice::Delivered { to: BOB.to_owned(), id: id(&sent[0]).to_owned() };
    assert_eq!((play.is_told(), play.client.unanswered()), (vec![delivered], 0));
    let again = play.types("hello");
    assert_ne!(id(&again[0]), id(&sent[0]), "the same text is another message");
}

#[test]
fn a_message_to_an_absent_person_is_sent_again_in_order_when_that_person_comes() {
    let mut play = Play::with(&[ANN]);
    let one = play.types(&format!("/to {BOB} one"));
    play.hears(&json!({"type": "ack", "id": id(&one[0]), "status": "offline"}));
    assert!(play.types("two").is_empty(), "it would overtake the first");
    let told = play.is_told();
    let is_put_off = |notice: &&Notice| matches!(notice, Notice::PutOff { .. });
    assert_eq!(told.iter().filter(is_put_off).count(), 2);
    let sent = play.hears(&json!({"type": "presence", "joined": [BOB], "left": [], "online": 2}));
    assert_eq!(texts(&sent), ["one", "two"]);
    assert_eq!(id(&sent[0]), id(&one[0]));
}

#[test]
fn what_is_typed_without_a_connection_is_sent_once_there_is_one_and_what_was_in_doubt_again() {
    let mut play = Play::with(&[ANN, BOB]);
    let one = play.types(&format!("/to {BOB} one"));
    play.closes(1001, "the server is shutting down");
    let told = play.is_told();
    assert!(matches!(told.last(), Some(Notice::Disconnected { back_in: Some(_), .. })), "{told:?}");
    assert!(play.types("two").is_empty() && !play.client.has_connection());
    play.waits(Duration::from_secs(1));
    play.connect(&[ANN]);
    let sent = play.hears(&json!({"type": "presence", "joined": [BOB], "left": [], "online": 2}));
    assert_eq!(texts(&sent), ["one", "two"]);
    assert_eq!(id(&sent[0]), id(&one[0]), "the recipient can tell that it is the same");
}

#[test]
fn a_message_that_comes_again_is_shown_once_and_one_without_an_id_each_time() {
    let mut play = Play::with(&[ANN, BOB]);
    play.is_told();
    let message = json!({"type": "message", "from": BOB, "text": "hi", "id": "x"});
    (0..3).for_each(|_| drop(play.hears(&message)));
    assert_eq!(play.is_told().len(), 1);
    let message = json!({"type": "message", "from": BOB, "text": "hi"});
    (0..3).for_each(|_| drop(play.hears(&message)));
    assert_eq!(play.is_told().len(), 3);
}

#[test]
fn messages_are_unread_until_somebody_looks_at_their_chat() {
    let mut play = Play::with(&[ANN, BOB]);
    let message = json!({"type": "message", "from": BOB, "text": "hi"});
    play.hears(&message);
    play.hears(&message);
    assert_eq!(play.client.unread_elsewhere(), 2);
    play.is_told();
    play.types(&format!("/to {BOB}"));
    let told = play.is_told();
    let Some(Notice::To { unread: 2, entries, is_online: Some(true), .. }) = told.last() else {
        panic!("{told:?}")
    };
    assert_eq!(entries.len(), 2);
    // The window is not looked at: what comes in the current chat is unread, too.
    play.client.watch(false);
    play.hears(&message);
    play.types("/chats");
    let told = play.is_told();
    let Some(Notice::Chats(chats)) = told.last() else { panic!("{told:?}") };
    assert_eq!((chats[0].unread, play.client.unread_elsewhere()), (1, 0));
    play.client.watch(true);
    play.types("/chats");
    let told = play.is_told();
    let Some(Notice::Chats(chats)) = told.last() else { panic!("{told:?}") };
    assert_eq!(chats[0].unread, 0);
}

#[test]
fn the_last_speaker_is_the_first_name_and_nobody_is_named_twice() {
    let mut play = Play::with(&[ANN, BOB, "0000000001"]);
    play.hears(&json!({"type": "message", "from": "0000000001", "text": "hi"}));
    play.hears(&json!({"type": "message", "from": BOB, "text": "hi"}));
    let names: Vec<&str> = play.client.names().collect();
    assert_eq!(names, [BOB, "0000000001"], "nobody writes to themselves");
}

#[test]
fn coming_and_going_is_told_and_those_one_chats_with_are_marked() {
    let mut play = Play::with(&[ANN]);
    play.types(&format!("/to {BOB}"));
    play.is_told();
    let other = "0000000001";
    play.hears(&json!({"type": "presence", "joined": [BOB, other], "left": [], "online": 3}));
    let told = play.is_told();
    let [Notice::Presence { joined, left, known, online: 3 }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((joined.len(), left.len(), &known[..]), (2, 0, &[BOB.to_owned()][..]));
}

#[test]
fn a_message_that_the_server_refuses_is_not_sent_again() {
    let mut play = Play::with(&[ANN, BOB]);
    let sent = play.types(&format!("/to {BOB} hello"));
    play.is_told();
    let frame = json!({"type": "error", "detail": "no", "code": "bad", "id": id(&sent[0])});
    play.hears(&frame);
    assert!(matches!(&play.is_told()[..], [Notice::Refused { .. }]));
    assert_eq!(play.client.unanswered(), 0);
    play.hears(&json!({"type": "error", "detail": "slower", "code": "message_rate"}));
    assert!(matches!(&play.is_told()[..], [Notice::Warned { .. }]));
}

#[test]
fn a_text_is_as_long_as_the_server_takes_it_and_not_longer() {
    let mut play = Play::with(&[ANN, BOB]);
    play.types(&format!("/to {BOB}"));
    assert_eq!(play.types(&"x".repeat(16 * 1024)).len(), 1);
    play.is_told();
    // A quotation mark takes two bytes.
    assert!(play.types(&"\"".repeat(8 * 1024 + 1)).is_empty());
    assert!(matches!(&play.is_told()[..], [Notice::Mistake(_)]));
}

#[test]
fn a_thousand_lines_go_out_at_a_hundred_a_second() {
    let mut play = Play::with(&[ANN, BOB]);
    let mut sent = play.types(&format!("/to {BOB} 0")).len();
    for number in 1..1000 {
        sent += play.types(&number.to_string()).len();
    }
    assert_eq!(sent, 50);
    assert!(play.client.is_full());
    sent += play.waits(Duration::from_secs(1)).len();
    // The waiting itself saves up nothing while messages wait: each comes at its time.
    assert!((100..=150).contains(&sent), "{sent}");
}

#[test]
fn without_a_chat_a_line_goes_to_nobody() {
    let mut play = Play::with(&[ANN, BOB]);
    play.is_told();
    assert!(play.types("hello").is_empty());
    assert!(matches!(&play.is_told()[..], [Notice::Mistake(_)]));
}

#[test]
fn leaving_hangs_up_and_nothing_comes_back() {
    let mut play = Play::with(&[ANN, BOB]);
    play.types("/quit");
    assert!(play.client.has_connection() && !play.client.is_gone());
    play.closes(1000, "");
    assert!(play.client.is_gone() && !play.client.wants_to_dial(Moment::from_nanos(u64::MAX)));
}
