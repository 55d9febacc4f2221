//! Inviting: how strangers become contacts. One sends an invitation; its recipient need not be online, or
//! exist. The recipient's devices show it until one of them answers, or until it expires. Its sender is
//! told the answer at once, or at the next sign-in.
//!
//! A sender holds its invitations until it has heard their answers. A recipient holds the invitations that
//! wait for an answer. So each quota counts only what a person can still be told. Where strangers share a
//! quota, `giving_way.rs` decides who gives way. Called by the realm.

use super::contacts::Meeting;
use super::event::{Answer, Event, Invitation};
use super::giving_way::Room;
use super::invitations::{Stored, cost};
use super::person_key::PersonKey;
use super::shares::{HolderKey, Stock};
use super::{Caller, Due, Invite, ItemId, Realm, Refusal, tell, tell_others};
use crate::chat::{ConnectionId, Sink};
use crate::timer::Now;

/// The name of a sender that has given none.
const NAMELESS: &str = "Anonymous";

impl Realm {
    /// A person invites another one.
    pub(super) fn invite(
        &mut self,
        now: Now,
        Caller { person: sender, from, .. }: Caller,
        invite: &Invite<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let named = invite.sender_name.as_ref().map(|name| name.as_str());
        let from_name = self.people[sender].name().or(named).unwrap_or(NAMELESS).to_owned();
        let bytes = cost(invite, &from_name);
        let holder = self.locate(sender, from);
        let room = self.may_invite((sender, holder), invite, bytes);
        // The sender's own invitations may give way before the new one is added. This reference holds
        // the sender meanwhile.
        self.people[sender].social_mut().references += 1;
        let done = room.and_then(|room| self.make_room(holder, room, bytes, sink));
        self.people[sender].social_mut().references -= 1;
        if let Err(refusal) = done {
            self.count_refused_invitation(refusal);
            self.tidy(sender);
            return Err(refusal);
        }

        self.counters.invitations_sent += 1;
        let recipient = self.people.find_or_add(invite.to.as_str());
        // The timer stores the key, and the entry stores the timer. So the key is reserved first.
        let key = u32::try_from(self.invitations.all.vacant_key())
            .expect("memory ends before four billion invitations");
        let deadline = now.monotonic + self.limits.invitation_ttl;
        let timer = self.wheel.insert(deadline, Due::Invitation(key));
        let stored = Stored::new(invite, (sender, recipient), from_name, now.unix, timer);
        self.invitations.add(stored);
        self.people[sender].social_mut().sent.push(key, bytes);
        let weight = self.limits.invitations_in_all.weight(bytes);
        self.shares.add(holder, Stock::Invitations, weight);
        let social = self.people[recipient].social_mut();
        social.received.push(key, bytes);
        social.references += 1;

        let event = Event::InvitationReceived(self.told(key));
        tell(sink, self.people[recipient].devices(), event);
        Ok(())
    }

    /// Finds out whether an invitation of `bytes` bytes may be sent, and what has to give way to it.
    fn may_invite(
        &self,
        (sender, holder): (PersonKey, HolderKey),
        invite: &Invite<'_>,
        bytes: usize,
    ) -> Result<Room, Refusal> {
        let recipient = self.people.find(invite.to.as_str());
        if recipient == Some(sender) {
            return Err(Refusal::OwnInvitation);
        }
        let received = recipient.map_or(&[][..], |recipient| self.people[recipient].received());
        if received.iter().any(|&key| *self.invitations.all[key as usize].id == *invite.id.as_str())
        {
            return Err(Refusal::DuplicateInvitation);
        }
        let social = self.people[sender].social();
        let (sent, used) =
            social.map_or((0, 0), |social| (social.sent.keys.len(), social.sent.bytes));
        if !self.limits.invitations_sent.has_room(sent, used, bytes) {
            return Err(Refusal::TooManySent);
        }
        self.room_for_invitation(holder, recipient, bytes)
    }

    fn count_refused_invitation(&mut self, refusal: Refusal) {
        let counters = &mut self.counters;
        *match refusal {
            Refusal::OwnInvitation => &mut counters.invitations_refused_own,
            Refusal::DuplicateInvitation => &mut counters.invitations_refused_duplicate,
            Refusal::TooManySent => &mut counters.invitations_refused_sender,
            Refusal::TooManyReceived => &mut counters.invitations_refused_recipient,
            Refusal::TooManyInAll => &mut counters.invitations_refused_in_all,
            Refusal::TooManyDevices
            | Refusal::NotInvited
            | Refusal::NoSuchMessage
            | Refusal::NoSuchInvitation => return,
        } += 1;
    }

