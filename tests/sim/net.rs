//! [`Net`]: the network in memory. It is the turn's [`Sockets`] on one side, and the phones' network on
//! the other.
//!
//! A *wire* is one TCP connection: the bytes at the server's kernel that the server has not read, and
//! those that this kernel has taken and the phone has not drained. Readiness is edge-triggered exactly as
//! in epoll: a connection joins the ready list once when something changes. A poll reports its state at
//! the time of the poll. Each action of the turn is recorded as a [`Deed`] for the oracle. What no correct
//! turn does is a panic at once.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, IoSlice};
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use switchboard::chat::ConnectionId;
use switchboard::session::DoorRefusal;
use switchboard::turn::{Accepted, Listener, Readiness, Sockets};

use crate::dice::Dice;
use crate::faults::{Fault, Faults};

/// How many addresses the phones have. No address has too many connections.
const ADDRESSES: usize = 64;

/// The number of a wire. No two wires of a run share one.
pub(crate) type WireId = usize;

/// What a phone gets that is refused at once.
const SHED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

/// What the turn did to a wire.
pub(crate) enum Deed {
    Read(WireId, usize),
    /// The bytes that were written, and whether those were all bytes of the write.
    Wrote(WireId, Vec<u8>, bool),
    Finished(WireId),
    /// The wire was closed. If its last write was short: since when the kernel had taken nothing.
    Closed(WireId, Option<Duration>),
}

/// One TCP connection.
#[derive(Default)]
pub(crate) struct Wire {
    /// The bytes that the phone has written, and that are still on their way.
    pub(crate) unsent: VecDeque<u8>,
    /// The bytes at the server's kernel that the server has not read.
    inbound: VecDeque<u8>,
    /// The bytes that the server's kernel has taken, and that the phone has not drained.
    outbound: VecDeque<u8>,
    /// The most bytes in `outbound`.
    room: usize,
    /// Whether the phone has half-closed the connection.
    phone_finished: bool,
    /// Whether the phone has reset the connection.
    reset: bool,
    server_finished: bool,
    closed: bool,
    accepted: Option<ConnectionId>,
    want_write: bool,
    /// Whether the kernel has refused bytes, and has not reported "writable" since (Linux: SOCK_NOSPACE).
    refuses: bool,
    /// If the last write was short: since when the kernel has taken no byte.
    refused_since: Option<Duration>,
    /// Whether it is in the ready list.
    listed: bool,
}

#[derive(Clone, Copy)]
enum Ready {
    Listener,
    Wire(WireId),
}

/// The events of one call of epoll_wait(2).
pub(crate) struct Batch {
    pub(crate) events: Vec<(ConnectionId, Readiness)>,
    pub(crate) listener: bool,
}

pub(crate) struct Net {
    pub(crate) wires: Vec<Wire>,
    by_id: HashMap<ConnectionId, WireId>,
    backlog: VecDeque<WireId>,
    ready: VecDeque<Ready>,
    listener_listed: bool,
    /// Whether the process is out of descriptors.
    pub(crate) exhausted: bool,
    /// Of a thousand writes: how many are cut short, although there is room.
    pub(crate) short_writes: usize,
    pub(crate) deeds: Vec<Deed>,
    /// The time of the present turn.
    pub(crate) now: Duration,
    /// How often each fault has struck, also those outside of the network.
    pub(crate) faults: Faults,
    /// The ids of connections that have ended, for events that come too late.
    pub(crate) departed: Vec<ConnectionId>,
    dice: Dice,
}

impl Net {
    pub(crate) fn new(dice: Dice, faults: Faults) -> Self {
        Net {
            wires: Vec::new(),
            by_id: HashMap::new(),
            backlog: VecDeque::new(),
            ready: VecDeque::new(),
            listener_listed: false,
            exhausted: false,
            short_writes: 0,
            deeds: Vec::new(),
            now: Duration::ZERO,
            faults,
            departed: Vec::new(),
            dice,
        }
    }

    /// A phone connects.
    pub(crate) fn connect(&mut self, room: usize) -> WireId {
        self.wires.push(Wire { room, ..Wire::default() });
        let wire = self.wires.len() - 1;
        self.backlog.push_back(wire);
        if !mem::replace(&mut self.listener_listed, true) {
            self.ready.push_back(Ready::Listener);
        }
        wire
    }

    /// The next `count` bytes of a phone arrive; with the last of them perhaps its FIN. Returns whether
    /// anything arrived.
    pub(crate) fn arrive(&mut self, wire: WireId, count: usize, finishes: bool) -> bool {
        let it = &mut self.wires[wire];
        let count = count.min(it.unsent.len());
        let fin = finishes && count == it.unsent.len() && !it.phone_finished;
        let bytes: Vec<u8> = it.unsent.drain(..count).collect();
        if it.closed {
            // The server has closed: the answer is a reset, and the bytes in flight are lost.
            if count > 0 {
                it.outbound.clear();
            }
            return false;
        }
        it.inbound.extend(bytes);
        it.phone_finished |= fin;
        if count > 0 || fin {
            self.edge(wire);
        }
        count > 0
    }

