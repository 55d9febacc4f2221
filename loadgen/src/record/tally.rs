//! [`Tally`]: the connections of one persona, and how they ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::Ending;

/// The connections of one persona.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Tally {
    /// How many connections were dialled.
    pub(crate) connections: u64,
    /// How they ended.
    #[serde(with = "pairs")]
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// The endings among them that should not have happened.
    #[serde(with = "pairs")]
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

impl Tally {
    /// Adds the connections of another process.
    pub(super) fn absorb(&mut self, other: &Tally) {
        self.connections += other.connections;
        add_endings(&mut self.endings, &other.endings);
        add_endings(&mut self.unexpected, &other.unexpected);
    }
}

/// Adds the endings of another process.
pub(super) fn add_endings(all: &mut BTreeMap<Ending, u64>, more: &BTreeMap<Ending, u64>) {
    for (&ending, count) in more {
        *all.entry(ending).or_default() += count;
    }
}

/// A map as a list of pairs: JSON has only texts as keys.
pub(super) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::client::Ending;

    pub(in crate::record) fn serialize<S: Serializer>(
        endings: &BTreeMap<Ending, u64>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(endings)
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Ending, u64>, D::Error> {
        Ok(Vec::<(Ending, u64)>::deserialize(from)?.into_iter().collect())
    }
}
