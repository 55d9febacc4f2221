//! [`AccountArgs`]: the flags of the protocols of users with accounts.

use std::path::PathBuf;

use super::values::share;
use crate::count;
use crate::workload::Rooms;

/// The flags of users with accounts.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Protocol")]
pub(super) struct AccountArgs {
    /// chatterbox, websocket-chat, mychat, v1: file with the users' names and tokens; missing users are registered and added
    ///
    /// One user a line, as `switchboard user add --stdin --tokens` prints them, or as loadgen writes them. It is as
    /// secret as a password. loadgen's own server gets the users without it, and needs none.
    #[arg(long, env = "LOADGEN_ACCOUNTS", value_name = "FILE")]
    pub(super) accounts: Option<PathBuf>,

    /// websocket-chat, v1: share of messages that go to one user and not to everyone [default: 0.9]
    #[arg(long, env = "LOADGEN_PRIVATE", value_name = "SHARE", value_parser = share)]
    pub(super) private: Option<f64>,

    /// mychat, v1: rooms, which are made before the run and deleted after it
    ///
    /// The room of rank k has a k-th of the members of the largest, which has all users, 1,000 at most (Zipf).
    #[arg(long, env = "LOADGEN_ROOMS", value_name = "N", default_value = "0",
        value_parser = |text: &str| count::whole(text, 0, Rooms::MOST))]
    pub(super) rooms: u32,

    /// mychat, v1: share of messages that go to a room [default: 0.5, if there are rooms]
    ///
    /// In mychat: share of phones that have the page of a room open, and write there.
    #[arg(long, env = "LOADGEN_ROOM_SHARE", value_name = "SHARE", value_parser = share)]
    pub(super) room_share: Option<f64>,

    /// mychat: share of conversations one side of which has the start page open, and hears of messages by notices
    #[arg(long, env = "LOADGEN_NOTICES", value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub(super) notices: f64,

    /// mychat: share of pairs without a room in which both have only the list of who is online open
    #[arg(long, env = "LOADGEN_STATUS", value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(super) status: f64,

    /// mychat, v1: share of messages that answer another one of the same place; in mychat only in rooms
    #[arg(long, env = "LOADGEN_REPLIES", value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(super) replies: f64,

    /// v1: share of messages that one of their readers marks as read
    ///
    /// At the end the server is asked how many messages are unread in the places where something was marked.
    #[arg(long, env = "LOADGEN_MARKS", value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(super) marks: f64,

    /// chatterbox, websocket-chat, mychat, v1: histories that users ask for each second while others write
    ///
    /// The user who has heard the last message asks for the history of its place, as who scrolls back does.
    #[arg(long, env = "LOADGEN_HISTORIES", value_name = "PER_S", default_value = "1", value_parser = histories)]
    pub(super) histories: f64,
}

/// As many as one thread can ask for over HTTP.
fn histories(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1000.0;
    match count::parse(text) {
        Some(number) if (0.0..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("it is a number from 0 to {MOST}")),
    }
}