    /// The phone reads up to `count` bytes from its socket. Returns how many there were.
    pub(crate) fn drain(&mut self, wire: WireId, count: usize) -> usize {
        let it = &mut self.wires[wire];
        let count = count.min(it.outbound.len());
        it.outbound.drain(..count);
        if it.refuses && it.is_writable() {
            it.refuses = false;
            self.edge(wire);
        }
        count
    }

    pub(crate) fn reset(&mut self, wire: WireId) {
        let it = &mut self.wires[wire];
        it.reset = true;
        it.inbound.clear();
        it.outbound.clear();
        it.unsent.clear();
        self.edge(wire);
    }

    /// Whether the phone has drained everything, and nothing more will arrive.
    pub(crate) fn is_at_end(&self, wire: WireId) -> bool {
        let it = &self.wires[wire];
        it.outbound.is_empty() && (it.server_finished || it.closed)
    }

    pub(crate) fn is_closed(&self, wire: WireId) -> bool {
        self.wires[wire].closed
    }

    /// Whether the server's kernel takes nothing more for the phone at present.
    pub(crate) fn refuses(&self, wire: WireId) -> bool {
        self.wires[wire].refuses && !self.wires[wire].closed
    }

    /// Since when the server's kernel has taken nothing more for the phone.
    pub(crate) fn refused_since(&self, wire: WireId) -> Option<Duration> {
        self.wires[wire].refused_since.filter(|_| self.refuses(wire))
    }

    /// Checks that the server has left no work undone.
    pub(crate) fn check_all_done(&self) {
        assert!(self.backlog.is_empty(), "a phone waits in the backlog, and is not accepted");
        for (wire, it) in self.wires.iter().enumerate() {
            let is_open = it.accepted.is_some() && !it.closed;
            // The server need not read from a phone that does not take its answers.
            assert!(
                !is_open || it.refuses || it.inbound.is_empty(),
                "what wire {wire} says is not read"
            );
            let is_over = it.phone_finished && !it.refuses;
            assert!(!is_open || !is_over, "nobody has noticed that wire {wire} has finished");
            let is_noisy = is_open && it.want_write && !it.refuses && it.outbound.is_empty();
            assert!(!is_noisy, "wire {wire} is watched for room that it has");
            assert!(!is_open || !it.reset, "nobody has noticed that wire {wire} was reset");
        }
    }

    /// How many connections the server holds.
    pub(crate) fn held(&self) -> usize {
        self.by_id.len()
    }

    /// The server's connection for this wire, if the server has not closed it.
    pub(crate) fn id_of(&self, wire: WireId) -> Option<ConnectionId> {
        self.wires[wire].accepted.filter(|_| !self.wires[wire].closed)
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Works like epoll_wait(2) without waiting, for up to `capacity` events. Connections that are ready
    /// for longest are reported first. The order within a batch is random.
    pub(crate) fn poll(&mut self, capacity: usize) -> Batch {
        let mut batch = Batch { events: Vec::new(), listener: false };
        let mut count = 0;
        while count < capacity
            && let Some(ready) = self.ready.pop_front()
        {
            match ready {
                Ready::Listener => {
                    self.listener_listed = false;
                    batch.listener = true;
                }
                Ready::Wire(wire) => {
                    let it = &mut self.wires[wire];
                    it.listed = false;
                    let readiness = it.readiness();
                    let Some(id) = it.accepted.filter(|_| !it.closed) else { continue };
                    if readiness == Readiness::default() {
                        continue;
                    }
                    batch.events.push((id, readiness));
                }
            }
            count += 1;
        }
        self.faults.count(Fault::PartialPoll, u64::from(count == capacity));
        self.dice.shuffle(&mut batch.events);
        batch
    }

    fn edge(&mut self, wire: WireId) {
        let it = &mut self.wires[wire];
        if it.accepted.is_some() && !it.closed && !mem::replace(&mut it.listed, true) {
            self.ready.push_back(Ready::Wire(wire));
        }
    }

    /// The server closes a connection. With `loses_all`, the bytes that its kernel still holds are lost.
    fn end(&mut self, id: ConnectionId, loses_all: bool) {
        let wire = self.wire(id, "close");
        self.by_id.remove(&id);
        self.departed.push(id);
        let it = &mut self.wires[wire];
        it.closed = true;
        if loses_all {
            it.outbound.clear();
        }
        self.deeds.push(Deed::Closed(wire, it.refused_since));
    }

    fn wire(&self, id: ConnectionId, what: &str) -> WireId {
        *self.by_id.get(&id).unwrap_or_else(|| panic!("{what}: {id:?} is closed or was never open"))
    }
}

impl Wire {
    fn is_writable(&self) -> bool {
        // Linux reports a socket as writable once a third of its buffer is free.
        self.reset || self.outbound.len() * 3 <= self.room * 2
    }

