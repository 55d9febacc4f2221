//! `GET /metrics`: everything that the turn has counted, in Prometheus' text format.

use super::VERSION;
use crate::chat::{Books, Fault, Figure, FigureKind, FigureValue, Reason};
use crate::metrics::Exposition;
use crate::session::{End, Refusal};
use crate::turn::Turn;
use crate::turn::records::counters::{NO_CLOSE_CODE, PRIVATE_CODE};
use crate::turn::records::recorder::Phase;
use crate::turn::tables::under_way::StoreState;

impl Turn {
    /// `GET /metrics`, in Prometheus' text format.
    pub(in crate::turn) fn metrics_page(&self) -> String {
        let mut page = Exposition::new();
        self.describe_connections(&mut page);
        self.describe_limits(&mut page);
        self.describe_messages(&mut page);
        self.describe_presence(&mut page);
        self.describe_jobs(&mut page);
        if self.chat.has_accounts() {
            self.describe_store(&mut page);
        }
        self.describe_turns(&mut page);
        self.describe_process(&mut page);
        page.finish()
    }

    fn describe_connections(&self, page: &mut Exposition) {
        let counters = &self.counters;
        page.gauge("switchboard_websockets", "WebSockets that are open.", self.websockets)
            .gauge(
                "switchboard_max_connections",
                "The most WebSockets that may be open.",
                self.limits.max_connections,
            )
            .gauge(
                "switchboard_connections",
                "Connections of every kind, with those that are ending.",
                self.connections.len(),
            )
            .gauge(
                "switchboard_connection_slots",
                "Connections for which memory is allocated.",
                self.connections.slots(),
            )
            .gauge_by(
                "switchboard_timers",
                "Timers that are set: at most one for each connection, and those of the chat.",
                "of",
                [("connections", self.wheel.len()), ("chat", self.chat.timers())],
            )
            .counter("switchboard_accepted_total", "Connections accepted.", counters.accepted)
            .counter(
                "switchboard_shed_total",
                "Connections refused when accepted: server full, or too many from one address.",
                counters.shed,
            )
            .counter(
                "switchboard_accept_exhausted_total",
                "Times that accepting failed because descriptors or memory ran out.",
                counters.exhausted,
            )
            .counter_by(
                "switchboard_limits_hit_total",
                "Times that a limit was hit. For a rate: periods of excess, not frames.",
                "limit",
                counters.limits_hit.iter(),
            )
            .counter("switchboard_upgrades_total", "Upgrades to WebSocket.", counters.upgrades)
            .counter_by(
                "switchboard_upgrades_refused_total",
                "Times that no WebSocket was opened, by reason.",
                "reason",
                Refusal::ALL.map(Refusal::word).into_iter().zip(counters.upgrades_refused),
            )
            .counter_by(
                "switchboard_connections_ended_total",
                "Connections by how they ended.",
                "outcome",
                End::OUTCOMES.into_iter().zip(counters.ended),
            );
        let answers: Vec<_> =
            counters.answers.iter().map(|(code, &n)| (code.to_string(), n)).collect();
        page.counter_by(
            "switchboard_answers_total",
            "Answers to HTTP requests by status, except for upgrades.",
            "status",
            answers.iter().map(|(status, n)| (status.as_str(), *n)),
        );
        let closes: Vec<_> = counters.closes.iter().map(|(&code, &n)| (label(code), n)).collect();
        page.counter_by(
            "switchboard_websocket_closes_total",
            "WebSockets by the close code that ended them; private: a client's code from 3000 on.",
            "code",
            closes.iter().map(|(code, n)| (code.as_str(), *n)),
        );
    }

    /// The messages of all realms together, then those of each realm that publishes its own.
    fn describe_messages(&self, page: &mut Exposition) {
        describe_books(page, "", OF_ALL, &self.books());
        for (realm, books) in self.chat.books() {
            if let Some(word) = realm.metrics_word() {
                describe_books(page, &format!("{word}_"), OF_ONE, books);
            }
        }
        for figure in self.chat.figures() {
            describe_figure(page, figure);
        }
        page.counter(
            "switchboard_typing_dropped_slow_total",
            "Typing notices dropped because the recipient's socket was full.",
            self.counters.typing_dropped,
        );
    }

