//! [`Proxies`]: whom we believe when he says for whom he speaks. [`Network`]: addresses with a
//! common beginning, written as CIDR (RFC 4632).
//!
//! Every proxy writes the address that it was called from at the end of `X-Forwarded-For`. What
//! stood there before, the caller may have made up. So the list is worth as much as its writers, from
//! the right: as long as the writer is one of ours, what he wrote is true.

use core::net::{IpAddr, Ipv6Addr};

/// The proxies that are believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// Those in any of these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Proxies(networks)
    }

    /// Whether nobody is believed.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client that a trusted proxy speaks for: the last address in the list that is no proxy of
    /// ours. If all are, the first.
    ///
    /// What stands to the left of something that is no address was written by a stranger, and does
    /// not count. If that leaves nothing, or there was nothing, then the client has no address, and
    /// is one of those that share the proxy's: no word of a proxy exempts anybody from a limit.
    pub fn client<'v>(&self, forwarded_for: impl Iterator<Item = &'v [u8]>) -> Forwarded {
        let mut client = Forwarded::Nameless;
        if self.is_empty() {
            return client;
        }
        let hops = forwarded_for.flat_map(|value| value.split(|&byte| byte == b','));
        for hop in hops {
            client = match (parse_hop(hop), client) {
                (Some(address), Forwarded::Client(_)) if self.contains(address) => client,
                (Some(address), _) => Forwarded::Client(address),
                (None, _) => Forwarded::Nameless,
            };
        }
        client
    }
}

/// From where a request comes, as far as its header lines tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forwarded {
    /// From this address, if the peer is a trusted proxy.
    Client(IpAddr),
    /// There is no usable address. If the peer is a trusted proxy, the proxy's own one stands for it.
    Nameless,
}

/// An address as proxies write it: some with a port, IPv6 then in brackets, and some in quotes (RFC
/// 7239 §6 wants both). The zone of a link-local address (RFC 4007 §11) says nothing about the client.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop.trim_ascii()).ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let (host, port) = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(bracketed), _) => bracketed.split_once(']')?,
        // One colon stands before a port, several are IPv6's own.
        (None, Some((host, port))) if !port.contains(':') => (host, &text[host.len()..]),
        (None, _) => (text, ""),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return None;
    }
    let address: IpAddr = match host.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address.parse::<Ipv6Addr>().ok()?.into(),
        _ => host.parse().ok()?,
    };
    Some(address.to_canonical())
}

/// Addresses that begin with the same bits. One of IPv4 is also its IPv6-mapped self (RFC 4291
/// §2.5.5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    bits: u128,
    mask: u128,
}

impl Network {
    /// Takes `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
    ///
    /// # Errors
    ///
    /// One sentence that says what such a thing looks like.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "a network looks like 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1";
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| SHAPE)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = match length {
            Some(length) => length.trim().parse().map_err(|_| SHAPE)?,
            None => width,
        };
        // What does not belong to the beginning is left over: how many bits that is.
        let rest = width.checked_sub(length).ok_or(SHAPE)?;
        let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
        Ok(Network { bits: to_bits(address) & mask, mask })
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        to_bits(address) & self.mask == self.bits
    }
}

fn to_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        let networks = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"];
        Proxies::new(networks.map(|text| Network::parse(text).expect("a network")).to_vec())
    }

    fn client(lines: &[&str]) -> Option<String> {
        match proxies().client(lines.iter().map(|line| line.as_bytes())) {
            Forwarded::Client(address) => Some(address.to_string()),
            Forwarded::Nameless => None,
        }
    }

    /// Such as proxies write, and what nobody should.
    const NO_ADDRESSES: [&str; 19] = [
        "",
        "unknown",
        "_hidden",
        "\"_hidden\"",
        "\"\"",
        "\"203.0.113.7",
        "203.0.113.7\"",
        "for=203.0.113.7",
        "1.2.3",
        "203.0.113.7:http",
        "203.0.113.7:+80",
        "[2001:db8::1",
        "[2001:db8::1]443",
        "2001:db8::1]:443",
        "[]",
        "203.0.113.7%eth0",
        "fe80::1%",
        "\u{fc}",
        "localhost",
    ];

    #[test]
    fn the_last_who_is_no_proxy_of_ours_is_the_client() {
        for (lines, expected) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            (&["203.0.113.7, 10.1.2.3", "127.0.0.1"], "203.0.113.7"),
            (&["2001:db8::1, fd00::2"], "2001:db8::1"),
            (&["::ffff:203.0.113.7 ,\t::ffff:10.0.0.1"], "203.0.113.7"),
            (&["203.0.113.7:4711"], "203.0.113.7"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["\"[2001:db8:0:0:0:0:0:1]:443\""], "2001:db8::1"),
            (&["\"203.0.113.7\""], "203.0.113.7"),
            (&["\"203.0.113.7:80\" , 10.0.0.1:443"], "203.0.113.7"),
            (&["fe80::1%eth0"], "fe80::1"),
            (&["[fe80::1%25eth0]:80"], "fe80::1"),
            (&["unknown", "", "203.0.113.7", "[fd00::1]"], "203.0.113.7"),
        ] {
            assert_eq!(client(lines).as_deref(), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn nobody_chooses_his_own_address() {
        // What a client sends stands to the left of what the proxy has written about him.
        for made_up in ["198.51.100.1", "127.0.0.1", "10.0.0.1", "", "unknown", "198.51.100.1, ,"] {
            let line = format!("{made_up}, 203.0.113.7");
            assert_eq!(client(&[&line]).as_deref(), Some("203.0.113.7"), "{line}");
            assert_eq!(client(&[made_up, "203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        }
    }

    #[test]
    fn nobody_to_the_left_of_what_is_no_address_is_believed() {
        assert_eq!(client(&["203.0.113.7, unknown, 10.0.0.9"]).as_deref(), Some("10.0.0.9"));
        for nobody in NO_ADDRESSES {
            let line = format!("203.0.113.7, {nobody}");
            assert_eq!(client(&[nobody]), None, "{nobody}");
            assert_eq!(client(&[&line]), None, "{line}");
            assert_eq!(client(&["203.0.113.7", nobody]), None, "{nobody}");
        }
        assert_eq!(client(&[&"1".repeat(8_000)]), None);
        assert_eq!(client(&[]), None);
        let no_text = [&b"203.0.113.7, \xFF"[..]];
        assert_eq!(proxies().client(no_text.into_iter()), Forwarded::Nameless);
    }

    #[test]
    fn if_all_are_proxies_of_ours_the_first_of_them_is_the_client() {
        assert_eq!(client(&["10.0.0.1, 10.0.0.2"]).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        let has = |network: &str, address: &str| {
            let address = address.parse().expect("an address");
            Network::parse(network).expect("a network").contains(address)
        };
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("10.9.9.9/8", "10.0.0.1"), "what lies behind the beginning does not matter");
        assert!(has("10.0.0.1", "::ffff:10.0.0.1") && has("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(
            has("2001:db8::/33", "2001:db8:7fff::1") && !has("2001:db8::/33", "2001:db8:8000::")
        );
        assert!(has("0.0.0.0/0", "1.2.3.4") && !has("0.0.0.0/0", "2001:db8::1"));
        assert!(has("::/0", "2001:db8::1") && has("::/0", "1.2.3.4"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x", "10.0.0.0/", "nginx"] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }
}
