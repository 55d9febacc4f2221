//! What must hold once everything has come to rest: nothing is lost, nobody is forgotten, and everybody
//! sees the same list.
//!
//! A phone that does not read leaves questions open: it can't have received what its socket does not
//! take, and from outside nobody sees whether it is still online. The number of such a phone is *unclear*.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Fate, Kind, Line, Mode, Oracle};
use crate::net::{Net, WireId};

impl Oracle {
    /// Panics unless every rule holds now that nothing happens any more.
    pub(crate) fn check_rest(&self, net: &Net) {
        net.check_all_done();
        let unclear: BTreeSet<usize> = (0..self.lines.len())
            .filter(|&wire| net.refuses(wire))
            .map(|wire| self.lines[wire].number)
            .collect();
        self.check_presence(net, &unclear);
        self.check_answers(net);
        for at in 0..self.letters.len() {
            self.check_letter(at, net, &unclear);
        }
        self.check_returned(&unclear);
        self.check_realm(net, &unclear);
        self.check_silent(net);
        self.check_slow(net);
    }

    /// Checks that every phone sees all numbers online, and no others.
    fn check_presence(&self, net: &Net, unclear: &BTreeSet<usize>) {
        let phones = self.lines.iter().filter(|line| line.kind == Kind::Phone);
        let online = phones.filter(|line| line.is_online());
        let truth: BTreeSet<usize> = online.map(|line| line.number).collect();
        for (wire, line) in self.lines.iter().enumerate() {
            if line.mode == Mode::None || !line.stays() || net.refuses(wire) {
                continue;
            }
            let view = line.view.as_ref().unwrap_or_else(|| panic!("wire {wire} got no list"));
            let wrong = view.symmetric_difference(&truth).filter(|one| !unclear.contains(one));
            let wrong: Vec<_> = wrong.collect();
            assert!(wrong.is_empty(), "wire {wire} ({:?}) is wrong about {wrong:?}", line.mode);
        }
    }

    /// Checks that every request was answered.
    fn check_answers(&self, net: &Net) {
        for (wire, line) in self.lines.iter().enumerate() {
            if line.kind == Kind::Http && !line.ended && !line.has_left && !net.refuses(wire) {
                assert_eq!(line.responses, line.requests, "wire {wire} misses a response");
            }
            if line.asked_in.is_some() && !line.ended && !line.has_left && !net.refuses(wire) {
                assert!(
                    line.responses > line.requests,
                    "wire {wire} has sent an upgrade and is not answered"
                );
            }
            if !line.stays() || net.refuses(wire) {
                continue;
            }
            assert!(!line.is_early, "the list is not the first that wire {wire} hears");
            assert!(!line.is_waiting_for_list, "wire {wire} has asked for the list in vain");
            assert_eq!(line.pongs, line.pings, "wire {wire} misses a pong");
            assert_eq!(line.control_pongs, line.control_pings, "wire {wire} misses a pong");
            let is_told = line.errors == line.nonsense || line.kind == Kind::Device;
            assert!(is_told, "wire {wire} talks nonsense, and is not told so");
        }
    }

    fn check_letter(&self, at: usize, net: &Net, unclear: &BTreeSet<usize>) {
        let letter = &self.letters[at];
        let Some(consumed) = letter.consumed else { return };
        // The server drops what a connection sends while it is being ended.
        if !self.lines[letter.over].stays() || net.refuses(letter.over) {
            return;
        }
        if letter.handed.is_none() {
            let steady = self.lines.iter().position(|line| {
                let established = line.established.is_some_and(|tick| tick < consumed);
                line.number == letter.to && established && line.stays()
            });
            let blocked = unclear.contains(&letter.to);
            assert!(steady.is_none() || blocked, "letter {at} never got to wire {steady:?}");
            let is_stuck = !blocked && self.was_to_move_on(at);
            assert!(!is_stuck, "letter {at} did not move on with its reader");
            if letter.has_id && !blocked {
                let told = Some(Fate::Undelivered);
                assert_eq!(letter.told, told, "letter {at} is lost, and nobody was told");
            }
        } else if letter.has_id {
            assert_eq!(letter.told, Some(Fate::Delivered), "the ack of letter {at} is missing");
        }
    }

