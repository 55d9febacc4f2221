//! [`Exchange`]: one connection's session talking to the turn. It is the session's [`Host`].

use super::Turn;
use crate::chat::messenger::{self, SignIn};
use crate::chat::mobile::{self, Joined, PresenceMode};
use crate::chat::{Command, ConnectionId, Event};
use crate::dialects::{Dialect, RefusalReason};
use crate::limiter::{Forwarded, Limit};
use crate::metrics;
use crate::session::{Host, Listener, Page, Refusal, Visitor};
use crate::timer::Now;

/// The turn, as the session of one connection sees it.
pub(super) struct Exchange<'t> {
    pub(super) turn: &'t mut Turn,
    pub(super) id: ConnectionId,
}

impl Exchange<'_> {
    /// It has sent a message, taken or not.
    fn count_message(&mut self) {
        if let Some(connection) = self.turn.connections.get_mut(self.id) {
            connection.tally.sent_message();
        }
    }
}

impl Host for Exchange<'_> {
    fn now(&self) -> Now {
        self.turn.now
    }

    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        let (_, mut desk) = self.turn.chat_and_desk();
        desk.write(self.id, fill);
    }

    fn tell(&mut self, event: &Event<'_>) {
        if let Some(dialect) = self.turn.outboxes.dialect(self.id) {
            self.write(|out| dialect.frame(event, out));
        }
    }

    fn sign_in(&mut self, who: &SignIn<'_>) -> Result<(), messenger::Refusal> {
        let (now, id) = (self.turn.now, self.id);
        let (chat, mut desk) = self.turn.chat_and_desk();
        chat.messenger.sign_in(now, id, who, &mut desk)
    }

    fn command(&mut self, command: &Command<'_>) {
        if matches!(
            command,
            Command::Mobile(mobile::Command::Message { .. })
                | Command::Messenger(messenger::Command::Message(_))
        ) {
            self.count_message();
        }
        let (now, id) = (self.turn.now, self.id);
        let (chat, mut desk) = self.turn.chat_and_desk();
        chat.handle(now, id, command, &mut desk);
    }

    fn limit_hit(&mut self, limit: Limit) {
        self.turn.counters.limits_hit.count(limit);
    }

    fn message_refused(&mut self, reason: RefusalReason) {
        self.count_message();
        let refused = match self.turn.outboxes.dialect(self.id) {
            Some(Dialect::Messenger) => &mut self.turn.counters.refused_session,
            Some(Dialect::Sca | Dialect::Echo) | None => &mut self.turn.counters.refused_mobile,
        };
        match reason {
            RefusalReason::Malformed => refused.malformed += 1,
            RefusalReason::TooLong => refused.too_long += 1,
        }
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
        self.turn.page_bytes += text.len();
        (content_type, text)
    }

    fn listener(&self) -> Listener {
        self.turn.connections.get(self.id).map_or(Listener::Public, |c| c.listener)
    }

    fn is_draining(&self) -> bool {
        self.turn.drain.is_some()
    }

    fn is_accepting(&self) -> bool {
        self.turn.readiness().is_ok()
    }

    fn admit(
        &mut self,
        visitor: Visitor,
        forwarded: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Refusal> {
        if self.is_draining() {
            return Err(Refusal::Draining);
        }
        let (now, id) = (self.turn.now, self.id);
        // Whoever takes over a number takes over its place as well.
        let takes_over = match visitor {
            Visitor::Mobile { mobile, .. } => self.turn.chat.mobile.is_online(mobile),
            Visitor::Messenger | Visitor::Echo => false,
        };
        if self.turn.websockets >= self.turn.limits.max_connections && !takes_over {
            self.limit_hit(Limit::Connections);
            return Err(Refusal::Full);
        }
        let came_from = self.turn.enter(id, forwarded)?;
        let (mut gated, mut replaces) = (false, None);
        if let Visitor::Mobile { mobile, presence } = visitor {
            let from = self.turn.block_of(id);
            match self.turn.chat.mobile.join(now, id, mobile, from) {
                Ok(Joined::New) => self.turn.pacer.join(id, mobile, presence),
                Ok(Joined::Replaced(old)) => {
                    self.turn.pacer.replaced(old, id, presence);
                    replaces = Some(old);
                }
                Err(mobile::Refusal::ReplacedTooOften { retry_after }) => {
                    self.turn.turn_back(id, came_from);
                    self.limit_hit(Limit::ReplacementRate);
                    let retry_after_seconds = retry_after.as_secs() + 1;
                    return Err(Refusal::ReplacedTooOften { retry_after_seconds });
                }
            }
            gated = presence != PresenceMode::None;
        }
        self.write(switch);
        self.turn.outboxes.sign_in(id, visitor.dialect(), gated);
        self.turn.websockets += 1;
        self.turn.counters.upgrades += 1;
        if let Some(old) = replaces {
            // At once: what the newcomer has sent behind his request may be for himself, and comes
            // after what was said to him before.
            self.turn.replace(old, id);
        }
        Ok(())
    }
}
