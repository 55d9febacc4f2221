//! [`Crossed`]: what became of messages between shards, which only all shards together can tell.

use std::collections::BTreeSet;

use super::Part;
use crate::phone_id::PhoneId;
use crate::workload::Shard;

/// Messages between shards that did not arrive, or that arrived and were never sent, by their numbers.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Crossed {
    lost: BTreeSet<u64>,
    in_doubt: BTreeSet<u64>,
    pub(super) invented: BTreeSet<u64>,
    /// How often a shard waited in vain for a message that was sent.
    pub(super) overdue: u64,
    /// Of users with accounts: deliveries that are lost, and private messages that were not announced.
    pub(super) deliveries: u64,
    pub(super) notices: u64,
}

impl Crossed {
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut crossed = Crossed::default();
        let of = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let crossing = |phone: u32| {
            let shard = Shard { number: 1, of }.of_phone(PhoneId(phone));
            &parts[shard as usize - 1].crossing
        };
        let mut excused = BTreeSet::new();
        for (&number, overdue) in parts.iter().flat_map(|part| &part.crossing.overdue) {
            let sent_by = crossing(overdue.sender);
            let is_broken = sent_by.broken.contains(&overdue.sender);
            if sent_by.unsent.contains(&number) {
                excused.insert(number);
                continue;
            }
            crossed.overdue += 1;
            if overdue.in_doubt || is_broken || sent_by.late.contains(&number) {
                crossed.in_doubt.insert(number);
            } else {
                crossed.lost.insert(number);
                let phones = u64::from(overdue.phones);
                let lost =
                    if overdue.is_notice { &mut crossed.notices } else { &mut crossed.deliveries };
                *lost += phones;
            }
        }
        for part in parts {
            let unsent = &part.crossing.unsent;
            match &part.accounts {
                // What was not sent is waited for in vain. If it is not, then it has come from nowhere.
                None => crossed.invented.extend(unsent.difference(&excused)),
                // It need not be waited for: some phones had not come yet.
                Some(_) => {
                    let all = parts.iter().filter_map(|part| part.accounts.as_ref());
                    let seen = all.flat_map(|accounts| accounts.orders.seen_of(unsent));
                    crossed.invented.extend(seen);
                }
            }
        }
        crossed
    }

    /// How many messages are lost, and how many are in doubt, that their sender's shard has not counted itself.
    pub(super) fn uncounted(&self, parts: &[Part]) -> (u64, u64) {
        let counted = |number: &&u64| {
            let mut all = parts.iter().filter_map(|part| part.accounts.as_ref());
            all.any(|accounts| accounts.incomplete.contains(number))
        };
        let count =
            |numbers: &BTreeSet<u64>| numbers.iter().filter(|number| !counted(number)).count();
        (count(&self.lost) as u64, count(&self.in_doubt) as u64)
    }
}
