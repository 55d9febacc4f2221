//! What the server may say: a whole HTTP response, or a whole frame, by the book and independently
//! of the code that wrote it.

use serde_json::value::RawValue;
use switchboard::dialects::Dialect;

/// One response: a status line, header lines, and as much of a body as they say, or none to HEAD.
pub(crate) fn check_response(bytes: &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head has an end");
    let head = str::from_utf8(&bytes[..end]).expect("our heads are ASCII");
    let body = &bytes[end + 4..];
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status line");
    let mut length = None;
    for line in lines {
        let (name, value) = line.split_once(": ").expect("name: value");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        assert!(value.bytes().all(|byte| (b' '..0x7F).contains(&byte)));
        if name == "Content-Length" {
            assert_eq!(length.replace(value.parse::<usize>().expect("a number")), None);
        }
    }
    match &status[..3] {
        "101" | "204" | "304" => assert!(length.is_none() && body.is_empty()),
        _ => assert!(body.is_empty() || length == Some(body.len()), "as long as it says"),
    }
}

/// One frame of a server's (RFC 6455 §5); says whether it closes.
pub(crate) fn check_frame(bytes: &[u8], to: Dialect) -> bool {
    let (first, second) = (bytes[0], bytes[1]);
    assert_eq!(first & 0xF0, 0x80, "final, and no reserved bit");
    let (length, header_bytes) = match second {
        0..=125 => (u64::from(second), 2),
        126 => (u16::from_be_bytes([bytes[2], bytes[3]]).into(), 4),
        127 => (u64::from_be_bytes(bytes[2..10].try_into().expect("eight bytes")), 10),
        128.. => panic!("a server masks nothing"),
    };
    let payload = &bytes[header_bytes..];
    assert_eq!(length, payload.len() as u64, "one frame, and all of it");
    match (first & 0x0F, to) {
        (
            1,
            Dialect::Sca
            | Dialect::Messenger
            | Dialect::WebsocketChat
            | Dialect::Chatterbox
            | Dialect::MychatPair
            | Dialect::MychatRoom
            | Dialect::MychatNews,
        ) => {
            let text = str::from_utf8(payload).expect("a text is UTF-8");
            assert!(serde_json::from_str::<&RawValue>(text).is_ok(), "and JSON");
        }
        (1, Dialect::Echo) => assert!(str::from_utf8(payload).is_ok()),
        (2, Dialect::Echo) => {}
        (10, _) => assert!(payload.len() <= 125),
        (8, _) => check_close(payload),
        (opcode, _) => panic!("opcode {opcode}"),
    }
    first & 0x0F == 8
}

/// Empty, or a code that may be sent (§7.4) and a reason.
fn check_close(payload: &[u8]) {
    let [high, low, reason @ ..] = payload else { return assert!(payload.is_empty()) };
    let code = u16::from_be_bytes([*high, *low]);
    assert!(matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999), "code {code}");
    assert!(reason.len() <= 123 && str::from_utf8(reason).is_ok());
}
