//! [`Addresses`]: how many connections each address has, and how fast it makes new ones. A
//!
//! The table keeps an address while it has connections, and afterwards until its bucket is full. At most
//! [`remembered`](AddressLimits::remembered) addresses without a connection are kept; the one that left
//! first is forgotten first. An entry takes 24 bytes and a control byte, in a table that is between 7/16
//! and 7/8 full. That is 29 to 57 bytes, and 8 more while the address waits to be forgotten. This file
//! knows no socket, and not what a refused client is told. The turn calls it.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Block, Bucket, Rate};
use crate::shards::Shards;
use crate::timer::Moment;

/// The limits of one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressLimits {
    /// The most connections at once; `None` is no limit.
    pub connections: Option<u32>,
    /// How fast it may make new connections.
    pub rate: Rate,
    /// How many connections over the limit are still accepted, so that they get a proper HTTP error. Any
    /// more are closed at once.
    pub told: u16,
    /// The most addresses without a connection that are remembered.
    pub remembered: usize,
}

impl Default for AddressLimits {
    fn default() -> Self {
        AddressLimits {
            connections: Some(1_000),
            rate: Rate::per_second(50, 1_000),
            told: 8,
            remembered: 1 << 16,
        }
    }
}

/// How a newly accepted connection is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// It counts as one of its address's connections.
    Entered,
    /// It is over the limit of its address. It will be answered with an error, or may
    /// [`enter`](Addresses::enter) if there is room by then.
    ToBeTold,
    /// It is over the limit, and too many others wait for their error already. It is to be closed at once.
    TurnedAway(Excess),
}

/// Which limit an address exceeds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Excess {
    /// The number of its connections.
    TooMany,
    /// The rate of its new connections.
    TooFast {
        /// The time until it may make another one.
        retry_after: Duration,
    },
}

/// The table of addresses.
#[derive(Debug)]
pub struct Addresses {
    limits: AddressLimits,
    table: Shards<Address>,
    /// Addresses without a connection, to be forgotten once their bucket is full. The one that left
    /// first is in front. Some may have connected again since.
    gone: VecDeque<Block>,
}

#[derive(Debug)]
struct Address {
    block: Block,
    bucket: Bucket,
    connections: u32,
    /// The connections over the limit that wait for their error.
    told: u16,
    /// Whether it is in the queue `gone`.
    is_queued: bool,
}

impl Address {
    fn new(block: Block) -> Self {
        Address { block, bucket: Bucket::default(), connections: 0, told: 0, is_queued: false }
    }

    fn is_here(&self) -> bool {
        self.connections > 0 || self.told > 0
    }

    fn enter(&mut self, limits: &AddressLimits, now: Moment) -> Result<(), Excess> {
        if limits.connections.is_some_and(|most| self.connections >= most) {
            return Err(Excess::TooMany);
        }
        let taken = self.bucket.take(&limits.rate, now);
        taken.map_err(|retry_after| Excess::TooFast { retry_after })?;
        self.connections += 1;
        Ok(())
    }
}

impl Addresses {
    /// Makes an empty table.
    pub fn new(limits: AddressLimits) -> Self {
        Addresses { limits, table: Shards::default(), gone: VecDeque::new() }
    }

    /// Changes the limits. Connections that are here stay, and count.
    pub fn set_limits(&mut self, limits: AddressLimits) {
        self.limits = limits;
    }

    /// Whether there is no limit for addresses.
    pub fn is_off(&self) -> bool {
        self.limits.connections.is_none() && self.limits.rate.is_unlimited()
    }

    /// Counts a newly accepted connection from an address.
    pub fn arrive(&mut self, block: Block, now: Moment) -> Arrival {
        let limits = self.limits;
        let address = self.find_or_add(block);
        let arrival = match address.enter(&limits, now) {
            Ok(()) => Arrival::Entered,
            Err(_) if address.told < limits.told => {
                address.told += 1;
                Arrival::ToBeTold
            }
            Err(excess) => Arrival::TurnedAway(excess),
        };
        self.put_away(block);
        arrival
    }

