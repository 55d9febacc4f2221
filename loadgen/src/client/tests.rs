//! The phone, fed by a server that is only bytes, cut wherever bytes can be cut.

use switchboard::timer::Moment;
use switchboard::ws::handshake::{self, Offer, Once};
use switchboard::ws::{CloseCode, Frame, Item, Limits, Reader, Role};

use super::*;

const ADDRESS: Address<'_> = Address { authority: "127.0.0.1:8080", prefix: "" };
const CALLER: Caller<'_> = Caller {
    number: "4000000000001",
    session: "me",
    user: "ada",
    user_id: "0111",
    page: OpenPage::Start,
    token: "abab",
    presence: Presence::Full,
    receipts: true,
    proof: None,
};

/// The longest message that the tests read.
const LIMITS: Limits = Limits { message_bytes: 1 << 20, binary: true };

const LIST: &str = r#"{"type":"online_users","users":["4000000000001"]}"#;
const MESSAGE: &str = r#"{"type":"message","from":"4000000000002","text":"hi"}"#;

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

fn call(protocol: Protocol, caller: &Caller<'_>) -> (Phone, Pen, String) {
    let (mut pen, mut out) = (Pen::new(1), Vec::new());
    let phone = Phone::call(protocol.dialect(), &ADDRESS, caller, at(10), &mut pen, &mut out);
    (phone, pen, String::from_utf8(out).expect("ASCII"))
}

/// The server's answer to this request, and the frames that follow it.
fn answer(request: &str, frames: &[Frame<'_>]) -> Vec<u8> {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let offer = Offer {
        host: request.contains("\r\nHost: "),
        get: request.starts_with("GET /ws"),
        http_1_1: true,
        connection_upgrade: true,
        upgrade_websocket: true,
        key: Once::Value(key.expect("a key").as_bytes()),
        version: Once::Value(b"13"),
    };
    let accept = handshake::check(&offer).expect("a good offer");
    let mut bytes = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept.as_str()
    )
    .into_bytes();
    frames.iter().for_each(|frame| frame.encode(&mut bytes));
    bytes
}

/// What the phone makes of pieces, in words, and what it answers.
fn hear(phone: &mut Phone, pen: &mut Pen, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let (mut heard, mut halves, mut out) = (Vec::new(), Halves::default(), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        while let Some(event) = phone.read(at(30), &mut input, &mut halves, pen, &mut out) {
            heard.push(format!("{event:?}"));
        }
        assert!(input.is_empty(), "all input is taken");
    }
    (heard, out)
}

/// The frames that a phone has written.
fn frames(mut bytes: Vec<u8>) -> Vec<String> {
    let mut reader = Reader::new(Role::Server);
    let (mut input, mut frames) = (&mut bytes[..], Vec::new());
    while let Some(item) = reader.read(&mut input, &LIMITS).expect("valid frames") {
        frames.push(match item {
            Item::Text(text) => text.into_owned(),
            other => format!("{other:?}"),
        });
    }
    frames
}

#[test]
fn the_result_does_not_depend_on_how_the_bytes_are_cut() {
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    let close = Frame::Close(Some((CloseCode::from(4000), "replaced")));
    let said = [Frame::Text(LIST), Frame::Ping(b"?"), Frame::Text(MESSAGE), close];
    let bytes = answer(&request, &said);
    let (expected, answered) = hear(&mut phone, &mut pen, &[&bytes]);
    assert_eq!(expected.len(), 4, "{expected:?}");
    assert!(expected[0].starts_with("Upgraded(20ms)"), "{expected:?}");
    assert!(expected[1].starts_with("Greeted { after: 0ns, first: List("), "{expected:?}");
    assert!(expected[2].starts_with("Said(Message("), "{expected:?}");
    assert_eq!(expected[3], "Ended(Closed(Some(4000)))");
    assert_eq!(frames(answered), ["Pong(1 bytes)", "Close(4000, 0 bytes)"]);

    for cut in 0..=bytes.len() {
        let (mut phone, mut pen, _) = call(Protocol::Sca, &CALLER);
        let (heard, answered) = hear(&mut phone, &mut pen, &[&bytes[..cut], &bytes[cut..]]);
        // A text that came in pieces is owned, one that did not is borrowed: they print alike.
        assert_eq!(heard, expected, "cut at {cut}");
        assert_eq!(frames(answered).len(), 2, "cut at {cut}");
    }
    let (mut phone, mut pen, _) = call(Protocol::Sca, &CALLER);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(hear(&mut phone, &mut pen, &single).0, expected);
}

