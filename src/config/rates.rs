//! Rates as people write them: `200`, `200:400`, `1/5s:3`, `1MiB:4MiB`, `off`. All have one grammar: an
//! amount, its period (default: a second), and a burst (default: twice the amount).

use std::net::IpAddr;
use std::time::Duration;

use bytesize::ByteSize;

use super::values::{is_of_a_host, time};
use crate::limiter::{Network, Rate};

/// The error for a value that is not a rate.
const SHAPE: &str = "a rate looks like 200, 200:400 with a burst, 1/5s:3, or off";

/// The error for 0. In some programs it means no limit, in others it lets nothing through.
const NOTHING: &str = "0 could mean two things: write off for no limit, or a number from 1 on";

/// Parses a rate of events, such as `200:400`.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    parse(text, |number| number.parse().ok())
}

/// Parses a rate without a burst, such as `200` or `1/5s`.
pub(super) fn pace(text: &str) -> Result<Rate, String> {
    match text.split_once(':') {
        Some((pace, _)) => {
            Err(format!("this rate is kept from the first to the last: write {pace}"))
        }
        None => rate(text),
    }
}

/// Parses a rate of bytes, such as `1MiB:4MiB`.
pub(super) fn rate_of_bytes(text: &str) -> Result<Rate, String> {
    parse(text, |size| size.parse().ok().map(|ByteSize(bytes)| bytes))
}

/// Parses a whole number from 1 on, or `off`.
pub(super) fn count_or_off(text: &str) -> Result<Most, String> {
    match text.parse() {
        _ if text == "off" => Ok(Most(None)),
        Ok(0) => Err(NOTHING.to_owned()),
        Ok(count) => Ok(Most(Some(count))),
        Err(_) => Err("it must be a whole number, or off".to_owned()),
    }
}

/// Who a trusted proxy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proxy {
    /// A host in this network.
    Network(Network),
    /// Who connects to a Unix socket.
    Unix,
}

/// Parses a network of proxies, or `unix`.
pub(super) fn proxy(text: &str) -> Result<Proxy, String> {
    match text.trim() {
        "unix" | "unix:" => Ok(Proxy::Unix),
        text => network(text).map(Proxy::Network),
    }
}

/// Parses a network of hosts, such as `10.0.0.0/8`.
fn network(text: &str) -> Result<Network, String> {
    let network = Network::parse(text)?;
    let (address, length) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
    let Ok(address) = address.parse::<IpAddr>() else { return Ok(network) };
    match (address.to_canonical(), length.parse::<u8>()) {
        // All addresses of IPv4 in IPv6 have 96 bits in common, and it is those that such a length cuts.
        (IpAddr::V4(short), Ok(length)) if address.is_ipv6() && (1..MAPPED).contains(&length) => {
            Err(format!("it would be every address of IPv4: write {short}/{}", length.min(32)))
        }
        (address, Ok(_)) if Network::has_more_bits(text) => {
            Err(format!("write {network} for the network, or {address} for this address alone"))
        }
        // A network may begin with 0.0.0.0.
        (address, Ok(_)) if address.is_unspecified() => Ok(network),
        (address, _) if is_of_a_host(address) => Ok(network),
        (address, _) if address.is_unspecified() => {
            Err("no proxy has this address: name the one from which the proxy connects".into())
        }
        _ => Err("it is the address of a group, and no proxy has it".to_owned()),
    }
}

/// The bits that all addresses of IPv4 in IPv6 have in common (RFC 4291 §2.5.5.2).
const MAPPED: u8 = 96;

/// The most of something, or no limit. (With a bare `Option` clap would mean a flag that is not given.)
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Most(pub(super) Option<u32>);

