//! [`Tally`]: the connections of one persona, and how they ended.

use std::collections::BTreeMap;

use crate::client::Ending;

/// The connections of one persona.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How many connections were dialled.
    pub(crate) connections: u64,
    /// How they ended.
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// The endings among them that should not have happened.
    pub(crate) unexpected: BTreeMap<Ending, u64>,
}

impl Tally {
    pub(super) fn ended(&mut self, ending: Ending, is_expected: bool) {
        *self.endings.entry(ending).or_default() += 1;
        if !is_expected {
            *self.unexpected.entry(ending).or_default() += 1;
        }
    }
}
