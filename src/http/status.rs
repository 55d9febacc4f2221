//! [`Status`]: the status codes that this server sends, each with its standard phrase.
//!
//! Some oblige the sender to a header; which one stands here, since the response cannot know its
//! value. Called by the code that answers.

/// A status code (RFC 9110 §15).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// 101: from here on it is another protocol.
    SwitchingProtocols = 101,
    /// 200.
    Ok = 200,
    /// 204: that is all; there is no body.
    NoContent = 204,
    /// 400: the request makes no sense.
    BadRequest = 400,
    /// 403: no.
    Forbidden = 403,
    /// 404: there is nothing here.
    NotFound = 404,
    /// 405: not with this method. Needs `Allow`.
    MethodNotAllowed = 405,
    /// 408: the request took too long to arrive.
    RequestTimeout = 408,
    /// 411: say the body's length first.
    LengthRequired = 411,
    /// 413: the body is too long.
    ContentTooLarge = 413,
    /// 414: the request line is too long.
    UriTooLong = 414,
    /// 426: only with another protocol. Needs [`upgrade`](super::Response::upgrade).
    UpgradeRequired = 426,
    /// 429: too often. `Retry-After` says when.
    TooManyRequests = 429,
    /// 431: the headers are too long, or too many.
    RequestHeaderFieldsTooLarge = 431,
    /// 501: this server does not implement that.
    NotImplemented = 501,
    /// 503: not now. `Retry-After` says when.
    ServiceUnavailable = 503,
    /// 505: not in this version of HTTP.
    HttpVersionNotSupported = 505,
}

impl Status {
    /// The three digits.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The phrase that goes with them (RFC 9110 §15; RFC 6585 for 429 and 431).
    pub const fn reason(self) -> &'static str {
        match self {
            Status::SwitchingProtocols => "Switching Protocols",
            Status::Ok => "OK",
            Status::NoContent => "No Content",
            Status::BadRequest => "Bad Request",
            Status::Forbidden => "Forbidden",
            Status::NotFound => "Not Found",
            Status::MethodNotAllowed => "Method Not Allowed",
            Status::RequestTimeout => "Request Timeout",
            Status::LengthRequired => "Length Required",
            Status::ContentTooLarge => "Content Too Large",
            Status::UriTooLong => "URI Too Long",
            Status::UpgradeRequired => "Upgrade Required",
            Status::TooManyRequests => "Too Many Requests",
            Status::RequestHeaderFieldsTooLarge => "Request Header Fields Too Large",
            Status::NotImplemented => "Not Implemented",
            Status::ServiceUnavailable => "Service Unavailable",
            Status::HttpVersionNotSupported => "HTTP Version Not Supported",
        }
    }

    /// Whether a body, be it an empty one, follows: then its length has to be said, and otherwise it
    /// must not be (RFC 9110 §8.6).
    pub(super) const fn may_have_body(self) -> bool {
        !matches!(self, Status::SwitchingProtocols | Status::NoContent)
    }
}
