//! [`Invitations`]: which devices were shown each invitation, and which were told of the answer.
//!
//! An invitation is shown to every device of its recipient that is there. If none is, it waits for the first that
//! comes. The server may show it to later ones as well, as long as it is not answered. The answer is told to all
//! devices of the sender that are online, or else to the first one
//! that comes; and to the recipient's other devices. An invitation's number is made of its sender and its
//! recipient.

use std::collections::BTreeMap;

use switchboard::timer::Moment;

use super::Stay;
use super::breach::{Breach, Breaches};
use super::copies::bit;
use crate::client::Answer;
use crate::phone_id::PhoneId;
use crate::record::Party;
use crate::workload::Devices;

/// All invitations of a run.
#[derive(Debug)]
pub(crate) struct Invitations {
    devices: Devices,
    all: BTreeMap<u64, Invitation>,
    /// How many invitations were sent.
    sent: u64,
    /// How many invitations have a sender that has not been told the answer.
    open: u64,
    /// Devices that were there when an invitation was sent, and have not been shown it.
    unshown: u64,
    pub(crate) accepted: u64,
    pub(crate) declined: u64,
}

#[derive(Debug)]
struct Invitation {
    /// The sender, on the connections that it had when it invited.
    from: Party,
    sent: Moment,
    /// The recipient's devices that were there when it was sent, and have not been shown it: a bit for each, by its
    /// place.
    due: u16,
    /// The recipient's devices that it was shown to, and on which of its connections each.
    shown: Vec<(PhoneId, u32)>,
    /// Whether it was accepted, by which device, and when.
    answer: Option<(bool, PhoneId, Moment)>,
    /// The moment from which it could be answered.
    answerable: Moment,
    /// The devices that were told of the answer.
    told: Vec<PhoneId>,
}

/// The number of an invitation: 24 bits for each of the two sessions.
pub(crate) const fn number(from: PhoneId, to: PhoneId) -> u64 {
    (from.0 as u64) << 24 | to.0 as u64
}

/// The session that invites, and the session that is invited.
fn parties(number: u64) -> (PhoneId, PhoneId) {
    let id = |bits: u64| PhoneId(u32::try_from(bits & 0xff_ffff).expect("24 bits"));
    (id(number >> 24), id(number))
}

impl Invitations {
    pub(super) fn new(devices: Devices) -> Self {
        Invitations {
            devices,
            all: BTreeMap::new(),
            sent: 0,
            open: 0,
            unshown: 0,
            accepted: 0,
            declined: 0,
        }
    }

    /// A session invites another, of which these devices are there.
    pub(super) fn send(
        &mut self,
        from: Party,
        to: PhoneId,
        is_there: impl Fn(PhoneId) -> bool,
        now: Moment,
    ) {
        let there = self.devices.of(to).filter(|&device| is_there(device));
        let due = there.fold(0, |bits, device| bits | bit(self.devices.place(device)));
        let (shown, told) = (Vec::new(), Vec::new());
        let invitation =
            Invitation { from, sent: now, due, shown, answer: None, answerable: now, told };
        self.unshown += u64::from(due.count_ones());
        self.all.insert(number(from.phone, to), invitation);
        self.sent = self.all.len() as u64;
        self.open += 1;
    }

    /// How many were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Adds those of another process, whose run is over.
    pub(super) fn add_merged(&mut self, sent: u64, accepted: u64, declined: u64) {
        self.sent += sent;
        self.accepted += accepted;
        self.declined += declined;
    }

    /// How many have a sender that has not been told the answer.
    pub(super) fn unanswered(&self) -> u64 {
        self.open
    }

    /// How many answers and devices are waited for.
    pub(super) fn under_way(&self) -> u64 {
        self.open + self.unshown
    }

    /// A device is shown an invitation, on this connection, on which it has been ready since `ready`.
    /// Returns whether it should answer.
    pub(super) fn show(
        &mut self,
        by: Party,
        invitation: u64,
        ready: Moment,
        breaches: &mut Breaches,
    ) -> bool {
        let (_, to) = parties(invitation);
        let key = (by.phone, by.generation);
        let is_right = self.devices.session(by.phone) == to;
        match self.all.get_mut(&invitation).filter(|one| is_right && !one.shown.contains(&key)) {
            Some(one) => {
                if one.shown.is_empty() {
                    one.answerable = one.sent.max(ready);
                }
                one.shown.push(key);
                let shown = one.due & bit(self.devices.place(by.phone));
                one.due &= !shown;
                self.unshown -= u64::from(shown.count_ones());
                self.devices.handles(invitation) == self.devices.place(by.phone)
            }
            None => {
                breaches.add(Breach::InvitationWrong);
                false
            }
        }
    }

