//! Reads the server's frames in Chatterbox.

use std::borrow::Cow;

use switchboard::dialects::chatterbox::wire::ServerFields;

use crate::client::news::{History, News, Post, Spot};
use crate::client::said::Said;

/// The most messages of a history. A shorter history is complete.
const HISTORY: usize = 50;

/// Reads a frame. `Err`: it is no news.
pub(in crate::client) fn read(json: &str) -> Result<News<'_>, Said<'static>> {
    let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
        return Err(Said::Nonsense);
    };
    match (fields.kind, fields.username, fields.content, fields.messages) {
        ("message", Some(username), Some(content), _) => Ok(News::Post(post(username, content))),
        ("history", _, _, Some(messages)) => {
            let has_more = messages.len() >= HISTORY;
            let posts = messages.into_iter().map(|one| post(one.username, one.content)).collect();
            Ok(News::History(History { place: Spot::Everyone, posts, has_more }))
        }
        ("message" | "history", ..) => Err(Said::Nonsense),
        ("error", ..) => Err(Said::Error),
        _ => Err(Said::Other),
    }
}

fn post<'a>(from: Cow<'a, str>, text: Cow<'a, str>) -> Post<'a> {
    Post { mid: None, from, place: Spot::Everyone, text, reply_to: None }
}
