//! The oracle's page about the messenger realm: what its devices have said, and what of that each has
//! heard. `judge` looks at every frame, `rest` at what is missing once all is quiet.
//!
//! A *note* is a message of this realm. Two sessions *may be* contacts once something was read or
//! handed out that can have made them so, and *are* once a device has seen the proof.

mod judge;
mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use switchboard::chat::messenger::Limits;

use super::{Oracle, Said};
use crate::net::WireId;

/// What has become of a note, as its sender is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    Sent,
    Delivered,
    Undelivered,
    Read,
}

#[derive(Debug)]
pub(crate) struct Note {
    /// The wire that it was sent over.
    pub(super) over: WireId,
    pub(super) from: usize,
    pub(crate) to: usize,
    pub(crate) content: String,
    /// When the server had read its last byte.
    pub(super) consumed: Option<u64>,
    /// The wires that took its last byte, those of the sender's other devices apart.
    pub(super) copies: BTreeSet<WireId>,
    pub(super) mirrors: BTreeSet<WireId>,
    /// The wires whose devices have marked it as read.
    pub(super) readers: Vec<WireId>,
    /// What each wire was told has become of it.
    pub(super) told: BTreeMap<WireId, Vec<Status>>,
}

#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) over: WireId,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) consumed: Option<u64>,
    /// The same as a time: from then on it has its time to be answered.
    pub(super) consumed_at: Duration,
    /// Who has answered, when, and whether he accepts.
    pub(super) answers: Vec<(WireId, u64, bool)>,
    pub(super) shown: BTreeSet<WireId>,
    /// The wires that were told what has become of it; and what the first of them was told.
    pub(super) answered: BTreeSet<WireId>,
    pub(super) outcome: Option<String>,
}

/// What one session has said of its typing to another: when it has begun, and how often it has ended.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) begun: Vec<Duration>,
    pub(super) ended: usize,
}

/// One wire of a device.
#[derive(Debug, Default)]
pub(crate) struct Device {
    /// When what says who it is was read, in deeds.
    pub(super) signed_in: Option<u64>,
    pub(super) is_told_so: bool,
    /// Other devices of its session that may have been in then.
    pub(super) rivals: usize,
    /// It wants to hear what becomes of notes.
    pub(super) receipts: bool,
    /// Notes and invitations that it has got.
    pub(crate) notes: Vec<usize>,
    pub(crate) invitations: Vec<usize>,
    /// The last word about each contact: whether he is online.
    pub(super) words: BTreeMap<usize, bool>,
    /// Typing notices heard from each session, of its beginning and of its end.
    pub(super) typing: BTreeMap<(usize, bool), usize>,
    /// Sessions that it shows as typing.
    pub(super) typists: BTreeSet<usize>,
    /// The last note from each wire.
    pub(super) last_from: BTreeMap<WireId, usize>,
    /// Requests that must be refused, and such that may be.
    pub(super) refusals: usize,
    pub(super) doubts: usize,
}

/// All that was said in the realm.
#[derive(Default)]
pub(crate) struct Realm {
    pub(crate) notes: Vec<Note>,
    pub(super) invitations: Vec<Invitation>,
    pub(crate) devices: BTreeMap<WireId, Device>,
    /// Pairs that may be contacts; and that are, since when.
    pub(super) maybe_contacts: BTreeSet<(usize, usize)>,
    pub(super) contacts: BTreeMap<(usize, usize), u64>,
    /// From one session to another.
    pub(super) typed: BTreeMap<(usize, usize), Typed>,
    /// Sessions whose typing has ended before its time, and not by their own word: they must have gone.
    pub(super) cut_short: BTreeSet<usize>,
    pub(super) limits: Limits,
}

impl Realm {
    /// A device writes a note, whose content is still to be set.
    pub(crate) fn write(&mut self, over: WireId, from: usize, to: usize) -> usize {
        self.notes.push(Note {
            over,
            from,
            to,
            content: String::new(),
            consumed: None,
            copies: BTreeSet::new(),
            mirrors: BTreeSet::new(),
            readers: Vec::new(),
            told: BTreeMap::new(),
        });
        self.notes.len() - 1
    }

    /// A device invites somebody.
    pub(crate) fn invite(&mut self, over: WireId, from: usize, to: usize) -> usize {
        let (shown, answered) = (BTreeSet::new(), BTreeSet::new());
        let (consumed, consumed_at, answers) = (None, Duration::ZERO, Vec::new());
        self.invitations.push(Invitation {
            over,
            from,
            to,
            consumed,
            consumed_at,
            answers,
            shown,
            answered,
            outcome: None,
        });
        self.invitations.len() - 1
    }

    /// The server has read what the device of session `from` says over `wire`. When that was is a
    /// deed and a time.
    pub(super) fn consumed(
        &mut self,
        wire: WireId,
        from: usize,
        said: Said,
        (tick, now): (u64, Duration),
    ) {
        let device = self.devices.get_mut(&wire).expect("every device has one");
        match said {
            Said::SignIn { receipts } => {
                (device.signed_in, device.receipts) = (Some(tick), receipts);
                device.doubts += 1; // As many devices may be there as may.
            }
            Said::Note(at) => self.notes[at].consumed = Some(tick),
            Said::Read(at) => {
                let note = &mut self.notes[at];
                if note.to != from {
                    device.refusals += 1;
                } else {
                    // Another device may have been faster.
                    device.doubts += 1;
                    note.readers.push(wire);
                }
            }
            Said::Invite(at) => {
                let invitation = &mut self.invitations[at];
                (invitation.consumed, invitation.consumed_at) = (Some(tick), now);
                // Nobody invites himself; and nobody has a hundred invitations.
                device.refusals += usize::from(invitation.to == from);
                device.doubts += 1;
            }
            Said::Answer(at, accepts) => {
                device.doubts += 1;
                let invitation = &mut self.invitations[at];
                invitation.answers.push((wire, tick, accepts));
                if accepts {
                    self.maybe_contacts.insert(pair(invitation.from, invitation.to));
                }
            }
            Said::TypingTo(to, is_typing) => {
                let typed = self.typed.entry((from, to)).or_default();
                match is_typing {
                    true => typed.begun.push(now),
                    false => typed.ended += 1,
                }
            }
            _ => unreachable!("that is said in the other realm, or in both"),
        }
    }
}

impl Oracle {
    /// Counts who may be in already, of the session that a device is about to sign in to.
    pub(super) fn note_rivals(&mut self, wire: WireId) {
        if self.realm.devices.get(&wire).is_none_or(|device| device.signed_in.is_some()) {
            return;
        }
        let number = self.lines[wire].number;
        let is_rival = |(other, device): (&WireId, &Device)| {
            let line = &self.lines[*other];
            line.number == number
                && device.signed_in.is_some()
                && line.close.is_none()
                && !line.ended
        };
        let rivals = self.realm.devices.iter().filter(|&device| is_rival(device)).count();
        self.realm.devices.get_mut(&wire).expect("every device has one").rivals = rivals;
    }
}

/// Two sessions, whichever comes first.
pub(super) fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