    /// Counts a connection as one of its address's. When it ends, the caller has to call
    /// [`leave`](Self::leave).
    ///
    /// # Errors
    ///
    /// The limit that the address exceeds.
    pub fn enter(&mut self, block: Block, now: Moment) -> Result<(), Excess> {
        let limits = self.limits;
        let entered = self.find_or_add(block).enter(&limits, now);
        self.put_away(block);
        entered
    }

    /// Stops counting a connection over the limit: it got its error, has ended, or has entered.
    pub fn told(&mut self, block: Block) {
        if let Some(address) = self.find(block) {
            address.told -= 1;
        }
        self.put_away(block);
    }

    /// Stops counting a connection that had entered: it has ended.
    pub fn leave(&mut self, block: Block) {
        if let Some(address) = self.find(block) {
            address.connections -= 1;
        }
        self.put_away(block);
    }

    /// Forgets addresses without a connection whose bucket is full. It looks at `budget` of them at most.
    pub fn sweep(&mut self, now: Moment, budget: usize) {
        for _ in 0..budget {
            let Some(&block) = self.gone.front() else { return };
            match self.find(block) {
                None => {}
                Some(here) if here.is_here() => here.is_queued = false,
                Some(gone) if gone.bucket.is_full(now) => self.remove(block),
                // The addresses behind it left later, and wait for it.
                Some(_) => return,
            }
            self.gone.pop_front();
        }
    }

    /// How many connections have entered, and how many wait for their error.
    pub fn connections(&self) -> (usize, usize) {
        self.table.iter().fold((0, 0), |(entered, told), address| {
            (entered + address.connections as usize, told + usize::from(address.told))
        })
    }

    /// How many addresses are in the table.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Checks everything that must hold between two calls. It looks at every address, so only tests and
    /// the simulator call it.
    ///
    /// # Panics
    ///
    /// If there is a bug in this file.
    pub fn check_invariants(&self) {
        let gone = self.table.iter().filter(|address| !address.is_here()).count();
        assert!(gone <= self.limits.remembered, "more are remembered than may be");
        for address in self.table.iter() {
            assert!(address.is_here() || address.is_queued, "an address that is gone is forgotten");
        }
        let queued = self.table.iter().filter(|address| address.is_queued).count();
        assert_eq!(queued, self.gone.len(), "an address is in the queue once at most");
    }

    /// Queues an address that has no connection any more. If the queue is full, its first address is
    /// forgotten.
    fn put_away(&mut self, block: Block) {
        let Some(address) = self.find(block) else { return };
        if address.is_here() || address.is_queued {
            return;
        }
        address.is_queued = true;
        self.gone.push_back(block);
        while self.gone.len() > self.limits.remembered {
            let Some(first) = self.gone.pop_front() else { return };
            match self.find(first) {
                None => {}
                Some(here) if here.is_here() => here.is_queued = false,
                Some(_) => self.remove(first),
            }
        }
    }

    fn find(&mut self, block: Block) -> Option<&mut Address> {
        self.table.find_mut(block, |address| address.block == block)
    }

    fn find_or_add(&mut self, block: Block) -> &mut Address {
        if self.find(block).is_none() {
            self.table.insert(Address::new(block), |address| address.block);
        }
        self.find(block).expect("it has just been put in")
    }

