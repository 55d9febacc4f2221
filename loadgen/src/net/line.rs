//! [`Line`]: one phone's socket, and what could not be written to it yet.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use switchboard::timer::Moment;

use crate::client::Phone;
use crate::phone_id::PhoneId;

/// One phone and its socket.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// The phone, once there is a connection.
    pub(super) phone: Option<Phone>,
    /// When it was to be dialled.
    pub(super) planned: Moment,
    /// When it was.
    pub(super) dialled: Moment,
    /// What the kernel has not taken yet; nearly always nothing.
    unsent: Vec<u8>,
}

/// Source addresses that take turns on the loopback. A pair of addresses has only 28,000 ports
/// (ip(7), ip_local_port_range).
const SOURCES: u32 = 8;

impl Line {
    /// Begins to connect. Whether it has come about is told by [`Line::is_connected`], when the socket is
    /// writable.
    pub(super) fn dial(
        id: PhoneId,
        to: SocketAddr,
        planned: Moment,
        now: Moment,
        registry: &Registry,
    ) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = source(id, to.ip()) {
            socket.bind(&source.into())?;
        }
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => {}
            Err(error) => return Err(error),
        }
        let mut stream = TcpStream::from_std(socket.into());
        // Edge-triggered, both at once and for good: writability is reported when it comes, not as
        // long as it lasts, so there is no need to switch it on and off.
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, Token(id.index()), interest)?;
        Ok(Line { stream, phone: None, planned, dialled: now, unsent: Vec::new() })
    }

    /// Whether the connection stands; `false` if that is not decided yet.
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        match self.stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the phone is connected, so that it may write and be written to.
    pub(super) fn is_ready(&self) -> bool {
        self.phone.as_ref().is_some_and(Phone::is_ready)
    }

    /// Reads what there is; `None` if there is nothing now.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what is in `out`, which is empty afterwards; what the kernel does not take is kept.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let result = if self.unsent.is_empty() {
            write_all(&mut self.stream, out).map(|taken| {
                self.unsent.extend_from_slice(&out[taken..]);
            })
        } else {
            // In order: behind what waits already.
            self.unsent.extend_from_slice(out);
            Ok(())
        };
        out.clear();
        result
    }

    /// The socket takes bytes again.
    pub(super) fn write_on(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            let taken = write_all(&mut self.stream, &self.unsent)?;
            self.unsent.drain(..taken);
            if self.unsent.is_empty() {
                self.unsent = Vec::new();
            }
        }
        Ok(())
    }
}

/// Writes as much as the kernel takes, and says how much that was.
fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut taken = 0;
    while taken < bytes.len() {
        match stream.write(&bytes[taken..]) {
            Ok(count) => taken += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// Where a phone calls from, if that makes a difference.
fn source(id: PhoneId, to: IpAddr) -> Option<SocketAddr> {
    match to {
        IpAddr::V4(to) if to.is_loopback() => {
            let last = u8::try_from(1 + id.0 % SOURCES).expect("at most 8");
            Some(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_loopback_phones_call_from_eight_addresses_and_elsewhere_from_one() {
        let to = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let sources: std::collections::BTreeSet<_> =
            (0..100).filter_map(|id| source(PhoneId(id), to)).collect();
        assert_eq!(sources.len(), 8);
        assert_eq!(source(PhoneId(9), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))), None);
        assert_eq!(source(PhoneId(9), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)), None);
    }
}
