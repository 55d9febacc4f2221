//! Any text, as a frame of Chatterbox, of WebSocket Chat, of MyChat and of `switchboard.v1`. What they make of it is
//! compared with what a reader of plain JSON finds in it, and what a message is told as has to be JSON with the same text.

use switchboard::chat;
use switchboard::chat::account::{
    Command, Event, MessageId, RoomId, Said, Spot, Target, UnixMs, UserId,
};
use switchboard::dialects::{Dialect, Incoming, Message};
use switchboard::timer::Zone;

use super::json::{field, fields, is_strict, word};
use super::switchboard_v1;

/// A frame.
pub fn check(bytes: &[u8]) {
    for dialect in [
        Dialect::Chatterbox,
        Dialect::WebsocketChat,
        Dialect::SwitchboardV1,
        Dialect::MychatPair,
        Dialect::MychatRoom,
        Dialect::MychatNews,
    ] {
        assert_eq!(dialect.read(Message::Binary(bytes)), Incoming::Unacceptable);
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    check_chatterbox(text);
    check_websocket_chat(text);
    check_mychat(text);
    switchboard_v1::check(text);
}

fn check_chatterbox(frame: &str) {
    let is_object = fields(frame).is_some();
    let has = |name: &str| is_object && field(frame, name).is_some();
    let is_the_other = has("type") || has("recipient");
    match Dialect::Chatterbox.read(Message::Text(frame)) {
        Incoming::Speaks(dialect) => {
            assert!(dialect == Dialect::WebsocketChat && is_the_other);
        }
        Incoming::Command(chat::Command::Account(Command::Say { to, text, id, .. })) => {
            assert!(is_object && !is_the_other && to == Target::Everybody && id.is_none());
            assert_eq!(word(frame, "content").as_deref(), Some(&*text));
            check_told(Dialect::Chatterbox, "content", Spot::Everybody, &text);
        }
        Incoming::Malformed { refused_message, .. } => {
            assert!(!is_the_other || !is_strict(frame), "it would have been understood");
            assert!(refused_message.is_none() || is_object);
        }
        other => panic!("no text is {other:?}"),
    }
}

fn check_websocket_chat(frame: &str) {
    let is_object = fields(frame).is_some();
    let kind = is_object.then(|| word_or_none(frame, "type")).flatten();
    match Dialect::WebsocketChat.read(Message::Text(frame)) {
        Incoming::Command(chat::Command::Account(command)) => {
            assert!(is_object, "only an object is a command");
            match command {
                Command::Say { to, text, .. } => {
                    assert_eq!(kind.as_deref(), Some("chat"));
                    assert_eq!(word(frame, "content").as_deref(), Some(&*text));
                    check_recipient(frame, &to);
                    check_told(Dialect::WebsocketChat, "content", to.spot(), &text);
                }
                Command::Typing { to, is_typing } => {
                    assert_eq!(kind.as_deref(), Some("typing"));
                    let word = if is_typing { "true" } else { "false" };
                    assert_eq!(field(frame, "is_typing"), Some(word));
                    check_recipient(frame, &to);
                }
                Command::ListUsers => assert_eq!(kind.as_deref(), Some("request_user_list")),
                other => panic!("it has no words for {other:?}"),
            }
        }
        Incoming::Malformed { refused_message, .. } => {
            let is_chat = refused_message.is_some();
            assert!(!is_chat || kind.as_deref() == Some("chat"));
        }
        other => panic!("no text is {other:?}"),
    }
}

/// On the sockets of MyChat every frame is a message, and what is not an object with a text is itself the text.
fn check_mychat(frame: &str) {
    assert_eq!(Dialect::MychatNews.read(Message::Text(frame)), Incoming::Nothing);
    for dialect in [Dialect::MychatPair, Dialect::MychatRoom] {
        let incoming = dialect.read(Message::Text(frame));
        let room = Spot::Room(RoomId([7; 16]));
        let place = if dialect == Dialect::MychatRoom { room } else { Spot::User("bob") };
        let Incoming::Command(chat::Command::Account(Command::SayHere { text, reply })) = incoming
        else {
            panic!("no text is {incoming:?}")
        };
        if text != frame {
            assert!(dialect == Dialect::MychatRoom && fields(frame).is_some());
            assert_eq!(word(frame, "text").as_deref(), Some(&*text));
        }
        if let Some(quote) = reply {
            let raw = field(frame, "reply_to").expect("there is what it replies to");
            let string = |name: &str| word_or_none(raw, name).unwrap_or_default();
            assert_eq!(string("sender_id"), quote.sender_id);
            assert_eq!(string("sender_name"), quote.sender_name);
            assert_eq!(string("text"), quote.text);
        }
        check_told(dialect, "text", place, &text);
    }
}

/// A private text never becomes public: nobody is named only if the frame names nobody.
fn check_recipient(frame: &str, to: &Target<'_>) {
    let named = field(frame, "recipient").filter(|raw| *raw != "null");
    match to {
        Target::Everybody => assert!(named.is_none()),
        Target::User(name) => assert_eq!(word(frame, "recipient").as_deref(), Some(&**name)),
        Target::Room(_) => panic!("there are no rooms"),
    }
}

fn word_or_none(frame: &str, name: &str) -> Option<String> {
    serde_json::from_str(field(frame, name)?).ok()
}

/// The message as its readers are told it: one JSON object with the same text.
fn check_told(dialect: Dialect, content: &str, place: Spot<'_>, text: &str) {
    let said = Said {
        mid: MessageId(1),
        place,
        from_id: UserId([1; 16]),
        from: text,
        text,
        at: UnixMs(1_800_000_000_000),
        quote: None,
        reply_to: None,
        edited: None,
        is_deleted: false,
    };
    let mut out = Vec::new();
    dialect.write(&chat::Event::Account(Event::Said(said)), &Zone::default(), &mut out);
    let told = String::from_utf8(out).expect("JSON is UTF-8");
    assert!(fields(&told).is_some() && is_strict(&told));
    assert_eq!(word(&told, content).as_deref(), Some(text));
}