    fn remove(&mut self, block: Block) {
        self.table.remove(block, |address| address.block == block);
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn block(address: &str) -> Block {
        Block::of(address.parse().expect("an address"))
    }

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    fn addresses(connections: u32, rate: Rate) -> Addresses {
        let limits = AddressLimits { connections: Some(connections), rate, told: 2, remembered: 3 };
        Addresses::new(limits)
    }

    #[test]
    fn one_address_has_its_limit_of_connections_and_others_have_their_own() {
        let mut addresses = addresses(2, Rate::UNLIMITED);
        let (crowd, other) = (block("192.0.2.1"), block("192.0.2.2"));
        let arrivals: Vec<Arrival> = (0..5).map(|_| addresses.arrive(crowd, at(1))).collect();
        let told = Arrival::ToBeTold;
        let away = Arrival::TurnedAway(Excess::TooMany);
        assert_eq!(arrivals, [Arrival::Entered, Arrival::Entered, told, told, away]);
        assert_eq!(addresses.arrive(other, at(1)), Arrival::Entered);
        assert_eq!(addresses.enter(crowd, at(1)), Err(Excess::TooMany));
        addresses.leave(crowd);
        assert_eq!(addresses.enter(crowd, at(1)), Ok(()));
        addresses.told(crowd);
        assert_eq!(addresses.connections(), (3, 1));
        addresses.check_invariants();
    }

    #[test]
    fn one_address_makes_its_burst_of_connections_at_once_and_then_its_rate_a_second() {
        let mut addresses = addresses(100, Rate::per_second(1, 3));
        let crowd = block("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(addresses.arrive(crowd, at(1)), Arrival::Entered);
            addresses.leave(crowd);
        }
        let too_fast = Excess::TooFast { retry_after: Duration::from_secs(1) };
        assert_eq!(addresses.enter(crowd, at(1)), Err(too_fast));
        assert_eq!(addresses.enter(crowd, at(2)), Ok(()));
    }

    #[test]
    fn an_address_that_is_gone_is_forgotten_once_its_bucket_is_full_and_not_before() {
        let mut addresses = addresses(2, Rate::per_second(1, 3));
        let guest = block("192.0.2.1");
        addresses.arrive(guest, at(1));
        addresses.sweep(at(100), 10);
        assert_eq!(addresses.len(), 1, "an address with a connection is not forgotten");
        addresses.leave(guest);
        addresses.arrive(guest, at(100));
        addresses.leave(guest);
        addresses.sweep(at(100), 10);
        assert_eq!(addresses.len(), 1, "its bucket is not full");
        addresses.sweep(at(101), 10);
        assert!(addresses.is_empty() && addresses.gone.is_empty());
    }

    #[test]
    fn passers_by_cannot_fill_the_memory() {
        let mut addresses = addresses(2, Rate::new(1, Duration::from_secs(3600), 3));
        let resident = block("198.51.100.1");
        addresses.arrive(resident, at(1));
        for number in 0..1_000u32 {
            let guest = Block::of(IpAddr::from(number.to_be_bytes()));
            addresses.arrive(guest, at(1));
            addresses.leave(guest);
        }
        assert_eq!(addresses.len(), 4);
        assert_eq!(addresses.connections(), (1, 0));
        addresses.check_invariants();
    }

    #[test]
    fn an_entry_is_as_small_as_the_header_says() {
        assert_eq!(size_of::<Address>(), 24);
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Arrive(u8),
        Enter(u8),
        GoAway(u8),
        Sweep,
        Wait(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..6u8).prop_map(Step::Arrive),
            (0..6u8).prop_map(Step::Enter),
            (0..6u8).prop_map(Step::GoAway),
            Just(Step::Sweep),
            (0..4u8).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn the_table_counts_exactly_the_connections_that_are_here(steps in prop::collection::vec(step(), 0..200)) {
            let mut addresses = addresses(2, Rate::per_second(1, 3));
            let mut here: Vec<(Block, bool)> = Vec::new();
            let mut now = at(1);
            for step in steps {
                match step {
                    Step::Arrive(number) => {
                        let block = Block::of(Ipv4Addr::from(u32::from(number)).into());
                        match addresses.arrive(block, now) {
                            Arrival::Entered => here.push((block, true)),
                            Arrival::ToBeTold => here.push((block, false)),
                            Arrival::TurnedAway(_) => {}
                        }
                    }
                    Step::Enter(number) => {
                        let block = Block::of(Ipv4Addr::from(u32::from(number)).into());
                        if addresses.enter(block, now).is_ok() {
                            here.push((block, true));
                        }
                    }
                    Step::GoAway(which) if !here.is_empty() => {
                        let (block, entered) = here.swap_remove(usize::from(which) % here.len());
                        if entered { addresses.leave(block) } else { addresses.told(block) }
                    }
                    Step::GoAway(_) => {}
                    Step::Sweep => addresses.sweep(now, 2),
                    Step::Wait(seconds) => now = now + Duration::from_secs(u64::from(seconds)),
                }
                addresses.check_invariants();
                let entered = here.iter().filter(|(_, entered)| *entered).count();
                prop_assert_eq!(addresses.connections(), (entered, here.len() - entered));
            }
        }
    }
}
