//! [`Invitations`]: all that are in memory, which are those that wait for an answer, and answers
//! that wait for their sender. They are the only texts that the realm keeps.
//!
//! Each counts with the bytes of its texts and with [`OVERHEAD_BYTES`], so that many small ones cannot
//! fill the memory either. Knows no people, only their keys. `inviting.rs` calls it.

use std::time::Duration;

use slab::Slab;

use super::Invite;
use super::event::{Answer, Invitation};
use super::person_key::PersonKey;
use crate::timer::TimerId;

/// What an invitation costs beside its texts: its entry and that of its timer, the allocations of its
/// texts, and a recipient, a sender and an address that exist only because of it.
pub(super) const OVERHEAD_BYTES: usize = 1_280;

/// All invitations that are in memory.
#[derive(Default)]
pub(super) struct Invitations {
    pub(super) all: Slab<Stored>,
    /// What they cost together.
    pub(super) bytes: usize,
    /// How many of them wait for an answer.
    pub(super) pending: usize,
}

/// One invitation.
pub(super) struct Stored {
    pub(super) from: PersonKey,
    pub(super) to: PersonKey,
    pub(super) answer: Answer,
    /// When it expires or, with an answer, when that is forgotten.
    pub(super) timer: TimerId,
    /// What it costs.
    pub(super) bytes: usize,
    pub(super) id: Box<str>,
    from_name: Box<str>,
    text: Box<str>,
    created_at: Option<Box<str>>,
    expires_at: Option<Box<str>>,
    metadata: Option<Box<str>>,
    taken_at: Duration,
}

impl Invitations {
    /// Keeps an invitation, and says under which key.
    pub(super) fn add(&mut self, stored: Stored) -> u32 {
        self.bytes += stored.bytes;
        self.pending += 1;
        let key = self.all.insert(stored);
        u32::try_from(key).expect("memory ends before four billion invitations")
    }

    /// Notes what has become of one that was pending.
    pub(super) fn answer(&mut self, key: u32, answer: Answer) {
        self.all[key as usize].answer = answer;
        self.pending -= 1;
    }

    /// Forgets one that was answered.
    pub(super) fn remove(&mut self, key: u32) -> Stored {
        let stored = self.all.remove(key as usize);
        self.bytes -= stored.bytes;
        stored
    }

    /// Panics, saying what disagrees. Looks at every invitation: for tests and the simulator.
    pub(super) fn check_invariants(&self) {
        let all = || self.all.iter().map(|(_, stored)| stored);
        let bytes: usize = all().map(|stored| stored.bytes).sum();
        assert_eq!(self.bytes, bytes, "the bytes of invitations are counted");
        let pending = all().filter(|stored| stored.answer == Answer::Pending).count();
        assert_eq!(self.pending, pending, "the pending invitations are counted");
    }
}

impl Stored {
    /// An invitation as it is kept, from one to another, who sees `from_name` with it.
    pub(super) fn new(
        invite: &Invite<'_>,
        (from, to): (PersonKey, PersonKey),
        from_name: String,
        taken_at: Duration,
        timer: TimerId,
    ) -> Self {
        Stored {
            from,
            to,
            answer: Answer::Pending,
            timer,
            bytes: cost(invite, &from_name),
            id: invite.id.as_str().into(),
            from_name: from_name.into_boxed_str(),
            text: invite.text.into(),
            created_at: invite.created_at.map(Into::into),
            expires_at: invite.expires_at.map(Into::into),
            metadata: invite.metadata.map(Into::into),
            taken_at,
        }
    }

    /// The invitation as it is told.
    pub(super) fn told<'a>(
        &'a self,
        from: &'a str,
        to: &'a str,
        lasts: Duration,
    ) -> Invitation<'a> {
        Invitation {
            id: &self.id,
            from,
            from_name: &self.from_name,
            to,
            text: &self.text,
            answer: self.answer,
            created_at: self.created_at.as_deref(),
            expires_at: self.expires_at.as_deref(),
            metadata: self.metadata.as_deref(),
            taken_at: self.taken_at,
            lasts,
        }
    }
}

/// How many bytes it takes to keep an invitation.
pub(super) fn cost(invite: &Invite<'_>, from_name: &str) -> usize {
    let opaque = [Some(invite.text), invite.created_at, invite.expires_at, invite.metadata];
    let opaque: usize = opaque.into_iter().flatten().map(str::len).sum();
    let plain = invite.id.as_str().len() + invite.to.as_str().len() + from_name.len();
    OVERHEAD_BYTES + opaque + plain
}
