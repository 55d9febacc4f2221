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