    /// A person accepts or declines an invitation.
    pub(super) fn answer(
        &mut self,
        now: Now,
        Caller { device, person: recipient, from }: Caller,
        id: &ItemId<'_>,
        answer: Answer,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let all = &self.invitations.all;
        let mut received = self.people[recipient].received().iter();
        let found = received.find(|&&key| *all[key as usize].id == *id.as_str());
        let Some(&key) = found else {
            self.counters.answers_refused += 1;
            return Err(Refusal::NoSuchInvitation);
        };
        self.locate(recipient, from);
        self.conclude(now, key, answer, Some(device), sink);
        Ok(())
    }

    /// The timer of an invitation has fired: it expires, or its answer is forgotten.
    pub(super) fn invitation_due(&mut self, now: Now, key: u32, sink: &mut impl Sink) {
        if self.invitations.all[key as usize].answer == Answer::Pending {
            self.conclude(now, key, Answer::Expired, None, sink);
        } else {
            self.counters.answers_forgotten += 1;
            self.forget_invitation(key);
        }
    }

    /// Tells a device that has just signed in of the invitations that wait for its person, and of the
    /// answers that waited for the person.
    pub(super) fn catch_up(
        &mut self,
        device: ConnectionId,
        person: PersonKey,
        sink: &mut impl Sink,
    ) {
        for &key in self.people[person].received() {
            tell(sink, &[device], Event::InvitationReceived(self.told(key)));
        }
        let is_answered = |&key: &u32| self.invitations.all[key as usize].answer != Answer::Pending;
        let answered: Vec<u32> =
            self.people[person].sent().iter().copied().filter(is_answered).collect();
        for key in answered {
            tell(sink, &[device], Event::InvitationAnswered(self.told(key)));
            self.wheel.cancel(self.invitations.all[key as usize].timer);
            self.forget_invitation(key);
        }
    }

    /// Ends a pending invitation. All devices of both people hear of it, except for the one that answered.
    fn conclude(
        &mut self,
        now: Now,
        key: u32,
        answer: Answer,
        by: Option<ConnectionId>,
        sink: &mut impl Sink,
    ) {
        let stored = &self.invitations.all[key as usize];
        let (from, to, bytes) = (stored.from, stored.to, stored.bytes);
        self.wheel.cancel(stored.timer);
        // If the sender is offline, the answer waits until then.
        let deadline = now.monotonic + self.limits.invitation_ttl;
        let timer = self.wheel.insert(deadline, Due::Invitation(key));
        self.invitations.answer(key, answer);
        self.invitations.all[key as usize].timer = timer;
        self.people[to].social_mut().received.remove(key, bytes);

        let event = Event::InvitationAnswered(self.told(key));
        tell(sink, self.people[from].devices(), event);
        match by {
            Some(device) => tell_others(sink, self.people[to].devices(), device, event),
            None => tell(sink, self.people[to].devices(), event),
        }
        match answer {
            Answer::Accepted => {
                self.counters.invitations_accepted += 1;
                if self.befriend(from, to, Meeting::Invitation, sink) {
                    self.introduce(from, to, sink);
                }
            }
            Answer::Declined => self.counters.invitations_declined += 1,
            Answer::Expired => self.counters.invitations_expired += 1,
            Answer::Pending => {}
        }
        if self.people[from].is_online() {
            self.wheel.cancel(timer);
            self.forget_invitation(key);
        }
    }

    /// Forgets an invitation whose answer was told, or has waited too long. Its timer has ended.
    pub(super) fn forget_invitation(&mut self, key: u32) {
        let stored = self.invitations.remove(key);
        let weight = self.limits.invitations_in_all.weight(stored.bytes);
        self.shares.take(self.holder(stored.from), Stock::Invitations, weight);
        self.people[stored.from].social_mut().sent.remove(key, stored.bytes);
        self.tidy(stored.from);
        self.release(stored.to);
    }

    pub(super) fn told(&self, key: u32) -> Invitation<'_> {
        let stored = &self.invitations.all[key as usize];
        let (from, to) = (self.people[stored.from].id(), self.people[stored.to].id());
        stored.told(from, to, self.limits.invitation_ttl)
    }
}
