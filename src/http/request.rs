//! [`Request`]: the head of an HTTP/1.x request, borrowed from the buffer that it arrived in.
//!
//! httparse reads the grammar; what it tolerates and a careful server must not, and what a head as a
//! whole has to fulfil, is judged here. The verdict on some bytes never depends on how they were cut
//! on their way: whatever can be wrong is looked for from left to right, up to the first fault or the
//! end of the head. Knows no routes, and no body's bytes. Called by `session`.

use std::borrow::Cow;
use std::fmt;

use httparse::{EMPTY_HEADER, Error, Status};

use super::{BadRequest, Body, Headers, Limits, Version};

/// A request whose head is complete and beyond doubt.
#[derive(Clone, Eq, PartialEq)]
pub struct Request<'b> {
    /// The method, as it came: methods are case-sensitive.
    pub method: &'b str,
    /// The path, as it came: not percent-decoded, dots not resolved. `*` for the server as a whole,
    /// and host and port for CONNECT.
    pub path: &'b str,
    /// What follows the first `?` of the target.
    pub query: Option<&'b str>,
    /// The server that the client wants, port included. None only in HTTP/1.0.
    pub host: Option<&'b str>,
    /// The version.
    pub version: Version,
    /// The header lines.
    pub headers: Headers<'b>,
    /// What follows the head.
    pub body: Body,
}

/// Reads the head at the start of `input`, and says how many bytes it took.
///
/// `None` means that more bytes are needed: call again with all of them. Each call reads the head
/// from its start. For a peer that sends single bytes this is quadratic, but bearable: the limit keeps
/// it near 2 µs a byte, about the cost of the system calls that read it.
///
/// # Errors
///
/// [`BadRequest`], as soon as the bytes so far show it.
pub fn parse<'b>(
    input: &'b [u8],
    limits: &Limits,
) -> Result<Option<(Request<'b>, usize)>, BadRequest> {
    let window = &input[..input.len().min(limits.head_bytes)];
    // httparse accepts a bare LF as a line end, as RFC 9112 §2.2 permits. Other servers do not, and
    // a server that sees other lines sees another request. So httparse never gets to see one.
    let bare_line_feed = find_bare_line_feed(window);
    let well_ended = &window[..bare_line_feed.unwrap_or(window.len())];

    let mut lines = vec![EMPTY_HEADER; limits.headers];
    let mut head = httparse::Request::new(&mut lines);
    let head_len = match head.parse(well_ended) {
        Ok(Status::Complete(head_len)) => head_len,
        Ok(Status::Partial) if bare_line_feed.is_some() => return Err(BadRequest::LineEnd),
        Ok(Status::Partial) if window.len() == limits.head_bytes => return Err(too_long(window)),
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(blame(error, well_ended)),
    };
    let method = head.method.expect("a complete head has a method");
    let target = head.path.expect("a complete head has a target");
    let version = match head.version.expect("a complete head has a version") {
        0 => Version::Http10,
        _ => Version::Http11,
    };
    let count = head.headers.len();
    lines.truncate(count);
    let headers = Headers::new(lines);

    let target = Target::parse(method, target)?;
    let host = host(version, &headers)?;
    let request = Request {
        method,
        path: target.path,
        query: target.query,
        // The target knows better than the Host header (RFC 9112 §3.2.2).
        host: target.authority.or(host),
        version,
        body: Body::of(version, &headers)?,
        headers,
    };
    Ok(Some((request, head_len)))
}

impl<'b> Request<'b> {
    /// Whether the connection is to stay open after the answer (RFC 9112 §9.3).
    ///
    /// In HTTP/1.1 it is, unless `Connection: close` says otherwise; in HTTP/1.0 it is not, unless
    /// `Connection: keep-alive` does, which then has to be answered in kind.
    pub fn keep_alive(&self) -> bool {
        let close = self.headers.has_token("connection", "close");
        match self.version {
            Version::Http10 => !close && self.headers.has_token("connection", "keep-alive"),
            Version::Http11 => !close,
        }
    }

