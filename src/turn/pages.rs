//! The server's own pages: what it is, whether it is well, what it has counted.

use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::Turn;
use super::ledger::{NO_CLOSE_CODE, PRIVATE_CODE};
use super::recorder::Phase;
use crate::metrics::Exposition;
use crate::session::End;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `GET /`.
#[derive(Serialize)]
struct Index {
    status: &'static str,
    version: &'static str,
    active_connections: usize,
}

/// `GET /health`.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// WebSockets that are open.
    connections: usize,
    /// ISO 8601, UTC.
    timestamp: String,
    /// Invitations in memory.
    invitations: usize,
    /// Pairs of contacts in the `session` realm.
    conversations: usize,
    uptime_seconds: u64,
    version: &'static str,
}

/// `GET /ready`.
#[derive(Serialize)]
struct Ready {
    /// `ready`, or why not.
    status: &'static str,
    /// WebSockets that are open, and that may be.
    connections: usize,
    max_connections: usize,
}

impl Turn {
    /// Whether somebody new would be let in, or in a word why not.
    pub(super) fn readiness(&self) -> Result<(), &'static str> {
        if self.drain.is_some() {
            Err("draining")
        } else if self.websockets >= self.limits.max_connections {
            Err("full")
        } else if self.accept_again.is_some() {
            Err("out of descriptors")
        } else {
            Ok(())
        }
    }

    /// `GET /ready`, as JSON.
    pub(super) fn ready_page(&self) -> String {
        json(&Ready {
            status: self.readiness().err().unwrap_or("ready"),
            connections: self.websockets,
            max_connections: self.limits.max_connections,
        })
    }

    /// `GET /`, as JSON.
    pub(super) fn index_page(&self) -> String {
        json(&Index {
            status: "Server is running",
            version: VERSION,
            active_connections: self.websockets,
        })
    }

    /// `GET /health`, as JSON.
    pub(super) fn health_page(&self) -> String {
        let time = UNIX_EPOCH + Duration::from_secs(self.now.unix.as_secs());
        json(&Health {
            status: if self.drain.is_some() { "draining" } else { "ok" },
            connections: self.websockets,
            timestamp: humantime::format_rfc3339_seconds(time).to_string(),
            invitations: self.chat.messenger.invitations(),
            conversations: self.chat.messenger.conversations(),
            uptime_seconds: self.now.monotonic.since(self.started.monotonic).as_secs(),
            version: VERSION,
        })
    }

    /// `GET /metrics`, in Prometheus' text format.
    pub(super) fn metrics_page(&self) -> String {
        let mut page = Exposition::new();
        self.describe_connections(&mut page);
        self.describe_messages(&mut page);
        self.describe_sessions(&mut page);
        self.describe_presence(&mut page);
        self.describe_turns(&mut page);
        self.describe_process(&mut page);
        page.finish()
    }

    fn describe_connections(&self, page: &mut Exposition) {
        let counters = &self.counters;
        page.gauge("switchboard_websockets", "WebSockets that are open.", self.websockets)
            .gauge(
                "switchboard_connections",
                "Sockets of every kind, ending ones included.",
                self.connections.len(),
            )
            .gauge(
                "switchboard_connection_slots",
                "Connections that there is memory for.",
                self.connections.slots(),
            )
            .gauge_by(
                "switchboard_timers",
                "Timers under way: at most one for each connection, and those of the chat.",
                "of",
                [("connections", self.wheel.len()), ("chat", self.chat.timers())],
            )
            .counter("switchboard_accepted_total", "Connections accepted.", counters.accepted)
            .counter(
                "switchboard_shed_total",
                "Connections turned away on the spot: a full house, or too many from one address.",
                counters.shed,
            )
            .counter(
                "switchboard_accept_exhausted_total",
                "Times that accepting failed for want of descriptors or memory.",
                counters.exhausted,
            )
            .counter_by(
                "switchboard_limits_hit_total",
                "Times that somebody ran into a limit; excesses of a rate, not frames.",
                "limit",
                counters.limits_hit.iter(),
            )
            .counter("switchboard_upgrades_total", "Upgrades to WebSocket.", counters.upgrades)
            .counter_by(
                "switchboard_connections_ended_total",
                "Connections by how they ended.",
                "outcome",
                End::OUTCOMES.into_iter().zip(counters.ended),
            );
        let closes: Vec<_> = counters.closes.iter().map(|(&code, &n)| (label(code), n)).collect();
        page.counter_by(
            "switchboard_websocket_closes_total",
            "WebSockets by the close code that ended them; private: 3000 to 4999, by the client.",
            "code",
            closes.iter().map(|(code, n)| (code.as_str(), *n)),
        );
    }

    fn describe_messages(&self, page: &mut Exposition) {
        let ledger = self.ledger();
        page.counter(
            "switchboard_messages_received_total",
            "Messages from people: refused + undelivered + delivered + in outboxes.",
            ledger.received,
        )
        .counter_by(
            "switchboard_messages_refused_total",
            "Messages answered with an error.",
            "reason",
            [
                ("malformed", ledger.refused_malformed),
                ("too_long", ledger.refused_too_long),
                ("not_invited", ledger.refused_not_invited),
            ],
        )
        .counter_by(
            "switchboard_messages_undelivered_total",
            "Messages whose recipient was offline, or given up for reading too slowly.",
            "reason",
            [("offline", ledger.undelivered_offline), ("slow", ledger.undelivered_slow)],
        )
        .counter(
            "switchboard_messages_delivered_total",
            "Messages whose last byte the kernel took for the recipient's socket.",
            ledger.delivered,
        )
        .gauge(
            "switchboard_messages_in_outboxes",
            "Messages queued, or about to be reported as undelivered.",
            ledger.in_outboxes,
        );
        let chat = self.chat.mobile.counters();
        page.counter_by(
            "switchboard_relayed_total",
            "Typing notices, receipts and signals passed on.",
            "kind",
            [
                ("typing", chat.typing.relayed),
                ("receipt", chat.receipts.relayed),
                ("signal", chat.signals.relayed),
            ],
        )
        .counter_by(
            "switchboard_relay_dropped_total",
            "The same, dropped because the recipient was offline.",
            "kind",
            [
                ("typing", chat.typing.dropped),
                ("receipt", chat.receipts.dropped),
                ("signal", chat.signals.dropped),
            ],
        )
        .counter(
            "switchboard_typing_dropped_slow_total",
            "Typing notices dropped because the recipient's socket was full.",
            self.counters.typing_dropped,
        )
        .counter("switchboard_joins_total", "Numbers that came online.", chat.joins)
        .counter("switchboard_leaves_total", "Numbers that went offline.", chat.leaves)
        .counter(
            "switchboard_replacements_total",
            "Connections that took over a number from an older one.",
            chat.replacements,
        )
        .counter(
            "switchboard_replacements_refused_total",
            "Connections refused because a number changed hands too often.",
            chat.replacements_refused,
        );
    }

    fn describe_presence(&self, page: &mut Exposition) {
        let counters = &self.counters;
        page.gauge(
            "switchboard_numbers_online",
            "Numbers that are online.",
            self.chat.mobile.online().len(),
        )
        .counter("switchboard_presence_lists_total", "Presence lists queued.", counters.lists)
        .counter("switchboard_presence_deltas_total", "Deltas queued.", counters.deltas)
        .counter(
            "switchboard_presence_bytes_total",
            "Bytes of lists and deltas queued.",
            counters.presence_bytes,
        )
        .counter(
            "switchboard_presence_encoded_total",
            "Lists and deltas encoded; each is shared by all who get it.",
            counters.presence_encoded,
        );
    }

    fn describe_turns(&self, page: &mut Exposition) {
        let counters = &self.counters;
        page.counter(
            "switchboard_received_bytes_total",
            "Bytes read from all sockets.",
            counters.bytes_received,
        )
        .counter(
            "switchboard_sent_bytes_total",
            "Bytes written to all sockets.",
            counters.bytes_sent,
        )
        .counter("switchboard_reads_total", "Reads that brought something.", counters.reads)
        .counter("switchboard_writes_total", "Writes that took something.", counters.writes)
        .gauge(
            "switchboard_outbox_bytes",
            "Bytes queued in all outboxes.",
            self.outboxes.total_bytes(),
        )
        .gauge(
            "switchboard_inbox_bytes",
            "Bytes kept of what has not arrived in full.",
            self.held_bytes,
        )
        .gauge(
            "switchboard_uptime_seconds",
            "Time since the start.",
            self.now.monotonic.since(self.started.monotonic),
        )
        .histogram(
            "switchboard_turn_seconds",
            "How long a turn of the loop took, waiting excluded.",
            &counters.turn_time,
        )
        .histogram_by(
            "switchboard_phase_seconds",
            "The same, by phase of the turn.",
            "phase",
            Phase::ALL.iter().map(|phase| phase.name()).zip(&counters.phase_time),
        )
        .histogram(
            "switchboard_loop_lag_seconds",
            "How much later than its deadline the loop woke up, where no event woke it before.",
            &counters.lag,
        );
    }

    /// Under the names that Prometheus recommends to every process.
    fn describe_process(&self, page: &mut Exposition) {
        let process = self.counters.process;
        page.gauge_by(
            "switchboard_build_info",
            "Always 1; the label says which version this is.",
            "version",
            [(VERSION, 1_u64)],
        )
        .counter(
            "process_cpu_seconds_total",
            "CPU time of the process, user and system.",
            process.cpu,
        )
        .gauge(
            "process_resident_memory_bytes",
            "Memory that the process occupies.",
            process.resident_bytes,
        )
        .gauge(
            "process_virtual_memory_bytes",
            "Memory that the process has addresses for.",
            process.virtual_bytes,
        )
        .gauge("process_max_fds", "Descriptors that may be open.", process.most_descriptors)
        .gauge(
            "process_start_time_seconds",
            "When the process started, since the Unix epoch.",
            self.started.unix,
        );
        if let Some(open) = process.open_descriptors {
            page.gauge("process_open_fds", "Descriptors that are open.", open);
        }
    }
}

fn label(code: u16) -> String {
    match code {
        NO_CLOSE_CODE => "none".to_owned(),
        PRIVATE_CODE => "private".to_owned(),
        code => code.to_string(),
    }
}

pub(super) fn json(page: &impl Serialize) -> String {
    serde_json::to_string(page).expect("numbers and plain strings always serialise")
}