    /// A device answers.
    pub(crate) fn answer(&mut self, by: PhoneId, invitation: u64, accepts: bool, now: Moment) {
        if let Some(one) = self.all.get_mut(&invitation) {
            // It may be for the second time, if the server has not read the first answer.
            one.answer = Some((accepts, by, now));
        }
    }

    /// A device is told of an answer. Returns, if it is the first of the sender's devices, the moment from
    /// which the invitation could be answered.
    pub(super) fn hear(
        &mut self,
        by: PhoneId,
        invitation: u64,
        answer: Answer,
        breaches: &mut Breaches,
    ) -> Option<Moment> {
        let (from, to) = parties(invitation);
        let session = self.devices.session(by);
        let Some(one) = self.all.get_mut(&invitation) else {
            breaches.add(Breach::AnswerWrong);
            return None;
        };
        let is_right = match (one.answer, answer) {
            (Some((accepts, answered_by, _)), Answer::Accepted | Answer::Declined) => {
                accepts == (answer == Answer::Accepted) && answered_by != by
            }
            // No run takes as long as an invitation needs to expire.
            (None, _) | (_, Answer::Expired) => false,
        };
        if !is_right || ![from, to].contains(&session) || one.told.contains(&by) {
            breaches.add(Breach::AnswerWrong);
            return None;
        }
        let is_first =
            session == from && !one.told.iter().any(|&told| self.devices.session(told) == from);
        one.told.push(by);
        if !is_first {
            return None;
        }
        self.open -= 1;
        match answer {
            Answer::Accepted => self.accepted += 1,
            Answer::Declined | Answer::Expired => self.declined += 1,
        }
        Some(one.answerable)
    }

