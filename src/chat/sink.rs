//! [`Sink`]: all that the chat may ask of the world, and how what it is handed is to be treated:
//! [`Handling`], [`Outcome`].
//!
//! Events are handed over, not collected: a text stays borrowed from the buffer it was read into
//! until it stands in its recipient's frame.

use super::{Audience, ConnectionId, Event, Receipt, Watch};

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

    /// Notes what a connection wants to see of a list from now on.
    fn watch(&mut self, by: ConnectionId, what: Watch);

    /// A list has changed: all that watch it are to be shown. Returns whether a delta will tell of
    /// this change, so that the realm has to remember what has changed. If not, nobody wants deltas
    /// at present, and no later delta will tell of this change or of an earlier one.
    fn list_changed(&mut self, of: Audience) -> bool;
}
