#![doc = include_str!("ARCHITECTURE.md")]

pub mod chat;
pub mod config;
pub mod dialects;
pub mod environment;
pub mod http;
pub mod journal;
pub mod limiter;
pub mod metrics;
pub mod net;
pub mod session;
pub mod shards;
#[cfg(feature = "accounts")]
pub mod store;
pub mod timer;
pub mod turn;
pub mod ws;
