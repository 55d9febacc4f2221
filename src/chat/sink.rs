//! [`Sink`]: all that the chat may ask of the turn. [`Handling`]: how the turn queues an event.
//! [`Outcome`]: what became of a message.
//!
//! The chat hands over each event at once, and collects none. So a text stays borrowed from the buffer
//! that it was read into until it is written into its recipient's frame, and nothing copies it between.

use super::{Audience, ConnectionId, Event, Name, Receipt, Watch, account};

/// Why a message did not reach its recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The recipient was not online, or its connection ended before the message arrived.
    Offline,
    /// The recipient read too slowly, and the server closed its connection.
    Slow,
}

/// Why the realm ends a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Farewell {
    /// The user has logged out, perhaps somewhere else.
    LoggedOut,
    /// The login has expired.
    Expired,
    /// The token that has proved whose number it is has expired, and no newer one has come.
    TokenExpired,
    /// The user has as many connections as one may have.
    TooManyDevices,
    /// The connection is for a room, and its user is no member, or no longer; or the room is gone.
    NotAMember,
    /// The connection is for a conversation with a user that does not exist.
    NoSuchUser,
    /// The client has sent a message that is too long, in a protocol without words for an error.
    MessageTooLong,
    /// The realm no longer knows for certain whose connection it is. The client may connect again at once:
    /// then the token decides. Or a message could not be stored, in a protocol without words for an error.
    TryAgain,
}

/// What became of a message that went to the sink.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The kernel has taken the last byte of its frame for the recipient's socket.
    Delivered,
    /// The message will never reach the recipient.
    Undelivered(Reason),
}

/// How an outbox queues an event. The realm decides this, because only the realm knows what the event
/// is worth later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handling<'e> {
    /// What becomes of the event if its connection ends first, and whether its realm hears of it.
    pub kind: Kind,
    /// The sender's id for a message. It comes back with the receipt
    /// ([`Chat::settle`](super::Chat::settle)).
    pub id: Option<&'e str>,
    /// Whether the event may be dropped if the receiver has not read the earlier ones yet. Such an event is
    /// useful only at once.
    pub may_be_dropped: bool,
}

/// What becomes of an event whose connection ends, or is replaced, before the event was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The event is for this connection: an answer, an error, a presence list. It is dropped with the
    /// connection.
    ForConnection,
    /// The event is for a person. It moves to the connection that replaces this one. Without such a
    /// connection it is dropped.
    ForPerson,
    /// The event is a message, or one copy of it. It moves like the events for a person, and its realm
    /// hears what becomes of it.
    Message(Receipt),
}

impl<'e> Handling<'e> {
    /// The event is for this connection alone.
    pub const FOR_CONNECTION: Self = Handling::of(Kind::ForConnection);
    /// The event is for a person, and is not dropped if it is late.
    pub const FOR_PERSON: Self = Handling::of(Kind::ForPerson);

    /// The handling of a message without an id.
    pub const fn of_message(receipt: Receipt) -> Self {
        Handling::of(Kind::Message(receipt))
    }

    /// Adds the id that the sender gave the message.
    pub fn with_id(self, id: Option<&'e str>) -> Self {
        Handling { id, ..self }
    }

    /// Lets the event be dropped if it would come late.
    pub fn droppable(self) -> Self {
        Handling { may_be_dropped: true, ..self }
    }

    const fn of(kind: Kind) -> Self {
        Handling { kind, id: None, may_be_dropped: false }
    }
}

/// What the chat may ask of the turn. No method of it calls the chat back.
///
/// The turn reports later what became of an event with a [`Receipt`], with
/// [`Chat::settle`](super::Chat::settle). It does so once for each connection that `send` or `fan_out`
/// named, also if that connection has ended meanwhile. It does not report events without a receipt.
pub trait Sink {
    /// Sends an event to one connection.
    fn send(&mut self, to: ConnectionId, event: &Event<'_>);

    /// Sends the same event to several connections: two at least, each named once. It is encoded once for
    /// all connections that speak the same dialect.
    fn fan_out(&mut self, to: &[ConnectionId], event: &Event<'_>);

    /// Sets what a connection wants to see of a list from now on.
    fn watch(&mut self, by: ConnectionId, what: Watch);

    /// Says that a list has changed, so that all connections that watch it are to be told. Returns whether
    /// a later delta will name this change; then the realm has to remember it. If not, no connection wants
    /// deltas at present, and no later delta will name this change or an earlier one.
    fn list_changed(&mut self, of: Audience) -> bool;

    /// Hands over a job. Its result comes with [`Chat::done`](super::Chat::done).
    fn ask(&mut self, job: account::Job);

    /// Answers a request. Nothing happens if it does not wait any more.
    fn reply(&mut self, to: account::Asker, reply: &account::Reply<'_>);

    /// Says that a message of `from` did not reach `to`. Nothing follows from it: it is for the operator to see.
    fn undelivered(&mut self, _from: &Name<'_>, _to: &Name<'_>, _reason: Reason) {}

    /// Ends a connection. It leaves the chat as others do.
    fn end(&mut self, id: ConnectionId, why: Farewell);
}
