//! [`Ending`]: how a phone's connection ended, in words for the report.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

/// What stands before a number of milliseconds at the end of a close frame's reason.
const HINT: &str = " retry_after_ms=";

/// Takes the server's hint when to come back off a close frame's reason: `restarting retry_after_ms=1500`. Returns
/// the words before it, and the time.
pub(crate) fn hint(reason: &str) -> (&str, Option<Duration>) {
    match reason.rsplit_once(HINT) {
        Some((words, number)) => match number.parse() {
            Ok(millis) => (words, Some(Duration::from_millis(millis))),
            Err(_) => (reason, None),
        },
        None => (reason, None),
    }
}

use serde::{Deserialize, Deserializer, Serialize};

/// How a phone's connection ended. Only the first way is as it should be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Ending {
    /// The phone hung up, and the server has answered with this code.
    HungUp(Option<u16>),
    /// The phone hung up, and the server has not answered in time.
    Unanswered,
    /// The server closed, with this code.
    Closed(Option<u16>),
    /// The connection ended without a close frame.
    Dropped,
    /// The connection failed.
    Failed(#[serde(with = "kind")] ErrorKind),
    /// No connection came about.
    Unreachable(#[serde(with = "kind")] ErrorKind),
    /// TLS failed, in the handshake or later.
    NoTls(#[serde(deserialize_with = "sentence")] Sentence),
    /// The server answered the upgrade request with this status.
    Refused(u16),
    /// The server's answer is no HTTP, or no WebSocket.
    NotHttp(#[serde(deserialize_with = "sentence")] Sentence),
    /// The server broke RFC 6455.
    Violation(#[serde(deserialize_with = "sentence")] Sentence),
    /// The run was over before a first frame came.
    NeverReady,
    /// The phone dropped it without a close frame, as planned.
    Vanished,
    /// The phone had fallen silent, and the server has given it up.
    Noticed,
    /// It was open until the phone left, and could not be closed in good order.
    LeftOpen,
}

/// A sentence of the code. Under this name serde does not take it for a part of its input.
type Sentence = &'static str;

/// Reads a sentence of another process. It is never freed: a report has few of them.
fn sentence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sentence, D::Error> {
    Ok(String::deserialize(deserializer)?.leak())
}

/// The kind of an error, by its sentence.
mod kind {
    use std::io::ErrorKind;

    use serde::{Deserialize as _, Deserializer, Serializer};

    /// The kinds that a socket's calls may have. Any other is read as [`ErrorKind::Other`].
    pub(super) const KINDS: [ErrorKind; 18] = [
        ErrorKind::NotFound,
        ErrorKind::PermissionDenied,
        ErrorKind::ConnectionRefused,
        ErrorKind::ConnectionReset,
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::ConnectionAborted,
        ErrorKind::NotConnected,
        ErrorKind::AddrInUse,
        ErrorKind::AddrNotAvailable,
        ErrorKind::NetworkDown,
        ErrorKind::BrokenPipe,
        ErrorKind::InvalidInput,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
        ErrorKind::UnexpectedEof,
        ErrorKind::OutOfMemory,
        ErrorKind::ResourceBusy,
    ];

    pub(super) fn serialize<S: Serializer>(kind: &ErrorKind, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(kind)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ErrorKind, D::Error> {
        let sentence = String::deserialize(from)?;
        let found = KINDS.into_iter().find(|kind| kind.to_string() == sentence);
        Ok(found.unwrap_or(ErrorKind::Other))
    }
}

impl Ending {
    /// Whether both sides have closed it in good order. Then no message on it is in doubt.
    pub(crate) const fn is_clean(self) -> bool {
        match self {
            Ending::HungUp(_) => true,
            Ending::Unanswered
            | Ending::Closed(_)
            | Ending::Dropped
            | Ending::Failed(_)
            | Ending::Unreachable(_)
            | Ending::NoTls(_)
            | Ending::Refused(_)
            | Ending::NotHttp(_)
            | Ending::Violation(_)
            | Ending::NeverReady
            | Ending::Vanished
            | Ending::Noticed
            | Ending::LeftOpen => false,
        }
    }

    /// Whether it shows that the server does not speak this protocol.
    pub(crate) const fn is_of_another_protocol(self) -> bool {
        matches!(self, Ending::NotHttp(_) | Ending::Refused(400..=499))
    }

    /// The code in the server's close frame, if there was one with a code.
    pub(crate) const fn close_code(self) -> Option<u16> {
        match self {
            Ending::HungUp(code) | Ending::Closed(code) => code,
            Ending::Unanswered
            | Ending::Dropped
            | Ending::Failed(_)
            | Ending::Unreachable(_)
            | Ending::NoTls(_)
            | Ending::Refused(_)
            | Ending::NotHttp(_)
            | Ending::Violation(_)
            | Ending::NeverReady
            | Ending::Vanished
            | Ending::Noticed
            | Ending::LeftOpen => None,
        }
    }

    /// Whether this is no failure in a run that was broken off.
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Ending::NeverReady | Ending::Unanswered)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::HungUp(Some(code)) => write!(f, "hung up ({code})"),
            Ending::HungUp(None) => f.write_str("hung up (no code)"),
            Ending::Unanswered => f.write_str("no answer to our close frame"),
            Ending::Closed(Some(code)) => write!(f, "closed by the server ({code})"),
            Ending::Closed(None) => f.write_str("closed by the server (no code)"),
            Ending::Dropped => f.write_str("dropped by the server, without a close frame"),
            Ending::Failed(kind) => write!(f, "failed: {kind}"),
            Ending::Unreachable(kind) => write!(f, "cannot connect: {kind}"),
            Ending::NoTls(sentence) => write!(f, "TLS failed: {sentence}"),
            Ending::Refused(status) => write!(f, "upgrade refused: HTTP {status}"),
            Ending::NotHttp(sentence) => write!(f, "no WebSocket: {sentence}"),
            Ending::Violation(sentence) => write!(f, "the server broke RFC 6455: {sentence}"),
            Ending::NeverReady => f.write_str("no first frame before the run was over"),
            Ending::Vanished => f.write_str("dropped by us, as planned"),
            Ending::Noticed => f.write_str("fell silent until the server gave up"),
            Ending::LeftOpen => f.write_str("left open until the end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_read_as_it_was_written() {
        let failed = kind::KINDS.map(Ending::Failed);
        let others = [
            Ending::HungUp(Some(1000)),
            Ending::Closed(None),
            Ending::Unreachable(ErrorKind::ConnectionRefused),
            Ending::NotHttp("no answer"),
            Ending::Violation("a mask"),
            Ending::LeftOpen,
        ];
        for ending in failed.into_iter().chain(others) {
            let json = serde_json::to_string(&ending).expect("it is data");
            let read: Ending = serde_json::from_str(&json).expect("the same");
            assert_eq!(read, ending, "{json}");
        }
        let strange = r#"{"Failed":"something new"}"#;
        let read: Ending = serde_json::from_str(strange).expect("an ending");
        assert_eq!(read, Ending::Failed(ErrorKind::Other));
    }
}
