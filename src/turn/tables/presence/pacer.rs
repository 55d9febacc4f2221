//! [`Pacer`]: the queues of one audience, and the version of its list.
//!
//! Each queue is in such an order that its first member answers the question which receiver is next. So
//! no question needs a search, and every operation is O(1). (A scan of all receivers at each change was
//! rejected: it is O(receivers) also when the budget allows one list.)
//!
//! The pacer has neither a budget nor a list. It knows versions, and which receivers lack the newest. The
//! realm remembers what has changed from one version to the next. The receivers' places are an argument,
//! since all audiences share one table of them.

use super::Limits;
use super::places::{At, Owed, Place, Places};
use crate::chat::{ConnectionId, PresenceMode};
use crate::timer::Moment;
use crate::turn::tables::queue::Queue;

/// The number of queues: the first four variants of [`At`].
const QUEUES: usize = 4;

/// One audience's queues.
#[derive(Debug)]
pub(super) struct Pacer {
    /// The number of the audience, as it stands in its receivers' places.
    audience: u8,
    pub(super) queues: [Queue; QUEUES],
    /// The version of the membership: each change adds one.
    pub(super) version: u64,
    /// The number of receivers of deltas, in whatever queue.
    pub(super) delta_receivers: usize,
    /// Whether the membership has changed since the last delta, while there was a receiver of deltas.
    has_news: bool,
    /// The version that the last delta led to.
    pub(super) delta_version: u64,
    /// When the last delta began.
    delta_at: Moment,
}

impl Pacer {
    /// A pacer without receivers.
    pub(super) fn new(audience: u8) -> Self {
        Pacer {
            audience,
            queues: [Queue::EMPTY; QUEUES],
            version: 1,
            delta_receivers: 0,
            has_news: false,
            delta_version: 1,
            delta_at: Moment::START,
        }
    }

    /// Notes that the membership has changed. Returns whether the next delta has to tell of it.
    pub(super) fn changed(&mut self) -> bool {
        self.version += 1;
        self.has_news = self.delta_receivers > 0;
        self.has_news
    }

    /// The number of changes that a receiver has not been told of. 0 for one that is owed the list itself.
    pub(super) fn unseen(&self, places: &Places, id: ConnectionId) -> u64 {
        let place = places.get(id).filter(|place| place.owed == Owed::Nothing);
        place.map_or(0, |place| self.version - place.seen)
    }

    /// Makes a connection a receiver of this audience's list.
    pub(super) fn enter(&mut self, places: &mut Places, id: ConnectionId, mode: PresenceMode) {
        let owed = match mode {
            PresenceMode::Full | PresenceMode::Delta => Owed::First,
            PresenceMode::None => Owed::Nothing,
        };
        self.delta_receivers += usize::from(mode == PresenceMode::Delta);
        let audience = self.audience;
        places.insert(Place { id, audience, mode, at: At::Nowhere, owed, seen: 0 });
        self.requeue(places, id);
    }

    /// Removes a receiver.
    pub(super) fn forget(&mut self, places: &mut Places, id: ConnectionId) {
        if let Some(place) = places.get(id) {
            self.delta_receivers -= usize::from(place.mode == PresenceMode::Delta);
            self.move_to(places, id, At::Nowhere, false);
            places.remove(id);
        }
    }

    /// Queues a receiver that asks for the list, unless it is owed a list already.
    pub(super) fn asked(&mut self, places: &mut Places, id: ConnectionId) {
        let Some(place) = places.get_mut(id) else { return };
        if place.owed == Owed::Nothing {
            place.owed = Owed::Asked;
        }
        self.requeue(places, id);
    }

    /// Changes the form in which a receiver gets presence. It gets the list first, unless the new form is
    /// none.
    pub(super) fn set_mode(&mut self, places: &mut Places, id: ConnectionId, mode: PresenceMode) {
        let Some(place) = places.get_mut(id) else { return };
        let was = std::mem::replace(&mut place.mode, mode);
        // A list that the receiver is owed already is still sent: it may have asked just before.
        if place.owed == Owed::Nothing && mode != PresenceMode::None {
            place.owed = Owed::Asked;
        }
        self.delta_receivers -= usize::from(was == PresenceMode::Delta);
        self.delta_receivers += usize::from(mode == PresenceMode::Delta);
        self.requeue(places, id);
    }

    /// Parks a receiver whose socket is full.
    pub(super) fn blocked(&mut self, places: &mut Places, id: ConnectionId) {
        self.move_to(places, id, At::Parked, false);
    }

    /// Puts a parked receiver back into a queue: its socket has drained.
    pub(super) fn drained(&mut self, places: &mut Places, id: ConnectionId) {
        let Some(place) = places.get_mut(id).filter(|place| place.at == At::Parked) else { return };
        // A delta that was missed is not sent again: the receiver starts anew from a full list.
        if place.mode == PresenceMode::Delta && place.seen < self.delta_version {
            place.owed = Owed::First;
        }
        self.move_to(places, id, At::Nowhere, false);
        self.requeue(places, id);
    }

