//! [`BanList`]: who is banned, and until when. [`BannedNetworks`]: the same for addresses.
//!
//! A ban ends by the clock: nothing is to be done when its time has come. Looking one up costs O(1), for an address
//! O(different lengths of prefixes), which are at most 96. An entry takes 16 bytes beside its key, and those of the
//! operator's remark.

use core::borrow::Borrow;
use core::hash::Hash;
use std::collections::HashMap;
use std::time::Duration;

use ipnet::IpNet;

use super::block::Block;
use super::proxies::Network;

/// How long a ban lasts, and the operator's remark about it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Term {
    /// When it ends, since 1970. `None`: never.
    pub until: Option<Duration>,
    /// Why, in the operator's words. Nobody else sees it.
    pub why: Box<str>,
}

impl Term {
    /// Whether the ban still holds at this time since 1970.
    pub fn holds(&self, now: Duration) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The banned of one kind.
#[derive(Clone, Debug)]
pub struct BanList<K>(HashMap<K, Term>);

impl<K> Default for BanList<K> {
    fn default() -> Self {
        BanList(HashMap::new())
    }
}

impl<K: Eq + Hash> BanList<K> {
    /// Bans a key, or changes the term of its ban.
    pub fn add(&mut self, who: K, term: Term) {
        self.0.insert(who, term);
    }

    /// Lifts a ban. Returns whether there was one.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, who: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(who).is_some()
    }

    /// Whether a key is banned at this time since 1970.
    pub fn has<Q: Eq + Hash + ?Sized>(&self, who: &Q, now: Duration) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.get(who).is_some_and(|term| term.holds(now))
    }

    /// How many bans there are, those included whose time is over.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no ban.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All bans, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Term)> {
        self.0.iter()
    }
}

/// The beginning of an address block.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Prefix {
    is_v6: bool,
    length: u8,
    bits: u64,
}

/// Networks that are banned.
#[derive(Clone, Debug, Default)]
pub struct BannedNetworks {
    prefixes: BanList<Prefix>,
    networks: HashMap<Prefix, Network>,
    /// How many prefixes of each length there are: IPv4 first, then IPv6.
    lengths: [Vec<(u8, usize)>; 2],
}

impl BannedNetworks {
    /// Why a network cannot be banned, if it cannot.
    pub fn refusal(network: &Network) -> Option<String> {
        match (network.inner(), network.inner().prefix_len()) {
            (_, 0) => Some("it is everybody: to let nobody in, stop the server".to_owned()),
            (IpNet::V6(network), 65..) => {
                let block = ipnet::Ipv6Net::new(network.addr(), 64).ok()?.trunc();
                Some(format!("an IPv6 /64 counts as one address: write {block}"))
            }
            _ => None,
        }
    }

    /// Bans a network for which there is no [`refusal`](Self::refusal).
    pub fn add(&mut self, network: Network, term: Term) {
        let prefix = Prefix::of(&network);
        if self.networks.insert(prefix, network).is_none() {
            let lengths = &mut self.lengths[usize::from(prefix.is_v6)];
            match lengths.iter_mut().find(|(length, _)| *length == prefix.length) {
                Some((_, count)) => *count += 1,
                None => lengths.push((prefix.length, 1)),
            }
        }
        self.prefixes.add(prefix, term);
    }

    /// Lifts the ban of this network. One of a larger network stays.
    pub fn remove(&mut self, network: &Network) -> bool {
        let prefix = Prefix::of(network);
        self.networks.remove(&prefix);
        let was_there = self.prefixes.remove(&prefix);
        if was_there {
            let lengths = &mut self.lengths[usize::from(prefix.is_v6)];
            for (length, count) in lengths.iter_mut() {
                *count -= usize::from(*length == prefix.length);
            }
            lengths.retain(|(_, count)| *count > 0);
        }
        was_there
    }

    /// Whether the addresses of this block are banned at this time since 1970.
    pub fn has(&self, block: Block, now: Duration) -> bool {
        if block == Block::NAMELESS {
            return false;
        }
        let (is_v6, bits) = block.bits();
        self.lengths[usize::from(is_v6)]
            .iter()
            .any(|&(length, _)| self.prefixes.has(&Prefix::new(is_v6, length, bits), now))
    }

    /// How many networks are banned, those included whose time is over.
    pub fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// Whether no network is banned.
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// All bans, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Network, &Term)> {
        self.prefixes.iter().filter_map(|(prefix, term)| Some((self.networks.get(prefix)?, term)))
    }
}

