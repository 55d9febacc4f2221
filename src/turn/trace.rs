//! The flight recorder's turns as a trace that ui.perfetto.dev and chrome://tracing open.
//!
//! The format is Chrome's trace events as JSON: an event of phase `X` is something that took time,
//! `C` a value that changes, `M` a name; times are microseconds. It is written by hand because its
//! numbers are most of it: four thousand turns are some megabytes in a few milliseconds.

use std::fmt::{Arguments, Write as _};
use std::time::Duration;

use super::Turn;
use super::recorder::{Recorded, Recorder};

/// A lap without work that was over this soon is left out: the check whether there is any.
const NOTHING: Duration = Duration::from_micros(1);

/// The last turns, to be written out when and where there is time for it.
#[derive(Clone, Debug)]
pub struct Recording(Recorder);

impl Recording {
    /// The trace, as JSON.
    pub fn json(&self) -> String {
        json(self.0.turns())
    }
}

impl Turn {
    /// A copy of what the flight recorder has: 256 KiB at most.
    pub fn recording(&self) -> Recording {
        Recording(self.recorder.clone())
    }

    /// The newest turn.
    pub fn last_turn(&self) -> Option<&Recorded> {
        self.recorder.last()
    }

    /// `GET /trace`.
    pub(super) fn trace_page(&self) -> String {
        json(self.recorder.turns())
    }
}

fn json<'r>(turns: impl Iterator<Item = &'r Recorded>) -> String {
    let mut page = String::from(r#"{"displayTimeUnit":"ns","traceEvents":["#);
    page.push_str(r#"{"ph":"M","pid":1,"name":"process_name","args":{"name":"switchboard"}},"#);
    page.push_str(
        r#"{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"event loop"}}"#,
    );
    let mut counters = None;
    for turn in turns {
        let start = turn.start().as_nanos();
        let time = Micros(turn.time().as_nanos() as u64);
        event(&mut page, format_args!(r#""X","ts":{},"dur":{time},"name":"turn""#, Micros(start)));
        let mut begin = start;
        for (phase, lap, work) in turn.laps() {
            let nanos = lap.as_nanos() as u64;
            if work > 0 || lap >= NOTHING {
                let (ts, dur, name) = (Micros(begin), Micros(nanos), phase.name());
                event(
                    &mut page,
                    format_args!(
                        r#""X","ts":{ts},"dur":{dur},"name":"{name}","args":{{"work":{work}}}"#
                    ),
                );
            }
            begin += nanos;
        }
        let values = (turn.outbox_kib(), turn.websockets());
        if counters.replace(values) != Some(values) {
            let (ts, (kib, open)) = (Micros(begin), values);
            for (name, value) in [("outboxes, KiB", kib), ("WebSockets", open)] {
                event(
                    &mut page,
                    format_args!(r#""C","ts":{ts},"name":"{name}","args":{{"value":{value}}}"#),
                );
            }
        }
    }
    page.push_str("\n]}\n");
    page
}

fn event(page: &mut String, rest: Arguments<'_>) {
    page.write_fmt(format_args!(",\n{{\"pid\":1,\"tid\":1,\"ph\":{rest}}}"))
        .expect("a String takes whatever is written");
}

/// Nanoseconds, written as microseconds.
struct Micros(u64);

impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
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
