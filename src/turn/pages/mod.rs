//! The server's own pages: what it is, whether it takes people in, and in files of their own whether it
//! is well, whom it serves, and what it has counted. The session asks for them, by way of its host.

mod health;
mod metrics;
mod stats;

use serde::Serialize;

use super::Turn;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `GET /`.
#[derive(Serialize)]
struct Index {
    status: &'static str,
    version: &'static str,
    active_connections: usize,
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
    pub(in crate::turn) fn readiness(&self) -> Result<(), &'static str> {
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
    pub(in crate::turn) fn ready_page(&self) -> String {
        json(&Ready {
            status: self.readiness().err().unwrap_or("ready"),
            connections: self.websockets,
            max_connections: self.limits.max_connections,
        })
    }

    /// `GET /`, as JSON.
    pub(in crate::turn) fn index_page(&self) -> String {
        json(&Index {
            status: "Server is running",
            version: VERSION,
            active_connections: self.websockets,
        })
    }
}

fn json(page: &impl Serialize) -> String {
    serde_json::to_string(page).expect("numbers and plain strings always serialise")
}
