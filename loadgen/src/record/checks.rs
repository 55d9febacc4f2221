//! [`Checks`]: what is checked beside the books, which is another thing in each realm; and [`Checked`]: the
//! realms that there are.
//!
//! The books count the messages of any realm. Who is to hear of whom is the realm's own matter: `views` judges
//! lists of numbers, `messenger` what sessions are told of each other. A new realm is a type that implements
//! [`Checks`], and an arm wherever [`Checked`] is taken apart, all of them in this file.

use switchboard::timer::Moment;

use super::books::{Books, Party};
use super::measure::{Begun, Measure};
use super::messenger::Messenger;
use super::views::Views;
use crate::client::Realm;
use crate::phone_id::PhoneId;
use crate::workload::{Devices, Manners, Persona};

/// What a realm is told of its phones, and what it makes of that.
pub(super) trait Checks {
    /// A phone of this kind dials.
    fn dialled(&mut self, phone: PhoneId, persona: Persona);

    /// It is ready. `is_followed`: others are still expected to hear of it.
    fn came(
        &mut self,
        phone: PhoneId,
        persona: Persona,
        begun: Begun,
        is_followed: bool,
        now: Moment,
    );

    /// It hangs up, or its connection has ended.
    fn went(&mut self, phone: PhoneId, persona: Persona, now: Moment);

    /// It has fallen silent: the server may give it up at any moment.
    fn may_leave(&mut self, phone: PhoneId);

    /// Phones that have fallen silent, and that others no longer see.
    fn take_gone(&mut self) -> Vec<PhoneId>;

    /// Its connection has not ended in good order: the party whose messages are now in doubt.
    fn broke(&mut self, party: Party) -> Party;

    /// How many phones believe something wrong of another.
    fn stale(&self) -> u64;

    /// Whether all has come that is waited for. `is_followed`: who is online is part of that.
    fn is_complete(&self, is_followed: bool) -> bool;

    /// Whether it is too early to stop waiting for what has not come.
    fn is_unsettled(&self, now: Moment) -> bool;

    /// Whether a phone waits for another's answer at this moment.
    fn is_waiting_for_answers(&self) -> bool;

    /// When something last came that was waited for.
    fn last_news(&self) -> Moment;

    /// Comings and goings.
    fn changes(&self) -> u32;

    /// From a coming or going to the moment that another phone knows of it.
    fn convergence(&self) -> &Measure;

    /// Median and p99 of convergence, in nanoseconds, since this was asked last.
    fn take_lately(&mut self) -> Option<[u64; 2]>;

    /// The run is over: what should have come and has not is counted as wrong.
    fn finish(&mut self, books: &Books);
}

/// The realm of a run, with what was checked in it.
#[derive(Debug)]
pub(crate) enum Checked {
    /// Lists of numbers.
    Mobile(Box<Views>),
    /// What sessions are told.
    Messenger(Box<Messenger>),
}

impl Checked {
    /// Nothing has happened yet in this realm.
    pub(crate) fn new(realm: Realm, devices: Devices, manners: &Manners) -> Self {
        match realm {
            Realm::Mobile(_) => Checked::Mobile(Box::new(Views::new(devices.phones()))),
            Realm::Messenger(_) => Checked::Messenger(Box::new(Messenger::new(devices, manners))),
        }
    }

    pub(super) fn checks(&self) -> &dyn Checks {
        match self {
            Checked::Mobile(views) => &**views,
            Checked::Messenger(messenger) => &**messenger,
        }
    }

    pub(super) fn checks_mut(&mut self) -> &mut dyn Checks {
        match self {
            Checked::Mobile(views) => &mut **views,
            Checked::Messenger(messenger) => &mut **messenger,
        }
    }

    /// Those of numbers, if it is them.
    pub(crate) fn views_mut(&mut self) -> Option<&mut Views> {
        match self {
            Checked::Mobile(views) => Some(views),
            Checked::Messenger(_) => None,
        }
    }

    /// Those of sessions, if it is them.
    pub(crate) fn messenger(&self) -> Option<&Messenger> {
        match self {
            Checked::Messenger(messenger) => Some(messenger),
            Checked::Mobile(_) => None,
        }
    }

    /// The same, to be told something.
    pub(crate) fn messenger_mut(&mut self) -> Option<&mut Messenger> {
        match self {
            Checked::Messenger(messenger) => Some(messenger),
            Checked::Mobile(_) => None,
        }
    }
}
