//! The oracle of the messenger realm: what its devices have sent, and what each has received. `judge`
//! checks every frame, and `rest` what is missing once all is quiet.
//!
//! A *note* is a message of this realm. Two sessions *may be* contacts once the server has read or sent
//! something that can have made them contacts. They *are* contacts once a device has seen the proof.

mod judge;
mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use switchboard::chat::messenger::Limits;

use super::{Oracle, Said};
use crate::net::WireId;

/// What became of a note, as its sender is told.
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
    /// The recipient's wires that took its last byte.
    pub(super) copies: BTreeSet<WireId>,
    pub(super) mirrors: BTreeSet<WireId>,
    /// The wires whose devices have marked it as read.
    pub(super) readers: Vec<WireId>,
    /// The statuses that each wire was told.
    pub(super) told: BTreeMap<WireId, Vec<Status>>,
}

#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) over: WireId,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) consumed: Option<u64>,
    /// The same as a time. The time to answer begins then.
    pub(super) consumed_at: Duration,
    /// Which wires have answered, when, and whether they accepted.
    pub(super) answers: Vec<(WireId, u64, bool)>,
    pub(super) shown: BTreeSet<WireId>,
    /// The wires that were told the outcome; and the outcome that the first of them was told.
    pub(super) answered: BTreeSet<WireId>,
    pub(super) outcome: Option<String>,
}

/// The typing of one session to another: when it has begun, and how often it has ended.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) begun: Vec<Duration>,
    pub(super) ended: usize,
}

/// One wire of a device.
#[derive(Debug, Default)]
pub(crate) struct Device {
    /// When the server read its `auth`, in deeds.
    pub(super) signed_in: Option<u64>,
    pub(super) is_told_so: bool,
    /// How many other devices of its session may have been signed in then.
    pub(super) rivals: usize,
    /// Whether it wants to hear what becomes of its notes.
    pub(super) receipts: bool,
    /// The notes and invitations that it has received.
    pub(crate) notes: Vec<usize>,
    pub(crate) invitations: Vec<usize>,
    /// For each contact: whether it was online, as this device was told last.
    pub(super) words: BTreeMap<usize, bool>,
    /// How many typing notices it has received from each session, of a beginning and of an end.
    pub(super) typing: BTreeMap<(usize, bool), usize>,
    /// The sessions that it shows as typing.
    pub(super) typists: BTreeSet<usize>,
    /// The last note from each wire.
    pub(super) last_from: BTreeMap<WireId, usize>,
    /// How many of its requests must be refused, and how many may be refused.
    pub(super) refusals: usize,
    pub(super) doubts: usize,
}

/// Everything that was sent in the realm.
#[derive(Default)]
pub(crate) struct Realm {
    pub(crate) notes: Vec<Note>,
    pub(super) invitations: Vec<Invitation>,
    pub(crate) devices: BTreeMap<WireId, Device>,
    /// The pairs that may be contacts; and those that are, with the time since when.
    pub(super) maybe_contacts: BTreeSet<(usize, usize)>,
    pub(super) contacts: BTreeMap<(usize, usize), u64>,
    /// The typing from one session to another.
    pub(super) typed: BTreeMap<(usize, usize), Typed>,
    /// Sessions whose typing the server ended early. Such a session must have gone.
    pub(super) cut_short: BTreeSet<usize>,
    pub(super) limits: Limits,
    /// For each session, its invitations to others that were read, and those that a shared quota refused.
    pub(super) invited: BTreeMap<usize, (usize, usize)>,
}

impl Realm {
    /// Whether invitations have so few places that they displace each other.
    pub(super) fn is_tight(&self) -> bool {
        self.limits.invitations_received.number < Limits::default().invitations_received.number
    }

    /// A device writes a note. The caller still has to set its content.
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

    /// A device invites another session.
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

    /// The server has read something that a device of session `from` sent over `wire`. The moment is a
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
                device.doubts += 1; // The session may have the most devices already.
            }
            Said::Note(at) => self.notes[at].consumed = Some(tick),
            Said::Read(at) => {
                let note = &mut self.notes[at];
                if note.to != from {
                    device.refusals += 1;
                } else {
                    // Another device may have answered first.
                    device.doubts += 1;
                    note.readers.push(wire);
                }
            }
            Said::Invite(at) => {
                let invitation = &mut self.invitations[at];
                (invitation.consumed, invitation.consumed_at) = (Some(tick), now);
                // A session can't invite itself, and has never a hundred invitations.
                device.refusals += usize::from(invitation.to == from);
                device.doubts += 1;
                self.invited.entry(from).or_default().0 += usize::from(invitation.to != from);
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
    /// A device is about to sign in: counts the other devices that may be signed in to its session.
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

/// A pair of two sessions, in a fixed order.
pub(super) fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