#[test]
fn a_phone_is_ready_with_its_first_frame_and_at_once_where_none_is_sent() {
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    hear(&mut phone, &mut pen, &[&answer(&request, &[])]);
    assert!(!phone.is_ready());
    let mut list = Vec::new();
    Frame::Text(LIST).encode(&mut list);
    hear(&mut phone, &mut pen, &[&list]);
    assert!(phone.is_ready());

    let quiet = Caller { presence: Presence::None, ..CALLER };
    let (mut phone, mut pen, request) = call(Protocol::Sca, &quiet);
    assert!(request.starts_with("GET /ws/4000000000001?presence=none HTTP/1.1\r\n"), "{request}");
    hear(&mut phone, &mut pen, &[&answer(&request, &[])]);
    assert!(phone.is_ready());
}

#[test]
fn an_answer_that_is_no_websocket_is_named() {
    let (_, _, request) = call(Protocol::Sca, &CALLER);
    let good = String::from_utf8(answer(&request, &[])).expect("ASCII");
    for (answer, ending) in [
        ("HTTP/1.1 404 Not Found\r\n\r\nnothing here".to_owned(), "Refused(404)"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "NotHttp(\"the answer is not HTTP\")"),
        (good.replace("Accept: ", "Accept: A"), "NotHttp(\"a 101 whose"),
        (good.replace("websocket", "h2c"), "NotHttp(\"a 101 without"),
    ] {
        let (mut phone, mut pen, _) = call(Protocol::Sca, &CALLER);
        let (heard, _) = hear(&mut phone, &mut pen, &[answer.as_bytes()]);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].starts_with(&format!("Ended({ending}")), "{heard:?}");
    }
}

#[test]
fn what_a_phone_says_is_sca() {
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    hear(&mut phone, &mut pen, &[&answer(&request, &[Frame::Text(LIST)])]);
    let mut out = Vec::new();
    let Realm::Mobile(words) = Protocol::Sca.dialect().realm() else { panic!("of numbers") };
    phone.ping(at(99), at(100), &mut pen, &mut out);
    words.ask_for_list(&mut pen, &mut out);
    words.message("4000000000002", "hi", &mut pen, &mut out);
    assert!(phone.hang_up(&mut pen, &mut out));
    assert!(!phone.hang_up(&mut pen, &mut out), "once is enough");
    assert_eq!(
        frames(out),
        [
            r#"{"type":"ping"}"#,
            r#"{"type":"get_online_users"}"#,
            r#"{"type":"message","to":"4000000000002","text":"hi"}"#,
            "Close(1000, 0 bytes)"
        ]
    );
}

