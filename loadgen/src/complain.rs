//! [`complain`]: one line on stderr, with the name of the program before it.

use std::io::{self, Write as _};

/// Writes the line.
pub(crate) fn complain(line: &str) {
    // If stderr is closed, there is no other place to say so.
    let _ = writeln!(io::stderr(), "loadgen: {line}");
}
