//! Reads the server's frames in WebSocket Chat, and those of Chatterbox that come before.

use std::borrow::Cow;

use switchboard::dialects::websocket_chat::wire::ServerFields;

use crate::client::chatterbox;
use crate::client::news::{News, Online, Post, Spot};
use crate::client::quick::strings;
use crate::client::said::NoNews;

/// The first keys of a message, and what follows them in one to everyone.
const USUAL: [&str; 4] = ["type", "content", "sender", "timestamp"];
const GLOBAL: &str = r#","is_global":true,"recipient":null}"#;

/// Reads a frame. `Err`: it is no news.
pub(super) fn read(json: &str) -> Result<News<'_>, NoNews> {
    if let Some((["chat", content, sender, _], GLOBAL)) = strings(json, USUAL) {
        return Ok(News::Post(Post::new(sender.into(), Spot::Everyone, content.into())));
    }
    let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
        return Err(NoNews::Nonsense);
    };
    match fields.kind {
        "chat" => post(fields).map(News::Post).ok_or(NoNews::Nonsense),
        "chat_sent" => sent(fields).ok_or(NoNews::Nonsense),
        "typing" => match (fields.username, fields.is_typing) {
            (Some(from), Some(is_typing)) => {
                Ok(News::Typing { from, place: spot(fields.recipient), is_typing })
            }
            _ => Err(NoNews::Nonsense),
        },
        "user_list_update" => match fields.users {
            Some(users) => {
                let (bytes, names) = (json.len(), users.get().into());
                Ok(News::Online(Online { bytes, names, change: None }))
            }
            None => Err(NoNews::Nonsense),
        },
        "history" => chatterbox::read::read(json),
        // Of Chatterbox, before the server has read the first frame of the phone. It comes once more, as `chat`.
        "message" => Ok(News::Known),
        "error" => Err(NoNews::Error),
        _ => Err(NoNews::Other),
    }
}

fn post(fields: ServerFields<'_>) -> Option<Post<'_>> {
    let place = spot(fields.recipient);
    if fields.is_global != Some(place == Spot::Everyone) {
        return None;
    }
    Some(Post::new(fields.sender?, place, fields.content?))
}

fn sent(fields: ServerFields<'_>) -> Option<News<'_>> {
    let is_delivered = fields.delivered?;
    let post = post(fields).filter(|post| post.place != Spot::Everyone)?;
    Some(News::Sent { post, is_delivered })
}

fn spot(recipient: Option<Cow<'_, str>>) -> Spot<'_> {
    recipient.map_or(Spot::Everyone, Spot::User)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(place: Spot<'static>) -> Result<News<'static>, NoNews> {
        Ok(News::Post(Post::new("ada".into(), place, "Hi".into())))
    }

    #[test]
    fn a_message_is_read_in_any_spelling_and_its_kind_and_place_must_agree() {
        let chat = concat!(
            r#"{"type":"chat","content":"Hi","sender":"ada","timestamp":"t","#,
            r#""is_global":true,"recipient":null}"#
        );
        assert_eq!(read(chat), post(Spot::Everyone));
        assert_eq!(read(&chat.replace(':', ": ")), post(Spot::Everyone));
        let private = chat.replace("true", "false").replace("null", "\"bob\"");
        assert_eq!(read(&private), post(Spot::User("bob".into())));
        let sent = private.replace("\"chat\"", "\"chat_sent\"");
        let told = |delivered: &str| sent.replace('}', &format!(r#","delivered":{delivered}}}"#));
        for (word, is_delivered) in [("true", true), ("false", false)] {
            let post = Post::new("ada".into(), Spot::User("bob".into()), "Hi".into());
            assert_eq!(read(&told(word)), Ok(News::Sent { post, is_delivered }));
        }
        let of_all =
            chat.replace("\"chat\"", "\"chat_sent\"").replace('}', r#","delivered":true}"#);
        for wrong in [chat.replace("true", "false"), private.replace("false", "true"), sent, of_all]
        {
            assert_eq!(read(&wrong), Err(NoNews::Nonsense), "{wrong}");
        }
    }

    #[test]
    fn what_comes_before_the_first_frame_of_the_phone_is_of_chatterbox() {
        let history = r#"{"type":"history","messages":[]}"#;
        assert!(matches!(read(history), Ok(News::History(page)) if !page.has_more));
        let message = r#"{"type":"message","username":"ada","content":"Hi","timestamp":"t"}"#;
        assert_eq!(read(message), Ok(News::Known), "it comes again, as `chat`");
        let list = r#"{"type":"user_list_update","users":["ada"],"message":null,"timestamp":"t"}"#;
        let (bytes, names) = (list.len(), r#"["ada"]"#.into());
        assert_eq!(read(list), Ok(News::Online(Online { bytes, names, change: None })));
        let typing = r#"{"type":"typing","username":"ada","is_typing":true,"recipient":null}"#;
        let place = Spot::Everyone;
        assert_eq!(read(typing), Ok(News::Typing { from: "ada".into(), place, is_typing: true }));
        assert_eq!(read(r#"{"type":"error","message":"no","detail":"no"}"#), Err(NoNews::Error));
        for nonsense in [
            "",
            "[]",
            r#"{"type":"typing"}"#,
            r#"{"type":"chat","content":"Hi"}"#,
            r#"{"type":"user_list_update"}"#,
        ] {
            assert_eq!(read(nonsense), Err(NoNews::Nonsense), "{nonsense}");
        }
    }
}
