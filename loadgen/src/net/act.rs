//! [`Act`]: what a phone does on its line that a good phone would not.

use std::collections::VecDeque;

use crate::record::Begun;

/// What a phone does on its line that a good phone would not.
#[derive(Debug)]
pub(super) enum Act {
    /// It reads only when its timer says so, and then only a few bytes.
    ReadSlowly,
    /// It neither reads nor writes any more.
    Silent(Begun),
    /// It has sent half of its request, and will not send the rest.
    HalfOpen,
    /// Its bytes leave one by one.
    Drip(VecDeque<u8>),
}
