//! [`Cause`]: SQLite's many errors, sorted by what the store does next.
//!
//! The realm hears a [`Failure`]. The store itself needs one distinction more: an error of the disk is
//! everybody's, and an error that is none of the disk's may be the fault of a single job.

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

use crate::chat::account::Failure;

/// Why a statement or a commit failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// There is no room. The next batch tries again.
    Full,
    /// The file may only be read, or another process holds its lock for longer than the busy timeout.
    /// The next batch tries again.
    ReadOnly,
    /// The disk failed, or what it holds is damaged. Nothing is written any more.
    Disk,
    /// Anything else. A job that causes it fails alone, and the others of its batch are done without it.
    Job,
}

impl Cause {
    /// What the realm is told.
    pub(super) fn to_the_realm(self) -> Failure {
        match self {
            Cause::Full => Failure::Full,
            Cause::ReadOnly => Failure::ReadOnly,
            Cause::Disk | Cause::Job => Failure::Io,
        }
    }
}

/// The cause of an error.
pub(super) fn of(error: &rusqlite::Error) -> Cause {
    let rusqlite::Error::SqliteFailure(error, _) = error else { return Cause::Job };
    // The index of the WAL is a file too. SQLite reports it as an I/O error when that file can't grow,
    // although nothing is lost: on a full disk it is the first to fail.
    if error.extended_code == SQLITE_IOERR_SHMSIZE {
        return Cause::Full;
    }
    match error.code {
        ErrorCode::DiskFull => Cause::Full,
        ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked => Cause::ReadOnly,
        ErrorCode::SystemIoFailure
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::CannotOpen => Cause::Disk,
        _ => Cause::Job,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn an_error_is_sorted_by_what_can_be_done_about_it() {
        let cases = [
            (ffi::SQLITE_FULL, Cause::Full),
            (ffi::SQLITE_IOERR_SHMSIZE, Cause::Full),
            (ffi::SQLITE_READONLY, Cause::ReadOnly),
            (ffi::SQLITE_BUSY, Cause::ReadOnly),
            (ffi::SQLITE_IOERR_FSYNC, Cause::Disk),
            (ffi::SQLITE_IOERR_WRITE, Cause::Disk),
            (ffi::SQLITE_CORRUPT, Cause::Disk),
            (ffi::SQLITE_CONSTRAINT, Cause::Job),
            (ffi::SQLITE_TOOBIG, Cause::Job),
        ];
        for (code, cause) in cases {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(of(&error), cause, "{code}");
        }
    }
}
