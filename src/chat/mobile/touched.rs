//! [`Touched`]: the numbers that came or went since the last delta.
//!
//! A delta names each of them with its state at its end. One that came and went in between is named
//! too: a list that was sent meanwhile to a newcomer may show it. So numbers are remembered, not
//! changes, and 16 bytes for each change are all that it costs until the next delta.

use crate::chat::Mobile;

/// The numbers that the next delta has to name.
#[derive(Debug, Default)]
pub(super) struct Touched(Vec<Mobile>);

impl Touched {
    /// A number came or went. If no delta will tell of it, none will tell of anything earlier, and
    /// all is forgotten: else the memory would grow for as long as nobody wants deltas.
    pub(super) fn note(&mut self, mobile: Mobile, a_delta_will_tell: bool) {
        if a_delta_will_tell {
            self.0.push(mobile);
        } else {
            self.0 = Vec::new();
        }
    }

    /// A delta begins: returns what it has to name, each number once, in order, and forgets it.
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
