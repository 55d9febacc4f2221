//! What may happen next in a run of the model.

use proptest::prelude::*;

use super::super::*;
use super::SLOTS;

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A connection comes with one of the two logins of a user.
    Enter(u32, usize, usize, Kind),
    Switch(u32),
    Leave(u32),
    /// A message to everybody or to a user; from a socket that is for a place, to that place.
    Say(u32, Option<usize>),
    /// Bob or Eve is taken into the room, or out of it.
    Change(usize, bool),
    Delete,
    /// A user has read what another one wrote.
    MarkRead(usize, usize),
    /// The store does its next job.
    Store,
    /// The next message or logout will fail.
    Fail(Failure),
    /// A login ends.
    LogOut(usize, usize),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Stream,
    Pair(usize),
    Notices,
    Room,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let failure = prop_oneof![Just(Failure::Full), Just(Failure::ReadOnly), Just(Failure::Io)];
    let kind = prop_oneof![
        3 => Just(Kind::Stream),
        2 => (0..3usize).prop_map(Kind::Pair),
        2 => Just(Kind::Notices),
        3 => Just(Kind::Room),
    ];
    prop_oneof![
        5 => (0..SLOTS, 0..3usize, 0..2usize, kind)
            .prop_map(|(slot, user, login, kind)| Step::Enter(slot, user, login, kind)),
        3 => (1..3usize, prop::bool::weighted(0.7)).prop_map(|(user, adds)| Step::Change(user, adds)),
        2 => (0..3usize, 0..3usize).prop_map(|(user, other)| Step::MarkRead(user, other)),
        2 => (0..SLOTS).prop_map(Step::Switch),
        1 => (0..SLOTS).prop_map(Step::Leave),
        10 => (0..SLOTS, prop::option::of(0..3usize)).prop_map(|(slot, to)| Step::Say(slot, to)),
        10 => Just(Step::Store),
        1 => failure.prop_map(Step::Fail),
        1 => (0..6u8).prop_map(|dice| if dice == 0 { Step::Delete } else { Step::Store }),
        1 => (0..3usize, 0..2usize).prop_map(|(user, login)| Step::LogOut(user, login)),
    ]
}
