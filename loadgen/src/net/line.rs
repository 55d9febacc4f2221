//! [`Line`]: one phone's socket, and what could not be written to it yet.

use std::io::{self, ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry};
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use switchboard::timer::Moment;

use super::act::Act;
use super::inbox::Inbox;
use super::token::token;
use crate::client::Phone;
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::workload::Persona;

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
    /// When it was let in.
    pub(super) ready: Moment,
    /// What the kernel has not taken yet; nearly always nothing.
    unsent: Vec<u8>,
    /// Whether it is among those that are counted as ready.
    pub(super) is_counted: bool,
    /// What it does that no good phone would.
    pub(super) act: Option<Box<Act>>,
}

/// Source addresses that take turns on the loopback. A pair of addresses has only 28,000 ports
/// (ip(7), ip_local_port_range).
const SOURCES: u32 = 8;

impl Line {
    /// Begins to connect. Whether it has come about is told by [`Line::is_connected`], when the socket is
    /// writable.
    pub(super) fn dial(
        party: Party,
        persona: Persona,
        to: SocketAddr,
        planned: Moment,
        now: Moment,
        registry: &Registry,
    ) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        Inbox::note_arrivals(&socket);
        if let Some(bytes) = receive_buffer(persona) {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(source) = source(party.phone, to.ip()) {
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
        registry.register(&mut stream, token(party), interest)?;
        Ok(Line {
            stream,
            phone: None,
            planned,
            dialled: now,
            ready: now,
            unsent: Vec::new(),
            is_counted: false,
            act: None,
        })
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

    /// Reads what there is, up to so many bytes; `None` if there is nothing now.
    pub(super) fn read(&self, inbox: &mut Inbox, most: usize) -> io::Result<Option<usize>> {
        loop {
            match inbox.read(&self.stream, most) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what is in `out`, which is empty afterwards; what the kernel does not take is kept.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self.act.as_deref_mut() {
            None | Some(Act::ReadSlowly) => {}
            Some(Act::Silent(_) | Act::HalfOpen) => out.clear(),
            Some(Act::Drip(queue)) => {
                queue.extend(out.drain(..));
            }
        }
        if out.is_empty() {
            return Ok(());
        }
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

    /// Sends the next byte of a drip; false if there is none.
    pub(super) fn drip(&mut self) -> io::Result<bool> {
        let Some(Act::Drip(queue)) = self.act.as_deref_mut() else { return Ok(false) };
        let Some(byte) = queue.pop_front() else { return Ok(false) };
        if write_all(&mut self.stream, &[byte])? == 0 {
            queue.push_front(byte);
        }
        Ok(true)
    }

    /// Whether the kernel has taken all that was written.
    pub(super) fn has_sent_all(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Whether it reads only when its timer says so.
    pub(super) fn reads_slowly(&self) -> bool {
        matches!(self.act.as_deref(), Some(Act::ReadSlowly))
    }

    /// Since when it is silent, if it is.
    pub(super) fn silence(&self) -> Option<Begun> {
        match self.act.as_deref() {
            Some(Act::Silent(begun)) => Some(*begun),
            None | Some(Act::ReadSlowly | Act::HalfOpen | Act::Drip(_)) => None,
        }
    }

    /// Whether it hung up, and waits for the answer.
    pub(super) fn is_leaving(&self) -> bool {
        self.phone.as_ref().is_some_and(Phone::is_leaving)
    }

    /// Sees that the connection ends with a reset, when it is dropped: as if the phone were gone, and
    /// somebody else had its address.
    pub(super) fn reset(&self) {
        // If it cannot be had, it ends with a FIN, which is also an end without a word.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
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

/// How many bytes the kernel may keep for it, if the usual number is not right.
const fn receive_buffer(persona: Persona) -> Option<usize> {
    match persona {
        // Or the kernel would read for it.
        Persona::SlowReader => Some(4096),
        // Or presence would fill it up, and the end of the stream would never get through.
        Persona::SilentDrop => Some(1 << 20),
        Persona::Lurker
        | Persona::Chatter
        | Persona::Refresher
        | Persona::Flapper
        | Persona::HalfOpen
        | Persona::Drip
        | Persona::Garbage
        | Persona::Flood => None,
    }
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

    /// Otherwise the ports run out at 28,000 phones, however many a server could take.
    #[test]
    fn a_server_sees_the_phones_come_from_all_of_the_addresses_alike() {
        const PHONES: u32 = 10 * SOURCES;
        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let to = server.local_addr().expect("it is bound");
        let poll = mio::Poll::new().expect("the kernel has one");
        let mut callers = std::collections::BTreeMap::new();
        for phone in (0..PHONES).map(PhoneId) {
            let party = Party { phone, generation: 1 };
            let (persona, now) = (Persona::Lurker, Moment::START);
            let line = Line::dial(party, persona, to, now, now, poll.registry());
            line.expect("the server listens");
            let (_, caller) = server.accept().expect("somebody calls");
            *callers.entry(caller.ip()).or_insert(0) += 1;
        }
        assert!(callers.values().all(|&calls| calls == PHONES / SOURCES), "{callers:?}");
    }
}
