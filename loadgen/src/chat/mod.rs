//! One person's chat, sans-IO: the code here gets bytes, typed lines and the time as arguments, and returns bytes
//! and notices. It neither reads a socket nor looks at a clock, and knows no screen.
//!
//! [`Client`] puts the parts together. `caller` keeps the connection, `link` is one connection, `letters` has the
//! messages without an answer, `people` and `chats` what is known of others. [`Clean`] is the only form in which
//! a text may reach a terminal.

mod answer;
mod backoff;
mod caller;
mod chats;
mod clean;
mod client;
mod command;
mod ending;
mod heard;
mod letters;
mod link;
mod notice;
mod people;
mod place;
#[cfg(test)]
mod tests;

pub(crate) use chats::Entry;
pub(crate) use clean::{Clean, is_hidden};
pub(crate) use client::Client;
pub(crate) use command::{Command, Goal, commands, number};
pub(crate) use ending::Ending;
pub(crate) use heard::Room;
pub(crate) use link::{Door, Pass};
pub(crate) use notice::{Notice, Summary};
pub(crate) use place::Kind;
