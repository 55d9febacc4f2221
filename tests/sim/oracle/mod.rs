//! [`Oracle`]: knows which phone should have received what. It sees every byte on every wire, as a
//! [`Line`], and nothing of the server's inside.
//!
//! There are two kinds of rules. Those for a single frame are checked when the network takes its last
//! byte (`judge`). The others hold once everything has come to rest (`rest`). A *letter* is a message
//! between two people of the mobile realm, with all that became of it.

mod judge;
mod line;
mod messenger;
mod rest;

use std::collections::HashMap;
use std::time::Duration;

use switchboard::turn::Limits;

use crate::net::{Deed, WireId};
pub(crate) use line::{Kind, Line, Mode, Said};
pub(crate) use messenger::Device;
use messenger::Realm;

/// What became of a letter, as its sender was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Delivered,
    Undelivered,
}

/// A message between two people.
#[derive(Debug)]
pub(crate) struct Letter {
    /// The wire that it was sent over.
    pub(crate) over: WireId,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) text: String,
    pub(crate) has_id: bool,
    /// When the server had read its last byte.
    consumed: Option<u64>,
    /// The wire that took its last byte.
    handed: Option<WireId>,
    told: Option<Fate>,
}

pub(crate) struct Oracle {
    pub(crate) lines: Vec<Line>,
    pub(crate) letters: Vec<Letter>,
    /// The messenger realm.
    pub(crate) realm: Realm,
    /// How many letters the network has taken: those that the server's ledger counts as delivered.
    pub(crate) handed: u64,
    /// How many letters without an id were undelivered, from one number to another.
    returned: HashMap<(usize, usize), usize>,
    /// How many typing notices may still come, from one number to another.
    typing: HashMap<(usize, usize), usize>,
    /// How many deeds were seen so far. This orders events where the clock is too coarse.
    tick: u64,
    /// The time of the present turn.
    now: Duration,
    ping_timeout: Duration,
    sweep_interval: Duration,
    write_timeout: Duration,
    close_timeout: Duration,
    drain_timeout: Duration,
    drain_interval: Duration,
    /// Whether no budget delays a write.
    is_prompt: bool,
    /// Since when phones send heartbeats; and how many phones were disconnected for silence, although
    /// something of theirs has arrived since then.
    pub(crate) beating_since: Duration,
    pub(crate) removed_as_silent: u64,
    /// Until when the server was last stopped.
    pub(crate) stalled_until: Duration,
    pub(crate) is_draining: bool,
}

impl Oracle {
    pub(crate) fn new(limits: &Limits) -> Self {
        Oracle {
            lines: Vec::new(),
            letters: Vec::new(),
            realm: Realm { limits: limits.chat.messenger, ..Realm::default() },
            handed: 0,
            returned: HashMap::new(),
            typing: HashMap::new(),
            tick: 0,
            now: Duration::ZERO,
            ping_timeout: limits.ping_timeout,
            sweep_interval: limits.sweep_interval,
            write_timeout: limits.write_timeout,
            close_timeout: limits.close_timeout,
            drain_timeout: limits.drain_timeout,
            drain_interval: limits.drain_rate.interval(),
            is_prompt: limits.budgets.writes > 1000 && limits.budgets.write_bytes > 1000,
            beating_since: Duration::ZERO,
            removed_as_silent: 0,
            stalled_until: Duration::ZERO,
            is_draining: false,
        }
    }

    /// A phone writes a letter. Returns what to send.
    pub(crate) fn write(&mut self, over: WireId, to: usize, has_id: bool, size: usize) -> Said {
        let from = self.lines[over].number;
        let number = self.letters.len();
        let text = format!("{number}:{}", "x".repeat(size));
        let (consumed, handed, told) = (None, None, None);
        self.letters.push(Letter { over, from, to, text, has_id, consumed, handed, told });
        Said::Letter(number)
    }

    /// Watches everything that the turn at `now` has done.
    pub(crate) fn watch(&mut self, now: Duration, deeds: Vec<Deed>) {
        self.now = now;
        for deed in deeds {
            self.tick += 1;
            match deed {
                Deed::Read(wire, count) => self.consumed(wire, count),
                Deed::Wrote(wire, bytes, is_all) => {
                    self.lines[wire].tap.feed(&bytes);
                    while let Some(heard) = self.lines[wire].tap.next() {
                        self.judge(wire, heard);
                    }
                    // One list was waiting when the socket filled up, and one was asked for.
                    let line = &mut self.lines[wire];
                    let is_pile = self.is_prompt && line.piled_up > 2;
                    assert!(!is_pile, "lists pile up for wire {wire}, which is full");
                    if is_all {
                        line.piled_up = 0;
                    }
                }
                Deed::Finished(wire) => self.lines[wire].finished = true,
                Deed::Closed(wire, refused) => self.closed(wire, refused),
            }
        }
    }

    /// The server has read `count` more bytes of a wire.
    fn consumed(&mut self, wire: WireId, count: usize) {
        self.note_rivals(wire);
        let line = &mut self.lines[wire];
        line.consumed += count;
        line.consumed_at = self.now;
        while let Some((end, said)) = line.said.front().copied() {
            if end > line.consumed {
                break;
            }
            line.said.pop_front();
            match said {
                Said::Upgrade => line.asked_in = Some(self.tick),
                Said::Request => line.requests += 1,
                Said::Letter(number) => self.letters[number].consumed = Some(self.tick),
                Said::Typing(to) => *self.typing.entry((line.number, to)).or_default() += 1,
                Said::Ask => line.asks(),
                Said::Mode(mode) => {
                    line.mode = mode;
                    if mode != Mode::None {
                        line.asks();
                        line.was_told = true;
                    }
                    line.was_delta |= mode == Mode::Delta;
                }
                Said::Ping => line.pings += 1,
                Said::ControlPing => line.control_pings += 1,
                Said::ControlPong => {}
                Said::Nonsense => line.nonsense += 1,
                Said::Bye => line.says_bye = true,
                Said::SignIn { .. }
                | Said::Note(_)
                | Said::Read(_)
                | Said::Invite(_)
                | Said::Answer(..)
                | Said::TypingTo(..) => {
                    self.realm.consumed(wire, line.number, said, (self.tick, self.now));
                }
                Said::Violation => {}
            }
        }
    }

    /// The server has closed a wire. Checks that it was allowed to.
    fn closed(&mut self, wire: WireId, refused_since: Option<Duration>) {
        let line = &mut self.lines[wire];
        line.ended = true;
        line.was_slow = refused_since.is_some();
        let is_guilty = line.has_left || line.is_tardy || line.was_slow;
        if line.kind != Kind::Http && line.established.is_some() && line.close.is_none() {
            assert!(is_guilty, "wire {wire} was cut off, and had done nothing wrong");
        }
        if line.asked_in.is_some() && line.responses <= line.requests {
            assert!(is_guilty, "wire {wire} asked to be let in, and got no answer");
        }
        // A slow reader has its time, and no more. If the server has sent it a close frame, which it
        // need not have read, the time to close comes on top.
        let Some(since) = refused_since.filter(|&since| since > self.stalled_until) else { return };
        let patience = self.now.saturating_sub(since);
        let most = self.write_timeout + self.close_timeout + Duration::from_secs(1);
        assert!(
            patience <= most,
            "wire {wire} takes nothing, and is ended only after {patience:?}"
        );
    }
}
