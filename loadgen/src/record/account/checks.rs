//! What the realm of users with accounts checks: [`Accounts`], as the record sees it.

use std::mem;

use switchboard::timer::Moment;

use super::{Accounts, Lapse, Seat};
use crate::phone_id::PhoneId;
use crate::record::books::{Books, Party};
use crate::record::checks::Checks;
use crate::record::lately::Lately;
use crate::record::measure::{Begun, Measure};
use crate::workload::{Persona, ServerId};

impl Checks for Accounts {
    fn dialled(&mut self, phone: PhoneId, persona: Persona, server: ServerId) {
        let seat = &mut self.seats[phone.index()];
        seat.generation += 1;
        seat.online = None;
        seat.is_awaited = persona.is_sociable();
        seat.known = u32::try_from(self.logs.everyone.order.len()).expect("messages are fewer");
        if let Some(views) = &mut self.online {
            views.dialled(phone, persona, server);
        }
    }

    /// From now on messages are owed to it, unless it may be thrown out at any time.
    fn came(
        &mut self,
        phone: PhoneId,
        persona: Persona,
        begun: Begun,
        is_followed: bool,
        now: Moment,
    ) {
        if persona.is_sociable() {
            let since = u32::try_from(self.next_number()).expect("messages are fewer");
            if let Some(shared) = &mut self.shared {
                shared.last_came = now;
            }
            let seat = &mut self.seats[phone.index()];
            (seat.is_present, seat.since, seat.came) = (true, since, now);
            self.present += 1;
            self.last_news = now;
        }
        if let Some(views) = &mut self.online {
            views.came(phone, persona, begun, is_followed, now);
        }
    }

    fn went(&mut self, phone: PhoneId, persona: Persona, books: &mut Books, now: Moment) {
        self.seats[phone.index()].is_awaited = false;
        self.typing.forget(phone);
        self.leave(phone);
        self.tidy(books);
        if let Some(views) = &mut self.online {
            views.went(phone, persona, books, now);
        }
    }

    fn may_leave(&mut self, phone: PhoneId) {
        if let Some(views) = &mut self.online {
            views.may_leave(phone);
        }
    }

    fn take_gone(&mut self) -> Vec<PhoneId> {
        self.online.as_mut().map(|views| views.take_gone()).unwrap_or_default()
    }

    fn broke(&mut self, party: Party) -> Party {
        self.forget_marks(party.phone);
        self.typing.doubt_from(party.phone);
        party
    }

    /// How many phones were shown something wrong, or nothing.
    fn stale(&self) -> u64 {
        let Some(views) = &self.online else { return 0 };
        let phones = (0..).map(PhoneId).zip(&self.seats);
        let is_waiting = |seat: &Seat| seat.is_present && seat.is_shown_online;
        let sees_nothing = phones.filter(|(id, seat)| is_waiting(seat) && !views.has_shown(*id));
        views.stale() + sees_nothing.count() as u64
    }

    fn is_complete(&self, is_followed: bool) -> bool {
        let is_shown = !is_followed || self.stale() == 0;
        self.under_way.is_empty() && self.typing.under_way() == 0 && is_shown
    }

    fn is_unsettled(&self, _now: Moment) -> bool {
        false
    }

    fn is_waiting_for_answers(&self) -> bool {
        false
    }

    fn last_news(&self) -> Moment {
        let of_views = self.online.as_ref().map(|views| views.last_news());
        of_views.map_or(self.last_news, |news| news.max(self.last_news))
    }

    fn changes(&self) -> u32 {
        self.online.as_ref().map_or(0, |views| views.changes())
    }

    fn convergence(&self) -> &Measure {
        self.online.as_ref().map_or(&self.no_times, |views| views.convergence())
    }

    fn take_lately(&mut self) -> Option<Lately> {
        self.online.as_mut().and_then(|views| views.take_lately())
    }

    /// What is still owed to phones that were there to the end is lost.
    fn finish(&mut self, books: &mut Books) {
        self.end_early(books);
        self.lapses.add_many(Lapse::TypingLost, self.typing.under_way());
        self.lapses.add_many(Lapse::IdWrong, self.mids.repeated());
        let is_open = |owed: &&mut super::Owed| owed.is_ours && owed.to > 0;
        let mut under_way = mem::take(&mut self.under_way);
        for owed in under_way.iter_mut().filter(is_open) {
            let number = owed.stamp.number as u32;
            if owed.is_doubted && !owed.was_heard {
                continue;
            }
            let is_unacknowledged = !owed.is_doubted && !self.is_acknowledged(number);
            let lost = owed.to.saturating_sub(u32::from(is_unacknowledged));
            let lapse = match self.is_notice(owed.stamp.recipient) {
                true => Lapse::NoticeLost,
                false => Lapse::DeliveryLost,
            };
            self.lapses.add_many(lapse, u64::from(lost));
            self.lapses.add_many(Lapse::Unacknowledged, u64::from(is_unacknowledged));
            if lost == 0 && owed.was_heard {
                // It has come to all others: nothing but the acknowledgement is missing.
                owed.to = 0;
                books.complete(owed.stamp.number);
            }
        }
        self.under_way = under_way;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_online_must_be_shown_to_those_who_have_the_page_for_it_open_and_to_nobody_else() {
        let phones = [0, 1, 2, 3].map(PhoneId);
        let [ann, bob, cat, dan] = phones;
        let at = |millis: u64| Moment::from_nanos(millis * 1_000_000);
        let come = |accounts: &mut Accounts, phone| {
            accounts.dialled(phone, Persona::Chatter, ServerId::FIRST);
            accounts.came(phone, Persona::Chatter, Begun::at(at(1)), true, at(1));
        };
        let mut accounts = Accounts::new(4);
        accounts.show_online();
        accounts.is_shown_online(cat);
        accounts.may_be_hidden(dan);
        phones.into_iter().for_each(|phone| come(&mut accounts, phone));
        assert_eq!(accounts.stale(), 1, "it has been shown nothing");
        let mut list = |online: &[PhoneId]| {
            let (views, bytes) = (accounts.views_mut(), format!("{online:?}"));
            let views = views.expect("they are shown");
            views.see_list(cat, bytes.as_bytes(), || online.iter().copied(), at(2));
            accounts.stale()
        };
        assert_eq!(list(&[ann, cat]), 1, "Bob is there");
        assert_eq!(list(&[ann, bob, cat]), 0, "Dan need not be");
        assert_eq!(list(&phones), 0, "and may be");
        accounts.went(dan, Persona::Chatter, &mut Books::default(), at(3));
        assert_eq!(accounts.stale(), 0, "and Dan may be shown for longer");
        accounts.went(bob, Persona::Chatter, &mut Books::default(), at(3));
        assert_eq!(accounts.stale(), 1, "it has not been shown that Bob has gone");
        accounts.went(cat, Persona::Chatter, &mut Books::default(), at(4));
        assert_eq!(accounts.stale(), 0, "it is not there any more");
    }
}
