//! Reads the server's frames in WebSocket Chat, and those of Chatterbox that come before.

use std::borrow::Cow;

use switchboard::dialects::websocket_chat::wire::ServerFields;

use crate::client::chatterbox;
use crate::client::news::{News, Post, Spot};
use crate::client::said::Said;

/// Reads a frame. `Err`: it is no news.
pub(super) fn read(json: &str) -> Result<News<'_>, Said<'static>> {
    let Ok(fields) = serde_json::from_str::<ServerFields<'_>>(json) else {
        // A history has a field `messages`, and nothing that contradicts the fields above.
        return Err(Said::Nonsense);
    };
    match fields.kind {
        "chat" | "chat_sent" => post(fields).map(News::Post).ok_or(Said::Nonsense),
        "typing" => match (fields.username, fields.is_typing) {
            (Some(from), Some(is_typing)) => {
                Ok(News::Typing { from, place: spot(fields.recipient), is_typing })
            }
            _ => Err(Said::Nonsense),
        },
        "user_list_update" => Ok(News::Online { bytes: json.len() }),
        "history" => chatterbox::read::read(json),
        // Of Chatterbox, before the server has read the first frame of the phone. It comes once more, as `chat`.
        "message" => Ok(News::Known),
        "error" => Err(Said::Error),
        _ => Err(Said::Other),
    }
}

fn post(fields: ServerFields<'_>) -> Option<Post<'_>> {
    let place = spot(fields.recipient);
    if fields.is_global != Some(place == Spot::Everyone) {
        return None;
    }
    Some(Post { mid: None, from: fields.sender?, place, text: fields.content?, reply_to: None })
}

fn spot(recipient: Option<Cow<'_, str>>) -> Spot<'_> {
    recipient.map_or(Spot::Everyone, Spot::User)
}
