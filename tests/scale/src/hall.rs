//! [`Hall`]: a network in memory that costs nearly nothing, so that only the turn is measured.
//!
//! Every client that waits is accepted. All clients share one buffer for what they send. What the server
//! sends is counted and dropped. The network never refuses a byte; the simulator tests clients that do
//! not read. The crowd fills the hall, and the turn empties it.

use std::io::{self, ErrorKind, IoSlice};
use std::mem;
use std::net::{IpAddr, Ipv4Addr};

use switchboard::chat::ConnectionId;
use switchboard::session::DoorRefusal;
use switchboard::turn::{Accepted, Listener, Sockets};

/// The other side of all connections.
pub(crate) struct Hall {
    /// How many clients wait to be accepted.
    pub(crate) waiting: usize,
    /// The connections that were accepted and are not closed, in the order of their arrival.
    pub(crate) here: Vec<ConnectionId>,
    /// How many connections were closed.
    pub(crate) closed: usize,
    /// How many bytes were written, and with how many calls.
    pub(crate) written: u64,
    pub(crate) writes: u64,
    /// Everything that clients send in this turn.
    said: Vec<u8>,
    /// For each slot: where in `said` its tenant's unread bytes are.
    unread: Vec<(u32, u32)>,
    /// The connections with unread bytes that the turn has not been told of.
    pub(crate) speakers: Vec<ConnectionId>,
    callers: u32,
}

impl Hall {
    /// Makes a hall for `seats` connections. It allocates its own memory at once, so that none of it is
    /// counted as the turn's.
    pub(crate) fn new(seats: usize) -> Self {
        let mut here = vec![ConnectionId::new(1, 1); seats];
        here.clear();
        let mut said = vec![1; 1 << 20];
        said.clear();
        let mut unread = vec![(1, 1); seats];
        unread.fill((0, 0));
        let speakers = Vec::with_capacity(4096);
        Hall {
            waiting: 0,
            here,
            closed: 0,
            written: 0,
            writes: 0,
            said,
            unread,
            speakers,
            callers: 0,
        }
    }

    /// A client sends something. Returns false if it has sent something before that is not read yet.
    pub(crate) fn say(&mut self, id: ConnectionId, words: &[u8]) -> bool {
        let unread = &mut self.unread[id.index()];
        if unread.1 > 0 {
            return false;
        }
        let narrow = |number| u32::try_from(number).expect("a turn's words are some kilobytes");
        *unread = (narrow(self.said.len()), narrow(words.len()));
        self.said.extend_from_slice(words);
        self.speakers.push(id);
        true
    }

    /// Empties the buffer: everything was read.
    pub(crate) fn forget_words(&mut self) {
        self.said.clear();
    }

    /// Another address for each client, as if no two clients shared a network.
    fn next_address(&mut self) -> IpAddr {
        self.callers += 1;
        IpAddr::V4(Ipv4Addr::from_bits((11 << 24) + self.callers))
    }
}

impl Sockets for Hall {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        if listener == Listener::Admin || self.waiting == 0 {
            return Accepted::Nobody;
        }
        self.waiting -= 1;
        self.here.push(id);
        Accepted::Taken(self.next_address().into())
    }

    fn shed(&mut self, _: Listener) -> Accepted {
        unreachable!("there is room for all")
    }

    fn turn_away(&mut self, _: ConnectionId, _: DoorRefusal) {
        unreachable!("there is room for all")
    }

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        let (start, length) = mem::take(&mut self.unread[id.index()]);
        if length == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let (start, length) = (start as usize, length as usize);
        buffer[..length].copy_from_slice(&self.said[start..start + length]);
        Ok(length)
    }

    fn write(&mut self, _: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes = slices.iter().map(|slice| slice.len()).sum();
        self.written += bytes as u64;
        self.writes += 1;
        Ok(bytes)
    }

    fn want_write(&mut self, _: ConnectionId, _: bool) {}

    fn finish_writing(&mut self, _: ConnectionId) {}

    fn close(&mut self, _: ConnectionId) {
        self.closed += 1;
    }

    fn abort(&mut self, id: ConnectionId) {
        self.close(id);
    }
}
