//! The web client: a page with its style, its modules and its icons, which the server itself serves.
//!
//! All files are in the program. [`WebClient::new`] compresses them once, at the start. The *build* is a name for
//! all of them together. It stands in their addresses, so a browser keeps a file for good, and never mixes
//! files of two versions. In the sources `/web/-/` stands in its place.
//!
//! ```text
//!   /                    index.html     asked for each time, 304 if it is the same
//!   /client.js           client.js      the same; pages of any origin may load it
//!   /sw.js               sw.js          the same; or one that removes itself, where this page is not at `/`
//!   /web/{build}/{name}  any file       kept for good
//!   /web/build           the build, as text, so that a page sees that it is old
//! ```
//! Without the Cargo feature `web` there is none. README.md is about the page. Called by `session`.

#[cfg(feature = "web")]
mod files;
#[cfg(feature = "web")]
mod shell;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::http::{ETag, Request, Response, Status, media_type};

/// The files of the web client, ready to be sent. A clone shares them. The default has none.
#[derive(Clone, Default)]
pub struct WebClient(Option<Rc<Shell>>);

struct Shell {
    /// A name for all files together.
    build: String,
    files: HashMap<&'static str, File>,
}

struct File {
    plain: Form<Cow<'static, [u8]>>,
    /// The same in gzip, where this is shorter. All answers share these bytes.
    gzip: Option<Form<Rc<[u8]>>>,
}

/// A content in one encoding. Each has an ETag of its own (RFC 9110 §8.8.3.3).
struct Form<B> {
    etag: ETag,
    bytes: B,
}

/// A service worker that removes itself, and what it has stored.
const NO_WORKER: &str = include_str!("no_sw.js");

/// All that the page may do. Text and markup come from here alone: no other host's, none between the lines.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self' ws: wss:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// A browser may keep it, and asks each time whether it has changed.
const ASK: &str = "no-cache";
/// The address changes with the content.
const KEEP: &str = "public, max-age=31536000, immutable";

impl WebClient {
    /// All files, compressed. `doors` are the words for those that the page offers: `number`, `token` if a number
    /// needs one, and `name`, for a name and a password. Without a door there is no page. Takes some milliseconds.
    #[cfg(feature = "web")]
    pub fn new(doors: &str) -> Self {
        WebClient((!doors.is_empty()).then(|| Rc::new(shell::pack(doors))))
    }

    /// None: this program was built without them.
    #[cfg(not(feature = "web"))]
    pub fn new(_doors: &str) -> Self {
        WebClient::default()
    }

    /// The page. `None` if there is none.
    pub fn page(&self, request: &Request<'_>) -> Option<Response<'_>> {
        let page = self.file("index.html", ASK, request)?;
        Some(page.header("Content-Security-Policy", POLICY))
    }

    /// The module for other clients.
    pub fn module(&self, request: &Request<'_>) -> Option<Response<'_>> {
        self.file("client.js", ASK, request)
    }

    /// The service worker, if the page is the one at `/`; otherwise a worker that removes itself, since a
    /// browser keeps the one that it has got from an earlier server.
    pub fn worker(&self, is_at_front: bool, request: &Request<'_>) -> Response<'_> {
        let worker = if is_at_front { self.file("sw.js", ASK, request) } else { None };
        worker.unwrap_or_else(|| {
            let response = Response::new(Status::Ok).header("Cache-Control", ASK);
            response.body(media_type("sw.js"), NO_WORKER.as_bytes())
        })
    }

    /// What is below `/web/`: the build, or a file of this build. `None` if there is no such file.
    pub fn below(&self, path: &str, request: &Request<'_>) -> Option<Response<'_>> {
        let shell = self.0.as_ref()?;
        if path == "build" {
            let response = Response::new(Status::Ok).header("Cache-Control", "no-store");
            return Some(response.body(media_type("build.txt"), shell.build.as_bytes()));
        }
        let (build, name) = path.split_once('/')?;
        if build == shell.build { self.file(name, KEEP, request) } else { None }
    }

    /// A file in the form that the client takes, or 304 if the client has it.
    fn file(&self, name: &str, keep: &'static str, request: &Request<'_>) -> Option<Response<'_>> {
        let File { plain, gzip } = self.0.as_ref()?.files.get(name)?;
        let gzip = gzip.as_ref().filter(|_| takes_gzip(request));
        let etag = gzip.map_or(&plain.etag, |form| &form.etag);
        let is_known = etag.is_known_to(request);
        let status = if is_known { Status::NotModified } else { Status::Ok };
        let response = Response::new(status)
            .header("ETag", etag.as_str())
            .header("Cache-Control", keep)
            .header("Vary", "Accept-Encoding")
            .header("X-Content-Type-Options", "nosniff");
        Some(match gzip {
            _ if is_known => response,
            Some(Form { bytes, .. }) => {
                response.header("Content-Encoding", "gzip").shared_body(media_type(name), bytes)
            }
            None => response.body(media_type(name), plain.bytes.as_ref()),
        })
    }
}

/// Debug output shows the build.
impl fmt::Debug for WebClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = self.0.as_ref().map(|shell| &shell.build);
        f.debug_tuple("WebClient").field(&build).finish()
    }
}

/// Whether a client says that it takes gzip (RFC 9110 §12.5.3). One that does not say so gets plain bytes.
fn takes_gzip(request: &Request<'_>) -> bool {
    let lines = request.headers.all("accept-encoding");
    let mut codings = lines.flat_map(|line| line.split(|&byte| byte == b','));
    codings.any(|coding| {
        let mut parts = coding.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"gzip"));
        // A weight of zero means "not this one".
        let is_refused = |part: &[u8]| {
            let weight = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="));
            weight.is_some_and(|digits| digits.iter().all(|digit| b"0.".contains(digit)))
        };
        is_gzip && !parts.any(is_refused)
    })
}

#[cfg(all(test, feature = "web"))]
mod tests;
