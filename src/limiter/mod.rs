//! How often something may happen: [`Rate`] and [`Bucket`]. How many connections one address may
//! have: [`Addresses`]. Which address a proxied client has: [`Proxies`]. [`Limit`] has the names of
//! all limits.
//!
//! Knows neither a clock nor a socket, nor what happens to a client that is over a limit: the
//! session, the chat and the turn ask, and act on the answer.

mod addresses;
mod bucket;
mod limit;
mod proxies;

pub use addresses::{AddressLimits, Addresses, Arrival, Block, Excess};
pub use bucket::{Bucket, Drawn, Rate};
pub use limit::{Hits, Limit};
pub use proxies::{Forwarded, Network, Proxies};
