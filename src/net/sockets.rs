//! [`MioSockets`]: the turn's [`Sockets`], with mio and the kernel behind them. TCP and Unix streams are read and
//! written alike.
//!
//! Registration is edge-triggered (mio::Poll's "portability"): an event reports a change once, and the
//! turn remembers it. A connection's token is its id, generation included. So a late event for one
//! connection cannot hit the next connection in the same slot.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use socket2::Socket;

use super::clock::Clock;
use super::listener::Listening;
use super::wait::retry;
use crate::chat::ConnectionId;
use crate::session::{DoorRefusal, refuse};
use crate::turn::{Accepted, Listener, Peer, Sockets};

/// Real sockets.
#[derive(Debug)]
pub(super) struct MioSockets {
    registry: Registry,
    /// The public listener; `None` once no more clients are accepted.
    listener: Option<Listening>,
    /// The operator's own listener, if there is one.
    admin: Option<Listening>,
    /// The socket of each slot. The turn knows which connection has the slot.
    streams: Vec<Option<Socket>>,
    /// A spare descriptor. It is closed when no other is free, so that a waiting client can be refused.
    reserve: Option<File>,
    clock: Clock,
}

/// A connection's token.
pub(super) fn token_of(id: ConnectionId) -> Token {
    Token((id.generation() as usize) << 32 | id.index())
}

/// The connection that a token means.
pub(super) fn id_of(token: Token) -> ConnectionId {
    let index = u32::try_from(token.0 & 0xFFFF_FFFF).expect("masked to 32 bits");
    let generation = u32::try_from(token.0 >> 32).expect("32 bits are left");
    ConnectionId::new(index, generation)
}

impl MioSockets {
    pub(super) fn new(
        registry: Registry,
        listener: Listening,
        admin: Option<Listening>,
        clock: Clock,
    ) -> Self {
        let (listener, streams) = (Some(listener), Vec::new());
        MioSockets { registry, listener, admin, streams, reserve: open_reserve(), clock }
    }

    /// Stops accepting clients; operators are still accepted. The listener is closed here but not
    /// shut down: if systemd holds it too, it goes on listening, and its backlog stays.
    pub(super) fn stop_listening(&mut self) {
        if let Some(mut listener) = self.listener.take() {
            // Closing is not enough: while another process holds the listener, epoll goes on
            // reporting new connections (epoll(7), question 6). A failure here changes nothing else.
            let _ = listener.source().deregister(&self.registry);
        }
    }

    fn listener(&self, which: Listener) -> Option<&Listening> {
        match which {
            Listener::Public => self.listener.as_ref(),
            Listener::Admin => self.admin.as_ref(),
        }
    }

