//! Types and parsers for values on the command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::count;
use crate::schedule::parse_time;

/// An interval, or `off`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Every(pub(super) Option<Duration>);

pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = parse_time(text)?;
    if time.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(time) }
}

pub(super) fn time_or_off(text: &str) -> Result<Every, String> {
    match text {
        "off" => Ok(Every(None)),
        text => time(text).map(|time| Every(Some(time))).map_err(|why| format!("{why}, or off")),
    }
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    if text.contains("..") {
        return Err("a range is for a search: loadgen find --rate 1k..200k".to_owned());
    }
    count::parse(text).ok_or_else(|| {
        "it must be a number of messages a second, such as 1000 or 0.5 or 10k".to_owned()
    })
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "it must be a whole number, such as 7".to_owned())
}

/// On or off.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum OnOff {
    On,
    Off,
}

pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("it must be a share, from 0 to 1, such as 0.1".to_owned()),
    }
}

/// An address and a port, or a port of this machine's loopback.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>();
    let at_loopback = port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    at_loopback.or_else(|_| text.parse()).map_err(|_| {
        "it must be an address with a port, such as 127.0.0.1:9100 or [::1]:9100, or a port alone".to_owned()
    })
}
