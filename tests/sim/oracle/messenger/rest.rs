//! What must hold in the messenger realm once everything has come to rest: each device that stays has
//! every note, every status and every invitation, and knows which contacts are online.

use std::collections::BTreeSet;

use super::{Status, pair};
use crate::net::{Net, WireId};
use crate::oracle::Oracle;
use crate::story::QUIET;

impl Oracle {
    /// Panics unless everything has arrived that had to. `unclear` are the sessions with a device that
    /// takes nothing at present.
    pub(in crate::oracle) fn check_realm(&self, net: &Net, unclear: &BTreeSet<usize>) {
        let devices = || self.realm.devices.keys().copied();
        let clear: Vec<WireId> = devices().filter(|&wire| self.is_clear(wire, net)).collect();
        for at in 0..self.realm.notes.len() {
            self.check_note(at, &clear, unclear);
        }
        for at in 0..self.realm.invitations.len() {
            self.check_invitation(at, &clear);
        }
        for &wire in &clear {
            self.check_contacts(wire, unclear);
            let (line, device) = (&self.lines[wire], &self.realm.devices[&wire]);
            assert!(device.is_told_so, "wire {wire} has signed in, and is not told so");
            let least = line.nonsense + device.refusals;
            assert!(line.errors >= least, "wire {wire} may do what it must not");
            let is_over = self.realm.limits.typing_lasts < QUIET;
            let typists = device.typists.first().filter(|_| is_over);
            assert_eq!(typists, None, "wire {wire} shows somebody as typing who has long stopped");
        }
        self.check_cut_short();
    }

    /// Whether the device at the other end of a wire is signed in, and takes what it is sent.
    fn is_clear(&self, wire: WireId, net: &Net) -> bool {
        let is_in = self.realm.devices[&wire].signed_in.is_some();
        is_in && self.lines[wire].stays() && !net.refuses(wire)
    }

