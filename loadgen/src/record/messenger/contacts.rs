//! [`Contacts`]: which sessions know each other, and what each device believes of who is online.
//!
//! Two sessions are *acquainted* as soon as the server may make them contacts. They are contacts once the
//! server has shown that it did. A device that comes is told which contacts of its session are online, and
//! after that of each coming and going. How long that takes is convergence. A going is told only after the
//! server's grace, which counts as part of it; a session that is back within the grace is no news. Knows
//! neither sockets nor JSON.

use std::mem;
use std::time::Duration;

use switchboard::timer::Moment;

use super::breach::{Breach, Breaches};
use crate::phone_id::PhoneId;
use crate::record::lately::Lately;
use crate::record::{Begun, Measure};
use crate::workload::Devices;

/// Which sessions know each other.
#[derive(Debug)]
pub(crate) struct Contacts {
    devices: Devices,
    grace: Duration,
    /// By session: the sessions that it is acquainted with, in order.
    friends: Vec<Vec<Friend>>,
    /// By session: how many of its devices are online, and when it came and went.
    presence: Vec<Presence>,
    /// By device: who is online as far as it knows, in order; `None` while the device is offline.
    beliefs: Vec<Option<Vec<PhoneId>>>,
    /// By device: whether it is online.
    is_there: Vec<bool>,
    changes: u32,
    /// From this moment on all contacts should know of the latest going.
    pub(super) quiet_from: Moment,
    pub(super) convergence: Measure,
    pub(in crate::record) lately: Lately,
}

#[derive(Clone, Copy, Debug)]
struct Friend {
    id: PhoneId,
    /// The moment at which they became contacts, if they are.
    since: Option<Moment>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Presence {
    there: u32,
    came: Option<Begun>,
    went: Option<Begun>,
}

/// What the server's timers and ours may add to the server's grace.
const SLACK: Duration = Duration::from_secs(1);

impl Contacts {
    pub(super) fn new(devices: Devices, grace: Duration) -> Self {
        let sessions = PhoneId(devices.sessions()).index();
        Contacts {
            devices,
            grace,
            friends: vec![Vec::new(); sessions],
            presence: vec![Presence::default(); sessions],
            beliefs: vec![None; PhoneId(devices.phones()).index()],
            is_there: vec![false; PhoneId(devices.phones()).index()],
            changes: 0,
            quiet_from: Moment::START,
            convergence: Measure::default(),
            lately: Lately::default(),
        }
    }

    /// The two are acquainted: from now on the server may make them contacts.
    pub(crate) fn meet(&mut self, one: PhoneId, other: PhoneId) {
        for (session, friend) in [(one, other), (other, one)] {
            let friends = &mut self.friends[session.index()];
            if let Err(place) = friends.binary_search_by_key(&friend, |friend| friend.id) {
                friends.insert(place, Friend { id: friend, since: None });
            }
        }
    }

    /// A message has come from one to the other. If they were acquainted, they are contacts now. Neither
    /// has to be told that the other is online: the message has shown it.
    pub(super) fn exchange(&mut self, one: PhoneId, other: PhoneId, now: Moment) {
        if self.friend(one, other).is_none_or(|friend| friend.since.is_some()) {
            return;
        }
        self.befriend(one, other, now);
        for (session, friend) in [(one, other), (other, one)] {
            if self.presence[friend.index()].there == 0 {
                continue;
            }
            for device in self.devices.of(session) {
                let Some(belief) = &mut self.beliefs[device.index()] else { continue };
                if let Err(place) = belief.binary_search(&friend) {
                    belief.insert(place, friend);
                }
            }
        }
    }

    /// The server has shown that they are contacts.
    pub(super) fn befriend(&mut self, one: PhoneId, other: PhoneId, now: Moment) {
        for (session, friend) in [(one, other), (other, one)] {
            if let Some(friend) = self.friend(session, friend) {
                friend.since = friend.since.or(Some(now));
            }
        }
    }

    /// A device dials: it believes nothing yet.
    pub(super) fn expect(&mut self, device: PhoneId) {
        self.beliefs[device.index()] = Some(Vec::new());
    }

    /// It is online.
    pub(super) fn came(&mut self, device: PhoneId, begun: Begun) {
        let session = self.devices.session(device);
        let presence = &mut self.presence[session.index()];
        self.is_there[device.index()] = true;
        presence.there += 1;
        if presence.there == 1 {
            presence.came = Some(begun);
            self.changes += 1;
        }
    }

    /// It is no longer online, if it was.
    pub(super) fn went(&mut self, device: PhoneId, now: Moment) {
        self.beliefs[device.index()] = None;
        let was_there = mem::take(&mut self.is_there[device.index()]);
        let session = self.devices.session(device);
        let presence = &mut self.presence[session.index()];
        presence.there -= u32::from(was_there);
        if was_there && presence.there == 0 {
            presence.went = Some(Begun::at(now));
            self.changes += 1;
            self.quiet_from = self.quiet_from.max(now + self.grace + SLACK);
        }
    }

