//! The whole conversation without a socket: a [`Host`] that records, and samples of what clients send,
//! whole and cut at each byte.

mod bodies;
pub(crate) mod calls;
mod clients;
mod ended;
mod forms;
mod proxied;
mod rates;
mod refused;
mod routes;
mod signing_in;
mod switching;
mod visits;
mod waiting;

use std::time::Duration;

use super::*;
use crate::chat::{Mobile, PresenceMode};
use crate::limiter::Hits;
use crate::timer::{Moment, Zone};
use crate::ws::Frame;

/// A host that lets every connection in and records all calls.
#[derive(Default)]
pub(super) struct Recorder {
    written: Vec<u8>,
    shared: Vec<Rc<[u8]>>,
    commands: Vec<String>,
    admitted: Vec<Entry>,
    signed_in: Vec<String>,
    no_more_devices: bool,
    refused_messages: usize,
    refusal: Option<DoorRefusal>,
    draining: bool,
    limits_hit: Hits,
    answered: Vec<u16>,
    refused: Vec<Refused>,
    forwarded: Option<Forwarded>,
    time: Moment,
    listener: Listener,
    from_proxy: bool,
    named: Vec<ProxyHeader>,
    /// The calls, each with what is wanted of its reply and the number of its request.
    asked: Vec<(account::Call, Wanted, u16)>,
    too_many_parked: bool,
    pub(super) orders: Vec<Order>,
    pub(super) strangers: usize,
    proven: Vec<Duration>,
    tokens_checked: usize,
    pub(super) spoken: Vec<Dialect>,
}

impl Host for Recorder {
    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(784_111_777), monotonic: self.time }
    }

    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        fill(&mut self.written);
    }

    fn write_shared(&mut self, bytes: &Rc<[u8]>) {
        self.shared.push(Rc::clone(bytes));
        self.written.extend_from_slice(bytes);
    }

    fn tell(&mut self, event: &Event<'_>) {
        let dialect = self.admitted.last().map_or(Dialect::Sca, |entry| entry.dialect);
        dialect.write(event, &Zone::default(), &mut self.written);
        self.written.push(b'\n');
    }

    fn sign_in(&mut self, who: Entrant<'_>) -> Result<(), chat::Refusal> {
        let Entrant::Messenger(who) = who else { panic!("its address said who it is: {who:?}") };
        self.signed_in.push(format!("{who:?}"));
        match self.no_more_devices {
            true => Err(chat::messenger::Refusal::TooManyDevices.into()),
            false => Ok(()),
        }
    }

    fn mobile(&self) -> Option<Mobile> {
        self.admitted.iter().find_map(|entry| match entry.who {
            Some(Entrant::Mobile { mobile, .. }) => Some(mobile),
            _ => None,
        })
    }

    fn prove(&mut self, until: Duration) {
        self.proven.push(until);
    }

    fn checks_token(&mut self) {
        self.tokens_checked += 1;
    }

    fn command(&mut self, command: &Command<'_>) {
        self.commands.push(format!("{command:?}"));
    }

    fn limit_hit(&mut self, limit: Limit) {
        self.limits_hit.count(limit);
    }

    fn message_refused(&mut self, _: Fault) {
        self.refused_messages += 1;
    }

    fn page(&mut self, page: Page) -> (&'static str, String) {
        ("text/plain", format!("{page:?}"))
    }

    fn answered(&mut self, status: u16, _: usize) {
        self.answered.push(status);
    }

    fn refused(&mut self, refused: Refused) {
        self.refused.push(refused);
    }

    fn listener(&self) -> Listener {
        self.listener
    }

    fn is_from_proxy(&self) -> bool {
        self.from_proxy
    }

    fn name_peer(&mut self, header: ProxyHeader) -> Result<(), DoorRefusal> {
        self.named.push(header);
        self.refusal.map_or(Ok(()), Err)
    }

    fn is_draining(&self) -> bool {
        self.draining
    }

    fn is_accepting(&self) -> bool {
        !self.draining
    }

    fn ask(
        &mut self,
        call: &account::Call,
        wanted: Wanted,
        request: u16,
        forwarded: Forwarded,
    ) -> Result<(), TooManyParked> {
        self.forwarded = Some(forwarded);
        if self.too_many_parked {
            return Err(TooManyParked);
        }
        self.asked.push((call.clone(), wanted, request));
        Ok(())
    }

    fn operate(&mut self, order: Order, _: u16) -> Operated {
        self.orders.push(order);
        Operated::Later
    }

    fn not_the_operator(&mut self) {
        self.strangers += 1;
    }

    fn speaks(&mut self, dialect: Dialect) {
        self.spoken.push(dialect);
    }

    fn admit(
        &mut self,
        entry: Entry,
        forwarded: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DoorRefusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        self.admitted.push(entry);
        self.forwarded = Some(forwarded);
        switch(&mut self.written);
        Ok(())
    }
}

