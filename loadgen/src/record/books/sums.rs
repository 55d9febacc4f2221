//! [`Sums`]: the books in a few numbers, when the run is over. Those of several processes can be added.

use serde::{Deserialize, Serialize};

use super::{Books, Fault};

/// The sums of the books, when the run is over.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Sums {
    sent: u64,
    delivered: u64,
    given_back: u64,
    faults: [u64; Fault::ALL.len()],
}

impl Sums {
    /// Adds those of another process.
    pub(crate) fn absorb(&mut self, other: &Sums) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.given_back += other.given_back;
        self.faults.iter_mut().zip(other.faults).for_each(|(all, one)| *all += one);
    }

    /// Messages have arrived that no shard has sent: they were taken for delivered.
    pub(crate) fn add_invented(&mut self, count: u64) {
        self.delivered -= count.min(self.delivered);
        self.faults[Fault::Garbled as usize] += count;
    }
}

impl Books {
    /// The sums, when the run is over.
    pub(crate) fn sums(&self) -> Sums {
        let Books { sent, delivered, given_back, faults, .. } = *self;
        Sums { sent, delivered, given_back, faults }
    }

    /// The books of a run that is over.
    pub(crate) fn of_sums(sums: Sums) -> Self {
        let Sums { sent, delivered, given_back, faults } = sums;
        Books { sent, delivered, given_back, faults, ..Books::default() }
    }
}
