//! `switchboard ctl`: what the operator asks of a running server, over its API, in words for people.
//!
//! It is a client of the API and nothing more: everything that it can do, another program can do, too. [`run`]
//! makes one request and prints the answer. `client` is the little of HTTP that this needs, and `show` the words.
//! Called by `main`.

mod client;
mod show;

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::net;
use client::Connection;

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
    /// Send connections away.
    Disconnect {
        /// `number`, `session`, `account`, `address` or `connection`.
        kind: &'static str,
        /// Which one.
        name: String,
        /// The reason that the client is told.
        reason: Option<String>,
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
    let mut server = Connection::open(&settings.admin)?;
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
        Command::Disconnect { kind, name, reason } => {
            let mut body = json!({ *kind: name });
            if let Some(reason) = reason {
                body["reason"] = json!(reason);
            }
            post("/api/disconnect", body)
        }
    }
}

fn post(path: &str, body: Value) -> Request {
    Request { method: "POST", path: path.to_owned(), body: Some(body) }
}
