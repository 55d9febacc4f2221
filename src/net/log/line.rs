//! One line of the log as text: `key=value`, the same for the journal, or JSON.
//!
//! The journal adds the time itself, and reads the level from a number in front (sd-daemon(3)). In the
//! other formats the line has both. This file knows no file descriptor.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::Level;

/// The format of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    Text,
    Journal,
    Json,
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(in crate::net) enum Value<'v> {
    Count(u64),
    Word(&'v str),
}

/// Formats a line, with its line break.
pub(super) fn write(
    style: Style,
    level: Level,
    time: Duration,
    message: fmt::Arguments<'_>,
    fields: &[(&str, Value<'_>)],
) -> String {
    let mut line = String::with_capacity(160);
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    let word = word(level);
    let put = |line: &mut String, text: fmt::Arguments<'_>| {
        line.write_fmt(text).expect("a String takes whatever is written");
    };
    match style {
        Style::Text => put(&mut line, format_args!("time={seconds}.{millis:03} level={word} msg=")),
        Style::Journal => put(&mut line, format_args!("<{}>msg=", priority(level))),
        Style::Json => put(
            &mut line,
            format_args!(r#"{{"time":{seconds}.{millis:03},"level":"{word}","msg":"#),
        ),
    }
    quote(&message.to_string(), &mut line);
    for (key, value) in fields {
        match style {
            Style::Text | Style::Journal => put(&mut line, format_args!(" {key}=")),
            Style::Json => put(&mut line, format_args!(",\"{key}\":")),
        }
        match (value, style) {
            (Value::Count(count), _) => put(&mut line, format_args!("{count}")),
            // Words are constants of ours without spaces and quotation marks, and need no quotes.
            (Value::Word(word), Style::Text | Style::Journal) => line.push_str(word),
            (Value::Word(word), Style::Json) => quote(word, &mut line),
        }
    }
    line.push_str(if style == Style::Json { "}\n" } else { "\n" });
    line
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// The level's number in syslog (RFC 5424 §6.2.1).
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug => 7,
    }
}

fn quote(text: &str, line: &mut String) {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => line.extend(['\\', character]),
            // A control character could end the line.
            control if control.is_control() => line.push(' '),
            other => line.push(other),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(style: Style, level: Level) -> String {
        let fields = [("outcome", Value::Word("lost")), ("bytes_in", Value::Count(7))];
        write(style, level, Duration::from_millis(1_500), format_args!("a \"b\"\nc"), &fields)
    }

    #[test]
    fn a_line_is_keys_and_values_and_only_the_journal_has_a_number_in_front() {
        let text = "time=1.500 level=warn msg=\"a \\\"b\\\" c\" outcome=lost bytes_in=7\n";
        assert_eq!(line(Style::Text, Level::Warn), text);
        let journal = "<6>msg=\"a \\\"b\\\" c\" outcome=lost bytes_in=7\n";
        assert_eq!(line(Style::Journal, Level::Info), journal);
    }

    #[test]
    fn a_line_of_json_is_one_object() {
        let json = line(Style::Json, Level::Error);
        assert_eq!(
            json,
            "{\"time\":1.500,\"level\":\"error\",\"msg\":\"a \\\"b\\\" c\",\"outcome\":\"lost\",\"bytes_in\":7}\n"
        );
    }
}