    fn describe_presence(&self, page: &mut Exposition) {
        let counters = &self.counters;
        page.counter("switchboard_presence_lists_total", "Presence lists queued.", counters.lists)
            .counter("switchboard_presence_deltas_total", "Deltas queued.", counters.deltas)
            .counter(
                "switchboard_presence_bytes_total",
                "Bytes of lists and deltas queued.",
                counters.presence_bytes,
            )
            .counter(
                "switchboard_presence_encoded_total",
                "Lists and deltas encoded; all receivers share one.",
                counters.presence_encoded,
            );
    }

    fn describe_jobs(&self, page: &mut Exposition) {
        page.counter(
            "switchboard_jobs_total",
            "Jobs handed over to other threads.",
            self.counters.jobs,
        )
        .gauge(
            "switchboard_jobs_under_way",
            "Jobs whose results have not been taken yet.",
            self.under_way.len(),
        )
        .gauge(
            "switchboard_requests_waiting",
            "HTTP requests that wait for a reply.",
            self.parked.len(),
        )
        .gauge(
            "switchboard_connections_unread",
            "Connections that are not read: too much of what they said waits to be stored.",
            self.unheard.len(),
        )
        .counter(
            "switchboard_pings_total",
            "WebSocket pings to clients that want them and were silent.",
            self.counters.pings,
        );
    }

    /// The store: only of a server that has one.
    fn describe_store(&self, page: &mut Exposition) {
        let (now, store) = (self.now.monotonic, &self.under_way);
        let state = store.store_state(now);
        page.gauge_by(
            "switchboard_store_state",
            "1 for the state that the store is in, 0 for the others.",
            "state",
            StoreState::ALL.map(|one| (one.word(), u64::from(one == state))),
        )
        .gauge(
            "switchboard_store_jobs_waiting",
            "Jobs that the store has been given and has not answered.",
            store.of_store(),
        )
        .gauge(
            "switchboard_store_oldest_job_seconds",
            "How long the oldest of these has waited.",
            store.oldest(now),
        )
        .counter("switchboard_store_jobs_total", "Jobs that the store has answered.", store.done)
        .counter_by(
            "switchboard_store_jobs_failed_total",
            "Those of them that the store could not do.",
            "reason",
            store.failures(),
        )
        .counter(
            "switchboard_store_jobs_committed_total",
            "Jobs of transactions that wrote; divided by commits, the size of a batch.",
            store.committed,
        )
        .histogram(
            "switchboard_store_commit_seconds",
            "The time of a transaction that wrote: its statements, the commit and the sync.",
            &store.commits,
        )
        .gauge_by(
            "switchboard_store_bytes",
            "Bytes on disk: the files of the database and of its log.",
            "file",
            [("database", store.report.database_bytes), ("log", store.report.log_bytes)],
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
        .counter("switchboard_reads_total", "Reads that returned bytes.", counters.reads)
        .counter("switchboard_writes_total", "Writes of which bytes were taken.", counters.writes)
        .gauge(
            "switchboard_outbox_bytes",
            "Bytes queued in all outboxes.",
            self.outboxes.total_bytes(),
        )
        .gauge(
            "switchboard_inbox_bytes",
            "Bytes kept of incomplete messages and requests.",
            self.held_bytes,
        )
        .gauge(
            "switchboard_uptime_seconds",
            "Time since the start.",
            self.now.monotonic.since(self.started.monotonic),
        )
        .histogram(
            "switchboard_turn_seconds",
            "The time that a turn of the loop took, without waiting.",
            &counters.turn_time,
        )
        .histogram_by(
            "switchboard_phase_seconds",
            "The time that a phase of the turn took.",
            "phase",
            Phase::ALL.iter().map(|phase| phase.name()).zip(&counters.phase_time),
        )
        .histogram(
            "switchboard_loop_lag_seconds",
            "How much later than its deadline the loop woke up, if no event woke it earlier.",
            &counters.lag,
        );
    }

    /// The process, under the names that Prometheus recommends for every process. A figure that could not
    /// be read has no line.
    fn describe_process(&self, page: &mut Exposition) {
        let process = self.counters.process;
        page.gauge_by(
            "switchboard_build_info",
            "Always 1; the label says which version this is.",
            "version",
            [(VERSION, 1_u64)],
        )
        .gauge(
            "process_start_time_seconds",
            "When the process started, since the Unix epoch.",
            self.started.unix,
        )
        .counter_by(
            "switchboard_reloads_total",
            "Reloads of the settings by SIGHUP, by result.",
            "result",
            [("done", self.counters.reloads), ("refused", self.counters.reloads_refused)],
        );
        if let Some(cpu) = process.cpu {
            page.counter(
                "process_cpu_seconds_total",
                "CPU time of the process, user and system.",
                cpu,
            );
        }
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Resident memory of the process.",
                process.resident_bytes,
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory of the process.",
                process.virtual_bytes,
            ),
            ("process_open_fds", "Descriptors that are open.", process.open_descriptors),
            ("process_max_fds", "The most open descriptors.", process.most_descriptors),
        ] {
            if let Some(value) = value {
                page.gauge(name, help, value);
            }
        }
    }
}

