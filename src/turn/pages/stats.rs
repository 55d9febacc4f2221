//! What the server's own pages say of the `session` realm: `/stats`, and its share of `/metrics`.
//!
//! Who is online there is nobody's business but the operator's. All else is numbers.

use serde::Serialize;

use super::json;
use crate::metrics::Exposition;
use crate::turn::{Realm, Turn};

/// `GET /stats`: two protocols' fields in one answer. What does not exist is 0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    active_connections: usize,
    total_invitations: u64,
    total_conversations: usize,
    pending_invitations: usize,
    /// Ids of sessions that are online, for the operator.
    active_users: Vec<&'a str>,
    /// Accounts, of which there are none without a place to store them.
    #[serde(rename = "total_users")]
    accounts: usize,
    #[serde(rename = "total_messages")]
    stored_messages: usize,
    #[serde(rename = "active_connections")]
    connections: usize,
    #[serde(rename = "active_sessions")]
    sessions: usize,
}

impl Turn {
    /// `GET /stats`, as JSON.
    pub(in crate::turn) fn stats_page(&self, names: bool) -> String {
        let realm = &self.chat.messenger;
        let active_users = if names { realm.online().collect() } else { Vec::new() };
        json(&Stats {
            active_connections: self.websockets,
            total_invitations: realm.counters().invitations_sent,
            total_conversations: realm.conversations(),
            pending_invitations: realm.pending_invitations(),
            active_users,
            accounts: 0,
            stored_messages: 0,
            connections: self.websockets,
            sessions: realm.online().len(),
        })
    }

    /// The realm's share of `/metrics`.
    pub(super) fn describe_sessions(&self, page: &mut Exposition) {
        let realm = &self.chat.messenger;
        let counters = realm.counters();
        page.gauge("switchboard_sessions", "Sessions that are online.", realm.online().len())
            .counter(
                "switchboard_session_joins_total",
                "Sessions that came online.",
                counters.joins,
            )
            .counter(
                "switchboard_session_leaves_total",
                "Sessions whose last device went offline.",
                counters.leaves,
            )
            .counter_by(
                "switchboard_session_devices_total",
                "Devices that signed in to a session, that went, and that were too many.",
                "event",
                [
                    ("joined", counters.devices_joined),
                    ("left", counters.devices_left),
                    ("refused", counters.devices_refused),
                ],
            )
            .gauge(
                "switchboard_session_contacts",
                "Pairs of contacts, the offline ones included.",
                realm.conversations(),
            )
            .counter_by(
                "switchboard_session_contacts_total",
                "Pairs that became contacts, were forgotten, or found no room.",
                "event",
                [
                    ("made", counters.contacts_made),
                    ("forgotten", counters.contacts_forgotten),
                    ("refused", counters.contacts_refused),
                ],
            );
        self.describe_session_messages(page);
        self.describe_invitations(page);
    }

    /// The ledger of this realm alone; without its name the metrics are those of all realms.
    fn describe_session_messages(&self, page: &mut Exposition) {
        let ledger = self.ledger_of(Realm::Session);
        let counters = self.chat.messenger.counters();
        page.counter(
            "switchboard_session_messages_received_total",
            "Of all messages, those of sessions.",
            ledger.received,
        )
        .counter_by(
            "switchboard_session_messages_refused_total",
            "The same, refused.",
            "reason",
            [
                ("malformed", ledger.refused_malformed),
                ("too_long", ledger.refused_too_long),
                ("not_invited", ledger.refused_not_invited),
            ],
        )
        .counter_by(
            "switchboard_session_messages_undelivered_total",
            "The same, undelivered.",
            "reason",
            [("offline", ledger.undelivered_offline), ("slow", ledger.undelivered_slow)],
        )
        .counter(
            "switchboard_session_messages_delivered_total",
            "The same, delivered to the first of the recipient's devices.",
            ledger.delivered,
        )
        .gauge(
            "switchboard_session_messages_in_outboxes",
            "The same, on their way to a first device.",
            ledger.in_outboxes,
        )
        .counter(
            "switchboard_session_messages_read_total",
            "Messages that their recipient marked as read.",
            counters.messages_read,
        )
        .counter_by(
            "switchboard_session_reads_lost_total",
            "Notes that a message was read, when there was none to mark; messages forgotten before.",
            "reason",
            [("refused", counters.reads_refused), ("forgotten", counters.messages_forgotten)],
        )
        .counter(
            "switchboard_session_statuses_total",
            "Words about what became of a message, one for each device told.",
            counters.statuses,
        )
        .counter_by(
            "switchboard_session_typing_total",
            "Typing notices passed on, dropped, and ended by the server itself.",
            "event",
            [
                ("relayed", counters.typing_relayed),
                ("dropped", counters.typing_dropped),
                ("ended", counters.typing_ended),
            ],
        );
    }

    fn describe_invitations(&self, page: &mut Exposition) {
        let realm = &self.chat.messenger;
        let counters = realm.counters();
        page.gauge(
            "switchboard_invitations_pending",
            "Invitations that wait for an answer.",
            realm.pending_invitations(),
        )
        .gauge(
            "switchboard_invitations",
            "Invitations in memory: pending ones, and answers that wait for their sender.",
            realm.invitations(),
        )
        .counter("switchboard_invitations_total", "Invitations taken.", counters.invitations_sent)
        .counter_by(
            "switchboard_invitations_answered_total",
            "Invitations by outcome.",
            "outcome",
            [
                ("accepted", counters.invitations_accepted),
                ("declined", counters.invitations_declined),
                ("expired", counters.invitations_expired),
            ],
        )
        .counter_by(
            "switchboard_invitations_refused_total",
            "Invitations answered with an error: to oneself, known already, or over a quota.",
            "reason",
            [
                ("own", counters.invitations_refused_own),
                ("duplicate", counters.invitations_refused_duplicate),
                ("sender", counters.invitations_refused_sender),
                ("recipient", counters.invitations_refused_recipient),
                ("in_all", counters.invitations_refused_in_all),
            ],
        )
        .counter_by(
            "switchboard_invitation_answers_lost_total",
            "Answers to what was not there, and answers that nobody came to hear.",
            "reason",
            [("refused", counters.answers_refused), ("forgotten", counters.answers_forgotten)],
        );
    }
}
