//! [`BanKeeper`]: writes the bans of the operator's API into `--bans-file`, so that they survive a restart.
//!
//! A disk may be slow, and the loop must not wait for it: a thread writes, one at a time. It never works beside a
//! reload, which reads the same file. What the operator changes meanwhile waits. If the file cannot be written, that is
//! logged; its bans hold all the same, also after a reload, and the next change, the next reload and the end try again.
//! The end of the process waits for the thread, if only for [`END_TIMEOUT`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mio::Waker;

use super::background::{Background, Vanished};
use super::clock::Clock;
use super::log::{Level, Log};
use super::{Driver, bans_file};
use crate::chat::Bans;
use crate::timer::Moment;
use crate::turn::BanChange;

/// How long the process waits at its end until the file is written. A disk that does not answer, as one of the network
/// may, must not keep a server from its restart. With the store's timeout it is below the margin that the service
/// manager is told.
const END_TIMEOUT: Duration = Duration::from_secs(3);

/// The most changes that wait for a file that cannot be written: two for each ban that there may be.
const MOST_WAITING: usize = 2 * Bans::MOST;

/// The file, what it does not have yet, and the thread that writes.
#[derive(Debug)]
pub(super) struct BanKeeper {
    path: Option<PathBuf>,
    waker: Arc<Waker>,
    /// What the operator has changed, and the file does not have yet: the oldest first, at most [`MOST_WAITING`].
    waiting: Vec<BanChange>,
    /// Whether to write it. Not again right after a failure.
    is_due: bool,
    under_way: Option<Background<Result<(), String>>>,
    /// How many of those that wait the thread writes. They are the first.
    in_hand: usize,
}

impl BanKeeper {
    /// Keeps bans in this file, if there is one. `waker` wakes the loop when a thread is done.
    pub(super) fn new(path: Option<PathBuf>, waker: Arc<Waker>) -> Self {
        let (waiting, under_way) = (Vec::new(), None);
        BanKeeper { path, waker, waiting, is_due: false, under_way, in_hand: 0 }
    }

    /// Keeps bans in this file from now on.
    pub(super) fn set_path(&mut self, path: Option<PathBuf>) {
        self.path = path;
        self.is_due = true;
    }

    /// Whether there is a file.
    pub(super) fn has_file(&self) -> bool {
        self.path.is_some()
    }

    /// Whether a thread writes.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// What the operator has changed, and the file does not have yet.
    pub(super) fn waiting(&self) -> &[BanChange] {
        &self.waiting
    }

    fn add(&mut self, changes: Vec<BanChange>, log: &mut Log) {
        self.is_due |= !changes.is_empty();
        self.waiting.extend(changes);
        let excess = self.waiting.len().saturating_sub(MOST_WAITING);
        if excess > 0 {
            self.waiting.drain(self.in_hand..self.in_hand + excess);
            let message =
                format_args!("{excess} changes of bans are in no file: too many wait for it");
            log.owed(Level::Error, message);
        }
    }

    /// Begins to write what waits.
    fn write(&mut self, log: &mut Log) {
        self.is_due = false;
        let Some(path) = self.path.clone() else { return };
        let changes = self.waiting.clone();
        match Background::begin("bans", &self.waker, move || bans_file::edit(&path, &changes)) {
            Ok(under_way) => (self.under_way, self.in_hand) = (Some(under_way), self.waiting.len()),
            Err(error) => self.complain(&error.to_string(), log),
        }
    }

    /// Takes the result of the thread, once it is done.
    fn look(&mut self, log: &mut Log) {
        if let Some(result) = self.under_way.as_ref().and_then(Background::result) {
            self.settle(result, log);
        }
    }

    fn settle(&mut self, result: Result<Result<(), String>, Vanished>, log: &mut Log) {
        self.under_way = None;
        let written = std::mem::take(&mut self.in_hand);
        match result.unwrap_or_else(|_| Err(Vanished::WHY.to_owned())) {
            Ok(()) => drop(self.waiting.drain(..written)),
            Err(why) => self.complain(&why, log),
        }
    }

    /// Waits for the thread, and writes what still waits, for at most as long as the limit.
    fn finish(&mut self, limit: Duration, clock: Clock, log: &mut Log) {
        let deadline = clock.monotonic() + limit;
        // Two threads must not be at the file at once, not even now.
        if self.is_over(deadline, clock, log) && !self.waiting.is_empty() {
            self.write(log);
            self.is_over(deadline, clock, log);
        }
    }

    /// Waits for the thread, if there is one. Returns whether it was done before the deadline.
    fn is_over(&mut self, deadline: Moment, clock: Clock, log: &mut Log) -> bool {
        let Some(under_way) = &self.under_way else { return true };
        let Some(result) = under_way.wait(deadline.since(clock.monotonic())) else {
            self.complain("the disk does not answer", log);
            return false;
        };
        self.settle(result, log);
        true
    }

