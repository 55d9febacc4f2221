//! Inviting: how strangers become contacts. One sends an invitation, to somebody who need not be
//! online, nor exist; the recipient's devices show it until one of them answers, or until it expires.
//! What has become of it is told to its sender: at once, or when he next signs in.
//!
//! A sender holds his invitations until he has heard the answers; a recipient holds those that wait
//! for his. So each quota counts just what somebody can still be told. Called by the realm.

use super::event::{Answer, Event, Invitation};
use super::invitations::{Stored, cost};
use super::person::PersonKey;
use super::{Due, Invite, Realm, Refusal, tell, tell_others};
use crate::chat::{ConnectionId, ItemId, Sink};
use crate::timer::Now;

/// What a sender is called who has not said how.
const NAMELESS: &str = "Anonymous";

impl Realm {
    /// Somebody invites somebody.
    pub(super) fn invite(
        &mut self,
        now: Now,
        sender: PersonKey,
        invite: &Invite<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal> {
        let named = invite.sender_name.as_ref().map(|name| name.as_str());
        let from_name = self.people[sender].name().or(named).unwrap_or(NAMELESS).to_owned();
        self.may_invite(sender, invite, cost(invite, &from_name))?;

        self.counters.invitations_sent += 1;
        let recipient = self.people.find_or_add(invite.to.as_str());
        // The timer's value is the key, and the key comes with the entry, which has the timer.
        let key = u32::try_from(self.invitations.all.vacant_key())
            .expect("memory ends before four billion invitations");
        let deadline = now.monotonic + self.limits.invitation_ttl;
        let timer = self.wheel.insert(deadline, Due::Invitation(key));
        let stored = Stored::new(invite, (sender, recipient), from_name, now.unix, timer);
        let bytes = stored.bytes;
        self.invitations.add(stored);
        self.people[sender].social_mut().sent.push(key, bytes);
        let social = self.people[recipient].social_mut();
        social.received.push(key, bytes);
        social.references += 1;

        let event = Event::InvitationReceived(self.told(key));
        tell(sink, self.people[recipient].devices(), event);
        Ok(())
    }

    /// Whether an invitation of so many bytes may be sent.
    fn may_invite(
        &mut self,
        sender: PersonKey,
        invite: &Invite<'_>,
        bytes: usize,
    ) -> Result<(), Refusal> {
        let recipient = self.people.find(invite.to.as_str());
        let waiting = recipient.and_then(|recipient| self.people[recipient].social());
        let (received, used) = match waiting {
            Some(social) => (&social.received.keys[..], social.received.bytes),
            None => (&[][..], 0),
        };
        let sent = self.people[sender]
            .social()
            .map_or((0, 0), |social| (social.sent.keys.len(), social.sent.bytes));
        let is_id = |&key: &u32| *self.invitations.all[key as usize].id == *invite.id.as_str();
        let in_all = (self.invitations.all.len(), self.invitations.bytes);
        let (limits, counters) = (&self.limits, &mut self.counters);

        let (refusal, counter) = if recipient == Some(sender) {
            (Refusal::OwnInvitation, &mut counters.invitations_refused_own)
        } else if received.iter().any(is_id) {
            (Refusal::DuplicateInvitation, &mut counters.invitations_refused_duplicate)
        } else if !limits.invitations_sent.has_room(sent.0, sent.1, bytes) {
            (Refusal::TooManySent, &mut counters.invitations_refused_sender)
        } else if !limits.invitations_received.has_room(received.len(), used, bytes) {
            (Refusal::TooManyReceived, &mut counters.invitations_refused_recipient)
        } else if !limits.invitations_in_all.has_room(in_all.0, in_all.1, bytes) {
            (Refusal::TooManyInAll, &mut counters.invitations_refused_in_all)
        } else {
            return Ok(());
        };
        *counter += 1;
        Err(refusal)
    }

    /// Somebody accepts or declines an invitation.
    pub(super) fn answer(
        &mut self,
        now: Now,
        (device, recipient): (ConnectionId, PersonKey),
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
        self.conclude(now, key, answer, Some(device), sink);
        Ok(())
    }

    /// The time of an invitation is over: it expires, or its answer is forgotten.
    pub(super) fn invitation_due(&mut self, now: Now, key: u32, sink: &mut impl Sink) {
        if self.invitations.all[key as usize].answer == Answer::Pending {
            self.conclude(now, key, Answer::Expired, None, sink);
        } else {
            self.counters.answers_forgotten += 1;
            self.forget_invitation(key);
        }
    }

    /// Tells a device that has just signed in of the invitations that wait for its session, and of
    /// answers that it is the first to hear.
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

    /// A pending invitation is pending no more. Everybody hears of it but the device that answered.
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
        // Until then the answer waits for a sender who is offline.
        let deadline = now.monotonic + self.limits.invitation_ttl;
        let timer = self.wheel.insert(deadline, Due::Invitation(key));
        self.invitations.answer(key, answer, timer);
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
                if self.befriend(from, to, sink) {
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

    /// Forgets an invitation whose answer was told, or waited in vain; its timer runs no more.
    fn forget_invitation(&mut self, key: u32) {
        let stored = self.invitations.remove(key);
        self.people[stored.from].social_mut().sent.remove(key, stored.bytes);
        self.people.tidy(stored.from);
        self.release(stored.to);
    }

    fn told(&self, key: u32) -> Invitation<'_> {
        let stored = &self.invitations.all[key as usize];
        let (from, to) = (self.people[stored.from].id(), self.people[stored.to].id());
        stored.told(from, to, self.limits.invitation_ttl)
    }
}
