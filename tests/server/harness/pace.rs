//! Waiting for an event, up to a limit.

#![expect(clippy::disallowed_methods, reason = "tests watch a real server, in real time")]

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. No test passes by waiting this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Calls `ask` again and again until it returns a value.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Lets time pass. Only a test about time may call it.
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// Calls `call` again as long as it is interrupted. Where the whole test is stopped for a moment, by a
/// debugger or a virtual machine, a call on a socket with a timeout ends with EINTR (signal(7)).
pub(crate) fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
