//! [`Stderr`]: what a program says on stderr, with a priority where systemd's journal reads it.
//!
//! The journal takes the number in `<3>` before a line as the line's priority (sd-daemon(3)), and removes it.
//! Elsewhere such a number would be noise. So it is written only if stderr is the journal's own socket.
//!
//! This is for lines at the start and at the end. It may block: the loop has a log of its own for that. The
//! server and loadgen share this room.

use std::io::{self, Write as _};

use nix::sys::stat::fstat;

/// How severe a line is (RFC 5424 §6.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Priority {
    /// Something does not work.
    Error,
    /// An operator should look at something.
    Warning,
    /// A usual event.
    Info,
    /// A frequent event.
    Debug,
}

impl Priority {
    /// The number that the journal reads.
    pub fn number(self) -> u8 {
        match self {
            Priority::Error => 3,
            Priority::Warning => 4,
            Priority::Info => 6,
            Priority::Debug => 7,
        }
    }
}

/// Whether stderr is the file of the journal that `JOURNAL_STREAM` names as `device:inode`
/// (systemd.exec(5)). If stderr has been redirected since, the variable still exists, but names another file.
pub fn is_stderr(journal_stream: Option<&str>) -> bool {
    let Some(named) = journal_stream else { return false };
    fstat(io::stderr()).is_ok_and(|file| format!("{}:{}", file.st_dev, file.st_ino) == named)
}

/// The lines that a program writes to stderr.
#[derive(Clone, Copy, Debug)]
pub struct Stderr {
    program: &'static str,
    in_journal: bool,
}

impl Stderr {
    /// Lines that begin with the program's name. `journal_stream` is the value of the variable
    /// `JOURNAL_STREAM`.
    pub fn new(program: &'static str, journal_stream: Option<&str>) -> Self {
        Stderr { program, in_journal: is_stderr(journal_stream) }
    }

    /// Writes the lines of a text.
    pub fn say(self, priority: Priority, text: &str) {
        // stderr may be closed. Then there is nothing left to do.
        let _ = io::stderr().write_all(self.lines(priority, text).as_bytes());
    }

    fn lines(self, priority: Priority, text: &str) -> String {
        let number = priority.number();
        let before = if self.in_journal { format!("<{number}>") } else { String::new() };
        text.lines().map(|line| format!("{before}{}: {line}\n", self.program)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_the_program_and_in_the_journal_its_priority() {
        let mut stderr = Stderr { program: "x", in_journal: false };
        assert_eq!(stderr.lines(Priority::Error, "a\nb"), "x: a\nx: b\n");
        stderr.in_journal = true;
        assert_eq!(stderr.lines(Priority::Error, "a\nb\n"), "<3>x: a\n<3>x: b\n");
        assert_eq!(stderr.lines(Priority::Warning, "a"), "<4>x: a\n");
    }

    #[test]
    fn the_journal_is_the_file_that_is_named_and_no_other() {
        let stderr = fstat(io::stderr()).expect("cargo gives us one");
        let named = format!("{}:{}", stderr.st_dev, stderr.st_ino);
        let other = format!("{}:{}", stderr.st_dev, stderr.st_ino + 1);
        assert!(is_stderr(Some(&named)));
        for stream in [None, Some(""), Some(other.as_str()), Some("8:x")] {
            assert!(!is_stderr(stream), "{stream:?}");
        }
    }
}
