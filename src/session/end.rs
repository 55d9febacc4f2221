//! [`End`]: how a connection ends, as one value that the wire, the metrics and the log agree on.
//!
//! Close codes are RFC 6455 §7.4's, but 4000 and 4001, which are the protocols' own.

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
    /// The client began the closing handshake, with this code or none.
    ClosedByClient(Option<u16>),
    /// The client broke RFC 6455, sent what is not UTF-8 or too much; the code says which.
    Violation(u16, &'static str),
    /// The client sent binary data where the dialect has none.
    Unacceptable,
    /// Too many malformed frames.
    Strikes,
    /// Too many frames, for too long.
    MessageRate,
    /// Too many bytes, for too long.
    ByteRate,
    /// A frame took too long to arrive in full.
    FrameTimeout,
    /// The client did not sign in, in time or before anything else; in its dialect's words.
    NotSignedIn(&'static str),
    /// The client said who he is, and may not come in.
    SignInRefused(&'static str),
    /// Too much has begun to arrive, from all connections together, and this one added to it.
    Overloaded,
    /// A newer connection has taken over the number.
    Replaced,
    /// Nothing was heard for the ping timeout, and the sweep came by.
    Silent,
    /// The server is shutting down.
    Draining,
    /// The client read so slowly that its outbox overflowed, or did not read for too long.
    Slow,
    /// The connection broke, or ended without a word.
    Lost,
}

impl End {
    /// Every outcome's name, as the metrics have it, in the order of [`outcome`](End::outcome).
    pub const OUTCOMES: [&'static str; 17] = [
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
    ];

    /// The outcome's place in [`OUTCOMES`](End::OUTCOMES).
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
            End::Draining => 14,
            End::Slow => 15,
            End::Lost => 16,
        }
    }

    /// The close frame that says so: its code (none: an empty frame) and reason. `None` where no
    /// close frame could arrive, or none belongs.
    pub fn close_frame(self) -> Option<(Option<u16>, &'static str)> {
        match self {
            End::Http | End::RequestTimeout | End::Slow | End::Lost => None,
            End::ClosedByClient(code) => Some((code, "")),
            End::Violation(code, reason) => Some((Some(code), reason)),
            End::Unacceptable => Some((Some(1003), "this protocol has no binary messages")),
            End::Strikes => Some((Some(1008), "too many malformed frames")),
            End::MessageRate => Some((Some(1008), "too many messages")),
            End::ByteRate => Some((Some(1008), "too many bytes")),
            End::FrameTimeout => Some((Some(1008), "a frame took too long to arrive")),
            End::NotSignedIn(sentence) => Some((Some(4001), sentence)),
            End::SignInRefused(sentence) => Some((Some(1008), sentence)),
            // Registered with IANA for this: "Try Again Later".
            End::Overloaded => Some((Some(1013), "too many messages are half here")),
            End::Replaced => Some((Some(4000), "replaced by a newer connection")),
            End::Silent => Some((Some(1001), "nothing was heard for too long")),
            End::Draining => Some((Some(1001), "the server is shutting down")),
        }
    }

    /// The limit that this is the end of running into, where nobody else has counted it.
    pub fn limit(self) -> Option<Limit> {
        match self {
            End::RequestTimeout => Some(Limit::HandshakeTimeout),
            End::Violation(TOO_BIG, _) => Some(Limit::MessageBytes),
            End::Strikes => Some(Limit::Strikes),
            End::FrameTimeout => Some(Limit::FrameTimeout),
            End::Overloaded => Some(Limit::InboxTotalBytes),
            // A warning came before, and was counted.
            End::MessageRate | End::ByteRate => None,
            // Either limit may be behind these: whoever ends the connection knows which, and counts.
            End::NotSignedIn(_) | End::Slow => None,
            End::Http
            | End::ClosedByClient(_)
            | End::Violation(..)
            | End::Unacceptable
            | End::SignInRefused(_)
            | End::Replaced
            | End::Silent
            | End::Draining
            | End::Lost => None,
        }
    }

    /// Whether there is nobody left to say goodbye to: the connection is closed at once.
    pub fn is_abrupt(self) -> bool {
        matches!(self, End::Slow | End::Lost)
    }
}
