//! [`Database::tidy_up`] and [`Database::prune`]: what is done between batches, in slices that delay no
//! batch for long.
//!
//! *Checkpoints*: the log of new pages is copied into the database. *Expired logins*, *messages of deleted
//! rooms* and *messages older than the retention* are deleted. All of it may fail, on a full disk for example, and is tried again.

use rusqlite::{Connection, OptionalExtension as _};

use super::conversations::ids_of;
use super::failure::{self, Cause};
use super::schema::GLOBAL;
use super::{Database, logins, messages, rooms};
use crate::chat::account::{Failure, MessageId, UnixMs};

/// Pages in the log from which a checkpoint is due when nothing else is to be done: 1 MB. A checkpoint takes
/// longer the more pages it copies, and a message that comes meanwhile waits for it. With 1,000 pages one
/// message in a hundred waited 3 ms, with 250 it waits 2 ms, and the processor has no more to do.
const WAL_PAGES_SOFT: i64 = 250;

/// Pages in the log from which a checkpoint is due at once: 32 MB.
const WAL_PAGES_HARD: i64 = 8_000;

/// Pages that the log may have grown by before its length is looked at again. To look takes a tenth of a
/// commit's time.
const LOOK_AFTER_PAGES: usize = 128;

/// How long after a checkpoint that failed the next may begin, in milliseconds.
const CHECKPOINT_RETRY: i64 = 5_000;

/// Rows that one slice deletes or looks at: a millisecond or less.
const SLICE: usize = 256;

/// How long after the end of one pass over all messages the next may begin, in milliseconds.
const PASS_INTERVAL: i64 = 60 * 60 * 1_000;

/// How far the upkeep has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Upkeep {
    /// About how many pages were appended to the log since its length was looked at.
    unseen_pages: usize,
    /// Whether it was long enough for a checkpoint then, if nothing else had been to do.
    is_long: bool,
    /// When a checkpoint failed last.
    checkpoint_failed: Option<UnixMs>,
    /// The id of the message at which the pass over all messages goes on. `None`: none is under way.
    pass_at: Option<i64>,
    /// When the last pass ended.
    pass_ended: Option<UnixMs>,
}

impl Upkeep {
    /// Notes that about as many pages were appended to the log.
    pub(super) fn wrote(&mut self, pages: usize) {
        self.unseen_pages = self.unseen_pages.saturating_add(pages);
    }
}

impl Database {
    /// Begins a checkpoint, if one is due. To be called after the results of a batch are on their way.
    /// `idle` says that no job waits.
    pub fn tidy_up(&mut self, now: UnixMs, idle: bool) {
        let is_too_soon = |failed: UnixMs| (failed.0..failed.0 + CHECKPOINT_RETRY).contains(&now.0);
        if self.refuses_writes() || self.upkeep.checkpoint_failed.is_some_and(is_too_soon) {
            return;
        }
        let Upkeep { unseen_pages, is_long, .. } = self.upkeep;
        if unseen_pages < LOOK_AFTER_PAGES && !(idle && is_long) {
            return;
        }
        let due = if idle { WAL_PAGES_SOFT } else { WAL_PAGES_HARD };
        let left = match pending_pages(&self.connection, "PRAGMA wal_checkpoint(NOOP)") {
            Ok(pages) if pages < due => Ok(pages),
            // PASSIVE waits for nobody. What a reader still needs stays in the log.
            Ok(_) => pending_pages(&self.connection, "PRAGMA wal_checkpoint(PASSIVE)"),
            Err(error) => Err(error),
        };
        match left {
            Ok(pages) if pages < due => {
                let is_long = pages >= WAL_PAGES_SOFT;
                let (unseen_pages, checkpoint_failed) = (0, None);
                self.upkeep = Upkeep { unseen_pages, is_long, checkpoint_failed, ..self.upkeep };
            }
            Ok(_) | Err(_) => self.upkeep.checkpoint_failed = Some(now),
        }
    }

