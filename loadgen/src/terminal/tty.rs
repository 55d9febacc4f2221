//! [`Tty`]: the terminal as a device: its mode, its size, and that it is left as it was found.
//!
//! In raw mode the terminal hands over every key at once and shows none (termios(3)). It also reports when its
//! window comes to the front (xterm's mode 1004), and marks pasted text (mode 2004).

use std::io::{self, IsTerminal as _, Write as _};
use std::panic;
use std::sync::Mutex;

use console::Term;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

const REPORTS_ON: &str = "\x1b[?1004h\x1b[?2004h";
const REPORTS_OFF: &str = "\x1b[?2004l\x1b[?1004l";

/// The terminal of stdin and stdout.
#[derive(Debug)]
pub(super) struct Tty {
    before: Termios,
}

/// Whether a person sits at stdin and stdout.
pub(super) fn is_there() -> bool {
    let is_able = std::env::var("TERM").is_ok_and(|kind| kind != "dumb");
    is_able && io::stdin().is_terminal() && io::stdout().is_terminal()
}

impl Tty {
    /// Puts the terminal into raw mode. It leaves it when the value is dropped, and at a panic.
    pub(super) fn open() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let tty = Tty { before: before.clone() };
        tty.enter()?;
        // A release aborts at a panic, and drops nothing.
        let (default, before) = (panic::take_hook(), Mutex::new(before));
        panic::set_hook(Box::new(move |info| {
            if let Ok(before) = before.lock() {
                leave(&before);
            }
            default(info);
        }));
        Ok(tty)
    }

    /// Enters raw mode, again after another program had the terminal.
    pub(super) fn enter(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)?;
        write(REPORTS_ON)
    }

    /// Leaves raw mode.
    pub(super) fn leave(&self) {
        leave(&self.before);
    }

    /// Columns.
    pub(super) fn width(&self) -> usize {
        usize::from(Term::stdout().size().1)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.leave();
    }
}

fn leave(before: &Termios) {
    // If the terminal is gone, there is nothing to put right.
    let _ = write(REPORTS_OFF);
    let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
}

/// Writes to the terminal, at once.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
