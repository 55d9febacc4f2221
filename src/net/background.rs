//! [`Background`]: work that may wait for a disk, on a thread of its own. The loop goes on meanwhile, and is woken at
//! its end.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

/// Work that is under way, and what will come of it.
#[derive(Debug)]
pub(super) struct Background<T>(Receiver<T>);

/// The thread has ended, and nothing has come of its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Vanished;

impl Vanished {
    /// What is said of it.
    pub(super) const WHY: &str = "its thread has ended";
}

impl<T: Send + 'static> Background<T> {
    /// Begins the work on a thread with this name. `waker` wakes the loop when it should ask for the result.
    ///
    /// # Errors
    ///
    /// Why there is no thread.
    pub(super) fn begin(
        name: &str,
        waker: &Arc<Waker>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let (done, result) = channel();
        let waker = Arc::clone(waker);
        let work = move || {
            // If the server has ended meanwhile, nobody receives this.
            let _ = done.send(work());
            let _ = waker.wake();
        };
        thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Background(result))
    }

    /// What has come of it; `None`: it is under way.
    pub(super) fn result(&self) -> Option<Result<T, Vanished>> {
        match self.0.try_recv() {
            Ok(result) => Some(Ok(result)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Vanished)),
        }
    }

    /// The same, but waits for it for this long.
    pub(super) fn wait(&self, time: Duration) -> Option<Result<T, Vanished>> {
        match self.0.recv_timeout(time) {
            Ok(result) => Some(Ok(result)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(Vanished)),
        }
    }

    /// Work whose result comes from elsewhere.
    #[cfg(test)]
    pub(super) fn of(result: Receiver<T>) -> Self {
        Background(result)
    }
}
