//! The flight recorder's turns as a trace that ui.perfetto.dev and chrome://tracing can open.
//!
//! The format is Chrome's trace events as JSON. An event has a phase `X` (something took time), `C` (a
//! value changed) or `M` (a name); times are in microseconds. The JSON is written by hand and not with
//! serde: a full trace is more than a megabyte, most of it numbers, and the loop waits until it is written.

use std::time::Duration;

use super::recorder::{Recorded, Recorder};
use crate::turn::Turn;

/// A lap without work is left out if it took less than this: the phase only checked that it has nothing to
/// do.
const NOTHING: Duration = Duration::from_micros(1);

/// A copy of the last turns, which another thread can write out.
#[derive(Clone, Debug)]
pub struct Recording(Recorder);

impl Recording {
    /// The trace, as JSON.
    pub fn json(&self) -> String {
        json(self.0.turns())
    }
}

impl Turn {
    /// A copy of the flight recorder's turns: at most 320 KiB.
    pub fn recording(&self) -> Recording {
        Recording(self.recorder.clone())
    }

    /// The record of the newest turn.
    pub fn last_turn(&self) -> Option<&Recorded> {
        self.recorder.last()
    }

    /// `GET /trace`.
    pub(in crate::turn) fn trace_page(&self) -> String {
        json(self.recorder.turns())
    }
}

/// An estimate of the bytes of JSON for one turn, for the first allocation. It is large enough that the
/// text rarely has to be moved to a larger one.
const BYTES_A_TURN: usize = 400;

fn json<'r>(turns: impl Iterator<Item = &'r Recorded>) -> String {
    let mut page = Page(String::with_capacity(turns.size_hint().0 * BYTES_A_TURN + 1024));
    page.text(r#"{"displayTimeUnit":"ns","traceEvents":["#);
    page.text(r#"{"ph":"M","pid":1,"name":"process_name","args":{"name":"switchboard"}},"#);
    page.text(r#"{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"event loop"}}"#);
    let mut counters = None;
    for turn in turns {
        let start = turn.start().as_nanos();
        page.bar("turn", start, turn.time().as_nanos() as u64);
        page.text("}");
        let mut begin = start;
        for (phase, lap, work) in turn.laps() {
            let nanos = lap.as_nanos() as u64;
            if work > 0 || lap >= NOTHING {
                page.bar(phase.name(), begin, nanos);
                page.text(r#","args":{"work":"#);
                page.number(work.into());
                page.text("}}");
            }
            begin += nanos;
        }
        let values = (turn.outbox_kib(), turn.websockets());
        if counters.replace(values) != Some(values) {
            page.value("outboxes, KiB", begin, values.0);
            page.value("WebSockets", begin, values.1);
        }
    }
    page.text("\n]}\n");
    page.0
}

/// The JSON that is written so far. Its numbers are written digit by digit, which is faster than
/// [`std::fmt`].
struct Page(String);

impl Page {
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Opens an `X` event, without its closing brace: the caller appends its arguments and the brace.
    fn bar(&mut self, name: &str, begin: u64, nanos: u64) {
        self.text(",\n{\"pid\":1,\"tid\":1,\"ph\":\"X\",\"ts\":");
        self.micros(begin);
        self.text(r#","dur":"#);
        self.micros(nanos);
        self.text(r#","name":""#);
        self.text(name);
        self.text("\"");
    }

    /// Writes a `C` event: a value at a moment.
    fn value(&mut self, name: &str, at: u64, value: u32) {
        self.text(",\n{\"pid\":1,\"tid\":1,\"ph\":\"C\",\"ts\":");
        self.micros(at);
        self.text(r#","name":""#);
        self.text(name);
        self.text(r#"","args":{"value":"#);
        self.number(value.into());
        self.text("}}");
    }

    /// Writes a number of nanoseconds as microseconds.
    fn micros(&mut self, nanos: u64) {
        self.number(nanos / 1000);
        self.text(".");
        let rest = nanos % 1000;
        for digit in [rest / 100, rest / 10 % 10, rest % 10] {
            self.0.push(char::from(b'0' + digit as u8));
        }
    }

    fn number(&mut self, mut number: u64) {
        // `u64::MAX` has 20 digits. They are filled in from the end.
        let mut digits = [b'0'; 20];
        let mut first = digits.len() - 1;
        loop {
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
            first -= 1;
        }
        self.text(std::str::from_utf8(&digits[first..]).expect("digits are ASCII"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::recorder::{Laps, Phase, Stopwatch};
    use super::*;
    use crate::timer::Moment;

    struct Stopped(Moment);

    impl Stopwatch for Stopped {
        fn read(&mut self) -> Moment {
            self.0
        }
    }

    #[test]
    fn numbers_are_written_as_everybody_else_writes_them() {
        for number in [0, 7, 10, 999, 1_000, 1_000_007, u64::MAX] {
            let mut page = Page(String::new());
            page.number(number);
            page.text(" ");
            page.micros(number);
            let (micros, nanos) = (number / 1000, number % 1000);
            assert_eq!(page.0, format!("{number} {micros}.{nanos:03}"));
        }
    }

    #[test]
    fn a_trace_has_a_bar_for_each_turn_and_one_below_it_for_each_phase_that_did_something() {
        let mut watch = Stopped(Moment::from_nanos(1_002_500));
        let mut laps = Laps::start(Moment::from_nanos(1_000_000), &mut watch);
        laps.end(Phase::Readiness, 1);
        laps.end(Phase::Accept, 0);
        laps.end(Phase::Receive, 3);
        let turn = laps.finish(2048, 9);
        let text = json([turn, turn].iter());
        let page: Value = serde_json::from_str(&text).expect("JSON");
        let events = page["traceEvents"].as_array().expect("a list");
        let named = |name: &str| -> Vec<&Value> {
            events.iter().filter(|event| event["name"] == name).collect()
        };
        let bar = |event: &Value| (event["ts"].as_f64(), event["dur"].as_f64());
        assert_eq!(named("turn").len(), 2);
        assert_eq!(bar(named("turn")[0]), (Some(1000.0), Some(2.5)));
        assert_eq!(bar(named("readiness")[0]), (Some(1000.0), Some(2.5)));
        assert_eq!(bar(named("receive")[0]), (Some(1002.5), Some(0.0)));
        assert_eq!(named("receive")[0]["args"]["work"], 3);
        assert!(named("accept").is_empty() && named("close").is_empty());
        // A value that has not changed is not repeated.
        assert_eq!(named("outboxes, KiB").len(), 1);
        assert_eq!(named("WebSockets")[0]["args"]["value"], 9);
    }
}