    /// Counts what should have come and has not. `stay` is a device's latest stay. Where connections broke, it cannot be
    /// known.
    pub(super) fn close(
        &self,
        is_broken: impl Fn(Party) -> bool,
        is_steady: impl Fn(PhoneId) -> bool,
        stay: impl Fn(PhoneId) -> Option<Stay>,
        breaches: &mut Breaches,
    ) {
        for (&number, one) in &self.all {
            let (_, to) = parties(number);
            if is_broken(one.from) || !is_steady(to) {
                continue;
            }
            // A run that was ended during its ramp has invited some sessions that never came.
            let had_time =
                |device: &PhoneId| stay(*device).is_some_and(|stay| stay.had_time(one.sent));
            if one.shown.is_empty() {
                let is_lost = self.devices.of(to).any(|device| had_time(&device));
                breaches.add_many(Breach::InvitationLost, is_lost.into());
                continue;
            }
            let is_due = |device: &PhoneId| one.due & bit(self.devices.place(*device)) != 0;
            let unshown = self.devices.of(to).filter(is_due).filter(had_time).count();
            breaches.add_many(Breach::InvitationLost, unshown as u64);
            let Some((_, by, answered)) = one.answer else { continue };
            let is_untold = |device: &PhoneId| {
                let saw = stay(*device).is_some_and(|stay| stay.saw(answered));
                saw && *device != by && !one.told.contains(device)
            };
            // Those of the recipient that know of it.
            let shown = self.devices.of(to).filter(|d| one.shown.iter().any(|(by, _)| by == d));
            let untold = self.devices.of(one.from.phone).chain(shown).filter(is_untold).count();
            breaches.add_many(Breach::AnswerLost, untold as u64);
            // If all devices of the sender were away, the first that comes is told.
            let stays = || self.devices.of(one.from.phone).filter_map(&stay);
            let is_told = one.told.iter().any(|&by| self.devices.session(by) == one.from.phone);
            let is_lost = !is_told
                && !stays().any(|stay| stay.saw(answered))
                && stays().any(|stay| stay.came > answered && stay.had_time(answered));
            breaches.add_many(Breach::AnswerLost, is_lost.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Party = Party { phone: PhoneId(0), generation: 2 };
    const BOB: PhoneId = PhoneId(1);

    /// A device that is there all the time, and one that has left after two seconds.
    const THERE: Option<Stay> = Some(Stay { came: Moment::START, went: None });
    const LEFT: Option<Stay> =
        Some(Stay { came: Moment::START, went: Some(Moment::from_nanos(2_000_000_000)) });

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    fn found(breaches: &Breaches) -> Vec<(Breach, u64)> {
        let counts = Breach::ALL.map(|breach| (breach, breaches.count(breach)));
        counts.into_iter().filter(|&(_, count)| count > 0).collect()
    }

    /// Ann has two devices, and has invited Bob, who has two as well and came at 20 ms. Returns the number.
    fn invited() -> (Invitations, Breaches, u64) {
        let mut invitations = Invitations::new(Devices::new(2, 2));
        invitations.send(ANN, BOB, |_| false, at(10));
        (invitations, Breaches::default(), number(ANN.phone, BOB))
    }

    fn device(phone: u32) -> Party {
        Party { phone: PhoneId(phone), generation: 1 }
    }

    #[test]
    fn an_answer_is_told_to_all_but_the_device_that_gave_it_and_timed_from_when_it_could_be_given()
    {
        let (mut all, mut breaches, number) = invited();
        let answers: Vec<_> = [1, 3]
            .into_iter()
            .filter(|&p| all.show(device(p), number, at(20), &mut breaches))
            .collect();
        assert_eq!(answers, [3], "one of the two answers, by the number");
        all.answer(PhoneId(3), number, true, at(30));
        let mut hear = |by| all.hear(PhoneId(by), number, Answer::Accepted, &mut breaches);
        assert_eq!([hear(1), hear(0), hear(2)], [None, Some(at(20)), None]);
        all.close(|_| false, |_| true, |_| THERE, &mut breaches);
        assert_eq!((all.under_way(), all.accepted, found(&breaches)), (0, 1, vec![]));
    }

    #[test]
    fn what_is_shown_or_told_wrongly_or_not_at_all_is_found() {
        let (mut all, mut breaches, number) = invited();
        all.close(|_| false, |_| true, |_| THERE, &mut breaches);
        assert_eq!(found(&breaches), [(Breach::InvitationLost, 1)]);
        let mut nobody_came = Breaches::default();
        all.close(|_| false, |_| true, |_| None, &mut nobody_came);
        all.close(|_| false, |_| true, |_| LEFT, &mut nobody_came);
        assert_eq!(found(&nobody_came), [], "or not for long enough");
        let (mut twice, mut breaches, _) = invited();
        for phone in [1, 1, 0] {
            twice.show(device(phone), number, at(20), &mut breaches);
        }
        assert_eq!(found(&breaches), [(Breach::InvitationWrong, 2)], "twice, and to its sender");

        let mut breaches = Breaches::default();
        all.show(device(3), number, at(20), &mut breaches);
        all.answer(PhoneId(3), number, false, at(30));
        all.hear(PhoneId(0), number, Answer::Declined, &mut breaches);
        for (by, answer) in [(0, Answer::Declined), (2, Answer::Accepted), (3, Answer::Declined)] {
            assert_eq!(all.hear(PhoneId(by), number, answer, &mut breaches), None);
        }
        let stay = |phone: PhoneId| if phone.0 == 2 { LEFT } else { THERE };
        all.close(|_| false, |_| true, stay, &mut breaches);
        assert_eq!(found(&breaches), [(Breach::AnswerWrong, 3)], "Ann's other device has left");
        all.close(|_| false, |_| true, |_| THERE, &mut breaches);
        assert_eq!(found(&breaches), [(Breach::AnswerLost, 1), (Breach::AnswerWrong, 3)]);
    }

    #[test]
    fn a_sender_that_was_away_is_told_the_answer_when_it_comes_back() {
        let back = Some(Stay { came: at(40), went: None });
        let stay = |phone: PhoneId| if phone.0 == 3 { THERE } else { back };
        let close = |is_told| {
            let (mut all, mut breaches, number) = invited();
            all.show(device(3), number, at(20), &mut breaches);
            all.answer(PhoneId(3), number, true, at(30));
            if is_told {
                all.hear(PhoneId(2), number, Answer::Accepted, &mut breaches);
            }
            all.close(|_| false, |_| true, stay, &mut breaches);
            found(&breaches)
        };
        assert_eq!(close(true), [], "one of its devices is enough");
        assert_eq!(close(false), [(Breach::AnswerLost, 1)]);
    }

    #[test]
    fn a_device_that_was_there_and_was_not_shown_an_invitation_is_missed_and_one_that_came_later_is_not()
     {
        for (there, missed) in [(&[1, 3][..], 1), (&[1], 0), (&[3], 1)] {
            let (mut all, mut breaches) =
                (Invitations::new(Devices::new(2, 2)), Breaches::default());
            all.send(ANN, BOB, |device| there.contains(&device.0), at(10));
            let number = number(ANN.phone, BOB);
            all.show(device(1), number, at(5), &mut breaches);
            assert_eq!(all.under_way(), 1 + missed, "its answer, too");
            let stay = |phone: PhoneId| if phone.0 == 3 { LEFT } else { THERE };
            all.close(|_| false, |_| true, stay, &mut breaches);
            assert_eq!(found(&breaches), [], "it left");
            all.close(|_| false, |_| true, |_| THERE, &mut breaches);
            assert_eq!(breaches.count(Breach::InvitationLost), missed, "{there:?}");
            all.show(device(3), number, at(5), &mut breaches);
            assert_eq!(all.under_way(), 1, "shown in the end");
        }
    }
}
