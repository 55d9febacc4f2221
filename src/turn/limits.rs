//! [`Limits`]: what clients may use up. [`Budgets`]: what one phase may do in one turn.
//!
//! A budget ends a phase early, so that no other phase and no other client waits long. The rest of the work
//! is done in the next turn, and the loop does not sleep before that. The limits include those of the rooms
//! that the turn owns.

use std::time::Duration;

use super::tables::outbox::Caps;
use super::tables::presence;
use crate::limiter::{AddressLimits, Rate};
use crate::timer::Zone;
use crate::{chat, session};

/// The limits of the turn.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most open WebSockets.
    pub max_connections: usize,
    /// Connections beyond those, so that `/health` answers also when the server is full.
    pub spare_connections: usize,
    /// The most connections of the operator's own listener. They are counted apart: a full server does not
    /// shut the operator out, and connections at that listener take no place from clients. One more takes the
    /// place of one that stands still.
    pub admin_connections: usize,
    /// How many connections one address may have, and how fast it may make them.
    pub addresses: AddressLimits,
    /// The time without input after which a connection is marked. The next sweep ends it. After half of the
    /// time, a client that has asked for it is sent a ping.
    pub ping_timeout: Duration,
    /// The time between two sweeps.
    pub sweep_interval: Duration,
    /// The time for an HTTP request to arrive in full, and again for the sign-in by the first frame.
    pub handshake_timeout: Duration,
    /// The time for the reply to a request that waits for it, to a login for example.
    pub job_timeout: Duration,
    /// The most requests that wait for a reply, over all connections.
    pub parked_requests: usize,
    /// The most bytes of events that wait for one reader of `GET /events`. Beyond them it loses lines.
    pub events_bytes: usize,
    /// The time after which a reader of events is told that its stream is alive.
    pub events_alive: Duration,
    /// The time for a WebSocket message to arrive in full, from its first byte on.
    pub frame_timeout: Duration,
    /// The time for which a socket may be full before its connection is ended.
    pub write_timeout: Duration,
    /// The time for the peer to close after our last frames.
    pub close_timeout: Duration,
    /// The most bytes of input that are read and discarded during that time.
    pub linger_bytes: u32,
    /// The time for all connections to close when the server shuts down.
    pub drain_timeout: Duration,
    /// How many clients are told to leave in a given time when the server shuts down, and how many are asked to
    /// come back in that time. Its burst is not used. All are told within the time above, whatever the rate.
    pub drain_rate: Rate,
    /// Caps on the bytes in outboxes.
    pub outbox: Caps,
    /// The most bytes of incomplete messages and requests, over all connections.
    pub inbox_bytes: usize,
    /// What publishing presence may cost.
    pub presence: presence::Limits,
    /// What one phase may do in one turn.
    pub budgets: Budgets,
    /// The limits of a session.
    pub session: session::Limits,
    /// The limits of the chat.
    pub chat: chat::Limits,
    /// The local time zone, for protocols that show times in it.
    pub zone: Zone,
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
            job_timeout: Duration::from_secs(10),
            parked_requests: 4096,
            events_bytes: 512 * 1024,
            events_alive: Duration::from_secs(30),
            frame_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(5),
            linger_bytes: 256 * 1024,
            drain_timeout: Duration::from_secs(30),
            drain_rate: Rate::UNLIMITED,
            outbox: Caps { each: 1 << 20, echo: 34 << 20, all: 256 << 20 },
            inbox_bytes: 256 << 20,
            presence: presence::Limits::default(),
            budgets: Budgets::default(),
            session: session::Limits::default(),
            chat: chat::Limits::default(),
            zone: Zone::default(),
        }
    }
}

/// What one phase may do in one turn: a few milliseconds of work each.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Connections accepted.
    pub accepts: usize,
    /// Results of jobs taken.
    pub results: usize,
    /// Results taken while outboxes have a backlog.
    pub results_in_backlog: usize,
    /// Events queued by results, each counted once for each of its receivers. One result may exceed it.
    pub copies: usize,
    /// Bytes read at once from one connection: the size of the shared input buffer.
    pub read_bytes: usize,
    /// Bytes read from all connections.
    pub receive_bytes: usize,
    /// Connections read from.
    pub reads: usize,
    /// Timers looked at.
    pub timers: usize,
    /// Connections looked at by one slice of a sweep.
    pub sweep: usize,
    /// Connections ended by one slice of a drain.
    pub drain: usize,
    /// The pause between two slices of a drain.
    pub drain_pause: Duration,
    /// Slots looked at for an order of the operator.
    pub walk_slots: usize,
    /// Connections that something is done to for an order of the operator.
    pub walk_actions: usize,
    /// Messages that came back, and whose senders are told.
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
    /// The pause before accepting is tried again, after descriptors have run out.
    pub accept_pause: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        Budgets {
            accepts: 128,
            results: 256,
            results_in_backlog: 16,
            copies: 65_536,
            read_bytes: 32 * 1024,
            receive_bytes: 256 * 1024,
            reads: 512,
            timers: 1024,
            sweep: 256,
            drain: 256,
            drain_pause: Duration::from_millis(10),
            walk_slots: 4096,
            walk_actions: 256,
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
            ("answer", format!("{} results, {} copies", budgets.results, budgets.copies)),
            ("receive", format!("{} reads, {kib} KiB", budgets.reads)),
            (
                "expire",
                format!(
                    "{}; {}; {}; {}",
                    budgets.timers, budgets.sweep, budgets.drain, budgets.walk_actions
                ),
            ),
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
