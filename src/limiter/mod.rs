//! Limits. [`Rate`] and [`Bucket`] say how often something may happen. [`Addresses`] says how many
//! connections one address may have. [`Proxies`] says which address a proxied client has. [`Limit`] has
//! the names of all limits. [`BanList`] says who may not come at all.
//!
//! This room knows no clock and no socket, and not what happens to a client that is over a limit. The
//! session, the chat and the turn call it, and act on the result.

mod addresses;
mod bans;
mod block;
mod bucket;
mod limit;
mod peer;
mod proxies;

pub use addresses::{AddressLimits, Addresses, Arrival, Excess};
pub use bans::{BanList, BannedNetworks, Term};
pub use block::Block;
pub use bucket::{Bucket, Drawn, Rate};
pub use limit::{Hits, Limit};
pub use peer::Peer;
pub use proxies::{Forwarded, Network, Proxies};
