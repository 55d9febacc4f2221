//! [`Progress`]: a line each second for whoever watches: one that changes on a terminal, one below the
//! other elsewhere, none if nobody wants it.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use switchboard::timer::Moment;

/// Time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells how far a run is, on stderr.
#[derive(Debug)]
pub(super) struct Progress {
    style: Style,
    next: Moment,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    Quiet,
    Lines,
    /// One line that is written over.
    Live,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let style = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Style::Quiet,
            (false, true) => Style::Live,
            (false, false) => Style::Lines,
        };
        Progress { style, next: Moment::START + PAUSE }
    }

    /// When the next line is due.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        (self.style != Style::Quiet).then_some(self.next)
    }

    /// Whether a line is due; and if so, when the next one is.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        let is_due = self.next_deadline().is_some_and(|next| next <= now);
        if is_due {
            self.next = now + PAUSE;
        }
        is_due
    }

    /// Writes a line.
    pub(super) fn tell(&self, line: fmt::Arguments<'_>) {
        // Nothing is left to do about a stderr that is closed.
        let _ = match self.style {
            Style::Quiet => Ok(()),
            Style::Lines => writeln!(io::stderr(), "{line}"),
            // Back to the margin, and clear what is left of the old line (ECMA-48).
            Style::Live => write!(io::stderr(), "\r{line}\x1b[K"),
        };
    }

    /// There will be no more lines.
    pub(super) fn finish(&self) {
        if self.style == Style::Live {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
