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

/// The server's answer that accepts a request for an upgrade, with this header line more.
pub(super) fn acceptance(request: &[u8], more: &str) -> Vec<u8> {
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
    format!("{start}\r\n{more}Sec-WebSocket-Accept: {}\r\n\r\n", accept.as_str()).into_bytes()
}

/// A client, and the server's side of its connection.
struct Play {
    client: Client,
    now: Now,
    reader: Reader,
    /// What the client has asked for after the first list.
    greeting: Vec<Value>,
}

impl Play {
    /// A client that is connected, with these people online.
    fn with(online: &[&str]) -> Self {
        Play::of(Pass::Number { number: ANN.to_owned(), token: None }, online)
    }

    /// The same for a user with a name, who has logged in before.
    fn named(name: &str, online: &[&str]) -> Self {
        let (name, password) = (name.to_owned(), "secret".to_owned());
        let pass = Pass::Name { name, password, is_new: false, token: Some("abc".to_owned()) };
        Play::of(pass, online)
    }

    fn of(pass: Pass, online: &[&str]) -> Self {
        let door = Door { authority: "h".to_owned(), prefix: String::new(), pass };
        let client = Client::new(door, fastrand::Rng::with_seed(7));
        let reader = Reader::new(Role::Server);
        let monotonic = Moment::START + Duration::from_secs(60);
        let now = Now { monotonic, ..Now::default() };
        let mut play = Play { client, now, reader, greeting: Vec::new() };
        play.connect(online);
        play
    }

