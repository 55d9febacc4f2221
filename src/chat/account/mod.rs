//! The `account` realm: people with a name and a password, whose messages are kept.
//!
//! The realm itself is sans-IO like the others. What has to be read from the disk, written to it, or
//! hashed is a [`Job`]; it goes out through the sink and comes back as a [`JobResult`]. Nobody sees a
//! message before the job that stores it has come back: commit, then broadcast.
//!
//! What is small is kept in memory as a *replica* of the store: the users, and the last global messages.
//! It changes only by results. Everything else (messages, password hashes, tokens) is in the store only.

mod call;
mod command;
mod event;
mod ids;
mod job;
mod refusal;
mod secret;
#[cfg(not(test))]
mod thin;
#[cfg(test)]
#[path = "thin_for_tests.rs"]
mod thin;

pub use call::{Asker, Call, Guest, Reply};
pub use command::Command;
pub use event::{Event, News, Said};
pub use ids::{NotAName, Place, Seq, UnixMs, UserId, UserKey, UserName};
pub use job::{Credentials, Failure, Job, JobResult, Output, Snapshot, Stored, Ticket, User, Work};
pub use refusal::Refusal;
pub use secret::{PasswordHash, Secret, Token, TokenDigest};
pub use thin::Thin;
