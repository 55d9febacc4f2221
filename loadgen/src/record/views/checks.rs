//! What the realm of numbers checks: [`Views`], as the record sees them.

use std::mem;

use switchboard::timer::Moment;

use super::{Truth, View, Views};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Party};
use crate::record::checks::Checks;
use crate::record::lately::Lately;
use crate::record::measure::{Begun, Measure};
use crate::workload::{Persona, ServerId};

impl Checks for Views {
    fn dialled(&mut self, phone: PhoneId, persona: Persona, server: ServerId) {
        match persona.is_hostile() {
            true => self.ignore(phone),
            false => self.expect(phone, server),
        }
    }

    fn came(
        &mut self,
        phone: PhoneId,
        persona: Persona,
        begun: Begun,
        is_followed: bool,
        now: Moment,
    ) {
        if is_followed && !persona.is_hostile() {
            self.joined(phone, begun, now);
        }
    }

    fn went(&mut self, phone: PhoneId, persona: Persona, _books: &mut Books, now: Moment) {
        if !persona.is_hostile() {
            self.left(phone, Begun::at(now), now);
        }
    }

    /// It is online, but the server may give it up at any moment.
    fn may_leave(&mut self, phone: PhoneId) {
        self.close(phone);
        if self.truth[phone.index()] == Truth::Online {
            self.truth[phone.index()] = Truth::Going;
        }
    }

    /// Takes the phones that may leave, and that are missing in a list by now.
    fn take_gone(&mut self) -> Vec<PhoneId> {
        mem::take(&mut self.gone)
    }

    /// Each connection is a party of its own.
    fn broke(&mut self, party: Party) -> Party {
        party
    }

    /// How many phones have a view that is not right.
    fn stale(&self) -> u64 {
        let version = self.version();
        let is_stale = |view: &&View| view.version < version;
        self.views.iter().filter(is_stale).map(|view| view.holders).sum()
    }

    fn is_complete(&self, is_followed: bool) -> bool {
        !is_followed || self.stale() == 0
    }

    /// A list that does not come is given up after the same time as a message.
    fn is_unsettled(&self, _now: Moment) -> bool {
        false
    }

    fn is_waiting_for_answers(&self) -> bool {
        false
    }

    fn last_news(&self) -> Moment {
        self.last_news
    }

    fn changes(&self) -> u32 {
        self.version() + self.elsewhere
    }

    fn convergence(&self) -> &Measure {
        &self.convergence
    }

    fn take_lately(&mut self) -> Option<Lately> {
        self.lately.take()
    }

    /// A phone that believes something wrong is counted as stale before phones hang up.
    fn finish(&mut self, _books: &mut Books) {}
}