    /// Deletes one slice of what is too old. Returns whether there may be more, so that a caller without
    /// other work should call again. It is to be called now and then.
    pub fn prune(&mut self, now: UnixMs) -> bool {
        // While another process holds the lock, each attempt would wait for it, and all jobs with it.
        if matches!(self.trouble, Some(Failure::Io | Failure::ReadOnly)) {
            return false;
        }
        self.delete_slice(now).unwrap_or_else(|error| {
            if failure::of(&error) == Cause::Disk {
                self.trouble = Some(Failure::Io);
            }
            false
        })
    }

    /// Looks whether the store can write again after its disk was full or read-only. Nobody may try to
    /// write meanwhile, because the server says that it is not ready. To be called now and then.
    pub fn look_for_room(&mut self) {
        if !matches!(self.trouble, Some(Failure::Full | Failure::ReadOnly)) {
            return;
        }
        // It changes no value, but it writes a page.
        let write = "UPDATE conversations SET gone_seq = gone_seq WHERE key = ?";
        match self.connection.execute(write, [GLOBAL]).map_err(|error| failure::of(&error)) {
            Ok(_) => self.trouble = None,
            // It says nothing about the disk: there was no memory, for example.
            Err(Cause::Job) => {}
            Err(cause) => self.trouble = Some(cause.to_the_realm()),
        }
    }

    /// Copies the whole log into the database and empties it, so that the database is one file. To be
    /// called at the end. If it fails, the next start finds the log.
    pub fn close(self) {
        // On a broken disk a checkpoint could overwrite good pages with what memory believes.
        if !self.refuses_writes() {
            let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    fn delete_slice(&mut self, now: UnixMs) -> rusqlite::Result<bool> {
        self.upkeep.wrote(SLICE);
        let more_logins = logins::delete_expired(&self.connection, now, SLICE)? == SLICE;
        let more_deserted = rooms::clear_deserted(&self.connection, SLICE)?;
        Ok(self.delete_old_messages(now)? || more_logins || more_deserted)
    }

    /// Goes on with the pass over all messages. They are in the order of their conversations, and in each
    /// in the order in which they were stored. So the first that is young enough ends its conversation,
    /// and a pass costs O(conversations + deleted messages).
    fn delete_old_messages(&mut self, now: UnixMs) -> rusqlite::Result<bool> {
        let Some(retention) = self.settings.retention else { return Ok(false) };
        let rests = |ended: UnixMs| (ended.0..ended.0 + PASS_INTERVAL).contains(&now.0);
        if self.upkeep.pass_at.is_none() && self.upkeep.pass_ended.is_some_and(rests) {
            return Ok(false);
        }
        let keep_from = now.0.saturating_sub_unsigned(retention.as_millis() as u64);
        let mut at = self.upkeep.pass_at.unwrap_or(ids_of(GLOBAL).0.0);
        let transaction = self.connection.transaction()?;
        for _ in 0..SLICE {
            let next = transaction
                .prepare_cached("SELECT id, at FROM messages WHERE id >= ? ORDER BY id LIMIT 1")?
                .query_row([at], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((id, said)): Option<(i64, i64)> = next else {
                transaction.commit()?;
                self.upkeep.pass_at = None;
                self.upkeep.pass_ended = Some(now);
                return Ok(false);
            };
            at = if said >= keep_from {
                ids_of(MessageId(id).conversation() + 1).0.0
            } else {
                messages::delete_old(&transaction, id)?;
                id + 1
            };
        }
        transaction.commit()?;
        self.upkeep.pass_at = Some(at);
        Ok(true)
    }
}

/// Pages in the log that are not in the database yet, after a pragma that reports them. A database in
/// memory has no log.
fn pending_pages(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached(pragma)?.query_row([], |row| {
        let (in_log, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(in_log - copied)
    })
}

/// SQLite's number for the state of the database. It changes when another connection commits, and not
/// when this one does (`PRAGMA data_version`).
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
