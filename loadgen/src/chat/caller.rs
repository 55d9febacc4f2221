//! [`Caller`]: keeps one connection, sans-IO. It says when to connect, asks for the upgrade, sends heartbeats,
//! notices silence, and comes back after a random wait.
//!
//! The numbers are those of `src/dialects/CLIENTS.md`. It knows the socket only as bytes, and of the frames only
//! the ping.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use switchboard::dialects::sca::wire::ClientFrame;
use switchboard::timer::Moment;

use super::backoff::Backoff;
use super::ending::{Advice, Ending};
use super::link::{Door, Event, Link};
use crate::client::Pen;

/// Time between two pings.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// The time within which something has to come after a ping, and an answer after the request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the server may take to answer our close frame.
const GOODBYE: Duration = Duration::from_secs(2);

/// Keeps a connection.
#[derive(Debug)]
pub(super) struct Caller {
    door: Door,
    state: State,
    backoff: Backoff,
    random: fastrand::Rng,
}

/// What the caller waits for.
#[derive(Debug)]
enum State {
    /// The moment of the next attempt.
    Resting { until: Moment },
    /// The TCP connection, which is not made here.
    Dialling,
    /// The server's answer to the request for an upgrade.
    Answer { link: Link, until: Moment },
    /// Frames.
    Open { link: Link, since: Moment, next_ping: Moment, silent_at: Option<Moment> },
    /// The server's close frame.
    Goodbye { link: Link, until: Moment },
    /// A person who asks for another attempt.
    Stopped,
    /// Nothing more: we have left.
    Gone,
}

/// What has happened.
#[derive(Debug)]
pub(super) enum Happened<'a> {
    /// The connection is open.
    Opened,
    /// The server says this.
    Said(Cow<'a, str>),
    /// The connection has ended.
    Ended(Ended),
    /// We have left.
    Left,
}

/// The end of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Ended {
    pub(super) ending: Ending,
    /// The time until the next attempt; `None` if there will be none.
    pub(super) back_in: Option<Duration>,
}

impl Caller {
    /// A caller that wants to connect at once.
    pub(super) fn new(door: Door, random: fastrand::Rng) -> Self {
        let state = State::Resting { until: Moment::START };
        Caller { door, state, backoff: Backoff::default(), random }
    }

    /// Whether a TCP connection is wanted now. It then has to be made, or to fail.
    pub(super) fn wants_to_dial(&mut self, now: Moment) -> bool {
        let is_due = matches!(self.state, State::Resting { until } if now >= until);
        if is_due {
            self.state = State::Dialling;
        }
        is_due
    }

    /// The next attempt is made now, and the waits begin anew.
    pub(super) fn call_now(&mut self, now: Moment) {
        if matches!(self.state, State::Resting { .. } | State::Stopped) {
            self.backoff = Backoff::default();
            self.state = State::Resting { until: now };
        }
    }

    /// The TCP connection stands.
    pub(super) fn connected(&mut self, now: Moment, out: &mut Vec<u8>) {
        let link = Link::call(self.door.clone(), Pen::new(self.random.u64(..)), out);
        self.state = State::Answer { link, until: now + PATIENCE };
    }

    /// No TCP connection came about.
    pub(super) fn unreachable(&mut self, now: Moment, why: String) -> Ended {
        self.end(now, Ending::Unreachable(why))
    }

    /// Whether there is a TCP connection, or will be.
    pub(super) fn has_connection(&self) -> bool {
        match self.state {
            State::Dialling | State::Answer { .. } | State::Open { .. } | State::Goodbye { .. } => {
                true
            }
            State::Resting { .. } | State::Stopped | State::Gone => false,
        }
    }

