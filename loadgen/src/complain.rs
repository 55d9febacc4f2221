//! [`complain`], [`warn`] and [`tell`]: a line on stderr, with the name of the program before it, and in systemd's
//! journal with its priority.

use std::env;

use switchboard::journal::{Priority, Stderr};

/// Says what does not work.
pub(crate) fn complain(text: &str) {
    stderr().say(Priority::Error, text);
}

/// Says what a person should look at.
pub(crate) fn warn(text: &str) {
    stderr().say(Priority::Warning, text);
}

/// Says what a person may want to know.
pub(crate) fn tell(text: &str) {
    stderr().say(Priority::Info, text);
}

fn stderr() -> Stderr {
    Stderr::new("loadgen", env::var("JOURNAL_STREAM").ok().as_deref())
}
