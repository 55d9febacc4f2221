//! Answers of the API, in words for people.

use serde_json::Value;

use super::Command;

/// The text for the answer to a command.
pub(super) fn answer(command: &Command, text: &str) -> Result<String, String> {
    let body: Value =
        serde_json::from_str(text).map_err(|_| "the server's answer is not JSON".to_owned())?;
    if body["status"] == "pending" {
        return Ok("the order was given, and is still being carried out\n".to_owned());
    }
    Ok(match command {
        Command::Disconnect { .. } => match body["disconnected"].as_u64() {
            Some(0) => "nobody was connected\n".to_owned(),
            count => format!("{} sent away\n", many(count, "connection")),
        },
    })
}

/// `1 connection`, `2 connections`.
fn many(count: Option<u64>, noun: &str) -> String {
    match count {
        Some(1) => format!("1 {noun}"),
        Some(count) => format!("{count} {noun}s"),
        None => format!("an unknown number of {noun}s"),
    }
}
