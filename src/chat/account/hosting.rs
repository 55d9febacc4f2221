//! Rooms: how they are made, changed and deleted.
//!
//! Who may do what is decided twice: here by what memory has, so that a client is told what is wrong, and by
//! the store in the transaction that does it. Memory changes with the result. A member that is removed, and
//! everybody in a room that is deleted, loses the sockets for this room then, and hears nothing that is
//! committed later.

use super::logins::unix_ms;
use super::pending::Pending;
use super::{
    Asker, Failure, Output, Realm, Refusal, Reply, RoomChange, RoomId, RoomKey, UserKey, Work,
};
use crate::chat::{Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Has a room made.
    pub(super) fn create_room(
        &mut self,
        now: Now,
        (asker, creator): (Asker, UserKey),
        (name, description): (&str, &str),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_no_drain()?;
        let (name, description) = (name.trim(), description.trim());
        let most = self.limits.room_name_chars;
        if name.is_empty() || !is_text(name, most) {
            return Err(Refusal::RoomName(most));
        }
        let most = self.limits.room_description_chars;
        if !is_text(description, most) {
            return Err(Refusal::RoomDescription(most));
        }
        let is_creation = |pending: &&Pending| matches!(pending, Pending::CreateRoom { .. });
        let is_own = |pending: &&Pending| matches!(pending, Pending::CreateRoom { creator: other, .. } if *other == creator);
        let all = self.rooms.len() + self.waiting.iter().filter(is_creation).count();
        let made = self.rooms.of(creator).filter(|room| room.creator == creator).count();
        let made = made + self.waiting.iter().filter(is_own).count();
        if all >= self.limits.rooms
            || made >= self.limits.rooms_per_creator
            || self.rooms_of(creator) >= self.limits.rooms_per_user
        {
            return Err(Refusal::TooManyRooms);
        }
        self.require_room()?;
        let (name, description, at) = (name.into(), description.into(), unix_ms(now));
        let work = Work::CreateRoom { creator, name, description, at };
        self.ask(Pending::CreateRoom { asker, creator }, work, sink);
        Ok(())
    }

    /// Takes the result of a creation.
    pub(super) fn room_created(
        &mut self,
        asker: Asker,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::RoomCreated(Some(room))) => {
                self.counters.rooms_created += 1;
                sink.reply(asker, &Reply::Room(self.view(&room)));
                self.rooms.add(room);
                Ok(())
            }
            Ok(Output::RoomCreated(None)) => Err(Refusal::NotSignedIn),
            Ok(other) => unreachable!("a room was made, and the result is {other:?}"),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Has a room changed or deleted.
    pub(super) fn change_room(
        &mut self,
        now: Now,
        (asker, by): (Asker, UserKey),
        (id, change): (RoomId, RoomChange),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_no_drain()?;
        let room = self.room_of(by, id)?;
        let (key, creator, members) = (room.key, room.creator, room.members.len());
        if creator != by {
            return Err(Refusal::NotTheCreator);
        }
        match change {
            RoomChange::Delete => {}
            RoomChange::Remove(user) if user == creator => return Err(Refusal::CreatorStays),
            RoomChange::Remove(_) => {}
            RoomChange::Add(user) if self.rooms.is_member(key, user) => {}
            RoomChange::Add(user) => {
                let joins = |pending: &&Pending| {
                    let is_join = |change: &RoomChange| matches!(change, RoomChange::Add(_));
                    matches!(pending, Pending::ChangeRoom { room, change, .. }
                        if *room == key && is_join(change))
                };
                let joining = self.waiting.iter().filter(joins).count();
                if members + joining >= self.limits.members_per_room {
                    return Err(Refusal::TooManyMembers);
                }
                if self.rooms_of(user) >= self.limits.rooms_per_user {
                    return Err(Refusal::TooManyRooms);
                }
            }
        }
        self.require_room()?;
        let pending = Pending::ChangeRoom { asker, room: key, change };
        self.ask(pending, Work::ChangeRoom { room: key, by, change, at: unix_ms(now) }, sink);
        Ok(())
    }

    /// Takes the result of a change.
    pub(super) fn room_changed(
        &mut self,
        asker: Asker,
        (room, change): (RoomKey, RoomChange),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::RoomChanged(true)) => {}
            Ok(Output::RoomChanged(false)) => return Err(Refusal::NoSuchRoom),
            Ok(other) => unreachable!("a room was changed, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        }
        match change {
            RoomChange::Delete => {
                self.counters.rooms_deleted += 1;
                self.expel(room, |_| true, sink);
                self.rooms.remove(room);
            }
            RoomChange::Add(user) => self.rooms.join(room, user),
            RoomChange::Remove(user) => {
                self.expel(room, |other| other == user, sink);
                self.rooms.part(room, user);
            }
        }
        sink.reply(asker, &Reply::Done);
        Ok(())
    }

    /// Ends the sockets of a room that are of certain users.
    fn expel(&mut self, room: RoomKey, whose: impl Fn(UserKey) -> bool, sink: &mut impl Sink) {
        let seats = self.rooms.get(room).map_or(&[][..], |hall| hall.seats()).to_vec();
        for id in seats {
            if self.seats.get(id).is_some_and(|seat| whose(seat.user)) {
                self.end_seat(id, Farewell::NotAMember, sink);
            }
        }
    }

    /// How many rooms a user is in, or will be.
    fn rooms_of(&self, user: UserKey) -> usize {
        let will_be = |pending: &&Pending| {
            matches!(pending, Pending::CreateRoom { creator, .. } if *creator == user)
                || matches!(pending, Pending::ChangeRoom { change, .. } if *change == RoomChange::Add(user))
        };
        self.rooms.of(user).count() + self.waiting.iter().filter(will_be).count()
    }
}

/// Whether a text has at most `most` characters, and none that changes what other texts look like.
fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(super::ids::is_disguise)
}
