//! Reads the server's frames in MyChat.

use serde_json::json;
use switchboard::dialects::mychat::wire::{Frame, Reply};

use crate::client::news::{News, Online, Post, Spot};
use crate::client::said::NoNews;

/// Reads a frame. `Err`: it is no news.
pub(super) fn read(json: &str) -> Result<News<'_>, NoNews> {
    if json.trim_start().starts_with('[') {
        return Ok(News::Online(Online { bytes: json.len(), names: json.into(), change: None }));
    }
    let Ok(frame) = serde_json::from_str::<Frame<'_>>(json) else { return Err(NoNews::Nonsense) };
    let news = match frame.kind.as_deref() {
        None => post(frame).map(News::Post),
        Some("notify") => notice(frame).map(News::Notice),
        Some("ping") => Some(News::Ping),
        Some("unread_reset") => frame.from_id.map(|from_id| News::UnreadReset { from_id }),
        Some(_) => return Err(NoNews::Other),
    };
    news.ok_or(NoNews::Nonsense)
}

/// A message of a room says which room it is, and one of a private conversation nothing.
pub(super) fn post(frame: Frame<'_>) -> Option<Post<'_>> {
    let from_id = frame.sender_id;
    let place = match (frame.room_id, &from_id) {
        (Some(room), Some(_)) => Spot::Room(room),
        (None, None) => Spot::Here,
        (Some(_), None) | (None, Some(_)) => return None,
    };
    frame.time?;
    let quoted = |reply: Reply<'_>| quote(&reply.sender_id, &reply.sender_name, &reply.text);
    let reply_to = frame.reply_to.map(|reply| quoted(reply).into());
    Some(Post { from_id, reply_to, ..Post::new(frame.user?, place, frame.text?) })
}

/// What is quoted of a message, as JSON: its author, and the beginning of its text.
pub(super) fn quote(sender_id: &str, sender_name: &str, text: &str) -> String {
    /// The most characters of a text that the server keeps in a quote.
    const QUOTED_CHARS: usize = 500;
    let text: String = text.chars().take(QUOTED_CHARS).collect();
    json!({"sender_id": sender_id, "sender_name": sender_name, "text": text}).to_string()
}

/// A private message, of which the user is told on another page than that of the conversation.
fn notice(frame: Frame<'_>) -> Option<Post<'_>> {
    frame.time?;
    let from_id = Some(frame.from_id?);
    Some(Post { from_id, ..Post::new(frame.from_name?, Spot::Here, frame.text?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::news::Listed;

    #[test]
    fn a_message_of_a_room_names_it_and_a_private_one_does_not() {
        let private = r#"{"user":"ada","text":"Hi","time":"23:59"}"#;
        let post = |place, reply_to| {
            let from_id = matches!(place, Spot::Room(_)).then(|| "u".into());
            let (from, text) = ("ada".into(), "Hi".into());
            Ok(News::Post(Post { mid: None, from, from_id, place, text, reply_to }))
        };
        assert_eq!(read(private), post(Spot::Here, None));
        let room = private.replace('}', r#","sender_id":"u","room_id":"r"}"#);
        assert_eq!(read(&room), post(Spot::Room("r".into()), None));
        let reply = r#","reply_to":{"sender_id":"v","sender_name":"bob","text":"Well?"}}"#;
        let reply = room.replace('}', reply);
        let quote = quote("v", "bob", "Well?");
        assert_eq!(read(&reply), post(Spot::Room("r".into()), Some(quote.into())));
    }

    #[test]
    fn the_other_sockets_are_understood_too() {
        let notice =
            r#"{"type":"notify","from_id":"u","from_name":"ada","text":"Hi","time":"23:59"}"#;
        let (from, text, from_id) = ("ada".into(), "Hi".into(), Some("u".into()));
        let told = Post { mid: None, from, from_id, place: Spot::Here, text, reply_to: None };
        assert_eq!(read(notice), Ok(News::Notice(told)));
        assert_eq!(read(r#"{"type":"ping"}"#), Ok(News::Ping));
        let reset = News::UnreadReset { from_id: "u".into() };
        assert_eq!(read(r#"{"type":"unread_reset","from_id":"u"}"#), Ok(reset));
        let status =
            r#"[{"id":"u","name":"ada","online":true},{"id":"v","name":"bob","online":false}]"#;
        let (bytes, names) = (status.len(), status.into());
        assert_eq!(read(status), Ok(News::Online(Online { bytes, names, change: None })));
        let ada = Listed { name: "ada".into(), id: Some("u".into()), is_online: true };
        let bob = Listed { name: "bob".into(), id: Some("v".into()), is_online: false };
        assert_eq!(Online::read(status), [ada, bob]);
        let spelled = format!("\n {}", status.replace("\"u\"", r#""\u0075""#));
        let Ok(News::Online(online)) = read(&spelled) else { panic!("a list: {spelled}") };
        assert_eq!(Online::read(&online.names), Online::read(status));
        for wrong in ["[7]", r#"[{"name":"ada","online":true}]"#, "[", &status[1..]] {
            assert_eq!(Online::read(wrong), [], "{wrong}");
        }
        assert_eq!(read(r#"{"type":"something_new"}"#), Err(NoNews::Other));
    }

    #[test]
    fn what_is_not_the_protocol_is_nonsense_and_never_a_panic() {
        for json in [
            "",
            "hello",
            "{}",
            r#"{"user":"ada","text":"Hi"}"#,
            r#"{"user":"ada","text":7,"time":"23:59"}"#,
            r#"{"user":"ada","text":"Hi","time":"23:59","room_id":"r"}"#,
            r#"{"user":"ada","text":"Hi","time":"23:59","sender_id":"u"}"#,
            r#"{"type":"notify","from_name":"ada","text":"Hi","time":"23:59"}"#,
            r#"{"type":"notify","from_id":"u","text":"Hi","time":"23:59"}"#,
            r#"{"type":"notify","from_id":"u","from_name":"ada","text":"Hi"}"#,
            r#"{"type":"unread_reset"}"#,
        ] {
            assert_eq!(read(json), Err(NoNews::Nonsense), "{json}");
        }
    }
}
