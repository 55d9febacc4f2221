//! [`Touched`]: the numbers that came or went since the last delta.
//!
//! A delta names each of them with its present state. A number that came and went in between is named
//! too, because a list that was sent to a new connection meanwhile may show it. So this remembers
//! numbers, and not what happened to them: 16 bytes for each change, until the next delta.

use crate::chat::Mobile;

/// The numbers that the next delta has to name.
#[derive(Debug, Default)]
pub(super) struct Touched(Vec<Mobile>);

impl Touched {
    /// Notes that a number came or went. If no delta will name it, no delta will name an earlier one
    /// either, and all are forgotten. Otherwise the memory would grow while no connection wants deltas.
    pub(super) fn note(&mut self, mobile: Mobile, a_delta_will_tell: bool) {
        if a_delta_will_tell {
            self.0.push(mobile);
        } else {
            self.0 = Vec::new();
        }
    }

    /// Returns the numbers that the next delta has to name, each once, in order, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Mobile> {
        let mut touched = std::mem::take(&mut self.0);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// How many changes are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
