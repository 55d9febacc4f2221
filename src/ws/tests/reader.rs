//! The reader's rules, one by one: the examples of RFC 6455, every violation and how early it is
//! seen, the limit, and what is kept (nothing, whenever possible).

use std::borrow::Cow;

use super::*;

#[test]
fn the_examples_of_rfc_6455_section_5_7_read_as_it_says() {
    let hello = || (vec![text("Hello")], None);
    assert_eq!(receive(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), hello());
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(serve(&masked), hello());
    let fragments = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    assert_eq!(receive(&fragments), hello());

    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(receive(&ping), (vec![Said::Ping(b"Hello".into())], None));
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(serve(&pong), (vec![Said::Pong(b"Hello".into())], None));

    let medium = [&[0x82, 0x7e, 0x01, 0x00][..], &[7; 256]].concat();
    assert_eq!(receive(&medium), (vec![Said::Binary(vec![7; 256])], None));
    let large = [&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0][..], &[7; 65536]].concat();
    assert_eq!(receive(&large), (vec![Said::Binary(vec![7; 65536])], None));
}

#[test]
fn control_frames_between_fragments_are_handled_at_once() {
    let bytes = [
        frame(TEXT, b"one "),
        frame(PING, b"?"),
        frame(CONTINUATION, b""),
        frame(PONG, b"!"),
        frame(CONTINUATION, b"two"),
        frame(FINAL | CONTINUATION, b""),
        frame(FINAL | BINARY, b"three"),
    ]
    .concat();
    let said = vec![
        Said::Ping(b"?".into()),
        Said::Pong(b"!".into()),
        text("one two"),
        Said::Binary(b"three".into()),
    ];
    assert_eq!(serve(&bytes), (said, None));
}

#[test]
fn a_ping_that_is_split_inside_a_fragmented_message_disturbs_nobody() {
    let ping = frame(PING, b"are you there?");
    let chunks = [&frame(TEXT, b"to be ")[..], &ping[..9], &ping[9..]];
    let end = frame(FINAL | CONTINUATION, b"continued");
    let outcome = read_all(Role::Server, Limits::default(), chunks.into_iter().chain([&end[..]]));
    let said = vec![Said::Ping(b"are you there?".into()), text("to be continued")];
    assert_eq!(outcome, (said, None));
}

/// Feeds a server byte by byte, and says how many it took until the violation.
fn bytes_until(violation: Violation, bytes: &[u8]) -> usize {
    let mut reader = Reader::new(Role::Server);
    for (i, &byte) in bytes.iter().enumerate() {
        match read_chunk(&mut reader, &mut [byte], Limits::default(), &mut Vec::new()) {
            Ok(()) => {}
            Err(seen) => {
                assert_eq!(seen, violation);
                return i + 1;
            }
        }
    }
    panic!("{violation:?} was not seen");
}

#[test]
fn a_fault_in_the_first_byte_needs_only_the_first_byte() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(bytes_until(Violation::ReservedBit, &[FINAL | TEXT | bit]), 1);
    }
    for opcode in (3..=7).chain(11..=15) {
        assert_eq!(bytes_until(Violation::ReservedOpcode, &[FINAL | opcode]), 1);
        assert_eq!(bytes_until(Violation::ReservedOpcode, &[opcode]), 1);
    }
    for control in [CLOSE, PING, PONG] {
        assert_eq!(bytes_until(Violation::FragmentedControl, &[control & !FINAL]), 1);
    }
    for continuation in [CONTINUATION, FINAL | CONTINUATION] {
        assert_eq!(bytes_until(Violation::NothingToContinue, &[continuation]), 1);
        let after_a_whole = [frame(FINAL | TEXT, b""), vec![continuation]].concat();
        assert_eq!(bytes_until(Violation::NothingToContinue, &after_a_whole), 7);
    }
    for start in [TEXT, BINARY, FINAL | TEXT, FINAL | BINARY] {
        let bytes = [frame(TEXT, b""), frame(PING, b""), vec![start]].concat();
        assert_eq!(bytes_until(Violation::MessageInMessage, &bytes), 13);
    }
}

#[test]
fn a_fault_in_the_second_byte_needs_only_the_second_byte() {
    assert_eq!(bytes_until(Violation::Unmasked, &[FINAL | TEXT, 5]), 2);
    for length in [126, 127] {
        assert_eq!(bytes_until(Violation::LongControl, &[PING, 0x80 | length]), 2);
    }
    assert_eq!(bytes_until(Violation::HalfCloseCode, &[CLOSE, 0x81]), 2);
}

