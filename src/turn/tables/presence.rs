//! [`Presence`]: which connection is to be sent a presence list next, and when.
//!
//! Sent naively, each change costs a list of N entries for N receivers: O(N²) bytes a change, and O(N³)
//! while N people arrive. Here the list is *published*: each receiver stands in a queue and is served
//! while a byte budget lasts. So changes coalesce, and the last one always arrives. The algorithm is on
//! the front page ("Presence in a screenful").
//!
//! An *audience* is all receivers of one list in one dialect. Each has a [`Pacer`] of its own; all share
//! one [`Budget`] and take turns. An audience is a number here: presence does not know what is in its list
//! or how that is written. It encodes nothing and sends nothing. The publish phase asks it what is next.

mod budget;
mod invariants;
mod pacer;
mod places;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::chat::{ConnectionId, PresenceMode, Watch};
use crate::timer::Moment;
use budget::{Budget, Charge};
use pacer::Pacer;
use places::Places;

/// What publishing presence may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of lists a second, over all receivers of all audiences.
    pub bytes_per_second: u64,
    /// The shortest time between two deltas to one audience.
    pub delta_interval: Duration,
    /// The shortest time between two deltas, for each receiver of deltas: with many receivers it is
    /// this that counts.
    pub delta_interval_each: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes_per_second: 64 << 20,
            delta_interval: Duration::from_millis(100),
            delta_interval_each: Duration::from_micros(50),
        }
    }
}

/// The loop sleeps at least this long for an empty budget to refill. The time is longer than a slot of
/// the timer wheel, and shorter than a person notices.
const PACE: Duration = Duration::from_millis(5);

/// What to publish, and to which connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) struct Serving {
    /// The audience whose list it is.
    pub(in crate::turn) audience: usize,
    /// The receiver.
    pub(in crate::turn) to: ConnectionId,
    pub(in crate::turn) what: What,
}

/// What a receiver is to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::turn) enum What {
    /// The whole list.
    List,
    /// The frame of the current delta.
    Delta,
}

/// All audiences, and the budget that they share. To find the next receiver costs O(audiences), all else
/// O(1); 32 bytes for each slot.
#[derive(Debug)]
pub(in crate::turn) struct Presence {
    limits: Limits,
    budget: Budget,
    places: Places,
    pacers: Vec<Pacer>,
    newcomers: Rotation,
    askers: Rotation,
    rings: Rotation,
    /// Whether an asker was served last: a newcomer is next, if there is one.
    asker_was_last: bool,
}

impl Presence {
    /// Presence with this many audiences, without receivers.
    pub(in crate::turn) fn new(limits: Limits, audiences: usize) -> Self {
        Presence {
            limits,
            budget: Budget::new(limits.bytes_per_second),
            places: Places::default(),
            pacers: (0..=u8::MAX).map(Pacer::new).take(audiences).collect(),
            newcomers: Rotation::default(),
            askers: Rotation::default(),
            rings: Rotation::default(),
            asker_was_last: false,
        }
    }

    /// Changes the rate at which lists are sent, in bytes a second.
    pub(in crate::turn) fn set_bytes_per_second(&mut self, rate: u64) {
        self.limits.bytes_per_second = rate;
        self.budget.set_rate(rate);
    }

    /// The version of an audience's list.
    pub(in crate::turn) fn version(&self, audience: usize) -> u64 {
        self.pacers[audience].version
    }

    /// The number of changes that a receiver has not been told of. 0 for one that is owed the list itself:
    /// a newcomer, or one that has asked.
    pub(in crate::turn) fn unseen(&mut self, id: ConnectionId) -> u64 {
        self.pacer_of(id).map_or(0, |(pacer, places)| pacer.unseen(places, id))
    }

    /// Notes that an audience's list has changed. Returns whether the audience's next delta has to tell of
    /// the change. If not, it does not have to tell of any earlier change either.
    pub(in crate::turn) fn changed(&mut self, audience: usize) -> bool {
        self.pacers[audience].changed()
    }

    /// Does what the chat asks for a connection.
    pub(in crate::turn) fn watch(&mut self, by: ConnectionId, what: Watch) {
        match what {
            Watch::Begin(audience, mode) => self.join(by, audience.index(), mode),
            Watch::Ask => self.asked(by),
            Watch::Switch(mode) => self.set_mode(by, mode),
            Watch::End => self.leave(by),
        }
    }

    /// Makes a connection a receiver of an audience's list, and of no other list.
    fn join(&mut self, id: ConnectionId, audience: usize, mode: PresenceMode) {
        self.leave(id);
        self.pacers[audience].enter(&mut self.places, id, mode);
    }

