//! [`End`]: how a connection ends, as one value that the wire, the metrics and the log agree on.
//!
//! Close codes are RFC 6455 §7.4's, but 4000 and 4001, which are the protocols' own.

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
    /// A frame took too long to arrive in full.
    FrameTimeout,
    /// The client did not say who he is, in time or before anything else.
    NotSignedIn,
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
    pub const OUTCOMES: [&'static str; 15] = [
        "http",
        "request_timeout",
        "closed_by_client",
        "violation",
        "unacceptable",
        "strikes",
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
            End::FrameTimeout => 6,
            End::NotSignedIn => 7,
            End::SignInRefused(_) => 8,
            End::Overloaded => 9,
            End::Replaced => 10,
            End::Silent => 11,
            End::Draining => 12,
            End::Slow => 13,
            End::Lost => 14,
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
            End::FrameTimeout => Some((Some(1008), "a frame took too long to arrive")),
            End::NotSignedIn => Some((Some(4001), "say who you are first, with auth")),
            End::SignInRefused(sentence) => Some((Some(1008), sentence)),
            // Registered with IANA for this: "Try Again Later".
            End::Overloaded => Some((Some(1013), "too many messages are half here")),
            End::Replaced => Some((Some(4000), "replaced by a newer connection")),
            End::Silent => Some((Some(1001), "nothing was heard for too long")),
            End::Draining => Some((Some(1001), "the server is shutting down")),
        }
    }

    /// Whether there is nobody left to say goodbye to: the connection is closed at once.
    pub fn is_abrupt(self) -> bool {
        matches!(self, End::Slow | End::Lost)
    }
}