    fn connect(&mut self, online: &[&str]) {
        assert!(self.client.wants_to_dial(self.now.monotonic));
        let mut request = Vec::new();
        self.client.connected(self.now.monotonic, &mut request);
        let protocol = match self.client.kind() {
            Kind::Numbers => "",
            Kind::Names => "Sec-WebSocket-Protocol: switchboard.v1\r\n",
        };
        let answer = acceptance(&request, protocol);
        self.reader = Reader::new(Role::Server);
        assert_eq!(self.bytes(answer), Vec::<Value>::new(), "nothing before the list");
        self.greeting = self.hears(&json!({"type": "online_users", "users": online}));
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
        let command = Command::parse(self.client.kind(), line)
            .expect("it is understood")
            .expect("it is not empty");
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
    play.client.watch(false, &mut Vec::new());
    play.hears(&message);
    play.types("/chats");
    let told = play.is_told();
    let Some(Notice::Chats(chats)) = told.last() else { panic!("{told:?}") };
    assert_eq!((chats[0].unread, play.client.unread_elsewhere()), (1, 0));
    play.client.watch(true, &mut Vec::new());
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
    let names: Vec<String> = play.client.goals().collect();
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
fn what_was_written_last_has_a_second_to_be_answered_before_one_leaves() {
    let leaves = |answer: bool, again: bool| {
        let mut play = Play::with(&[ANN, BOB]);
        let sent = play.types(&format!("/to {BOB} bye"));
        play.types("/quit");
        assert!(play.client.is_connected(), "it waits");
        if answer {
            play.hears(&json!({"type": "ack", "id": id(&sent[0]), "status": "delivered"}));
        } else if again {
            play.types("/quit");
        } else {
            play.waits(Duration::from_millis(999));
            assert!(play.client.is_connected(), "it waits");
            play.waits(Duration::from_millis(1));
        }
        assert!(!play.client.is_connected());
        play.client.unanswered()
    };
    assert_eq!([leaves(true, false), leaves(false, true), leaves(false, false)], [0, 1, 1]);
}

#[test]
fn leaving_hangs_up_and_nothing_comes_back() {
    let mut play = Play::with(&[ANN, BOB]);
    play.types("/quit");
    assert!(play.client.has_connection() && !play.client.is_gone());
    play.closes(1000, "");
    assert!(play.client.is_gone() && !play.client.wants_to_dial(Moment::from_nanos(u64::MAX)));
}

#[test]
fn after_the_first_list_somebody_with_a_name_asks_for_rooms_and_for_what_was_missed() {
    let mut play = Play::named("ada", &["ada", "bob"]);
    let kinds = |frames: &[Value]| frames.iter().map(|it| it["type"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&play.greeting), ["rooms", "conversations"]);
    let last = play.types("/all");
    assert_eq!((&last[0]["type"], &last[0]["to"]), (&json!("history"), &Value::Null));
    play.closes(1001, "");
    play.waits(Duration::from_secs(1));
    play.connect(&["ada", "bob"]);
    assert_eq!(kinds(&play.greeting), ["rooms", "conversations", "history"]);
}

#[test]
fn a_message_of_somebody_with_a_name_is_done_when_it_is_stored_and_needs_nobody_online() {
    let mut play = Play::named("ada", &["ada"]);
    let sent = play.types("/to bob  Hello ");
    let message = &sent[1];
    assert_eq!((&message["to"], &message["text"]), (&json!("bob"), &json!("Hello")));
    play.is_told();
    let (id, to) = (id(message).to_owned(), "bob".to_owned());
    play.hears(&json!({"type": "ack", "id": id, "mid": "7", "ts": 1, "status": "stored"}));
    assert_eq!(play.is_told(), [Notice::Stored { to: to.clone(), id: id.clone() }]);
    assert_eq!(play.client.unanswered(), 0);
    play.hears(&json!({"type": "ack", "id": id, "mid": "7", "ts": 1, "status": "delivered"}));
    assert_eq!(play.is_told(), [Notice::Delivered { to, id }]);
}

#[test]
fn what_is_read_on_the_screen_is_read_for_the_server_too() {
    let mut play = Play::named("ada", &["ada", "bob"]);
    play.types("/to bob");
    let message = |mid: &str| json!({"type": "message", "mid": mid, "from": "bob", "to": "ada", "text": "hi", "ts": 1});
    let sent = play.hears(&message("7"));
    assert_eq!(sent, [json!({"type": "read", "up_to": "7", "to": "bob"})]);
    // A copy of it, as a history may bring it, is neither shown nor read again.
    play.is_told();
    assert!(play.hears(&message("7")).is_empty() && play.is_told().is_empty());
    play.client.watch(false, &mut Vec::new());
    assert!(play.hears(&message("8")).is_empty(), "nobody looks");
    let mut out = Vec::new();
    play.client.watch(true, &mut out);
    assert_eq!(play.frames(out), [json!({"type": "read", "up_to": "8", "to": "bob"})]);
    // One's own message from another device is not unread.
    play.hears(
        &json!({"type": "message", "mid": "9", "from": "ada", "to": "cas", "text": "a", "ts": 1}),
    );
    assert_eq!(play.client.unread_elsewhere(), 0);
    play.hears(&json!({"type": "conversations", "conversations": [
        {"unread": 3, "to": "cas", "last": null, "read_by_other": null},
        {"unread": 4, "to": "bob", "last": null, "read_by_other": null}]}));
    assert_eq!(play.client.unread_elsewhere(), 3, "the current chat is being read");
    play.hears(&json!({"type": "read", "from": "ada", "to": "cas", "up_to": "9"}));
    assert_eq!(play.client.unread_elsewhere(), 0, "another device has read it");
}

#[test]
fn of_what_was_missed_only_the_new_is_shown() {
    let mut play = Play::named("ada", &["ada", "bob"]);
    play.types("/all");
    play.hears(&json!({"type": "message", "mid": "7", "from": "bob", "text": "seen", "ts": 1}));
    play.is_told();
    let messages = json!([
        {"type": "message", "mid": "7", "from": "bob", "text": "seen", "ts": 1},
        {"type": "message", "mid": "8", "from": "bob", "text": "new", "ts": 2}]);
    play.hears(&json!({"type": "history", "messages": messages, "more": false, "id": "missed-1"}));
    let told = play.is_told();
    let [Notice::History { place, entries }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&**place, entries.len(), &*entries[0].text), ("everyone", 1, "new"));
    play.hears(&json!({"type": "history", "messages": messages, "more": false, "id": "missed-1"}));
    assert!(play.is_told().is_empty());
    play.hears(&json!({"type": "history", "messages": messages, "more": false, "id": "shown-2"}));
    let told = play.is_told();
    assert!(matches!(&told[..], [Notice::History { entries, .. }] if entries.len() == 2));
}

#[test]
fn a_room_is_found_by_its_name_and_gone_when_one_has_left_it() {
    let mut play = Play::named("ada", &["ada"]);
    let room = |id: &str, event: &str, user: &str| {
        json!({"type": "room", "room": id, "name": "ideas", "description": "", "creator": "bob",
            "members": 1, "event": event, "user": user})
    };
    assert_eq!(play.types("/create ideas")[0]["type"], "room_create");
    play.hears(&room("r-1", "created", "ada"));
    assert_eq!(play.client.current().as_deref(), Some("#ideas"), "one is in it at once");
    assert_eq!(play.types("hi")[0]["room"], "r-1");
    assert_eq!(
        play.types("/add bob")[0],
        json!({"type": "room_add", "user": "bob", "room": "r-1", "id": "shown-5"})
    );
    play.hears(&room("r-2", "added", "ada"));
    play.is_told();
    assert!(play.types("/to #ideas").is_empty(), "there are two of this name");
    assert!(matches!(&play.is_told()[..], [Notice::Mistake(_)]));
    assert_eq!(
        play.types("/leave")[0],
        json!({"type": "room_leave", "room": "r-1", "id": "shown-6"})
    );
    play.hears(&room("r-1", "left", "ada"));
    assert_eq!(play.client.current(), None);
    play.types("/to #ideas hi");
    assert_eq!(play.client.current().as_deref(), Some("#ideas"));
}

#[test]
fn an_answer_is_waited_for_and_an_error_of_the_store_says_nothing_about_a_message() {
    let mut play = Play::named("ada", &["ada"]);
    for asked in play.greeting.clone() {
        assert!(play.client.is_waiting());
        let kind = asked["type"].as_str().expect("a type");
        play.hears(&json!({"type": kind, kind: [], "id": id(&asked)}));
    }
    assert!(!play.client.is_waiting());
    let sent = play.types("/all hello");
    let id = id(&sent[1]).to_owned();
    play.is_told();
    play.hears(&json!({"type": "error", "detail": "full", "code": "disk_full", "id": id}));
    assert!(matches!(&play.is_told()[..], [Notice::Warned { .. }]));
    let again = play.waits(Duration::from_secs(25));
    assert_eq!((again[1]["id"].as_str(), &again[1]["text"]), (Some(&*id), &json!("hello")));
}
