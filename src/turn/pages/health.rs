//! `GET /health`: whether the server is well, for load balancers and people.

use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::{VERSION, json};
use crate::turn::{StoreState, Turn};

/// The fields of `GET /health`.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    /// The number of open WebSockets.
    connections: usize,
    /// The present time: ISO 8601, UTC.
    timestamp: String,
    /// The number of invitations in memory.
    invitations: usize,
    /// The number of pairs of contacts in the messenger realm.
    conversations: usize,
    uptime_seconds: u64,
    /// How the store is. Not there without accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<&'static str>,
    version: &'static str,
}

impl Turn {
    /// `GET /health`, as JSON.
    pub(in crate::turn) fn health_page(&self) -> String {
        let time = UNIX_EPOCH + Duration::from_secs(self.now.unix.as_secs());
        let census = self.chat.census();
        json(&Health {
            status: if self.drain.is_some() { "draining" } else { "ok" },
            connections: self.websockets,
            timestamp: humantime::format_rfc3339_seconds(time).to_string(),
            invitations: census.invitations,
            conversations: census.conversations,
            uptime_seconds: self.now.monotonic.since(self.started.monotonic).as_secs(),
            store: self.store_state().map(StoreState::word),
            version: VERSION,
        })
    }
}
