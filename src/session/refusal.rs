//! [`Refused`]: a request that is refused, as the log and the metrics tell it. [`Refusal`] is the reason.
//!
//! A browser does not tell a page why no WebSocket was opened, so the operator has to see it here. Nothing
//! of the request is in it, except which line of the table of routes it has found. Made by the request
//! stage, and by the turn for a connection that is refused when it is accepted.

use super::DoorRefusal;
use crate::http::{BadRequest, Status};

/// A request, or a connection whose request was not read, that is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
    /// The status of the answer.
    pub status: Status,
    /// The path of the line in the table of routes, such as `/ws/{mobile}`; [`NO_ROUTE`] if there is none.
    pub route: &'static str,
    /// Whether no WebSocket is opened because of it. True also if the request was not read, or could not
    /// be: then nobody knows what the client wanted.
    pub is_upgrade: bool,
}

/// Stands for the route of a request that has found none.
pub const NO_ROUTE: &str = "none";

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// A trusted proxy's connection begins with something else than a PROXY protocol header.
    ProxyHeader,
    /// The head of the request is not HTTP/1.1.
    Malformed,
    /// The head of the request is too large.
    TooLarge,
    /// The head of the request did not arrive in time.
    Late,
    /// Nothing is at this address, or not at this listener.
    NoSuchAddress,
    /// The address does not have the method.
    Method,
    /// The request has a body, and the address takes none.
    Body,
    /// The address does not accept the parameters in the path or the query.
    Parameters,
    /// A plain request, where only a WebSocket is to be had.
    NotAnUpgrade,
    /// Another version of WebSocket than 13.
    WrongVersion,
    /// A handshake that breaks RFC 6455 in another way.
    BadHandshake,
    /// The page that asks is of a foreign origin.
    ForeignOrigin,
    /// The address is of a realm that is not open.
    RealmOff,
    /// The number needs a token, and there is none.
    TokenMissing,
    /// The token is no good one: its form, its signature, its audience, or it is not valid yet.
    TokenInvalid,
    /// The token has expired.
    TokenExpired,
    /// The token is for another number.
    TokenSubject,
    /// The server is shutting down.
    Draining,
    /// The server is full.
    Full,
    /// The client's address has too many connections.
    AddressFull,
    /// The client's address makes connections too fast.
    AddressTooFast,
    /// The person's realm refuses the connection.
    ByTheChat,
    /// The person is banned, or the client's address.
    Banned,
}

impl Refusal {
    /// Every reason, in the order of the variants.
    pub const ALL: [Refusal; 23] = [
        Refusal::ProxyHeader,
        Refusal::Malformed,
        Refusal::TooLarge,
        Refusal::Late,
        Refusal::NoSuchAddress,
        Refusal::Method,
        Refusal::Body,
        Refusal::Parameters,
        Refusal::NotAnUpgrade,
        Refusal::WrongVersion,
        Refusal::BadHandshake,
        Refusal::ForeignOrigin,
        Refusal::RealmOff,
        Refusal::TokenMissing,
        Refusal::TokenInvalid,
        Refusal::TokenExpired,
        Refusal::TokenSubject,
        Refusal::Draining,
        Refusal::Full,
        Refusal::AddressFull,
        Refusal::AddressTooFast,
        Refusal::ByTheChat,
        Refusal::Banned,
    ];

    /// Its word in the log and in the metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Refusal::ProxyHeader => "proxy_header",
            Refusal::Malformed => "malformed",
            Refusal::TooLarge => "too_large",
            Refusal::Late => "late",
            Refusal::NoSuchAddress => "no_such_address",
            Refusal::Method => "method",
            Refusal::Body => "body",
            Refusal::Parameters => "parameters",
            Refusal::NotAnUpgrade => "not_an_upgrade",
            Refusal::WrongVersion => "wrong_version",
            Refusal::BadHandshake => "bad_handshake",
            Refusal::ForeignOrigin => "foreign_origin",
            Refusal::RealmOff => "realm_off",
            Refusal::TokenMissing => "token_missing",
            Refusal::TokenInvalid => "token_invalid",
            Refusal::TokenExpired => "token_expired",
            Refusal::TokenSubject => "token_subject",
            Refusal::Draining => "draining",
            Refusal::Full => "full",
            Refusal::AddressFull => "address_full",
            Refusal::AddressTooFast => "address_too_fast",
            Refusal::ByTheChat => "by_the_chat",
            Refusal::Banned => "banned",
        }
    }

    /// The reason of an answer that follows from the table of routes alone. `None`: it is no refusal.
    pub(super) fn early(status: Status) -> Option<Self> {
        match status {
            Status::MethodNotAllowed => Some(Refusal::Method),
            Status::ContentTooLarge | Status::LengthRequired | Status::UnsupportedMediaType => {
                Some(Refusal::Body)
            }
            _ => None,
        }
    }
}

impl From<BadRequest> for Refusal {
    fn from(bad: BadRequest) -> Self {
        if bad.is_too_much() { Refusal::TooLarge } else { Refusal::Malformed }
    }
}

impl From<DoorRefusal> for Refusal {
    fn from(refusal: DoorRefusal) -> Self {
        match refusal {
            DoorRefusal::Draining => Refusal::Draining,
            DoorRefusal::Full => Refusal::Full,
            DoorRefusal::AddressFull => Refusal::AddressFull,
            DoorRefusal::AddressTooFast { .. } => Refusal::AddressTooFast,
            DoorRefusal::Banned => Refusal::Banned,
            DoorRefusal::ByTheChat(_) => Refusal::ByTheChat,
        }
    }
}

impl Refused {
    /// A connection that is refused before its request is read.
    pub fn unread(refusal: DoorRefusal) -> Self {
        let status = super::refuse(refusal).status();
        Refused { reason: refusal.into(), status, route: NO_ROUTE, is_upgrade: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_word_at_its_own_place() {
        for (place, reason) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{reason:?}");
            let word = reason.word();
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{word}");
            assert_eq!(Refusal::ALL.iter().filter(|other| other.word() == word).count(), 1);
        }
    }
}