const UPGRADE: &str = "GET /ws/1234567890 HTTP/1.1\r\nHost: chat.example\r\n\
    Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn limits() -> Limits {
    Limits { echo: true, strikes: 3, pipelined_requests: 2, ..Limits::default() }
}

/// Hands `pieces` to a new session. Returns the record, and whether the session goes on.
fn converse<'p>(
    mut host: Recorder,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Recorder, Flow) {
    let mut session = Session::new();
    for piece in pieces {
        let mut input = piece.to_vec();
        loop {
            let flow = session.receive(&mut input, &limits(), &mut host);
            if flow != Flow::Open {
                return (host, flow);
            }
            if !session.has_more() {
                break;
            }
            input.clear();
        }
    }
    (host, Flow::Open)
}

fn says(bytes: impl AsRef<[u8]>) -> (String, Flow) {
    let (host, flow) = converse(Recorder::default(), [bytes.as_ref()]);
    (String::from_utf8_lossy(&host.written).into_owned(), flow)
}

fn frames(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        Frame::Text(text).encode_masked([7, 1, 9, 200], &mut bytes);
    }
    bytes
}

const PING: &str = r#"{"type":"ping"}"#;

#[test]
fn an_upgrade_is_answered_with_exactly_what_strict_clients_want() {
    // Compression is offered, not demanded (RFC 6455 §9.1). So the offer is ignored, not refused.
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade:";
    for request in [UPGRADE, &UPGRADE.replacen("Upgrade:", offer, 1)] {
        let (answer, flow) = says(request);
        assert_eq!(flow, Flow::Open);
        assert_eq!(
            answer,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        );
    }
}

#[test]
fn cutting_the_input_anywhere_changes_nothing() {
    let mut sample = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    sample.extend_from_slice(UPGRADE.as_bytes());
    sample.extend(frames(&[
        PING,
        r#"{"type":"message","to":"0987654321","text":"hi"}"#,
        "nonsense",
        r#"{"type":"message","to":"1","text":"hi"}"#,
    ]));
    Frame::Ping(b"there?").encode_masked([1, 2, 3, 4], &mut sample);
    Frame::Close(Some((1000.into(), "bye"))).encode_masked([1, 2, 3, 4], &mut sample);
    let (whole, flow) = converse(Recorder::default(), [sample.as_slice()]);
    assert_eq!(flow, Flow::Finish(End::ClosedByClient(Some(1000))));
    assert_eq!(whole.commands.len(), 1);
    assert_eq!(whole.refused_messages, 1);
    for cut in 1..sample.len() {
        let (first, second) = sample.split_at(cut);
        let (parts, parts_flow) = converse(Recorder::default(), [first, second]);
        assert_eq!(parts.written, whole.written, "cut at {cut}");
        assert_eq!((parts.commands, parts_flow), (whole.commands.clone(), flow), "cut at {cut}");
    }
    let (drip, drip_flow) = converse(Recorder::default(), sample.chunks(1));
    assert_eq!((drip.written, drip_flow), (whole.written, flow));
}

