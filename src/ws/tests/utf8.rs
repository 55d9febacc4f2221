//! UTF-8 in text messages, wherever the characters are cut, after the cases 6.* of
//! Autobahn|Testsuite: wrong bytes are found at once, and nothing right is called wrong.

use super::*;

/// Right to the last byte.
const VALID: [&[u8]; 8] = [
    b"",
    b"plain",
    "κόσμε".as_bytes(),
    "\u{0}\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}".as_bytes(),
    b"\xed\x9f\xbf", // the last character before the surrogates
    b"\xee\x80\x80", // the first one after them
    "\u{fffe}\u{fdd0}\u{1fffe}".as_bytes(), // non-characters are characters here
    "a€b🦀c".as_bytes(),
];

/// Wrong at the byte with this number, counted from 1, and not before.
const WRONG: [(&[u8], usize); 17] = [
    (b"\x80", 1), // an end without a beginning
    (b"ab\xbfcd", 3),
    (b"\xc0\xaf", 1), // '/' in two bytes
    (b"\xc1\xbf", 1),
    (b"\xe0\x80\xaf", 2), // '/' in three
    (b"\xe0\x9f\xbf", 2),
    (b"\xf0\x80\x80\xaf", 2), // '/' in four
    (b"\xf0\x8f\xbf\xbf", 2),
    (b"\xed\xa0\x80", 2),             // the first surrogate
    (b"\xed\xbf\xbf", 2),             // the last one
    (b"\xed\xa0\x80\xed\xb0\x80", 2), // a pair of them
    (b"\xf4\x90\x80\x80", 2),         // 0x110000
    (b"\xf5\x80\x80\x80", 1),
    (b"\xfe", 1),
    (b"\xff", 1),
    (b"\xe2\x82\x41", 3), // a character that never ends
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 13), // Autobahn 6.4.*
];

/// Right as far as it goes, but a character lacks its end.
const TRUNCATED: [&[u8]; 7] =
    [b"\xce", b"\xe2", b"\xe2\x82", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\xa6", b"abc\xf4\x8f\xbf"];

#[test]
fn right_text_is_right_wherever_fragments_cut_it() {
    for bytes in VALID {
        let expected = (vec![text(str::from_utf8(bytes).unwrap())], None);
        assert_eq!(serve(&frame(FINAL | TEXT, bytes)), expected);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let fragments = [
                    frame(TEXT, &bytes[..first]),
                    frame(CONTINUATION, &bytes[first..second]),
                    frame(FINAL | CONTINUATION, &bytes[second..]),
                ];
                assert_eq!(serve(&fragments.concat()), expected);
            }
        }
    }
}

#[test]
fn wrong_text_is_refused_in_one_frame_and_in_fragments() {
    let refused = (vec![], Some(Violation::TextNotUtf8));
    for bytes in WRONG.map(|(bytes, _)| bytes).into_iter().chain(TRUNCATED) {
        assert_eq!(serve(&frame(FINAL | TEXT, bytes)), refused);
        for cut in 0..=bytes.len() {
            let fragments = [frame(TEXT, &bytes[..cut]), frame(FINAL, &bytes[cut..])].concat();
            assert_eq!(serve(&fragments), refused);
        }
    }
}

#[test]
fn the_first_wrong_byte_fails_at_once_and_no_byte_before_it() {
    for (bytes, wrong_at) in WRONG {
        // In one frame that promises more, and in one fragment a byte; byte by byte both.
        let promised = [bytes, &[b'.'; 50]].concat();
        let in_one = &frame(FINAL | TEXT, &promised)[..6 + wrong_at];
        assert_eq!(failing_byte(in_one), in_one.len());

        let mut in_many = frame(TEXT, b"");
        for &byte in &bytes[..wrong_at] {
            in_many.extend(frame(CONTINUATION, &[byte]));
        }
        assert_eq!(failing_byte(&in_many), in_many.len());
    }
}

fn failing_byte(bytes: &[u8]) -> usize {
    let mut reader = Reader::new(Role::Server);
    let fails = |&byte: &u8| {
        read_chunk(&mut reader, &mut [byte], Limits::default(), &mut Vec::new()).is_err()
    };
    1 + bytes.iter().position(fails).expect("a wrong byte")
}

#[test]
fn a_truncated_character_is_waited_for_until_the_message_ends() {
    for bytes in TRUNCATED {
        assert_eq!(serve(&frame(TEXT, bytes)), (vec![], None));
        let ended = [frame(TEXT, bytes), frame(PING, b""), frame(FINAL, b"")].concat();
        let outcome = (vec![Said::Ping(vec![])], Some(Violation::TextNotUtf8));
        assert_eq!(serve(&ended), outcome);
    }
}

#[test]
fn binary_messages_pings_and_pongs_may_hold_anything() {
    for (bytes, _) in WRONG {
        let all = [frame(FINAL | BINARY, bytes), frame(PING, bytes), frame(PONG, bytes)].concat();
        let bytes = bytes.to_vec();
        let said = vec![Said::Binary(bytes.clone()), Said::Ping(bytes.clone()), Said::Pong(bytes)];
        assert_eq!(serve(&all), (said, None));
    }
}