    /// Those wires over which session `number` was signed in at a time.
    fn steady<'a>(
        &'a self,
        clear: &'a [WireId],
        number: usize,
        since: u64,
    ) -> impl Iterator<Item = WireId> + 'a {
        clear.iter().copied().filter(move |&wire| {
            let signed_in = self.realm.devices.get(&wire).and_then(|device| device.signed_in);
            let was_in = signed_in.is_some_and(|tick| tick < since);
            self.lines[wire].number == number && was_in
        })
    }

    fn check_note(&self, at: usize, clear: &[WireId], unclear: &BTreeSet<usize>) {
        let note = &self.realm.notes[at];
        // The server drops what a connection sends while it is being ended.
        let Some(consumed) = note.consumed.filter(|_| clear.contains(&note.over)) else { return };
        for wire in self.steady(clear, note.to, consumed) {
            assert!(note.copies.contains(&wire), "note {at} never got to wire {wire}");
        }
        let was_read = note.readers.iter().any(|reader| clear.contains(reader));
        let is_there = !note.copies.is_empty();
        // If no device of the recipient is there, the note is not sent. Then only its writer hears of it.
        let was_sent = is_there || note.told.values().any(|told| told.contains(&Status::Sent));
        for wire in self.steady(clear, note.from, consumed) {
            let is_other = was_sent && wire != note.over && note.from != note.to;
            assert!(
                !is_other || note.mirrors.contains(&wire),
                "wire {wire} does not show note {at}"
            );
            if !self.realm.devices[&wire].receipts {
                continue;
            }
            let told = note.told.get(&wire).map_or(&[][..], Vec::as_slice);
            let has = |status| told.contains(&status);
            assert!(!is_there || has(Status::Sent), "wire {wire}: note {at} was taken: {told:?}");
            let is_decided = has(Status::Delivered) || has(Status::Undelivered);
            let is_open = unclear.contains(&note.to) && !is_there;
            assert!(is_decided || is_open, "wire {wire}: what became of note {at}? {told:?}");
            assert!(
                !is_there || has(Status::Delivered),
                "wire {wire}: note {at} is there: {told:?}"
            );
            assert!(!was_read || has(Status::Read), "wire {wire}: note {at} was read: {told:?}");
        }
    }

    fn check_invitation(&self, at: usize, clear: &[WireId]) {
        let invitation = &self.realm.invitations[at];
        let from_clear = clear.contains(&invitation.over) && invitation.to != invitation.from;
        let Some(consumed) = invitation.consumed.filter(|_| from_clear) else { return };
        let is_over = self.realm.limits.invitation_ttl < QUIET;
        // Others may have displaced it, and perhaps it was refused.
        let is_uncertain = self.realm.is_tight()
            && !matches!(invitation.outcome.as_deref(), Some("accepted" | "declined"));
        if is_uncertain {
            return;
        }
        if invitation.answers.is_empty() {
            // An invitation that is not over also reaches devices that sign in later.
            let since = if is_over { consumed } else { u64::MAX };
            for wire in self.steady(clear, invitation.to, since) {
                assert!(invitation.shown.contains(&wire), "wire {wire} misses invitation {at}");
            }
        }
        if is_over {
            let both = [invitation.from, invitation.to];
            for wire in both.into_iter().flat_map(|number| self.steady(clear, number, consumed)) {
                let knows = invitation.answered.contains(&wire)
                    || invitation.answers.iter().any(|answer| answer.0 == wire);
                assert!(knows, "wire {wire} does not hear that invitation {at} is over");
            }
        }
        let answer = invitation.answers.iter().find(|(wire, ..)| clear.contains(wire));
        let Some(&(_, tick, _)) = answer else { return };
        for wire in self.steady(clear, invitation.from, tick.min(consumed)) {
            assert!(invitation.answered.contains(&wire), "wire {wire} misses an answer to {at}");
        }
    }

    /// Checks each session whose typing ended early: it has gone, or types to too many others.
    fn check_cut_short(&self) {
        for &typist in &self.realm.cut_short {
            let mut lines = self.lines.iter().filter(|line| line.number == typist);
            let has_gone = lines.any(|line| line.ended || !line.stays());
            let readers = self.realm.typed.keys().filter(|(from, _)| *from == typist).count();
            let is_busy = readers > self.realm.limits.typing_at_once;
            assert!(has_gone || is_busy, "{typist} types on, and is not shown any more");
        }
    }

    /// Checks each wire that stayed until the server shut down: it got all notes before that, and the
    /// statuses of its own notes.
    pub(in crate::oracle) fn check_notes_drained(&self, stayed: &[WireId], read_before: u64) {
        for (at, note) in self.realm.notes.iter().enumerate() {
            let is_early = |tick: &u64| *tick <= read_before && stayed.contains(&note.over);
            let Some(consumed) = note.consumed.filter(is_early) else { continue };
            let reads = |wire: &WireId| !self.lines[*wire].was_slow;
            for wire in self.steady(stayed, note.to, consumed).filter(reads) {
                let is_there = note.copies.contains(&wire);
                assert!(is_there, "note {at} was lost in the drain: wire {wire} never got it");
            }
            for wire in self.steady(stayed, note.from, consumed).filter(reads) {
                let is_told = note.told.contains_key(&wire) || !self.realm.devices[&wire].receipts;
                assert!(is_told, "wire {wire} hears nothing of note {at}");
            }
        }
    }

    /// Checks that the last news about each contact is true, and that there is news if the contact has
    /// come or gone since.
    fn check_contacts(&self, wire: WireId, unclear: &BTreeSet<usize>) {
        let (number, device) = (self.lines[wire].number, &self.realm.devices[&wire]);
        for (&contact, &word) in &device.words {
            let is_wrong = word != self.is_session_online(contact) && !unclear.contains(&contact);
            assert!(!is_wrong, "wire {wire} takes {contact} for online: {word}");
        }
        for (&(one, other), &since) in &self.realm.contacts {
            if ![one, other].contains(&number) || device.signed_in < Some(since) {
                continue;
            }
            let contact = if one == number { other } else { one };
            let is_there = self.is_session_online(contact) && !unclear.contains(&contact);
            let knows = device.words.contains_key(&contact);
            debug_assert_eq!(pair(number, contact), (one, other));
            assert!(knows || !is_there, "wire {wire} was not told that {contact} is online");
        }
    }

    fn is_session_online(&self, number: usize) -> bool {
        self.realm.devices.iter().any(|(&wire, device)| {
            let line = &self.lines[wire];
            line.number == number && line.is_online() && device.signed_in.is_some()
        })
    }
}
