//! [`Sink`]: all that the chat may ask of the world, and how what it is handed is to be treated:
//! [`Handling`], [`Outcome`], [`PresenceNews`].
//!
//! Events are handed over, not collected: a text stays borrowed from the buffer it was read into
//! until it stands in its recipient's frame.

use super::{ConnectionId, Event, Mobile, PresenceMode, Receipt};

/// Why a message did not reach its recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// He was not online, or his connection ended first.
    Offline,
    /// He read too slowly, and his connection was given up.
    Slow,
}

/// What became of a message that the sink was handed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// It will never reach the recipient.
    Undelivered(Reason),
}

/// How an event is to be queued. Its realm says so, as nobody else knows what the event is worth later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handling<'e> {
    /// For whom it is, and who is to hear what becomes of it.
    pub kind: Kind,
    /// The sender's id for a message: it comes back with the receipt ([`Chat::settle`](super::Chat::settle)).
    pub id: Option<&'e str>,
    /// Whether it may be dropped for a receiver who has not read what came before: it is worth something
    /// now or never.
    pub may_be_dropped: bool,
}

/// What becomes of an event whose connection ends, or is replaced, before it was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It is for this connection: an answer, an error, a presence list. It goes with the connection.
    ForConnection,
    /// It is for a person. It moves on to the connection that replaces this one, if one does, and is
    /// dropped otherwise.
    ForPerson,
    /// It is a message, or one copy of it. It moves on likewise, and its realm hears what becomes of it.
    Message(Receipt),
}

impl<'e> Handling<'e> {
    /// For this connection alone.
    pub const FOR_CONNECTION: Self = Handling::of(Kind::ForConnection);
    /// For a person, however late.
    pub const FOR_PERSON: Self = Handling::of(Kind::ForPerson);

    /// A message whose sender has no name for it.
    pub const fn of_message(receipt: Receipt) -> Self {
        Handling::of(Kind::Message(receipt))
    }

    /// The same for a message that its sender calls `id`.
    pub fn with_id(self, id: Option<&'e str>) -> Self {
        Handling { id, ..self }
    }

    /// The same, but dropped if it would come late.
    pub fn droppable(self) -> Self {
        Handling { may_be_dropped: true, ..self }
    }

    const fn of(kind: Kind) -> Self {
        Handling { kind, id: None, may_be_dropped: false }
    }
}

/// What the publisher of presence has to know. Presence is published, not sent: the world decides when
/// ("Presence in a screenful" on the front page).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PresenceNews {
    /// A number has come online.
    Joined {
        /// Its connection.
        id: ConnectionId,
        /// The number.
        mobile: Mobile,
        /// How the connection wants to hear who is online.
        mode: PresenceMode,
    },
    /// A connection has taken over a number, which stays online: that is no news for others.
    Replaced {
        /// The connection that had it.
        old: ConnectionId,
        /// The connection that has it.
        new: ConnectionId,
        /// How that one wants to hear who is online.
        mode: PresenceMode,
    },
    /// A number has gone offline.
    Left {
        /// The connection that had it.
        id: ConnectionId,
        /// The number.
        mobile: Mobile,
    },
    /// A connection asks for the list of everyone online.
    ListWanted {
        /// The connection.
        by: ConnectionId,
    },
    /// A connection wants presence in another form from now on.
    Mode {
        /// The connection.
        of: ConnectionId,
        /// The form.
        mode: PresenceMode,
    },
}

/// What the chat may ask of the world. Calling it never comes back into the chat.
///
/// What becomes of an event with a [`Receipt`] is reported later, with
/// [`Chat::settle`](super::Chat::settle): once for each connection that it was handed over for, be it by
/// `send` or by `fan_out`, and whether or not that connection still is. An event without a receipt is
/// not reported.
pub trait Sink {
    /// Tells one person something.
    fn send(&mut self, to: ConnectionId, event: &Event<'_>);

    /// Tells several the same, each once; they are two at least. It is put into words once for all who
    /// speak the same dialect.
    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>);

    /// Notes who is to be shown presence, and how.
    fn presence(&mut self, news: PresenceNews);
}
