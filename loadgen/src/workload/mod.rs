//! What is done: what each phone is like, which phone writes to which, what the text is, when each
//! heartbeat is due.
//!
//! Every choice comes from the seed: pairs in the order of the plan, and what belongs to one phone from the
//! seed and that phone alone, because the order in which phones get through is different in each run. Knows
//! neither sockets nor the time.

pub(crate) mod conduct;
mod devices;
mod homes;
mod manners;
mod names;
mod numbers;
mod page;
mod peers;
mod persona;
mod place;
mod postings;
mod rooms;
mod shard;
mod sizes;
mod stamp;

pub(crate) use conduct::Conduct;
pub(crate) use devices::Devices;
pub(crate) use homes::{Homes, MOST_SERVERS, ServerId};
pub(crate) use manners::Manners;
pub(crate) use names::{Name, Names};
pub(crate) use numbers::Numbers;
pub(crate) use page::{Page, Pages};
pub(crate) use peers::Peers;
pub(crate) use persona::{Cast, Persona, Share};
pub(crate) use place::Place;
pub(crate) use postings::Postings;
pub(crate) use rooms::Rooms;
pub(crate) use shard::Shard;
pub(crate) use sizes::Sizes;
pub(crate) use stamp::{Stamp, Texts};
