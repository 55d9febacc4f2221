//! [`Census`]: how many connections there are of which kinds. [`List`]: one page of them, one by one.
//!
//! Both are filled by a walk, connection by connection.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::chat::ConnectionId;
use crate::dialects::operator::{Filter, connection_text, wire};
use crate::turn::Turn;
use crate::turn::pages::VERSION;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Open WebSockets by kind.
#[derive(Debug, Default)]
pub(super) struct Census {
    realms: BTreeMap<&'static str, usize>,
    dialects: BTreeMap<&'static str, usize>,
    ages: wire::Ages,
}

/// A page of open WebSockets.
#[derive(Debug)]
pub(super) struct List {
    filter: Filter,
    limit: usize,
    rows: Vec<wire::Connection>,
    /// The slot of the last row.
    last: usize,
}

impl List {
    pub(super) fn new(filter: Filter, limit: usize) -> Box<Self> {
        Box::new(List { filter, limit, rows: Vec::new(), last: 0 })
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    pub(super) fn page(self) -> wire::Connections {
        // A full page may be the last one. The next is empty then.
        let next = self.is_full().then_some(self.last);
        wire::Connections { connections: self.rows, next }
    }
}

impl Turn {
    /// The person of a connection, as the operator sees it.
    pub(super) fn person(&self, id: ConnectionId) -> Option<wire::Person> {
        let name = self.chat.name_at(id)?;
        let who = self.tag_of(id).map(|tag| format!("{tag:08x}")).unwrap_or_default();
        Some(wire::Person { realm: name.realm(), id: name.text().into_owned(), who })
    }

    /// Counts a connection.
    pub(super) fn count(&self, census: &mut Census, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let realm = self.chat.name_at(id).map_or("none", |name| name.realm());
        *census.realms.entry(realm).or_default() += 1;
        let dialect = self.outboxes.dialect(id).map_or("none", |dialect| dialect.word());
        *census.dialects.entry(dialect).or_default() += 1;
        let ages = &mut census.ages;
        *match connection.tally.age(self.now.monotonic) {
            age if age < MINUTE => &mut ages.under_1m,
            age if age < HOUR => &mut ages.under_1h,
            age if age < DAY => &mut ages.under_1d,
            _ => &mut ages.over_1d,
        } += 1;
    }

    /// Lists a connection, if it is one of those that are wanted. Returns whether it is.
    pub(super) fn list(&self, list: &mut List, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let Filter { realm, network } = list.filter;
        if network.is_some_and(|network| !connection.block.is_in(network)) {
            return false;
        }
        let person = self.person(id);
        if realm.is_some_and(|realm| person.as_ref().is_none_or(|one| one.realm != realm)) {
            return false;
        }
        let now = self.now.monotonic;
        let (messages_in, messages_out) = connection.tally.messages();
        list.last = id.index();
        list.rows.push(wire::Connection {
            connection: connection_text(id),
            person,
            dialect: self.outboxes.dialect(id).map_or("none", |dialect| dialect.word()),
            address: connection.block.to_string(),
            age_seconds: connection.tally.age(now).as_secs(),
            silent_seconds: now.since(connection.heard).as_secs(),
            messages_in,
            messages_out,
            outbox_bytes: self.outboxes.bytes_of(id),
        });
        true
    }

    /// `GET /api/status`, once all are counted.
    pub(super) fn status_page(&self, census: &Census) -> wire::Status {
        wire::Status {
            status: if self.drain.is_some() { "draining" } else { "ok" },
            version: VERSION,
            uptime_seconds: self.now.monotonic.since(self.started.monotonic).as_secs(),
            connections: self.websockets,
            max_connections: self.limits.max_connections,
            realms: census.realms.clone(),
            dialects: census.dialects.clone(),
            ages: census.ages,
        }
    }
}
