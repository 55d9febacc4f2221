//! [`Lanes`]: the turn's [`Jobs`], done by two threads. One is the store's, the other hashes passwords.
//!
//! Jobs and results go through channels of the standard library. None of them has a limit of its own,
//! because the turn bounds what is under way. So handing over never blocks the loop.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use mio::Waker;

use super::super::clock::Clock;
use super::{Answers, Settings, folder, hash_thread, store_thread};
use crate::chat::account::{Job, JobResult, Snapshot};
use crate::turn::Jobs;

/// How long the end waits for the threads. They may be killed at any time without harm; but a store that
/// was closed well starts faster.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The threads, if the server has a folder for its data.
#[derive(Debug)]
pub(in super::super) struct Lanes(Option<Threads>);

#[derive(Debug)]
struct Threads {
    store: Sender<Vec<Job>>,
    hash: Sender<Job>,
    results: Receiver<JobResult>,
}

impl Lanes {
    /// Opens the folder, if there is one, and starts the threads. `waker` wakes the loop when it should
    /// take results. The snapshot is what the realm starts from.
    ///
    /// # Errors
    ///
    /// One line that names the folder or the file.
    pub(in super::super) fn start(
        settings: Option<&Settings>,
        clock: Clock,
        waker: &Arc<Waker>,
    ) -> Result<(Lanes, Option<Snapshot>), String> {
        let Some(settings) = settings else { return Ok((Lanes(None), None)) };
        let (lock, database) = folder::open(settings)?;
        let snapshot =
            database.snapshot().map_err(|error| folder::about(&settings.folder, &error))?;
        let (sender, results) = channel();
        let answers = || Answers { results: sender.clone(), waker: Arc::clone(waker) };
        let (store, store_jobs) = channel();
        let to_the_loop = answers();
        let folder = settings.folder.clone();
        spawn("store", move || {
            store_thread::serve(database, &folder, clock, &store_jobs, &to_the_loop);
            // Unlocked only now, so that another server finds a database that is closed.
            drop(lock);
        })?;
        let (hash, hash_jobs) = channel();
        let to_the_loop = answers();
        spawn("hash", move || hash_thread::serve(&hash_jobs, &to_the_loop))?;
        let threads = Threads { store, hash, results };
        Ok((Lanes(Some(threads)), Some(snapshot)))
    }

