//! [`Shares`]: how much of what the realm has for all together is held by each address and each person,
//! and who gives way when there is no more. A [`Stock`] is a kind of thing that there is a bounded amount
//! of, a *holder* a person who may hold some of it, a *stake* what a holder or an address has of a stock.
//!
//! Max-min fairness in two levels, and no cap while there is room: the heaviest address gives way, in it
//! the heaviest holder. Many ids of one address so have the share of one. A holder's weight is changed
//! in place, without hashing: the caller keeps the [`HolderKey`]. See [`Ranks`] for who is heaviest.
//!
//! O(1) at each change, whatever the number of holders. Bytes: 80 for a holder; for an address 176, 10 in
//! the table, 80 for each stock that it holds of. Rejected: a cap for each address, which refuses while
//! there is room; to count in a sketch, which a patient attacker can learn; to look for the heaviest only
//! when a quota is full, which costs a look at everybody. Knows no sink. The realm calls it.

use slab::Slab;

use super::chain::Links;
use super::person_key::PersonKey;
use super::ranks::{Rank, Ranks};
use crate::limiter::Block;
use crate::shards::Shards;

/// A kind of thing of which there is a bounded amount for all together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stock {
    /// Invitations in memory, by their bytes. Holders who are away give way first.
    Invitations,
    /// Messages that can still be marked as read, each of them 1.
    ReadMarks,
    /// Pairs of contacts, each of them 2: both on the person who made it, or 1 on each once the other
    /// has chosen it too.
    Contacts,
    /// People who are offline and have contacts, each of them 1.
    Remembered,
}

impl Stock {
    const ALL: [Stock; 4] =
        [Stock::Invitations, Stock::ReadMarks, Stock::Contacts, Stock::Remembered];

    fn departed_give_way_first(self) -> bool {
        match self {
            Stock::Invitations => true,
            Stock::ReadMarks | Stock::Contacts | Stock::Remembered => false,
        }
    }
}

/// A place among the holders, good until it is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HolderKey(u32);

/// Whose things give way to a newcomer's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GivesWay {
    /// Those of the heaviest address.
    Heaviest,
    /// Those of others at the newcomer's own address.
    Neighbours,
}

/// Who holds how much, and who the most.
#[derive(Default)]
pub(super) struct Shares {
    holders: Slab<Holder>,
    addresses: Slab<Address>,
    by_block: Shards<u32>,
    /// For each stock, the addresses that hold of it.
    ranks: [Ranks; Stock::ALL.len()],
    /// What all hold of each stock.
    totals: [u64; Stock::ALL.len()],
}

struct Holder {
    person: PersonKey,
    address: u32,
    /// Whether the person has no device here.
    is_away: bool,
    stakes: [Stake; Stock::ALL.len()],
}

struct Address {
    block: Block,
    holders: u32,
    stakes: [Stake; Stock::ALL.len()],
    /// For each stock, the holders of this address that hold of it.
    ranks: [Ranks; Stock::ALL.len()],
}

/// What one has of one stock, and one's neighbours of the same rank.
#[derive(Clone, Copy, Default)]
struct Stake {
    weight: u64,
    links: Links,
}

impl Shares {
    /// A person may hold something from now on, and is at this address.
    pub(super) fn open(&mut self, person: PersonKey, block: Block, is_away: bool) -> HolderKey {
        let address = self.enter(block);
        let stakes = Default::default();
        let key = self.holders.insert(Holder { person, address, is_away, stakes });
        HolderKey(u32::try_from(key).expect("there are no more holders than people"))
    }

    /// The person holds nothing any more.
    pub(super) fn close(&mut self, HolderKey(key): HolderKey) {
        let holder = self.holders.remove(key as usize);
        debug_assert!(holder.stakes.iter().all(|stake| stake.weight == 0), "it holds nothing");
        self.leave(holder.address);
    }

    /// The person is at this address now, or is away. All that it holds moves along.
    pub(super) fn locate(&mut self, HolderKey(key): HolderKey, block: Block, is_away: bool) {
        let holder = &self.holders[key as usize];
        let (old, was_away) = (holder.address, holder.is_away);
        if self.addresses[old as usize].block == block && was_away == is_away {
            return;
        }
        let weights = holder.stakes.map(|stake| stake.weight);
        for stock in Stock::ALL {
            self.set(HolderKey(key), stock, 0);
        }
        let new = self.enter(block);
        self.leave(old);
        let holder = &mut self.holders[key as usize];
        (holder.address, holder.is_away) = (new, is_away);
        for stock in Stock::ALL {
            self.set(HolderKey(key), stock, weights[stock as usize]);
        }
    }

    /// The holder has that much more of a stock.
    pub(super) fn add(&mut self, key: HolderKey, stock: Stock, weight: u64) {
        self.set(key, stock, self.weight(key, stock) + weight);
    }

