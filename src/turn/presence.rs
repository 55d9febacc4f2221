//! [`Pacer`]: who is to be shown the presence list next, and when.
//!
//! Sent naively, the list costs N² bytes a change and N³ over a ramp. Here it is *published*: every
//! receiver stands in a queue and is served while a byte budget lasts, so that changes coalesce and
//! the last one always arrives. The pacer is the bookkeeping of that (the algorithm is on the front
//! page); it encodes nothing and sends nothing. The publish phase asks it who is next.

mod invariants;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::queue::{Link, Queue};
use crate::chat::PresenceMode;
use crate::chat::{ConnectionId, Mobile};
use crate::timer::Moment;

/// What publishing presence may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of lists a second, over all receivers.
    pub bytes_per_second: u64,
    /// The shortest time between two deltas.
    pub delta_interval: Duration,
    /// And at least this much of it for each receiver of deltas.
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

/// A list is charged at least this many bytes: a short one still costs a system call.
const LEAST_CHARGE: i64 = 10 * 1024;
/// The budget saves up at most this much time's worth of bytes, spent at once on the first change.
const SAVED: Duration = Duration::from_millis(100);
/// First lists are never delayed for want of budget, so it can go into debt; they alone no further
/// than this.
const DEBT: Duration = Duration::from_millis(50);
/// Coarser than a timer-wheel slot would do, finer than a person sees.
const PACE: Duration = Duration::from_millis(5);

/// What a receiver is owed that does not wait its turn in the ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Owed {
    Nothing,
    /// The first list after signing in, or the one that makes deltas meaningful again.
    First,
    /// The list he asked for.
    Asked,
}

/// Where a receiver stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    /// Among those who are owed a first list.
    Newcomers,
    /// Among those who asked.
    Askers,
    /// Among those who get the list after every change: the stale ones first.
    Ring,
    /// Among those who get deltas: those behind the current one first.
    Deltas,
    /// In no queue: he wants nothing unless he asks.
    Nowhere,
    /// In no queue: his socket is full, and he is not to be served before it drains.
    Parked,
}

/// The first four of [`At`] are queues.
const QUEUES: usize = 4;

/// One receiver.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: ConnectionId,
    mode: PresenceMode,
    at: At,
    owed: Owed,
    /// The version of the membership he has last been shown. For a receiver of deltas: the one that
    /// the last delta led to, even if he was given a newer list since. His next delta repeats some
    /// of that list then, which does no harm, and everybody stands at the same delta or the one
    /// before it: that keeps their queue in order.
    seen: u64,
}

/// What to publish, and to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Serving {
    /// The whole list.
    List(ConnectionId),
    /// The frame of the current delta.
    Delta(ConnectionId),
}

/// The queues, the budget, and the version of the membership.
#[derive(Debug)]
pub(super) struct Pacer {
    limits: Limits,
    places: Vec<Option<Place>>,
    links: Vec<Link>,
    queues: [Queue; QUEUES],
    /// Bumped by every change of membership.
    version: u64,
    /// Bytes that may be published now; negative is debt.
    tokens: i64,
    refilled: Moment,
    /// An asker was served last: a newcomer's turn, if there is one.
    asker_was_last: bool,
    /// Who came or went since the last delta; kept only while somebody gets deltas.
    touched: Vec<Mobile>,
    /// Receivers that want deltas, wherever they stand.
    delta_receivers: usize,
    /// The version that the current delta leads to.
    delta_version: u64,
    delta_at: Moment,
}

impl Pacer {
    pub(super) fn new(limits: Limits) -> Self {
        Pacer {
            limits,
            places: Vec::new(),
            links: Vec::new(),
            queues: [Queue::EMPTY; QUEUES],
            version: 1,
            tokens: bytes_in(limits.bytes_per_second, SAVED),
            refilled: Moment::START,
            asker_was_last: false,
            touched: Vec::new(),
            delta_receivers: 0,
            delta_version: 1,
            delta_at: Moment::START,
        }
    }

    /// The version of the membership.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Somebody has come: everyone is to know, he first.
    pub(super) fn join(&mut self, id: ConnectionId, mobile: Mobile, mode: PresenceMode) {
        self.change(mobile);
        self.enter(id, mode);
    }

    /// Somebody has gone: everyone is to know.
    pub(super) fn leave(&mut self, id: ConnectionId, mobile: Mobile) {
        self.forget(id);
        self.change(mobile);
    }

    /// A newer connection has taken over a number: nothing has changed for anybody else.
    pub(super) fn replaced(&mut self, old: ConnectionId, new: ConnectionId, mode: PresenceMode) {
        self.forget(old);
        self.enter(new, mode);
    }

    /// The receiver asks for the list.
    pub(super) fn asked(&mut self, id: ConnectionId) {
        let Some(place) = self.get_mut(id) else { return };
        if place.owed == Owed::Nothing {
            place.owed = Owed::Asked;
        }
        self.requeue(id);
    }

