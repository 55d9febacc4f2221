//! `switchboard ctl`: what the operator asks of a running server, over its API, in words for people.
//!
//! It is a client of the API and nothing more: everything that it can do, another program can do, too. [`run`]
//! makes one request and prints the answer. [`health`] asks whether a server is well. `client` is the little of HTTP that this needs, and `show` the words.
//! Called by `main`.

mod client;
mod health;
mod show;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::net;
use client::Connection;
pub use health::health;

/// The time for an answer. The server answers an order that takes longer than 10 s before it is done,
/// and a stream of events has a line every 30 s.
const ANSWER: Duration = Duration::from_secs(40);

/// What to ask, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The address of the operator's listener: `HOST:PORT` or `unix:PATH`.
    pub admin: String,
    /// The file with the operator's token.
    pub token_file: PathBuf,
    /// Whether the answer is printed as it is, in JSON.
    pub json: bool,
    /// What to ask.
    pub command: Command,
}

/// A question or an order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// How many connections there are, of which kinds.
    Status,
    /// A page of connections.
    Connections {
        /// `mobile`, `session` or `account`.
        realm: Option<String>,
        /// An address or a network.
        address: Option<String>,
        /// The most rows.
        limit: Option<u32>,
        /// Where the page before has ended.
        after: Option<u32>,
    },
    /// Tell everybody something.
    Notice(String),
    /// Change which lines are logged.
    Log(String),
    /// Drain the server.
    Drain,
    /// Send a message to a number.
    Send {
        /// The number that the recipient sees as the sender.
        from: String,
        /// The recipient.
        to: String,
        /// The text.
        text: String,
        /// The message's id.
        id: Option<String>,
    },
    /// Who is online.
    Presence {
        /// `mobile`, `session` or `account`.
        realm: Option<String>,
        /// The people.
        ids: Vec<String>,
    },
    /// What happens, as it happens.
    Events,
    /// Send connections away.
    Disconnect {
        /// `number`, `session`, `account`, `address` or `connection`.
        kind: String,
        /// Which one.
        name: String,
        /// The reason that the client is told.
        reason: Option<String>,
    },
    /// Say who is banned.
    Bans,
    /// Ban a number, a session, an account or an address.
    Ban {
        /// `number`, `session`, `account` or `address`.
        kind: &'static str,
        /// Who.
        name: String,
        /// Until when.
        until: Option<String>,
        /// The remark about it.
        why: Option<String>,
    },
    /// Lift a ban.
    Unban {
        /// `number`, `session`, `account` or `address`.
        kind: &'static str,
        /// Who.
        name: String,
    },
}

/// A request to the API.
struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

/// Makes the request, and prints the answer.
///
/// # Errors
///
/// One line: there is no server, or it has refused.
pub fn run(settings: &Settings, out: &mut impl Write) -> Result<(), String> {
    let token = net::operators_token(&settings.token_file)?;
    let request = request(&settings.command);
    let mut server = Connection::open(&settings.admin, ANSWER)?;
    if settings.command == Command::Events {
        return server.follow("/events", &token, |line| {
            let shown = if settings.json { line.to_owned() } else { show::event(line) };
            // Without a reader of stdout nobody wants the next event.
            writeln!(out, "{shown}").and_then(|()| out.flush()).is_ok()
        });
    }
    let answer = server.ask(request.method, &request.path, &token, request.body.as_ref())?;
    let text = if settings.json {
        format!("{}\n", answer.trim_end())
    } else {
        show::answer(&settings.command, &answer)?
    };
    // The reader of stdout may have gone.
    let _ = out.write_all(text.as_bytes());
    Ok(())
}

/// The request for a command.
fn request(command: &Command) -> Request {
    match command {
        Command::Status => get("/api/status", &[]),
        Command::Connections { realm, address, limit, after } => get(
            "/api/connections",
            &[
                ("realm", realm.clone()),
                ("address", address.clone()),
                ("limit", limit.map(|limit| limit.to_string())),
                ("after", after.map(|after| after.to_string())),
            ],
        ),
        Command::Presence { realm, ids } => {
            get("/api/presence", &[("realm", realm.clone()), ("ids", Some(ids.join(",")))])
        }
        Command::Events => get("/events", &[]),
        Command::Notice(text) => post("/api/notice", json!({ "text": text })),
        Command::Log(level) => post("/api/log-level", json!({ "level": level })),
        Command::Drain => post("/api/drain", json!({})),
        Command::Send { from, to, text, id } => {
            let mut body = json!({ "from": from, "to": to, "text": text });
            if let Some(id) = id {
                body["id"] = json!(id);
            }
            post("/api/send", body)
        }
        Command::Disconnect { kind, name, reason } => {
            let mut body = json!({ kind.as_str(): name });
            if let Some(reason) = reason {
                body["reason"] = json!(reason);
            }
            post("/api/disconnect", body)
        }
        Command::Bans => get("/api/bans", &[]),
        Command::Ban { kind, name, until, why } => {
            let mut body = json!({ *kind: name });
            for (key, value) in [("until", until), ("why", why)] {
                if let Some(value) = value {
                    body[key] = json!(value);
                }
            }
            post("/api/bans", body)
        }
        Command::Unban { kind, name } => {
            let lifted = get("/api/bans", &[(kind, Some(name.clone()))]);
            Request { method: "DELETE", ..lifted }
        }
    }
}

/// A question, with those of the parameters that are given.
fn get(path: &str, query: &[(&str, Option<String>)]) -> Request {
    let given = query.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    Request { method: "GET", path, body: None }
}

fn post(path: &str, body: Value) -> Request {
    Request { method: "POST", path: path.to_owned(), body: Some(body) }
}
