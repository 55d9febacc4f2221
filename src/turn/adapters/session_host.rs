//! [`SessionHost`]: the turn, as one connection's session sees it. It is the session's [`Host`].
//!
//! It exists only while the session runs: see [`Turn::with_session`].

use std::rc::Rc;
use std::time::Duration;

use crate::chat::account::{self, Asker};
use crate::chat::{
    self, Admitted, Command, ConnectionId, Entrant, Event, Fault, Kind, Mobile, Person,
};
use crate::dialects::operator::Order;
use crate::dialects::{Dialect, Entry};
use crate::limiter::{Forwarded, Limit};
use crate::metrics;
use crate::session::{
    DoorRefusal, Host, Listener, Operated, Page, ProxyHeader, Refused, Session, TooManyParked,
    Wanted,
};
use crate::timer::Now;
use crate::turn::Turn;
use crate::turn::arrivals::Counted;
use crate::turn::tables::parcel::Parcel;

/// What the check of a token costs the budget of the receive phase, in bytes. So a turn checks 16 of them, in
/// about 3 ms, and other connections have their turns.
const TOKEN_COSTS: usize = 16 * 1024;

/// The whole turn, and which connection the session belongs to.
pub(in crate::turn) struct SessionHost<'t> {
    pub(in crate::turn) turn: &'t mut Turn,
    pub(in crate::turn) id: ConnectionId,
}

impl SessionHost<'_> {
    /// Counts a message that the connection has sent, refused or not, for the log.
    fn count_message(&mut self) {
        if let Some(connection) = self.turn.connections.get_mut(self.id) {
            connection.tally.sent_message();
        }
    }

    /// Lets the connection into its realm.
    fn join(&mut self, who: Entrant<'_>) -> Result<Admitted, chat::Refusal> {
        let (now, id) = (self.turn.now, self.id);
        let from = self.turn.block_of(id);
        let (chat, mut sink) = self.turn.chat_and_sink();
        let joined = chat.admit(now, (id, from), who, &mut sink);
        if let Err(chat::Refusal { limit: Some(limit), .. }) = joined {
            self.limit_hit(limit);
        }
        joined
    }
}

