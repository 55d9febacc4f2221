//! `switchboard.v1`, PROTOCOLS.md section 5: the base protocol for users, over real sockets.
//!
//! `opening` has the upgrade, `messages` what is said and acknowledged, `changes` edits and deletions, `reading`
//! histories, conversations and marks, `people` who is registered and online, `rooms` rooms, `passing` what is not
//! kept, and `attacks` what a stranger must not see or change.

mod attacks;
mod changes;
pub(in crate::accounts) mod client;
mod messages;
mod opening;
mod passing;
mod people;
mod reading;
mod rooms;
