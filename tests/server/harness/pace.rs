//! Waiting for things: as long as it takes, within reason.

#![expect(clippy::disallowed_methods, reason = "tests watch a real server, in real time")]

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. No test passes by waiting this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Asks again and again until there is an answer.
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

/// Lets time pass, where that is what a test is about.
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}
