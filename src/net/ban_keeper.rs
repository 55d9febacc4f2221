//! [`BanKeeper`]: writes the bans of the operator's API into `--bans-file`, so that they survive a restart.
//!
//! A disk may be slow, and the loop must not wait for it: a thread writes, one at a time. It never works beside a
//! reload, which reads the same file. What the operator changes meanwhile waits. If a file cannot be written, that is
//! logged, and its bans hold until the next reload or restart.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use mio::Waker;

use super::log::{Level, Log};
use super::{Driver, bans_file};
use crate::turn::BanChange;

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
            Err(TryRecvError::Disconnected) => Err("its thread has ended".to_owned()),
        };
        self.under_way = None;
        if let Err(why) = result {
            self.complain(&why, log);
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

    /// Waits for the thread that writes, before the process ends, and writes what still waits.
    pub(super) fn finish_bans(&mut self) {
        let Some(path) = &self.ban_keeper.path else { return };
        if let Some(under_way) = self.ban_keeper.under_way.take() {
            let _ = under_way.recv();
        }
        let waiting = std::mem::take(&mut self.ban_keeper.waiting);
        let written = if waiting.is_empty() { Ok(()) } else { bans_file::edit(path, &waiting) };
        written.unwrap_or_else(|why| self.ban_keeper.complain(&why, &mut self.log));
    }
}
