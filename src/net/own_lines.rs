//! The lines of the log about the server itself: its store, and its slow turns.

use std::time::Duration;

use super::log::{Level, Log, Value};
use crate::chat::account;
use crate::turn::{Phase, Recorded, StoreState};

/// Logs that the state of the store has changed.
pub(super) fn store(log: &mut Log, state: Option<StoreState>) {
    let (level, message) = match state {
        None | Some(StoreState::Ok) => (Level::Info, "the store is well again"),
        Some(StoreState::Slow) => (Level::Warn, "the store is slow: a job has waited for a second"),
        Some(StoreState::Failed(account::Failure::Full)) => {
            (Level::Error, "the disk of the store is full")
        }
        Some(StoreState::Failed(account::Failure::ReadOnly)) => {
            (Level::Error, "the store's database is read-only")
        }
        Some(StoreState::Failed(account::Failure::Io)) => {
            let message = "the store's disk failed, or its database was moved away: nothing is stored until a restart";
            (Level::Error, message)
        }
    };
    log.line(level, format_args!("{message}"), &[]);
}

/// Logs that a turn was slow, phase by phase.
pub(super) fn slow_turn(log: &mut Log, turn: &Recorded) {
    let micros = |time: Duration| Value::Count(time.as_micros() as u64);
    let mut fields = vec![("turn_us", micros(turn.time()))];
    for (phase, lap, work) in turn.laps().filter(|(_, lap, work)| *work > 0 || !lap.is_zero()) {
        let [time, count] = phase_fields(phase);
        fields.extend([(time, micros(lap)), (count, Value::Count(work.into()))]);
    }
    log.line(Level::Warn, format_args!("a turn was slow"), &fields);
}

/// The names of the fields with a phase's time and work.
fn phase_fields(phase: Phase) -> [&'static str; 2] {
    match phase {
        Phase::Readiness => ["readiness_us", "readiness_work"],
        Phase::Accept => ["accept_us", "accept_work"],
        Phase::Answer => ["answer_us", "answer_work"],
        Phase::Receive => ["receive_us", "receive_work"],
        Phase::Expire => ["expire_us", "expire_work"],
        Phase::Leave => ["leave_us", "leave_work"],
        Phase::Ask => ["ask_us", "ask_work"],
        Phase::Publish => ["publish_us", "publish_work"],
        Phase::Send => ["send_us", "send_work"],
        Phase::Close => ["close_us", "close_work"],
    }
}
