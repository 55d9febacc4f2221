//! The bodies of the operator's API as structs for serde, in both directions, and nothing else.
//!
//! A key that a body does not have is an error and is named, because a misspelt key must not change what an
//! order means. So is a key that stands there twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `POST /api/disconnect`: exactly one of the first five names the target.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Disconnect {
    pub number: Option<String>,
    pub session: Option<String>,
    pub account: Option<String>,
    pub address: Option<String>,
    pub connection: Option<String>,
    pub reason: Option<String>,
}

/// The answer to `POST /api/disconnect`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Disconnected {
    /// How many connections were ended.
    pub disconnected: usize,
}

/// An order that says nothing more: `{}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `POST /api/notice`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Notice {
    pub text: String,
}

/// The answer to `POST /api/notice`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Told {
    /// How many connections were sent the notice.
    pub told: usize,
    /// How many speak a protocol that has no words for it.
    pub without_words: usize,
}

/// `POST /api/log-level`, and the answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Level {
    pub level: String,
}

/// `POST /api/send`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Send {
    pub from: String,
    pub to: String,
    pub text: String,
    pub id: Option<String>,
}

/// An answer that is one word: of `POST /api/send`, and of an order that goes on.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Word {
    /// The word.
    pub status: &'static str,
}

/// The answer to `GET /api/presence`.
#[derive(Clone, Debug, Serialize)]
pub struct Presence<'a> {
    /// One for each id that was asked for, in the same order.
    pub presence: Vec<IsOnline<'a>>,
}

/// Whether a person is online.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct IsOnline<'a> {
    pub id: &'a str,
    pub online: bool,
}

/// The answer to `GET /api/status`.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// `ok`, or `draining`.
    pub status: &'static str,
    /// The version of the server.
    pub version: &'static str,
    /// Seconds since the start.
    pub uptime_seconds: u64,
    /// Open WebSockets.
    pub connections: usize,
    /// The most open WebSockets.
    pub max_connections: usize,
    /// Open WebSockets by the realm of their people; `none` are those that belong to nobody yet.
    pub realms: BTreeMap<&'static str, usize>,
    /// Open WebSockets by protocol.
    pub dialects: BTreeMap<&'static str, usize>,
    /// Open WebSockets by the time since they were accepted.
    pub ages: Ages,
}

/// Open WebSockets by the time since they were accepted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Ages {
    /// Less than a minute.
    pub under_1m: usize,
    /// From a minute to an hour.
    pub under_1h: usize,
    /// From an hour to a day.
    pub under_1d: usize,
    /// A day and more.
    pub over_1d: usize,
}

/// The answer to `GET /api/connections`.
#[derive(Clone, Debug, Serialize)]
pub struct Connections {
    /// A page of them.
    pub connections: Vec<Connection>,
    /// What to give as `after` for the next page; `null` if this is the last.
    pub next: Option<usize>,
}

/// One WebSocket.
#[derive(Clone, Debug, Serialize)]
pub struct Connection {
    /// Its id.
    pub connection: String,
    /// Its person.
    #[serde(flatten)]
    pub person: Option<Person>,
    /// Its protocol.
    pub dialect: &'static str,
    /// The address that it counts against.
    pub address: String,
    /// Seconds since it was accepted.
    pub age_seconds: u64,
    /// Seconds since something was read from it.
    pub silent_seconds: u64,
    /// Messages that it has sent.
    pub messages_in: u32,
    /// Messages that were delivered to it.
    pub messages_out: u32,
    /// Bytes that wait for it.
    pub outbox_bytes: usize,
}

/// The person that a connection belongs to.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The person's realm: `mobile`, `session` or `account`.
    pub realm: &'static str,
    /// The number, the session's id or the user's name.
    pub id: String,
    /// The tag that stands for the person in the log of this run.
    pub who: String,
}

/// A line of `GET /events`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants and fields are those of the API, by name")]
pub enum Event<'a> {
    /// The stream is open.
    Listening { time: String, connections: usize },
    /// A person has a new WebSocket.
    Connected {
        time: String,
        #[serde(flatten)]
        who: Who,
    },
    /// A WebSocket has ended.
    Disconnected {
        time: String,
        #[serde(flatten)]
        who: Who,
        outcome: &'static str,
        lasted_ms: u64,
    },
    /// A message did not reach its recipient.
    Undelivered { time: String, from: &'a str, to: &'a str, reason: &'static str },
    /// A limit was hit, this often since the last line about it.
    Limit { time: String, limit: &'static str, hits: u64 },
    /// The server has begun to drain.
    Draining { time: String, connections: usize },
    /// This many lines are missing here: the reader was too slow.
    Gap { time: String, lost: u64 },
    /// Nothing: the stream is alive.
    Alive { time: String },
}

/// A WebSocket and its person.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Who {
    pub connection: String,
    #[serde(flatten)]
    pub person: Person,
    pub dialect: &'static str,
    pub address: String,
}

/// `POST /api/bans`: exactly one of the first four says who.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Ban {
    pub number: Option<String>,
    pub session: Option<String>,
    pub account: Option<String>,
    pub address: Option<String>,
    pub until: Option<String>,
    pub why: Option<String>,
}

/// The answer to `POST` and `DELETE /api/bans`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BansChanged {
    /// Whether there was a ban of the same one before.
    pub was_banned: bool,
    /// How many bans there are now.
    pub bans: usize,
    /// Whether it is written to a file, and so survives a restart.
    pub kept: bool,
}

/// A ban in the answer to `GET /api/bans`.
#[derive(Clone, Debug, Serialize)]
pub struct ShownBan {
    /// `number`, `session`, `account` or `address`.
    pub kind: &'static str,
    /// Who.
    pub who: String,
    /// When it ends. `null`: never.
    pub until: Option<String>,
    /// The operator's remark.
    pub why: String,
}

/// The answer to `GET /api/bans`.
#[derive(Clone, Debug, Serialize)]
pub struct Bans {
    /// At most 1,000 of them.
    pub bans: Vec<ShownBan>,
    /// How many there are.
    pub total: usize,
}
