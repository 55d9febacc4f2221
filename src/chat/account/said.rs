//! [`Said`]: a message that is in the store, as clients are told of it in an event or in the answer to a call;
//! [`Line`] is a private one in MyChat's history. [`Spot`]: the conversation that an event names. [`Quote`]: what
//! a message replies to. [`RoomView`]: a room, as a member sees it.

use std::borrow::Cow;

use super::{MessageId, RoomId, UnixMs, UserId};

/// A stored message.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Said<'a> {
    /// Its id, with its place in its conversation.
    pub mid: MessageId,
    /// The conversation. A private one: the recipient.
    pub place: Spot<'a>,
    /// The id of the sender.
    pub from_id: UserId,
    /// The name of the sender.
    pub from: &'a str,
    /// The text, without the spaces around it. Empty if the message was deleted.
    pub text: &'a str,
    /// When the server received it.
    pub at: UnixMs,
    /// What it replies to, in the words of its sender's client. In a room only.
    pub quote: Option<&'a Quote<'a>>,
    /// The message that it replies to.
    pub reply_to: Option<MessageId>,
    /// When its text was changed last.
    pub edited: Option<UnixMs>,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

#[cfg(test)]
impl<'a> Said<'a> {
    /// A message that replies to nothing and was never changed, for tests.
    pub(crate) fn plain(from: &'a str, place: Spot<'a>, text: &'a str, at: UnixMs) -> Self {
        let (mid, from_id) = (MessageId::of(0, super::Seq(7)), UserId([7; 16]));
        let (quote, reply_to, edited, is_deleted) = (None, None, None, false);
        Said { mid, place, from_id, from, text, at, quote, reply_to, edited, is_deleted }
    }
}

/// A conversation, as clients name it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Spot<'a> {
    /// The one of everybody.
    Everybody,
    /// A private one, by the name of one of its users.
    User(&'a str),
    /// The one of a room.
    Room(RoomId),
}

impl<'a> Spot<'a> {
    /// The name of the user, if it is a private one.
    pub fn user(self) -> Option<&'a str> {
        match self {
            Spot::User(name) => Some(name),
            Spot::Everybody | Spot::Room(_) => None,
        }
    }
}

/// A private message in a history.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Line<'a> {
    /// The id of the sender.
    pub from_id: UserId,
    /// The name of the sender.
    pub from: &'a str,
    /// The text.
    pub text: &'a str,
    /// When the server received it.
    pub at: UnixMs,
    /// Whether the recipient has read it.
    pub is_read: bool,
}

/// What a message in a room replies to, as the client of its sender has said. Nobody checks it.
#[derive(Clone, Eq, PartialEq)]
pub struct Quote<'a> {
    /// Who is said to have written it.
    pub sender_id: Cow<'a, str>,
    /// The name of that user.
    pub sender_name: Cow<'a, str>,
    /// The text that is quoted.
    pub text: Cow<'a, str>,
}

impl Quote<'_> {
    /// A copy that owns its texts, each cut off at a number of characters: `name_chars` for the two words
    /// about the sender, and `text_chars` for the text. A quote is there to be recognised.
    pub fn cut(&self, name_chars: usize, text_chars: usize) -> Quote<'static> {
        let cut = |text: &str, most| text.chars().take(most).collect::<String>().into();
        Quote {
            sender_id: cut(&self.sender_id, name_chars),
            sender_name: cut(&self.sender_name, name_chars),
            text: cut(&self.text, text_chars),
        }
    }

    /// The bytes of its texts.
    pub fn bytes(&self) -> usize {
        self.sender_id.len() + self.sender_name.len() + self.text.len()
    }
}

/// A room, as one of its members sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RoomView<'a> {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: &'a str,
    /// What it is for. It may be empty.
    pub description: &'a str,
    /// The id of the user who may change and delete it.
    pub creator_id: UserId,
    /// The name of that user.
    pub creator: &'a str,
    /// When it was made.
    pub created: UnixMs,
    /// How many members it has, the creator included.
    pub members: usize,
}

impl std::fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").field("mid", &self.mid).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("at", &self.at).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Spot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Spot::Everybody => "Everybody",
            Spot::User(_) => "User",
            Spot::Room(_) => "Room",
        })
    }
}

impl std::fmt::Debug for Quote<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_cut_off_by_characters() {
        let text = |text: &'static str| Cow::Borrowed(text);
        let quote =
            Quote { sender_id: text("ßß"), sender_name: text("ab"), text: text("𝄞𝄞𝄞") };
        let cut = quote.cut(1, 2);
        let words = (&*cut.sender_id, &*cut.sender_name, &*cut.text);
        assert_eq!(words, ("ß", "a", "𝄞𝄞"));
        assert_eq!(cut.bytes(), 2 + 1 + 8);
    }
}
