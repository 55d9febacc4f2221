//! [`Supervisor`]: what the service manager is told, in the words of sd_notify(3).
//!
//! systemd passes the name of a datagram socket in `NOTIFY_SOCKET`. It is told once the loop turns
//! (`READY`), when it is about to end (`STOPPING`), now and then how the server is (`STATUS`), and,
//! if `WATCHDOG_USEC` asks for it, that the loop still turns (`WATCHDOG`). The loop says all that
//! itself, between two turns: one that is wedged falls silent, and is started anew.
//!
//! Nothing here may hold the loop up. The socket does not block, and what does not fit into it is
//! said a little later. Without `NOTIFY_SOCKET` all of this does nothing.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::time::Duration;

use super::stop::Stop;
use crate::timer::Moment;
use crate::turn::Turn;

/// The least time between two lines of `STATUS`. They are for people, who read no faster.
const STATUS_PACE: Duration = Duration::from_secs(5);

/// How long to wait before saying again what could not be said.
const AGAIN: Duration = Duration::from_millis(100);

/// What ending may take beyond the drain itself.
const STOP_MARGIN: Duration = Duration::from_secs(5);

/// The service manager, if there is one.
#[derive(Debug)]
pub(super) struct Supervisor {
    channel: Option<Channel>,
    /// Time between two signs of life: half of what the manager allows, as sd_watchdog_enabled(3)
    /// recommends.
    watchdog_pace: Option<Duration>,
    /// What ending may take at most.
    stop_time: Duration,
    /// How things were when the manager last heard; before it has heard anything, it waits.
    told: Option<Report>,
    latest: Report,
    /// When the next sign of life is due.
    feed_at: Moment,
    /// When it may hear of new figures.
    status_at: Moment,
    /// After a failure: nothing before this moment.
    not_before: Moment,
}

/// How things are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Report {
    /// WebSockets that are open.
    websockets: usize,
    /// Messages received since the start.
    messages: u64,
    /// Whether the server is going down.
    is_stopping: bool,
}

impl Report {
    pub(super) fn of(turn: &Turn, stop: &Stop) -> Self {
        Report {
            websockets: turn.websockets(),
            messages: turn.books().received,
            is_stopping: stop.is_asked(),
        }
    }
}

impl Supervisor {
    /// Finds the service manager that the environment names, if any. The process will end within
    /// `drain_timeout` and a small margin.
    pub(super) fn from_env(drain_timeout: Duration) -> Self {
        let channel = env::var_os("NOTIFY_SOCKET").and_then(|name| Channel::open(&name));
        let (usec, pid) = (env::var("WATCHDOG_USEC").ok(), env::var("WATCHDOG_PID").ok());
        let interval = watchdog_interval(usec.as_deref(), pid.as_deref(), process::id());
        Supervisor {
            channel,
            watchdog_pace: interval.map(|interval| interval / 2),
            stop_time: drain_timeout.saturating_add(STOP_MARGIN),
            told: None,
            latest: Report::default(),
            feed_at: Moment::START,
            status_at: Moment::START,
            not_before: Moment::START,
        }
    }

    /// How long the loop may sleep, as far as the manager is concerned.
    pub(super) fn wait(&self, now: Moment) -> Option<Duration> {
        self.channel.as_ref()?;
        self.due().map(|at| at.since(now))
    }

    /// Says what is due. To be called after every turn; nearly always it only compares times.
    pub(super) fn report(&mut self, now: Moment, latest: Report) {
        self.latest = latest;
        let Some(channel) = &self.channel else { return };
        if self.due().is_none_or(|due| now < due) {
            return;
        }
        let has_news = self.has_urgent_news() || (self.has_news() && now >= self.status_at);
        if channel.send(&self.datagram(has_news)) {
            self.feed_at = self.watchdog_pace.map_or(now, |pace| now + pace);
            if has_news {
                self.told = Some(latest);
                self.status_at = now + STATUS_PACE;
            }
        } else {
            self.not_before = now + self.watchdog_pace.map_or(AGAIN, |pace| pace.min(AGAIN));
        }
    }

    /// When there is something to say.
    fn due(&self) -> Option<Moment> {
        let urgent = self.has_urgent_news().then_some(Moment::START);
        let status = self.has_news().then_some(self.status_at);
        let feed = self.watchdog_pace.map(|_| self.feed_at);
        let due = [urgent, status, feed].into_iter().flatten().min();
        due.map(|due| due.max(self.not_before))
    }

    fn has_news(&self) -> bool {
        self.told != Some(self.latest)
    }

    /// What the manager itself acts upon. It is told at once.
    fn has_urgent_news(&self) -> bool {
        self.told.is_none_or(|told| told.is_stopping != self.latest.is_stopping)
    }

    /// One datagram may hold several assignments. A sign of life goes with whatever is said.
    fn datagram(&self, has_news: bool) -> String {
        let Report { websockets, messages, is_stopping } = self.latest;
        let mut text = String::new();
        if self.told.is_none() {
            text.push_str("READY=1\n");
        }
        if has_news {
            let word = if is_stopping { "draining: " } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "STATUS={word}{websockets} connected, {messages} messages");
        }
        if is_stopping && self.has_urgent_news() {
            // A drain that was set to take longer than TimeoutStopSec= is not to be killed for it.
            let usec = self.stop_time.as_micros();
            let _ = write!(text, "STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}\n");
        }
        if self.watchdog_pace.is_some() {
            text.push_str("WATCHDOG=1\n");
        }
        text
    }
}

/// The manager's socket. It is looked up anew for each datagram: the manager may have been started
/// anew, and so may its socket.
#[derive(Debug)]
struct Channel {
    socket: UnixDatagram,
    manager: SocketAddr,
}

