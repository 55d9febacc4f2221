//! [`End`]: how a connection ends. One value decides the close frame, the metric and the line in the log.
//!
//! Close codes are those of RFC 6455 §7.4, except for those from 4000 on, which belong to the protocols.

use std::time::Duration;

use crate::chat::{BANNED, Farewell};
use crate::limiter::Limit;

/// "Message Too Big" (RFC 6455 §7.4.1).
const TOO_BIG: u16 = 1009;

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// A plain HTTP connection is over.
    Http,
    /// The HTTP request did not arrive in time.
    RequestTimeout,
    /// The reply to a request that waited for it did not come in time.
    AnswerTimeout,
    /// The login of the connection's user has ended.
    Farewell(Farewell),
    /// The client began the closing handshake, with this code or none.
    ClosedByClient(Option<u16>),
    /// The client broke RFC 6455, sent a text that is not UTF-8, or a message that is too large. The code
    /// says which.
    Violation(u16, &'static str),
    /// The client sent a binary message, and the dialect has none.
    Unacceptable,
    /// The client sent too many malformed frames.
    Strikes,
    /// The client sent too many frames for too long.
    MessageRate,
    /// The client sent too many bytes for too long.
    ByteRate,
    /// A frame took too long to arrive in full.
    FrameTimeout,
    /// The client did not sign in in time, or sent another frame first. The sentence is its dialect's.
    NotSignedIn(&'static str),
    /// The person is banned, or the client's address.
    Banned,
    /// The realm refused the sign-in, with this sentence.
    SignInRefused(&'static str),
    /// All connections together hold too many bytes of incomplete messages, and this one has added some.
    Overloaded,
    /// A newer connection has taken over the number.
    Replaced,
    /// The operator has sent the client away. The reason that the operator gives takes the place of the usual one.
    SentAway,
    /// No bytes came for the ping timeout, and a sweep ended the connection.
    Silent,
    /// The server is shutting down.
    Draining {
        /// The time after which the client is to come back. Where [`Manners`](crate::dialects::Manners) allow
        /// it, the close frame says so, in milliseconds.
        retry_after: Duration,
    },
    /// The client read too slowly: its outbox went over a cap, or its socket was full for too long.
    Slow,
    /// The connection broke, or its input ended without a close frame.
    Lost,
}

impl End {
    /// The name of each outcome in the metrics, in the order of [`outcome`](End::outcome).
    pub const OUTCOMES: [&'static str; 28] = [
        "http",
        "request_timeout",
        "closed_by_client",
        "violation",
        "unacceptable",
        "strikes",
        "message_rate",
        "byte_rate",
        "frame_timeout",
        "not_signed_in",
        "sign_in_refused",
        "overloaded",
        "replaced",
        "silent",
        "draining",
        "slow",
        "lost",
        "answer_timeout",
        "logged_out",
        "login_expired",
        "too_many_devices",
        "try_again",
        "not_a_member",
        "no_such_user",
        "message_too_long",
        "sent_away",
        "banned",
        "token_expired",
    ];

    /// The index of the outcome in [`OUTCOMES`](End::OUTCOMES).
    pub fn outcome(self) -> usize {
        match self {
            End::Http => 0,
            End::RequestTimeout => 1,
            End::ClosedByClient(_) => 2,
            End::Violation(..) => 3,
            End::Unacceptable => 4,
            End::Strikes => 5,
            End::MessageRate => 6,
            End::ByteRate => 7,
            End::FrameTimeout => 8,
            End::NotSignedIn(_) => 9,
            End::SignInRefused(_) => 10,
            End::Overloaded => 11,
            End::Replaced => 12,
            End::Silent => 13,
            End::Draining { .. } => 14,
            End::Slow => 15,
            End::Lost => 16,
            End::AnswerTimeout => 17,
            End::Farewell(Farewell::LoggedOut) => 18,
            End::Farewell(Farewell::Expired) => 19,
            End::Farewell(Farewell::TooManyDevices) => 20,
            End::Farewell(Farewell::TryAgain) => 21,
            End::Farewell(Farewell::NotAMember) => 22,
            End::Farewell(Farewell::NoSuchUser) => 23,
            End::Farewell(Farewell::MessageTooLong) => 24,
            End::SentAway => 25,
            End::Banned => 26,
            End::Farewell(Farewell::TokenExpired) => 27,
        }
    }

    /// The code and the reason of the close frame; without a code, the frame is empty. `None` if no close
    /// frame is sent: plain HTTP has none, and on a slow or broken connection it would not arrive.
    pub fn close_frame(self) -> Option<(Option<u16>, &'static str)> {
        match self {
            End::Http | End::RequestTimeout | End::AnswerTimeout | End::Slow | End::Lost => None,
            End::Farewell(Farewell::LoggedOut) => Some((Some(4001), "logged out")),
            End::Farewell(Farewell::Expired) => Some((Some(4001), "the login has expired")),
            End::Farewell(Farewell::TokenExpired) => Some((Some(4001), "the token has expired")),
            End::Farewell(Farewell::TooManyDevices) => {
                Some((Some(4008), "too many connections of one person"))
            }
            End::Farewell(Farewell::NotAMember) => Some((Some(1008), "not a member of this room")),
            End::Farewell(Farewell::NoSuchUser) => Some((Some(1008), "there is no such user")),
            End::Farewell(Farewell::MessageTooLong) => {
                Some((Some(TOO_BIG), "the message is too long"))
            }
            // 1013 is registered with IANA as "Try Again Later".
            End::Farewell(Farewell::TryAgain) => Some((Some(1013), "try again")),
            End::ClosedByClient(code) => Some((code, "")),
            End::Violation(code, reason) => Some((Some(code), reason)),
            End::Unacceptable => Some((Some(1003), "this protocol has no binary messages")),
            End::Strikes => Some((Some(1008), "too many malformed frames")),
            End::MessageRate => Some((Some(1008), "too many messages")),
            End::ByteRate => Some((Some(1008), "too many bytes")),
            End::FrameTimeout => Some((Some(1008), "a frame took too long to arrive")),
            End::NotSignedIn(sentence) => Some((Some(4001), sentence)),
            End::SignInRefused(sentence) => Some((Some(1008), sentence)),
            End::Banned => Some((Some(4003), BANNED)),
            End::Overloaded => Some((Some(1013), "too many messages are half here")),
            End::Replaced => Some((Some(4000), "replaced by a newer connection")),
            End::SentAway => Some((Some(4005), "sent away by the operator")),
            End::Silent => Some((Some(1001), "nothing was heard for too long")),
            End::Draining { .. } => Some((Some(1001), "the server is shutting down")),
        }
    }

    /// The limit that the connection has hit, if this end is what counts it.
    pub fn limit(self) -> Option<Limit> {
        match self {
            End::RequestTimeout => Some(Limit::HandshakeTimeout),
            End::AnswerTimeout => Some(Limit::JobTimeout),
            End::Violation(TOO_BIG, _) => Some(Limit::MessageBytes),
            End::Strikes => Some(Limit::Strikes),
            End::FrameTimeout => Some(Limit::FrameTimeout),
            End::Overloaded => Some(Limit::InboxTotalBytes),
            // Counted already, when the client was warned.
            End::MessageRate | End::ByteRate => None,
            // These ends have several possible limits. The code that ends the connection knows which, and
            // counts it.
            End::NotSignedIn(_) | End::Slow => None,
            End::Http
            | End::ClosedByClient(_)
            | End::Violation(..)
            | End::Unacceptable
            | End::SignInRefused(_)
            | End::Banned
            | End::Replaced
            | End::SentAway
            | End::Farewell(_)
            | End::Silent
            | End::Draining { .. }
            | End::Lost => None,
        }
    }

    /// Whether the connection is closed at once, since its last frames would not arrive.
    pub fn is_abrupt(self) -> bool {
        matches!(self, End::Slow | End::Lost)
    }
}
