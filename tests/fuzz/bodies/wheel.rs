//! Any bytes, as what callers do with a wheel of timers: the wheel and its model have to agree.

use switchboard::timer::{Moment, TimerId, Wheel};

use super::Dice;

// The model is the one of the wheel's own properties.
#[path = "../../../src/timer/wheel/model.rs"]
mod model;

use model::{Distance, REVOLUTION, SLOT, Step, Trial};

/// The model looks through a list at every step, so that more would only be slow.
const MOST_STEPS: usize = 500;

/// Where the clock stands, then steps.
pub fn check(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let far = span(&mut dice);
    let start = if dice.byte() % 2 == 0 { far } else { u64::MAX - far };
    let mut trial = Trial::new(Moment::from_nanos(start));
    for _ in 0..MOST_STEPS {
        if dice.0.is_empty() {
            break;
        }
        trial.perform(step(&mut dice));
    }
    trial.finish();
}

fn step(dice: &mut Dice<'_>) -> Step {
    match dice.byte() % 6 {
        0 | 1 => Step::Insert(distance(dice)),
        2 => Step::Cancel(dice.byte().into()),
        3 => Step::Rearm(dice.byte().into(), distance(dice)),
        4 => Step::Wait(span(dice)),
        _ => match dice.byte() {
            u8::MAX => Step::Pop(usize::MAX),
            budget => Step::Pop(budget.into()),
        },
    }
}

fn distance(dice: &mut Dice<'_>) -> Distance {
    match dice.byte() % 8 {
        0 => Distance::Past(span(dice)),
        1 => Distance::Never,
        _ => Distance::Future(span(dice)),
    }
}

/// Whole slots and revolutions, where timers meet, and anything between.
fn span(dice: &mut Dice<'_>) -> u64 {
    match dice.byte() % 4 {
        0 => u64::from(dice.byte()) * SLOT,
        1 => dice.number() * SLOT + dice.number(),
        2 => u64::from(dice.byte()) * REVOLUTION + u64::from(dice.byte()) * SLOT,
        _ => dice.number() << (dice.byte() % 24),
    }
}
