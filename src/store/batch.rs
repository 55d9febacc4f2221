//! [`Database::carry_out`]: a batch of jobs is one transaction.
//!
//! A commit with fsync takes as long for a hundred messages as for one. So all that waits is committed
//! together, and answered after that. If the transaction fails, none of it has happened: SQLite has rolled
//! it back, or this file does.

use rusqlite::Connection;

use super::failure::{self, Cause};
use super::{Database, Dice, history, logins, marks, messages, rooms, stays, users};
use crate::chat::account::{Failure, Job, JobResult, Output, UnixMs, Work};

/// The bytes of a page of SQLite.
const PAGE_BYTES: usize = 4_096;

/// Pages that a new row changes, in its table and in the indices: about as many, and rarely more.
const PAGES_OF_A_ROW: usize = 4;

impl Database {
    /// Does the jobs of a batch in their order, in one transaction, and appends their results to `out` in
    /// the same order. `now` decides which logins have expired.
    ///
    /// A result stands in `out` only after the commit. If the disk is full, read-only or broken, every job
    /// that writes fails, and those that read are answered. After any other error each job is done alone,
    /// so that only the job that causes it fails.
    ///
    /// # Panics
    ///
    /// If a job is for the hash lane.
    pub fn carry_out(
        &mut self,
        batch: &[Job],
        dice: Dice<'_>,
        now: UnixMs,
        out: &mut Vec<JobResult>,
    ) {
        if self.refuses_writes() {
            return self.only_reads(batch, Failure::Io, dice, now, out);
        }
        self.upkeep.wrote(batch.iter().map(pages_of).sum());
        let changes = self.connection.total_changes();
        let Err(error) = self.together(batch, dice, now, out) else {
            // A batch that changed nothing does not tell whether the disk has room.
            if self.connection.total_changes() > changes {
                self.trouble = None;
            }
            return;
        };
        match (failure::of(&error), batch) {
            (Cause::Job, [job]) => {
                out.push(JobResult { ticket: job.ticket, outcome: Err(Failure::Io) });
            }
            (Cause::Job, _) => {
                for job in batch {
                    self.carry_out(std::slice::from_ref(job), dice, now, out);
                }
            }
            (cause @ (Cause::Full | Cause::ReadOnly | Cause::Disk), _) => {
                self.trouble = Some(cause.to_the_realm());
                self.only_reads(batch, cause.to_the_realm(), dice, now, out);
            }
        }
    }

    /// Does all jobs in one transaction. After an error `out` is as it was, and nothing has happened.
    fn together(
        &self,
        batch: &[Job],
        dice: Dice<'_>,
        now: UnixMs,
        out: &mut Vec<JobResult>,
    ) -> rusqlite::Result<()> {
        // A transaction that begins as a reader may find, at its first write, that another process has
        // written meanwhile. Then it can only fail.
        let begin = match batch.iter().any(|job| job.work.writes()) {
            true => "BEGIN IMMEDIATE",
            false => "BEGIN",
        };
        let before = out.len();
        let mut all = || -> rusqlite::Result<()> {
            self.run(begin)?;
            for job in batch {
                let output = self.perform(&job.work, dice, now)?;
                out.push(JobResult { ticket: job.ticket, outcome: Ok(output) });
            }
            self.run("COMMIT")
        };
        let done = all();
        if done.is_err() {
            out.truncate(before);
            // SQLite may have rolled it back already.
            if !self.connection.is_autocommit() {
                let _ = self.run("ROLLBACK");
            }
        }
        done
    }

    /// Runs a statement that returns nothing. It is kept compiled: rusqlite's `Transaction` would compile
    /// BEGIN and COMMIT each time, which takes as long as storing a message.
    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Answers the jobs that read, and fails the others with `failure`.
    fn only_reads(
        &self,
        batch: &[Job],
        failure: Failure,
        dice: Dice<'_>,
        now: UnixMs,
        out: &mut Vec<JobResult>,
    ) {
        for job in batch {
            let outcome = match job.work.writes() {
                true => Err(failure),
                false => self
                    .perform(&job.work, dice, now)
                    .map_err(|error| failure::of(&error).to_the_realm()),
            };
            out.push(JobResult { ticket: job.ticket, outcome });
        }
    }

