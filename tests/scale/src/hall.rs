//! [`Hall`]: a network in memory that costs next to nothing, so that what is measured is the turn.
//!
//! Everybody who waits is taken in; what somebody says is in one buffer that all share, and what he
//! is sent is counted and forgotten. It never refuses a byte: who does not read is the simulator's
//! business. The crowd fills it, and the turn empties it.

use std::io::{self, ErrorKind, IoSlice};
use std::mem;
use std::net::{IpAddr, Ipv4Addr};

use switchboard::chat::ConnectionId;
use switchboard::session::DoorRefusal;
use switchboard::turn::{Accepted, Listener, Sockets};

/// The other side of all connections.
pub(crate) struct Hall {
    /// How many wait to be accepted.
    pub(crate) waiting: usize,
    /// Who was accepted and is not closed, in the order in which they came.
    pub(crate) here: Vec<ConnectionId>,
    /// How many were closed.
    pub(crate) closed: usize,
    /// Bytes and calls of all writes.
    pub(crate) written: u64,
    pub(crate) writes: u64,
    /// What is said in this turn, by all.
    said: Vec<u8>,
    /// By slot: where in `said` the unread words of its tenant are.
    unread: Vec<(u32, u32)>,
    /// Who has unread words that the turn has not been told of.
    pub(crate) speakers: Vec<ConnectionId>,
    callers: u32,
}

impl Hall {
    /// A hall with seats for so many. It takes its own memory at once, so that none of it is
    /// mistaken for the turn's.
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

    /// Somebody says something. False if he has said something already that is not read.
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

    /// Everything was read.
    pub(crate) fn forget_words(&mut self) {
        self.said.clear();
    }

    /// Another address for everybody, as if none of them were neighbours.
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
        Accepted::Taken(self.next_address())
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
