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

    /// This many messages were taken for delivered and are not: no shard has sent them, or not all phones have them.
    pub(crate) fn take_back(&mut self, count: u64) {
        self.delivered -= count.min(self.delivered);
    }

    /// A fault was found this often that only all shards together can see.
    pub(crate) fn add_fault(&mut self, fault: Fault, count: u64) {
        self.faults[fault as usize] += count;
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
