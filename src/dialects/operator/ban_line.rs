//! A ban as the operator writes it: a line of `--bans-file`, such as `number 0123456789 until=2026-12-01 # why`.
//!
//! A name with spaces stands in quotes. Called by `net`, which has the file, and by the API for times.

use std::time::{Duration, UNIX_EPOCH};

use crate::chat::{Ban, Banned};

/// Reads the ban in a line. `None`: it is empty, or a comment.
///
/// # Errors
///
/// A sentence that says what is wrong, and not who is meant.
pub fn read(line: &str) -> Result<Option<Ban>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (kind, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (who, rest) = word(rest.trim_start())?;
    let who = Banned::parse(kind, &who)?;
    let rest = rest.trim_start();
    let (until, rest) = match rest.strip_prefix("until=") {
        None => (None, rest),
        Some(rest) => {
            let (time, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (Some(moment(time)?), rest.trim_start())
        }
    };
    let why = match rest.strip_prefix('#') {
        None if rest.is_empty() => "",
        None => return Err("behind the ban there is until=TIME, or a remark behind #".to_owned()),
        Some(why) => why.trim(),
    };
    Ok(Some(Ban::new(who, until, why)))
}

/// The next word, or what stands in quotes, and what is behind it.
fn word(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return Ok((word.to_owned(), rest));
    };
    let (mut word, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, one)) = chars.next() {
        match one {
            '"' => return Ok((word, &quoted[at + 1..])),
            '\\' => word.extend(chars.next().map(|(_, one)| one)),
            one => word.push(one),
        }
    }
    Err("the quote \" is not closed".to_owned())
}

/// A time, since 1970: `2026-12-01T18:30:00Z`, or a day, which begins at midnight in UTC.
pub(super) fn moment(text: &str) -> Result<Duration, String> {
    let day = format!("{text}T00:00:00Z");
    let time = humantime::parse_rfc3339(if text.len() == 10 { &day } else { text });
    let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.ok_or_else(|| "a time looks like 2026-12-01T18:30:00Z or 2026-12-01, in UTC".to_owned())
}

/// Writes a time since 1970.
pub(super) fn moment_text(time: Duration) -> String {
    // Without the fraction of a second, if there is none.
    humantime::format_rfc3339(UNIX_EPOCH + time).to_string()
}

/// Writes a ban as a line, without its end, that [`read`] reads.
pub fn write(ban: &Ban) -> String {
    let (kind, who) = ban.who.shown();
    let mut line = format!("{kind} ");
    if who.chars().any(|c| c.is_whitespace() || matches!(c, '"' | '\\' | '#')) {
        line.push('"');
        for one in who.chars() {
            if matches!(one, '"' | '\\') {
                line.push('\\');
            }
            line.push(one);
        }
        line.push('"');
    } else {
        line += &who;
    }
    if let Some(until) = ban.term.until {
        line += &format!(" until={}", moment_text(until));
    }
    if !ban.term.why.is_empty() {
        line += &format!(" # {}", ban.term.why);
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            who in "[ -~äß]{1,40}",
            until in prop::option::of(0..4_000_000_000_u64),
            why in "[!-~][ -~]{0,20}[!-~]|",
        ) {
            let until = until.map(Duration::from_secs);
            let ban = Ban::new(Banned::parse("session", &who).expect("an id"), until, &why);
            prop_assert_eq!(read(&write(&ban)), Ok(Some(ban)));
        }
    }
}
