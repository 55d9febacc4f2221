//! [`Checks`]: what is checked beside the books, which differs from realm to realm; and [`Checked`]: the
//! realms that there are.
//!
//! The books count the messages of any realm. Which phone is to hear of which other is the realm's own
//! matter: `views` judges lists of numbers, `messenger` judges what sessions are told of each other. A new
//! realm is a type that implements [`Checks`], and an arm in each function of [`Checked`].

use switchboard::timer::Moment;

use super::account::Accounts;
use super::books::{Books, Party};
use super::lately::Lately;
use super::measure::{Begun, Measure};
use super::messenger::Messenger;
use super::views::Views;
use crate::client::Realm;
use crate::phone_id::PhoneId;
use crate::workload::{Devices, Manners, Persona, ServerId};

/// What a realm is told of its phones, and the verdict that it reaches.
pub(super) trait Checks {
    /// A phone of this kind dials this server.
    fn dialled(&mut self, phone: PhoneId, persona: Persona, server: ServerId);

    /// It is ready. `is_followed`: other phones are still expected to hear of it.
    fn came(
        &mut self,
        phone: PhoneId,
        persona: Persona,
        begun: Begun,
        is_followed: bool,
        now: Moment,
    );

    /// It hangs up, or its connection has ended.
    fn went(&mut self, phone: PhoneId, persona: Persona, books: &mut Books, now: Moment);

    /// It has fallen silent: the server may give it up at any moment.
    fn may_leave(&mut self, phone: PhoneId);

    /// Takes the phones that have fallen silent, and that other phones no longer see.
    fn take_gone(&mut self) -> Vec<PhoneId>;

    /// Its connection was not closed in good order. Returns the party whose messages are now in doubt.
    fn broke(&mut self, party: Party) -> Party;

    /// How many phones believe something wrong of another phone.
    fn stale(&self) -> u64;

    /// Whether everything has come that is waited for. `is_followed`: who is online is part of that.
    fn is_complete(&self, is_followed: bool) -> bool;

    /// Whether it is too early to give up what has not come.
    fn is_unsettled(&self, now: Moment) -> bool;

    /// Whether a phone waits at this moment for the answer of another.
    fn is_waiting_for_answers(&self) -> bool;

    /// The moment at which something last came that was waited for.
    fn last_news(&self) -> Moment;

    /// How often a phone has come or gone.
    fn changes(&self) -> u32;

    /// The time from a coming or going to the moment at which another phone knows of it.
    fn convergence(&self) -> &Measure;

    /// Convergence since the last call, if there was any.
    fn take_lately(&mut self) -> Option<Lately>;

    /// The run is over: whatever should have come, and has not, is counted as wrong.
    fn finish(&mut self, books: &mut Books);
}

/// The realm of a run, and what was checked in it.
#[derive(Debug)]
pub(crate) enum Checked {
    /// Numbers, which are shown lists.
    Mobile(Box<Views>),
    /// Sessions, which are told of their contacts.
    Messenger(Box<Messenger>),
    /// Users with accounts, whose messages the server keeps.
    Account(Box<Accounts>),
}

impl Checked {
    /// A realm in which nothing has happened yet.
    pub(crate) fn new(realm: Realm, devices: Devices, manners: &Manners, servers: usize) -> Self {
        match realm {
            Realm::Mobile(_) => Checked::Mobile(Box::new(Views::new(devices.phones(), servers))),
            Realm::Messenger(_) => Checked::Messenger(Box::new(Messenger::new(devices, manners))),
            Realm::Account(_) => Checked::Account(Box::new(Accounts::new(devices.phones()))),
        }
    }

    pub(super) fn checks(&self) -> &dyn Checks {
        match self {
            Checked::Mobile(views) => &**views,
            Checked::Messenger(messenger) => &**messenger,
            Checked::Account(accounts) => &**accounts,
        }
    }

    pub(super) fn checks_mut(&mut self) -> &mut dyn Checks {
        match self {
            Checked::Mobile(views) => &mut **views,
            Checked::Messenger(messenger) => &mut **messenger,
            Checked::Account(accounts) => &mut **accounts,
        }
    }

    /// The checks of what phones are shown of each other, where all are shown the same.
    pub(crate) fn views_mut(&mut self) -> Option<&mut Views> {
        match self {
            Checked::Mobile(views) => Some(views),
            Checked::Account(accounts) => accounts.views_mut(),
            Checked::Messenger(_) => None,
        }
    }

    /// The checks of sessions, if this is their realm.
    pub(crate) fn messenger(&self) -> Option<&Messenger> {
        match self {
            Checked::Messenger(messenger) => Some(messenger),
            Checked::Mobile(_) | Checked::Account(_) => None,
        }
    }

    /// The same, to be told something.
    pub(crate) fn messenger_mut(&mut self) -> Option<&mut Messenger> {
        match self {
            Checked::Messenger(messenger) => Some(messenger),
            Checked::Mobile(_) | Checked::Account(_) => None,
        }
    }

    /// The checks of users with accounts, if this is their realm.
    pub(crate) fn accounts(&self) -> Option<&Accounts> {
        match self {
            Checked::Account(accounts) => Some(accounts),
            Checked::Mobile(_) | Checked::Messenger(_) => None,
        }
    }

    /// The same, to be told something.
    pub(crate) fn accounts_mut(&mut self) -> Option<&mut Accounts> {
        match self {
            Checked::Account(accounts) => Some(accounts),
            Checked::Mobile(_) | Checked::Messenger(_) => None,
        }
    }
}
