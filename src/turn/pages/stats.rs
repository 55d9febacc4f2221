//! `GET /stats`: the numbers of people and conversations. The ids of those online are for the operator
//! alone. PAGES.md, beside this file, explains every field.

use serde::Serialize;

use super::json;
use crate::chat::Fault;
use crate::turn::Turn;

/// The fields of `GET /stats`: those of two protocols in one answer. A number is 0 if the server has no such
/// thing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats<'a> {
    active_connections: usize,
    total_invitations: u64,
    total_conversations: usize,
    pending_invitations: usize,
    /// Ids of the people of the messenger realm who are online, for the operator.
    active_users: Vec<&'a str>,
    /// The number of registered users.
    #[serde(rename = "total_users")]
    accounts: usize,
    /// The number of messages taken since the start, of all realms.
    #[serde(rename = "total_messages")]
    messages: u64,
    #[serde(rename = "active_connections")]
    connections: usize,
    #[serde(rename = "active_sessions")]
    people: usize,
}

impl Turn {
    /// `GET /stats`, as JSON.
    pub(in crate::turn) fn stats_page(&self, names: bool) -> String {
        let census = self.chat.census();
        let books = self.books();
        let refused: u64 = Fault::ALL.map(|fault| books.refused(fault)).iter().sum();
        let active_users = if names { self.chat.ids_online().collect() } else { Vec::new() };
        json(&Stats {
            active_connections: self.websockets,
            total_invitations: census.invitations_sent,
            total_conversations: census.conversations,
            pending_invitations: census.pending_invitations,
            active_users,
            accounts: census.users,
            messages: books.received - refused + census.messages_of_users,
            connections: self.websockets,
            people: census.online + census.users_online,
        })
    }
}