    /// Ends the threads after all that was handed over is done. Returns whether they ended in time.
    pub(in super::super) fn close(self, clock: Clock) -> bool {
        let Some(Threads { store, hash, results, .. }) = self.0 else { return true };
        drop((store, hash));
        let deadline = clock.monotonic() + CLOSE_TIMEOUT;
        loop {
            // The channel is closed when both threads have dropped their ends.
            match results.recv_timeout(deadline.since(clock.monotonic())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

impl Jobs for Lanes {
    fn hand_over(&mut self, batch: &mut Vec<Job>) {
        let Some(threads) = &self.0 else { return batch.clear() };
        // A thread ends only with the process, since a panic aborts it. So both channels are open.
        for job in batch.extract_if(.., |job| job.work.is_hashing()) {
            let _ = threads.hash.send(job);
        }
        if !batch.is_empty() {
            let _ = threads.store.send(mem::take(batch));
        }
    }

    fn next_result(&mut self) -> Option<JobResult> {
        self.0.as_ref()?.results.try_recv().ok()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let started: io::Result<_> = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.map(drop).map_err(|error| format!("the thread {name} cannot be started: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::{env, fs, process};

    use mio::{Events, Poll, Token};

    use super::super::UserTool;
    use super::*;
    use crate::chat::account::{
        Changed, Failure, MessageId, Output, PasswordHash, Place, Secret, Seq, Ticket, UnixMs,
        UserKey, UserName, Work,
    };
    use crate::store;

    /// Far longer than any job takes. A test that waits so long has failed.
    const PATIENCE: Duration = Duration::from_secs(30);

    struct Loop {
        folder: PathBuf,
        clock: Clock,
        poll: Poll,
        lanes: Lanes,
    }

    impl Loop {
        fn start(name: &str) -> Loop {
            let folder = env::temp_dir().join(format!("switchboard-{name}-{}", process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).expect("nobody has that name");
            let settings = Settings { folder: folder.clone(), store: store::Settings::default() };
            let (clock, poll) = (Clock::start(), Poll::new().expect("there are descriptors"));
            let waker = Waker::new(poll.registry(), Token(0)).expect("there are descriptors");
            let (lanes, snapshot) =
                Lanes::start(Some(&settings), clock, &Arc::new(waker)).expect("it is empty");
            assert_eq!(snapshot, Some(Snapshot::default()));
            Loop { folder, clock, poll, lanes }
        }

        /// Takes this many results, and forgets the reports between them. It sleeps until it is woken, as the loop does.
        fn results(&mut self, count: usize) -> Vec<JobResult> {
            let (mut results, mut events) = (Vec::new(), Events::with_capacity(1));
            loop {
                let all = std::iter::from_fn(|| self.lanes.next_result());
                results.extend(all.filter(|one| !matches!(one.outcome, Ok(Output::Report(_)))));
                if results.len() >= count {
                    return results;
                }
                self.poll.poll(&mut events, Some(PATIENCE)).expect("it can be polled");
                assert!(!events.is_empty(), "nobody has woken the loop");
            }
        }

        fn end(self) {
            assert!(self.lanes.close(self.clock));
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    fn say(ticket: u32) -> Job {
        let (place, from, at) = (Place::Global, UserKey(1), UnixMs(1));
        let (text, reply) = ("text".into(), None);
        Job {
            ticket: Ticket(ticket),
            work: Work::Say { place, from, at, text, reply, client_id: None },
        }
    }

    fn said(seq: u32) -> Result<Output, Failure> {
        Ok(Output::Said { mid: MessageId::of(0, Seq(seq)), quote: None })
    }

    #[test]
    fn results_of_the_store_come_in_the_order_of_the_jobs_and_wake_the_loop() {
        let mut all = Loop::start("lanes");
        // More than one transaction takes, handed over in two turns.
        for turn in [0..700, 700..1_500] {
            let mut batch: Vec<Job> = turn.map(say).collect();
            all.lanes.hand_over(&mut batch);
            assert!(batch.is_empty());
        }
        for (result, number) in all.results(1_500).into_iter().zip(0..) {
            let outcome = said(number + 1);
            assert_eq!(result, JobResult { ticket: Ticket(number), outcome });
        }
        all.end();
    }

    #[test]
    fn what_was_handed_over_is_done_before_the_store_is_closed() {
        let mut all = Loop::start("closing");
        all.lanes.hand_over(&mut (0..1_000).map(say).collect());
        assert!(all.lanes.close(all.clock));
        let settings = Settings { folder: all.folder, store: store::Settings::default() };
        let (_lock, database) = folder::open(&settings).expect("the lock is free again");
        let recent = database.snapshot().expect("it can be read").recent;
        assert_eq!(recent.last().map(|stored| stored.mid.seq()), Some(Seq(1_000)));
        let _ = fs::remove_dir_all(&settings.folder);
    }

    #[test]
    fn hashing_has_a_lane_of_its_own() {
        let mut all = Loop::start("hashing");
        let work = Work::Hash(Secret::new("correct horse"));
        all.lanes.hand_over(&mut vec![Job { ticket: Ticket(7), work }, say(8)]);
        let mut results = all.results(2);
        results.sort_by_key(|result| result.ticket.0);
        assert!(matches!(results[0].outcome, Ok(Output::Hashed(_))));
        assert_eq!(results[1].outcome, said(1));
        all.end();
    }

    #[test]
    fn what_a_tool_changes_beside_the_server_is_news_for_the_loop() {
        let mut all = Loop::start("news");
        let (name, hash) = (UserName::registered("anna"), PasswordHash::new("a hash"));
        let work = Work::Register { name, hash, at: UnixMs(1) };
        all.lanes.hand_over(&mut vec![Job { ticket: Ticket(1), work }]);
        assert!(matches!(all.results(1)[0].outcome, Ok(Output::Registered(Some(_)))));
        let what = UserTool::Delete("anna".to_owned());
        let tool = super::super::Tool::User { data: all.folder.clone(), what };
        super::super::run_tool(&tool).expect("she is there");
        let news =
            JobResult { ticket: Ticket::NEWS, outcome: Ok(Output::News(Changed::default())) };
        assert_eq!(all.results(1), [news]);
        all.end();
    }
}