    /// Notes that a receiver was sent the present list. Returns whether it was a first list.
    pub(super) fn served_list(&mut self, places: &mut Places, id: ConnectionId) -> bool {
        let Some(place) = places.get_mut(id) else { return false };
        place.seen = match place.mode {
            PresenceMode::Delta => self.delta_version,
            PresenceMode::Full | PresenceMode::None => self.version,
        };
        let was = std::mem::replace(&mut place.owed, Owed::Nothing);
        self.requeue(places, id);
        was == Owed::First
    }

    /// Notes that a receiver was sent the current delta.
    pub(super) fn served_delta(&mut self, places: &mut Places, id: ConnectionId) {
        if let Some(place) = places.get_mut(id) {
            place.seen = self.delta_version;
        }
        self.requeue(places, id);
    }

    /// Begins a new delta if one is due, and returns whether it was. The delta leads from the version of
    /// the last one to the present version.
    pub(super) fn begin_delta(&mut self, places: &Places, limits: &Limits, now: Moment) -> bool {
        let is_due = self.delta_due(places, limits).is_some_and(|due| due <= now);
        if is_due {
            self.delta_version = self.version;
            self.delta_at = now;
            self.has_news = false;
        }
        is_due
    }

    /// When the next delta is due; `None` if there are no changes, or if a receiver still lacks the last
    /// delta.
    pub(super) fn delta_due(&self, places: &Places, limits: &Limits) -> Option<Moment> {
        if !self.has_news || self.delta_receivers == 0 || self.behind(places).is_some() {
            return None;
        }
        let receivers = u32::try_from(self.delta_receivers).unwrap_or(u32::MAX);
        let each = limits.delta_interval_each.saturating_mul(receivers);
        Some(self.delta_at + each.max(limits.delta_interval))
    }

    /// The first receiver that is owed a first list.
    pub(super) fn newcomer(&self, places: &Places) -> Option<ConnectionId> {
        self.first(places, At::Newcomers).map(|place| place.id)
    }

    /// The first receiver that has asked for the list.
    pub(super) fn asker(&self, places: &Places) -> Option<ConnectionId> {
        self.first(places, At::Askers).map(|place| place.id)
    }

    /// The first receiver of the ring, if it has not been sent the present version. The order of the ring
    /// is [stale… current…], so this one comparison tells whether any receiver of it is stale.
    pub(super) fn stale(&self, places: &Places) -> Option<ConnectionId> {
        let first = self.first(places, At::Ring).filter(|place| place.seen != self.version);
        first.map(|place| place.id)
    }

    /// The first receiver of deltas, if it lacks the current delta. The order is [behind… current…].
    pub(super) fn behind(&self, places: &Places) -> Option<ConnectionId> {
        let first = self.first(places, At::Deltas).filter(|place| place.seen < self.delta_version);
        first.map(|place| place.id)
    }

    fn first<'p>(&self, places: &'p Places, at: At) -> Option<&'p Place> {
        places.member(self.queues[at as usize].first()?)
    }

    /// Puts a receiver into the queue where it belongs. That follows from what it is owed, from its mode
    /// and from the version that it has seen.
    fn requeue(&mut self, places: &mut Places, id: ConnectionId) {
        let Some(place) = places.get(id) else { return };
        let to = match (place.owed, place.mode) {
            (Owed::First, _) => At::Newcomers,
            (Owed::Asked, _) => At::Askers,
            (Owed::Nothing, PresenceMode::Full) => At::Ring,
            (Owed::Nothing, PresenceMode::Delta) => At::Deltas,
            (Owed::Nothing, PresenceMode::None) => At::Nowhere,
        };
        // In both rings, receivers that lack something stand before those that do not.
        let (keeps_place, to_front) = match to {
            At::Newcomers | At::Askers => (place.at == to, false),
            At::Ring => (false, place.seen != self.version),
            At::Deltas => (false, place.seen < self.delta_version),
            At::Nowhere | At::Parked => (false, false),
        };
        if place.at != At::Parked && !keeps_place {
            self.move_to(places, id, to, to_front);
        }
    }

    fn move_to(&mut self, places: &mut Places, id: ConnectionId, to: At, to_front: bool) {
        let member = u32::try_from(id.index()).expect("an id's index was a u32");
        let Some(place) = places.get_mut(id) else { return };
        let from = std::mem::replace(&mut place.at, to);
        if let Some(queue) = self.queues.get_mut(from as usize) {
            queue.remove(&mut places.links, member);
        }
        match self.queues.get_mut(to as usize) {
            Some(queue) if to_front => queue.push_front(&mut places.links, member),
            Some(queue) => queue.push_back(&mut places.links, member),
            None => {}
        }
    }
}