#[test]
fn a_wrong_upgrade_is_answered_with_what_is_missing() {
    let cases = [
        ("GET /ws/1234567890 ", "POST /ws/1234567890 ", "405", "Allow: GET"),
        ("Upgrade: websocket\r\n", "", "426", "Upgrade: websocket"),
        ("keep-alive, Upgrade", "keep-alive", "426", "Connection: Upgrade"),
        (" HTTP/1.1", " HTTP/1.0", "426", "Upgrade: websocket"),
        ("Version: 13", "Version: 8", "426", "Sec-WebSocket-Version: 13"),
        ("Key: dGhl", "Key: ", "400", "16 bytes"),
        ("Host: chat.example\r\n", "", "400", "detail"),
        ("/ws/1234567890", "/ws/123456789", "400", "10 to 32 digits"),
        ("/ws/1234567890", "/ws/1234567890?presence=some", "400", "presence"),
        ("/ws/1234567890", "/ws/1234567890?pings=client", "400", "pings"),
        ("/ws/1234567890", "/ws?pings=", "400", "pings"),
        ("/ws/1234567890", "/ws/1234567890/x/y", "404", "detail"),
        ("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n", "403", "origin"),
        ("\r\n\r\n", "\r\nOrigin: null\r\n\r\n", "403", "origin"),
        ("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi", "413", "detail"),
    ];
    for (from, to, status, contains) in cases {
        let (answer, _) = says(UPGRADE.replacen(from, to, 1));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{to}: {answer}");
        assert!(answer.contains(contains), "{to}: {answer}");
    }
}

/// A refusal by the chat. It may say when the client may try again.
fn by_the_chat(retry_after: Option<Duration>) -> DoorRefusal {
    DoorRefusal::ByTheChat(chat::Refusal {
        is_ban: false,
        sentence: "not now",
        code: "not_now",
        retry_after,
        limit: None,
    })
}

#[test]
fn a_client_that_is_turned_away_learns_when_to_come_back() {
    let cases = [
        (DoorRefusal::Draining, "503", "5"),
        (DoorRefusal::Full, "503", "5"),
        (DoorRefusal::AddressFull, "503", "5"),
        (DoorRefusal::AddressTooFast { retry_after_seconds: 2 }, "429", "2"),
        (by_the_chat(Some(Duration::from_millis(2_500))), "429", "3"),
        (by_the_chat(None), "429", "5"),
    ];
    for (refusal, status, seconds) in cases {
        let host = Recorder { refusal: Some(refusal), ..Recorder::default() };
        let (host, flow) = converse(host, [UPGRADE.as_bytes()]);
        let answer = String::from_utf8_lossy(&host.written);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains(&format!("Retry-After: {seconds}\r\n")), "{answer}");
        assert_eq!(flow, Flow::Open, "plain HTTP goes on");
    }
}

#[test]
fn the_address_has_the_number_and_the_form_of_presence() {
    let delta = UPGRADE.replacen("7890", "7890?presence=delta", 1);
    let (host, _) = converse(Recorder::default(), [delta.as_bytes()]);
    let mobile = Mobile::parse(b"1234567890").expect("ten digits");
    let who = Entrant::Mobile { mobile, presence: PresenceMode::Delta, proven_until: None };
    assert_eq!(host.admitted, [Entry::new(Dialect::Sca, Some(who))]);
    let pings = UPGRADE.replacen("7890", "7890?presence=delta&pings=server", 1);
    let (host, _) = converse(Recorder::default(), [pings.as_bytes()]);
    let entry = Entry { pings: true, ..Entry::new(Dialect::Sca, Some(who)) };
    assert_eq!(host.admitted, [entry]);
}

#[test]
fn requests_that_come_at_once_are_answered_a_few_at_a_time() {
    let mut session = Session::new();
    let mut host = Recorder::default();
    let mut input = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5).into_bytes();
    for answered in [2, 4, 5] {
        assert_eq!(session.receive(&mut input, &limits(), &mut host), Flow::Open);
        let text = String::from_utf8_lossy(&host.written);
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), answered);
        assert_eq!(session.has_more(), answered < 5);
        input.clear();
    }
}

#[test]
fn while_draining_health_says_so_and_connections_are_not_kept() {
    let host = Recorder { draining: true, ..Recorder::default() };
    let (host, flow) = converse(host, [b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n".as_slice()]);
    let answer = String::from_utf8_lossy(&host.written);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    assert_eq!(flow, Flow::Finish(End::Http));
}
