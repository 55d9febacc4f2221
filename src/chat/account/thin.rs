//! [`Thin`]: the realm before it has people. It refuses every call, since nobody is registered. Called by the
//! chat. (Unit tests of the session and the turn have another one, `thin_for_tests.rs`.)

use super::{Asker, Call, JobResult, Refusal, Reply};
use crate::chat::{ConnectionId, Sink};
use crate::limiter::Block;
use crate::timer::Now;

/// The realm.
#[derive(Debug, Default)]
pub struct Thin;

impl Thin {
    pub(in crate::chat) fn new() -> Self {
        Thin
    }

    pub(in crate::chat) fn call(
        &mut self,
        _now: Now,
        _from: Block,
        asker: Asker,
        _call: &Call,
        sink: &mut impl Sink,
    ) {
        sink.reply(asker, &Reply::Refused(Refusal::NotSignedIn));
    }

    pub(in crate::chat) fn done(&mut self, _: Now, _: JobResult, _: &mut impl Sink) {}

    pub(in crate::chat) fn may_speak(&self, _: ConnectionId) -> bool {
        true
    }
}
