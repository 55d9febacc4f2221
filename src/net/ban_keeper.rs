//! [`BanKeeper`]: writes the bans of the operator's API into `--bans-file`, so that they survive a restart.
//!
//! A disk may be slow, and the loop must not wait for it: a thread writes, one at a time. It never works beside a
//! reload, which reads the same file. What the operator changes meanwhile waits. If a file cannot be written, that is
//! logged, and its bans hold until the next reload or restart. The end of the process waits for the thread, if only for
//! [`END_TIMEOUT`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

use super::clock::Clock;
use super::log::{Level, Log};
use super::{Driver, bans_file};
use crate::turn::BanChange;

/// How long the process waits at its end until the file is written. A disk that does not answer, as one of the network
/// may, must not keep a server from its restart. With the store's timeout it is below the margin that the service
/// manager is told.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// Why there is no result of the thread.
const THREAD_ENDED: &str = "its thread has ended";

/// The file, what it does not have yet, and the thread that writes.
#[derive(Debug)]
pub(super) struct BanKeeper {
    pub(super) path: Option<PathBuf>,
    waker: Arc<Waker>,
    waiting: Vec<BanChange>,
    under_way: Option<Receiver<Result<(), String>>>,
}

impl BanKeeper {
    /// Keeps bans in this file, if there is one. `waker` wakes the loop when a thread is done.
    pub(super) fn new(path: Option<PathBuf>, waker: Arc<Waker>) -> Self {
        BanKeeper { path, waker, waiting: Vec::new(), under_way: None }
    }

    /// Whether a thread writes.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// What the operator has changed, and the file does not have yet.
    pub(super) fn waiting(&self) -> &[BanChange] {
        &self.waiting
    }

    /// Begins to write what waits.
    fn write(&mut self, log: &mut Log) {
        let changes = std::mem::take(&mut self.waiting);
        let Some(path) = self.path.clone() else { return };
        let (done, under_way) = channel();
        let waker = Arc::clone(&self.waker);
        let write = move || {
            // If the server has ended meanwhile, nobody receives this.
            let _ = done.send(bans_file::edit(&path, &changes));
            let _ = waker.wake();
        };
        match thread::Builder::new().name("bans".to_owned()).spawn(write) {
            Ok(_) => self.under_way = Some(under_way),
            Err(error) => self.complain(&error.to_string(), log),
        }
    }

    /// Logs the result of the thread, once it is done.
    fn look(&mut self, log: &mut Log) {
        let Some(under_way) = &self.under_way else { return };
        let result = match under_way.try_recv() {
            Ok(result) => result,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(THREAD_ENDED.to_owned()),
        };
        self.under_way = None;
        if let Err(why) = result {
            self.complain(&why, log);
        }
    }

    /// Waits for the thread, and writes what still waits, for at most as long as the limit.
    fn finish(&mut self, limit: Duration, clock: Clock, log: &mut Log) {
        let deadline = clock.monotonic() + limit;
        loop {
            if let Some(under_way) = self.under_way.take() {
                let (result, is_late) = match under_way
                    .recv_timeout(deadline.since(clock.monotonic()))
                {
                    Ok(result) => (result, false),
                    Err(RecvTimeoutError::Disconnected) => (Err(THREAD_ENDED.to_owned()), false),
                    Err(RecvTimeoutError::Timeout) => {
                        (Err("the disk does not answer".to_owned()), true)
                    }
                };
                if let Err(why) = result {
                    self.complain(&why, log);
                }
                // Two threads must not be at the file at once, not even now.
                if is_late {
                    return;
                }
            }
            if self.waiting.is_empty() {
                return;
            }
            self.write(log);
        }
    }

    fn complain(&self, why: &str, log: &mut Log) {
        let path = self.path.as_deref().unwrap_or("?".as_ref()).display();
        let what = "what was changed holds until the next reload or restart";
        log.owed(Level::Error, format_args!("bans could not be written to {path}: {why}; {what}"));
    }
}

impl Driver {
    /// Takes the changes of this turn, and has them written once no other thread is at the file.
    pub(super) fn keep_bans(&mut self) {
        self.ban_keeper.waiting.extend(self.turn.take_ban_changes());
        self.ban_keeper.look(&mut self.log);
        if self.ban_keeper.is_busy() || self.reload.is_under_way() {
            return;
        }
        if self.reload.is_postponed() && !self.stop.is_asked() {
            self.begin_reload();
        } else if !self.ban_keeper.waiting.is_empty() {
            self.ban_keeper.write(&mut self.log);
        }
    }

    /// Has what still waits written, before the process ends.
    pub(super) fn finish_bans(&mut self) {
        self.ban_keeper.finish(END_TIMEOUT, self.clock, &mut self.log);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mio::{Poll, Token};

    use super::*;
    use crate::chat::{Ban, Banned};
    use crate::net::log::{Format, LogSettings};

    fn keeper(path: PathBuf) -> BanKeeper {
        let poll = Poll::new().expect("epoll");
        BanKeeper::new(
            Some(path),
            Arc::new(Waker::new(poll.registry(), Token(0)).expect("eventfd")),
        )
    }

    fn change() -> BanChange {
        let who = Banned::parse("number", "0123456789").expect("a number");
        BanChange::Banned(Ban::new(who, None, ""))
    }

    /// Ends a keeper, and returns it. It has half a minute for that.
    #[track_caller]
    fn finished(mut keeper: BanKeeper, limit: Duration) -> BanKeeper {
        let (done, result) = channel();
        thread::spawn(move || {
            let settings = LogSettings { level: Level::Error, format: Format::Text, journal: None };
            keeper.finish(limit, Clock::start(), &mut Log::new(&settings, Clock::start()));
            done.send(keeper)
        });
        result.recv_timeout(Duration::from_secs(30)).expect("it ends")
    }

    #[test]
    fn a_disk_that_does_not_answer_does_not_keep_the_process_from_its_end() {
        let path = std::env::temp_dir().join(format!("switchboard-hung-{}", std::process::id()));
        fs::write(&path, "").expect("it is ours");
        let mut keeper = keeper(path.clone());
        let (never, under_way) = channel();
        keeper.under_way = Some(under_way);
        keeper.waiting.push(change());
        let keeper = finished(keeper, Duration::from_millis(10));
        assert_eq!(keeper.waiting.len(), 1, "nothing is written beside the thread that hangs");
        assert_eq!(fs::read_to_string(&path).expect("it is ours"), "");
        // Once it answers, what waits is written.
        let (answers, under_way) = channel();
        answers.send(Err("the disk is full".to_owned())).expect("it is heard");
        let keeper = BanKeeper { under_way: Some(under_way), ..keeper };
        let keeper = finished(keeper, Duration::from_secs(30));
        assert!(keeper.waiting.is_empty());
        assert_eq!(fs::read_to_string(&path).expect("it is ours"), "number 0123456789\n");
        let _ = fs::remove_file(&path);
        drop(never);
    }
}
