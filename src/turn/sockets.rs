//! [`Sockets`]: all that the turn may ask of the network, and [`Readiness`], what the network tells it.
//!
//! Two implementations exist: `net` has mio and real sockets, the simulator has a table in memory.
//! The turn cannot tell them apart, which is why a bug found by the simulator is a bug of the
//! server. Every call returns at once: nothing here may block.

use core::net::IpAddr;
use std::io::{self, IoSlice};

use crate::chat::ConnectionId;
use crate::session::{DoorRefusal, Listener};

/// The network, as the turn sees it. Each connection is named by the id that it was accepted under.
pub trait Sockets {
    /// Takes the next connection that waits at `listener`, if there is one, and calls it `id` from
    /// now on.
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted;

    /// Takes the next connection that waits at `listener` and turns it away on the spot: there is no
    /// room.
    fn shed(&mut self, listener: Listener) -> Accepted;

    /// Says no to the connection that was just accepted as `id`, and closes it.
    fn turn_away(&mut self, id: ConnectionId, refusal: DoorRefusal);

    /// Reads what is there, as `read(2)`: `Ok(0)` is the end of the input, `WouldBlock` means
    /// nothing for now, any other error is the end of the connection.
    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as the network takes, as `writev(2)`. May be short.
    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Whether to report when the connection becomes writable again.
    fn want_write(&mut self, id: ConnectionId, wanted: bool);

    /// Says "that was all" to the peer (`shutdown(2)`, the writing half), reading on.
    fn finish_writing(&mut self, id: ConnectionId);

    /// Closes. The id means nothing afterwards. What was written still goes out.
    fn close(&mut self, id: ConnectionId);

    /// Closes, and throws away what was written and has not gone out.
    fn abort(&mut self, id: ConnectionId);
}

/// What came of an attempt to accept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Accepted {
    /// A connection was taken (or, when shedding, turned away), from this address.
    Taken(IpAddr),
    /// Nobody is waiting.
    Nobody,
    /// The process or the machine is out of descriptors or memory. Those who wait make no new
    /// edge, so the turn must come back by itself (epoll(7): edge-triggered readiness).
    Exhausted,
}

/// What the network has noticed about one connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Readiness {
    /// Bytes, or an end, can be read.
    pub readable: bool,
    /// Bytes can be written again.
    pub writable: bool,
    /// The peer has closed or reset: a read that falls short must not be taken for "nothing more".
    pub closed: bool,
}
