//! The phases of a turn: one method of [`Turn`](super::Turn) each.

mod endings;
pub(super) mod expire;
pub(super) mod publish;
pub(super) mod receive;
mod send;