    /// The holder has that much less of a stock.
    pub(super) fn take(&mut self, key: HolderKey, stock: Stock, weight: u64) {
        self.set(key, stock, self.weight(key, stock) - weight);
    }

    /// What a holder has of a stock.
    pub(super) fn weight(&self, HolderKey(key): HolderKey, stock: Stock) -> u64 {
        self.holders[key as usize].stakes[stock as usize].weight
    }

    /// What all together have of a stock.
    pub(super) fn total(&self, stock: Stock) -> u64 {
        self.totals[stock as usize]
    }

    /// The address of a holder: for telling whether two have the same.
    pub(super) fn block(&self, HolderKey(key): HolderKey) -> Block {
        self.addresses[self.holders[key as usize].address as usize].block
    }

    /// The person who is a holder.
    pub(super) fn person(&self, HolderKey(key): HolderKey) -> PersonKey {
        self.holders[key as usize].person
    }

    /// Whether a newcomer gets `weight` more of a stock that is full, and who gives way to it.
    pub(super) fn may_take(
        &self,
        HolderKey(key): HolderKey,
        stock: Stock,
        weight: u64,
    ) -> Option<GivesWay> {
        let holder = &self.holders[key as usize];
        let address = &self.addresses[holder.address as usize];
        let top = self.ranks[stock as usize].first()?;
        let claim = Claim {
            weight,
            senders: holder.stakes[stock as usize].weight,
            addresses: address.stakes[stock as usize].weight,
        };
        let heaviest = Rank::of(self.addresses[top as usize].stakes[stock as usize].weight);
        let neighbour = address.ranks[stock as usize].heaviest();
        claim.judge(heaviest, top == holder.address, neighbour)
    }

    /// Who gives way next to a newcomer, if anybody can.
    pub(super) fn next(
        &self,
        HolderKey(newcomer): HolderKey,
        stock: Stock,
        who: GivesWay,
    ) -> Option<PersonKey> {
        match who {
            GivesWay::Heaviest => self.heaviest(stock),
            GivesWay::Neighbours => {
                let address = self.holders[newcomer as usize].address;
                let ranks = &self.addresses[address as usize].ranks[stock as usize];
                let keys = ranks.keys(&self.holders, |holder| &holder.stakes[stock as usize].links);
                let found = { keys }.find(|&key| key != newcomer)?;
                Some(self.holders[found as usize].person)
            }
        }
    }

    /// The first to give way of all: of the heaviest address, the heaviest holder.
    pub(super) fn heaviest(&self, stock: Stock) -> Option<PersonKey> {
        let address = self.ranks[stock as usize].first()?;
        let holder = self.addresses[address as usize].ranks[stock as usize].first()?;
        Some(self.holders[holder as usize].person)
    }

    /// Whether the person has no device here. For tests and the simulator.
    pub(super) fn is_away(&self, HolderKey(key): HolderKey) -> bool {
        self.holders[key as usize].is_away
    }

    /// How many holders there are.
    pub(super) fn holders(&self) -> usize {
        self.holders.len()
    }

    /// Panics, saying what disagrees. Looks at every holder: for tests and the simulator.
    pub(super) fn check_invariants(&self) {
        assert_eq!(self.by_block.len(), self.addresses.len(), "as many blocks as addresses");
        for stock in Stock::ALL {
            let index = stock as usize;
            let mut ranked = 0;
            for (key, address) in &self.addresses {
                let of_it = || self.holders.iter().filter(|(_, one)| one.address as usize == key);
                assert_eq!(address.holders as usize, of_it().count(), "holders are counted");
                let sum: u64 = of_it().map(|(_, one)| one.stakes[index].weight).sum();
                assert_eq!(
                    address.stakes[index].weight, sum,
                    "an address weighs what its holders do"
                );
                ranked += address.ranks[index].check_invariants(
                    &self.holders,
                    |holder| &holder.stakes[index].links,
                    |holder| holder.rank(stock),
                );
            }
            let weighty = self.holders.iter().filter(|(_, one)| one.rank(stock).is_some()).count();
            assert_eq!(ranked, weighty, "every holder has a rank");
            let ranked = self.ranks[index].check_invariants(
                &self.addresses,
                |address| &address.stakes[index].links,
                |address| rank(address.stakes[index].weight, false),
            );
            let weights = || self.addresses.iter().map(|(_, one)| one.stakes[index].weight);
            assert_eq!(
                ranked,
                weights().filter(|&weight| weight > 0).count(),
                "so has every address"
            );
            assert_eq!(self.totals[index], weights().sum::<u64>(), "the total is that of all");
        }
    }

