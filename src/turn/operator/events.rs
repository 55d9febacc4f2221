//! [`Events`]: what happens, told to the operator as it happens: one JSON object a line, over `GET /events`.
//!
//! All lines of a turn are one chunk of HTTP (RFC 9112 §7.1), which all readers share. It is queued before the
//! send phase; what happens in that phase or later is told in the next turn. A reader that does not take its
//! bytes loses lines, and hears how many in a `gap`, once there is room again: the server neither waits for a
//! reader nor keeps more for it than a limit. No line has anything that a person wrote, except for names. Without
//! a reader, each place that tells something is one comparison.

use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use crate::chat::{ConnectionId, Kind, Name, Reason};
use crate::dialects::operator::{connection_text, wire};
use crate::limiter::Hits;
use crate::session::End;
use crate::turn::Turn;
use crate::turn::tables::outbox::Outboxes;
use crate::turn::tables::parcel::Parcel;

/// What is told, and to which readers.
#[derive(Debug, Default)]
pub(in crate::turn) struct Events {
    readers: Vec<Reader>,
    /// The lines of this turn.
    lines: Lines,
    /// How often each limit had been hit when that was told last.
    hits: Hits,
}

/// A connection that hears the events.
#[derive(Debug)]
struct Reader {
    id: ConnectionId,
    /// Whether it has not been told yet that the stream is open: the head of the answer comes first.
    is_new: bool,
    /// How many lines it has lost since it heard the last one.
    lost: u64,
}

/// Lines that are not queued yet.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    count: u64,
    /// Lines that there was no room for.
    lost: u64,
}

impl Lines {
    /// Appends a line, if there is room.
    fn push(&mut self, most: usize, line: &impl Serialize) {
        let before = self.bytes.len();
        serde_json::to_writer(&mut self.bytes, line).expect("a Vec takes whatever is written");
        self.bytes.push(b'\n');
        if self.bytes.len() > most {
            self.bytes.truncate(before);
            self.lost += 1;
        } else {
            self.count += 1;
        }
    }
}

impl Events {
    /// Whether a connection follows the events.
    pub(in crate::turn) fn is_on(&self) -> bool {
        !self.readers.is_empty()
    }

    /// The number of readers.
    pub(in crate::turn) fn readers(&self) -> usize {
        self.readers.len()
    }

    /// Whether there are lines to queue, or a reader that has lost some and has room now.
    pub(in crate::turn) fn has_work(&self, outboxes: &Outboxes) -> bool {
        self.is_on()
            && (self.lines.count + self.lines.lost > 0
                || self.readers.iter().any(|one| one.lost > 0 && outboxes.is_empty(one.id)))
    }

    /// Forgets a reader that ends.
    pub(in crate::turn) fn forget(&mut self, id: ConnectionId) {
        self.readers.retain(|reader| reader.id != id);
    }

    /// Tells that a message did not reach its recipient. Called by the sink, while the chat runs.
    pub(in crate::turn) fn undelivered(
        &mut self,
        (time, most): (Duration, usize),
        from: &Name<'_>,
        to: &Name<'_>,
        reason: Reason,
    ) {
        let time = rfc3339(time);
        let (from, to) = (from.text(), to.text());
        let reason = reason.word();
        self.lines.push(most, &wire::Event::Undelivered { time, from: &from, to: &to, reason });
    }
}

impl Turn {
    /// Lets a connection hear the events from now on. Returns false if as many do as may.
    pub(super) fn listen(&mut self, id: ConnectionId) -> bool {
        // One connection of the operator's listener stays free for orders.
        let most = self.limits.admin_connections.saturating_sub(1);
        if self.operator.events.readers() >= most {
            return false;
        }
        if !self.operator.events.is_on() {
            self.operator.events = Events { hits: self.counters.limits_hit, ..Events::default() };
        }
        self.operator.events.readers.push(Reader { id, is_new: true, lost: 0 });
        true
    }

    /// Tells a reader that its stream is alive.
    pub(in crate::turn) fn tell_alive(&mut self, id: ConnectionId) {
        let bytes = line_chunk(&wire::Event::Alive { time: rfc3339(self.now.unix) });
        self.outboxes.queue(id, Parcel::new(&bytes, bytes.len(), Kind::ForConnection));
    }

    /// Tells that a person has a new WebSocket.
    pub(in crate::turn) fn tell_connected(&mut self, id: ConnectionId) {
        if !self.operator.events.is_on() {
            return;
        }
        let Some(who) = self.who(id, id) else { return };
        self.push_line(&wire::Event::Connected { time: rfc3339(self.now.unix), who });
    }

