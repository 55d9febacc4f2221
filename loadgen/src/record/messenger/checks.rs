//! What the realm of sessions checks: [`Messenger`], as the record sees it.

use switchboard::timer::Moment;

use super::{Breach, Messenger, PATIENCE, Stay};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Party};
use crate::record::checks::Checks;
use crate::record::lately::Lately;
use crate::record::measure::{Begun, Measure};
use crate::workload::{Persona, ServerId};

impl Checks for Messenger {
    /// A sociable device is told who of its contacts is online, and remembers it.
    fn dialled(&mut self, device: PhoneId, persona: Persona, _server: ServerId) {
        self.generations[self.devices.session(device).index()] += 1;
        if persona.is_sociable() {
            self.contacts.expect(device);
        }
    }

    /// Sessions become its contacts only once they have written to it.
    fn came(
        &mut self,
        device: PhoneId,
        persona: Persona,
        begun: Begun,
        _is_followed: bool,
        now: Moment,
    ) {
        if persona.is_written_to() {
            self.contacts.came(device, begun);
            self.stays[device.index()] = Some(Stay { came: now, went: None });
            self.last_news = now;
        }
    }

    fn went(&mut self, device: PhoneId, _persona: Persona, _books: &mut Books, now: Moment) {
        self.contacts.went(device, now);
        if let Some(stay) = &mut self.stays[device.index()] {
            stay.went = stay.went.or(Some(now));
        }
        self.gone.entry(self.party(self.devices.session(device))).or_insert(now);
    }

    /// Nothing changes yet: contacts are told only when the server has noticed, and its grace is over.
    fn may_leave(&mut self, _device: PhoneId) {}

    /// No list shows that a device is gone.
    fn take_gone(&mut self) -> Vec<PhoneId> {
        Vec::new()
    }

    /// A message goes to a session, not to a device. So the session is the party.
    fn broke(&mut self, party: Party) -> Party {
        let session = self.devices.session(party.phone);
        self.shaky.insert(session);
        self.party(session)
    }

    /// How many devices believe something wrong of a contact.
    fn stale(&self) -> u64 {
        self.contacts.stale()
    }

    fn is_complete(&self, _is_followed: bool) -> bool {
        let under_way =
            self.copies.under_way() + self.typing.under_way() + self.invitations.under_way();
        under_way == 0 && self.contacts.stale() == 0
    }

    /// Contacts may still be told that a session is gone.
    fn is_unsettled(&self, now: Moment) -> bool {
        now < self.contacts.quiet_from
    }

    /// The sender of an invitation waits for its answer.
    fn is_waiting_for_answers(&self) -> bool {
        self.invitations.unanswered() > 0
    }

    fn last_news(&self) -> Moment {
        self.last_news
    }

    fn changes(&self) -> u32 {
        self.contacts.changes()
    }

    fn convergence(&self) -> &Measure {
        &self.contacts.convergence
    }

    fn take_lately(&mut self) -> Option<Lately> {
        self.contacts.lately.take()
    }

    /// What has not come is wrong only where no connection broke.
    fn finish(&mut self, books: &mut Books) {
        let is_broken = |party: Party| books.is_doubted(party);
        let is_steady = |session: PhoneId| !self.shaky.contains(&session);
        // A device that hangs up misses what comes after that.
        let missed = |party: Party, sent: Moment| {
            is_broken(party) || self.gone.get(&party).is_some_and(|&went| went < sent + PATIENCE)
        };
        self.copies.close(missed, &mut self.breaches);
        self.typing.close(missed, &mut self.breaches);
        let stay = |device: PhoneId| self.stays[device.index()];
        self.invitations.close(is_broken, is_steady, stay, &mut self.breaches);
        let was_there = |to: &&Party| !self.gone.contains_key(to);
        let wrongly = self.copies.returned.iter().filter(was_there).count();
        self.breaches.add_many(Breach::WronglyUndelivered, wrongly as u64);
    }
}
