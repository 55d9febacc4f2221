//! Shrinking: finds the smallest run that still fails, so that a person can read its trace.
//!
//! Each step removes something: phones, rounds, time, or a kind of fault. If the smaller run still fails,
//! it is kept. The failure may be a different one: a failure of a smaller world is just as useful.
//! Shrinking begins with big steps. It ends when no step helps, or after a number of attempts.

use std::time::Duration;

use crate::dice::Dice;
use crate::faults::Fault;
use crate::recipe::Recipe;

/// The most runs for one shrinking.
const ATTEMPTS: usize = 150;

/// Returns the smallest failing recipe that was found, and the message of its panic.
pub(crate) fn shrink(failing: &Recipe, said: String) -> (Recipe, String) {
    let mut smallest = (failing.clone(), said);
    let mut attempts = 0;
    loop {
        let mut has_shrunk = false;
        for step in STEPS {
            for candidate in step(&smallest.0) {
                if attempts == ATTEMPTS {
                    return smallest;
                }
                attempts += 1;
                if let Err(said) = candidate.attempt(false) {
                    smallest = (candidate, said);
                    has_shrunk = true;
                    break;
                }
            }
        }
        if !has_shrunk {
            return smallest;
        }
    }
}

const STEPS: [fn(&Recipe) -> Vec<Recipe>; 4] = [one_round, less_time, fewer_phones, fewer_faults];

fn one_round(recipe: &Recipe) -> Vec<Recipe> {
    let rounds = recipe.climate(&mut Dice::new(recipe.seed)).rounds;
    let fewer = (rounds > 1).then(|| Recipe { rounds: Some(1), ..recipe.clone() });
    fewer.into_iter().collect()
}

fn less_time(recipe: &Recipe) -> Vec<Recipe> {
    let chaos = recipe.climate(&mut Dice::new(recipe.seed)).chaos;
    let shorter = [0, chaos.as_millis() / 8, chaos.as_millis() / 2, chaos.as_millis() * 3 / 4];
    let shorter = shorter.map(|millis| Duration::from_millis(millis as u64));
    let shorter = shorter.into_iter().filter(|&shorter| shorter < chaos);
    shorter.map(|chaos| Recipe { chaos: Some(chaos), ..recipe.clone() }).collect()
}

fn fewer_phones(recipe: &Recipe) -> Vec<Recipe> {
    let phones = recipe.climate(&mut Dice::new(recipe.seed)).phones;
    let mut fewer = vec![2, 3, phones / 4, phones / 2, phones * 3 / 4, phones - 1];
    fewer.retain(|&fewer| (2..phones).contains(&fewer));
    fewer.dedup();
    fewer.into_iter().map(|phones| Recipe { phones: Some(phones), ..recipe.clone() }).collect()
}

/// The recipe without all faults that are left, then without half of them, then without each one.
fn fewer_faults(recipe: &Recipe) -> Vec<Recipe> {
    let left: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| fault.is_optional() && !recipe.without.contains(fault))
        .collect();
    let halves = left.chunks(left.len().div_ceil(2).max(1));
    let fewer = std::iter::once(&left[..]).chain(halves).chain(left.chunks(1));
    let fewer = fewer.filter(|fewer| !fewer.is_empty());
    fewer
        .map(|fewer| {
            let mut recipe = recipe.clone();
            recipe.without.extend(fewer);
            recipe
        })
        .collect()
}
