//! [`Mids`]: the ids that the server has given to messages. A message has one, which never changes,
//! and no other message has the same.
//!
//! Kept are hashes: 8 bytes a message, where the protocol shows ids. Two ids have the same hash once in 2^64 pairs.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU64;

use super::{Accounts, Lapse};

/// The server's ids of the messages.
#[derive(Debug, Default)]
pub(super) struct Mids(Vec<Option<NonZeroU64>>);

impl Mids {
    /// How many messages have the id of an earlier one.
    pub(super) fn repeated(&self) -> u64 {
        let mut known: Vec<_> = self.0.iter().flatten().copied().collect();
        known.sort_unstable();
        let all = known.len();
        known.dedup();
        (all - known.len()) as u64
    }

    fn get(&self, number: u64) -> Option<NonZeroU64> {
        usize::try_from(number).ok().and_then(|at| self.0.get(at).copied().flatten())
    }
}

impl Accounts {
    /// A phone is told the server's id of a message.
    pub(crate) fn note_id(&mut self, number: u64, mid: &str) {
        let Ok(at) = usize::try_from(number) else { return };
        if at >= self.positions.len() {
            return;
        }
        match self.mids.get(number) {
            Some(known) => {
                self.lapses.add_many(Lapse::IdWrong, u64::from(known != hash(mid)));
            }
            None => {
                let ids = &mut self.mids.0;
                ids.resize(ids.len().max(at + 1), None);
                ids[at] = Some(hash(mid));
            }
        }
    }

    /// Whether the id of a message is the one that phones were told, if they were.
    pub(crate) fn is_id_right(&self, number: u64, mid: Option<&str>) -> bool {
        self.mids.get(number).zip(mid).is_none_or(|(known, mid)| known == hash(mid))
    }
}

fn hash(mid: &str) -> NonZeroU64 {
    let mut hasher = DefaultHasher::new();
    mid.hash(&mut hasher);
    NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN)
}
