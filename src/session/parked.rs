//! [`Parked`]: a request whose answer comes later. [`Wanted`]: what it waits for.
//!
//! Some requests need a job: a password is hashed, a token is looked up in the store. The session then
//! waits, and nothing behind the request is read or handled before its answer is written: HTTP/1.1 answers
//! in the order of the requests (RFC 9112 §9.3.2). A request for a WebSocket whose token has to be looked up
//! waits as the bytes that it came in, and is handled once more when its caller is known. So a route's
//! handler never has to stop in the middle.
//!
//! What is parked is boxed: a session that waits for nothing is no larger for it. `resume.rs` has what happens then.

use super::framing::Framing;
use super::site::{Site, Visit};
use crate::chat::account::{Guest, Refusal, Reply};
use crate::dialects::{Words, operator};
use crate::http::Response;
use crate::timer::Zone;

/// A request that waits for its reply.
#[derive(Debug)]
pub(super) struct Parked {
    /// Its number on this connection. A reply to another request is ignored.
    pub(super) number: u16,
    /// How its answer is framed.
    pub(super) framing: Framing,
    /// The path of its route, if it is for a WebSocket.
    pub(super) opens: Option<&'static str>,
    /// The request itself, if it is handled once more when the reply has come. Empty otherwise.
    pub(super) raw: Vec<u8>,
    /// What has arrived behind it.
    pub(super) rest: Vec<u8>,
}

/// What a parked request wants of the reply.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// An answer in these words.
    Answer(Words),
    /// To know the caller. A refusal that does not say who it is or is not becomes an answer in these
    /// words.
    Caller(Words),
    /// To know who visits this page.
    Visit(Site),
    /// The answer to an order of the operator. It comes from the turn, and not from the realm.
    Order,
}

/// What the reply has become. It owns all that it needs.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// The answer.
    Answer(Response<'static>),
    /// The caller: `None` if the token is nobody's.
    Caller(Option<Guest>),
    /// The visit to a page.
    Visit(Visit),
}

impl Wanted {
    /// Makes of a reply what is wanted of it.
    pub fn of(self, reply: &Reply<'_>, zone: &Zone) -> Resolution {
        match (self, reply) {
            (Wanted::Caller(_), Reply::Known(guest)) => Resolution::Caller(Some(*guest)),
            (Wanted::Caller(_), Reply::Refused(Refusal::NotSignedIn)) => Resolution::Caller(None),
            (Wanted::Order, _) => Resolution::Answer(operator::late()),
            (Wanted::Answer(words) | Wanted::Caller(words), reply) => {
                Resolution::Answer(words(reply, zone))
            }
            (Wanted::Visit(site), reply) => {
                Visit::of(site, reply, zone).map_or_else(Resolution::Answer, Resolution::Visit)
            }
        }
    }
}
