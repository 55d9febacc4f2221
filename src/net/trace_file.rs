//! [`TraceFile`]: writes the flight recorder's trace to a file when SIGUSR1 asks for it.
//!
//! A disk may be slow, and the loop must not wait for it. So a thread of its own makes the JSON, writes
//! it to a second file, and renames that, so that a reader always finds a whole trace. The thread wakes
//! the loop at its end, and the loop logs the result. At most one trace is written at a time. The recording is
//! taken after the turn in which the signal has come, so no trace is empty, not even that of a server that has
//! just started.

use std::io::{self, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mio::Waker;

use super::background::Background;
use super::log::{Level, Log};
use super::replace_file::replace_file;
use crate::turn::Recording;

/// The file for traces, and the trace that is being written.
#[derive(Debug)]
pub(super) struct TraceFile {
    path: Option<PathBuf>,
    /// Whether a trace is to be written after this turn.
    is_asked: bool,
    waker: Arc<Waker>,
    under_way: Option<Background<io::Result<()>>>,
}

impl TraceFile {
    /// Traces will go to `path`, if there is one. `waker` wakes the loop when it should call
    /// [`look`](Self::look).
    pub(super) fn new(path: Option<PathBuf>, waker: Arc<Waker>) -> Self {
        TraceFile { path, is_asked: false, waker, under_way: None }
    }

    /// Notes that a trace is to be written after this turn.
    pub(super) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Whether the next turn must not wait for an event, since a trace waits for its end.
    pub(super) fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// Begins to write the trace that was asked for, if one was.
    pub(super) fn write(&mut self, recording: impl FnOnce() -> Recording, log: &mut Log) {
        if !mem::take(&mut self.is_asked) {
            return;
        }
        let Some(path) = &self.path else {
            return log
                .owed(Level::Info, format_args!("no trace is written: there is no --trace-file"));
        };
        if self.under_way.is_some() {
            return log
                .owed(Level::Info, format_args!("no trace is written: one is being written"));
        }
        let (target, recording) = (path.clone(), recording());
        let write = move || replace_file(&target, recording.json().as_bytes(), |_| Ok(()));
        match Background::begin("trace", &self.waker, write) {
            Ok(under_way) => self.under_way = Some(under_way),
            Err(error) => complain(path, &error, log),
        }
    }

    /// Logs the result of the trace that was being written, once it is written or has failed.
    pub(super) fn look(&mut self, log: &mut Log) {
        let (Some(path), Some(under_way)) = (&self.path, &self.under_way) else { return };
        match under_way.result() {
            None => return,
            Some(Ok(Ok(()))) => {
                log.owed(Level::Info, format_args!("the trace is in {}", path.display()));
            }
            Some(Ok(Err(error))) => complain(path, &error, log),
            Some(Err(_)) => complain(path, &ErrorKind::Other.into(), log),
        }
        self.under_way = None;
    }
}

fn complain(path: &Path, error: &io::Error, log: &mut Log) {
    let path = path.display();
    log.owed(Level::Warn, format_args!("the trace could not be written to {path}: {error}"));
}
