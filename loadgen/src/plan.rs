//! [`Plan`]: what is to be played, and of it [`Settings`]: what phones do. The flags come to it, `net` plays it, the report tells what it was.
//!
//! Says neither against which server nor where the report goes: the same plan can be played again.

use std::time::Duration;

use crate::client::{Presence, Protocol};
use crate::expect::Expectation;
use crate::schedule::Timing;
use crate::workload::{Conduct, Devices, Manners, Persona, Share, Sizes};

/// What is to be played.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// When phones come and go, and when messages are due.
    pub(crate) timing: Timing,
    /// Whether the phones decide when they write: the closed model.
    pub(crate) is_closed: bool,
    /// What phones do.
    pub(crate) settings: Settings,
    /// The server's ping timeout, if it is known.
    pub(crate) ping_timeout: Option<Duration>,
    /// How often the server looks for silent phones.
    pub(crate) sweep_interval: Duration,
    /// How long after the last arrival a message counts as lost.
    pub(crate) settle: Duration,
    /// What must hold in the end.
    pub(crate) expectations: Vec<Expectation>,
    /// Whether to print no progress.
    pub(crate) quiet: bool,
}

impl Plan {
    /// Which phones are devices of one session.
    pub(crate) fn devices(&self) -> Devices {
        Devices::new(self.timing.clients, self.settings.manners.devices)
    }

    /// How long the server may take to notice that a phone has fallen silent, if we know.
    pub(crate) fn notice_limit(&self) -> Option<Duration> {
        /// What the server's timers and ours may add.
        const SLACK: Duration = Duration::from_secs(2);
        Some(self.ping_timeout? + self.sweep_interval + SLACK)
    }
}

/// What phones do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// What they speak.
    pub(crate) protocol: Protocol,
    /// What sessions do beside writing.
    pub(crate) manners: Manners,
    /// Which personas there are. Empty: chatters alone.
    pub(crate) shares: Vec<Share>,
    /// How long texts are.
    pub(crate) sizes: Sizes,
    /// How the phones want to be told who is online.
    pub(crate) presence: Presence,
    /// Time between two pings of one phone.
    pub(crate) heartbeat: Option<Duration>,
    /// Time between two requests for the list; the first follows the first frame.
    pub(crate) refresh: Option<Duration>,
    /// How many others a chatter writes to; any, if not given.
    pub(crate) circle: Option<u32>,
    /// In the closed model, how long a chatter thinks after its message has arrived; on average.
    pub(crate) think: Option<Duration>,
    /// How the less ordinary personas behave.
    pub(crate) conduct: Conduct,
}

/// How often a refresher asks, if nothing else is said: as the original app.
const REFRESH: Duration = Duration::from_secs(10);

impl Settings {
    /// How often such a phone asks who is online.
    pub(crate) fn refresh_of(&self, persona: Persona) -> Option<Duration> {
        match persona {
            Persona::Refresher => Some(self.refresh.unwrap_or(REFRESH)),
            Persona::Lurker | Persona::Chatter | Persona::Flapper => self.refresh,
            Persona::SlowReader
            | Persona::SilentDrop
            | Persona::HalfOpen
            | Persona::Drip
            | Persona::Garbage
            | Persona::Flood => None,
        }
    }
}
