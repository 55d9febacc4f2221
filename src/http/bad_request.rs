//! [`BadRequest`]: why a request was refused before anybody looked at what it wants.
//!
//! Each reason has a status and one sentence, which are the answer. The sentence quotes nothing of
//! the request: what cannot be parsed cannot be trusted in a log either. Made by `parse`.

use std::fmt;

use super::Status;

/// Why a request cannot be understood, or must not be.
///
/// The connection closes after the answer: where the next request would begin is unknown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadRequest {
    /// The first line is not `method SP target SP version` (RFC 9112 §3).
    RequestLine,
    /// The target is neither a path nor an http URL (RFC 9112 §3.2).
    Target,
    /// The version is HTTP, but not 1.0 or 1.1 (RFC 9110 §15.6.6).
    Version,
    /// A line ends in something else than CR LF (RFC 9112 §2.2).
    LineEnd,
    /// A header's name is no token directly before its colon. A line that begins with white space
    /// is one of these: folding is obsolete, and refused (RFC 9112 §5.1, §5.2).
    HeaderName,
    /// A header's value contains a control character, a bare CR for example (RFC 9110 §5.5).
    HeaderValue,
    /// There is no Host in HTTP/1.1, or more than one, or it is no host (RFC 9112 §3.2).
    Host,
    /// Content-Length stands twice, even if it agrees, or is no number (RFC 9112 §6.3).
    ContentLength,
    /// Content-Length and Transfer-Encoding contradict each other (RFC 9112 §6.3).
    TwoFramings,
    /// HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1).
    TransferEncodingInHttp10,
    /// The body is encoded, and `chunked` is not the last of its codings: nothing says where it ends
    /// (RFC 9112 §6.3).
    NoEndOfBody,
    /// The body is encoded in another way before it is `chunked` (RFC 9112 §6.1).
    TransferCoding,
    /// The request line does not end within the limit (RFC 9112 §3).
    LineTooLong,
    /// The head does not end within the limit (RFC 6585 §5).
    HeadTooLong,
    /// There are more header lines than the limit (RFC 6585 §5).
    TooManyHeaders,
}

impl BadRequest {
    /// The status to answer with.
    pub const fn status(self) -> Status {
        match self {
            BadRequest::RequestLine
            | BadRequest::Target
            | BadRequest::LineEnd
            | BadRequest::HeaderName
            | BadRequest::HeaderValue
            | BadRequest::Host
            | BadRequest::ContentLength
            | BadRequest::TwoFramings
            | BadRequest::TransferEncodingInHttp10
            | BadRequest::NoEndOfBody => Status::BadRequest,
            BadRequest::LineTooLong => Status::UriTooLong,
            BadRequest::HeadTooLong | BadRequest::TooManyHeaders => {
                Status::RequestHeaderFieldsTooLarge
            }
            BadRequest::TransferCoding => Status::NotImplemented,
            BadRequest::Version => Status::HttpVersionNotSupported,
        }
    }
}

impl BadRequest {
    /// Whether one of our limits was the reason.
    pub const fn is_too_much(self) -> bool {
        matches!(self.status(), Status::UriTooLong | Status::RequestHeaderFieldsTooLarge)
    }
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadRequest::RequestLine => "the first line is not an HTTP request line",
            BadRequest::Target => "the request target is neither a path nor an http URL",
            BadRequest::Version => "this server speaks HTTP/1.1",
            BadRequest::LineEnd => "every line of the head must end in CR LF",
            BadRequest::HeaderName => "a header line does not begin with a name and a colon",
            BadRequest::HeaderValue => "a header value contains a control character",
            BadRequest::Host => "the request needs exactly one valid Host header",
            BadRequest::ContentLength => "Content-Length must stand once and be a number",
            BadRequest::TwoFramings => "Content-Length and Transfer-Encoding exclude each other",
            BadRequest::TransferEncodingInHttp10 => "HTTP/1.0 has no Transfer-Encoding",
            BadRequest::NoEndOfBody => "the last transfer coding of a request is chunked",
            BadRequest::TransferCoding => "the only transfer coding understood is chunked",
            BadRequest::LineTooLong => "the request line is too long",
            BadRequest::HeadTooLong => "the request headers are too long",
            BadRequest::TooManyHeaders => "the request has too many headers",
        })
    }
}

impl std::error::Error for BadRequest {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whose_limit_or_fault_it_was() {
        for (reason, status) in [
            (BadRequest::RequestLine, 400),
            (BadRequest::Host, 400),
            (BadRequest::TwoFramings, 400),
            (BadRequest::NoEndOfBody, 400),
            (BadRequest::LineTooLong, 414),
            (BadRequest::HeadTooLong, 431),
            (BadRequest::TooManyHeaders, 431),
            (BadRequest::TransferCoding, 501),
            (BadRequest::Version, 505),
        ] {
            assert_eq!(reason.status().code(), status, "{reason}");
        }
    }
}
