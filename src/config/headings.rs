//! The headings of the help, in their order. Each group of flags stands under one.

pub(super) const NETWORK: &str = "Network";
pub(super) const CLIENTS: &str = "Limits on a client or an address";
pub(super) const MEMORY: &str = "Memory";
pub(super) const DEADLINES: &str = "Deadlines";
pub(super) const SESSIONS: &str = "Sessions";
pub(super) const OPERATION: &str = "Operation";
