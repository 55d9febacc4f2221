//! Reads the server's frames in Chatterbox.

use std::borrow::Cow;

use switchboard::dialects::chatterbox::wire::ServerFields;

use crate::client::news::{History, News, Post, Spot};
use crate::client::quick::strings;
use crate::client::said::NoNews;

/// The most messages of a history. A shorter history is complete.
const HISTORY: usize = 50;

/// The keys of a message.
const USUAL: [&str; 4] = ["type", "username", "content", "timestamp"];

/// Reads a frame. `Err`: it is no news.
pub(in crate::client) fn read(json: &str) -> Result<News<'_>, NoNews> {
    if let Some((["message", username, content, _], "}")) = strings(json, USUAL) {
        return Ok(News::Post(post(username.into(), content.into())));
    }
    let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
        return Err(NoNews::Nonsense);
    };
    match (fields.kind, fields.username, fields.content, fields.messages) {
        ("message", Some(username), Some(content), _) => Ok(News::Post(post(username, content))),
        ("history", _, _, Some(messages)) => {
            let has_more = messages.len() >= HISTORY;
            let posts = messages.into_iter().map(|one| post(one.username, one.content)).collect();
            Ok(News::History(History { place: Spot::Everyone, posts, has_more }))
        }
        ("message" | "history", ..) => Err(NoNews::Nonsense),
        ("error", ..) => Err(NoNews::Error),
        _ => Err(NoNews::Other),
    }
}

fn post<'a>(from: Cow<'a, str>, text: Cow<'a, str>) -> Post<'a> {
    Post::new(from, Spot::Everyone, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_and_a_history_are_read_in_any_spelling() {
        let message = r#"{"type":"message","username":"ada","content":"Hi","timestamp":"t"}"#;
        let expected = Ok(News::Post(post("ada".into(), "Hi".into())));
        assert_eq!(read(message), expected);
        assert_eq!(read(&message.replace(':', " : ")), expected);
        assert_eq!(read(&message.replace("Hi", "\\u0048i")), expected);
        let one = r#"{"username":"ada","content":"Hi","timestamp":"t"}"#;
        let history = |count: usize| {
            let all = vec![one; count].join(",");
            format!(r#"{{"type":"history","messages":[{all}]}}"#)
        };
        for (count, has_more) in [(0, false), (49, false), (50, true)] {
            let json = history(count);
            let Ok(News::History(page)) = read(&json) else { panic!("a history: {json}") };
            assert_eq!((page.posts.len(), page.has_more), (count, has_more));
        }
        assert_eq!(
            read(r#"{"type":"error","detail":"Message cannot be empty"}"#),
            Err(NoNews::Error)
        );
        assert_eq!(read(r#"{"type":"news"}"#), Err(NoNews::Other));
    }

    #[test]
    fn what_is_not_the_protocol_is_nonsense() {
        for json in [
            "",
            "[]",
            r#"{"type":"message","username":"ada"}"#,
            r#"{"type":"message","username":"ada","content":7,"timestamp":"t"}"#,
            r#"{"type":"history","messages":7}"#,
            r#"{"type":"message","username":"ada","content":"Hi","timestamp":"t"}}"#,
        ] {
            assert_eq!(read(json), Err(NoNews::Nonsense), "{json}");
        }
    }
}
