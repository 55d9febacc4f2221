//! Typing: which person is shown as typing to which other one. An app says when typing begins and ends. If
//! it does not, the realm ends it: some seconds after the last notice, or with the typist's last device.
//!
//! A notice is passed on or dropped, and never kept for a person who is offline. Called by the realm.

use super::event::Event;
use super::person::Typing;
use super::person_key::PersonKey;
use super::{Due, PersonId, Realm, tell};
use crate::chat::Sink;
use crate::timer::Now;

impl Realm {
    /// A person says that typing to another person has begun or ended.
    pub(super) fn typing(
        &mut self,
        now: Now,
        typist: PersonKey,
        to: &PersonId<'_>,
        is_typing: bool,
        sink: &mut impl Sink,
    ) {
        let recipient = self.people.find(to.as_str());
        let may = self.may_write(typist, recipient);
        let online = recipient.filter(|&to| may && self.people[to].is_online());
        let Some(to) = online else {
            self.counters.typing_dropped += 1;
            return;
        };
        self.counters.typing_relayed += 1;
        self.stop_clock(typist, to);
        self.tell_typing(typist, to, is_typing, sink);
        if !is_typing {
            return self.tidy(typist);
        }
        let timer =
            self.wheel.insert(now.monotonic + self.limits.typing_lasts, Due::Typing { typist, to });
        self.people[to].social_mut().references += 1;
        let typing = &mut self.people[typist].social_mut().typing;
        typing.push(Typing { to, timer });
        if typing.len() > self.limits.typing_at_once {
            let oldest = typing[0].to;
            self.end_typing(typist, oldest, sink);
        }
    }

    /// Ends the typing of a person to another one, and tells the latter.
    pub(super) fn end_typing(&mut self, typist: PersonKey, to: PersonKey, sink: &mut impl Sink) {
        self.counters.typing_ended += 1;
        self.tell_typing(typist, to, false, sink);
        self.stop_clock(typist, to);
        self.tidy(typist);
    }

    /// Ends all typing of a person whose last device has left.
    pub(super) fn end_all_typing(&mut self, typist: PersonKey, sink: &mut impl Sink) {
        while let Some(social) = self.people[typist].social()
            && let Some(&Typing { to, .. }) = social.typing.first()
        {
            self.counters.typing_ended += 1;
            self.tell_typing(typist, to, false, sink);
            self.stop_clock(typist, to);
        }
    }

    fn tell_typing(&self, typist: PersonKey, to: PersonKey, is_typing: bool, sink: &mut impl Sink) {
        let from = self.people[typist].id();
        tell(sink, self.people[to].devices(), Event::Typing { from, is_typing });
    }

    /// Forgets the typing of a person to another one, if there is any. The caller tidies the typist.
    fn stop_clock(&mut self, typist: PersonKey, to: PersonKey) {
        if self.people[typist].social().is_none_or(|social| social.typing.is_empty()) {
            return;
        }
        let typing = &mut self.people[typist].social_mut().typing;
        if let Some(place) = typing.iter().position(|one| one.to == to) {
            let Typing { timer, .. } = typing.remove(place);
            self.wheel.cancel(timer);
            self.people[to].social_mut().references -= 1;
            // If both are the same person, the caller tidies that person.
            if to != typist {
                self.tidy(to);
            }
        }
    }
}
