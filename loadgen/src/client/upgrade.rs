//! [`Upgrade`]: the request for a WebSocket, and the check of the server's answer (RFC 6455 §4.1).

use std::io::Write as _;
use std::mem;

use switchboard::http::{Limits, ResponseHead, parse_response};
use switchboard::timer::Moment;
use switchboard::ws::handshake::ClientKey;

use super::door::{Address, Door};
use super::ending::Ending;

/// An upgrade that has been asked for.
#[derive(Debug)]
pub(super) struct Upgrade {
    key: ClientKey,
    since: Moment,
    /// The bytes of an answer whose head is incomplete.
    head: Vec<u8>,
    /// The subprotocol that the server must select, if one was asked for.
    subprotocol: Option<&'static str>,
    /// The first frame of the phone, if it has to sign in by one.
    sign_in: Option<String>,
}

impl Upgrade {
    /// Appends the request to `out`.
    pub(super) fn request(
        address: &Address<'_>,
        door: Door,
        now: Moment,
        random: [u8; 16],
        out: &mut Vec<u8>,
    ) -> Self {
        let key = ClientKey::new(random);
        let Address { authority, prefix } = address;
        let Door { path, headers, subprotocol, sign_in, is_greeted: _ } = door;
        write!(
            out,
            "GET {prefix}{path} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\n\
             Sec-WebSocket-Version: 13\r\n{headers}",
            key.as_str()
        )
        .expect("writing to a vector never fails");
        if let Some(wanted) = subprotocol {
            write!(out, "Sec-WebSocket-Protocol: {wanted}\r\n")
                .expect("writing to a vector never fails");
        }
        out.extend_from_slice(b"\r\n");
        Upgrade { key, since: now, head: Vec::new(), subprotocol, sign_in }
    }

    /// The frame that is to be sent as soon as the server speaks WebSocket.
    pub(super) fn take_sign_in(&mut self) -> Option<String> {
        self.sign_in.take()
    }

    /// Takes the answer's head from the front of `input`, and returns the moment of the request. `None`:
    /// the head is incomplete, and all of `input` has been taken.
    pub(super) fn read(&mut self, input: &mut &mut [u8]) -> Option<Result<Moment, Ending>> {
        if input.is_empty() {
            return None;
        }
        let kept = self.head.len();
        self.head.extend_from_slice(input);
        let (outcome, head_bytes) = match parse_response(&self.head, &Limits::default()) {
            Ok(None) => {
                *input = &mut [];
                return None;
            }
            Ok(Some((head, head_bytes))) => (self.judge(&head), head_bytes),
            Err(_) => (Err(Ending::NotHttp("the answer is not HTTP")), self.head.len()),
        };
        // The bytes behind the head belong to the first frames, and stay.
        let input_now = mem::take(input);
        *input = input_now.get_mut(head_bytes - kept..).unwrap_or_default();
        Some(outcome)
    }

    fn judge(&self, head: &ResponseHead<'_>) -> Result<Moment, Ending> {
        const SWITCHING_PROTOCOLS: u16 = 101;
        let headers = &head.headers;
        if head.status != SWITCHING_PROTOCOLS {
            return Err(Ending::Refused(head.status));
        }
        if !headers.has_token("upgrade", "websocket") || !headers.has_token("connection", "upgrade")
        {
            return Err(Ending::NotHttp(
                "a 101 without Upgrade: websocket and Connection: Upgrade",
            ));
        }
        if headers.first("sec-websocket-protocol") != self.subprotocol.map(str::as_bytes) {
            return Err(Ending::NotHttp("a 101 that does not select the subprotocol asked for"));
        }
        match headers.first("sec-websocket-accept") {
            Some(accept) if self.key.accepts(accept) => Ok(self.since),
            _ => Err(Ending::NotHttp("a 101 whose Sec-WebSocket-Accept is missing or wrong")),
        }
    }
}
