//! [`Proxies`]: the proxies whose `X-Forwarded-For` we trust. [`Network`]: addresses with a common
//! prefix, written as CIDR (RFC 4632).
//!
//! Every proxy appends the address of its caller to `X-Forwarded-For`. The caller may have made up what
//! stood there before. So the list is read from the right: an entry is true as long as a trusted proxy
//! wrote it.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::Peer;

/// The trusted proxies.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proxies {
    networks: Vec<Network>,
    /// Whether the peers of Unix sockets are trusted proxies.
    unix: bool,
}

impl Proxies {
    /// Trusts the proxies in any of these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Proxies { networks, unix: false }
    }

    /// Also trusts those that connect to a Unix socket.
    pub fn with_unix(self) -> Self {
        Proxies { unix: true, ..self }
    }

    /// Whether no proxy is trusted.
    fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Whether the peer of a connection is a trusted proxy.
    pub fn trust(&self, peer: Peer) -> bool {
        match peer {
            Peer::Ip(address) => self.contain(address),
            Peer::Unix => self.unix,
        }
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The first network that contains every address of IPv4 or IPv6, if there is one. Then the client that
    /// wrote the list's first entry has chosen its own address.
    pub fn everybody(&self) -> Option<Network> {
        self.networks.iter().copied().find(|network| network.0.prefix_len() == 0)
    }

    /// The client that a trusted proxy names: the last address in the list that is not a trusted proxy.
    /// If all addresses are trusted proxies, it is the first one.
    ///
    /// An entry that is not an address ends the search: an untrusted host wrote what stands to its left.
    /// If no address is left, or there was none, the client is nameless, and the proxy's address counts
    /// for it. So a proxy can't exempt a client from a limit.
    pub fn client<'v>(&self, forwarded_for: impl Iterator<Item = &'v [u8]>) -> Forwarded {
        let mut client = Forwarded::Nameless;
        if self.is_empty() {
            return client;
        }
        let hops = forwarded_for.flat_map(|value| value.split(|&byte| byte == b','));
        for hop in hops {
            client = match (parse_hop(hop), client) {
                (Some(address), Forwarded::Client(_)) if self.contain(address) => client,
                (Some(address), _) => Forwarded::Client(address),
                (None, _) => Forwarded::Nameless,
            };
        }
        client
    }
}

/// The client's address, according to the header lines of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forwarded {
    /// This address, if the peer is a trusted proxy.
    Client(IpAddr),
    /// There is no usable address. If the peer is a trusted proxy, the proxy's own address counts.
    Nameless,
}

/// Parses an address as proxies write it. Some add a port, with an IPv6 address in brackets. Some add
/// quotes (RFC 7239 §6 wants both). The zone of a link-local address (RFC 4007 §11) is ignored.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop.trim_ascii()).ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let (host, port) = match (text.strip_prefix('['), text.split_once(':')) {
        (Some(bracketed), _) => bracketed.split_once(']')?,
        // One colon separates a port; several belong to an IPv6 address.
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

/// Addresses that begin with the same bits. A network of IPv4 also contains the same addresses in their
/// IPv6-mapped form (RFC 4291 §2.5.5.2), and the other way round.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Network(IpNet);

/// The bits in front of the IPv4 address in its IPv6-mapped form.
const MAPPED_BITS: u8 = 96;

impl Network {
    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    ///
    /// # Errors
    ///
    /// One sentence that shows the right form.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "a network looks like 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1";
        let text = text.trim();
        let single = text.parse::<IpAddr>().map(IpNet::from).ok();
        let network: IpNet = single.or_else(|| text.parse().ok()).ok_or(SHAPE)?;
        Ok(Network(canonical(network)))
    }

    /// Whether the address in this text has bits behind those of the network, as in `10.0.0.1/8`.
    pub fn has_more_bits(text: &str) -> bool {
        text.trim().parse().is_ok_and(|written: IpNet| written != written.trunc())
    }

    /// The network's first address.
    pub(super) fn first(self) -> IpAddr {
        self.0.network()
    }

    /// The network as its crate knows it.
    pub(super) fn inner(&self) -> &IpNet {
        &self.0
    }

    /// Whether an address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.0, address.to_canonical()) {
            (IpNet::V6(network), IpAddr::V4(address)) => {
                network.contains(&address.to_ipv6_mapped())
            }
            (network, address) => network.contains(&address),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A network of IPv6-mapped addresses becomes one of IPv4.
fn canonical(network: IpNet) -> IpNet {
    let (address, length) = (network.addr().to_canonical(), network.prefix_len());
    let short = length.checked_sub(MAPPED_BITS).filter(|_| network.addr().is_ipv6());
    match (address, short) {
        (IpAddr::V4(address), Some(length)) => {
            Ipv4Net::new(address, length).map_or(network, IpNet::from)
        }
        _ => network,
    }
    .trunc()
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

    /// Entries that are no addresses: some that proxies write, and some that no proxy should write.
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
    fn the_last_address_that_is_no_trusted_proxy_is_the_client() {
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
    fn no_client_chooses_its_own_address() {
        // What a client sends stands to the left of the address that the proxy has appended.
        for made_up in ["198.51.100.1", "127.0.0.1", "10.0.0.1", "", "unknown", "198.51.100.1, ,"] {
            let line = format!("{made_up}, 203.0.113.7");
            assert_eq!(client(&[&line]).as_deref(), Some("203.0.113.7"), "{line}");
            assert_eq!(client(&[made_up, "203.0.113.7"]).as_deref(), Some("203.0.113.7"));
        }
    }

    #[test]
    fn an_address_to_the_left_of_what_is_no_address_is_not_trusted() {
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
    fn the_peer_of_a_unix_socket_is_trusted_only_if_that_is_said() {
        let (local, other) = (Peer::Ip([127, 0, 0, 1].into()), Peer::Ip([203, 0, 113, 7].into()));
        let trusts = |proxies: &Proxies| [Peer::Unix, local, other].map(|peer| proxies.trust(peer));
        assert_eq!(trusts(&proxies()), [false, true, false]);
        let unix = Proxies::default().with_unix();
        assert_eq!(trusts(&unix), [true, false, false]);
        let named = unix.client([&b"198.51.100.1, 203.0.113.7"[..]].into_iter());
        assert_eq!(named, Forwarded::Client(other.address()));
    }

    #[test]
    fn if_all_addresses_are_trusted_proxies_the_first_is_the_client() {
        assert_eq!(client(&["10.0.0.1, 10.0.0.2"]).as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        let has = |network: &str, address: &str| {
            let address = address.parse().expect("an address");
            Network::parse(network).expect("a network").contains(address)
        };
        assert!(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("10.9.9.9/8", "10.0.0.1"), "the bits after the prefix do not matter");
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
