//! [`Supervisor`]: tells the service manager how the server is, with the protocol of sd_notify(3).
//!
//! systemd passes the name of a datagram socket in `NOTIFY_SOCKET`. The server sends `READY` once the
//! loop runs, `STOPPING` when it is about to end, and `STATUS` with a few figures now and then. If
//! `WATCHDOG_USEC` asks for it, `WATCHDOG` says that the loop still runs. The loop sends all of these
//! itself, between two turns. So a loop that hangs sends nothing, and systemd restarts the server.
//!
//! Nothing here may block the loop. The socket is non-blocking, and what does not fit into it is sent
//! a little later. Without `NOTIFY_SOCKET` nothing is sent.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::time::Duration;

use super::clock;
use super::stop::Stop;
use crate::timer::Moment;
use crate::turn::Turn;

/// The least time between two lines of `STATUS`. People read them, and need no more.
const STATUS_PACE: Duration = Duration::from_secs(5);

/// How long to wait before a failed datagram is sent again.
const AGAIN: Duration = Duration::from_millis(100);

/// The time that the end may take in addition to the drain: 1 s for the newest requests, 3 s for the file with the bans,
/// 5 s for the store, and one to spare.
const STOP_MARGIN: Duration = Duration::from_secs(10);

/// The most lines about reloads that wait while the manager takes none: two reloads.
const RELOAD_LINES: usize = 4;

/// The service manager, if there is one.
#[derive(Debug)]
pub(super) struct Supervisor {
    channel: Option<Channel>,
    /// The time between two `WATCHDOG` messages: half of what the manager allows, as
    /// sd_watchdog_enabled(3) recommends. `None` without a watchdog.
    watchdog_pace: Option<Duration>,
    /// The most time that the end may take.
    stop_time: Duration,
    /// The last report that was sent; `None` before `READY`.
    told: Option<Report>,
    latest: Report,
    /// What a reload has to say, oldest first. At most [`RELOAD_LINES`] of them.
    reload: VecDeque<String>,
    /// When the next `WATCHDOG` is due.
    feed_at: Moment,
    /// When the next `STATUS` may be sent.
    status_at: Moment,
    /// After a failure, nothing is sent before this moment.
    not_before: Moment,
}

/// How the server is.
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
    /// Finds the service manager that the environment names, if there is one. The process will end
    /// within `drain_timeout` and [`STOP_MARGIN`].
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
            reload: VecDeque::new(),
            feed_at: Moment::START,
            status_at: Moment::START,
            not_before: Moment::START,
        }
    }

    /// Changes the time that the drain may take.
    pub(super) fn set_drain_timeout(&mut self, drain_timeout: Duration) {
        self.stop_time = drain_timeout.saturating_add(STOP_MARGIN);
    }

    /// Says that a reload has begun. The manager wants the time, to know which of its own requests this answers.
    pub(super) fn reload_begins(&mut self) {
        self.say(format!("RELOADING=1\nMONOTONIC_USEC={}\n", clock::machine_micros()));
    }

    /// Says that a reload is over, whether it has changed anything or not.
    pub(super) fn reload_ends(&mut self) {
        self.say("READY=1\n".to_owned());
    }

    fn say(&mut self, line: String) {
        if self.channel.is_some() {
            self.reload.push_back(line);
            // Only the last answer matters to a manager that was away.
            while self.reload.len() > RELOAD_LINES {
                self.reload.pop_front();
            }
        }
    }

    /// How long the loop may sleep before it has to call [`report`](Self::report).
    pub(super) fn wait(&self, now: Moment) -> Option<Duration> {
        self.channel.as_ref()?;
        self.due().map(|at| at.since(now))
    }

    /// Sends what is due. The loop calls this after every turn. Nearly always it only compares times.
    pub(super) fn report(&mut self, now: Moment, latest: Report) {
        self.latest = latest;
        let Some(channel) = &self.channel else { return };
        if self.due().is_none_or(|due| now < due) {
            return;
        }
        while let Some(line) = self.reload.front().filter(|_| self.told.is_some()) {
            if !channel.send(line) {
                self.not_before = now + AGAIN;
                return;
            }
            self.reload.pop_front();
        }
        let has_news = self.has_urgent_news() || (self.has_news() && now >= self.status_at);
        let datagram = self.datagram(has_news);
        if datagram.is_empty() {
            return;
        }
        if channel.send(&datagram) {
            self.feed_at = self.watchdog_pace.map_or(now, |pace| now + pace);
            if has_news {
                self.told = Some(latest);
                self.status_at = now + STATUS_PACE;
            }
        } else {
            self.not_before = now + self.watchdog_pace.map_or(AGAIN, |pace| pace.min(AGAIN));
        }
    }

    /// When there is something to send; `None` if there is nothing.
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

    /// Whether there is news that the manager itself acts upon. Such news is sent at once.
    fn has_urgent_news(&self) -> bool {
        let is_stopping = self.latest.is_stopping;
        self.told.is_none_or(|told| told.is_stopping != is_stopping) || !self.reload.is_empty()
    }

    /// Formats a datagram. It may hold several assignments, and always holds `WATCHDOG` too.
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
            // The drain may be set to take longer than TimeoutStopSec=. It must not be killed for that.
            let usec = self.stop_time.as_micros();
            let _ = write!(text, "STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}\n");
        }
        if self.watchdog_pace.is_some() {
            text.push_str("WATCHDOG=1\n");
        }
        text
    }
}