    fn set(&mut self, HolderKey(key): HolderKey, stock: Stock, weight: u64) {
        let index = stock as usize;
        let holder = &mut self.holders[key as usize];
        let address_key = holder.address;
        let was = holder.rank(stock);
        let old = std::mem::replace(&mut holder.stakes[index].weight, weight);
        let is = holder.rank(stock);
        let address = &mut self.addresses[address_key as usize];
        let all = (&mut address.ranks[index], &mut self.holders);
        rerank(all, |holder| &mut holder.stakes[index].links, key, was, is);

        let total = &mut address.stakes[index].weight;
        let was = rank(*total, false);
        *total = *total - old + weight;
        let is = rank(*total, false);
        let all = (&mut self.ranks[index], &mut self.addresses);
        rerank(all, |address| &mut address.stakes[index].links, address_key, was, is);
        self.totals[index] = self.totals[index] - old + weight;
    }

    /// One holder more is at an address.
    fn enter(&mut self, block: Block) -> u32 {
        let Shares { addresses, by_block, .. } = self;
        let found = by_block.find(block, |&key| addresses[key as usize].block == block).copied();
        let key = found.unwrap_or_else(|| {
            let (stakes, ranks) = (Default::default(), Default::default());
            let key = addresses.insert(Address { block, holders: 0, stakes, ranks });
            let key = u32::try_from(key).expect("there are no more addresses than people");
            by_block.insert(key, |&key| addresses[key as usize].block);
            key
        });
        addresses[key as usize].holders += 1;
        key
    }

    /// One holder fewer is at an address. Without one it is forgotten.
    fn leave(&mut self, key: u32) {
        let address = &mut self.addresses[key as usize];
        address.holders -= 1;
        if address.holders == 0 {
            let block = address.block;
            self.by_block.remove(block, |&one| one == key);
            self.addresses.remove(key as usize);
        }
    }
}

impl Holder {
    fn rank(&self, stock: Stock) -> Option<Rank> {
        let gives_way_first = self.is_away && stock.departed_give_way_first();
        rank(self.stakes[stock as usize].weight, gives_way_first)
    }
}

/// What a newcomer asks for, and what it has already, of a stock that is full.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    /// What it asks for.
    pub(super) weight: u64,
    /// What the person itself has.
    pub(super) senders: u64,
    /// What its address has, the person included.
    pub(super) addresses: u64,
}

impl Claim {
    /// Who gives way to it, if anybody. `heaviest` is the rank of the heaviest address, and whether that
    /// is its own; `neighbour` that of the heaviest person of its own address.
    ///
    /// With what it asks for, the newcomer's address must weigh no more than the heaviest one. If it
    /// would, there is still its own address to take from: then the same holds for the person among its
    /// neighbours, and a person who has nothing gets its share in any case. What the neighbours have
    /// must be enough, or they would give way for nothing.
    pub(super) fn judge(
        self,
        heaviest: Rank,
        is_own: bool,
        neighbour: Option<Rank>,
    ) -> Option<GivesWay> {
        if !is_own && Rank::of(self.addresses + self.weight) <= heaviest {
            return Some(GivesWay::Heaviest);
        }
        let is_light = Some(Rank::of(self.senders + self.weight)) <= neighbour;
        let is_enough = self.addresses - self.senders >= self.weight;
        (is_enough && (self.senders == 0 || is_light)).then_some(GivesWay::Neighbours)
    }
}

/// The key with the greatest weight, and that weight; of several, the key that comes first. Sorts.
pub(super) fn heaviest<K: Ord + Copy>(items: impl Iterator<Item = (K, u64)>) -> Option<(K, u64)> {
    let places = items.enumerate();
    let mut items: Vec<(K, usize, u64)> =
        places.map(|(place, (key, one))| (key, place, one)).collect();
    items.sort_unstable_by_key(|&(key, place, _)| (key, place));
    let sums = items.chunk_by(|one, other| one.0 == other.0).map(|all| {
        let sum: u64 = all.iter().map(|&(_, _, weight)| weight).sum();
        (sum, std::cmp::Reverse(all[0].1), all[0].0)
    });
    sums.max_by_key(|&(sum, place, _)| (sum, place)).map(|(sum, _, key)| (key, sum))
}

/// The rank of a weight; nothing has none.
fn rank(weight: u64, gives_way_first: bool) -> Option<Rank> {
    let rank = (weight > 0).then(|| Rank::of(weight))?;
    Some(if gives_way_first { rank.away() } else { rank })
}

/// A weight has changed. Most changes stay within a rank.
fn rerank<T>(
    (ranks, all): (&mut Ranks, &mut Slab<T>),
    links: impl Fn(&mut T) -> &mut Links,
    key: u32,
    was: Option<Rank>,
    is: Option<Rank>,
) {
    if was == is {
        return;
    }
    if let Some(was) = was {
        ranks.remove(all, &links, key, was);
    }
    if let Some(is) = is {
        ranks.insert(all, &links, key, is);
    }
}

#[cfg(test)]
mod tests;
