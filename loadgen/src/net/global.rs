//! `GET /messages/global`: the last messages to everyone, as WebSocket Chat and Chatterbox show them over HTTP.

use serde::Deserialize;

use super::desk::Desk;
use crate::client::{Post, Spot};
use crate::record::Kept;

/// Its address, after the target's prefix.
pub(super) const PATH: &str = "/messages/global";
/// The most messages that it shows.
const LAST: usize = 50;

/// The header line that says who asks, with its end of line.
pub(super) fn headers(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// What the answer has of this run, the oldest first, and whether all older messages are of other runs; `None`: it is no
/// such answer.
pub(super) fn read(desk: &Desk, body: &str) -> Option<(Vec<Kept>, bool)> {
    #[derive(Deserialize)]
    struct Message {
        content: String,
        sender: String,
    }
    let messages: Vec<Message> = serde_json::from_str(body).ok()?;
    let posts: Vec<Post<'_>> = messages
        .iter()
        .map(|one| Post::new((&*one.sender).into(), Spot::Everyone, (&*one.content).into()))
        .collect();
    let is_whole = posts.len() < LAST || posts.first().is_some_and(|post| desk.is_older(post));
    Some((desk.kept(&posts), is_whole))
}
