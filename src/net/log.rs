//! [`Log`]: lines to stderr that can never stall the loop.
//!
//! stderr may be a pipe whose reader has stopped, and a write to a full pipe blocks. Making it
//! non-blocking is no way out: the file description is shared with whoever started us. So each line
//! is written only if poll(2) says that it fits, at most a page at once, and counted if not.

use std::fmt;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Which lines are written. Each level includes those above it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// What keeps the server from working.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happens in the life of the server.
    Info,
}

/// A pipe that is writable takes at least this many bytes without blocking (pipe(7), PIPE_BUF).
const LINE_BYTES: usize = 4096;

/// The log.
#[derive(Debug)]
pub(super) struct Log {
    level: Level,
    /// Lines that could not be written.
    dropped: u64,
}

impl Log {
    pub(super) fn new(level: Level) -> Self {
        Log { level, dropped: 0 }
    }

    pub(super) fn warn(&mut self, line: fmt::Arguments<'_>) {
        self.line(Level::Warn, line);
    }

    pub(super) fn info(&mut self, line: fmt::Arguments<'_>) {
        self.line(Level::Info, line);
    }

    /// Writes a line whatever the level.
    pub(super) fn always(&mut self, line: fmt::Arguments<'_>) {
        let mut text = format!("switchboard: {line}\n").into_bytes();
        if self.dropped > 0 {
            text.extend_from_slice(
                format!("switchboard: {} log lines were dropped before this\n", self.dropped)
                    .as_bytes(),
            );
        }
        text.truncate(LINE_BYTES);
        let written = is_writable() && io::stderr().write(&text).is_ok_and(|n| n == text.len());
        self.dropped = if written { 0 } else { self.dropped + 1 };
    }

    fn line(&mut self, level: Level, line: fmt::Arguments<'_>) {
        if level <= self.level {
            self.always(line);
        }
    }
}

fn is_writable() -> bool {
    let stderr = io::stderr();
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
        && polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLOUT))
}