    /// The value of the first `name=value` in the query, without its escapes; empty for a `name` without
    /// one. As in a form, `+` is a space, and bytes that are no UTF-8 become U+FFFD. A value without
    /// escapes is borrowed.
    pub fn query_value(&self, name: &str) -> Option<Cow<'b, str>> {
        self.query_values(name).next()
    }

    /// The values of all of them, in their order.
    pub fn query_values(&self, name: &str) -> impl Iterator<Item = Cow<'b, str>> {
        let pairs = form_urlencoded::parse(self.query.unwrap_or_default().as_bytes());
        pairs.filter_map(move |(key, value)| (key == name).then_some(value))
    }

    /// The names of all of them, in their order.
    pub fn query_names(&self) -> impl Iterator<Item = Cow<'b, str>> {
        form_urlencoded::parse(self.query.unwrap_or_default().as_bytes()).map(|(key, _)| key)
    }

    /// Whether the client sends its body only after an interim answer, 100 (RFC 9110 §10.1.1). A client of
    /// HTTP/1.0 does not know such answers.
    pub fn expects_continue(&self) -> bool {
        self.version == Version::Http11 && self.headers.has_token("expect", "100-continue")
    }
}

/// Paths, queries and headers are personal: debug output shows what kind of request it is.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("version", &self.version)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The target of a request in its parts (RFC 9112 §3.2).
struct Target<'b> {
    authority: Option<&'b str>,
    path: &'b str,
    query: Option<&'b str>,
}

impl<'b> Target<'b> {
    fn parse(method: &str, target: &'b str) -> Result<Self, BadRequest> {
        // A fragment stays with the client. Both of these httparse lets through.
        if !target.is_ascii() || target.contains('#') {
            return Err(BadRequest::Target);
        }
        if method == "CONNECT" || target == "*" {
            return Ok(Target { authority: None, path: target, query: None });
        }
        let (authority, path_and_query) = if target.starts_with('/') {
            (None, target)
        } else {
            // An absolute URL, as one sends to a proxy, must be understood too (RFC 9112 §3.2.2).
            let after_scheme = strip_scheme(target).ok_or(BadRequest::Target)?;
            let end = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
            let (authority, rest) = after_scheme.split_at(end);
            if authority.is_empty() || !is_host(authority.as_bytes()) {
                return Err(BadRequest::Target);
            }
            (Some(authority), rest)
        };
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        Ok(Target { authority, path: if path.is_empty() { "/" } else { path }, query })
    }
}

fn strip_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then_some(rest)
}

/// The one Host header; in HTTP/1.0 there may be none (RFC 9112 §3.2).
fn host<'b>(version: Version, headers: &Headers<'b>) -> Result<Option<&'b str>, BadRequest> {
    let mut hosts = headers.all("host");
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::Http10 => Ok(None),
        (Some(host), None) if is_host(host) => {
            Ok(Some(str::from_utf8(host).expect("a host is ASCII")))
        }
        _ => Err(BadRequest::Host),
    }
}

/// Whether only such bytes occur as a host and a port may contain (RFC 3986 §3.2.2): no slash that
/// would end it, no `@` that would begin it anew.
fn is_host(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte))
}

fn find_bare_line_feed(bytes: &[u8]) -> Option<usize> {
    let is_bare = |at: usize| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r');
    (0..bytes.len()).find(|&at| is_bare(at))
}

/// Which limit a head exceeds that has filled the whole window without an end.
fn too_long(window: &[u8]) -> BadRequest {
    let line_has_ended = skip_empty_lines(window).contains(&b'\n');
    if line_has_ended { BadRequest::HeadTooLong } else { BadRequest::LineTooLong }
}

/// Puts httparse's verdict in our terms.
fn blame(error: Error, head: &[u8]) -> BadRequest {
    match error {
        Error::Token | Error::Status => BadRequest::RequestLine,
        Error::Version if is_some_http(head) => BadRequest::Version,
        Error::Version => BadRequest::RequestLine,
        Error::NewLine => BadRequest::LineEnd,
        Error::HeaderName => BadRequest::HeaderName,
        Error::HeaderValue => BadRequest::HeaderValue,
        Error::TooManyHeaders => BadRequest::TooManyHeaders,
    }
}

/// Whether the third word of the request line begins with `HTTP/` and a digit. httparse refuses an
/// unknown version at its first wrong byte, so that no more of it need be here.
fn is_some_http(head: &[u8]) -> bool {
    let mut words = head.splitn(3, |&byte| byte == b' ');
    let version = words.nth(2).and_then(|rest| rest.strip_prefix(b"HTTP/"));
    version.and_then(<[u8]>::first).is_some_and(u8::is_ascii_digit)
}

/// Empty lines before a request are ignored, since old clients sent one after a body (RFC 9112 §2.2).
fn skip_empty_lines(mut head: &[u8]) -> &[u8] {
    while let Some(rest) = head.strip_prefix(b"\r\n") {
        head = rest;
    }
    head
}

#[cfg(test)]
mod tests;
