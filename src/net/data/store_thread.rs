//! The thread that does the jobs of the store lane.
//!
//! It takes all jobs that have come while the last transaction was committed, and makes them one
//! transaction. So a batch grows with the load, and no job waits for others to come.

use std::io::{self, ErrorKind};
use std::mem;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::super::clock::Clock;
use super::folder::{self, FileId};
use super::{Answers, dice, unix_ms};
use crate::chat::account::{Commit, Failure, Job, JobResult, Output, StoreReport, Ticket, Work};
use crate::store::Database;

/// The most jobs of one transaction. What comes later waits for the next one.
const BATCH_JOBS: usize = 512;

/// The most bytes of jobs in one transaction; a single larger job has one to itself.
const BATCH_BYTES: usize = 4 << 20;

/// How often the thread looks whether another process has changed users or logins, whether the database was moved
/// away, and whether something is too old to be kept.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How many times as long as a slice of pruning the thread does nothing but jobs after it. So pruning takes
/// at most a tenth of its time, and goes on however many jobs come.
const PRUNE_PAUSE: u32 = 9;

/// Does jobs until the loop has closed its end of the channel and all are done. Then it closes the
/// database, which is in `folder`.
pub(super) fn serve(
    mut database: Database,
    folder: &Path,
    clock: Clock,
    jobs: &Receiver<Vec<Job>>,
    answers: &Answers,
) {
    let opened = folder::database_id(folder).ok();
    let mut waiting: Vec<Job> = Vec::new();
    let mut results = Vec::new();
    let mut look_at = clock.monotonic();
    let mut report = StoreReport::default();
    // If there is more to prune: when.
    let mut prune_at = None;
    loop {
        if waiting.is_empty() {
            let wake_at = prune_at.unwrap_or(look_at).min(look_at);
            let patience = wake_at.since(clock.monotonic());
            match jobs.recv_timeout(patience) {
                Ok(mut handed_over) => waiting.append(&mut handed_over),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // The turn bounds what is under way, and so what can wait here.
        while let Ok(mut handed_over) = jobs.try_recv() {
            waiting.append(&mut handed_over);
        }
        if !waiting.is_empty() {
            let batch = &waiting[..batch_length(&waiting)];
            let begun = clock.now();
            database.carry_out(batch, &mut dice, unix_ms(begun), &mut results);
            let took = clock.monotonic().since(begun.monotonic);
            let has_written = batch.iter().any(|job| job.work.writes());
            let trouble = database.trouble();
            report.trouble = trouble_to_tell(report.trouble, trouble, || folder::has_room(folder));
            let done = batch.len();
            report.commit =
                (has_written && trouble.is_none()).then_some(Commit { jobs: done, time: took });
            waiting.drain(..done);
            // The report comes first: a client that was told of a failure finds it on the pages.
            let reported = std::iter::once(news(Output::Report(report)));
            answers.send(reported.chain(results.drain(..)));
        }
        let now = clock.now();
        database.tidy_up(unix_ms(now), waiting.is_empty());
        let is_time = now.monotonic >= look_at;
        if is_time {
            look_at = now.monotonic + LOOK_INTERVAL;
            if let Some(changed) = database.news() {
                answers.send([news(Output::News(changed))]);
            }
            database.look_for_room();
            if was_moved(opened, folder::database_id(folder)) {
                database.give_up();
            }
            let trouble =
                trouble_to_tell(report.trouble, database.trouble(), || folder::has_room(folder));
            let (database_bytes, log_bytes) = folder::sizes(folder);
            let now = StoreReport { trouble, commit: None, database_bytes, log_bytes };
            // An idle server is not woken for nothing.
            if now != (StoreReport { commit: None, ..report }) {
                report = now;
                answers.send([news(Output::Report(report))]);
            }
        }
        if is_time || prune_at.is_some_and(|at| now.monotonic >= at) {
            let begun = clock.monotonic();
            let has_more = database.prune(unix_ms(now));
            let ended = clock.monotonic();
            prune_at = has_more.then(|| ended + ended.since(begun).saturating_mul(PRUNE_PAUSE));
        }
    }
    database.close();
}

/// The trouble that the operator is told. On a full disk a small write still succeeds now and then, for example
/// where a failed one has left a page. That is no end of the trouble: the server would be ready and not ready
/// every second, with a line in the log each time. So the end is told once there is room for any transaction.
fn trouble_to_tell(
    told: Option<Failure>,
    now: Option<Failure>,
    has_room: impl FnOnce() -> bool,
) -> Option<Failure> {
    match (told, now) {
        (Some(Failure::Full), None) if !has_room() => told,
        _ => now,
    }
}

/// Whether the database that was `opened` has no longer the name under which the next process looks for it.
/// SQLite would go on writing to it, and every client be told that its messages are stored.
fn was_moved(opened: Option<FileId>, now: io::Result<FileId>) -> bool {
    let Some(opened) = opened else { return false };
    match now {
        Ok(now) => now != opened,
        // Other errors say nothing about the file: a folder whose permissions were changed, for example.
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// A result that no job asked for.
fn news(output: Output) -> JobResult {
    JobResult { ticket: Ticket::NEWS, outcome: Ok(output) }
}

/// How many of the waiting jobs are the next transaction: at least one.
fn batch_length(waiting: &[Job]) -> usize {
    let mut bytes = 0;
    let fitting = waiting.iter().take(BATCH_JOBS).take_while(|job| {
        bytes += bytes_of(job);
        bytes <= BATCH_BYTES
    });
    fitting.count().max(1)
}

/// The bytes of a job. Only texts, and the list of those online, are of a size that counts.
fn bytes_of(job: &Job) -> usize {
    let more = match &job.work {
        Work::Say { text, reply, client_id, .. } => {
            let reply = reply.as_ref().map_or(0, |reply| reply.bytes());
            text.len() + reply + client_id.as_ref().map_or(0, |id| id.len())
        }
        Work::Change { text, .. } => text.as_ref().map_or(0, |text| text.len()),
        Work::Inbox { rooms, .. } => mem::size_of_val(&**rooms),
        Work::CreateRoom { name, description, .. } => name.len() + description.len(),
        Work::MakeRoom { online, .. } => mem::size_of_val(&**online),
        Work::History { .. }
        | Work::Page { .. }
        | Work::Unread(_)
        | Work::MarkRead { .. }
        | Work::ReadUpTo { .. }
        | Work::ChangeRoom { .. }
        | Work::Credentials { .. }
        | Work::Register { .. }
        | Work::Admit { .. }
        | Work::Login(_)
        | Work::Revoke(_)
        | Work::Hash(_)
        | Work::Verify { .. } => 0,
    };
    mem::size_of::<Job>() + more
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::chat::account::{Place, TokenDigest, UnixMs, UserKey};

    fn small() -> Job {
        Job { ticket: Ticket(0), work: Work::Login(TokenDigest([0; 32])) }
    }

    fn say(bytes: usize) -> Job {
        let text = Arc::from("x".repeat(bytes));
        let (place, from, at) = (Place::Global, UserKey(1), UnixMs(0));
        Job {
            ticket: Ticket(0),
            work: Work::Say { place, from, at, text, reply: None, client_id: None },
        }
    }

    #[test]
    fn a_disk_is_full_until_it_has_room_also_if_a_small_write_succeeds() {
        let (full, io) = (Some(Failure::Full), Some(Failure::Io));
        assert_eq!(trouble_to_tell(None, full, || false), full);
        assert_eq!(trouble_to_tell(full, None, || false), full);
        assert_eq!(trouble_to_tell(full, None, || true), None);
        assert_eq!(trouble_to_tell(full, io, || false), io);
        assert_eq!(trouble_to_tell(Some(Failure::ReadOnly), None, || false), None);
        assert_eq!(trouble_to_tell(None, None, || false), None);
    }

    #[test]
    fn a_database_was_moved_if_its_name_is_free_or_another_files() {
        let error = |kind: ErrorKind| Err(io::Error::from(kind));
        assert!(!was_moved(Some((1, 2)), Ok((1, 2))));
        assert!(was_moved(Some((1, 2)), Ok((1, 3))) && was_moved(Some((1, 2)), Ok((2, 2))));
        assert!(was_moved(Some((1, 2)), error(ErrorKind::NotFound)));
        assert!(!was_moved(Some((1, 2)), error(ErrorKind::PermissionDenied)));
        assert!(!was_moved(None, error(ErrorKind::NotFound)) && !was_moved(None, Ok((1, 2))));
    }

    #[test]
    fn a_transaction_has_a_limit_in_jobs_and_in_bytes_and_at_least_one_job() {
        assert_eq!(batch_length(&vec![small(); 3]), 3);
        assert_eq!(batch_length(&vec![small(); BATCH_JOBS + 1]), BATCH_JOBS);
        assert_eq!(batch_length(&vec![say(BATCH_BYTES / 4); 5]), 3);
        assert_eq!(batch_length(&[say(BATCH_BYTES), small()]), 1);
    }
}
