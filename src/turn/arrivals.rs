//! Who comes from where: which connections count as their address's, and which are too many.
//!
//! Who connects directly is judged when he is accepted. Whoever has a few too many there is taken in
//! all the same, and told so when he asks for a WebSocket; beyond a few he is turned away on the
//! spot, so that a flood takes up no slots. For whom a trusted proxy speaks is known only when the
//! client asks: it is judged then, as one of the proxy's own address if the proxy names none. Other
//! programs of the same machine do not count, unless they are trusted proxies and ask for a WebSocket.

#[cfg(test)]
mod tests;

use core::net::IpAddr;

use super::Turn;
use crate::chat::ConnectionId;
use crate::limiter::{Arrival, Block, Excess, Forwarded, Limit};
use crate::session::{DoorRefusal, Listener};

/// Addresses of the departed that one turn looks at, to forget them; and as many of the numbers that
/// an address has taken over.
const FORGET: usize = 64;

/// As what a connection counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counted {
    /// As nothing: of the operator, of this machine, or there is no such limit.
    Exempt,
    /// As nothing either: a trusted proxy's, which has not asked for a WebSocket yet.
    Proxy,
    /// As one too many of its address's, who is to be told so.
    ToBeTold,
    /// As one of its address's.
    Entered,
    /// As one of the address for which a trusted proxy speaks, or of the proxy's own.
    Forwarded,
}

impl Turn {
    /// What somebody counts as who has just been accepted; or why he is turned away.
    pub(super) fn judge_arrival(
        &mut self,
        listener: Listener,
        peer: IpAddr,
    ) -> Result<Counted, DoorRefusal> {
        let now = self.now.monotonic;
        if listener == Listener::Admin {
            return Ok(Counted::Exempt);
        }
        if self.limits.session.trusted_proxies.contains(peer) {
            return Ok(Counted::Proxy);
        }
        if peer.to_canonical().is_loopback() || self.addresses.is_off() {
            return Ok(Counted::Exempt);
        }
        match self.addresses.arrive(Block::of(peer), now) {
            Arrival::Entered => Ok(Counted::Entered),
            Arrival::ToBeTold => Ok(Counted::ToBeTold),
            Arrival::TurnedAway(excess) => Err(self.refuse_address(excess)),
        }
    }

    /// A client asks for a WebSocket, and a trusted proxy may have said from where. Returns the block
    /// that the connection had until now, for [`turn_back`](Self::turn_back).
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
            // A proxy that says of nobody for whom it speaks may speak for everybody. So those whom
            // it does not name share its address, and none of them is exempt for that.
            (Counted::Proxy, Forwarded::Nameless) => (own, Counted::Forwarded),
            (Counted::ToBeTold, _) => (own, Counted::Entered),
        };
        if let Err(excess) = self.addresses.enter(block, now) {
            return Err(self.refuse_address(excess));
        }
        if connection.counted == Counted::ToBeTold {
            self.addresses.told(block);
        }
        (connection.block, connection.counted) = (block, counted);
        Ok(own)
    }

    /// A client that has entered is not let in after all. The next one that the proxy speaks for
    /// over this connection may be another: the block is again the one that `enter` returned.
    pub(super) fn turn_back(&mut self, id: ConnectionId, own: Block) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.counted == Counted::Forwarded {
            self.addresses.leave(connection.block);
            (connection.block, connection.counted) = (own, Counted::Proxy);
        }
    }

    /// A connection is gone.
    pub(super) fn depart(&mut self, block: Block, counted: Counted) {
        match counted {
            Counted::Exempt | Counted::Proxy => {}
            Counted::ToBeTold => self.addresses.told(block),
            Counted::Entered | Counted::Forwarded => self.addresses.leave(block),
        }
    }

    /// The address block that a connection comes from: the client's, if a trusted proxy has named it.
    pub(super) fn block_of(&self, id: ConnectionId) -> Block {
        self.connections.get(id).map_or_else(Block::default, |connection| connection.block)
    }

    /// Forgets addresses from which nobody has come for long enough, and what they have done.
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
