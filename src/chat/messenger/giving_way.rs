//! Which invitations give way to a new one, when its recipient or the whole realm has the most already.
//!
//! [`Claim::judge`] has the rule for both quotas. Among the invitations of an address, those of senders who
//! have left give way first. For the whole realm, [`Shares`](super::shares::Shares) knows the heaviest
//! holder. For one recipient, the *pile* has at most [`Limits::invitations_received`](super::Limits)
//! invitations. It is sorted only when it is full. Rejected: to keep every pile sorted, which costs memory
//! for all piles, while almost none is ever full. Called by `inviting.rs`.

use super::event::{Answer, Event};
use super::person_key::PersonKey;
use super::ranks::Rank;
use super::shares::{Claim, GivesWay, HolderKey, Stock, heaviest};
use super::{Realm, Refusal, tell};
use crate::chat::Sink;
use crate::limiter::Block;

/// What gives way to an invitation.
pub(super) struct Room {
    /// The keys of the invitations to the same recipient that give way.
    pile: Vec<u32>,
    /// Whose invitations give way because of the quota of the whole realm.
    house: Option<GivesWay>,
}

/// One invitation in a full pile.
#[derive(Clone, Copy)]
struct Piled {
    key: u32,
    sender: PersonKey,
    block: Block,
    has_left: bool,
    bytes: usize,
    weight: u64,
}

impl Realm {
    /// Finds out whether there is room for an invitation of `bytes` bytes, or what has to give way to it.
    /// It changes nothing.
    pub(super) fn room_for_invitation(
        &self,
        sender: HolderKey,
        recipient: Option<PersonKey>,
        bytes: usize,
    ) -> Result<Room, Refusal> {
        let pile = recipient.map_or(Some(Vec::new()), |to| self.room_in_pile(sender, to, bytes));
        let pile = pile.ok_or(Refusal::TooManyReceived)?;

        let all = &self.invitations;
        let freed: usize = pile.iter().map(|&key| all.all[key as usize].bytes).sum();
        let quota = self.limits.invitations_in_all;
        if quota.has_room(all.all.len() - pile.len(), all.bytes - freed, bytes) {
            return Ok(Room { pile, house: None });
        }
        if !quota.has_room(0, 0, bytes) {
            return Err(Refusal::TooManyInAll);
        }
        let house = self.shares.may_take(sender, Stock::Invitations, quota.weight(bytes));
        Ok(Room { pile, house: Some(house.ok_or(Refusal::TooManyInAll)?) })
    }

    /// Makes the room. It fails only if the neighbours had less than their weight.
    pub(super) fn make_room(
        &mut self,
        sender: HolderKey,
        room: Room,
        bytes: usize,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        for key in room.pile {
            self.displace(key, sink);
        }
        let quota = self.limits.invitations_in_all;
        while let Some(who) = room.house
            && !quota.has_room(self.invitations.all.len(), self.invitations.bytes, bytes)
        {
            let next = self.shares.next(sender, Stock::Invitations, who);
            let next = next.ok_or(Refusal::TooManyInAll)?;
            let oldest = self.people[next].sent().first().copied();
            self.displace(oldest.expect("a holder of invitations has sent some"), sink);
        }
        Ok(())
    }

    /// The keys of the invitations to a person that give way to one of `bytes` bytes. `None` if there is
    /// no room for it.
    fn room_in_pile(&self, sender: HolderKey, to: PersonKey, bytes: usize) -> Option<Vec<u32>> {
        let quota = self.limits.invitations_received;
        let received = self.people[to].received();
        let used = self.people[to].social().map_or(0, |social| social.received.bytes);
        let (mut number, mut used) = (received.len(), used);
        let mut gone = Vec::new();
        if quota.has_room(number, used, bytes) {
            return Some(gone);
        }
        if !quota.has_room(0, 0, bytes) {
            return None;
        }
        let mut pile: Vec<Piled> = received.iter().map(|&key| self.piled(key)).collect();
        let newcomer = (self.shares.block(sender), self.shares.person(sender));
        let who = judge(&pile, newcomer, quota.weight(bytes))?;
        while !quota.has_room(number, used, bytes) {
            let place = next(&pile, newcomer, who)?;
            let Piled { key, bytes, .. } = pile.remove(place);
            (number, used) = (number - 1, used - bytes);
            gone.push(key);
        }
        Some(gone)
    }

    fn piled(&self, key: u32) -> Piled {
        let stored = &self.invitations.all[key as usize];
        let (sender, bytes) = (stored.from, stored.bytes);
        let block = self.shares.block(self.holder(sender));
        let has_left = !self.people[sender].is_online();
        let weight = self.limits.invitations_received.weight(bytes);
        Piled { key, sender, block, has_left, bytes, weight }
    }

    /// An invitation gives way to another one. Its sender and its recipient, if they are online, are told
    /// that it has expired. Nothing is kept for an offline one.
    fn displace(&mut self, key: u32, sink: &mut impl Sink) {
        let stored = &self.invitations.all[key as usize];
        let (from, to, bytes) = (stored.from, stored.to, stored.bytes);
        self.wheel.cancel(stored.timer);
        if stored.answer == Answer::Pending {
            self.counters.invitations_displaced += 1;
            self.invitations.answer(key, Answer::Expired);
            self.people[to].social_mut().received.remove(key, bytes);
            let event = Event::InvitationAnswered(self.told(key));
            tell(sink, self.people[from].devices(), event);
            tell(sink, self.people[to].devices(), event);
        } else {
            self.counters.answers_displaced += 1;
        }
        self.forget_invitation(key);
    }
}

/// Who in a full pile gives way to a new invitation of this weight, if anybody does.
fn judge(pile: &[Piled], (block, person): (Block, PersonKey), weight: u64) -> Option<GivesWay> {
    let (top, most) = heaviest(pile.iter().map(|one| (one.block, one.weight)))?;
    let own = || pile.iter().filter(move |one| one.block == block);
    let senders = own().filter(|one| one.sender == person).map(|one| one.weight).sum();
    let addresses = own().map(|one| one.weight).sum();
    let neighbour = heaviest(own().map(|one| (one.sender, one.weight)));
    let neighbour = neighbour.map(|(_, weight)| Rank::of(weight));
    Claim { weight, senders, addresses }.judge(Rank::of(most), top == block, neighbour)
}

/// The place in a pile of the invitation that gives way next to a new one.
fn next(pile: &[Piled], (block, person): (Block, PersonKey), who: GivesWay) -> Option<usize> {
    let top = match who {
        GivesWay::Heaviest => heaviest(pile.iter().map(|one| (one.block, one.weight)))?.0,
        GivesWay::Neighbours => block,
    };
    let may =
        |one: &&Piled| one.block == top && (who == GivesWay::Heaviest || one.sender != person);
    let has_left = pile.iter().filter(may).any(|one| one.has_left);
    let first = |one: &&Piled| may(one) && one.has_left == has_left;
    let senders = pile.iter().filter(first).map(|one| (one.sender, one.weight));
    let (sender, _) = heaviest(senders)?;
    pile.iter().position(|one| one.sender == sender)
}
