//! [`Act`]: what a phone does on its line that no good phone would.

use std::collections::VecDeque;

use crate::record::Begun;

/// What a phone does on its line that no good phone would.
#[derive(Debug)]
pub(super) enum Act {
    /// It reads when its timer says so, and then only so much.
    ReadSlowly,
    /// It neither reads nor writes any more.
    Silent(Begun),
    /// It has sent half of its request, and will not send the rest.
    HalfOpen,
    /// What it has to say leaves one byte at a time.
    Drip(VecDeque<u8>),
}