#[test]
fn a_heartbeat_is_timed_once_and_the_goodbye_is_heard_out() {
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    hear(&mut phone, &mut pen, &[&answer(&request, &[Frame::Text(LIST)])]);
    phone.ping(at(20), at(25), &mut pen, &mut Vec::new());
    assert_eq!([24, 25, 26].map(|before| phone.unanswered(at(before))), [0, 0, 1]);
    phone.hang_up(&mut pen, &mut Vec::new());
    let mut bytes = Vec::new();
    let pong = Frame::Text(r#"{"type":"pong"}"#);
    let close = Frame::Close(Some((CloseCode::Normal, "")));
    [pong, pong, close].iter().for_each(|frame| frame.encode(&mut bytes));
    let (heard, answered) = hear(&mut phone, &mut pen, &[&bytes]);
    assert_eq!(
        heard,
        [
            "Pong { due: Moment(20000000), sent: Moment(25000000) }",
            "Said(Pong)",
            "Ended(HungUp(Some(1000)))"
        ]
    );
    assert!(answered.is_empty(), "a close frame that answers ours is not answered");
}

#[test]
fn a_server_that_breaks_the_protocol_or_vanishes_is_named() {
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    let mut bytes = answer(&request, &[Frame::Text(LIST)]);
    Frame::Text("masked").encode_masked([1, 2, 3, 4], &mut bytes);
    let (heard, answered) = hear(&mut phone, &mut pen, &[&bytes]);
    assert!(heard[2].starts_with("Ended(Violation("), "{heard:?}");
    assert_eq!(frames(answered).len(), 1, "a close frame says why");

    let (mut phone, _, _) = call(Protocol::Sca, &CALLER);
    assert_eq!(phone.hear_the_end(), Ending::NotHttp("the connection ended before an answer"));
    let (mut phone, mut pen, request) = call(Protocol::Sca, &CALLER);
    hear(&mut phone, &mut pen, &[&answer(&request, &[Frame::Text(LIST)])]);
    assert_eq!(phone.hear_the_end(), Ending::Dropped);
}

#[test]
fn a_session_says_who_it_is_first_and_is_ready_once_it_is_let_in() {
    let caller = Caller { receipts: false, ..CALLER };
    let (mut phone, mut pen, request) = call(Protocol::Session, &caller);
    assert!(request.starts_with("GET /ws HTTP/1.1\r\n"), "{request}");
    let (heard, said) = hear(&mut phone, &mut pen, &[&answer(&request, &[])]);
    assert_eq!(heard.len(), 1, "{heard:?}");
    let auth = r#"{"type":"auth","data":{"sessionId":"me","name":"loadgen","profilePicture":null,"receipts":false}}"#;
    assert_eq!(frames(said), [auth]);
    assert!(!phone.is_ready());
    let mut bytes = Vec::new();
    Frame::Text(r#"{"type":"authenticated","data":{"sessionId":"me"}}"#).encode(&mut bytes);
    let (heard, _) = hear(&mut phone, &mut pen, &[&bytes]);
    assert_eq!(heard, ["Greeted { after: 0ns, first: Told(Authenticated) }"]);
    assert!(phone.is_ready());
}

#[test]
fn what_a_session_says_is_its_protocol() {
    let (mut phone, mut pen, request) = call(Protocol::Session, &CALLER);
    let welcome = Frame::Text(r#"{"type":"authenticated","data":{"sessionId":"me"}}"#);
    let (_, said) = hear(&mut phone, &mut pen, &[&answer(&request, &[welcome])]);
    assert!(!frames(said)[0].contains("receipts"), "as the apps, which do not ask");
    let letter = Letter { id: "m", from: "me", to: "you", text: "hi" };
    let mut out = Vec::new();
    let Realm::Messenger(words) = Protocol::Session.dialect().realm() else {
        panic!("of sessions")
    };
    phone.ping(at(99), at(100), &mut pen, &mut out);
    words.type_to("you", true, &mut pen, &mut out);
    words.message(&letter, &mut pen, &mut out);
    words.mark_read("m", &mut pen, &mut out);
    words.invite(&letter, &mut pen, &mut out);
    words.answer("i", true, &mut pen, &mut out);
    words.answer("i", false, &mut pen, &mut out);
    let said = frames(out);
    let begins = [
        r#"{"type":"ping"}"#,
        r#"{"type":"typing_indicator","data":{"recipientId":"you","isTyping":true}}"#,
        r#"{"type":"message_send","data":{"id":"m","senderId":"me","recipientId":"you","content":"hi","#,
        r#"{"type":"message_read","data":{"messageId":"m"}}"#,
        r#"{"type":"invitation_send","data":{"id":"m","senderId":"me","#,
        r#"{"type":"invitation_accept","data":{"invitationId":"i"}}"#,
        r#"{"type":"invitation_decline","data":{"invitationId":"i"}}"#,
    ];
    assert_eq!(said.len(), begins.len());
    for (frame, begin) in said.iter().zip(begins) {
        assert!(frame.starts_with(begin), "{frame}");
    }
}
