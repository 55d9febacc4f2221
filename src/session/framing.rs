//! [`Framing`]: how the answer to a request is written, at once or much later.
//!
//! It keeps the little of a request that its answer depends on beside its content. So a request that waits
//! for a reply need not keep its head. Called by the request stage, and when a parked request goes on.

use super::Host;
use super::answers::allow_origin;
use crate::http::{Cors, Request, Response, Version};

/// What became of the connection when an answer was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    /// It stays open.
    Open {
        /// The bytes of the answer.
        bytes: usize,
    },
    /// It was the last answer.
    Last,
}

/// How the answer to a request is framed, whenever it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    head_only: bool,
    version: Version,
    /// Whether the connection stays open after the answer.
    keep_alive: bool,
    pub(super) cors: Cors,
    /// Whether the address is for people who are signed in: no cache may keep its answers, errors included.
    private: bool,
    /// Whether the client's own connection has TLS: a trusted proxy has said so.
    secure: bool,
}

impl Framing {
    /// How this request's answer is framed. Its line says which other origins may read it.
    pub(super) fn of(request: &Request<'_>, cors: Cors, host: &impl Host) -> Self {
        let head_only = request.method == "HEAD";
        let keep_alive = request.keep_alive();
        // A client that says so itself is not believed.
        let has_tls = request.headers.has_token("x-forwarded-proto", "https");
        let secure = has_tls && host.is_from_proxy();
        let (version, private) = (request.version, false);
        Framing { head_only, version, keep_alive, cors, private, secure }
    }

    /// The same, and no cache may keep the answer if it is `private`.
    pub(super) fn private_if(self, private: bool) -> Self {
        Framing { private, ..self }
    }

    /// The same, and the connection ends after the answer.
    pub(super) fn closing(self) -> Self {
        self.closing_if(true)
    }

    /// The same, and the connection ends after the answer if `closes`.
    pub(super) fn closing_if(self, closes: bool) -> Self {
        Framing { keep_alive: self.keep_alive && !closes, ..self }
    }

    /// Sends the response, and says whether the connection stays open after it.
    pub(super) fn respond(self, response: Response<'_>, host: &mut impl Host) -> Sent {
        let keep_alive = self.keep_alive && !host.is_draining();
        let response = match (keep_alive, self.version) {
            (false, _) => response.close(),
            (true, Version::Http10) => response.keep_alive(),
            (true, Version::Http11) => response,
        };
        let response = if self.private { response.uncached() } else { response };
        let response = allow_origin(response, self.cors).secure(self.secure);
        host.answered(response.status().code(), response.body_bytes());
        let date = host.now().unix;
        // A body that many answers share is not copied for each of them.
        let shared = response.shared().filter(|_| !self.head_only);
        let mut bytes = shared.map_or(0, |body| body.len());
        host.write(|out| {
            let before = out.len();
            response.write(out, date, self.head_only || shared.is_some());
            bytes += out.len() - before;
        });
        if let Some(body) = shared {
            host.write_shared(body);
        }
        if keep_alive { Sent::Open { bytes } } else { Sent::Last }
    }
}