    /// Whether we have left for good.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Takes from the front of `input` what the next event needs. `None`: all of it has been taken.
    pub(super) fn read<'a>(
        &mut self,
        now: Moment,
        input: &mut &'a mut [u8],
        out: &mut Vec<u8>,
    ) -> Option<Happened<'a>> {
        let link = match &mut self.state {
            State::Open { link, silent_at, .. } => {
                *silent_at = None;
                link
            }
            State::Answer { link, .. } | State::Goodbye { link, .. } => link,
            State::Resting { .. } | State::Dialling | State::Stopped | State::Gone => {
                *input = &mut [];
                return None;
            }
        };
        let event = link.read(input, out)?;
        Some(self.happen(now, event))
    }

    /// The stream is at its end, or has failed.
    pub(super) fn stream_ended(&mut self, now: Moment) -> Option<Happened<'static>> {
        let event = match &mut self.state {
            State::Open { link, .. } | State::Answer { link, .. } | State::Goodbye { link, .. } => {
                link.finish()
            }
            State::Resting { .. } | State::Dialling | State::Stopped | State::Gone => return None,
        };
        Some(self.happen(now, event))
    }

    /// Does what is due: a ping, or giving up.
    pub(super) fn expire(&mut self, now: Moment, out: &mut Vec<u8>) -> Option<Happened<'static>> {
        match &mut self.state {
            State::Answer { until, .. } if now >= *until => {
                Some(Happened::Ended(self.end(now, Ending::Silent)))
            }
            State::Open { silent_at: Some(at), .. } if now >= *at => {
                Some(Happened::Ended(self.end(now, Ending::Silent)))
            }
            State::Open { link, next_ping, silent_at, .. } if now >= *next_ping => {
                link.say(&ClientFrame::Ping, out);
                *next_ping = now + HEARTBEAT;
                *silent_at = Some(now + PATIENCE);
                None
            }
            State::Goodbye { until, .. } if now >= *until => {
                self.state = State::Gone;
                Some(Happened::Left)
            }
            State::Resting { .. }
            | State::Dialling
            | State::Answer { .. }
            | State::Open { .. }
            | State::Goodbye { .. }
            | State::Stopped
            | State::Gone => None,
        }
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match &self.state {
            State::Resting { until }
            | State::Answer { until, .. }
            | State::Goodbye { until, .. } => Some(*until),
            State::Open { next_ping, silent_at, .. } => {
                Some(silent_at.map_or(*next_ping, |at| at.min(*next_ping)))
            }
            State::Dialling | State::Stopped | State::Gone => None,
        }
    }

    /// Says something, if the connection is open.
    pub(super) fn say(&mut self, frame: &impl Serialize, out: &mut Vec<u8>) {
        if let State::Open { link, .. } = &mut self.state {
            link.say(frame, out);
        }
    }

    /// Leaves: hangs up if the connection is open.
    pub(super) fn leave(&mut self, now: Moment, out: &mut Vec<u8>) {
        self.state = match std::mem::replace(&mut self.state, State::Gone) {
            State::Open { mut link, .. } => {
                link.hang_up(out);
                State::Goodbye { link, until: now + GOODBYE }
            }
            same @ State::Goodbye { .. } => same,
            State::Resting { .. }
            | State::Dialling
            | State::Answer { .. }
            | State::Stopped
            | State::Gone => State::Gone,
        };
    }

    fn happen<'a>(&mut self, now: Moment, event: Event<'a>) -> Happened<'a> {
        match event {
            Event::Opened => {
                if let State::Answer { link, .. } = std::mem::replace(&mut self.state, State::Gone)
                {
                    // With the token of a login: the next connection needs no other.
                    self.door.pass = link.pass().clone();
                    let next_ping = now + HEARTBEAT;
                    self.state = State::Open { link, since: now, next_ping, silent_at: None };
                }
                Happened::Opened
            }
            Event::Said(text) => Happened::Said(text),
            Event::Ended(Some(ending)) => Happened::Ended(self.end(now, ending)),
            Event::Ended(None) => {
                self.state = State::Gone;
                Happened::Left
            }
        }
    }

    fn end(&mut self, now: Moment, ending: Ending) -> Ended {
        if let State::Open { since, .. } = self.state {
            self.backoff.lasted(now.since(since));
        }
        if matches!(ending.code(), Some(401 | 4001)) {
            self.door.pass.forget_token();
        }
        let back_in = match ending.advice() {
            Advice::ComeBack(asked) => Some(self.backoff.fail(asked, self.random.f64())),
            Advice::Stop => None,
        };
        self.state = match back_in {
            Some(wait) => State::Resting { until: now + wait },
            None => State::Stopped,
        };
        Ended { ending, back_in }
    }
}

#[cfg(test)]
mod tests {
    use super::super::link::Pass;
    use super::super::tests::acceptance;
    use super::*;

    fn caller() -> Caller {
        let pass = Pass::Number { number: "0012345678".to_owned(), token: None };
        let door = Door { authority: "h:1".to_owned(), prefix: String::new(), pass };
        Caller::new(door, fastrand::Rng::with_seed(7))
    }

    const START: Moment = Moment::START;

