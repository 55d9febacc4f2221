//! The thread that does the jobs of the hash lane.
//!
//! One thread is enough: hashing is bound by the memory's speed, so a second thread would add a third to
//! the hashes and take the processor from the store.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::{Answers, dice};
use crate::chat::account::Job;
use crate::store::Hasher;

/// How long the memory for hashing is kept after the last hash.
const REST_AFTER: Duration = Duration::from_secs(1);

/// Does jobs until the loop has closed its end of the channel and all are done.
pub(super) fn serve(jobs: &Receiver<Job>, answers: &Answers) {
    let mut hasher = Hasher::new();
    loop {
        let next = match jobs.recv_timeout(REST_AFTER) {
            Err(RecvTimeoutError::Timeout) => {
                hasher.rest();
                jobs.recv().ok()
            }
            next => next.ok(),
        };
        let Some(job) = next else { return };
        answers.send(hasher.carry_out(job.ticket, &job.work, &mut dice));
    }
}
