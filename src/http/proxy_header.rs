//! [`ProxyHeader`]: what stands before the first request on a connection of a proxy that speaks the PROXY protocol:
//! whose connection it is.
//!
//! Both versions of HAProxy's specification (`doc/proxy-protocol.txt`, 2.2) are read: a line of text, and a binary
//! header. The proxy's words are exact or the connection ends: nothing here guesses. Whether a header is expected at all
//! is not decided here either. Called by the session.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most bytes of a header of version 1, its CR LF included (§2.1).
pub const V1_BYTES: usize = 107;

/// The most bytes behind the fixed part of a header of version 2. Addresses take 216 at most, and the rest are
/// extensions (TLVs), which are skipped. The specification allows 65,535, and wants at least 520 (§2.2).
pub const V2_BYTES: usize = 4096;

/// The bytes that version 2 begins with (§2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The bytes of version 2 that are always there: the signature, a version and command, a family, a length.
const FIXED: usize = 16;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProxyHeader {
    /// A client's, with this address.
    Client(IpAddr),
    /// A client's whose address the proxy does not know: `UNKNOWN`, or a family other than IP.
    Unknown,
    /// The proxy's own, for example to see whether we are alive (`LOCAL`).
    Local,
}

/// Why a header cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadProxyHeader {
    /// It begins like no version.
    Missing,
    /// It is not written as the specification wants it.
    Malformed,
    /// It is longer than [`V1_BYTES`] or [`V2_BYTES`] allow.
    TooLong,
}

impl fmt::Display for BadProxyHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadProxyHeader::Missing => "a PROXY protocol header must come before the first request",
            BadProxyHeader::Malformed => "the PROXY protocol header is malformed",
            BadProxyHeader::TooLong => "the PROXY protocol header is too long",
        })
    }
}

impl std::error::Error for BadProxyHeader {}

/// Reads the header at the beginning of `bytes`, and returns it with its length. `Ok(None)`: it has not arrived in full.
///
/// # Errors
///
/// [`BadProxyHeader`], as soon as no further byte can make it a header.
pub fn parse(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, BadProxyHeader> {
    let begins = |prefix: &[u8]| bytes.iter().zip(prefix).all(|(byte, wanted)| byte == wanted);
    if begins(b"PROXY ") {
        parse_line(bytes)
    } else if begins(&SIGNATURE) {
        parse_binary(bytes)
    } else {
        Err(BadProxyHeader::Missing)
    }
}

/// `PROXY TCP4 203.0.113.7 192.0.2.1 51000 443`, and CR LF (§2.1).
fn parse_line(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, BadProxyHeader> {
    let start = &bytes[..bytes.len().min(V1_BYTES)];
    let Some(end) = start.iter().position(|&byte| byte == b'\n') else {
        return if start.len() < V1_BYTES { Ok(None) } else { Err(BadProxyHeader::TooLong) };
    };
    let line = start[..end].strip_suffix(b"\r").ok_or(BadProxyHeader::Malformed)?;
    let line = str::from_utf8(line).map_err(|_| BadProxyHeader::Malformed)?;
    let header = match line.split(' ').collect::<Vec<_>>()[..] {
        // What follows is to be ignored.
        ["PROXY", "UNKNOWN", ..] => Some(ProxyHeader::Unknown),
        ["PROXY", "TCP4", source, destination, from, to] => {
            let address = |text: &str| text.parse::<Ipv4Addr>().ok().map(IpAddr::from);
            client([address(source), address(destination)], [from, to])
        }
        ["PROXY", "TCP6", source, destination, from, to] => {
            let address = |text: &str| text.parse::<Ipv6Addr>().ok().map(IpAddr::from);
            client([address(source), address(destination)], [from, to])
        }
        _ => None,
    };
    Ok(Some((header.ok_or(BadProxyHeader::Malformed)?, end + 1)))
}

fn client(addresses: [Option<IpAddr>; 2], ports: [&str; 2]) -> Option<ProxyHeader> {
    // Digits alone, without a zero before them.
    let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port.to_string() == text);
    let [source, destination] = addresses;
    destination.filter(|_| ports.into_iter().all(is_port))?;
    Some(ProxyHeader::Client(source?.to_canonical()))
}

/// The signature, a byte each for version and command and for family and transport, the length of the rest in two
/// bytes, the addresses, and extensions (§2.2).
fn parse_binary(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, BadProxyHeader> {
    // What is wrong already in an incomplete header is not waited for.
    let command = match bytes.get(12) {
        None => return Ok(None),
        Some(0x20) => Command::Local,
        Some(0x21) => Command::Proxy,
        Some(_) => return Err(BadProxyHeader::Malformed),
    };
    let Some(&[kind, high, low]) = bytes.get(13..FIXED) else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > V2_BYTES {
        return Err(BadProxyHeader::TooLong);
    }
    let Some(rest) = bytes.get(FIXED..FIXED + length) else { return Ok(None) };
    let header = match (command, kind) {
        // Whatever follows is to be ignored.
        (Command::Local, _) => ProxyHeader::Local,
        // TCP over IPv4: two addresses, two ports.
        (Command::Proxy, 0x11) => match rest {
            [a, b, c, d, _, _, _, _, _, _, _, _, ..] => {
                ProxyHeader::Client([*a, *b, *c, *d].into())
            }
            _ => return Err(BadProxyHeader::Malformed),
        },
        // TCP over IPv6.
        (Command::Proxy, 0x21) => match rest.first_chunk::<36>() {
            Some(addresses) => {
                let source = addresses.first_chunk::<16>().expect("it is shorter");
                ProxyHeader::Client(IpAddr::from(*source).to_canonical())
            }
            None => return Err(BadProxyHeader::Malformed),
        },
        // No family, datagrams, or a Unix socket. A receiver may take the first and the last as unknown.
        (Command::Proxy, 0x00 | 0x12 | 0x22 | 0x31 | 0x32) => ProxyHeader::Unknown,
        (Command::Proxy, _) => return Err(BadProxyHeader::Malformed),
    };
    Ok(Some((header, FIXED + length)))
}

#[derive(Clone, Copy)]
enum Command {
    Local,
    Proxy,
}

#[cfg(test)]
mod tests;
