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
    /// 202: it is begun, and not done yet.
    Accepted = 202,
    /// 204: that is all; there is no body.
    NoContent = 204,
    /// 303: the answer is what a GET of the address in `Location` brings.
    SeeOther = 303,
    /// 304: what the client has is still right (RFC 9110 §15.4.5). There is no body.
    NotModified = 304,
    /// 307: the same request again, to the address in `Location`.
    TemporaryRedirect = 307,
    /// 400: the request makes no sense.
    BadRequest = 400,
    /// 401: say who you are. Needs `WWW-Authenticate` (RFC 9110 §15.5.2).
    Unauthorized = 401,
    /// 403: no.
    Forbidden = 403,
    /// 404: there is nothing here.
    NotFound = 404,
    /// 405: not with this method. Needs `Allow`.
    MethodNotAllowed = 405,
    /// 408: the request took too long to arrive.
    RequestTimeout = 408,
    /// 409: not in the present state of things.
    Conflict = 409,
    /// 411: say the body's length first.
    LengthRequired = 411,
    /// 413: the body is too long.
    ContentTooLarge = 413,
    /// 414: the request line is too long.
    UriTooLong = 414,
    /// 415: the body is of another type than those that are taken here.
    UnsupportedMediaType = 415,
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
    /// 507: there is no room to store it (RFC 4918 §11.5).
    InsufficientStorage = 507,
}

impl Status {
    /// The three digits.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The phrase that goes with them (RFC 9110 §15; RFC 6585 for 429 and 431; RFC 4918 for 507).
    pub const fn reason(self) -> &'static str {
        match self {
            Status::SwitchingProtocols => "Switching Protocols",
            Status::Ok => "OK",
            Status::Accepted => "Accepted",
            Status::NoContent => "No Content",
            Status::SeeOther => "See Other",
            Status::NotModified => "Not Modified",
            Status::TemporaryRedirect => "Temporary Redirect",
            Status::BadRequest => "Bad Request",
            Status::Unauthorized => "Unauthorized",
            Status::Forbidden => "Forbidden",
            Status::NotFound => "Not Found",
            Status::MethodNotAllowed => "Method Not Allowed",
            Status::RequestTimeout => "Request Timeout",
            Status::Conflict => "Conflict",
            Status::LengthRequired => "Length Required",
            Status::ContentTooLarge => "Content Too Large",
            Status::UriTooLong => "URI Too Long",
            Status::UnsupportedMediaType => "Unsupported Media Type",
            Status::UpgradeRequired => "Upgrade Required",
            Status::TooManyRequests => "Too Many Requests",
            Status::RequestHeaderFieldsTooLarge => "Request Header Fields Too Large",
            Status::NotImplemented => "Not Implemented",
            Status::ServiceUnavailable => "Service Unavailable",
            Status::HttpVersionNotSupported => "HTTP Version Not Supported",
            Status::InsufficientStorage => "Insufficient Storage",
        }
    }

    /// Whether a body, be it an empty one, follows: then its length has to be said, and otherwise it
    /// must not be (RFC 9110 §8.6).
    pub(super) const fn may_have_body(self) -> bool {
        !matches!(self, Status::SwitchingProtocols | Status::NoContent | Status::NotModified)
    }
}
