//! The way out: what is written here reads the same, there and at tungstenite's, and is as short as
//! it can be.

use tungstenite::protocol::frame::FrameHeader;

use super::*;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[test]
fn frames_are_written_as_by_hand() {
    let long = "x".repeat(300);
    let frames = [
        (Frame::Text("hello"), FINAL | TEXT, b"hello".to_vec()),
        (Frame::Text(&long), FINAL | TEXT, long.clone().into()),
        (Frame::Binary(b""), FINAL | BINARY, b"".to_vec()),
        (Frame::Ping(b"ping"), PING, b"ping".to_vec()),
        (Frame::Pong(&[7; 125]), PONG, vec![7; 125]),
        (Frame::Close(None), CLOSE, vec![]),
        (Frame::Close(Some((CloseCode::Away, "bye"))), CLOSE, close_payload(1001, b"bye")),
    ];
    for (ours, first, payload) in frames {
        let mut out = b"before".to_vec();
        ours.encode(&mut out);
        assert_eq!(out, [b"before", &bare_frame(first, &payload)[..]].concat());
        out.clear();
        ours.encode_masked(MASK, &mut out);
        assert_eq!(out, frame(first, &payload));
    }
}

#[test]
fn a_frame_asks_for_little_more_memory_than_it_takes() {
    let long = "x".repeat(10_000);
    let mut out = Vec::new();
    Frame::Text(&long).encode(&mut out);
    assert!(out.capacity() < 2 * out.len(), "{} for {}", out.capacity(), out.len());
}

#[test]
fn a_text_frame_written_in_place_is_contiguous_at_every_size_of_header() {
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
        let payload = "x".repeat(size);
        let mut out = b"before".to_vec();
        text_frame(&mut out, |out| {
            for byte in payload.bytes() {
                out.push(byte);
            }
        });
        assert!(out == [b"before", &bare_frame(FINAL | TEXT, payload.as_bytes())[..]].concat());
    }
}

#[test]
fn a_reason_that_is_too_long_is_cut_and_not_its_frame() {
    let reason = "é".repeat(100);
    let mut out = Vec::new();
    Frame::Close(Some((CloseCode::Policy, &reason))).encode(&mut out);
    let said = vec![Said::Close(Some((1008, "é".repeat(61))))];
    assert_eq!(receive(&out), (said, None));
}

#[test]
fn every_violation_can_be_said_in_a_close_frame_in_full() {
    let seen = [
        Violation::ReservedBit,
        Violation::ReservedOpcode,
        Violation::FragmentedControl,
        Violation::NothingToContinue,
        Violation::MessageInMessage,
        Violation::Unmasked,
        Violation::Masked,
        Violation::LongControl,
        Violation::LengthNotMinimal,
        Violation::LengthOverflow,
        Violation::MessageTooBig,
        Violation::TextNotUtf8,
        Violation::HalfCloseCode,
        Violation::ForbiddenCloseCode,
        Violation::ReasonNotUtf8,
    ];
    for violation in seen {
        let mut out = Vec::new();
        Frame::Close(Some((violation.code(), violation.sentence()))).encode(&mut out);
        let said = Said::Close(Some((violation.code().into(), violation.to_string())));
        assert_eq!(receive(&out), (vec![said], None));
    }
}

#[test]
fn a_ping_is_answered_with_its_payload_and_a_close_frame_with_its_code() {
    let answer = |mut bytes: Vec<u8>| {
        let mut reader = Reader::new(Role::Server);
        let item = reader.read(&mut &mut bytes[..], &Limits::default()).unwrap().unwrap();
        let mut out = Vec::new();
        item.answer().map(|frame| frame.encode(&mut out)).map(|()| out)
    };
    assert_eq!(answer(frame(PING, b"?")), Some(bare_frame(PONG, b"?")));
    assert_eq!(answer(frame(CLOSE, b"")), Some(bare_frame(CLOSE, b"")));
    let close = frame(CLOSE, &close_payload(1000, b"bye"));
    assert_eq!(answer(close), Some(bare_frame(CLOSE, &close_payload(1000, b""))));
    assert_eq!(answer(frame(PONG, b"?")), None);
    assert_eq!(answer(frame(FINAL | TEXT, b"?")), None);
    assert_eq!(answer(frame(FINAL | BINARY, b"?")), None);
}

#[test]
fn no_header_is_longer_than_14_bytes() {
    let longest = FrameHeader { mask: Some(MASK), ..FrameHeader::default() };
    assert_eq!(longest.len(u64::MAX), crate::ws::header::Header::MAX_BYTES);
}