    fn readiness(&self) -> Readiness {
        let closed = self.phone_finished || self.reset;
        Readiness {
            readable: !self.inbound.is_empty() || closed,
            writable: self.want_write && self.is_writable(),
            closed,
        }
    }
}

impl Sockets for Net {
    fn accept(&mut self, listener: Listener, id: ConnectionId) -> Accepted {
        if listener == Listener::Admin {
            return Accepted::Nobody;
        }
        if self.exhausted {
            // The server closes its reserve descriptor, and refuses one client with it.
            if let Some(wire) = self.backlog.pop_front() {
                self.wires[wire].closed = true;
                self.deeds.push(Deed::Closed(wire, None));
            }
            return Accepted::Exhausted;
        }
        let Some(wire) = self.backlog.pop_front() else { return Accepted::Nobody };
        assert!(self.by_id.insert(id, wire).is_none(), "{id:?} names two connections");
        self.wires[wire].accepted = Some(id);
        if self.wires[wire].readiness() != Readiness::default() {
            self.edge(wire);
        }
        Accepted::Taken(address_of(wire).into())
    }

    fn shed(&mut self, listener: Listener) -> Accepted {
        assert_eq!(listener, Listener::Public, "nobody waits at the other");
        let Some(wire) = self.backlog.pop_front() else { return Accepted::Nobody };
        self.faults.count(Fault::FullHouse, 1);
        self.wires[wire].outbound.extend(SHED);
        self.wires[wire].closed = true;
        self.deeds.push(Deed::Wrote(wire, SHED.to_vec(), true));
        self.deeds.push(Deed::Closed(wire, None));
        Accepted::Taken(address_of(wire).into())
    }

    fn turn_away(&mut self, id: ConnectionId, refusal: DoorRefusal) {
        panic!("{id:?} is within its address's limits, and is refused at once: {refusal:?}");
    }

    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) -> io::Result<usize> {
        let wire = self.wire(id, "read");
        let it = &mut self.wires[wire];
        if it.reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if it.inbound.is_empty() {
            return if it.phone_finished { Ok(0) } else { Err(ErrorKind::WouldBlock.into()) };
        }
        let count = it.inbound.len().min(buffer.len());
        for (byte, from) in buffer.iter_mut().zip(it.inbound.drain(..count)) {
            *byte = from;
        }
        self.deeds.push(Deed::Read(wire, count));
        Ok(count)
    }

    fn write(&mut self, id: ConnectionId, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let wire = self.wire(id, "write");
        let cut_short = self.dice.per_mille(self.short_writes);
        let it = &mut self.wires[wire];
        assert!(!it.server_finished, "{id:?} is written to after its end was announced");
        if it.reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        assert!(!bytes.is_empty(), "{id:?} is written nothing to");
        let mut count = bytes.len().min(it.room - it.outbound.len());
        self.faults.count(Fault::FullSocket, u64::from(count < bytes.len()));
        if cut_short && count > 1 && self.faults.strikes(Fault::ShortWrite) {
            count = self.dice.between(1, count - 1);
        }
        it.refuses = count < bytes.len();
        it.refused_since = match it.refused_since {
            _ if !it.refuses => None,
            Some(since) if count == 0 => Some(since),
            _ => Some(self.now),
        };
        if count == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        it.outbound.extend(&bytes[..count]);
        self.deeds.push(Deed::Wrote(wire, bytes[..count].to_vec(), !it.refuses));
        Ok(count)
    }

    fn want_write(&mut self, id: ConnectionId, wanted: bool) {
        let wire = self.wire(id, "want_write");
        self.wires[wire].want_write = wanted;
        // EPOLL_CTL_MOD checks the state again, and reports what is ready already.
        let readiness = self.wires[wire].readiness();
        if readiness.writable {
            self.wires[wire].refuses = false;
        }
        if readiness != Readiness::default() {
            self.edge(wire);
        }
    }

    fn finish_writing(&mut self, id: ConnectionId) {
        let wire = self.wire(id, "finish_writing");
        assert!(!mem::replace(&mut self.wires[wire].server_finished, true), "finished twice");
        self.deeds.push(Deed::Finished(wire));
    }

    fn close(&mut self, id: ConnectionId) {
        // A close with unread input becomes a reset, and the reset overtakes what was sent (RFC 1122).
        let has_unread = !self.wires[self.wire(id, "close")].inbound.is_empty();
        self.end(id, has_unread);
    }

    fn abort(&mut self, id: ConnectionId) {
        self.end(id, true);
    }
}

/// The address of the phone at the other end of a wire.
fn address_of(wire: WireId) -> IpAddr {
    let number = u8::try_from(wire % ADDRESSES).expect("there are 64 addresses");
    Ipv4Addr::new(198, 18, 0, number).into()
}
