//! Arrivals: how connections are counted against their addresses, and which are refused for that.
//!
//! A direct connection is counted when it is accepted. If its address has a few connections too many, it
//! gets a slot all the same, and an error answer when it asks for a WebSocket. Beyond those few it is
//! closed at once, so that a flood takes up no slots. A connection of a trusted proxy is counted when it
//! asks for a WebSocket: only then does the proxy name the client's address. If it names none, the
//! connection counts against the proxy's own address. With the PROXY protocol the proxy names the client before
//! the first request, and the connection is counted then, as a direct one. Connections from this machine, those to a Unix
//! socket included, do not count, unless they are a trusted proxy's.

#[cfg(test)]
mod tests;

use super::Turn;
use crate::chat::ConnectionId;
use crate::limiter::{Arrival, Block, Excess, Forwarded, Limit, Peer};
use crate::session::{DoorRefusal, Listener, ProxyHeader};

/// The number of addresses that one turn checks for being forgotten. The same number of the chat's
/// records of addresses is checked, too.
const FORGET: usize = 64;

/// How a connection is counted against its address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counted {
    /// Not counted: it is of the operator's listener, or of this machine, or there is no limit.
    Exempt,
    /// Not counted yet: a trusted proxy's connection that has not asked for a WebSocket.
    Proxy,
    /// Counted as over the limit. It will be answered with an error.
    ToBeTold,
    /// Counted against its own address.
    Entered,
    /// Counted against the address that a trusted proxy has named, or else against the proxy's own.
    Forwarded,
}

impl Counted {
    /// Whether a trusted proxy has opened the connection.
    pub(super) fn is_from_proxy(self) -> bool {
        match self {
            Counted::Proxy | Counted::Forwarded => true,
            Counted::Exempt | Counted::ToBeTold | Counted::Entered => false,
        }
    }
}

impl Turn {
    /// Decides how a newly accepted connection is counted, or refuses it.
    pub(super) fn judge_arrival(
        &mut self,
        listener: Listener,
        peer: Peer,
    ) -> Result<Counted, DoorRefusal> {
        if listener == Listener::Admin {
            return Ok(Counted::Exempt);
        }
        if self.limits.session.trusted_proxies.trust(peer) {
            return Ok(Counted::Proxy);
        }
        let address = peer.address();
        match address.to_canonical().is_loopback() {
            true => self.require_no_ban(Block::of(address)).map(|()| Counted::Exempt),
            false => self.count_arrival(Block::of(address)),
        }
    }

    fn require_no_ban(&self, from: Block) -> Result<(), DoorRefusal> {
        match self.chat.is_address_banned(self.now, from) {
            true => Err(DoorRefusal::Banned),
            false => Ok(()),
        }
    }

    fn count_arrival(&mut self, block: Block) -> Result<Counted, DoorRefusal> {
        self.require_no_ban(block)?;
        if self.addresses.is_off() {
            return Ok(Counted::Exempt);
        }
        match self.addresses.arrive(block, self.now.monotonic) {
            Arrival::Entered => Ok(Counted::Entered),
            Arrival::ToBeTold => Ok(Counted::ToBeTold),
            Arrival::TurnedAway(excess) => Err(self.refuse_address(excess)),
        }
    }

    /// Counts a trusted proxy's connection anew, as the header before its first request says: as if the client had
    /// connected itself. What the client then says of its own address counts only if that is a trusted proxy's, too.
    pub(super) fn name_peer(
        &mut self,
        id: ConnectionId,
        header: ProxyHeader,
    ) -> Result<(), DoorRefusal> {
        let (block, counted) = match header {
            // It is the proxy's own, and was counted so when it came.
            ProxyHeader::Local => return Ok(()),
            ProxyHeader::Client(client)
                if self.limits.session.trusted_proxies.trust(Peer::Ip(client)) =>
            {
                (Block::of(client), Counted::Proxy)
            }
            // It counts also if it is of this machine: it is not the proxy.
            ProxyHeader::Client(client) => {
                let block = Block::of(client);
                (block, self.count_arrival(block)?)
            }
            // All such clients share the limits of one address, and none is a program of this machine.
            ProxyHeader::Unknown => (Block::NAMELESS, self.count_arrival(Block::NAMELESS)?),
        };
        if let Some(connection) = self.connections.get_mut(id) {
            (connection.block, connection.counted) = (block, counted);
        }
        Ok(())
    }

