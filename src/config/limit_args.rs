//! [`LimitArgs`]: the flags that limit one client or one address.

use clap::builder::BoolishValueParser;

use super::headings::CLIENTS;
use super::mistakes::Mistakes;
use super::rates::{Most, Proxy, count_or_off, proxy, rate, rate_of_bytes};
use super::values::small_count;
use crate::limiter::{AddressLimits, Peer, Proxies, Rate};
use crate::net::ListenAddress;

/// The default of `--byte-rate`: bytes a second, and bytes at once. Each default is this number of
/// largest messages, but at least this number of bytes.
const A_SECOND: (u64, u64) = (16, 1 << 20);
const AT_ONCE: (u64, u64) = (64, 4 << 20);

#[derive(Debug, clap::Args)]
#[command(next_help_heading = CLIENTS)]
pub(super) struct LimitArgs {
    /// Most connections from one address, or off; an IPv6 /64 counts as one address
    #[arg(long, env = "SWITCHBOARD_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value = "1000", value_parser = count_or_off)]
    max_connections_per_address: Most,

    /// Rate of new connections from one address
    #[arg(long, env = "SWITCHBOARD_CONNECTION_RATE_PER_ADDRESS", value_name = "RATE", default_value = "50:1000", value_parser = rate)]
    connection_rate_per_address: Rate,

    /// Proxy, or network of proxies, whose X-Forwarded-For is trusted; may be given several times
    ///
    /// unix stands for the proxies that connect to a Unix socket. Without it those who connect there count as programs
    /// on this machine, which no limit for one address concerns.
    #[arg(long, env = "SWITCHBOARD_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', value_parser = proxy)]
    trusted_proxy: Vec<Proxy>,

    /// Expect the PROXY protocol, version 1 or 2, at the beginning of each connection of a trusted proxy
    ///
    /// The client that the header names then counts as the peer. A connection of a trusted proxy without a header is
    /// refused; other connections are plain HTTP, and a header on them is an error.
    #[arg(long, env = "SWITCHBOARD_PROXY_PROTOCOL", value_parser = BoolishValueParser::new())]
    proxy_protocol: bool,

    /// Rate of messages from one client, pings and all other frames included
    #[arg(long, env = "SWITCHBOARD_MESSAGE_RATE", value_name = "RATE", default_value = "200:400", value_parser = rate)]
    message_rate: Rate,

    /// Rate of bytes from one client [default: 1MiB:4MiB, or 16 and 64 largest messages if that is more]
    #[arg(long, env = "SWITCHBOARD_BYTE_RATE", value_name = "RATE", value_parser = rate_of_bytes)]
    byte_rate: Option<Rate>,

    /// Malformed messages that a client may send before it is disconnected; each good message takes one back
    #[arg(long, env = "SWITCHBOARD_STRIKES", value_name = "N", default_value = "50", value_parser = small_count)]
    strikes: u16,

    /// How often a number may pass from one connection to another
    #[arg(long, env = "SWITCHBOARD_REPLACEMENT_RATE", value_name = "RATE", default_value = "1/5s:3", value_parser = rate)]
    replacement_rate: Rate,
}

/// The limits that the flags set.
#[derive(Debug)]
pub(super) struct ClientLimits {
    pub(super) addresses: AddressLimits,
    pub(super) trusted_proxies: Proxies,
    pub(super) proxy_protocol: bool,
    pub(super) message_rate: Rate,
    pub(super) byte_rate: Rate,
    pub(super) strikes: u16,
    pub(super) replacement_rate: Rate,
}

impl LimitArgs {
    /// Fills in the defaults that depend on the largest message. It is a mistake if the largest message could
    /// never be sent.
    pub(super) fn resolve(&self, message_bytes: usize, mistakes: &mut Mistakes) -> ClientLimits {
        let byte_rate = self.byte_rate.unwrap_or_else(|| {
            let most = |(messages, least): (u64, u64)| {
                (messages * message_bytes as u64).clamp(least, Rate::MOST)
            };
            Rate::per_second(most(A_SECOND), most(AT_ONCE))
        });
        mistakes.refuse(
            byte_rate.burst().is_some_and(|burst| burst < message_bytes as u64),
            ["--byte-rate", "--max-message-bytes"],
            "the burst must not be less than the largest message, which could never be sent",
        );
        mistakes.refuse(
            self.proxy_protocol && self.trusted_proxy.is_empty(),
            ["--proxy-protocol", "--trusted-proxy"],
            "a header is expected of trusted proxies alone; name them",
        );
        ClientLimits {
            addresses: AddressLimits {
                connections: self.max_connections_per_address.0,
                rate: self.connection_rate_per_address,
                ..AddressLimits::default()
            },
            trusted_proxies: proxies(&self.trusted_proxy),
            proxy_protocol: self.proxy_protocol,
            message_rate: self.message_rate,
            byte_rate,
            strikes: self.strikes,
            replacement_rate: self.replacement_rate,
        }
    }
}

fn proxies(named: &[Proxy]) -> Proxies {
    let networks = named.iter().filter_map(|proxy| match proxy {
        Proxy::Network(network) => Some(*network),
        Proxy::Unix => None,
    });
    let proxies = Proxies::new(networks.collect());
    if named.contains(&Proxy::Unix) { proxies.with_unix() } else { proxies }
}

impl ClientLimits {
    /// Sentences, if the limits on addresses cannot hold.
    pub(super) fn warnings(&self, listen: &ListenAddress) -> Vec<String> {
        let everybody = self.trusted_proxies.everybody().map(|network| {
            format!(
                "--trusted-proxy {network}: each client chooses the address that it counts as, and so has no limits: \
                 name the proxies alone"
            )
        });
        let is_unix = matches!(listen, ListenAddress::Unix(_));
        let unlimited = is_unix && !self.trusted_proxies.trust(Peer::Unix);
        let unix = unlimited.then(|| {
            format!(
                "--listen {listen}: no limit for one address holds there: if a proxy connects, and sets \
                 X-Forwarded-For, add --trusted-proxy unix"
            )
        });
        everybody.into_iter().chain(unix).collect()
    }
}
