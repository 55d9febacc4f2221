//! What the realm of users with accounts checks: [`Accounts`], as the record sees it.

use switchboard::timer::Moment;

use super::{Accounts, Lapse};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Party};
use crate::record::checks::Checks;
use crate::record::lately::Lately;
use crate::record::measure::{Begun, Measure};
use crate::workload::{Persona, Place, ServerId};

impl Checks for Accounts {
    fn dialled(&mut self, phone: PhoneId, persona: Persona, _server: ServerId) {
        let seat = &mut self.seats[phone.index()];
        seat.generation += 1;
        seat.is_awaited = persona.is_sociable();
    }

    /// From now on messages are owed to it, unless it may be thrown out at any time.
    fn came(
        &mut self,
        phone: PhoneId,
        persona: Persona,
        _begun: Begun,
        _is_followed: bool,
        now: Moment,
    ) {
        if persona.is_sociable() {
            let since = u32::try_from(self.positions.len()).expect("messages are fewer");
            let seat = &mut self.seats[phone.index()];
            (seat.is_present, seat.since, seat.came) = (true, since, now);
            self.present += 1;
            self.last_news = now;
        }
    }

    fn went(&mut self, phone: PhoneId, _persona: Persona, books: &mut Books, _now: Moment) {
        self.seats[phone.index()].is_awaited = false;
        self.typing.forget(phone);
        self.leave(phone);
        self.tidy(books);
    }

    fn may_leave(&mut self, _phone: PhoneId) {}

    /// No list shows that a phone is gone.
    fn take_gone(&mut self) -> Vec<PhoneId> {
        Vec::new()
    }

    fn broke(&mut self, party: Party) -> Party {
        self.forget_marks(party.phone);
        self.typing.doubt_from(party.phone);
        party
    }

    /// Who is online is not checked here.
    fn stale(&self) -> u64 {
        0
    }

    fn is_complete(&self, _is_followed: bool) -> bool {
        self.under_way.is_empty() && self.typing.under_way() == 0
    }

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
        0
    }

    fn convergence(&self) -> &Measure {
        &self.convergence
    }

    fn take_lately(&mut self) -> Option<Lately> {
        None
    }

    /// What is still owed to phones that were there to the end is lost.
    fn finish(&mut self, _books: &mut Books) {
        self.lapses.add_many(Lapse::TypingLost, self.typing.under_way());
        let is_open = |owed: &&super::Owed| owed.to > 0;
        for owed in self.under_way.iter().filter(is_open) {
            let number = owed.stamp.number as u32;
            if owed.is_doubted && !owed.was_heard {
                continue;
            }
            let is_unacknowledged = !owed.is_doubted && !self.is_acknowledged(number);
            let lost = owed.to.saturating_sub(u32::from(is_unacknowledged));
            let lapse = match Place::of(owed.stamp.recipient) {
                Place::Phone(to) if self.seats[to.index()].hears_by_notice => Lapse::NoticeLost,
                Place::Everyone | Place::Room(_) | Place::Phone(_) => Lapse::DeliveryLost,
            };
            self.lapses.add_many(lapse, u64::from(lost));
            self.lapses.add_many(Lapse::Unacknowledged, u64::from(is_unacknowledged));
        }
    }
}