    /// A caller whose connection is open, from [`START`] on.
    fn open() -> Caller {
        let mut caller = caller();
        assert!(caller.wants_to_dial(START));
        let mut request = Vec::new();
        caller.connected(START, &mut request);
        let mut answer = acceptance(&request, "");
        let opened = caller.read(START, &mut &mut answer[..], &mut Vec::new());
        assert!(matches!(opened, Some(Happened::Opened)));
        caller
    }

    fn text(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        switchboard::ws::Frame::Text(str::from_utf8(bytes).expect("text")).encode(&mut out);
        out
    }

    #[test]
    fn a_ping_goes_out_every_25_seconds_and_ten_seconds_of_silence_end_the_connection() {
        let mut caller = open();
        let ping = START + HEARTBEAT;
        assert_eq!(caller.deadline(), Some(ping));
        let mut out = Vec::new();
        assert!(caller.expire(ping, &mut out).is_none());
        assert!(!out.is_empty());
        // Any byte is a sign of life, also one of an incomplete frame.
        let mut pong = text(br#"{"type":"pong"}"#);
        caller.read(ping + PATIENCE, &mut &mut pong[..3], &mut Vec::new());
        assert!(caller.expire(ping + PATIENCE, &mut Vec::new()).is_none());
        let next = ping + HEARTBEAT;
        assert!(caller.expire(next, &mut Vec::new()).is_none());
        let end = caller.expire(next + PATIENCE, &mut Vec::new());
        let Some(Happened::Ended(Ended { ending, back_in })) = end else { panic!("{end:?}") };
        assert!(ending == Ending::Silent && back_in.is_some() && !caller.has_connection());
    }

    #[test]
    fn a_server_that_accepts_and_says_nothing_is_given_up_after_ten_seconds() {
        let mut caller = caller();
        assert!(caller.wants_to_dial(START) && !caller.wants_to_dial(START));
        caller.connected(START, &mut Vec::new());
        assert_eq!(caller.deadline(), Some(START + PATIENCE));
        let end = caller.expire(START + PATIENCE, &mut Vec::new());
        assert!(matches!(end, Some(Happened::Ended(_))), "{end:?}");
    }

    #[test]
    fn after_a_final_close_only_a_person_brings_it_back() {
        let mut caller = open();
        let replaced = Ending::Closed { code: Some(4000), reason: String::new() };
        assert_eq!(caller.end(START, replaced).back_in, None);
        assert_eq!(caller.deadline(), None);
        let later = START + Duration::from_secs(1_000_000);
        assert!(!caller.wants_to_dial(later));
        caller.call_now(later);
        assert!(caller.wants_to_dial(later));
    }

    #[test]
    fn the_wait_that_the_server_asks_for_is_kept() {
        let mut caller = open();
        let reason = "the server is shutting down retry_after_ms=5000".to_owned();
        let ended = caller.end(START, Ending::Closed { code: Some(1001), reason });
        let wait = ended.back_in.expect("it comes back");
        assert!((5..=6).contains(&wait.as_secs()), "{wait:?}");
        assert!(!caller.wants_to_dial(START + Duration::from_millis(4999)));
        assert!(caller.wants_to_dial(START + wait));
    }

    #[test]
    fn a_login_lasts_over_connections_until_the_server_does_not_take_it() {
        let (name, password) = ("ada".to_owned(), "secret".to_owned());
        let pass = Pass::Name { name, password, is_new: false, token: Some("abc".to_owned()) };
        let mut caller = caller();
        caller.door.pass = pass;
        let asks = |caller: &mut Caller| {
            let mut request = Vec::new();
            caller.connected(START, &mut request);
            String::from_utf8(request).expect("text").split(' ').take(2).collect::<String>()
        };
        assert_eq!(asks(&mut caller), "GET/ws?token=abc&presence=delta");
        caller.end(START, Ending::Lost);
        assert_eq!(asks(&mut caller), "GET/ws?token=abc&presence=delta");
        caller.end(START, Ending::Closed { code: Some(4001), reason: String::new() });
        assert_eq!(asks(&mut caller), "POST/login");
    }

    #[test]
    fn leaving_waits_for_the_servers_close_frame_and_not_for_long() {
        let mut caller = open();
        let mut out = Vec::new();
        caller.leave(START, &mut out);
        assert!(!out.is_empty() && !caller.is_gone());
        assert!(caller.expire(START + GOODBYE, &mut Vec::new()).is_some());
        assert!(caller.is_gone());
        let mut resting = self::caller();
        resting.leave(START, &mut out);
        assert!(resting.is_gone(), "without a connection there is nothing to wait for");
    }
}