    /// Ends a connection's part in presence.
    fn leave(&mut self, id: ConnectionId) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.forget(places, id);
    }

    /// Queues a receiver that asks for the list.
    fn asked(&mut self, id: ConnectionId) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.asked(places, id);
    }

    /// Changes the form in which a receiver gets presence. It gets the list first, unless the new form is
    /// none.
    fn set_mode(&mut self, id: ConnectionId, mode: PresenceMode) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.set_mode(places, id, mode);
    }

    /// Parks a receiver whose socket is full.
    pub(in crate::turn) fn blocked(&mut self, id: ConnectionId) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.blocked(places, id);
    }

    /// Puts a parked receiver back into a queue: its socket has drained.
    pub(in crate::turn) fn drained(&mut self, id: ConnectionId) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.drained(places, id);
    }

    /// What to send next, and to which receiver. With `hold_ring`, only newcomers and askers are served.
    ///
    /// Newcomers and askers go before the rings, in all audiences. In each kind of queue the audiences take
    /// turns, list by list: an audience waits for one list of each other audience, however many receivers
    /// that has and however often it changes. (Turns by bytes were rejected: each audience would need an
    /// account, and the wait is short without it.)
    pub(in crate::turn) fn next(&mut self, now: Moment, hold_ring: bool) -> Option<Serving> {
        self.budget.refill(now);
        let (pacers, places) = (&self.pacers, &self.places);
        let is_solvent = self.budget.is_solvent();
        let newcomer = self.newcomers.find(pacers, |pacer| pacer.newcomer(places));
        let asker = self.askers.find(pacers, |pacer| pacer.asker(places).filter(|_| is_solvent));
        // While newcomers wait, askers get at most every second place.
        let asker = asker.filter(|_| newcomer.is_none() || !self.asker_was_last);
        if let Some((audience, to)) = asker.or(newcomer) {
            self.asker_was_last = asker.is_some();
            let rotation = if asker.is_some() { &mut self.askers } else { &mut self.newcomers };
            rotation.has_served(audience);
            return Some(Serving { audience, to, what: What::List });
        }
        if hold_ring {
            return None;
        }
        let (audience, (to, what)) = self.rings.find(pacers, |pacer| {
            let stale = pacer.stale(places).filter(|_| is_solvent).map(|id| (id, What::List));
            stale.or_else(|| pacer.behind(places).map(|id| (id, What::Delta)))
        })?;
        self.rings.has_served(audience);
        Some(Serving { audience, to, what })
    }

    /// Notes that the receiver was sent the present list, of `bytes` bytes, and charges the budget.
    pub(in crate::turn) fn served_list(&mut self, id: ConnectionId, bytes: usize) {
        let is_first =
            self.pacer_of(id).is_some_and(|(pacer, places)| pacer.served_list(places, id));
        self.budget.charge(bytes, if is_first { Charge::First } else { Charge::InFull });
    }

    /// Notes that the receiver was sent the current delta of its audience.
    pub(in crate::turn) fn served_delta(&mut self, id: ConnectionId) {
        let Some((pacer, places)) = self.pacer_of(id) else { return };
        pacer.served_delta(places, id);
    }

    /// Begins an audience's next delta if it is due, and returns whether it was. The delta has to tell of
    /// each entry that changed since the last delta, as it is now. An entry that came and went in between
    /// has to be in it, too: a newcomer's first list may show that entry.
    pub(in crate::turn) fn begin_delta(&mut self, audience: usize, now: Moment) -> bool {
        self.pacers[audience].begin_delta(&self.places, &self.limits, now)
    }

    /// When to publish next; `None` if there is nothing to publish.
    pub(in crate::turn) fn deadline(&mut self, now: Moment) -> Option<Moment> {
        self.budget.refill(now);
        self.pacers.iter().filter_map(|pacer| self.deadline_of(pacer, now)).min()
    }

    fn deadline_of(&self, pacer: &Pacer, now: Moment) -> Option<Moment> {
        let places = &self.places;
        let waits_for_nothing = pacer.newcomer(places).is_some() || pacer.behind(places).is_some();
        let waits_for_tokens = pacer.stale(places).is_some() || pacer.asker(places).is_some();
        if waits_for_nothing || waits_for_tokens && self.budget.is_solvent() {
            return Some(now);
        }
        let paced = waits_for_tokens.then(|| now + self.budget.until_solvent().max(PACE));
        [paced, pacer.delta_due(places, &self.limits)].into_iter().flatten().min()
    }

    /// The pacer of the connection's audience; `None` if the connection is in no audience.
    fn pacer_of(&mut self, id: ConnectionId) -> Option<(&mut Pacer, &mut Places)> {
        let audience = usize::from(self.places.get(id)?.audience);
        Some((&mut self.pacers[audience], &mut self.places))
    }
}

/// Which audience's turn it is. There is one rotation for each kind of queue. If one served all kinds, an
/// audience whose newcomers come at the right moments could keep the ring of another from its turn.
#[derive(Debug, Default)]
struct Rotation {
    /// The number of the audience that is asked first.
    first: usize,
}

impl Rotation {
    /// The first audience for which `has` finds something to serve, and what that is.
    fn find<T>(&self, pacers: &[Pacer], has: impl Fn(&Pacer) -> Option<T>) -> Option<(usize, T)> {
        let (before, from) = (0..self.first, self.first..pacers.len());
        from.chain(before).find_map(|audience| Some((audience, has(&pacers[audience])?)))
    }

    /// Notes that the audience has had its turn: the next one is asked first.
    fn has_served(&mut self, audience: usize) {
        self.first = audience + 1;
    }
}
