//! [`Plan`]: what is to be played, and in it [`Settings`]: what phones do. `args` makes it from the flags,
//! `net` plays it, and `report` describes it.
//!
//! It says neither against which server nor where the report goes: the same plan can be played several
//! times.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard::auth::TokenMaker;

use crate::client::{Presence, Protocol, Realm};
use crate::expect::Expectation;
use crate::schedule::{Command, Timing};
use crate::workload::{
    Cast, Conduct, Devices, Manners, Pages, Persona, Postings, Rooms, Shard, Share, Sizes,
};

/// What is to be played.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// The part of it that this process plays; `None`: all of it.
    pub(crate) shard: Option<Shard>,
    /// When it begins, since the Unix epoch; `None`: as soon as the server has answered.
    pub(crate) start_at: Option<Duration>,
    /// The moments at which phones come and go, and at which messages are due.
    pub(crate) timing: Timing,
    /// Commands that are run meanwhile, in the order of their moments.
    pub(crate) commands: Vec<Command>,
    /// Whether the model is closed: then each phone decides when it writes.
    pub(crate) is_closed: bool,
    /// What phones do.
    pub(crate) settings: Settings,
    /// What makes the tokens of phones, if the server wants some. A key does not leave this process.
    #[serde(skip)]
    pub(crate) tokens: Option<Arc<TokenMaker>>,
    /// The server's ping timeout, if it is known.
    pub(crate) ping_timeout: Option<Duration>,
    /// How often the server looks for silent phones.
    pub(crate) sweep_interval: Duration,
    /// How long after the last arrival a message counts as lost.
    pub(crate) settle: Duration,
    /// What must hold in the end.
    pub(crate) expectations: Vec<Expectation>,
    /// Whether a run ends as soon as one of them can no longer be met.
    pub(crate) abort_on_fail: bool,
    /// Whether to print no progress.
    pub(crate) quiet: bool,
}

impl Plan {
    /// Which phones are devices of one session.
    pub(crate) fn devices(&self) -> Devices {
        Devices::new(self.timing.clients, self.settings.manners.devices)
    }

    /// Which users are in which room.
    pub(crate) fn rooms(&self) -> Rooms {
        let (rooms, users) = (self.settings.postings.rooms, self.devices().sessions());
        Rooms::new(rooms, users, self.shard, self.timing.seed)
    }

    /// Which page of the app each phone has open, if the protocol has pages.
    pub(crate) fn pages(&self, rooms: &Rooms) -> Pages {
        match self.settings.protocol.dialect().realm() {
            Realm::Account(words) if words.skills().has_pages => {
                let Timing { clients, seed, .. } = self.timing;
                let cast = Cast::new(&self.settings.shares, clients, seed);
                Pages::new(&self.settings.postings, rooms, seed)
                    .with_start_on(&cast.phones(Persona::sends_rubbish))
            }
            Realm::Mobile(_) | Realm::Messenger(_) | Realm::Account(_) => Pages::default(),
        }
    }

    /// How many phones this process plays.
    pub(crate) fn own_phones(&self) -> u32 {
        let (all, of_one) = (self.devices().phones(), self.devices().each());
        self.shard.map_or(all, |shard| shard.phones(self.timing.clients) * of_one)
    }

    /// The most phones to which one message is delivered: a user's may be for everyone.
    pub(crate) fn receivers(&self) -> u32 {
        match self.settings.protocol.dialect().realm() {
            Realm::Account(_) => self.own_phones(),
            Realm::Mobile(_) | Realm::Messenger(_) => 1,
        }
    }

    /// Whether all phones stay for as long as the plan says. Otherwise some messages have no recipient, or
    /// are never heard of again, and that is no fault of the server.
    pub(crate) fn is_steady(&self) -> bool {
        let steady = |share: &Share| share.persona.is_steady() || share.weight == 0;
        let is_ramp_and_hold = match &*self.timing.stages {
            [ramp, hold] => ramp.is_silent() && hold.clients == ramp.clients,
            _ => false,
        };
        self.settings.shares.iter().all(steady) && is_ramp_and_hold && self.commands.is_empty()
    }

    /// How long the server may take to notice a silent phone, if its ping timeout is known.
    pub(crate) fn notice_limit(&self) -> Option<Duration> {
        /// How much later the server and loadgen may be, because of their timers.
        const SLACK: Duration = Duration::from_secs(2);
        Some(self.ping_timeout? + self.sweep_interval + SLACK)
    }

    /// What a server of loadgen's own must keep to, in the server's variables: what the plan holds it to.
    pub(crate) fn times_of_the_server(&self) -> Vec<(&'static str, Duration)> {
        self.ping_timeout.map_or_else(Vec::new, |timeout| {
            vec![
                ("SWITCHBOARD_PING_TIMEOUT", timeout),
                ("SWITCHBOARD_SWEEP_INTERVAL", self.sweep_interval),
            ]
        })
    }
}

/// What phones do.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Settings {
    /// The protocol that they speak.
    pub(crate) protocol: Protocol,
    /// What sessions do beside writing.
    pub(crate) manners: Manners,
    /// What users with accounts write.
    pub(crate) postings: Postings,
    /// The personas and their weights. Empty: all phones are chatters.
    pub(crate) shares: Vec<Share>,
    /// How long texts are.
    pub(crate) sizes: Sizes,
    /// How phones want to be told who is online.
    pub(crate) presence: Presence,
    /// The time between two pings of a phone.
    pub(crate) heartbeat: Option<Duration>,
    /// The time between two requests of a phone for the list. The first one follows the first frame.
    pub(crate) refresh: Option<Duration>,
    /// How many phones a chatter writes to; any, if not given.
    pub(crate) circle: Option<u32>,
    /// In the closed model, the mean time for which a chatter thinks after its message has arrived.
    pub(crate) think: Option<Duration>,
    /// How the less ordinary personas behave.
    pub(crate) conduct: Conduct,
}

/// How often a refresher asks, if no flag says so: as often as the original app.
const REFRESH: Duration = Duration::from_secs(10);

impl Settings {
    /// How often a phone of this persona asks who is online.
    pub(crate) fn refresh_of(&self, persona: Persona) -> Option<Duration> {
        match persona {
            Persona::Refresher => Some(self.refresh.unwrap_or(REFRESH)),
            Persona::Lurker | Persona::Chatter | Persona::Flapper | Persona::Roamer => self.refresh,
            Persona::SlowReader
            | Persona::SilentDrop
            | Persona::HalfOpen
            | Persona::Drip
            | Persona::Garbage
            | Persona::Flood
            | Persona::QuotaHog => None,
        }
    }
}
