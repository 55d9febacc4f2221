//! HTTP/1.x messages as values: bytes become a [`Request`], a [`Response`] becomes bytes.
//!
//! This room knows the message format (RFC 9112), and what a table of addresses looks like, but not
//! one address; and no sockets, no clock, no WebSocket. A request is judged once, at the door: what [`parse`] lets through has one Host, one
//! framing of its body, and lines that end as the standard says, so that no other server on the way
//! can have read it differently. What it does not let through is a [`BadRequest`], whose status and
//! sentence are the answer; after it the connection must close, because it is unknown where the next
//! request begins. Before the first request there may be a [`proxy_header`]. Called by `session`, and for the client's half by `loadgen`.

mod bad_request;
mod body;
mod client;
mod cookies;
mod etag;
mod form;
mod headers;
mod media_type;
pub mod proxy_header;
mod request;
mod response;
mod route;
mod status;
mod version;

pub use bad_request::BadRequest;
pub use body::Body;
pub use client::{BadResponse, ResponseHead, parse_response};
pub use cookies::{COOKIES, SetCookie, TooManyCookies, cookie};
pub use etag::ETag;
pub use form::{FORM_FIELDS, Form, TooManyFields};
pub use headers::Headers;
pub use media_type::media_type;
pub use request::{Request, parse};
pub use response::{CONTINUE, LAST_CHUNK, Response};
pub use route::{Call, Cors, Found, Kind, Listeners, Params, Route, Takes, find as find_route};
pub use status::Status;
pub use version::Version;

/// How long a head may be. A client that exceeds it gets its error before the head is complete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of request line and headers together, empty lines included.
    pub head_bytes: usize,
    /// Number of header lines.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { head_bytes: 8192, headers: 64 }
    }
}
