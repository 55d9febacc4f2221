//! tungstenite's own `WebSocket` reads the same streams, right ones and spoilt ones, and has to come
//! to the same messages and to the same verdict.
//!
//! Where we differ, we mean to:
//! - A length in more bytes than it needs is 1002 here (RFC 6455 §5.2); tungstenite takes it.
//! - A length with its top bit set is 1002 here (§5.2); there it is merely too big, 1009.
//! - A frame that breaks a rule and is too big is 1002 here; tungstenite looks at the size first.
//! - A forbidden close code is 1002, whatever its reason; tungstenite reads the reason first, 1007.
//! - Close code 1014 is registered with IANA since, and is let through here.
//! - tungstenite judges whole frames, so all streams get a tail that completes what was begun.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::chunks::{LIMITS, samples};
use super::*;

/// Long enough to complete any frame within the limit; then it is itself a violation.
const TAIL: [u8; 600] = [0; 600];

/// How a stream ended: with a close frame or for want of bytes (`None`), or with a close code.
type Verdict = Option<u16>;

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

/// Reads the stream and its tail in chunks of these sizes, over and over, and compares.
fn compare(stream: &[u8], sizes: &[usize]) {
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

    if violation == Some(Violation::LengthNotMinimal) {
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

/// A right sequence of frames: messages whole and in fragments, control frames anywhere.
fn stream() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = prop_oneof![
        "[a-zé€🦀]{0,20}".prop_map(|text| (TEXT, text.into_bytes())),
        "[a-z]{120,130}".prop_map(|text| (TEXT, text.into_bytes())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| (BINARY, bytes)),
        Just((BINARY, vec![7; LIMITS.message_bytes])),
        Just((BINARY, vec![7; LIMITS.message_bytes + 1])),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| (TEXT, bytes)),
    ];
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    let message = (payload, cuts).prop_map(|((kind, payload), cuts)| {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.extend([0, payload.len()]);
        cuts.sort_unstable();
        let last = cuts.len() - 2;
        let first_byte = |i| match (i, i == last) {
            (0, true) => FINAL | kind,
            (0, false) => kind,
            (_, true) => FINAL | CONTINUATION,
            (_, false) => CONTINUATION,
        };
        let fragments = cuts.windows(2).enumerate();
        fragments.map(|(i, cut)| frame(first_byte(i), &payload[cut[0]..cut[1]])).collect()
    });
    let control = prop_oneof![
        10 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(PING, &bytes)),
        10 => prop::collection::vec(any::<u8>(), 0..=125).prop_map(|bytes| frame(PONG, &bytes)),
        1 => Just(frame(CLOSE, b"")),
        1 => any::<u16>().prop_map(|code| frame(CLOSE, &close_payload(code, b"bye"))),
        1 => (995..1020u16).prop_map(|code| frame(CLOSE, &close_payload(code, b""))),
        1 => prop::collection::vec(any::<u8>(), 0..4)
            .prop_map(|reason| frame(CLOSE, &close_payload(1000, &reason))),
    ];
    let controls = prop::collection::vec((any::<prop::sample::Index>(), control), 0..4);
    let messages = prop::collection::vec(message, 0..5).prop_map(|all: Vec<Vec<_>>| all.concat());
    (messages, controls).prop_map(|(mut frames, controls)| {
        for (place, control) in controls {
            frames.insert(place.index(frames.len() + 1), control);
        }
        frames
    })
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 1500,
        rng_seed: RngSeed::Fixed(6455),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn right_streams_say_the_same_to_us_and_to_tungstenite(
        frames in stream(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn a_stream_with_one_byte_changed_gets_the_same_verdict(
        frames in stream(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        let mut bytes = frames.concat();
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        compare(&bytes, &sizes);
    }

    #[test]
    fn a_stream_with_a_header_changed_gets_the_same_verdict(
        mut frames in stream(),
        frame in any::<prop::sample::Index>(),
        place in 0..2usize,
        bit in 0..8,
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        if !frames.is_empty() {
            let frame = frame.index(frames.len());
            frames[frame][place] ^= 1u8 << bit;
        }
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn a_stream_with_a_frame_lost_or_doubled_gets_the_same_verdict(
        mut frames in stream(),
        frame in any::<prop::sample::Index>(),
        lost in any::<bool>(),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        if !frames.is_empty() {
            let frame = frame.index(frames.len());
            match lost {
                true => drop(frames.remove(frame)),
                false => frames.insert(frame, frames[frame].clone()),
            }
        }
        compare(&frames.concat(), &sizes);
    }

    #[test]
    fn noise_gets_the_same_verdict(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        sizes in prop::collection::vec(1..50usize, 1..10),
    ) {
        compare(&bytes, &sizes);
    }
}

#[test]
fn the_samples_get_the_same_verdict() {
    for sample in samples() {
        compare(&sample, &[usize::MAX]);
    }
}
