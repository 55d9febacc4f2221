//! The stage before the first request on a connection of a proxy that speaks the PROXY protocol: the header that says
//! whose connection it is.
//!
//! Whether a header is expected is decided by who has connected, and never by the bytes: a client that could choose would
//! name itself as it likes (the specification, §1, "must not try to guess"). Anything else than a header gets one answer
//! for people, since it is most often a mistake in the settings, and the connection ends.

use super::request::{self, Begun};
use super::{End, Flow, Host, Limits, Refusal, Session, Stage, refuse};
use crate::http::proxy_header::parse;
use crate::http::{Response, Status};

impl Session {
    /// Handles the next bytes of the header, and of what follows it.
    pub(super) fn receive_proxy_header(
        &mut self,
        input: &mut [u8],
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        let Stage::ProxyHeader(bytes) = &mut self.stage else { return Flow::Open };
        bytes.reserve_exact(input.len());
        bytes.extend_from_slice(input);
        let (header, length) = match parse(bytes) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return Flow::Open,
            Err(bad) => {
                let response = Response::new(Status::BadRequest).json_detail(&bad.to_string());
                request::respond(host, Refusal::ProxyHeader, response);
                return Flow::Finish(End::Http);
            }
        };
        let mut rest = bytes.split_off(length);
        self.stage = Stage::Request(Begun::default());
        match host.name_peer(header) {
            Ok(()) if rest.is_empty() => Flow::Open,
            Ok(()) => self.receive_requests(&mut rest, limits, host),
            Err(refusal) => {
                request::respond(host, refusal.into(), refuse(refusal));
                Flow::Finish(End::Http)
            }
        }
    }
}
