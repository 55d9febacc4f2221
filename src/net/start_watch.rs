//! [`interruptible`]: does what may hang while the server starts, and hears signals meanwhile.
//!
//! The start may look up a name, whose server may not answer, and may read a pipe into which nobody writes.
//! The loop does not run yet. So a thread reads the signals for as long as that takes, and leaves them for
//! the loop. If one of them is to end the server, and the wait then does not end soon, the thread ends the
//! process: nobody is connected yet.
//!
//! The thread exists for such a wait only. After a process has had a second thread, the C library's
//! allocator takes a lock for larger pieces of memory, and that costs some 40 ns each time.

use std::collections::VecDeque;
use std::io::{self, PipeReader};
use std::os::fd::AsFd as _;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;

/// How long the start may take after a signal that ends the server, in milliseconds.
const PATIENCE_MILLIS: u16 = 1_000;

/// Where signals are read: see [`watch_over`].
static SIGNALS: OnceLock<Watched> = OnceLock::new();

/// The descriptor that signals are read from, and whether the signal with a number ends the server.
struct Watched {
    signals: Arc<SignalFd>,
    ends: fn(u32) -> bool,
}

/// The numbers of the signals that were read during the start, in their order.
static EARLY: Mutex<VecDeque<u32>> = Mutex::new(VecDeque::new());

/// Whether the loop runs, which then reads the signals itself.
static LOOP_RUNS: AtomicBool = AtomicBool::new(false);

/// Has [`interruptible`] wait without reading signals from now on: the loop reads them.
pub(super) fn end() {
    LOOP_RUNS.store(true, Ordering::Relaxed);
}

/// Has [`interruptible`] read signals from this descriptor. `ends` says whether the signal with a number ends
/// the server. Signals are the whole process's, and so is this.
pub(super) fn watch_over(signals: Arc<SignalFd>, ends: fn(u32) -> bool) {
    let _ = SIGNALS.set(Watched { signals, ends });
}

/// Takes the next signal that has arrived during the start.
pub(super) fn next_early() -> Option<u32> {
    EARLY.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Waits for something that may take long, before the loop runs. A signal that is to end the server ends the
/// process within a second, unless the wait is over before that. Once the loop runs, this only waits.
pub fn interruptible<T>(wait: impl FnOnce() -> T) -> T {
    let watched = SIGNALS.get().filter(|_| !LOOP_RUNS.load(Ordering::Relaxed));
    let (Some(watched), Ok((waiting_is_over, waiting))) = (watched, io::pipe()) else {
        return wait();
    };
    thread::scope(|scope| {
        let hear = move || {
            let read = watch(watched, &waiting_is_over);
            EARLY.lock().unwrap_or_else(PoisonError::into_inner).extend(read);
        };
        // Without a thread the signals wait until the loop runs.
        let _ = thread::Builder::new().name("start".to_owned()).spawn_scoped(scope, hear);
        let result = wait();
        // The thread sees that this end of the pipe is closed.
        drop(waiting);
        result
    })
}

/// Reads signals until the wait is over.
fn watch(Watched { signals, ends }: &Watched, over: &PipeReader) -> Vec<u32> {
    let mut early = Vec::new();
    loop {
        let sources = [signals.as_fd(), over.as_fd()];
        let mut polled = sources.map(|source| PollFd::new(source, PollFlags::POLLIN));
        let is_over = poll(&mut polled, PollTimeout::NONE).is_err();
        if is_over || polled[1].any().unwrap_or(true) {
            return early;
        }
        while let Ok(Some(signal)) = signals.read_signal() {
            early.push(signal.ssi_signo);
        }
        if early.iter().any(|&number| ends(number)) {
            let mut polled = [PollFd::new(over.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PATIENCE_MILLIS) == Ok(0) {
                process::exit(0);
            }
            return early;
        }
    }
}
