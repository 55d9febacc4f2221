//! The dialects. Each decodes the frames of one chat protocol into the chat's [`Command`]s, and encodes
//! the chat's [`Event`]s as frames of that protocol. A *message* here is a WebSocket message: a whole
//! text or a whole piece of binary data, without its framing.
//!
//! A dialect keeps no state: the result depends on the message alone. It knows no socket, and not who is
//! online. It never fails. A message that it cannot decode is [`Incoming::Malformed`], and the session
//! decides how many of those it accepts.
//!
//! Begin to read with `echo`, the smallest dialect. [`sca`] is the usual one, [`messenger`] is the dialect of
//! the messenger realm, and [`websocket_chat`], [`chatterbox`], [`mychat`] and [`switchboard_v1`] are those of
//! the account realm.
//! A new dialect is a folder with its [`Manners`] and a variant of [`Dialect`].

mod base;
pub mod chatterbox;
#[cfg(test)]
mod document;
pub(crate) mod echo;
pub(crate) mod flaw;
mod forwarded;
mod json;
pub mod messenger;
pub mod mychat;
pub mod operator;
#[cfg(test)]
mod page;
mod refusal;
pub mod sca;
pub mod switchboard_v1;
mod time;
mod token;
pub mod websocket_chat;

use std::borrow::Cow;

use crate::chat::account::{self, Guest, Reply};
use crate::chat::messenger::SignIn;
use crate::chat::{Audience, Command, Entrant, Event};
use crate::http::{Call, Response, Status};
use crate::timer::Zone;
use crate::ws;

/// Why a dialect refuses a message before the chat sees it.
pub use crate::chat::Fault;

/// The protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// Simple Chat App: JSON objects with a `type`. `sca/PROTOCOL.md` lists them.
    Sca,
    /// Session Messenger: JSON objects with a `type` and `data`. The first frame signs in.
    Messenger,
    /// WebSocket Chat: JSON objects with a `type`, for users with a name and a password.
    WebsocketChat,
    /// Chatterbox: JSON objects with a `content`. The connections of those users begin with it.
    Chatterbox,
    /// `switchboard.v1`: JSON objects with a `type`, for those users, with words for all that the realm keeps.
    SwitchboardV1,
    /// MyChat, on the socket of a private conversation: every text is a message.
    MychatPair,
    /// MyChat, on the socket of a room: a text is a message, or JSON with a message and what it replies to.
    MychatRoom,
    /// MyChat, on a socket where the client only listens: for notices, or for who is online.
    MychatNews,
    /// Every message goes back as it was: for measurements, and for Autobahn. It stays the last variant,
    /// because [`COUNT`](Dialect::COUNT) is counted by it.
    Echo,
}

