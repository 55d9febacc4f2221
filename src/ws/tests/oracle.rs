//! [`compare`]: tungstenite's own `WebSocket` reads the same stream, and has to come to the same messages
//! and to the same verdict. Called by `streams`, and by the fuzzer with streams of its own.
//!
//! Where we differ, we mean to:
//! - A length in more bytes than it needs is 1002 here (RFC 6455 §5.2), and a control frame that has
//!   such a length is too long by that alone (§5.5); tungstenite takes both.
//! - A length with its top bit set is 1002 here (§5.2); there it is merely too big, 1009.
//! - A frame that breaks a rule and is too big is 1002 here; tungstenite looks at the size first.
//! - A forbidden close code is 1002, whatever its reason; tungstenite reads the reason first, 1007.
//! - Close code 1014 is registered with IANA since, and is let through here.
//! - tungstenite judges whole frames, so all streams get a tail that completes what was begun.

use std::io::{self, Read, Write};

use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::{CloseCode, Item, Limits, Reader, Role, Violation};

/// A limit that short streams can reach.
pub(super) const LIMITS: Limits = Limits { message_bytes: 500, binary: true };

/// Long enough to complete any frame within the limit; then it is itself a violation.
const TAIL: [u8; 600] = [0; 600];

/// How a stream ended: with a close frame or for want of bytes (`None`), or with a close code.
type Verdict = Option<u16>;

/// Reads the stream and its tail in chunks of these sizes, over and over, and compares.
pub(super) fn compare(stream: &[u8], sizes: &[usize]) {
    let bytes = [stream, &TAIL].concat();
    let mut rest = &bytes[..];
    let chunks = sizes.iter().cycle().map_while(|&size| {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    });
    let (said, violation) = read_all(Role::Server, LIMITS, chunks);
    let verdict = violation.map(|violation| u16::from(violation.code()));
    let (they_said, their_verdict) = theirs(&bytes);

    if matches!(violation, Some(Violation::LengthNotMinimal | Violation::LongControl)) {
        return assert!(they_said.starts_with(&said));
    }
    if let Some((Said::Close(Some((1014, _))), before)) = said.split_last() {
        return assert_eq!((before, Some(1002)), (&they_said[..], their_verdict));
    }
    assert_eq!(said, they_said);
    match (violation, verdict, their_verdict) {
        (Some(Violation::ForbiddenCloseCode), _, Some(1007)) | (_, Some(1002), Some(1009)) => {}
        (_, ours, theirs) => assert_eq!(ours, theirs, "{violation:?}"),
    }
}

/// An [`Item`] that owns its payload, and shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

impl From<Item<'_>> for Said {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Text(text) => Said::Text(text.into()),
            Item::Binary(bytes) => Said::Binary(bytes.into()),
            Item::Ping(bytes) => Said::Ping(bytes.into()),
            Item::Pong(bytes) => Said::Pong(bytes.into()),
            Item::Close(close) => {
                Said::Close(close.map(|(code, reason)| (code.into(), reason.into())))
            }
        }
    }
}

/// All that has been said, and the violation that ended it, if one did.
pub(super) type Outcome = (Vec<Said>, Option<Violation>);

/// Feeds a new reader the chunks, one after the other, each in a scratch buffer of its own.
pub(super) fn read_all<'c>(
    role: Role,
    limits: Limits,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Outcome {
    let mut reader = Reader::new(role);
    let (mut said, mut violation) = (Vec::new(), None);
    for chunk in chunks {
        let mut scratch = chunk.to_vec();
        let outcome = read_chunk(&mut reader, &mut scratch, limits, &mut said);
        // After a violation there is none, and nothing else either: see `reader`.
        violation = violation.or(outcome.err());
    }
    (said, violation)
}

/// Reads until there is no more to be had from one scratch buffer.
pub(super) fn read_chunk(
    reader: &mut Reader,
    mut scratch: &mut [u8],
    limits: Limits,
    said: &mut Vec<Said>,
) -> Result<(), Violation> {
    while let Some(item) = reader.read(&mut scratch, &limits)? {
        said.push(item.into());
    }
    assert!(scratch.is_empty(), "None means that all input has been taken");
    Ok(())
}

fn theirs(bytes: &[u8]) -> (Vec<Said>, Verdict) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMITS.message_bytes))
        .max_frame_size(Some(LIMITS.message_bytes));
    let wire = Wire { bytes };
    let mut socket = WebSocket::from_raw_socket(wire, TheirRole::Server, Some(config));
    let mut said = Vec::new();
    let verdict = loop {
        match socket.read() {
            Ok(Message::Text(text)) => said.push(Said::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => said.push(Said::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => said.push(Said::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => said.push(Said::Pong(bytes.to_vec())),
            Ok(Message::Close(None)) => said.push(Said::Close(None)),
            Ok(Message::Close(Some(close))) => {
                // This is how tungstenite reports a forbidden code: by its own answer to it.
                if close.code == CloseCode::Protocol && &*close.reason == "Protocol violation" {
                    break Some(1002);
                }
                said.push(Said::Close(Some((close.code.into(), close.reason.as_str().to_owned()))));
            }
            Ok(Message::Frame(_)) => unreachable!("never read"),
            Err(Error::ConnectionClosed) => break None,
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break None,
            Err(Error::Protocol(_)) => break Some(1002),
            Err(Error::Utf8(_)) => break Some(1007),
            Err(Error::Capacity(_)) => break Some(1009),
            Err(other) => panic!("{other}"),
        }
    };
    (said, verdict)
}

/// A stream that has all its bytes at once, and takes any.
struct Wire<'a> {
    bytes: &'a [u8],
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            read => read,
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
