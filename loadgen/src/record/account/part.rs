//! [`AccountPart`]: what a shard tells `merge` of its users with accounts; and the [`Accounts`] of all shards. What of it
//! concerns messages between shards is in `record/books/crossing.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::log::Logs;
use super::stored::Stored;
use super::{Accounts, Lapse, Orders, Owed};
use crate::record::measure::Measure;
use crate::record::views::Views;

/// What a shard has to tell of its users.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::record) struct AccountPart {
    counts: Counts,
    acknowledgement: Measure,
    history: Measure,
    stored: Stored,
    /// How often each lapse was found, in the order of [`Lapse::ALL`].
    lapses: Vec<u64>,
    /// A hash of the names of all users of the plan.
    pub(in crate::record) users: u64,
    /// Messages of this shard that some of its own phones did not get: they are counted as lost or in doubt.
    pub(in crate::record) incomplete: BTreeSet<u64>,
    /// In which order its phones have seen the messages of places that other shards share.
    pub(in crate::record) orders: Orders,
}

impl AccountPart {
    pub(in crate::record) fn of(accounts: &Accounts) -> Self {
        let Accounts { counts, acknowledgement, history, stored, lapses, .. } = accounts;
        let Accounts { logs: Logs { everyone, pairs, .. }, precedence, .. } = accounts;
        let is_shared = |(one, other)| accounts.is_of_another(one) || accounts.is_of_another(other);
        let mut shared: Vec<_> = pairs.iter().filter(|&(&ends, _)| is_shared(ends)).collect();
        shared.sort_unstable_by_key(|&(&ends, _)| ends);
        let of_pairs = shared.into_iter().map(|(_, log)| &log.order[..]);
        let never_complete = accounts.never_complete().map(|Owed { stamp, .. }| stamp.number);
        AccountPart {
            counts: *counts,
            acknowledgement: acknowledgement.clone(),
            history: history.clone(),
            stored: *stored,
            lapses: Lapse::ALL.map(|lapse| lapses.count(lapse)).to_vec(),
            users: accounts.users(),
            incomplete: never_complete.chain(accounts.in_doubt.iter().copied()).collect(),
            orders: Orders::of(std::iter::once(&everyone.order[..]).chain(of_pairs), precedence),
        }
    }
}

impl Accounts {
    /// The users of several processes, whose runs are over.
    pub(in crate::record) fn merged<'p>(
        parts: impl Iterator<Item = &'p AccountPart>,
        convergence: Measure,
        changes: u32,
    ) -> Self {
        let mut all = Accounts::new(0);
        all.online = Some(Box::new(Views::merged(convergence, changes)));
        for part in parts {
            // Without `..`, so that no new field is forgotten. The last three concern messages between shards.
            let AccountPart {
                counts,
                acknowledgement,
                history,
                stored,
                lapses,
                users: _,
                incomplete: _,
                orders: _,
            } = part;
            all.counts.absorb(counts);
            all.acknowledgement.absorb(acknowledgement);
            all.history.absorb(history);
            all.stored.absorb(stored);
            for (lapse, &count) in Lapse::ALL.into_iter().zip(lapses) {
                all.lapses.add_many(lapse, count);
            }
        }
        all
    }
}