impl Prefix {
    fn of(network: &Network) -> Self {
        let length = network.inner().prefix_len();
        let (is_v6, bits) = match network.inner() {
            IpNet::V4(network) => (false, u64::from(network.addr().to_bits())),
            IpNet::V6(network) => (true, (network.addr().to_bits() >> 64) as u64),
        };
        Prefix::new(is_v6, length, bits)
    }

    /// The first `length` bits of an address of 32 bits, or of the first 64 bits of one of IPv6.
    fn new(is_v6: bool, length: u8, bits: u64) -> Self {
        let behind = (if is_v6 { 64 } else { 32 }) - u32::from(length);
        let mask = u64::MAX.checked_shl(behind).unwrap_or(0);
        Prefix { is_v6, length, bits: bits & mask }
    }
}

#[cfg(test)]
mod tests {
    use core::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn network(text: &str) -> Network {
        Network::parse(text).expect("a network")
    }

    fn block(text: &str) -> Block {
        Block::of(text.parse().expect("an address"))
    }

    #[test]
    fn a_ban_ends_by_the_clock_and_can_be_changed_and_lifted() {
        let mut list: BanList<Box<str>> = BanList::default();
        list.add("ann".into(), Term { until: Some(NOW), why: "spam".into() });
        assert!(list.has("ann", NOW - Duration::from_nanos(1)) && !list.has("ann", NOW));
        list.add("ann".into(), Term::default());
        assert!(list.has("ann", NOW) && !list.has("bob", NOW) && list.len() == 1);
        assert!(list.remove("ann") && !list.remove("ann") && list.is_empty());
    }

    #[test]
    fn an_address_is_banned_if_any_network_around_it_is() {
        let mut banned = BannedNetworks::default();
        for one in ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "2001:db9:0:1::/64"] {
            assert_eq!(BannedNetworks::refusal(&network(one)), None);
            banned.add(network(one), Term::default());
        }
        for (address, is_banned) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.7", true),
            ("192.0.2.6", false),
            ("2001:db8:1::1", true),
            ("2001:db9:0:1:ffff::9", true),
            ("2001:db9:0:2::1", false),
            ("a00::1", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(banned.has(block(address), NOW), is_banned, "{address}");
        }
        banned.add(network("10.1.0.0/16"), Term::default());
        assert!(banned.remove(&network("10.0.0.0/8")) && !banned.remove(&network("10.0.0.0/9")));
        assert!(banned.has(block("10.1.0.1"), NOW) && !banned.has(block("10.2.0.1"), NOW));
        assert_eq!(banned.len(), 4);
        banned.add(network("ff00::/8"), Term::default());
        assert!(!banned.has(Block::NAMELESS, NOW), "clients without a name are many");
    }

    #[test]
    fn what_is_finer_than_an_address_or_everybody_cannot_be_banned() {
        for (text, why) in [
            ("0.0.0.0/0", "everybody"),
            ("::/0", "everybody"),
            ("2001:db8::1", "write 2001:db8::/64"),
            ("2001:db8:0:0:1::/80", "write 2001:db8::/64"),
        ] {
            let refusal = BannedNetworks::refusal(&network(text));
            assert!(refusal.is_some_and(|refusal| refusal.contains(why)), "{text}");
        }
    }

    proptest! {
        /// The oracle asks each network by itself.
        #[test]
        fn the_table_agrees_with_the_networks(
            networks in prop::collection::vec((any::<u32>(), 1..=32u8), 0..20),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
            address in any::<u32>(),
            near in any::<prop::sample::Index>(),
        ) {
            let mut left: Vec<Network> = networks
                .iter()
                .map(|(bits, length)| network(&format!("{}/{length}", core::net::Ipv4Addr::from_bits(*bits))))
                .collect();
            let mut banned = BannedNetworks::default();
            left.iter().for_each(|network| banned.add(*network, Term::default()));
            for index in removed {
                if !left.is_empty() {
                    let gone = *index.get(&left);
                    left.retain(|network| *network != gone);
                    prop_assert!(banned.remove(&gone));
                }
            }
            let near = if networks.is_empty() { 0 } else { near.get(&networks).0 };
            for bits in [address, near, near ^ 1, near ^ (1 << 16)] {
                let address = IpAddr::from(bits.to_be_bytes());
                let expected = left.iter().any(|network| network.contains(address));
                prop_assert_eq!(banned.has(Block::of(address), NOW), expected);
            }
        }
    }
}
