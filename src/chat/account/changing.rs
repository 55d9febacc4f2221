//! Changes of what is stored: a message gets another text or is deleted, and a user has read a conversation.
//!
//! The store decides whether a user may do it, in its own order, and everybody is told after the commit. The
//! dialects that have no words for a change show it when the history is read again: what memory keeps of the
//! message changes with it.

use std::sync::Arc;

use super::logins::unix_ms;
use super::pending::{Errand, Pending, To};
use super::{
    Event, Failure, MessageId, Output, Place, Realm, Refusal, Said, Spot, Stored, Target, UnixMs,
    UserKey, Work, tell,
};
use crate::chat::{ConnectionId, Sink};
use crate::timer::Now;

impl Realm {
    /// Has a message changed, or deleted if there is no text.
    pub(super) fn change(
        &mut self,
        now: Now,
        errand: (ConnectionId, Option<&str>),
        (user, mid, text): (UserKey, MessageId, Option<&str>),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let text = text.map(|text| self.checked(text)).transpose()?;
        let (errand, at) = (self.begin(errand), unix_ms(now));
        let work = Work::Change { mid, by: user, at, text: text.map(Arc::from) };
        self.ask(Pending::Change { errand, at }, work, sink);
        Ok(())
    }

    /// Takes the result of a change, and tells the devices of all who see the message.
    pub(super) fn changed(
        &mut self,
        errand: &Errand,
        at: UnixMs,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        let message = match outcome {
            Ok(Output::Changed(message)) => *message,
            Ok(Output::NoSuchMessage) => return errand.refuse(Refusal::NoSuchMessage, sink),
            Ok(Output::NotYours) => return errand.refuse(Refusal::NotYours, sink),
            Ok(other) => unreachable!("a message was changed, and the result is {other:?}"),
            Err(failure) => return errand.refuse(self.failed(failure), sink),
        };
        let changed = (!message.is_deleted).then_some((&message.text, at));
        match message.place {
            Place::Global => self.recent.change(message.mid, changed),
            Place::Private(..) => self.missed.change(message.mid, changed),
            Place::Room(_) => {}
        }
        let Some(to) = self.to_of(message.from, message.place) else { return };
        let Some(said) = self.said(&message) else { return };
        let devices = self.devices_in(message.from, &to);
        let event = |id| match said.is_deleted {
            true => Event::Deleted { id, said, at },
            false => Event::Edited { id, said, at },
        };
        errand.tell(&devices, event, sink);
    }

    /// Notes that a user has read a conversation up to a message.
    pub(super) fn mark<'a>(
        &mut self,
        errand: (ConnectionId, Option<&str>),
        (user, target, up_to): (UserKey, &'a Target<'_>, MessageId),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let to = self.conversation_to_read(user, target)?;
        let errand = self.begin(errand);
        let work = Work::ReadUpTo { user, place: to.place(user), up_to };
        self.ask(Pending::ReadUpTo { errand, user, to }, work, sink);
        Ok(())
    }

    /// Takes the result of a mark.
    pub(super) fn read_up_to(
        &mut self,
        errand: &Errand,
        (user, to): (UserKey, &To),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        let (up_to, is_reset) = match outcome {
            Ok(Output::ReadUpTo { up_to, is_reset }) => (up_to, is_reset),
            Ok(Output::NoSuchMessage) => return errand.refuse(Refusal::NoSuchMessage, sink),
            Ok(other) => unreachable!("a mark was stored, and the result is {other:?}"),
            Err(failure) => return errand.refuse(self.failed(failure), sink),
        };
        self.tell_has_read((user, to), up_to, Some(errand.seat), sink);
        if let (To::User(other, _), true) = (to, is_reset) {
            let event = Event::UnreadReset { from_id: self.id_of(*other) };
            tell(sink, &self.notices_of(user), event);
        }
    }

    /// Tells the devices of a reader, and those of the other user of a private conversation, how far the reader
    /// has read. The device that has said so is not told.
    pub(super) fn tell_has_read(
        &self,
        (user, to): (UserKey, &To),
        up_to: Option<MessageId>,
        said_by: Option<ConnectionId>,
        sink: &mut impl Sink,
    ) {
        let (Some(up_to), Some(place), Some(reader)) =
            (up_to, self.spot(user, to), self.users.get(user))
        else {
            return;
        };
        let from = reader.user.name.as_str();
        let mut devices = self.devices_of(user);
        devices.retain(|&id| Some(id) != said_by);
        tell(sink, &devices, Event::HasRead { from, place, up_to });
        if let To::User(other, name) = to
            && *other != user
        {
            let place = Spot::User(name.as_str());
            tell(sink, &self.devices_of(*other), Event::HasRead { from, place, up_to });
        }
    }

    /// A stored message, as events tell it. `None`: its room is gone.
    pub(super) fn said<'m>(&'m self, message: &'m Stored) -> Option<Said<'m>> {
        let place = match message.place {
            Place::Global => Spot::Everybody,
            Place::Private(one, other) => {
                Spot::User(self.name_of(if one == message.from { other } else { one }))
            }
            Place::Room(room) => Spot::Room(self.rooms.get(room)?.room.id),
        };
        Some(Said {
            mid: message.mid,
            place,
            from_id: self.id_of(message.from),
            from: self.name_of(message.from),
            text: &message.text,
            at: message.at,
            quote: message.quote.as_deref(),
            reply_to: message.reply_to,
            edited: message.edited,
            is_deleted: message.is_deleted,
        })
    }

    /// A conversation of a user, by the other user of a private one. `None`: that user was deleted.
    pub(super) fn to_of(&self, user: UserKey, place: Place) -> Option<To> {
        Some(match place {
            Place::Global => To::Everybody,
            Place::Private(one, other) => {
                let other = if one == user { other } else { one };
                To::User(other, self.user(other)?.name.clone())
            }
            Place::Room(room) => To::Room(room),
        })
    }
}