    /// Counts a connection that asks for a WebSocket, or refuses it. A trusted proxy may have named the
    /// client's address in the request. Returns the block that the connection had until now, for
    /// [`turn_back`](Self::turn_back).
    pub(super) fn enter(
        &mut self,
        id: ConnectionId,
        forwarded: Forwarded,
    ) -> Result<Block, DoorRefusal> {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return Ok(Block::default()) };
        let own = connection.block;
        let (block, counted) = match (connection.counted, forwarded) {
            (Counted::Exempt | Counted::Entered | Counted::Forwarded, _) => return Ok(own),
            (Counted::Proxy, Forwarded::Client(client)) => (Block::of(client), Counted::Forwarded),
            // The proxy did not name its client. All such clients share the proxy's address: if they were
            // exempt, a client could evade its limit by hiding its address.
            (Counted::Proxy, Forwarded::Nameless) => (own, Counted::Forwarded),
            (Counted::ToBeTold, _) => (own, Counted::Entered),
        };
        if self.chat.is_address_banned(self.now, block) {
            return Err(DoorRefusal::Banned);
        }
        if let Err(excess) = self.addresses.enter(block, now) {
            return Err(self.refuse_address(excess));
        }
        if connection.counted == Counted::ToBeTold {
            self.addresses.told(block);
        }
        (connection.block, connection.counted) = (block, counted);
        Ok(own)
    }

    /// Undoes [`enter`](Self::enter) for a proxy's connection that was refused after all. The next request
    /// on it may be another client's, so its block is again the one that `enter` returned.
    pub(super) fn turn_back(&mut self, id: ConnectionId, own: Block) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.counted == Counted::Forwarded {
            self.addresses.leave(connection.block);
            (connection.block, connection.counted) = (own, Counted::Proxy);
        }
    }

    /// Stops counting a connection that is closed.
    pub(super) fn depart(&mut self, block: Block, counted: Counted) {
        match counted {
            Counted::Exempt | Counted::Proxy => {}
            Counted::ToBeTold => self.addresses.told(block),
            Counted::Entered | Counted::Forwarded => self.addresses.leave(block),
        }
    }

    /// The address block of a connection: the client's, if a trusted proxy has named it.
    pub(super) fn block_of(&self, id: ConnectionId) -> Block {
        self.connections.get(id).map_or_else(Block::default, |connection| connection.block)
    }

    /// The address block that a request comes from. Behind a trusted proxy each request may be another
    /// client's, so the block is that of the client that the proxy has named in this request. The clients that
    /// a proxy does not name share one block: they are no programs of this machine, although the proxy is.
    pub(super) fn block_of_request(&self, id: ConnectionId, forwarded: Forwarded) -> Block {
        let Some(connection) = self.connections.get(id) else { return Block::default() };
        match (connection.counted, forwarded) {
            (Counted::Proxy | Counted::Forwarded, Forwarded::Client(client)) => Block::of(client),
            (Counted::Proxy | Counted::Forwarded, Forwarded::Nameless) => Block::NAMELESS,
            (Counted::Exempt | Counted::Entered | Counted::ToBeTold, _) => connection.block,
        }
    }

    /// Forgets addresses without connections once their rates have recovered, and the chat's records of
    /// them. A constant number of each a turn.
    pub(super) fn forget_addresses(&mut self) {
        self.addresses.sweep(self.now.monotonic, FORGET);
        self.chat.forget(self.now.monotonic, FORGET);
    }

    fn refuse_address(&mut self, excess: Excess) -> DoorRefusal {
        match excess {
            Excess::TooMany => {
                self.counters.limits_hit.count(Limit::ConnectionsPerAddress);
                DoorRefusal::AddressFull
            }
            Excess::TooFast { retry_after } => {
                self.counters.limits_hit.count(Limit::ConnectionRatePerAddress);
                DoorRefusal::AddressTooFast { retry_after_seconds: retry_after.as_secs() + 1 }
            }
        }
    }
}
