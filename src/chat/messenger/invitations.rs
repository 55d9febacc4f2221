//! [`Invitations`]: all invitations in memory. They wait for an answer, or their answer waits for their
//! sender. No other text is kept in the realm.
//!
//! An invitation counts with the bytes of its texts and with [`OVERHEAD_BYTES`], so that many small ones
//! cannot fill the memory either. It knows no people, only their keys. `inviting.rs` calls it.

use std::time::Duration;

use slab::Slab;

use super::Invite;
use super::event::{Answer, Invitation};
use super::person_key::PersonKey;
use crate::timer::TimerId;

/// The bytes that an invitation costs beside its texts: its entry and its timer's, the allocations of its
/// texts, and a recipient, a sender and an address that may exist only because of it.
pub(super) const OVERHEAD_BYTES: usize = 1_280;

/// All invitations that are in memory.
#[derive(Default)]
pub(super) struct Invitations {
    pub(super) all: Slab<Stored>,
    /// The bytes that they cost together.
    pub(super) bytes: usize,
    /// How many invitations wait for an answer.
    pub(super) pending: usize,
}

/// One invitation.
pub(super) struct Stored {
    pub(super) from: PersonKey,
    pub(super) to: PersonKey,
    pub(super) answer: Answer,
    /// The timer at which it expires or, with an answer, at which the answer is forgotten.
    pub(super) timer: TimerId,
    /// The bytes that it costs.
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
    /// Adds an invitation, and returns its key.
    pub(super) fn add(&mut self, stored: Stored) -> u32 {
        self.bytes += stored.bytes;
        self.pending += 1;
        let key = self.all.insert(stored);
        u32::try_from(key).expect("memory ends before four billion invitations")
    }

    /// Sets the answer of a pending invitation.
    pub(super) fn answer(&mut self, key: u32, answer: Answer) {
        self.all[key as usize].answer = answer;
        self.pending -= 1;
    }

    /// Removes an invitation that was answered.
    pub(super) fn remove(&mut self, key: u32) -> Stored {
        let stored = self.all.remove(key as usize);
        self.bytes -= stored.bytes;
        stored
    }

    /// Panics if the counts disagree. It looks at every invitation, so only tests and the simulator call it.
    pub(super) fn check_invariants(&self) {
        let all = || self.all.iter().map(|(_, stored)| stored);
        let bytes: usize = all().map(|stored| stored.bytes).sum();
        assert_eq!(self.bytes, bytes, "the bytes of invitations are counted");
        let pending = all().filter(|stored| stored.answer == Answer::Pending).count();
        assert_eq!(self.pending, pending, "the pending invitations are counted");
    }
}

impl Stored {
    /// Makes an invitation from one person to another. The recipient sees `from_name`.
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

    /// The invitation as people are told of it.
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

/// How many bytes it costs to keep an invitation.
pub(super) fn cost(invite: &Invite<'_>, from_name: &str) -> usize {
    let opaque = [Some(invite.text), invite.created_at, invite.expires_at, invite.metadata];
    let opaque: usize = opaque.into_iter().flatten().map(str::len).sum();
    let plain = invite.id.as_str().len() + invite.to.as_str().len() + from_name.len();
    OVERHEAD_BYTES + opaque + plain
}
