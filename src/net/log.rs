//! [`Log`]: lines to stderr that can never stall the loop.
//!
//! stderr may be a pipe whose reader has stopped, and a write to a full pipe blocks. Making it
//! non-blocking is no way out: the file description is shared with whoever started us. So each line
//! is written only if poll(2) says that it fits, at most a page at once, and counted if not. Lines
//! that peers can cause have a limit a second as well. What a line looks like is in [`line`].

mod line;

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::clock::Clock;
use line::Style;
pub(super) use line::Value;

/// Which lines are written. Each level includes those above it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// What keeps the server from working.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happens in the life of the server.
    Info,
    /// What happens all the time: requests for pages.
    Debug,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// `key=value`.
    Text,
    /// One JSON object a line.
    Json,
}

/// What decides which lines are written, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The lowest level that is written.
    pub level: Level,
    /// How.
    pub format: Format,
    /// What systemd says that the journal is, as `device:inode`.
    pub journal: Option<String>,
}

/// A pipe that is writable takes at least this many bytes without blocking (pipe(7), PIPE_BUF).
const LINE_BYTES: usize = 4096;

/// Lines that are written in one second, those that the server owes its operator not included.
const LINES_PER_SECOND: u32 = 100;

/// The log.
#[derive(Debug)]
pub(super) struct Log {
    level: Level,
    style: Style,
    clock: Clock,
    /// Lines that stderr did not take.
    dropped: u64,
    /// The present second, the lines in it, and those that were too many since the last one written.
    second: u64,
    lines: u32,
    suppressed: u64,
}

impl Log {
    pub(super) fn new(settings: &LogSettings, clock: Clock) -> Self {
        let in_journal = settings.journal.as_deref().is_some_and(is_stderr);
        let style = match (settings.format, in_journal) {
            (Format::Json, _) => Style::Json,
            (Format::Text, true) => Style::Journal,
            (Format::Text, false) => Style::Text,
        };
        let level = settings.level;
        Log { level, style, clock, dropped: 0, second: 0, lines: 0, suppressed: 0 }
    }

    pub(super) fn error(&mut self, message: fmt::Arguments<'_>) {
        self.line(Level::Error, message, &[]);
    }

    pub(super) fn info(&mut self, message: fmt::Arguments<'_>) {
        self.line(Level::Info, message, &[]);
    }

    /// Writes a line whatever the level and the limit.
    pub(super) fn always(&mut self, message: fmt::Arguments<'_>) {
        self.write(Level::Info, message, &[]);
    }

    /// Writes a line with further fields, if its level asks for it and there are not too many.
    pub(super) fn line(
        &mut self,
        level: Level,
        message: fmt::Arguments<'_>,
        fields: &[(&str, Value<'_>)],
    ) {
        if level > self.level {
            return;
        }
        let second = self.clock.now().monotonic.as_nanos() / 1_000_000_000;
        if second != self.second {
            (self.second, self.lines) = (second, 0);
            let suppressed = std::mem::take(&mut self.suppressed);
            if suppressed > 0 {
                let fields = [("lines", Value::Count(suppressed))];
                self.write(Level::Warn, format_args!("too many lines a second"), &fields);
            }
        }
        self.lines += 1;
        if self.lines > LINES_PER_SECOND {
            self.suppressed += 1;
        } else {
            self.write(level, message, fields);
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

/// Whether stderr goes to the journal, which systemd names so (systemd.exec(5), JOURNAL_STREAM). It
/// may have been redirected since: then the variable is still there, and means another file.
fn is_stderr(journal: &str) -> bool {
    fs::metadata("/proc/self/fd/2")
        .is_ok_and(|stderr| format!("{}:{}", stderr.dev(), stderr.ino()) == journal)
}

fn is_writable() -> bool {
    let stderr = io::stderr();
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
        && polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLOUT))
}