fn parse(text: &str, number: impl Fn(&str) -> Option<u64>) -> Result<Rate, String> {
    match text {
        "off" => return Ok(Rate::UNLIMITED),
        "0" => return Err(NOTHING.to_owned()),
        _ => {}
    }
    let (pace, burst) = match text.split_once(':') {
        Some((pace, burst)) => (pace, Some(burst)),
        None => (text, None),
    };
    let (amount, period) = match pace.split_once('/') {
        // A time begins with a number; `200/s` is accepted too, and means one second.
        Some((amount, unit)) if unit.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            (amount, time(&format!("1{unit}"))?)
        }
        Some((amount, period)) => (amount, time(period)?),
        None => (pace, Duration::from_secs(1)),
    };
    let amount = number(amount).ok_or(SHAPE)?;
    let burst = match burst {
        Some(burst) => number(burst).ok_or(SHAPE)?,
        None => amount.saturating_mul(2).min(Rate::MOST),
    };
    let fits = |number| (1..=Rate::MOST).contains(&number);
    if !fits(amount) || !fits(burst) {
        return Err(format!("amount and burst must be between 1 and {}", Rate::MOST));
    }
    if period > Rate::LONGEST {
        return Err("a rate's time is an hour at most".to_owned());
    }
    Ok(Rate::new(amount, period, burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_rate_is_an_amount_perhaps_a_time_and_perhaps_a_burst() {
        for (text, amount, period, burst) in [
            ("200", 200, SECOND, 400),
            ("200:400", 200, SECOND, 400),
            ("200/s", 200, SECOND, 400),
            ("200/s:300", 200, SECOND, 300),
            ("1/5s:3", 1, 5 * SECOND, 3),
            ("30/min", 30, 60 * SECOND, 60),
        ] {
            assert_eq!(rate(text), Ok(Rate::new(amount, period, burst)), "{text}");
        }
        assert_eq!(rate_of_bytes("1MiB:4MiB"), Ok(Rate::per_second(1 << 20, 4 << 20)));
        assert_eq!(rate_of_bytes("1000/2s"), Ok(Rate::new(1_000, 2 * SECOND, 2_000)));
    }

    #[test]
    fn a_pace_is_a_rate_without_a_burst() {
        for text in ["200", "200/s", "1/5s", "off"] {
            assert_eq!(pace(text), rate(text), "{text}");
        }
        assert_eq!(
            pace("200:400").expect_err("a burst"),
            "this rate is kept from the first to the last: write 200"
        );
        assert!(["0", "", "fast"].iter().all(|text| pace(text).is_err()));
    }

    #[test]
    fn a_limit_can_be_off() {
        assert_eq!(rate("off"), Ok(Rate::UNLIMITED));
        assert_eq!(rate_of_bytes("off"), Ok(Rate::UNLIMITED));
        assert_eq!(count_or_off("off"), Ok(Most(None)));
        assert_eq!(count_or_off("7"), Ok(Most(Some(7))));
    }

    #[test]
    fn nobody_turns_a_limit_off_by_writing_0() {
        for refused in [rate("0").err(), rate_of_bytes("0").err(), count_or_off("0").err()] {
            assert_eq!(refused.as_deref(), Some(NOTHING));
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in
            ["", "fast", "-1", "1.5", ":3", "1:", "1:0", "0:1", "1/0s", "1/2h", "1/", "1MiB"]
        {
            assert!(rate(text).is_err(), "{text}");
        }
        assert!(rate_of_bytes("2GiB").is_err());
        assert!(["", "few", "-1"].iter().all(|text| count_or_off(text).is_err()));
        assert!(network("localhost").is_err());
    }

    #[test]
    fn a_proxy_may_be_behind_a_unix_socket() {
        assert_eq!(proxy("unix"), Ok(Proxy::Unix));
        assert_eq!(proxy("10.0.0.0/8"), network("10.0.0.0/8").map(Proxy::Network));
        assert!(proxy("unix:/run/a.sock").is_err() && proxy("Unix").is_err());
    }

    #[test]
    fn a_proxy_that_nobody_can_be_is_refused_with_what_was_meant() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "::1", "::ffff:10.0.0.0/104", "fd00::/8"] {
            assert!(network(text).is_ok(), "{text}");
        }
        for (text, correction) in [
            ("0.0.0.0", "from which the proxy connects"),
            ("::", "from which the proxy connects"),
            ("10.0.0.1/8", "write 10.0.0.0/8 for the network, or 10.0.0.1 for this address alone"),
            ("192.168.1.5/24", "write 192.168.1.0/24 for the network"),
            ("2001:db8::1/32", "write 2001:db8::/32 for the network"),
            ("::ffff:10.0.0.1/104", "write 10.0.0.0/8 for the network, or 10.0.0.1"),
            ("10.0.0.1/0", "write 0.0.0.0/0 for the network, or 10.0.0.1"),
            ("::ffff:10.0.0.0/8", "write 10.0.0.0/8"),
            ("224.0.0.1", "of a group"),
            ("ff02::/16", "of a group"),
            ("255.255.255.255", "of a group"),
        ] {
            let error = network(text).expect_err(text);
            assert!(error.contains(correction), "{text}: {error}");
        }
    }
}
