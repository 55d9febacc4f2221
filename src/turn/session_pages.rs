//! What the server's own pages say of the `session` realm: `/stats`, and its share of `/metrics`.
//!
//! Who is online there is nobody's business but the operator's. All else is numbers.

use serde::Serialize;

use super::Turn;

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
    pub(super) fn stats_page(&self, names: bool) -> String {
        let realm = &self.chat.messenger;
        let active_users = if names { realm.online().collect() } else { Vec::new() };
        let stats = Stats {
            active_connections: self.websockets,
            total_invitations: realm.counters().invitations_sent,
            total_conversations: realm.conversations(),
            pending_invitations: realm.pending_invitations(),
            active_users,
            accounts: 0,
            stored_messages: 0,
            connections: self.websockets,
            sessions: realm.online().len(),
        };
        serde_json::to_string(&stats).expect("numbers and plain strings always serialise")
    }
}
