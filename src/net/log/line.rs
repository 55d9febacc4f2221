//! One line of the log as text: `key=value`, or JSON.
//!
//! For the journal the level stands in front of the line, as a number that the journal removes
//! (sd-daemon(3)). The journal also adds the time. So `key=value` has both only elsewhere. JSON always has
//! them. This file knows no file descriptor.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{Format, Level};
use crate::journal::Priority;

/// How a line is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Style {
    pub(super) format: Format,
    /// Whether the journal reads the line.
    pub(super) in_journal: bool,
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
    if style.in_journal {
        put(&mut line, format_args!("<{}>", priority(level).number()));
    }
    match style.format {
        Format::Text if style.in_journal => line.push_str("msg="),
        Format::Text => {
            put(&mut line, format_args!("time={seconds}.{millis:03} level={word} msg="));
        }
        Format::Json => put(
            &mut line,
            format_args!(r#"{{"time":{seconds}.{millis:03},"level":"{word}","msg":"#),
        ),
    }
    quote(&message.to_string(), &mut line);
    for (key, value) in fields {
        match style.format {
            Format::Text => put(&mut line, format_args!(" {key}=")),
            Format::Json => put(&mut line, format_args!(",\"{key}\":")),
        }
        match (value, style.format) {
            (Value::Count(count), _) => put(&mut line, format_args!("{count}")),
            // Words are constants of ours without spaces and quotation marks, and need no quotes.
            (Value::Word(word), Format::Text) => line.push_str(word),
            (Value::Word(word), Format::Json) => quote(word, &mut line),
        }
    }
    line.push_str(if style.format == Format::Json { "}\n" } else { "\n" });
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

/// What a level is to the journal.
fn priority(level: Level) -> Priority {
    match level {
        Level::Error => Priority::Error,
        Level::Warn => Priority::Warning,
        Level::Info => Priority::Info,
        Level::Debug => Priority::Debug,
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

    fn line(format: Format, in_journal: bool, level: Level) -> String {
        let style = Style { format, in_journal };
        let fields = [("outcome", Value::Word("lost")), ("bytes_in", Value::Count(7))];
        write(style, level, Duration::from_millis(1_500), format_args!("a \"b\"\nc"), &fields)
    }

    #[test]
    fn a_line_is_keys_and_values_and_only_the_journal_gets_a_number_in_front() {
        let text = "time=1.500 level=warn msg=\"a \\\"b\\\" c\" outcome=lost bytes_in=7\n";
        assert_eq!(line(Format::Text, false, Level::Warn), text);
        let journal = "<6>msg=\"a \\\"b\\\" c\" outcome=lost bytes_in=7\n";
        assert_eq!(line(Format::Text, true, Level::Info), journal);
    }

    #[test]
    fn a_line_of_json_is_one_object_behind_the_number_for_the_journal() {
        let json = "{\"time\":1.500,\"level\":\"error\",\"msg\":\"a \\\"b\\\" c\",\"outcome\":\"lost\",\"bytes_in\":7}\n";
        assert_eq!(line(Format::Json, false, Level::Error), json);
        assert_eq!(line(Format::Json, true, Level::Error), format!("<3>{json}"));
    }
}
