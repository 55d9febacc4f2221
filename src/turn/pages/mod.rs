//! The server's own pages. The small ones, `/` and `/ready`, are here; the others have a file each.
//!
//! A session asks for them through its host. Making one is synchronous, and its bytes count against the
//! budget of the receive phase.

mod health;
mod limits;
mod metrics;
mod stats;

use serde::Serialize;

use super::{StoreState, Turn};
use crate::session::OpenRealms;

pub(in crate::turn) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The fields of `GET /`.
#[derive(Serialize)]
struct Index {
    status: &'static str,
    version: &'static str,
    active_connections: usize,
    /// The realms that are open.
    realms: Vec<&'static str>,
}

/// The fields of `GET /ready`.
#[derive(Serialize)]
struct Ready {
    /// `ready`, or a word for why the server is not.
    status: &'static str,
    /// The number of open WebSockets.
    connections: usize,
    /// The most open WebSockets.
    max_connections: usize,
    /// How the store is. Not there without accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<&'static str>,
}

impl Turn {
    /// How the store is, if there is one.
    pub fn store_state(&self) -> Option<StoreState> {
        self.chat.has_accounts().then(|| self.under_way.store_state(self.now.monotonic))
    }

    /// Whether new clients should come to this server; otherwise a word for why not. A store that does not
    /// write concerns its users alone, and another server may serve them better.
    pub(in crate::turn) fn readiness(&self) -> Result<(), &'static str> {
        if self.drain.is_some() {
            Err("draining")
        } else if self.websockets >= self.limits.max_connections {
            Err("full")
        } else if self.accept_again.is_some() {
            Err("out of descriptors")
        } else if let Some(StoreState::Failed(_)) = self.store_state() {
            Err("store")
        } else {
            Ok(())
        }
    }

    /// `GET /ready`, as JSON.
    pub(in crate::turn) fn ready_page(&self) -> String {
        json(&Ready {
            status: self.readiness().err().unwrap_or("ready"),
            connections: self.websockets,
            max_connections: self.limits.max_connections,
            store: self.store_state().map(StoreState::word),
        })
    }

    /// `GET /`, as JSON.
    pub(in crate::turn) fn index_page(&self) -> String {
        let realms = self.limits.session.realms;
        json(&Index {
            status: "Server is running",
            version: VERSION,
            active_connections: self.websockets,
            realms: OpenRealms { account: realms.account && self.chat.has_accounts(), ..realms }
                .words()
                .collect(),
        })
    }
}

fn json(page: &impl Serialize) -> String {
    serde_json::to_string(page).expect("numbers and plain strings always serialise")
}