/// A whole WebSocket message from a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message<'a> {
    /// The payload of one or several text frames.
    Text(&'a str),
    /// The payload of one or several binary frames.
    Binary(&'a [u8]),
}

/// What a dialect made of a message. It borrows from the message's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming<'a> {
    /// The client says who it is.
    SignIn(SignIn<'a>),
    /// A command for the chat.
    Command(Command<'a>),
    /// The session answers at once with this event, without the chat.
    Reply(Event<'a>),
    /// The client shows a newer token, which proves whose number it is.
    Token(Cow<'a, str>),
    /// The session sends the message back as it is.
    Echo(Message<'a>),
    /// The message asks for nothing.
    Nothing,
    /// The dialect could not decode the message. The client is told, and the session counts a strike.
    Malformed {
        /// What is wrong, in a sentence that quotes nothing of the message.
        detail: &'static str,
        /// The same as a word for programs.
        code: &'static str,
        /// The frame's own id as plain text, if it has one that can be used.
        id: Option<Cow<'a, str>>,
        /// If it was clearly a chat message: why it was refused. The books account for every chat
        /// message, the refused ones too.
        refused_message: Option<Fault>,
    },
    /// The client speaks this dialect, which shares the address of the present one: read the message in it,
    /// and all that follow. It is one way: the other dialect never says so.
    Speaks(Dialect),
    /// Binary data, in a protocol that has only text: close code 1003 (RFC 6455 §7.4.1).
    Unacceptable,
}

/// What a request for a WebSocket asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The protocol of the address.
    pub dialect: Dialect,
    /// The person that the connection is for, and their realm. `None` if the address does not name a
    /// person: then the first frame does, or the dialect has no realm.
    pub who: Option<Entrant<'static>>,
    /// Whether the server pings the client when it is silent. For a page whose timers sleep: its browser
    /// answers the ping without it.
    pub pings: bool,
    /// Close the WebSocket with 4001 and this sentence as soon as it is open. A page can read a close code,
    /// but not the status of an upgrade that was refused.
    pub turned_away: Option<&'static str>,
}

impl Entry {
    /// An entry into a dialect.
    pub const fn new(dialect: Dialect, who: Option<Entrant<'static>>) -> Self {
        Entry { dialect, who, pings: false, turned_away: None }
    }
}

/// Whether the query of a request asks for the server's pings, `?pings=server`; or what is wrong with it.
fn asks_for_pings(call: &Call<'_>) -> Result<bool, Response<'static>> {
    match call.request.query_value("pings").as_deref() {
        None => Ok(false),
        Some("server") => Ok(true),
        Some(_) => Err(Response::new(Status::BadRequest).json_detail("pings can only be server")),
    }
}

/// The handler of an address where a WebSocket is opened. It returns what the request asks for, or the
/// answer to a request that is wrong. It is a pure function of its arguments.
#[derive(Clone, Copy, Debug)]
pub enum Enter {
    /// The request says all.
    AtOnce(fn(&Call<'_>) -> Result<Entry, Response<'static>>),
    /// The request has a token that must be looked up first.
    Known {
        /// The call that looks it up, for which the realm replies with [`Reply::Known`].
        call: fn(&Call<'_>) -> Result<account::Call, Response<'static>>,
        /// Puts into words why the token could not be looked up, or is not the one that is wanted here.
        words: Words,
        /// The handler, once it is known whose token it is: `None` is nobody.
        enter: fn(&Call<'_>, Option<Guest>) -> Result<Entry, Response<'static>>,
    },
}

/// The handler of an address where a request asks something of the account realm, and is answered when the
/// realm has replied: at once, or after some jobs. Both functions are pure.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Turns the request into a call, or returns the answer to a request that is wrong.
    pub call: fn(&Call<'_>) -> Result<account::Call, Response<'static>>,
    /// Puts the reply into the words of the protocol.
    pub words: Words,
}

/// Puts a reply of the account realm into the words of a protocol. Some protocols show times in the server's
/// time zone.
pub type Words = fn(&Reply<'_>, &Zone) -> Response<'static>;

/// Everything about a dialect, in one row. It is a static in the dialect's own folder.
#[derive(Debug)]
pub struct Manners {
    /// The WebSocket subprotocol that its addresses want to be offered, and that the answer selects (RFC 6455
    /// §4.2.2). `None`: the answer selects none.
    pub subprotocol: Option<&'static str>,
    /// Which of the operator's limits apply to its connections.
    pub allowance: Allowance,
    /// If a connection signs in with its first frame: the reason of close code 4001 for one that does
    /// not. `None` if the path of the request says who the client is.
    pub sign_in_sentence: Option<&'static str>,
    /// Whether the reason of a drain's close frame ends in ` retry_after_ms=<n>`. Not where the clients are pages
    /// of others, which could show the reason to people.
    pub tells_when_to_return: bool,
    /// Decodes a message.
    read: for<'m> fn(Message<'m>) -> Incoming<'m>,
    /// Appends the text of the message for an event.
    write: fn(&Event<'_>, &Zone, &mut Vec<u8>),
}

/// Which of the operator's limits apply to a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allowance {
    /// All limits: the connection is a chat client.
    Chat,
    /// The limits for a conformance suite: messages of up to 16 MiB, at any rate.
    Conformance,
}

impl Dialect {
    /// How many dialects there are. Every [`place`](Dialect::place) is below it.
    pub const COUNT: usize = Dialect::Echo as usize + 1;

    /// The dialect's name, for the operator.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::Sca => "sca",
            Dialect::Messenger => "messenger",
            Dialect::WebsocketChat => "websocket_chat",
            Dialect::Chatterbox => "chatterbox",
            Dialect::SwitchboardV1 => "switchboard.v1",
            Dialect::MychatPair => "mychat_pair",
            Dialect::MychatRoom => "mychat_room",
            Dialect::MychatNews => "mychat_news",
            Dialect::Echo => "echo",
        }
    }

    /// The dialect in which an audience sees its list.
    pub fn of(audience: Audience) -> Dialect {
        match audience {
            Audience::Mobile => Dialect::Sca,
            Audience::Accounts => Dialect::WebsocketChat,
            Audience::Names => Dialect::SwitchboardV1,
            Audience::Status => Dialect::MychatNews,
        }
    }

    /// The dialect's place in a table of all dialects.
    pub fn place(self) -> usize {
        self as usize
    }

    /// The dialect's row.
    pub fn manners(self) -> &'static Manners {
        match self {
            Dialect::Sca => &sca::MANNERS,
            Dialect::Messenger => &messenger::MANNERS,
            Dialect::WebsocketChat => &websocket_chat::MANNERS,
            Dialect::Chatterbox => &chatterbox::MANNERS,
            Dialect::SwitchboardV1 => &switchboard_v1::MANNERS,
            Dialect::MychatPair => &mychat::PAIR,
            Dialect::MychatRoom => &mychat::ROOM,
            Dialect::MychatNews => &mychat::NEWS,
            Dialect::Echo => &echo::MANNERS,
        }
    }

    /// Decodes a message.
    pub fn read(self, message: Message<'_>) -> Incoming<'_> {
        (self.manners().read)(message)
    }

    /// Appends the text of the message for an event. It appends nothing if the dialect has no frame for
    /// the event. Some dialects show times in the server's time
    /// zone.
    pub fn write(self, event: &Event<'_>, zone: &Zone, out: &mut Vec<u8>) {
        (self.manners().write)(event, zone, out);
    }

    /// Appends the text frame with what [`write`](Dialect::write) appends. Without words there is no frame.
    pub fn frame(self, event: &Event<'_>, zone: &Zone, out: &mut Vec<u8>) {
        let (start, mut words) = (out.len(), 0);
        ws::text_frame(out, |payload| {
            let before = payload.len();
            self.write(event, zone, payload);
            words = payload.len() - before;
        });
        if words == 0 {
            out.truncate(start);
        }
    }
}
