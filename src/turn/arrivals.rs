//! Who comes from where: which connections count as their address's, and which are too many.
//!
//! Who connects directly is judged when he is accepted. Whoever has a few too many there is taken in
//! all the same, and told so when he asks for a WebSocket; beyond a few he is turned away on the
//! spot, so that a flood takes up no slots. For whom a trusted proxy speaks is known only when he
//! asks: he is judged then. Other programs of the same machine do not count.

#[cfg(test)]
mod tests;

use core::net::IpAddr;

use super::Turn;
use crate::chat::ConnectionId;
use crate::limiter::{Arrival, Block, Excess, Limit};
use crate::session::{Listener, Refusal};

/// Addresses of the departed that one turn looks at, to forget them.
const FORGET: usize = 64;

/// As what a connection counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// As nothing: of the operator, of this machine, or there is no such limit.
    Exempt,
    /// As nothing either: a trusted proxy's, and nobody's yet for whom it speaks.
    Proxy,
    /// As one too many of its address's, who is to be told so.
    ToBeTold,
    /// As one of its address's.
    Entered,
    /// As one of the address for which a trusted proxy speaks.
    Forwarded,
}

impl Turn {
    /// What somebody counts as who has just been accepted; or why he is turned away.
    pub(super) fn judge_arrival(
        &mut self,
        listener: Listener,
        peer: IpAddr,
    ) -> Result<Standing, Refusal> {
        let now = self.now.monotonic;
        if listener == Listener::Admin || self.addresses.is_off() {
            return Ok(Standing::Exempt);
        }
        if self.limits.session.trusted_proxies.contains(peer) {
            return Ok(Standing::Proxy);
        }
        if peer.to_canonical().is_loopback() {
            return Ok(Standing::Exempt);
        }
        match self.addresses.arrive(Block::of(peer), now) {
            Arrival::Entered => Ok(Standing::Entered),
            Arrival::ToBeTold => Ok(Standing::ToBeTold),
            Arrival::TurnedAway(excess) => Err(self.refuse_address(excess)),
        }
    }

    /// Somebody asks for a WebSocket, and a trusted proxy may have said from where.
    pub(super) fn enter(
        &mut self,
        id: ConnectionId,
        forwarded: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        let now = self.now.monotonic;
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        let (block, standing) = match (connection.standing, forwarded) {
            (Standing::Exempt | Standing::Entered | Standing::Forwarded, _) => return Ok(()),
            // It speaks for itself: a check of its own, or it was never told to say for whom.
            (Standing::Proxy, None) => return Ok(()),
            (Standing::Proxy, Some(client)) => (Block::of(client), Standing::Forwarded),
            (Standing::ToBeTold, _) => (connection.block, Standing::Entered),
        };
        if let Err(excess) = self.addresses.enter(block, now) {
            return Err(self.refuse_address(excess));
        }
        if connection.standing == Standing::ToBeTold {
            self.addresses.told(block);
        }
        (connection.block, connection.standing) = (block, standing);
        Ok(())
    }

    /// He is not let in after all. Whom the proxy speaks for next may be somebody else.
    pub(super) fn turn_back(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.standing == Standing::Forwarded {
            connection.standing = Standing::Proxy;
            self.addresses.leave(connection.block);
        }
    }

    /// A connection is gone.
    pub(super) fn depart(&mut self, block: Block, standing: Standing) {
        match standing {
            Standing::Exempt | Standing::Proxy => {}
            Standing::ToBeTold => self.addresses.told(block),
            Standing::Entered | Standing::Forwarded => self.addresses.leave(block),
        }
    }

    /// Forgets addresses from which nobody has come for long enough.
    pub(super) fn forget_addresses(&mut self) {
        self.addresses.sweep(self.now.monotonic, FORGET);
    }

    fn refuse_address(&mut self, excess: Excess) -> Refusal {
        match excess {
            Excess::TooMany => {
                self.counters.limits_hit.count(Limit::ConnectionsPerAddress);
                Refusal::AddressFull
            }
            Excess::TooFast { retry_after } => {
                self.counters.limits_hit.count(Limit::ConnectionRatePerAddress);
                Refusal::AddressTooFast { retry_after_seconds: retry_after.as_secs() + 1 }
            }
        }
    }
}
