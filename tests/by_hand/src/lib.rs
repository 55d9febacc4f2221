//! The bytes of a WebSocket client, written from RFC 6455 and independently of the server's code. So a
//! mistake in one of the two shows. [`upgrade`] makes the request, [`masked`] makes a frame, and
//! [`first_frame`] parses one.
//!
//! It is a separate crate because seven test programs need it. It knows no sockets, and has no
//! dependencies.

/// A continuation frame (RFC 6455 §5.2).
pub const CONTINUATION: u8 = 0;
/// A text frame.
pub const TEXT: u8 = 1;
/// A binary frame.
pub const BINARY: u8 = 2;
/// A close frame.
pub const CLOSE: u8 = 8;
/// A ping.
pub const PING: u8 = 9;
/// A pong.
pub const PONG: u8 = 10;
/// The bit of the first byte that says that a frame is the last of its message.
pub const FINAL: u8 = 0x80;

/// The key of a client: the example of RFC 6455 §1.3.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// The answer to [`KEY`].
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The request that opens a WebSocket at `path`. `more` is further header lines, each with its line end.
pub fn upgrade(path: &str, host: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
    )
}

/// Appends a client's frame to `out`: `first` is its first byte, [`FINAL`] and the opcode.
pub fn masked(first: u8, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    out.push(first);
    match payload.len() {
        short @ 0..=125 => out.push(0x80 | short as u8),
        middle @ 126..=0xFFFF => {
            out.push(0x80 | 126);
            out.extend((middle as u16).to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Parses the first frame of a server in `bytes`: its first byte, its payload, and the length of the
/// whole frame. `None` if it has not arrived in full.
///
/// # Panics
///
/// If the frame is masked: a server never masks its frames (RFC 6455 §5.1).
pub fn first_frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert_eq!(second & 0x80, 0, "a server's frames are not masked");
    let (length, start): (usize, usize) = match second {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (usize::try_from(length).ok()?, 10)
        }
        short => (usize::from(short), 2),
    };
    Some((first, bytes.get(start..start.checked_add(length)?)?, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 6455 §5.7.
        let mut hello = Vec::new();
        masked(FINAL | TEXT, b"Hello", [0x37, 0xfa, 0x21, 0x3d], &mut hello);
        assert_eq!(hello, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!(first_frame(b"\x81\x05Hello..."), Some((0x81, &b"Hello"[..], 7)));
        let long = [&b"\x82\x7E\x01\x00"[..], &[7; 256]].concat();
        assert_eq!(first_frame(&long), Some((0x82, &[7; 256][..], 260)));
    }

    #[test]
    fn a_frame_that_has_not_all_arrived_is_none_wherever_it_is_cut() {
        let frame = [&b"\x82\x7F\0\0\0\0\0\x01\0\0"[..], &[7; 65_536]].concat();
        assert!(first_frame(&frame).is_some());
        for cut in (0..20).chain([65_000, frame.len() - 1]) {
            assert_eq!(first_frame(&frame[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn lengths_are_written_in_as_few_bytes_as_they_take() {
        let header = |length: usize| {
            let mut out = Vec::new();
            masked(FINAL | BINARY, &vec![0; length], [0; 4], &mut out);
            out.len() - length
        };
        assert_eq!([0, 125, 126, 65_535, 65_536].map(header), [6, 6, 8, 8, 14]);
    }
}
