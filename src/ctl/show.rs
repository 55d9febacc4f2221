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
        Command::Status => status(&body),
        Command::Connections { .. } => connections(&body),
        Command::Presence { .. } => presence(&body),
        Command::Notice(_) => {
            let without = match body["without_words"].as_u64() {
                Some(0) | None => String::new(),
                count => format!("; {} cannot show it", many(count, "connection")),
            };
            format!("{} told{without}\n", many(body["told"].as_u64(), "connection"))
        }
        Command::Log(_) => format!("the log's level is {}\n", word(&body["level"])),
        Command::Drain => "the server drains, and then ends\n".to_owned(),
        Command::Send { .. } => match word(&body["status"]) {
            "delivered" => "delivered\n".to_owned(),
            "offline" => "not delivered: the number is offline\n".to_owned(),
            _ => "not delivered: the phone read too slowly\n".to_owned(),
        },
        Command::Events => String::new(),
        Command::Disconnect { .. } => match body["disconnected"].as_u64() {
            Some(0) => "nobody was connected\n".to_owned(),
            count => format!("{} sent away\n", many(count, "connection")),
        },
        Command::Bans => bans(&body),
        Command::Ban { .. } => format!("banned{}\n", until_restart(&body)),
        Command::Unban { .. } => match body["was_banned"].as_bool() {
            Some(false) => "there was no such ban\n".to_owned(),
            _ => format!("the ban is lifted{}\n", until_restart(&body)),
        },
    })
}

/// A line for each ban, as `--bans-file` has it.
fn bans(body: &Value) -> String {
    let list = body["bans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |ban: &Value, key: &str| printable(ban[key].as_str().unwrap_or_default());
    let line = |ban: &Value| {
        let until = match text(ban, "until") {
            until if until.is_empty() => until,
            until => format!(" until={until}"),
        };
        let why = match text(ban, "why") {
            why if why.is_empty() => why,
            why => format!(" # {why}"),
        };
        let who = text(ban, "who");
        format!("{} {}{until}{why}\n", text(ban, "kind"), in_quotes_if_needed(who))
    };
    let lines: String = list.iter().map(line).collect();
    match body["total"].as_u64() {
        Some(0) => "nobody is banned\n".to_owned(),
        Some(total) if total > list.len() as u64 => {
            format!("{lines}{} more\n", many(Some(total - list.len() as u64), "ban"))
        }
        _ => lines,
    }
}

/// A name with spaces, and with characters that mean something in the file, stands in quotes there.
fn in_quotes_if_needed(name: String) -> String {
    let is_plain = |one: char| !one.is_whitespace() && !['"', '\\', '#'].contains(&one);
    if name.chars().all(is_plain) {
        return name;
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What is to be said if the server has no file to keep it in.
fn until_restart(body: &Value) -> &'static str {
    match body["kept"].as_bool() {
        Some(true) => "",
        _ => ", until the server ends: it has no --bans-file",
    }
}

/// `1 connection`, `2 connections`.
fn many(count: Option<u64>, noun: &str) -> String {
    match count {
        Some(1) => format!("1 {noun}"),
        Some(count) => format!("{count} {noun}s"),
        None => format!("an unknown number of {noun}s"),
    }
}

/// One event: its time, its word, and what it has to say.
pub(super) fn event(line: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else { return line.to_owned() };
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut shown = format!("{}  {:<12}", text("time"), text("event"));
    for (key, value) in fields.iter().filter(|(key, _)| !["time", "event"].contains(&key.as_str()))
    {
        shown += &format!(" {key}={}", plain(value));
    }
    shown.trim_end().to_owned()
}

/// The ages of connections, the youngest first, and their keys.
const AGES: [(&str, &str); 4] = [
    ("under 1 minute", "under_1m"),
    ("under 1 hour", "under_1h"),
    ("under 1 day", "under_1d"),
    ("1 day and more", "over_1d"),
];

fn status(body: &Value) -> String {
    let mut text = format!(
        "{} version {}, up for {}\n{} of at most {}\n",
        word(&body["status"]),
        word(&body["version"]),
        time(&body["uptime_seconds"]),
        many(body["connections"].as_u64(), "connection"),
        body["max_connections"],
    );
    for (title, key) in [("by realm", "realms"), ("by protocol", "dialects")] {
        for (name, count) in body[key].as_object().into_iter().flatten() {
            text += &format!("{title:<12} {name:<16} {count:>8}\n");
        }
    }
    for (name, key) in AGES {
        text += &format!("{:<12} {name:<16} {:>8}\n", "by age", plain(&body["ages"][key]));
    }
    text
}

fn connections(body: &Value) -> String {
    let header = ["CONNECTION", "REALM", "ID", "PROTOCOL", "ADDRESS", "AGE", "SILENT", "WAITING"];
    let mut rows = vec![header.map(str::to_owned)];
    for one in body["connections"].as_array().into_iter().flatten() {
        rows.push([
            plain(&one["connection"]),
            plain(&one["realm"]),
            plain(&one["id"]),
            plain(&one["dialect"]),
            plain(&one["address"]),
            time(&one["age_seconds"]),
            time(&one["silent_seconds"]),
            format!("{} B", one["outbox_bytes"]),
        ]);
    }
    let mut text = table(&rows);
    if let Some(next) = body["next"].as_u64() {
        text += &format!("there may be more: give --after {next}\n");
    }
    text
}

fn presence(body: &Value) -> String {
    let all = body["presence"].as_array().into_iter().flatten();
    let rows: Vec<[String; 2]> = all
        .map(|one| {
            let is_online = one["online"] == true;
            [plain(&one["id"]), if is_online { "online" } else { "offline" }.to_owned()]
        })
        .collect();
    table(&rows)
}

/// Rows with columns as wide as their widest cell.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A value without quotes. What people wrote may have control characters, which a terminal must not obey.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// A text without control characters.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// `45s`, `12min`, `5h`, `3days`: the largest unit, since nobody needs more.
fn time(seconds: &Value) -> String {
    match seconds.as_u64().unwrap_or_default() {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}min", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}days", seconds / 86_400),
    }
}
