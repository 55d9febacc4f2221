//! Placeholder front page, replaced by ARCHITECTURE.md once the rooms are furnished.

pub mod chat;
pub mod dialects;
pub mod http;
pub mod metrics;
pub mod timer;
pub mod ws;
