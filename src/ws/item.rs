//! [`Item`]: what a peer has said, a message or a control frame.
//!
//! Made by the reader from whole payloads, where the last rules are checked: a text's UTF-8, a close
//! frame's code. Knows no headers and no pieces. Used by the session, and by the load generator.

use std::borrow::Cow;
use std::fmt;

use super::header::{ControlKind, DataKind, Whole};
use super::{CloseCode, Frame, Violation, close};

/// What a peer has said.
///
/// Borrowed from the input where a frame came in one piece. Owned where it came in several: then
/// the pieces have been collected, and the reader has kept nothing of them.
#[derive(Clone, Eq, PartialEq)]
pub enum Item<'a> {
    /// A text message.
    Text(Cow<'a, str>),
    /// A binary message.
    Binary(Cow<'a, [u8]>),
    /// Wants a pong with the same payload: see [`Item::answer`]. At most 125 bytes.
    Ping(Cow<'a, [u8]>),
    /// Answers a ping of ours, or is a sign of life. At most 125 bytes.
    Pong(Cow<'a, [u8]>),
    /// The peer sends nothing more. It may say why: with a code that may travel (RFC 6455 §7.4), and a
    /// reason of at most 123 bytes.
    Close(Option<(CloseCode, Cow<'a, str>)>),
}

impl<'a> Item<'a> {
    /// The item in a frame that needs no other frame.
    pub(super) fn from_whole(whole: Whole, payload: &'a [u8]) -> Result<Self, Violation> {
        match whole {
            Whole::Message(DataKind::Text) => match str::from_utf8(payload) {
                Ok(text) => Ok(Item::Text(Cow::Borrowed(text))),
                Err(_) => Err(Violation::TextNotUtf8),
            },
            Whole::Message(DataKind::Binary) => Ok(Item::Binary(Cow::Borrowed(payload))),
            Whole::Control(kind) => Item::from_control(kind, Cow::Borrowed(payload)),
        }
    }

    /// The item in a control frame.
    pub(super) fn from_control(
        kind: ControlKind,
        payload: Cow<'a, [u8]>,
    ) -> Result<Self, Violation> {
        match kind {
            ControlKind::Ping => Ok(Item::Ping(payload)),
            ControlKind::Pong => Ok(Item::Pong(payload)),
            ControlKind::Close => Ok(Item::Close(close::parse(payload)?)),
        }
    }

    /// The frame that says the same: for an echo.
    pub fn as_frame(&self) -> Frame<'_> {
        match self {
            Item::Text(text) => Frame::Text(text),
            Item::Binary(bytes) => Frame::Binary(bytes),
            Item::Ping(bytes) => Frame::Ping(bytes),
            Item::Pong(bytes) => Frame::Pong(bytes),
            Item::Close(None) => Frame::Close(None),
            Item::Close(Some((code, reason))) => Frame::Close(Some((*code, reason))),
        }
    }

    /// The frame that has to answer this one: a ping's pong (RFC 6455 §5.5.2), or a close frame with
    /// the same code, empty for an empty one (§5.5.1). `None`: it wants no answer.
    ///
    /// A close frame that itself answers ours is not answered again; the caller knows that.
    pub fn answer(&self) -> Option<Frame<'_>> {
        match self {
            Item::Ping(payload) => Some(Frame::Pong(payload)),
            Item::Close(None) => Some(Frame::Close(None)),
            Item::Close(Some((code, _))) => Some(Frame::Close(Some((*code, "")))),
            Item::Text(_) | Item::Binary(_) | Item::Pong(_) => None,
        }
    }
}

/// Debug output never shows a text: it shows kinds, lengths and codes.
impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_frame().fmt(f)
    }
}