    /// A device is told that a contact is online, or no longer.
    pub(super) fn hear(
        &mut self,
        by: PhoneId,
        about: PhoneId,
        is_online: bool,
        now: Moment,
        breaches: &mut Breaches,
    ) {
        let session = self.devices.session(by);
        let Some(&mut Friend { since, .. }) = self.friend(session, about) else {
            return breaches.add(Breach::Stranger);
        };
        let presence = self.presence[about.index()];
        let Some(belief) = &mut self.beliefs[by.index()] else { return };
        let place = belief.binary_search(&about);
        match (place, is_online) {
            (Err(place), true) => belief.insert(place, about),
            (Ok(place), false) => drop(belief.remove(place)),
            (Ok(_), true) | (Err(_), false) => {}
        }
        let own = self.presence[session.index()];
        let change = match is_online {
            // The device may be told before we know of it, which takes no time at all.
            true if presence.there == 0 => Some(Begun::at(now)),
            true => presence.came,
            false => presence.went,
        };
        // What was so before they became contacts, or before the device's own session came, is no change.
        let is_change = |change: &Begun| {
            since.is_some_and(|since| since < change.actual)
                && own.came.is_some_and(|came| came.actual < change.actual)
        };
        if let Some(change) = change.filter(is_change) {
            self.convergence.add(change, now);
            self.lately.add_many(now.since(change.planned), 1);
        }
    }

    /// Adds how often sessions of other processes came and went, and how long it took until contacts knew.
    pub(super) fn absorb(&mut self, convergence: Measure, changes: u32) {
        self.convergence.absorb(&convergence);
        self.changes += changes;
    }

    /// How often a session has come or gone.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// Devices that believe something wrong of a contact.
    pub(super) fn stale(&self) -> u64 {
        let is_stale = |device: &PhoneId| {
            let session = self.devices.session(*device);
            let Some(belief) = &self.beliefs[device.index()] else { return false };
            let contacts = self.friends[session.index()].iter().filter(|f| f.since.is_some());
            let mut wrong = contacts.filter(|friend| {
                let is_there = self.presence[friend.id.index()].there > 0;
                is_there != belief.binary_search(&friend.id).is_ok()
            });
            self.presence[session.index()].there > 0 && wrong.next().is_some()
        };
        (0..self.devices.phones()).map(PhoneId).filter(is_stale).count() as u64
    }

    fn friend(&mut self, session: PhoneId, friend: PhoneId) -> Option<&mut Friend> {
        let friends = &mut self.friends[session.index()];
        let place = friends.binary_search_by_key(&friend, |friend| friend.id).ok()?;
        friends.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PhoneId = PhoneId(0);
    const BOB: PhoneId = PhoneId(1);
    const CAT: PhoneId = PhoneId(2);

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    /// Ann and Bob have been contacts since 10 ms, and know it. Cat is online as well.
    fn contacts() -> (Contacts, Breaches) {
        let (mut contacts, mut breaches) =
            (Contacts::new(Devices::new(3, 1), Duration::from_secs(5)), Breaches::default());
        for phone in [ANN, BOB, CAT] {
            contacts.expect(phone);
            contacts.came(phone, Begun::at(at(1)));
        }
        contacts.meet(ANN, BOB);
        for (by, about) in [(ANN, BOB), (BOB, ANN)] {
            contacts.hear(by, about, true, at(10), &mut breaches);
        }
        contacts.befriend(ANN, BOB, at(10));
        (contacts, breaches)
    }

    #[test]
    fn a_going_counts_until_it_is_told_and_so_does_the_return() {
        let (mut contacts, mut breaches) = contacts();
        assert_eq!((contacts.stale(), contacts.convergence.count()), (0, 0), "no change so far");
        contacts.went(BOB, at(100));
        assert_eq!(contacts.stale(), 1);
        contacts.hear(ANN, BOB, false, at(5100), &mut breaches);
        assert_eq!((contacts.stale(), contacts.convergence.count()), (0, 1));
        assert!(contacts.convergence.corrected.min() >= Duration::from_millis(4990));
        contacts.expect(BOB);
        contacts.came(BOB, Begun::at(at(6000)));
        contacts.hear(ANN, BOB, true, at(6004), &mut breaches);
        contacts.hear(BOB, ANN, true, at(6004), &mut breaches);
        assert_eq!((contacts.stale(), contacts.convergence.count()), (0, 2));
        assert!(contacts.convergence.corrected.min() <= Duration::from_millis(5));
        assert_eq!(breaches.count(Breach::Stranger), 0);
    }

    #[test]
    fn a_session_that_has_exchanged_a_message_knows_that_the_other_is_there_and_hears_when_it_goes()
    {
        let (mut contacts, mut breaches) = contacts();
        contacts.meet(ANN, CAT);
        contacts.exchange(ANN, CAT, at(20));
        assert_eq!(contacts.stale(), 0, "though nobody has been told");
        contacts.went(CAT, at(100));
        assert_eq!(contacts.stale(), 1);
        contacts.hear(ANN, CAT, false, at(5100), &mut breaches);
        contacts.exchange(CAT, ANN, at(5200));
        assert_eq!((contacts.stale(), contacts.convergence.count()), (0, 1));
        assert_eq!(breaches.count(Breach::Stranger), 0);
    }

    #[test]
    fn who_is_back_within_the_grace_is_no_news_and_a_stranger_hears_nothing() {
        let (mut contacts, mut breaches) = contacts();
        contacts.went(BOB, at(100));
        contacts.expect(BOB);
        contacts.came(BOB, Begun::at(at(200)));
        contacts.hear(BOB, ANN, true, at(200), &mut breaches);
        assert_eq!((contacts.stale(), contacts.convergence.count()), (0, 0));
        contacts.hear(CAT, BOB, true, at(300), &mut breaches);
        assert_eq!(breaches.count(Breach::Stranger), 1);
    }
}