#[test]
fn a_fault_in_the_length_needs_only_the_header() {
    let lengths: [(Violation, &[u8]); 7] = [
        (Violation::LengthNotMinimal, &[0xfe, 0, 0]),
        (Violation::LengthNotMinimal, &[0xfe, 0, 125]),
        (Violation::LengthNotMinimal, &[0xff, 0, 0, 0, 0, 0, 0, 0, 125]),
        (Violation::LengthNotMinimal, &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        (Violation::LengthOverflow, &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        (Violation::LengthOverflow, &[0xff; 9]),
        (Violation::MessageTooBig, &[0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (violation, length) in lengths {
        let header = [&[FINAL | TEXT][..], length, &[1, 2, 3, 4]].concat();
        assert_eq!(bytes_until(violation, &header), header.len());
    }
}

#[test]
fn a_client_wants_no_mask() {
    assert_eq!(receive(&frame(FINAL | TEXT, b"hello")), (vec![], Some(Violation::Masked)));
}

#[test]
fn a_control_frame_has_up_to_125_bytes() {
    let payload = vec![b'x'; 125];
    assert_eq!(serve(&frame(PING, &payload)), (vec![Said::Ping(payload.clone())], None));
    assert_eq!(serve(&frame(PONG, &payload)), (vec![Said::Pong(payload.clone())], None));
    let reason = &payload[2..];
    let close = Said::Close(Some((4000, String::from_utf8(reason.to_vec()).unwrap())));
    assert_eq!(serve(&frame(CLOSE, &close_payload(4000, reason))), (vec![close], None));
}

#[test]
fn a_close_frame_has_a_code_that_may_travel_and_a_reason_in_utf8_or_nothing() {
    assert_eq!(serve(&frame(CLOSE, b"")), (vec![Said::Close(None)], None));
    let said = |code, reason: &str| (vec![Said::Close(Some((code, reason.into())))], None);
    assert_eq!(serve(&frame(CLOSE, &close_payload(1000, b""))), said(1000, ""));
    let reason = "bis später".as_bytes();
    assert_eq!(serve(&frame(CLOSE, &close_payload(1001, reason))), said(1001, "bis später"));

    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let outcome = serve(&frame(CLOSE, &close_payload(code, b"")));
        assert_eq!(outcome, (vec![], Some(Violation::ForbiddenCloseCode)), "{code}");
    }
    let outcome = serve(&frame(CLOSE, &close_payload(1000, b"\xce\xba\xff")));
    assert_eq!(outcome, (vec![], Some(Violation::ReasonNotUtf8)));
    let cut = serve(&frame(CLOSE, &close_payload(1000, b"\xce")));
    assert_eq!(cut, (vec![], Some(Violation::ReasonNotUtf8)));
}

#[test]
fn a_message_at_the_limit_is_read_and_one_byte_more_is_refused_from_its_header() {
    let limits = Limits { message_bytes: 10, binary: true };
    let read = |bytes: &[u8]| read_all(Role::Server, limits, [bytes]);
    let too_big = (vec![], Some(Violation::MessageTooBig));
    assert_eq!(read(&frame(FINAL | TEXT, b"0123456789")), (vec![text("0123456789")], None));
    assert_eq!(read(&frame(FINAL | TEXT, b"0123456789a")[..6]), too_big);

    // In fragments, with a ping between them that does not count.
    let begin = [frame(TEXT, b"0123"), frame(PING, b"not counted"), frame(0, b"456")].concat();
    let ping = Said::Ping(b"not counted".into());
    let fits = [&begin[..], &frame(FINAL, b"789")].concat();
    assert_eq!(read(&fits), (vec![ping.clone(), text("0123456789")], None));
    let over = [&begin[..], &frame(FINAL, b"789a")[..6]].concat();
    assert_eq!(read(&over), (vec![ping], Some(Violation::MessageTooBig)));
}

#[test]
fn a_binary_message_is_refused_from_the_first_byte_of_its_first_frame_where_none_is_taken() {
    let limits = Limits { binary: false, ..Limits::default() };
    let read = |bytes: &[u8]| read_all(Role::Server, limits, [bytes]);
    let refused = (vec![], Some(Violation::Binary));
    assert_eq!(read(&frame(BINARY, b"012")[..1]), refused, "a fragment");
    assert_eq!(read(&frame(FINAL | BINARY, b"")[..1]), refused, "a whole message");
    let after_a_text = [frame(FINAL | TEXT, b"a"), frame(BINARY, b"b")].concat();
    assert_eq!(read(&after_a_text), (vec![text("a")], Some(Violation::Binary)));
    // In the middle of a text it is first of all in the wrong place.
    let in_a_text = [frame(TEXT, b"a"), frame(BINARY, b"b")].concat();
    assert_eq!(read(&in_a_text), (vec![], Some(Violation::MessageInMessage)));
}

#[test]
fn a_character_cut_by_a_fragment_counts_against_the_limit() {
    let limits = Limits { message_bytes: 3, binary: true };
    let fits = [frame(TEXT, b"\xe2\x82"), frame(FINAL, b"\xac")].concat();
    assert_eq!(read_all(Role::Server, limits, [&fits[..]]), (vec![text("€")], None));
    let over = [frame(TEXT, b"\xe2\x82"), frame(FINAL, b"\xac!")].concat();
    let too_big = (vec![], Some(Violation::MessageTooBig));
    assert_eq!(read_all(Role::Server, limits, [&over[..]]), too_big);
}

#[test]
fn after_a_violation_nothing_more_is_read() {
    let mut reader = Reader::new(Role::Server);
    let mut bytes = [vec![0xff], frame(FINAL | TEXT, b"hello")].concat();
    let mut input = &mut bytes[..];
    let outcome = reader.read(&mut input, &Limits::default());
    assert_eq!(outcome, Err(Violation::ReservedBit));
    assert!(input.is_empty());
    assert_deaf(reader);
}

#[test]
fn after_a_close_frame_nothing_more_is_read() {
    let mut reader = Reader::new(Role::Server);
    let mut bytes = [frame(TEXT, b"un"), frame(CLOSE, b""), frame(FINAL, b"heard")].concat();
    let mut input = &mut bytes[..];
    let outcome = reader.read(&mut input, &Limits::default());
    assert_eq!(outcome, Ok(Some(Item::Close(None))));
    assert!(input.is_empty());
    assert_deaf(reader);
}

fn assert_deaf(mut reader: Reader) {
    let mut said = Vec::new();
    for bytes in [frame(FINAL | TEXT, b"hello"), vec![0xff; 100], vec![]] {
        let outcome = read_chunk(&mut reader, &mut bytes.clone(), Limits::default(), &mut said);
        assert_eq!(outcome, Ok(()));
        assert!(reader.is_idle() && reader.buffered_bytes() == 0);
    }
    assert_eq!(said, []);
}

#[test]
fn a_whole_frame_is_lent_from_the_input_and_never_copied() {
    let mut reader = Reader::new(Role::Server);
    let mut bytes = [frame(FINAL | TEXT, b"hello"), frame(PING, b"ping")].concat();
    let place = bytes.as_ptr_range();
    let mut input = &mut bytes[..];
    let Ok(Some(Item::Text(Cow::Borrowed(hello)))) = reader.read(&mut input, &Limits::default())
    else {
        panic!("a text, lent");
    };
    let Ok(Some(Item::Ping(Cow::Borrowed(ping)))) = reader.read(&mut input, &Limits::default())
    else {
        panic!("a ping, lent");
    };
    assert!(place.contains(&hello.as_ptr()) && place.contains(&ping.as_ptr()));
    assert_eq!((hello, ping), ("hello", &b"ping"[..]));
    assert!(reader.is_idle());
}

#[test]
fn an_idle_reader_is_small_and_owns_nothing() {
    assert!(size_of::<Reader>() <= 16);
    let messages = [
        frame(FINAL | TEXT, &[b'x'; 30_000]),
        frame(FINAL | BINARY, &[b'x'; 300]),
        frame(PING, b"ping"),
        frame(FINAL | TEXT, b""),
        [frame(TEXT, b"frag"), frame(FINAL, b"ments")].concat(),
        [frame(BINARY, b"frag"), frame(PONG, b"pong"), frame(FINAL, b"")].concat(),
    ];
    let mut reader = Reader::new(Role::Server);
    for message in messages {
        for cut in [1, 3, 5, message.len() / 2, message.len() - 1] {
            let (mut begin, mut end) = (message[..cut].to_vec(), message[cut..].to_vec());
            let mut said = Vec::new();
            read_chunk(&mut reader, &mut begin, Limits::default(), &mut said).unwrap();
            assert!(!reader.is_idle() && reader.buffered_bytes() > 0);
            read_chunk(&mut reader, &mut end, Limits::default(), &mut said).unwrap();
            assert!(reader.is_idle() && reader.buffered_bytes() == 0);
            assert!(!said.is_empty());
        }
    }
}

#[test]
fn nothing_is_kept_even_before_the_last_item_has_been_handled() {
    let mut reader = Reader::new(Role::Server);
    let mut bytes = frame(FINAL | BINARY, &[7; 1000]);
    let (mut begin, mut end) = bytes.split_at_mut(500);
    assert_eq!(reader.read(&mut begin, &Limits::default()), Ok(None));
    let item = reader.read(&mut end, &Limits::default());
    assert!(reader.is_idle() && reader.buffered_bytes() == 0);
    assert_eq!(item, Ok(Some(Item::Binary(Cow::Borrowed(&[7; 1000])))));
}

/// The box itself, beside the buffer in it: no more bytes than this.
const BOX: usize = 256;

#[test]
fn buffers_grow_with_what_has_arrived_and_not_with_what_was_promised() {
    for kind in [FINAL | TEXT, TEXT, FINAL | BINARY, BINARY] {
        let mut reader = Reader::new(Role::Server);
        for (i, &byte) in frame(kind, &[b'x'; 10_000])[..10_000].iter().enumerate() {
            read_chunk(&mut reader, &mut [byte], Limits::default(), &mut vec![]).unwrap();
            assert!(reader.buffered_bytes() <= 2 * i + BOX);
        }
    }
}

#[test]
fn what_is_kept_is_counted() {
    let whole = frame(TEXT, &[b'x'; 1000]);
    let half = whole.len() / 2;
    for kept in [&whole[..half], &whole] {
        let mut reader = Reader::new(Role::Server);
        read_chunk(&mut reader, &mut kept.to_vec(), Limits::default(), &mut Vec::new()).unwrap();
        assert!(reader.buffered_bytes() >= kept.len() - 8, "all but the header is here");
    }
}

#[test]
fn buffers_never_grow_beyond_the_message_or_the_limit() {
    let limits = Limits { message_bytes: 45_000, binary: true };
    // In its last frame a message's length is known; before that the limit is the only bound.
    let bounds =
        [(FINAL | TEXT, 40_000), (FINAL | BINARY, 40_000), (TEXT, 45_000), (BINARY, 45_000)];
    for (kind, bound) in bounds {
        let mut reader = Reader::new(Role::Server);
        // Without its last byte. By mere doubling, 1500 would become 48,000.
        for piece in frame(kind, &[b'x'; 40_000])[..40_000].chunks_mut(1500) {
            read_chunk(&mut reader, piece, limits, &mut vec![]).unwrap();
            assert!(reader.buffered_bytes() <= bound + BOX);
        }
    }
}

#[test]
fn a_message_in_very_many_fragments_is_not_copied_for_each_of_them() {
    let mut reader = Reader::new(Role::Server);
    let (mut sizes, mut said) = (Vec::new(), Vec::new());
    for i in 0..60_000 {
        let first = if i == 0 { BINARY } else { CONTINUATION };
        read_chunk(&mut reader, &mut frame(first, b"x"), Limits::default(), &mut said).unwrap();
        sizes.push(reader.buffered_bytes());
    }
    sizes.dedup();
    assert!(sizes.len() < 20, "the buffer has moved {} times", sizes.len());
}

#[test]
fn neither_debug_output_nor_a_violation_shows_a_text() {
    let mut reader = Reader::new(Role::Server);
    let mut bytes = frame(TEXT, b"secret");
    let mut input = &mut bytes[..];
    assert_eq!(reader.read(&mut input, &Limits::default()), Ok(None));
    let kept = format!("buffered_bytes: {}", reader.buffered_bytes());
    let shown = format!("{reader:?}");
    assert!(shown.contains(&kept) && !shown.contains("secret"), "{shown}");
    let item = Item::Text(Cow::Borrowed("secret"));
    assert_eq!(format!("{item:?} {:?}", item.as_frame()), "Text(6 bytes) Text(6 bytes)");
}