    fn complain(&self, why: &str, log: &mut Log) {
        let path = self.path.as_deref().unwrap_or("?".as_ref()).display();
        let what = "they hold until the server ends, and the next change or reload tries again";
        log.owed(Level::Error, format_args!("bans could not be written to {path}: {why}; {what}"));
    }
}

impl Driver {
    /// Takes the changes of this turn, and has them written once no other thread is at the file.
    pub(super) fn keep_bans(&mut self) {
        self.ban_keeper.add(self.turn.take_ban_changes(), &mut self.log);
        self.ban_keeper.look(&mut self.log);
        if self.ban_keeper.is_busy() || self.reload.is_under_way() {
            return;
        }
        if self.reload.is_postponed() && !self.stop.is_asked() {
            self.begin_reload();
        } else if self.ban_keeper.is_due && !self.ban_keeper.waiting.is_empty() {
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
    use std::sync::mpsc::channel;
    use std::thread;

    use mio::{Poll, Token};

    use super::*;
    use crate::chat::{Ban, Banned};
    use crate::net::log::{Format, LogSettings};

    fn keeper(name: &str) -> (BanKeeper, PathBuf) {
        let path = std::env::temp_dir().join(format!("switchboard-{name}-{}", std::process::id()));
        let poll = Poll::new().expect("epoll");
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).expect("eventfd"));
        (BanKeeper::new(Some(path.clone()), waker), path)
    }

    fn log() -> Log {
        let settings = LogSettings { level: Level::Error, format: Format::Text, journal: None };
        Log::new(&settings, Clock::start())
    }

    fn change(number: usize) -> BanChange {
        let who = Banned::parse("number", &format!("{number:010}")).expect("a number");
        BanChange::Banned(Ban::new(who, None, ""))
    }

    /// Ends a keeper, and returns it. It has half a minute for that.
    #[track_caller]
    fn finished(mut keeper: BanKeeper, limit: Duration) -> BanKeeper {
        let (done, result) = channel();
        thread::spawn(move || {
            keeper.finish(limit, Clock::start(), &mut log());
            done.send(keeper)
        });
        result.recv_timeout(Duration::from_secs(30)).expect("it ends")
    }

    #[test]
    fn a_disk_that_does_not_answer_does_not_keep_the_process_from_its_end() {
        let (mut keeper, path) = keeper("hung");
        fs::write(&path, "").expect("it is ours");
        let (never, under_way) = channel();
        keeper.under_way = Some(Background::of(under_way));
        keeper.waiting.push(change(1));
        let keeper = finished(keeper, Duration::from_millis(10));
        let beside = (keeper.waiting.len(), keeper.in_hand);
        assert_eq!(beside, (1, 0), "nothing is written beside the thread that hangs");
        assert_eq!(fs::read_to_string(&path).expect("it is ours"), "");
        // Once it answers, what waits is written.
        let (answers, under_way) = channel();
        answers.send(Err("the disk is full".to_owned())).expect("it is heard");
        let keeper = BanKeeper { under_way: Some(Background::of(under_way)), ..keeper };
        let keeper = finished(keeper, Duration::from_secs(30));
        assert!(keeper.waiting.is_empty());
        assert_eq!(fs::read_to_string(&path).expect("it is ours"), "number 0000000001\n");
        let _ = fs::remove_file(&path);
        drop(never);
    }

    #[test]
    fn what_could_not_be_written_waits_for_the_next_change() {
        let (mut keeper, path) = keeper("missing");
        let is_written = |keeper: BanKeeper| finished(keeper, Duration::from_secs(30));
        keeper.add(vec![change(1)], &mut log());
        keeper.write(&mut log());
        while keeper.is_busy() {
            keeper.look(&mut log());
            thread::yield_now();
        }
        assert_eq!((keeper.waiting.len(), keeper.is_due), (1, false), "there is no such file");
        fs::write(&path, "# ours\n").expect("nobody else has it");
        keeper.add(vec![change(2)], &mut log());
        assert!(keeper.is_due);
        let keeper = is_written(keeper);
        assert!(keeper.waiting.is_empty());
        let text = fs::read_to_string(&path).expect("it is ours");
        assert_eq!(text, "# ours\nnumber 0000000001\nnumber 0000000002\n");
        let _ = fs::remove_file(&path);
    }

    #[test]
    fn not_more_changes_wait_than_may() {
        let (mut keeper, _) = keeper("endless");
        keeper.add((0..MOST_WAITING).map(change).collect(), &mut log());
        // These are with the thread, and must be the same when it is done.
        keeper.in_hand = 2;
        keeper.add((0..3).map(|number| change(MOST_WAITING + number)).collect(), &mut log());
        let is = |at: usize, number| keeper.waiting[at].who() == change(number).who();
        assert!(keeper.waiting.len() == MOST_WAITING && is(1, 1) && is(2, 5));
    }
}