    /// Whether a letter was for a number whose connection was replaced, perhaps several times, until one
    /// that stays. A letter that had not begun to be written moves on to the newer connection.
    fn was_to_move_on(&self, at: usize) -> bool {
        let letter = &self.letters[at];
        let Some(consumed) = letter.consumed else { return false };
        let wires =
            self.lines.iter().filter(|line| line.number == letter.to && line.asked_in.is_some());
        let first = wires.clone().find(|line| {
            line.was_replaced()
                && line.established.is_some_and(|tick| tick < consumed && consumed < line.closed)
        });
        let Some(first) = first else { return false };
        let (mut stays, mut breaks) = (false, false);
        // A newer connection may have been answered before an older one whose socket is full.
        let is_newer =
            |line: &&Line| line.asked_in > first.asked_in || line.established > first.established;
        for line in wires.filter(is_newer) {
            stays |= line.stays();
            let was_refused = line.established.is_none() && line.responses > line.requests;
            breaks |= !line.stays() && !line.was_replaced() && !was_refused;
        }
        stays && !breaks
    }

    /// Checks the letters without an id: as many were reported as undelivered as did not arrive.
    fn check_returned(&self, unclear: &BTreeSet<usize>) {
        let lost = self.letters.iter().filter(|letter| {
            let is_lost = !letter.has_id && letter.consumed.is_some() && letter.handed.is_none();
            let is_clear = !unclear.contains(&letter.from) && !unclear.contains(&letter.to);
            is_lost && is_clear && self.lines[letter.over].stays()
        });
        let mut left = self.returned.clone();
        for letter in lost {
            let pair = (letter.from, letter.to);
            let left = left.get_mut(&pair).filter(|left| **left > 0);
            *left.unwrap_or_else(|| panic!("letters from and to {pair:?} vanish")) -= 1;
        }
    }

    /// Checks that a phone that has not read for long enough is gone.
    fn check_slow(&self, net: &Net) {
        let slack = Duration::from_secs(1);
        for wire in 0..self.lines.len() {
            let Some(since) = net.refused_since(wire) else { continue };
            let patience = self.now.saturating_sub(since.max(self.stalled_until));
            let most = self.write_timeout.max(self.close_timeout) + slack;
            assert!(patience <= most, "wire {wire} takes nothing, and is there after {patience:?}");
        }
    }

    /// Checks that a phone that was silent for long enough is gone.
    fn check_silent(&self, net: &Net) {
        let slack = Duration::from_secs(2);
        let patience = self.ping_timeout + self.sweep_interval + slack;
        if self.now < self.stalled_until + self.sweep_interval + slack {
            return; // A server that was stopped first reads from all connections, and sweeps after that.
        }
        for (wire, line) in self.lines.iter().enumerate().filter(|(wire, _)| !net.refuses(*wire)) {
            let heard_at = line.consumed_at.max(line.arrived);
            // A phone that is pinged has the second half of the time for the answer, also if the ping was late
            // because the server was stopped.
            let asked_at = line.pinged_at.saturating_sub(self.ping_timeout / 2);
            let silence = self.now.saturating_sub(heard_at.max(asked_at));
            assert!(
                !line.stays() || silence < patience,
                "wire {wire} is there, silent for {silence:?}"
            );
        }
    }

    /// Checks each phone that stayed until the server shut down: it was told to leave, and got all its
    /// letters before that. Letters that the server had not read by then need not have been delivered.
    pub(crate) fn check_drained(&self, stayed: &[WireId], read_before: u64) {
        for &wire in stayed {
            let line = &self.lines[wire];
            let is_told = line.close == Some(Some(1001));
            assert!(is_told || line.was_slow, "wire {wire} is not told to leave");
        }
        for (at, letter) in self.letters.iter().enumerate() {
            let is_early = letter.consumed.is_some_and(|tick| tick <= read_before);
            let reader = stayed.iter().find(|&&wire| self.lines[wire].number == letter.to);
            let Some(&wire) = reader.filter(|_| is_early && stayed.contains(&letter.over)) else {
                continue;
            };
            let knew_reader = self.lines[wire].established < letter.consumed;
            let is_lost = letter.handed.is_none() && !self.lines[wire].was_slow;
            assert!(!(knew_reader && is_lost), "letter {at} was lost in the drain");
        }
        self.check_notes_drained(stayed, read_before);
    }

    /// The present moment, in deeds.
    pub(crate) fn tick(&self) -> u64 {
        self.tick
    }

    /// Whether no phone is left.
    pub(crate) fn is_empty(&self) -> bool {
        !self.lines.iter().any(|line| line.is_online())
    }
}
