//! The phases of a turn, in the order in which [`Turn::run`](super::Turn::run) calls them. Each is one
//! method of the turn, in a file with its name.

pub(super) mod readiness;

pub(super) mod accept;

mod answer;

mod receive;

pub(super) mod expire;

mod leave;

mod ask;

pub(super) mod publish;

mod send;

mod close;