/// The manager's socket. Each datagram looks its name up again, because the manager may have been
/// restarted with a new socket.
#[derive(Debug)]
struct Channel {
    socket: UnixDatagram,
    manager: SocketAddr,
}

impl Channel {
    /// Opens the socket `name`: a path, or `@` and an abstract name, which is in no file system (unix(7)).
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

    /// Sends a datagram, and returns whether the kernel took it. If not, the manager is slow, or is not
    /// running at the moment.
    fn send(&self, text: &str) -> bool {
        self.socket.send_to_addr(text.as_bytes(), &self.manager).is_ok()
    }
}

/// The time within which the manager wants a `WATCHDOG` from the process `own`
/// (sd_watchdog_enabled(3)).
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

    /// Makes a socket that plays the manager, and a supervisor that sends to it.
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
            "STATUS=draining: 1 connected, 7 messages\nSTOPPING=1\nEXTEND_TIMEOUT_USEC=11000000\n"
        );
    }

    #[test]
    fn a_reload_is_told_from_its_begin_to_its_end_and_only_after_the_start() {
        let (manager, mut supervisor) = pair(None);
        let start = Moment::from_nanos(1);
        supervisor.reload_begins();
        supervisor.report(start, report(1));
        assert!(heard(&manager).starts_with("READY=1\nSTATUS="));
        assert_eq!(supervisor.wait(start), Some(Duration::ZERO));
        supervisor.reload_ends();
        supervisor.report(start, report(1));
        let begun = heard(&manager);
        let micros = begun.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").map(str::trim_end);
        assert!(micros.is_some_and(|usec| usec.parse() != Ok(0_u64)), "{begun}");
        assert_eq!(heard(&manager), "READY=1\n");
        assert_eq!((heard(&manager).as_str(), supervisor.wait(start)), ("", None));
        (0..100).for_each(|_| supervisor.reload_begins());
        assert_eq!(supervisor.reload.len(), RELOAD_LINES, "nothing grows without a limit");
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
    fn a_watchdog_for_another_process_is_not_fed() {
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
    fn a_wrong_name_of_a_socket_is_no_manager() {
        assert!(
            ["", "relative", "vsock:2:1234"].iter().all(|n| Channel::open(n.as_ref()).is_none())
        );
    }
}
