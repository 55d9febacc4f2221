//! [`Log`]: lines to stderr that can never stall the loop.
//!
//! stderr may be a pipe whose reader has stopped, and a write to a full pipe blocks. We cannot make it
//! non-blocking: the file description is shared with the process that started us. So a line is
//! written only if poll(2) says that it fits, at most a page at once; otherwise it is counted.
//! Lines that peers can cause also have a limit for each second and level. So a thousand connections
//! that end suppress no warning, and never a reply to the operator. [`line`] formats the lines.

mod line;

use std::fmt;
use std::io::{self, Write as _};
use std::mem;
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::clock::Clock;
use crate::dialects::operator::LogLevel;
use crate::journal;
use crate::timer::Moment;
use line::Style;
pub(super) use line::Value;

/// Which lines are written. Each level includes those above it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Something keeps the server from working.
    Error,
    /// An operator should look at something.
    Warn,
    /// The server has reached a new stage, or a WebSocket has ended.
    Info,
    /// A frequent event: a request for a page.
    Debug,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
        }
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `key=value`.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which lines are written, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The least severe level that is written.
    pub level: Level,
    /// The format of the lines.
    pub format: Format,
    /// The file that the journal reads, as `device:inode`, if systemd names one.
    pub journal: Option<String>,
}

/// A pipe that is writable takes at least this many bytes without blocking (pipe(7), PIPE_BUF).
const LINE_BYTES: usize = 4096;

/// The most lines of each level in one second. The replies to an operator's signals do not count.
const LINES_PER_SECOND: u32 = 100;

const SECOND: Duration = Duration::from_secs(1);

/// The log.
#[derive(Debug)]
pub(super) struct Log {
    level: Level,
    style: Style,
    clock: Clock,
    /// Lines that stderr did not take.
    dropped: u64,
    /// The rate limit: the end of the current second, the lines written in it by level, and the
    /// lines suppressed in it.
    second_ends: Moment,
    lines: [u32; 4],
    suppressed: u64,
}

impl Log {
    pub(super) fn new(settings: &LogSettings, clock: Clock) -> Self {
        let in_journal = journal::is_stderr(settings.journal.as_deref());
        let style = Style { format: settings.format, in_journal };
        let level = settings.level;
        let second_ends = Moment::START;
        Log { level, style, clock, dropped: 0, second_ends, lines: [0; 4], suppressed: 0 }
    }

    /// Changes the least severe level that is written.
    pub(super) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Writes a line at any level, and regardless of the rate limit.
    pub(super) fn always(&mut self, message: fmt::Arguments<'_>) {
        self.write(Level::Info, message, &[]);
    }

    /// Writes the reply to an operator's signal. It obeys the level, not the rate limit.
    pub(super) fn owed(&mut self, level: Level, message: fmt::Arguments<'_>) {
        if level <= self.level {
            self.write(level, message, &[]);
        }
    }

    /// Writes a line with fields, if the level and the rate limit allow it.
    pub(super) fn line(
        &mut self,
        level: Level,
        message: fmt::Arguments<'_>,
        fields: &[(&str, Value<'_>)],
    ) {
        if level > self.level {
            return;
        }
        let now = self.clock.now().monotonic;
        self.settle(now);
        if now >= self.second_ends {
            (self.second_ends, self.lines) = (now + SECOND, [0; 4]);
        }
        let lines = &mut self.lines[level as usize];
        if *lines < LINES_PER_SECOND {
            *lines += 1;
            self.write(level, message, fields);
        } else {
            self.suppressed += 1;
        }
    }

    /// How long the loop may sleep before it has to [`settle`](Self::settle).
    pub(super) fn wait(&self, now: Moment) -> Option<Duration> {
        (self.suppressed > 0).then(|| self.second_ends.since(now))
    }

    /// Once a second is over, logs how many lines the rate limit suppressed in it.
    pub(super) fn settle(&mut self, now: Moment) {
        if now >= self.second_ends {
            self.finish();
        }
    }

    /// Logs how many lines the rate limit suppressed so far: the process is about to end.
    pub(super) fn finish(&mut self) {
        let suppressed = mem::take(&mut self.suppressed);
        if suppressed > 0 && self.level >= Level::Warn {
            let fields = [("lines", Value::Count(suppressed))];
            self.write(Level::Warn, format_args!("too many lines a second"), &fields);
        }
    }

    fn write(&mut self, level: Level, message: fmt::Arguments<'_>, fields: &[(&str, Value<'_>)]) {
        let time = self.clock.now().unix;
        let mut text = line::write(self.style, level, time, message, fields);
        if self.dropped > 0 {
            let dropped = [("lines", Value::Count(self.dropped))];
            let message = format_args!("stderr did not take all lines before this");
            text += &line::write(self.style, Level::Warn, time, message, &dropped);
        }
        let mut text = text.into_bytes();
        text.truncate(LINE_BYTES);
        let written = is_writable() && io::stderr().write(&text).is_ok_and(|n| n == text.len());
        self.dropped = if written { 0 } else { self.dropped + 1 };
    }
}

fn is_writable() -> bool {
    let stderr = io::stderr();
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
        && polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLOUT))
}
