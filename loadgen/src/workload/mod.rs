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
