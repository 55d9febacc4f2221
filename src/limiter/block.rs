//! [`Block`]: what counts as one address.
//!
//! The table of addresses counts connections by block, the chat and the turn remember where people and
//! connections come from, and the operator names blocks by [`Network`]. This file knows no connection.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Network;

/// The unit that the limits apply to: one IPv4 address, or one IPv6 /64. A customer gets at least a /64
/// (RFC 6177 §2), which has 2^64 addresses, so to count single IPv6 addresses would limit nothing.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Block(u64);

impl Block {
    /// The block of all clients whose trusted proxy does not name them. It is the last of IPv6, which is
    /// multicast, so no client's address is in it (RFC 4291 §2.7).
    pub const NAMELESS: Block = Block(u64::MAX);

    /// The block that an address belongs to.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            // No IPv6 address that is routed begins with 32 zero bits (RFC 4291 §2.4). So a block of
            // IPv4 never equals one of IPv6.
            IpAddr::V4(address) => Block(u64::from(address.to_bits())),
            IpAddr::V6(address) => Block((address.to_bits() >> 64) as u64),
        }
    }

    /// An address of the block: the only one of IPv4, the first one of IPv6.
    fn first(self) -> IpAddr {
        match u32::try_from(self.0) {
            // No IPv4 client has the address 0.0.0.0, so this is the block of `::1`.
            Ok(0) => Ipv6Addr::LOCALHOST.into(),
            Ok(bits) => Ipv4Addr::from(bits).into(),
            Err(_) => Ipv6Addr::from(u128::from(self.0) << 64).into(),
        }
    }

    /// Whether the network contains the block. It contains all addresses of an IPv6 block or none, if its
    /// prefix is not longer than 64 bits. A longer prefix of IPv6 stands for the block that it lies in.
    pub fn is_in(self, network: Network) -> bool {
        self != Block::NAMELESS
            && (network.contains(self.first()) || Block::of(network.first()) == self)
    }

    /// Whether it is a block of IPv6, and its bits: the 32 of an address of IPv4, or the first 64 of one of IPv6.
    pub(super) fn bits(self) -> (bool, u64) {
        (self.0 == 0 || self.0 > u64::from(u32::MAX), self.0)
    }

    /// Whether the block is this machine itself: `127.0.0.0/8` (RFC 1122 §3.2.1.3), or the /64 of `::1`, in
    /// which no other address is routed (RFC 4291 §2.5.3).
    pub fn is_loopback(self) -> bool {
        self.0 == 0 || self.0 >> 24 == 127
    }
}

/// The address, for IPv6 with the length of the prefix that counts: `2001:db8::/64`. The block of clients whose
/// proxy does not name them is `unknown`.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first() {
            _ if *self == Block::NAMELESS => f.write_str("unknown"),
            IpAddr::V6(address) if !self.is_loopback() => write!(f, "{address}/64"),
            address => write!(f, "{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(address: &str) -> Block {
        Block::of(address.parse().expect("an address"))
    }

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_64_bits() {
        assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
        assert_eq!(block("192.0.2.1"), block("::ffff:192.0.2.1"));
        assert_eq!(block("2001:db8:0:1::1"), block("2001:db8:0:1:ffff::2"));
        assert_ne!(block("2001:db8:0:1::1"), block("2001:db8:0:2::1"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for own in ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"] {
            assert!(block(own).is_loopback(), "{own}");
        }
        for other in ["126.255.255.255", "128.0.0.1", "192.0.2.127", "2001:db8::1", "7f00::1"] {
            assert!(!block(other).is_loopback(), "{other}");
        }
    }

    #[test]
    fn a_block_shows_what_counts_and_a_network_contains_all_of_it_or_nothing() {
        for (address, shown) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ] {
            let network = Network::parse(shown).expect("what is shown can be written");
            assert_eq!(block(address).to_string(), shown);
            assert!(block(address).is_in(network), "{shown}");
        }
        let is_in = |address, text| block(address).is_in(Network::parse(text).expect("a network"));
        assert!(is_in("10.1.2.3", "10.0.0.0/8") && !is_in("11.1.2.3", "10.0.0.0/8"));
        assert!(is_in("2001:db8::1", "2001:db8::/32") && !is_in("2001:db9::1", "2001:db8::/32"));
        // A single address of IPv6 stands for its block, for nothing smaller is known.
        assert!(is_in("2001:db8::1", "2001:db8::2") && !is_in("2001:db8:0:1::1", "2001:db8::2"));
        assert_eq!(Block::NAMELESS.to_string(), "unknown");
        assert!(!Block::NAMELESS.is_in(Network::parse("::/0").expect("a network")));
    }
}