    /// The receiver wants presence in another form. To begin with he gets the list, but in `none`.
    pub(super) fn set_mode(&mut self, id: ConnectionId, mode: PresenceMode) {
        let Some(place) = self.get_mut(id) else { return };
        let was = std::mem::replace(&mut place.mode, mode);
        // Whatever he is owed already he still gets: he may have asked just before.
        if place.owed == Owed::Nothing && mode != PresenceMode::None {
            place.owed = Owed::Asked;
        }
        self.delta_receivers -= usize::from(was == PresenceMode::Delta);
        self.delta_receivers += usize::from(mode == PresenceMode::Delta);
        self.requeue(id);
    }

    /// The receiver's socket is full.
    pub(super) fn blocked(&mut self, id: ConnectionId) {
        self.move_to(id, At::Parked, false);
    }

    /// The receiver's socket has drained.
    pub(super) fn drained(&mut self, id: ConnectionId) {
        let delta_version = self.delta_version;
        let Some(place) = self.get_mut(id).filter(|place| place.at == At::Parked) else { return };
        // A delta that passed him by cannot be made up for: he starts again from a full list.
        if place.mode == PresenceMode::Delta && place.seen < delta_version {
            place.owed = Owed::First;
        }
        self.move_to(id, At::Nowhere, false);
        self.requeue(id);
    }

    /// Whoever is to be served next. With `hold_ring`, only those who are owed something.
    pub(super) fn next(&mut self, now: Moment, hold_ring: bool) -> Option<Serving> {
        self.refill(now);
        let newcomer = self.first(At::Newcomers);
        let asker = self.first(At::Askers).filter(|_| self.tokens > 0);
        // Those who merely ask take at most every second place.
        let asker = asker.filter(|_| newcomer.is_none() || !self.asker_was_last);
        if let Some(place) = asker.or(newcomer) {
            let id = place.id;
            self.asker_was_last = asker.is_some();
            return Some(Serving::List(id));
        }
        if hold_ring {
            return None;
        }
        if let Some(stale) = self.stale().filter(|_| self.tokens > 0) {
            return Some(Serving::List(stale.id));
        }
        self.behind().map(|place| Serving::Delta(place.id))
    }

    /// The receiver has been given the list in its present version, `bytes` long.
    pub(super) fn served_list(&mut self, id: ConnectionId, bytes: usize) {
        let charge = i64::try_from(bytes).unwrap_or(i64::MAX).max(LEAST_CHARGE);
        let is_first = self.get(id).is_some_and(|place| place.owed == Owed::First);
        // Whoever waits for the budget pays in full, however long his list is: a list that is longer
        // than all debt would else be had for the debt, again and again.
        let floor = if is_first { -bytes_in(self.limits.bytes_per_second, DEBT) } else { i64::MIN };
        self.tokens = self.tokens.saturating_sub(charge).max(floor.min(self.tokens));
        let (version, delta_version) = (self.version, self.delta_version);
        if let Some(place) = self.get_mut(id) {
            place.seen = match place.mode {
                PresenceMode::Delta => delta_version,
                PresenceMode::Full | PresenceMode::None => version,
            };
            place.owed = Owed::Nothing;
        }
        self.requeue(id);
    }

    /// The receiver has been given the current delta.
    pub(super) fn served_delta(&mut self, id: ConnectionId) {
        let version = self.delta_version;
        if let Some(place) = self.get_mut(id) {
            place.seen = version;
        }
        self.requeue(id);
    }

    /// Begins a new delta if one is due: everyone touched since the last, each once.
    ///
    /// It names also those who came and went in between: a newcomer's first list may show them.
    pub(super) fn begin_delta(&mut self, now: Moment) -> Option<Vec<Mobile>> {
        if self.delta_due()? > now {
            return None;
        }
        self.delta_version = self.version;
        self.delta_at = now;
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        Some(touched)
    }

    /// When to publish next; none if there is nothing to publish.
    pub(super) fn deadline(&mut self, now: Moment, hold_ring: bool) -> Option<Moment> {
        self.refill(now);
        let behind = !hold_ring && self.behind().is_some();
        let stale = !hold_ring && self.stale().is_some();
        let waits_for_tokens = stale || self.first(At::Askers).is_some();
        let newcomer = self.first(At::Newcomers).is_some();
        if newcomer || behind || waits_for_tokens && self.tokens > 0 {
            return Some(now);
        }
        let paced = waits_for_tokens.then(|| now + self.until_solvent().max(PACE));
        let delta = self.delta_due().filter(|_| !hold_ring);
        [paced, delta].into_iter().flatten().min()
    }