    fn stream(&mut self, id: ConnectionId) -> io::Result<&mut Socket> {
        let slot = self.streams.get_mut(id.index()).and_then(Option::as_mut);
        slot.ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// Accepts the next connection of the backlog; `None` if there is none.
    fn next_stream(&mut self, at: Listener) -> io::Result<Option<(Socket, Peer)>> {
        let Some(listener) = self.listener(at) else { return Ok(None) };
        loop {
            match listener.accept() {
                Ok(taken) => return Ok(Some(taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                // This client has gone, or its network has; the next one in the backlog may be fine
                // (accept(2), "Error handling").
                Err(error) if is_the_peers_fault(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Accepts the next connection of the backlog, or returns what to tell the turn instead.
    fn take_next(&mut self, at: Listener) -> Result<(Socket, Peer), Accepted> {
        match self.next_stream(at) {
            Ok(Some(taken)) => Ok(taken),
            Ok(None) => Err(Accepted::Nobody),
            Err(_) => {
                self.turn_one_away(at);
                Err(Accepted::Exhausted)
            }
        }
    }

    /// Refuses a client without keeping its connection. What it has sent is read first, because
    /// closing with unread input would reset the connection and lose the answer.
    fn say_no(&self, mut stream: Socket, refusal: DoorRefusal) {
        let mut answer = Vec::new();
        refuse(refusal).close().write(&mut answer, self.clock.now().unix, false);
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write(&answer);
        let _ = stream.shutdown(Shutdown::Write);
    }

    /// Refuses one client when there are no descriptors left. Without a descriptor a client cannot
    /// even be refused, and would wait until it gives up. So one descriptor is kept in reserve: it is
    /// released, used for the next client, and taken again.
    fn turn_one_away(&mut self, at: Listener) {
        if self.reserve.take().is_some()
            && let Some(listener) = self.listener(at)
        {
            drop(listener.accept());
        }
        self.reserve = open_reserve();
    }
}

fn open_reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_the_peers_fault(error: &io::Error) -> bool {
    let Some(code) = error.raw_os_error() else { return false };
    matches!(
        Errno::from_raw(code),
        Errno::EINTR
            | Errno::ECONNABORTED
            | Errno::ENETDOWN
            | Errno::EPROTO
            | Errno::ENOPROTOOPT
            | Errno::EHOSTDOWN
            | Errno::ENONET
            | Errno::EHOSTUNREACH
            | Errno::EOPNOTSUPP
            | Errno::ENETUNREACH
            | Errno::EPERM
    )
}

impl Sockets for MioSockets {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        let (stream, peer) = match self.take_next(listener) {
            Ok(taken) => taken,
            Err(why_not) => return why_not,
        };
        let descriptor = stream.as_raw_fd();
        let mut source = SourceFd(&descriptor);
        if self.registry.register(&mut source, token_of(id), Interest::READABLE).is_err() {
            return Accepted::Exhausted;
        }
        if self.streams.len() <= id.index() {
            self.streams.resize_with(id.index() + 1, || None);
        }
        self.streams[id.index()] = Some(stream);
        Accepted::Taken(peer)
    }

    fn shed(&mut self, listener: Listener) -> Accepted {
        let (stream, peer) = match self.take_next(listener) {
            Ok(taken) => taken,
            Err(why_not) => return why_not,
        };
        self.say_no(stream, DoorRefusal::Full);
        Accepted::Taken(peer)
    }

    fn turn_away(&mut self, id: ConnectionId, refusal: DoorRefusal) {
        if let Some(stream) = self.streams.get_mut(id.index()).and_then(Option::take) {
            self.say_no(stream, refusal);
        }
    }

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        let stream = self.stream(id)?;
        retry(|| stream.read(buffer))
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let stream = self.stream(id)?;
        match slices {
            // For a single piece write(2) is the cheaper call.
            [slice] => retry(|| stream.write(slice)),
            slices => retry(|| stream.write_vectored(slices)),
        }
    }

    fn want_write(&mut self, id: ConnectionId, wanted: bool) {
        let interest = match wanted {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        if let Ok(stream) = self.stream(id) {
            let descriptor = stream.as_raw_fd();
            // This fails only if the kernel has no memory. Then the connection's own deadline ends it.
            let _ = self.registry.reregister(&mut SourceFd(&descriptor), token_of(id), interest);
        }
    }

    fn finish_writing(&mut self, id: ConnectionId) {
        if let Ok(stream) = self.stream(id) {
            // The connection may be gone already. Then the next read says so.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, id: ConnectionId) {
        // Closing also removes the descriptor from the epoll set (epoll(7), question 6).
        if let Some(slot) = self.streams.get_mut(id.index()) {
            *slot = None;
        }
    }

    fn abort(&mut self, id: ConnectionId) {
        // Otherwise the kernel keeps the send buffer of a client that does not read for minutes
        // after the close, and a client that reconnects in a loop fills its memory (socket(7),
        // SO_LINGER).
        if let Ok(stream) = self.stream(id) {
            let _ = stream.set_linger(Some(Duration::ZERO));
        }
        self.close(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_takes_no_more_than_a_descriptor() {
        assert_eq!(size_of::<Option<Socket>>(), 4);
    }

    #[test]
    fn a_token_names_the_connection_and_its_generation() {
        for (index, generation) in [(0, 0), (7, 1), (u32::MAX, 0), (3, u32::MAX)] {
            let id = ConnectionId::new(index, generation);
            assert_eq!(id_of(token_of(id)), id);
        }
    }
}
