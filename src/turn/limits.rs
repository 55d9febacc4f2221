//! [`Limits`] of the turn, with those of the rooms it owns, and the [`Budgets`] of its phases.
//!
//! A limit is what peers may use up; a budget is what one phase may do in one turn before everybody
//! else gets theirs. What a budget cuts off is taken up in the next turn, which then does not sleep.

use std::time::Duration;

use super::tables::outbox::Caps;
use super::tables::presence;
use crate::limiter::AddressLimits;
use crate::{chat, session};

/// Everything that bounds the turn.
#[derive(Clone, Debug)]
pub struct Limits {
    /// WebSockets that may be open.
    pub max_connections: usize,
    /// Sockets beyond those, so that `/health` answers even when the house is full.
    pub spare_connections: usize,
    /// Sockets of the operator's own listener, which count nowhere else: a full house does not lock
    /// him out, and a crowd at his door takes nobody's place.
    pub admin_connections: usize,
    /// What one address may have.
    pub addresses: AddressLimits,
    /// Silence after which a connection is marked, to be removed by the next sweep.
    pub ping_timeout: Duration,
    /// Time between two sweeps.
    pub sweep_interval: Duration,
    /// Time for an HTTP request to arrive in full, and again for a session to sign in.
    pub handshake_timeout: Duration,
    /// Time for a WebSocket message to arrive in full, from its first byte on.
    pub frame_timeout: Duration,
    /// Time for which the kernel may refuse bytes for a connection before it is given up.
    pub write_timeout: Duration,
    /// Time for the peer to close after we have.
    pub close_timeout: Duration,
    /// Bytes of input thrown away while waiting for that.
    pub linger_bytes: u32,
    /// Time for all to leave when shutting down.
    pub drain_timeout: Duration,
    /// Caps on what may be queued.
    pub outbox: Caps,
    /// What may be kept of messages and requests that have not arrived in full, in bytes, for all
    /// connections together.
    pub inbox_bytes: usize,
    /// What publishing presence may cost.
    pub presence: presence::Limits,
    /// What one phase may do in one turn.
    pub budgets: Budgets,
    /// What a session allows.
    pub session: session::Limits,
    /// What the chat allows.
    pub chat: chat::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: 10_000,
            spare_connections: 64,
            admin_connections: 8,
            addresses: AddressLimits::default(),
            ping_timeout: Duration::from_secs(60),
            sweep_interval: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            frame_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
            linger_bytes: 256 * 1024,
            drain_timeout: Duration::from_secs(30),
            outbox: Caps { each: 1 << 20, echo: 34 << 20, all: 256 << 20 },
            inbox_bytes: 256 << 20,
            presence: presence::Limits::default(),
            budgets: Budgets::default(),
            session: session::Limits::default(),
            chat: chat::Limits::default(),
        }
    }
}

/// What one phase may do in one turn: a few milliseconds' worth each.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Connections accepted.
    pub accepts: usize,
    /// Bytes read at once from one connection: the size of the shared input buffer.
    pub read_bytes: usize,
    /// Bytes read from all connections.
    pub receive_bytes: usize,
    /// Connections read from.
    pub reads: usize,
    /// Timers looked at.
    pub timers: usize,
    /// Connections removed by a sweep.
    pub sweep: usize,
    /// Connections sent home by one slice of a drain.
    pub drain: usize,
    /// Pause between two slices of a drain.
    pub drain_pause: Duration,
    /// Senders told that a message came back.
    pub returns: usize,
    /// Lists and deltas queued.
    pub lists: usize,
    /// Bytes of lists queued.
    pub list_bytes: usize,
    /// Vectored writes.
    pub writes: usize,
    /// Bytes written to all connections.
    pub write_bytes: u64,
    /// Connections freed.
    pub closes: usize,
    /// How long to leave the listener alone when descriptors have run out.
    pub accept_pause: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        Budgets {
            accepts: 128,
            read_bytes: 32 * 1024,
            receive_bytes: 256 * 1024,
            reads: 512,
            timers: 1024,
            sweep: 256,
            drain: 256,
            drain_pause: Duration::from_millis(10),
            returns: 1024,
            lists: 256,
            list_bytes: 4 << 20,
            writes: 512,
            write_bytes: 8 << 20,
            closes: 512,
            accept_pause: Duration::from_millis(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_shows_the_budgets_as_they_are() {
        let map = include_str!("../ARCHITECTURE.md");
        let budgets = Budgets::default();
        let kib = budgets.receive_bytes / 1024;
        let mib = budgets.list_bytes >> 20;
        for (phase, shown) in [
            ("accept", format!("{}", budgets.accepts)),
            ("receive", format!("{} reads, {kib} KiB", budgets.reads)),
            ("expire", format!("{}; {}; {}", budgets.timers, budgets.sweep, budgets.drain)),
            ("leave", format!("{} messages", budgets.returns)),
            ("publish", format!("{} lists, {mib} MiB", budgets.lists)),
            ("send", format!("{} writes, {} MiB", budgets.writes, budgets.write_bytes >> 20)),
            ("close", format!("{}", budgets.closes)),
        ] {
            let line = map.lines().find(|line| line.contains(&format!(" {phase}   ")));
            let line = line.expect("every phase has a line in the picture of a turn");
            assert!(line.ends_with(&format!("  {shown}")), "{line}, but it is {shown}");
        }
    }
}
