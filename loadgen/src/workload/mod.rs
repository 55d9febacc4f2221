//! What: which phone is like what, who writes to whom, what the text is, when each heartbeat falls.
//!
//! Every choice comes from the seed: pairs in the order of the plan, and what belongs to one phone from
//! the seed and that phone alone, since nobody knows in which order phones get through. Knows neither
//! sockets nor the time. Called by `net`, and by the report for the words of the plan.

pub(crate) mod conduct;
mod devices;
mod manners;
mod names;
mod numbers;
mod peers;
mod persona;
mod sizes;
mod stamp;

pub(crate) use conduct::Conduct;
pub(crate) use devices::Devices;
pub(crate) use manners::Manners;
pub(crate) use names::Names;
pub(crate) use numbers::Numbers;
pub(crate) use peers::Peers;
pub(crate) use persona::{Cast, Persona, Share};
pub(crate) use sizes::Sizes;
pub(crate) use stamp::{Stamp, Texts};

use std::time::Duration;

use crate::client::Protocol;

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
pub(crate) const REFRESH: Duration = Duration::from_secs(10);

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

/// How a phone wants to be told who is online.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Presence {
    /// Whole lists, as the original app: the only mode that every SCA server has.
    Full,
    /// A list, and then what has changed.
    Delta,
    /// Not at all.
    None,
}

impl Presence {
    /// The word for it, on the wire and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Presence::Full => "full",
            Presence::Delta => "delta",
            Presence::None => "none",
        }
    }

    /// What is appended to the address. The original app knows no modes, and appends nothing.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Presence::Full => "",
            Presence::Delta => "?presence=delta",
            Presence::None => "?presence=none",
        }
    }
}
