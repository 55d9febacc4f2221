//! [`Shares`]: how much of the shared quotas each address and each person holds, and who gives way when a
//! quota is full. A [`Stock`] is a kind of thing with a quota. A *holder* is a person who may hold some of
//! it. A *stake* is what a holder or an address has of a stock.
//!
//! This is max-min fairness in two levels, without a cap while there is room. The heaviest address gives
//! way, and in it the heaviest holder. Thus many ids of one address have the share of one address. The
//! caller keeps the [`HolderKey`], so a change needs no hashing. [`Ranks`] finds the heaviest.
//!
//! A change is O(1) in the number of holders. Bytes: 80 for a holder; for an address 176, 10 in the table,
//! and 80 for each stock of which it holds something. Rejected: a cap for each address, which refuses while
//! there is room; a sketch, which a patient attacker can learn; and a search for the heaviest when a quota
//! is full, which is O(n). It knows no sink. The realm calls it.

use slab::Slab;

use super::person_key::PersonKey;
use super::ranks::{Rank, Ranks};
use crate::chat::chain::Links;
use crate::limiter::Block;
use crate::shards::Shards;

/// A kind of thing with a quota for all people together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stock {
    /// Invitations in memory. Their weight is their bytes. Holders who are away give way first.
    Invitations,
    /// Messages that can still be marked as read. Each weighs 1.
    ReadMarks,
    /// Pairs of contacts. Each weighs 2: both count toward its maker, or 1 toward each of the two once the
    /// other one has chosen it too.
    Contacts,
    /// People who are offline and have contacts. Each weighs 1.
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

/// The key of a holder. It is valid until the holder is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HolderKey(u32);

/// Who gives way to a newcomer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GivesWay {
    /// Holders at the heaviest address.
    Heaviest,
    /// The other holders at the newcomer's own address.
    Neighbours,
}

/// How much each person and each address holds, and who holds the most.
#[derive(Default)]
pub(super) struct Shares {
    holders: Slab<Holder>,
    addresses: Slab<Address>,
    by_block: Shards<u32>,
    /// For each stock, the addresses that hold some of it.
    ranks: [Ranks; Stock::ALL.len()],
    /// For each stock, the weight of all holders together.
    totals: [u64; Stock::ALL.len()],
}

struct Holder {
    person: PersonKey,
    address: u32,
    /// Whether the person has no device.
    is_away: bool,
    stakes: [Stake; Stock::ALL.len()],
}

struct Address {
    block: Block,
    holders: u32,
    stakes: [Stake; Stock::ALL.len()],
    /// For each stock, the holders at this address that hold some of it.
    ranks: [Ranks; Stock::ALL.len()],
}

/// What a holder or an address has of one stock, with its neighbours in the same rank.
#[derive(Clone, Copy, Default)]
struct Stake {
    weight: u64,
    links: Links,
}

impl Shares {
    /// Opens a holder for a person at this address.
    pub(super) fn open(&mut self, person: PersonKey, block: Block, is_away: bool) -> HolderKey {
        let address = self.enter(block);
        let stakes = Default::default();
        let key = self.holders.insert(Holder { person, address, is_away, stakes });
        HolderKey(u32::try_from(key).expect("there are no more holders than people"))
    }

    /// Closes a holder. The person must hold nothing.
    pub(super) fn close(&mut self, HolderKey(key): HolderKey) {
        let holder = self.holders.remove(key as usize);
        debug_assert!(holder.stakes.iter().all(|stake| stake.weight == 0), "it holds nothing");
        self.leave(holder.address);
    }

    /// Moves a holder, with all that it holds, to this address, and notes whether the person is away.
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

    /// Adds to what a holder has of a stock.
    pub(super) fn add(&mut self, key: HolderKey, stock: Stock, weight: u64) {
        self.set(key, stock, self.weight(key, stock) + weight);
    }

    /// Subtracts from what a holder has of a stock.
    pub(super) fn take(&mut self, key: HolderKey, stock: Stock, weight: u64) {
        self.set(key, stock, self.weight(key, stock) - weight);
    }

    /// What a holder has of a stock.
    pub(super) fn weight(&self, HolderKey(key): HolderKey, stock: Stock) -> u64 {
        self.holders[key as usize].stakes[stock as usize].weight
    }

    /// What all holders together have of a stock.
    pub(super) fn total(&self, stock: Stock) -> u64 {
        self.totals[stock as usize]
    }

    /// The address of a holder. It only serves to compare two holders.
    pub(super) fn block(&self, HolderKey(key): HolderKey) -> Block {
        self.addresses[self.holders[key as usize].address as usize].block
    }

    /// The person of a holder.
    pub(super) fn person(&self, HolderKey(key): HolderKey) -> PersonKey {
        self.holders[key as usize].person
    }

    /// Who gives way to a newcomer that asks for `weight` more of a full stock. `None` if the newcomer is
    /// refused.
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

    /// The person that gives way next to a newcomer, if there is one.
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

    /// The person that gives way first of all: the heaviest holder at the heaviest address.
    pub(super) fn heaviest(&self, stock: Stock) -> Option<PersonKey> {
        let address = self.ranks[stock as usize].first()?;
        let holder = self.addresses[address as usize].ranks[stock as usize].first()?;
        Some(self.holders[holder as usize].person)
    }

    /// Whether the person has no device. Only tests and the simulator call it.
    pub(super) fn is_away(&self, HolderKey(key): HolderKey) -> bool {
        self.holders[key as usize].is_away
    }

    /// How many holders there are.
    pub(super) fn holders(&self) -> usize {
        self.holders.len()
    }

    /// Panics if the sums disagree, and says which. It looks at every holder, so only tests and the simulator
    /// call it.
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

    /// Counts one more holder at an address.
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

    /// Counts one holder less at an address. An address without holders is forgotten.
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

/// What a newcomer asks for, and what it already has, of a full stock.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    /// The weight that it asks for.
    pub(super) weight: u64,
    /// What the person has already.
    pub(super) senders: u64,
    /// What its address has already, the person included.
    pub(super) addresses: u64,
}

impl Claim {
    /// Who gives way to the newcomer, if anybody does. `heaviest` is the rank of the heaviest address, and
    /// whether that is the newcomer's own. `neighbour` is the rank of the heaviest person at its own address.
    ///
    /// First rule: the newcomer's address, with the new weight, must not be heavier than the heaviest
    /// address. Then that one gives way. Otherwise the newcomer can only take from its own address. The same
    /// rule holds there for people, and a person who has nothing always gets a share. The neighbours must
    /// have enough, or they would give way for nothing.
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

/// The key with the greatest weight, and that weight. Of several equal ones it is the lowest key. It
/// sorts: O(n log n).
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

/// The rank of a weight. The weight 0 has none.
fn rank(weight: u64, gives_way_first: bool) -> Option<Rank> {
    let rank = (weight > 0).then(|| Rank::of(weight))?;
    Some(if gives_way_first { rank.away() } else { rank })
}

/// Updates the ranks after a weight has changed. Most changes stay within a rank.
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
