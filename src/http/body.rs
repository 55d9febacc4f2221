//! [`Body`]: where a request's body ends, if it has one.
//!
//! Request smuggling lives here: two servers in a row that disagree about the end of a body disagree
//! about where the next request begins. So whatever could be read in two ways is refused, also where
//! the standard would let us repair it. Knows no body's bytes. Called by `parse`, once a request.

use super::{BadRequest, Headers, Version};

/// How the body that follows a head is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// No body: no Content-Length, or zero.
    None,
    /// This many bytes, at least one.
    Length(u64),
    /// Chunks, up to the last one.
    Chunked,
}

impl Body {
    /// How many bytes it has, as far as the head says it: none in chunks.
    pub fn length(self) -> usize {
        match self {
            Body::None | Body::Chunked => 0,
            Body::Length(length) => usize::try_from(length).unwrap_or(usize::MAX),
        }
    }

    /// Reads the framing of a request's body from its headers.
    pub(super) fn of(version: Version, headers: &Headers<'_>) -> Result<Body, BadRequest> {
        let mut lengths = headers.all("content-length");
        let length = lengths.next();
        if lengths.next().is_some() {
            // Equal ones might be merged (RFC 9112 §6.3), but no honest client sends them.
            return Err(BadRequest::ContentLength);
        }

        let mut codings = headers.all("transfer-encoding");
        let Some(coding) = codings.next() else {
            return length.map_or(Ok(Body::None), Body::of_length);
        };
        if length.is_some() {
            return Err(BadRequest::TwoFramings);
        }
        if version == Version::Http10 {
            return Err(BadRequest::TransferEncodingInHttp10);
        }
        let alone = codings.next().is_none();
        if coding.eq_ignore_ascii_case(b"chunked") && alone {
            return Ok(Body::Chunked);
        }
        // Several lines are one list. What is chunked last has an end at least, only not for us.
        let last_line = headers.all("transfer-encoding").last().unwrap_or(coding);
        let last = last_line.rsplit(|&byte| byte == b',').next().unwrap_or(last_line);
        if last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            Err(BadRequest::TransferCoding)
        } else {
            Err(BadRequest::NoEndOfBody)
        }
    }

    fn of_length(digits: &[u8]) -> Result<Body, BadRequest> {
        // `u64::from_str` would take "+5". A number beyond 64 bits is no length of anything.
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(BadRequest::ContentLength);
        }
        let length = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        match length.ok_or(BadRequest::ContentLength)? {
            0 => Ok(Body::None),
            length => Ok(Body::Length(length)),
        }
    }
}
