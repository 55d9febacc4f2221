//! [`ResponseHead`]: the client's half, which `loadgen` needs to see its upgrade accepted.
//!
//! It believes the server: what httparse takes is taken, and no body's framing is judged. Knows no
//! WebSocket: whether a 101 is the right one is the caller's question.

use std::fmt;

use httparse::{EMPTY_HEADER, Error, Status};

use super::{Headers, Limits};

/// The head of a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResponseHead<'b> {
    /// The status code; any three digits, since the server may be anybody's.
    pub status: u16,
    /// The header lines.
    pub headers: Headers<'b>,
}

/// Why a response cannot be understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadResponse {
    /// It is not HTTP/1.x.
    Malformed,
    /// Its head is over a limit.
    TooLong,
}

impl fmt::Display for BadResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadResponse::Malformed => "the response is not HTTP/1.x",
            BadResponse::TooLong => "the response headers are too long or too many",
        })
    }
}

impl std::error::Error for BadResponse {}

/// Reads the head at the start of `input`, and says how many bytes it took.
///
/// `None` means that more bytes are needed.
///
/// # Errors
///
/// [`BadResponse`], as soon as the bytes so far show it.
pub fn parse_response<'b>(
    input: &'b [u8],
    limits: &Limits,
) -> Result<Option<(ResponseHead<'b>, usize)>, BadResponse> {
    let window = &input[..input.len().min(limits.head_bytes)];
    let mut lines = vec![EMPTY_HEADER; limits.headers];
    let mut head = httparse::Response::new(&mut lines);
    let head_len = match head.parse(window) {
        Ok(Status::Complete(head_len)) => head_len,
        Ok(Status::Partial) if window.len() == limits.head_bytes => {
            return Err(BadResponse::TooLong);
        }
        Ok(Status::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => return Err(BadResponse::TooLong),
        Err(_) => return Err(BadResponse::Malformed),
    };
    let status = head.code.expect("a complete head has a status");
    let count = head.headers.len();
    lines.truncate(count);
    Ok(Some((ResponseHead { status, headers: Headers::new(lines) }, head_len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_wherever_the_bytes_are_cut_and_its_body_left_alone() {
        let input = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00";
        let whole = input.len() - 2;
        for cut in 0..whole {
            assert_eq!(parse_response(&input[..cut], &Limits::default()), Ok(None), "at {cut}");
        }
        let (head, head_len) =
            parse_response(input, &Limits::default()).expect("valid").expect("complete");
        assert_eq!((head.status, head_len), (101, whole));
        assert!(head.headers.has_token("upgrade", "WebSocket"));
    }

    #[test]
    fn what_is_no_response_or_too_long_is_refused_at_once() {
        let refused = |input: &[u8], limits| parse_response(input, &limits).expect_err("refused");
        let limits = Limits { head_bytes: 20, headers: 1 };
        assert_eq!(refused(b"SSH-2.0-", limits), BadResponse::Malformed);
        assert_eq!(refused(b"HTTP/1.1 200 Okey-dok", limits), BadResponse::TooLong);
        let limits = Limits { headers: 1, ..Limits::default() };
        assert_eq!(refused(b"HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n", limits), BadResponse::TooLong);
    }
}