/// The help texts of a ledger's five families: received, refused, undelivered, delivered, in outboxes.
type Helps = [&'static str; 5];

const OF_ALL: Helps = [
    "Messages from people: refused + undelivered + delivered + in outboxes.",
    "Messages answered with an error.",
    "Messages whose recipient was offline, or was disconnected for reading too slowly.",
    "Messages whose last byte the kernel took for the recipient's socket.",
    "Messages queued, or about to be reported as undelivered.",
];

const OF_ONE: Helps = [
    "Messages of this realm.",
    "Messages of this realm that were answered with an error.",
    "Messages of this realm that reached none of the recipient's devices.",
    "Messages of this realm that reached the first of the recipient's devices.",
    "Messages of this realm that are on their way to a first device.",
];

fn describe_books(page: &mut Exposition, word: &str, helps: Helps, books: &Books) {
    let name = |what: &str| format!("switchboard_{word}messages_{what}");
    let [received, refused, undelivered, delivered, in_outboxes] = helps;
    page.counter(&name("received_total"), received, books.received)
        .counter_by(
            &name("refused_total"),
            refused,
            "reason",
            Fault::ALL.map(|fault| (fault.word(), books.refused(fault))),
        )
        .counter_by(
            &name("undelivered_total"),
            undelivered,
            "reason",
            Reason::ALL.map(|reason| (reason.word(), books.undelivered(reason))),
        )
        .counter(&name("delivered_total"), delivered, books.delivered)
        .gauge(&name("in_outboxes"), in_outboxes, books.in_flight);
}

/// Writes a figure of a realm as one family.
fn describe_figure(page: &mut Exposition, figure: Figure) {
    let Figure { name, help, kind, value } = figure;
    match (kind, value) {
        (FigureKind::Counter, FigureValue::One(value)) => page.counter(name, help, value),
        (FigureKind::Gauge, FigureValue::One(value)) => page.gauge(name, help, value),
        (FigureKind::Counter, FigureValue::By { label, samples }) => {
            page.counter_by(name, help, label, samples)
        }
        (FigureKind::Gauge, FigureValue::By { label, samples }) => {
            page.gauge_by(name, help, label, samples)
        }
    };
}

fn label(code: u16) -> String {
    match code {
        NO_CLOSE_CODE => "none".to_owned(),
        PRIVATE_CODE => "private".to_owned(),
        code => code.to_string(),
    }
}
