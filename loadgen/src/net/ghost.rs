//! [`Ghost`]: a half-open connection that a roamer has left. The phone does not read it any more, and its server is
//! told nothing.

use super::line::Line;
use crate::record::{Begun, Party};
use crate::workload::ServerId;

/// A half-open connection that its phone has left.
#[derive(Debug)]
pub(super) struct Ghost {
    pub(super) party: Party,
    pub(super) server: ServerId,
    /// Whether the phone has come back on another server.
    pub(super) is_elsewhere: bool,
    /// Since when the server has heard nothing over it.
    pub(super) begun: Begun,
    /// What the server still says to it stays unread in its socket, until it is closed.
    pub(super) line: Box<Line>,
}