    /// Tells that a WebSocket of the person at `person` ends.
    pub(in crate::turn) fn tell_disconnected(
        &mut self,
        id: ConnectionId,
        person: ConnectionId,
        end: End,
    ) {
        if !self.operator.events.is_on() {
            return;
        }
        let Some(who) = self.who(id, person) else { return };
        let lasted = self.connections.get(id).map(|one| one.tally.age(self.now.monotonic));
        let lasted_ms = lasted.unwrap_or_default().as_millis() as u64;
        let (time, outcome) = (rfc3339(self.now.unix), End::OUTCOMES[end.outcome()]);
        self.push_line(&wire::Event::Disconnected { time, who, outcome, lasted_ms });
    }

    /// Tells that the server has begun to drain.
    pub(in crate::turn) fn tell_draining(&mut self) {
        if self.operator.events.is_on() {
            let (time, connections) = (rfc3339(self.now.unix), self.websockets);
            self.push_line(&wire::Event::Draining { time, connections });
        }
    }

    /// Queues what has happened since the last call. The turn calls it before the send phase.
    pub(in crate::turn) fn publish_events(&mut self) {
        if !self.operator.events.is_on() {
            return;
        }
        self.tell_limits();
        let lines = std::mem::take(&mut self.operator.events.lines);
        let waits = |reader: &Reader| reader.is_new || reader.lost > 0;
        if lines.count + lines.lost == 0 && !self.operator.events.readers.iter().any(waits) {
            return;
        }
        let chunk = (lines.count > 0).then(|| Rc::from(chunk(&lines.bytes)));
        let most = self.limits.events_bytes.min(self.limits.outbox.each);
        let time = rfc3339(self.now.unix);
        let Turn { operator, outboxes, websockets, .. } = self;
        let queue = |outboxes: &mut Outboxes, to: ConnectionId, line: &wire::Event<'_>| {
            let bytes = line_chunk(line);
            outboxes.queue(to, Parcel::new(&bytes, bytes.len(), Kind::ForConnection));
        };
        for reader in &mut operator.events.readers {
            if std::mem::take(&mut reader.is_new) {
                let (time, connections) = (time.clone(), *websockets);
                queue(outboxes, reader.id, &wire::Event::Listening { time, connections });
            }
            let waiting = outboxes.bytes_of(reader.id);
            let needs = chunk.as_ref().map_or(0, |chunk: &Rc<[u8]>| chunk.len());
            // A reader that has lost lines waits for its gap until it has taken all before it.
            let has_room = waiting == 0 || reader.lost == 0 && waiting + needs <= most;
            if !has_room {
                reader.lost += lines.count + lines.lost;
                continue;
            }
            if reader.lost > 0 {
                let (time, lost) = (time.clone(), reader.lost);
                queue(outboxes, reader.id, &wire::Event::Gap { time, lost });
            }
            if let Some(chunk) = &chunk {
                outboxes.queue(reader.id, Parcel::shared(chunk, Kind::ForConnection));
            }
            reader.lost = lines.lost;
        }
    }

    /// Ends the streams of a drain, once no WebSocket is left whose end could be told.
    pub(in crate::turn) fn end_streams(&mut self) {
        let is_over = self.drain.is_some() && self.websockets == 0 && self.leaving.is_empty();
        if !is_over || !self.operator.events.is_on() || self.outboxes.any_returned() {
            return;
        }
        self.publish_events();
        let readers: Vec<ConnectionId> =
            self.operator.events.readers.iter().map(|reader| reader.id).collect();
        readers.into_iter().for_each(|id| self.end(id, End::Http));
    }

    /// Tells which limits were hit since the last call, and how often: O(limits).
    fn tell_limits(&mut self) {
        let (hits, told) = (self.counters.limits_hit, self.operator.events.hits);
        if hits == told {
            return;
        }
        self.operator.events.hits = hits;
        for ((limit, now), (_, before)) in
            hits.iter().zip(told.iter()).filter(|(now, old)| now != old)
        {
            let time = rfc3339(self.now.unix);
            self.push_line(&wire::Event::Limit { time, limit, hits: now - before });
        }
    }

    fn push_line(&mut self, line: &wire::Event<'_>) {
        let most = self.limits.events_bytes;
        self.operator.events.lines.push(most, line);
    }

    /// What an event says of a WebSocket, whose person is that of the connection `person`.
    fn who(&self, id: ConnectionId, person: ConnectionId) -> Option<wire::Who> {
        let person = self.person(person)?;
        let dialect = self.outboxes.dialect(id).map_or("none", |dialect| dialect.word());
        let address = self.block_of(id).to_string();
        Some(wire::Who { connection: connection_text(id), person, dialect, address })
    }
}

/// A chunk of a body.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(bytes.len() + 16);
    write!(chunk, "{:x}\r\n", bytes.len()).expect("a Vec takes whatever is written");
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// A chunk with one line.
fn line_chunk(line: &wire::Event<'_>) -> Vec<u8> {
    let mut lines = Lines::default();
    lines.push(usize::MAX, line);
    chunk(&lines.bytes)
}

/// The time in an event: ISO 8601, UTC, in milliseconds.
fn rfc3339(unix: Duration) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(unix.as_millis() as u64);
    humantime::format_rfc3339_millis(time).to_string()
}