impl Host for SessionHost<'_> {
    fn now(&self) -> Now {
        self.turn.now
    }

    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        let (_, mut sink) = self.turn.chat_and_sink();
        sink.write(self.id, fill);
    }

    fn write_shared(&mut self, bytes: &Rc<[u8]>) {
        self.turn.outboxes.queue(self.id, Parcel::shared(bytes, Kind::ForConnection));
    }

    fn tell(&mut self, event: &Event<'_>) {
        if let Some(dialect) = self.turn.outboxes.dialect(self.id) {
            let (_, mut sink) = self.turn.chat_and_sink();
            let zone = sink.zone;
            sink.write(self.id, |out| dialect.frame(event, zone, out));
        }
    }

    fn sign_in(&mut self, who: Entrant<'_>) -> Result<(), chat::Refusal> {
        self.join(who)?;
        self.turn.tell_connected(self.id);
        Ok(())
    }

    fn mobile(&self) -> Option<Mobile> {
        match self.turn.chat.person_at(self.id) {
            Some(Person::Mobile(mobile)) => Some(mobile),
            _ => None,
        }
    }

    fn prove(&mut self, until: Duration) {
        self.turn.chat.prove(self.turn.now, self.id, until);
    }

    fn checks_token(&mut self) {
        self.turn.page_bytes += TOKEN_COSTS;
    }

    fn command(&mut self, command: &Command<'_>) {
        if command.is_message() {
            self.count_message();
        }
        let (now, from) = (self.turn.now, (self.id, self.turn.block_of(self.id)));
        let (chat, mut sink) = self.turn.chat_and_sink();
        chat.handle(now, from, command, &mut sink);
    }

    fn limit_hit(&mut self, limit: Limit) {
        self.turn.counters.limits_hit.count(limit);
    }

    fn message_refused(&mut self, fault: Fault) {
        self.count_message();
        self.turn.chat.refuse(self.id, fault);
    }

    fn page(&mut self, page: Page) -> (&'static str, String) {
        let (content_type, text) = match page {
            Page::Index => ("application/json", self.turn.index_page()),
            Page::Health => ("application/json", self.turn.health_page()),
            Page::Stats { names } => ("application/json", self.turn.stats_page(names)),
            Page::Ready => ("application/json", self.turn.ready_page()),
            Page::Metrics => (metrics::CONTENT_TYPE, self.turn.metrics_page()),
            Page::Trace => ("application/json", self.turn.trace_page()),
        };
        (content_type, text)
    }

    fn answered(&mut self, status: u16, body_bytes: usize) {
        self.turn.page_bytes += body_bytes;
        self.turn.counters.count_answer(status);
    }

    fn refused(&mut self, refused: Refused) {
        self.turn.count_refused(refused);
    }

    fn listener(&self) -> Listener {
        self.turn.connections.get(self.id).map_or(Listener::Public, |c| c.listener)
    }

    fn is_from_proxy(&self) -> bool {
        let counted = self.turn.connections.get(self.id).map(|connection| connection.counted);
        counted.is_some_and(Counted::is_from_proxy)
    }

    fn name_peer(&mut self, header: ProxyHeader) -> Result<(), DoorRefusal> {
        self.turn.name_peer(self.id, header)
    }

    fn is_draining(&self) -> bool {
        self.turn.drain.is_some()
    }

    fn is_accepting(&self) -> bool {
        self.turn.readiness().is_ok()
    }

    fn ask(
        &mut self,
        call: &account::Call,
        wanted: Wanted,
        request: u16,
        forwarded: Forwarded,
    ) -> Result<(), TooManyParked> {
        let asker = Asker { id: self.id, request };
        if let Err(too_many) = self.turn.parked.park(asker, wanted) {
            self.limit_hit(Limit::ParkedRequests);
            return Err(too_many);
        }
        let (now, from) = (self.turn.now, self.turn.block_of_request(self.id, forwarded));
        let (chat, mut sink) = self.turn.chat_and_sink();
        chat.call(now, from, asker, call, &mut sink);
        Ok(())
    }

    fn operate(&mut self, order: Order, request: u16) -> Operated {
        self.turn.operate(self.id, order, request)
    }

    fn not_the_operator(&mut self) {
        let by = self.turn.block_of(self.id);
        self.turn.note_stranger(by);
    }

    fn speaks(&mut self, dialect: Dialect) {
        self.turn.outboxes.change_dialect(self.id, dialect);
        let (chat, mut sink) = self.turn.chat_and_sink();
        chat.switched(self.id, &mut sink);
    }

    fn admit(
        &mut self,
        Entry { dialect, who, .. }: Entry,
        forwarded: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DoorRefusal> {
        if self.is_draining() {
            return Err(DoorRefusal::Draining);
        }
        let id = self.id;
        // A connection that takes over a number is let in also when the server is full: it replaces one.
        let takes_over = who.is_some_and(|who| self.turn.chat.would_replace(who));
        if self.turn.websockets >= self.turn.limits.max_connections && !takes_over {
            self.limit_hit(Limit::Connections);
            return Err(DoorRefusal::Full);
        }
        let came_from = self.turn.enter(id, forwarded)?;
        let Admitted { replaces, awaits_list } = match who {
            None => Admitted::default(),
            Some(who) => self.join(who).map_err(|refusal| {
                self.turn.turn_back(id, came_from);
                match refusal.is_ban {
                    true => DoorRefusal::Banned,
                    false => DoorRefusal::ByTheChat(refusal),
                }
            })?,
        };
        // The 101 is queued before the outbox learns its dialect. `speak` may also gate the outbox: all that
        // is queued after it waits for the presence list, and the 101 has to come before that list.
        self.write(switch);
        self.turn.outboxes.speak(id, dialect, awaits_list);
        self.turn.websockets += 1;
        self.turn.counters.upgrades += 1;
        if let Some(old) = replaces {
            // The old connection is replaced at once, not at the end of the turn. The new one may have sent
            // messages to its own number right behind its request; messages that wait for the old
            // connection have to come before those.
            self.turn.replace(old, id);
        }
        // Now that the outbox has a dialect, the realm may have more to say.
        if let Some(who) = who {
            let now = self.turn.now;
            let (chat, mut sink) = self.turn.chat_and_sink();
            chat.welcome(now, id, who, &mut sink);
        }
        self.turn.tell_connected(id);
        Ok(())
    }
}

impl Turn {
    /// Runs `say` with a connection's session and the turn as the session's host. `None` if the
    /// connection is gone.
    ///
    /// A session lives inside the turn (in `self.connections`), and its host is the same turn, mutably
    /// borrowed. Rust does not allow both at once. So the session is taken out of its slot, runs, and is
    /// put back. Meanwhile a fresh session stands in its place, which costs no allocation: code that runs
    /// for the host must not ask the connection's session anything, since the fresh one would answer that
    /// the connection is no WebSocket.
    ///
    /// Two alternatives were rejected. An `Option<Session>` in the slot would make every reader handle a
    /// `None` that it never sees. A host that borrows only some fields of the turn would be too little: a
    /// session that takes over a number ends another connection.
    pub(in crate::turn) fn with_session<R>(
        &mut self,
        id: ConnectionId,
        say: impl FnOnce(&mut Session, &mut SessionHost<'_>) -> R,
    ) -> Option<R> {
        let mut session = std::mem::take(&mut self.connections.get_mut(id)?.session);
        let result = say(&mut session, &mut SessionHost { turn: self, id });
        self.connections.get_mut(id)?.session = session;
        Some(result)
    }
}
