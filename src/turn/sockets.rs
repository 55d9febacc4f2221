//! [`Sockets`]: what the turn asks of the network. [`Readiness`]: what the network reports to the turn.
//!
//! `net` implements it with mio and real sockets, the simulator and the tests with tables in memory. The
//! turn cannot tell them apart, so a bug that the simulator finds is a bug of the server. No call may
//! block.

use std::io::{self, IoSlice};

use crate::chat::ConnectionId;
use crate::limiter::Peer;
use crate::session::{DoorRefusal, Listener};

/// The network, as the turn sees it. A connection is named by the id under which it was accepted.
pub trait Sockets {
    /// Accepts the next connection that waits at `listener`, if there is one, as `id`.
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted;

    /// Accepts the next connection that waits at `listener`, tells it that the server is full, and closes
    /// it at once.
    fn shed(&mut self, listener: Listener) -> Accepted;

    /// Answers the connection that was just accepted as `id` with a refusal, and closes it.
    fn turn_away(&mut self, id: ConnectionId, refusal: DoorRefusal);

    /// Reads like `read(2)`: `Ok(0)` is the end of the input, `WouldBlock` means that there are no bytes
    /// now, and any other error that the connection is broken.
    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes like `writev(2)`, and returns how many bytes the network took: perhaps not all.
    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Asks for a report when the connection becomes writable again, or cancels that.
    fn want_write(&mut self, id: ConnectionId, wanted: bool);

    /// Closes the writing half (`shutdown(2)`): a half-close. Reading goes on.
    fn finish_writing(&mut self, id: ConnectionId);

    /// Closes the connection; the id is void afterwards. Bytes that the kernel holds are still sent.
    fn close(&mut self, id: ConnectionId);

    /// Closes the connection, and discards the bytes that the kernel holds and has not sent.
    fn abort(&mut self, id: ConnectionId);
}

/// The result of an attempt to accept a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Accepted {
    /// A connection from this peer was accepted (or, by [`shed`](Sockets::shed), closed).
    Taken(Peer),
    /// No connection waits.
    Nobody,
    /// The process or the machine is out of descriptors or memory. No new edge will report the
    /// connections that still wait, so the turn has to try again by itself (epoll(7): edge-triggered).
    Exhausted,
}

/// What the network reports of one connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Readiness {
    /// Bytes can be read, or the end of the input.
    pub readable: bool,
    /// Bytes can be written again.
    pub writable: bool,
    /// The peer has closed or reset the connection. After a read that did not fill the buffer there is
    /// then still the end of the input to be read.
    pub closed: bool,
}