    fn perform(&self, work: &Work, dice: Dice<'_>, now: UnixMs) -> rusqlite::Result<Output> {
        let connection: &Connection = &self.connection;
        match work {
            Work::Say { place, from, at, text, reply, client_id } => {
                let (reply, client_id) = (reply.as_ref(), client_id.as_deref());
                let message = messages::Message { from: *from, at: *at, text, reply, client_id };
                messages::say(connection, *place, message)
            }
            Work::Change { mid, by, at, text } => {
                messages::change(connection, *mid, *by, (text.as_deref(), *at))
            }
            Work::History { place, limit } => {
                history::history(connection, *place, (*limit).into()).map(Output::History)
            }
            Work::Page { place, before, limit, bytes } => {
                history::page(connection, *place, *before, (*limit, *bytes))
            }
            Work::Inbox { user, rooms, most } => {
                history::inbox(connection, *user, rooms, *most).map(Output::Inbox)
            }
            Work::Unread(user) => marks::unread(connection, *user).map(Output::Unread),
            Work::MarkRead { user, other } => {
                marks::read_all(connection, *user, *other).map(Output::Read)
            }
            Work::ReadUpTo { user, place, up_to } => {
                marks::read_up_to(connection, *user, *place, *up_to)
            }
            Work::CreateRoom { creator, name, description, at } => {
                let room = rooms::NewRoom { creator: *creator, name, description, at: *at };
                rooms::create(connection, room, dice).map(Output::RoomCreated)
            }
            Work::ChangeRoom { room, by, change, at } => {
                rooms::change(connection, *room, *by, (*change, *at)).map(Output::RoomChanged)
            }
            Work::Credentials { name } => {
                users::credentials(connection, name).map(Output::Credentials)
            }
            Work::Register { name, hash, at } => {
                users::register(connection, name, hash, *at, dice).map(Output::Registered)
            }
            Work::MakeRoom { online, at } => {
                stays::make_room(connection, online, *at).map(Output::Room)
            }
            Work::Admit { user, at, expires, rehash } => {
                if let Some(hash) = rehash {
                    users::replace_outdated_hash(connection, *user, hash)?;
                }
                let login = logins::Login { user: *user, created: *at, expires: *expires };
                let most = self.settings.logins_per_user;
                let (token, revoked) = logins::admit(connection, login, most, dice)?;
                Ok(Output::Admitted { token, revoked })
            }
            Work::Login(digest) => logins::whose(connection, digest, now).map(Output::Login),
            Work::Revoke(digest) => logins::revoke(connection, digest).map(Output::Revoked),
            Work::Hash(_) | Work::Verify { .. } => unreachable!("the hash lane does these"),
        }
    }
}

/// About how many pages a job appends to the log at most.
fn pages_of(job: &Job) -> usize {
    let written = if let Work::Say { text, .. } | Work::Change { text: Some(text), .. } = &job.work
    {
        text.len()
    } else {
        0
    };
    if job.work.writes() { PAGES_OF_A_ROW + written / PAGE_BYTES } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::chat::account::{MessageId, Place, Seq, Ticket, UserKey};
    use crate::store::Settings;

    fn say(ticket: u32, text: &str) -> Job {
        let (place, from, at) = (Place::Global, UserKey(1), UnixMs(0));
        let (text, reply, client_id) = (Arc::from(text), None, None);
        let work = Work::Say { place, from, at, text, reply, client_id };
        Job { ticket: Ticket(ticket), work }
    }

    #[test]
    fn a_poisonous_job_fails_alone_and_the_others_of_its_batch_are_stored() {
        let mut database = Database::in_memory(Settings::default()).expect("there is memory");
        let poison = "CREATE TRIGGER poison BEFORE INSERT ON messages WHEN new.text = 'poison'
            BEGIN SELECT raise(ABORT, 'poisoned'); END";
        database.connection.execute_batch(poison).expect("it is SQL");
        let batch = [say(1, "before"), say(2, "poison"), say(3, "after")];
        let mut results = Vec::new();
        database.carry_out(&batch, &mut |_| {}, UnixMs(0), &mut results);
        let said = |seq| Ok(Output::Said { mid: MessageId::of(0, Seq(seq)), quote: None });
        let outcomes: Vec<_> =
            results.into_iter().map(|result| (result.ticket.0, result.outcome)).collect();
        assert_eq!(outcomes, [(1, said(1)), (2, Err(Failure::Io)), (3, said(2))]);
        assert_eq!(database.trouble(), None);
    }
}