impl Channel {
    /// `name` is a path, or begins with `@` for a name that is in no file system (unix(7)).
    fn open(name: &OsStr) -> Option<Channel> {
        let manager = match name.as_bytes() {
            [b'@', abstract_name @ ..] => SocketAddr::from_abstract_name(abstract_name),
            [b'/', ..] => SocketAddr::from_pathname(name),
            _ => return None,
        };
        let socket = UnixDatagram::unbound().ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Channel { socket, manager: manager.ok()? })
    }

    /// Whether it was taken. If not, the manager is behind, or is not there just now.
    fn send(&self, text: &str) -> bool {
        self.socket.send_to_addr(text.as_bytes(), &self.manager).is_ok()
    }
}

/// Within which time the manager wants a sign of life from the process `own` (sd_watchdog_enabled(3)).
fn watchdog_interval(usec: Option<&str>, pid: Option<&str>, own: u32) -> Option<Duration> {
    let is_for_us = pid.is_none_or(|pid| pid.parse() == Ok(own));
    let usec = usec?.parse().ok().filter(|usec| *usec > 0 && is_for_us)?;
    Some(Duration::from_micros(usec))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A manager of our own, and the supervisor that tells it.
    fn pair(watchdog: Option<Duration>) -> (UnixDatagram, Supervisor) {
        static PAIRS: AtomicUsize = AtomicUsize::new(0);
        let number = PAIRS.fetch_add(1, Ordering::Relaxed);
        let name = format!("switchboard-{}-{number}", process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("it is short");
        let manager = UnixDatagram::bind_addr(&address).expect("the name is free");
        manager.set_nonblocking(true).expect("a socket");
        let supervisor = Supervisor {
            channel: Channel::open(format!("@{name}").as_ref()),
            watchdog_pace: watchdog.map(|interval| interval / 2),
            ..Supervisor::from_env(SECOND)
        };
        (manager, supervisor)
    }

    fn heard(manager: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let count = manager.recv(&mut buffer).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    }

    fn report(websockets: usize) -> Report {
        Report { websockets, messages: 7, is_stopping: false }
    }

    #[test]
    fn figures_are_told_at_once_then_in_their_pace_and_only_if_they_have_changed() {
        let (manager, mut supervisor) = pair(None);
        let start = Moment::from_nanos(1);
        assert_eq!(supervisor.wait(start), Some(Duration::ZERO), "it waits to hear READY");
        supervisor.report(start, report(1));
        assert_eq!(heard(&manager), "READY=1\nSTATUS=1 connected, 7 messages\n");
        assert_eq!(supervisor.wait(start), None, "nothing is new");

        supervisor.report(start + SECOND, report(2));
        assert_eq!(heard(&manager), "");
        assert_eq!(supervisor.wait(start + SECOND), Some(STATUS_PACE - SECOND));
        supervisor.report(start + STATUS_PACE, report(3));
        assert_eq!(heard(&manager), "STATUS=3 connected, 7 messages\n");
        supervisor.report(start + 3 * STATUS_PACE, report(3));
        assert_eq!(heard(&manager), "");
    }

    #[test]
    fn a_sign_of_life_is_due_after_half_of_the_time_allowed() {
        let (manager, mut supervisor) = pair(Some(2 * SECOND));
        let start = Moment::from_nanos(1);
        supervisor.report(start, report(1));
        assert!(heard(&manager).ends_with("\nWATCHDOG=1\n"));
        assert_eq!(supervisor.wait(start), Some(SECOND));
        supervisor.report(start + SECOND / 2, report(2));
        assert_eq!(heard(&manager), "");
        supervisor.report(start + SECOND, report(2));
        assert_eq!(heard(&manager), "WATCHDOG=1\n");
    }

    #[test]
    fn an_end_is_told_at_once_and_how_long_it_may_take() {
        let (manager, mut supervisor) = pair(None);
        let start = Moment::from_nanos(1);
        supervisor.report(start, report(1));
        heard(&manager);
        supervisor.report(start, Report { is_stopping: true, ..report(1) });
        assert_eq!(
            heard(&manager),
            "STATUS=draining: 1 connected, 7 messages\nSTOPPING=1\nEXTEND_TIMEOUT_USEC=6000000\n"
        );
    }

    #[test]
    fn what_could_not_be_said_is_said_later() {
        let (manager, mut supervisor) = pair(None);
        let start = Moment::from_nanos(1);
        let channel = supervisor.channel.as_ref().expect("it is open");
        while channel.send("X=1") {}
        supervisor.report(start, report(1));
        assert_eq!(supervisor.wait(start), Some(AGAIN));
        while heard(&manager) == "X=1" {}
        supervisor.report(start + AGAIN, report(1));
        assert_eq!(heard(&manager), "READY=1\nSTATUS=1 connected, 7 messages\n");
    }

    #[test]
    fn a_watchdog_that_watches_somebody_else_is_not_fed() {
        let interval = |usec, pid| watchdog_interval(usec, pid, 42);
        assert_eq!(interval(Some("2000000"), None), Some(2 * SECOND));
        assert_eq!(interval(Some("2000000"), Some("42")), Some(2 * SECOND));
        for (usec, pid) in [
            (None, Some("42")),
            (Some("0"), None),
            (Some("soon"), None),
            (Some("2000000"), Some("43")),
            (Some("2000000"), Some("")),
        ] {
            assert_eq!(interval(usec, pid), None, "{usec:?} {pid:?}");
        }
    }

    #[test]
    fn a_socket_that_is_no_name_of_one_is_nobody() {
        assert!(
            ["", "relative", "vsock:2:1234"].iter().all(|n| Channel::open(n.as_ref()).is_none())
        );
    }
}
