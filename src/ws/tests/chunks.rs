//! The network may cut a stream anywhere: every sample is cut at every byte, and in every manner of
//! chunks, and has to give the same items and the same violation.

use super::oracle::LIMITS;
use super::*;

/// Streams of a client, right and wrong ones.
pub(super) fn samples() -> Vec<Vec<u8>> {
    let euro = "€".as_bytes();
    let mut samples = vec![
        vec![],
        [frame(FINAL | TEXT, b"a"), frame(FINAL | TEXT, b""), frame(FINAL | BINARY, b"b")].concat(),
        frame(FINAL | TEXT, "κόσμε 🦀 κόσμε".as_bytes()),
        frame(FINAL | TEXT, &[b'x'; 125]),
        frame(FINAL | TEXT, &[b'x'; 126]),
        [frame(FINAL | BINARY, &[7; 300]), frame(CLOSE, b"")].concat(),
        [
            frame(TEXT, &euro[..1]),
            frame(PING, b"ping"),
            frame(0, &euro[1..2]),
            frame(FINAL, &euro[2..]),
        ]
        .concat(),
        [frame(BINARY, b""), frame(0, b""), frame(FINAL, b""), frame(PONG, b"")].concat(),
        [frame(PING, &[b'p'; 125]), frame(PONG, b"pong")].concat(),
        frame(CLOSE, &close_payload(1000, "auf Wiedersehen, tschüß".as_bytes())),
        [frame(TEXT, b"cut short by "), frame(CLOSE, b""), frame(FINAL, b"nobody")].concat(),
        // From here on the streams are wrong.
        [frame(FINAL | TEXT, b"ok"), frame(FINAL | TEXT, b"wrong \xff"), frame(PING, b"")].concat(),
        [frame(TEXT, &euro[..2]), frame(FINAL, b"")].concat(),
        [frame(TEXT, b"ok"), frame(TEXT, b"ok")].concat(),
        [frame(PING, b"ok"), frame(0, b"of what?")].concat(),
        [frame(PING, b"ok"), bare_frame(FINAL | TEXT, b"no mask")].concat(),
        [frame(PING, b"ok"), frame(FINAL | 0x40 | TEXT, b"compressed?")].concat(),
        [frame(PING, b"ok"), frame(FINAL | 3, b"")].concat(),
        [frame(PING, b"ok"), frame(9, b"fragment")].concat(),
        [frame(PING, b"ok"), frame(PING, &[b'p'; 126])].concat(),
        [frame(PING, b"ok"), frame(CLOSE, b"x"), frame(PING, b"")].concat(),
        [frame(PING, b"ok"), frame(CLOSE, &close_payload(1005, b"")), frame(PING, b"")].concat(),
        frame(CLOSE, &close_payload(1000, b"wrong \xff")),
        vec![FINAL | TEXT, 0xfe, 0, 1, 0, 0, 0, 0, b'x'],
        vec![FINAL | TEXT, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'x'],
        [frame(BINARY, &[7; 400]), frame(FINAL, &[7; 101])].concat(),
    ];
    // One frame that needs eight bytes for its length; the limit of these tests refuses it.
    samples.push(frame(FINAL | BINARY, &[7; 65536])[..20].to_vec());
    samples
}

#[test]
fn a_stream_cut_in_two_anywhere_says_the_same() {
    for sample in samples() {
        let whole = read_all(Role::Server, LIMITS, [&sample[..]]);
        for cut in 0..=sample.len() {
            let (begin, end) = sample.split_at(cut);
            assert_eq!(read_all(Role::Server, LIMITS, [begin, end]), whole, "{cut}");
        }
    }
}

#[test]
fn a_stream_in_chunks_of_any_size_says_the_same() {
    for sample in samples() {
        let whole = read_all(Role::Server, LIMITS, [&sample[..]]);
        for size in 1..20 {
            assert_eq!(read_all(Role::Server, LIMITS, sample.chunks(size)), whole, "{size}");
        }
    }
}

#[test]
fn a_frame_with_a_length_of_eight_bytes_can_be_cut_anywhere_in_its_header() {
    let sample = frame(FINAL | TEXT, &[b'x'; 65536]);
    let whole = serve(&sample);
    assert_eq!(whole.0.len(), 1);
    for cut in (0..20).chain([1000, sample.len() - 1]) {
        let (begin, end) = sample.split_at(cut);
        assert!(read_all(Role::Server, Limits::default(), [begin, end]) == whole);
    }
}

#[test]
fn a_servers_stream_can_be_cut_anywhere_too() {
    let sample = [
        bare_frame(TEXT, "€".as_bytes()),
        bare_frame(PING, b"ping"),
        bare_frame(FINAL, "🦀".as_bytes()),
        bare_frame(FINAL | BINARY, &[7; 200]),
        bare_frame(CLOSE, &close_payload(4000, b"replaced by a newer connection")),
    ]
    .concat();
    let whole = receive(&sample);
    assert_eq!((whole.0.len(), whole.1), (4, None));
    for cut in 0..=sample.len() {
        let (begin, end) = sample.split_at(cut);
        assert_eq!(read_all(Role::Client, Limits::default(), [begin, end]), whole);
    }
}