    /// How long until the budget is out of debt.
    fn until_solvent(&self) -> Duration {
        let missing = u128::try_from(1 - self.tokens).unwrap_or(0);
        let rate = u128::from(self.limits.bytes_per_second.max(1));
        let nanos = (missing * 1_000_000_000).div_ceil(rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// When the next delta may begin: not before everyone has the last one.
    fn delta_due(&self) -> Option<Moment> {
        if self.touched.is_empty() || self.delta_receivers == 0 || self.behind().is_some() {
            return None;
        }
        let receivers = u32::try_from(self.delta_receivers).unwrap_or(u32::MAX);
        let each = self.limits.delta_interval_each.saturating_mul(receivers);
        Some(self.delta_at + each.max(self.limits.delta_interval))
    }

    /// The first of the ring, if the membership has changed since he was shown it. The ring is
    /// [stale… current…], so that one comparison tells whether there is anything to do.
    fn stale(&self) -> Option<&Place> {
        self.first(At::Ring).filter(|place| place.seen != self.version)
    }

    /// The first of those who get deltas, if he lacks the current one: [behind… current…].
    fn behind(&self) -> Option<&Place> {
        self.first(At::Deltas).filter(|place| place.seen < self.delta_version)
    }

    fn first(&self, at: At) -> Option<&Place> {
        let index = self.queues[at as usize].first()?;
        self.places[index as usize].as_ref()
    }

    fn change(&mut self, mobile: Mobile) {
        self.version += 1;
        if self.delta_receivers > 0 {
            self.touched.push(mobile);
        } else {
            self.touched.clear();
        }
    }

    fn enter(&mut self, id: ConnectionId, mode: PresenceMode) {
        if self.places.len() <= id.index() {
            self.places.resize(id.index() + 1, None);
            self.links.resize(id.index() + 1, Link::NONE);
        }
        let owed = match mode {
            PresenceMode::Full | PresenceMode::Delta => Owed::First,
            PresenceMode::None => Owed::Nothing,
        };
        self.delta_receivers += usize::from(mode == PresenceMode::Delta);
        self.places[id.index()] = Some(Place { id, mode, at: At::Nowhere, owed, seen: 0 });
        self.requeue(id);
    }

    fn forget(&mut self, id: ConnectionId) {
        if let Some(place) = self.get(id) {
            self.delta_receivers -= usize::from(place.mode == PresenceMode::Delta);
            self.move_to(id, At::Nowhere, false);
            self.places[id.index()] = None;
        }
    }

    /// Puts a receiver where he belongs by what he is owed, by his mode and by what he has seen.
    fn requeue(&mut self, id: ConnectionId) {
        let Some(place) = self.get(id) else { return };
        let to = match (place.owed, place.mode) {
            (Owed::First, _) => At::Newcomers,
            (Owed::Asked, _) => At::Askers,
            (Owed::Nothing, PresenceMode::Full) => At::Ring,
            (Owed::Nothing, PresenceMode::Delta) => At::Deltas,
            (Owed::Nothing, PresenceMode::None) => At::Nowhere,
        };
        // The stale go before the current: that is the invariant of both rings.
        let (keeps_place, to_front) = match to {
            At::Newcomers | At::Askers => (place.at == to, false),
            At::Ring => (false, place.seen != self.version),
            At::Deltas => (false, place.seen < self.delta_version),
            At::Nowhere | At::Parked => (false, false),
        };
        if place.at != At::Parked && !keeps_place {
            self.move_to(id, to, to_front);
        }
    }

    fn move_to(&mut self, id: ConnectionId, to: At, to_front: bool) {
        let member = u32::try_from(id.index()).expect("an id's index was a u32");
        let Some(place) = self.get_mut(id) else { return };
        let from = std::mem::replace(&mut place.at, to);
        if let Some(queue) = self.queues.get_mut(from as usize) {
            queue.remove(&mut self.links, member);
        }
        match self.queues.get_mut(to as usize) {
            Some(queue) if to_front => queue.push_front(&mut self.links, member),
            Some(queue) => queue.push_back(&mut self.links, member),
            None => {}
        }
    }

    fn refill(&mut self, now: Moment) {
        let gained = bytes_in(self.limits.bytes_per_second, now.since(self.refilled));
        if gained > 0 {
            let cap = bytes_in(self.limits.bytes_per_second, SAVED);
            // A budget too small to save up anything still earns its one byte.
            self.tokens = self.tokens.saturating_add(gained).min(cap.max(1));
            self.refilled = now;
        }
    }

    fn get(&self, id: ConnectionId) -> Option<&Place> {
        self.places.get(id.index())?.as_ref().filter(|place| place.id == id)
    }

    fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Place> {
        self.places.get_mut(id.index())?.as_mut().filter(|place| place.id == id)
    }
}

/// How many bytes `rate` yields in `time`, capped far above any use.
fn bytes_in(rate: u64, time: Duration) -> i64 {
    let bytes = u128::from(rate) * time.as_nanos() / 1_000_000_000;
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
