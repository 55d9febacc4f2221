//! [`Line`]: one phone's connection: its socket, and the bytes that the kernel has not taken yet.

use std::io::{self, ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry};
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use switchboard::timer::Moment;

use super::act::Act;
use super::inbox::{Inbox, Read};
use super::token::token;
use crate::client::Phone;
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party};
use crate::target::Target;
use crate::tls::Session;
use crate::workload::Persona;

/// One phone's connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// What stands between the socket and the phone, if the server is called over TLS.
    tls: Option<Box<Tls>>,
    /// The phone, once the TCP connection stands, and TLS.
    pub(super) phone: Option<Phone>,
    /// The moment for which dialling was planned.
    pub(super) planned: Moment,
    /// The moment at which it was dialled.
    pub(super) dialled: Moment,
    /// The moment at which the phone became ready.
    pub(super) ready: Moment,
    /// Bytes that the kernel has not taken yet; nearly always none.
    unsent: Vec<u8>,
    /// What the phone does that a good phone would not.
    pub(super) act: Option<Box<Act>>,
}

/// The TLS of a connection.
#[derive(Debug)]
struct Tls {
    session: Session,
    /// Since when the TCP connection stands.
    since: Option<Moment>,
}

/// How many source addresses take turns on the loopback. A pair of addresses has only 28,000 ports (ip(7),
/// ip_local_port_range).
const SOURCES: u32 = 8;

impl Line {
    /// Begins to connect. Once the socket is writable, [`Line::is_connected`] tells whether the connection
    /// stands.
    pub(super) fn dial(
        party: Party,
        persona: Persona,
        target: &Target,
        planned: Moment,
        now: Moment,
        registry: &Registry,
    ) -> io::Result<Self> {
        let to = target.address();
        let tls = target.trust.as_ref().map(|trust| trust.call(&target.host)).transpose()?;
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
        // Both, edge-triggered, for the whole connection: the kernel reports when the socket becomes
        // writable, not as long as it is. So there is no need to switch that on and off.
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, token(party), interest)?;
        Ok(Line {
            stream,
            tls: tls.map(|session| Box::new(Tls { session, since: None })),
            phone: None,
            planned,
            dialled: now,
            ready: now,
            unsent: Vec::new(),
            act: None,
        })
    }

    /// Whether the connection stands; `false` if that is not decided yet.
    ///
    /// # Errors
    ///
    /// Why it does not stand.
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

    /// Whether it is a connection over TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Since when the TCP connection stands, if the handshake of TLS is under way.
    pub(super) fn handshake(&self) -> Option<Moment> {
        self.tls.as_ref().filter(|tls| tls.session.is_shaking_hands())?.since
    }

    /// The TCP connection stands since now: the handshake of TLS begins, if it has not. `false` if there is none.
    pub(super) fn begin_handshake(&mut self, now: Moment) -> bool {
        let Some(tls) = &mut self.tls else { return false };
        let is_new = tls.since.is_none();
        tls.since.get_or_insert(now);
        is_new
    }

    /// Reads what there is, at most `most` bytes of the network; `None` if there is nothing now.
    pub(super) fn read(&mut self, inbox: &mut Inbox, most: usize) -> io::Result<Option<Read>> {
        loop {
            let read = match &mut self.tls {
                None => inbox.read(&self.stream, most),
                Some(tls) => inbox.read_sealed(&self.stream, most, &mut tls.session),
            };
            match read {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what is in `out`, and empties it. What the kernel does not take is kept.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if matches!(self.act.as_deref(), Some(Act::Silent(_) | Act::HalfOpen)) {
            out.clear();
        }
        if let Some(tls) = self.tls.as_deref_mut().filter(|_| !out.is_empty()) {
            tls.session.seal(out);
        }
        self.write_sealed(out)
    }

    /// Writes what TLS itself has to say. `out` is an empty buffer.
    pub(super) fn write_tls(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        tls.session.flush(out);
        self.write_sealed(out)
    }

    /// Nothing more will be sent. `out` is an empty buffer.
    pub(super) fn say_goodbye(&mut self, out: &mut Vec<u8>) {
        let Some(tls) = &mut self.tls else { return };
        tls.session.say_goodbye(out);
        // The server has closed already, perhaps.
        let _ = self.write_sealed(out);
    }

    fn write_sealed(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some(Act::Drip(queue)) = self.act.as_deref_mut() {
            queue.extend(out.drain(..));
        }
        if out.is_empty() {
            return Ok(());
        }
        let result = if self.unsent.is_empty() {
            write_all(&mut self.stream, out).map(|taken| {
                self.unsent.extend_from_slice(&out[taken..]);
            })
        } else {
            // Behind what waits already, to keep the order.
            self.unsent.extend_from_slice(out);
            Ok(())
        };
        out.clear();
        result
    }

    /// Sends the next byte of a drip; `false` if there is none.
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

    /// Whether the phone reads only when its timer says so.
    pub(super) fn reads_slowly(&self) -> bool {
        matches!(self.act.as_deref(), Some(Act::ReadSlowly))
    }

    /// Since when the phone is silent, if it is.
    pub(super) fn silence(&self) -> Option<Begun> {
        match self.act.as_deref() {
            Some(Act::Silent(begun)) => Some(*begun),
            None | Some(Act::ReadSlowly | Act::HalfOpen | Act::Drip(_)) => None,
        }
    }

    /// Whether the phone has hung up, and waits for the server's close frame.
    pub(super) fn is_leaving(&self) -> bool {
        self.phone.as_ref().is_some_and(Phone::is_leaving)
    }

    /// Makes the connection end with a reset when it is dropped, as if another host had got the phone's
    /// address.
    pub(super) fn reset(&self) {
        // If that fails, it ends with a FIN, which has no close frame before it either.
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

/// Writes as much as the kernel takes. Returns how many bytes that was.
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

/// The size of the socket's receive buffer, if it should not be the usual one.
const fn receive_buffer(persona: Persona) -> Option<usize> {
    match persona {
        // A large buffer would let the kernel read ahead of the slow reader.
        Persona::SlowReader => Some(4096),
        // A small buffer would fill up with presence, and the end of the stream would never get through.
        Persona::SilentDrop | Persona::Roamer => Some(1 << 20),
        Persona::Lurker
        | Persona::Chatter
        | Persona::Refresher
        | Persona::Flapper
        | Persona::HalfOpen
        | Persona::Drip
        | Persona::Garbage
        | Persona::Flood
        | Persona::QuotaHog => None,
    }
}

/// The source address and port of a phone, if they are not left to the kernel.
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

    /// With one address, ports would run out at 28,000 phones, however many the server can take.
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
            let line = Line::dial(party, persona, &Target::at(to), now, now, poll.registry());
            line.expect("the server listens");
            let (_, caller) = server.accept().expect("somebody calls");
            *callers.entry(caller.ip()).or_insert(0) += 1;
        }
        assert!(callers.values().all(|&calls| calls == PHONES / SOURCES), "{callers:?}");
    }
}
