//! [`Caller`]: a phone that asks for a WebSocket; and [`Door`]: where it asks, and how it gets in. A
//! dialect makes a door for a caller.

use serde::{Deserialize, Serialize};

/// The server's address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address<'a> {
    /// The value of `Host`.
    pub(crate) authority: &'a str,
    /// What stands before the protocol's own path.
    pub(crate) prefix: &'a str,
}

/// A phone that asks for a WebSocket. No dialect needs all of its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// The phone's number.
    pub(crate) number: &'a str,
    /// The session that the phone is a device of.
    pub(crate) session: &'a str,
    /// The account that the phone signs in with: its name, its id, and the token of its login.
    #[allow(dead_code, reason = "for protocols whose addresses have the user in them")]
    pub(crate) user: &'a str,
    pub(crate) user_id: &'a str,
    /// Which of the app's pages it has open, in a protocol with a socket for each.
    pub(crate) page: OpenPage<'a>,
    pub(crate) token: &'a str,
    /// How it wants to be told who is online.
    pub(crate) presence: Presence,
    /// Whether it wants to be told what becomes of messages.
    pub(crate) receipts: bool,
    /// What proves that the number is its own, if the server wants proof.
    pub(crate) proof: Option<&'a str>,
}

/// A page of the app that is open, with the server's id of what it shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OpenPage<'a> {
    /// The conversation with this user.
    Conversation(&'a str),
    /// This room.
    Room(&'a str),
    /// The start page, which is told of messages by notices.
    Start,
    /// The start page's list of who is online.
    Status,
}

/// Where a caller asks, and how it gets in.
#[derive(Debug)]
pub(crate) struct Door {
    /// The path and the query of the request, after the address's prefix.
    pub(crate) path: String,
    /// The header lines that are its own, each with its end of line.
    pub(crate) headers: String,
    /// The WebSocket subprotocol that it asks for, and that the server must select.
    pub(crate) subprotocol: Option<&'static str>,
    /// The first frame of the phone, if it has to sign in by one.
    pub(crate) sign_in: Option<String>,
    /// Whether the phone is ready only when it has heard a first frame.
    pub(crate) is_greeted: bool,
}

impl Door {
    /// The door at this path, where a phone is greeted, and needs to do nothing more to get in.
    pub(crate) fn at(path: String) -> Self {
        Door { path, headers: String::new(), subprotocol: None, sign_in: None, is_greeted: true }
    }
}

/// How a phone wants to be told who is online.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
pub(crate) enum Presence {
    /// Whole lists, as the original app: the only mode that every SCA server has.
    Full,
    /// A list, and then what has changed.
    Delta,
    /// Not at all.
    None,
}

impl Presence {
    /// The word for it, on the wire and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Presence::Full => "full",
            Presence::Delta => "delta",
            Presence::None => "none",
        }
    }
}
