//! `GET /stats`: how many people and conversations there are. Who is online is for the operator alone.

use serde::Serialize;

use super::json;
use crate::turn::Turn;

/// `GET /stats`: two protocols' fields in one answer. What does not exist is 0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    active_connections: usize,
    total_invitations: u64,
    total_conversations: usize,
    pending_invitations: usize,
    /// Ids of the people of the messenger realm who are online, for the operator.
    active_users: Vec<&'a str>,
    /// Accounts, of which there are none without a place to store them.
    #[serde(rename = "total_users")]
    accounts: usize,
    #[serde(rename = "total_messages")]
    stored_messages: usize,
    #[serde(rename = "active_connections")]
    connections: usize,
    #[serde(rename = "active_sessions")]
    people: usize,
}

impl Turn {
    /// `GET /stats`, as JSON.
    pub(in crate::turn) fn stats_page(&self, names: bool) -> String {
        let census = self.chat.census();
        let active_users = if names { self.chat.ids_online().collect() } else { Vec::new() };
        json(&Stats {
            active_connections: self.websockets,
            total_invitations: census.invitations_sent,
            total_conversations: census.conversations,
            pending_invitations: census.pending_invitations,
            active_users,
            accounts: 0,
            stored_messages: 0,
            connections: self.websockets,
            people: census.online,
        })
    }
}
