//! Rooms: how they are made, changed and deleted.
//!
//! Who may do what is decided twice: here by what memory has, so that a client is told what is wrong, and by
//! the store in the transaction that does it. Memory changes with the result. A member that is removed, and
//! everybody in a room that is deleted, loses the sockets for this room then, and hears nothing that is
//! committed later.

use super::errands::Caller;
use super::logins::unix_ms;
use super::pending::{By, Pending};
use super::{
    Event, Failure, Output, Realm, Refusal, Reply, RoomChange, RoomId, RoomKey, RoomNews, UserKey,
    Work, tell,
};
use crate::chat::{ConnectionId, Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Has a room made.
    pub(super) fn create_room(
        &mut self,
        now: Now,
        (caller, creator): (Caller<'_>, UserKey),
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
        let by = self.begin_for(caller);
        self.ask(Pending::CreateRoom { by, creator }, work, sink);
        Ok(())
    }

    /// Takes the result of a creation.
    pub(super) fn room_created(
        &mut self,
        by: &By,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::RoomCreated(Some(room))) => {
                self.counters.rooms_created += 1;
                if let By::Request(asker) = by {
                    sink.reply(*asker, &Reply::Room(self.view(&room)));
                }
                let (key, creator) = (room.key, room.creator);
                self.rooms.add(room);
                let devices = self.devices_of(creator);
                self.tell_news(by, (key, RoomNews::Created, creator), &devices, sink);
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
        (caller, by): (Caller<'_>, UserKey),
        (id, change): (RoomId, RoomChange),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_no_drain()?;
        let room = self.room_of(by, id)?;
        let (key, creator, members) = (room.key, room.creator, room.members.len());
        match change {
            RoomChange::Leave(user) | RoomChange::Remove(user)
                if user == creator && by == creator =>
            {
                return Err(Refusal::CreatorStays);
            }
            RoomChange::Leave(_) => {}
            _ if creator != by => return Err(Refusal::NotTheCreator),
            RoomChange::Delete | RoomChange::Remove(_) => {}
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
        let pending = Pending::ChangeRoom { by: self.begin_for(caller), room: key, change };
        self.ask(pending, Work::ChangeRoom { room: key, by, change, at: unix_ms(now) }, sink);
        Ok(())
    }

    /// Takes the result of a change.
    pub(super) fn room_changed(
        &mut self,
        by: &By,
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
        let Some(creator) = self.rooms.get(room).map(|hall| hall.room.creator) else {
            return Err(Refusal::NoSuchRoom);
        };
        let (what, user) = match change {
            RoomChange::Delete => (RoomNews::Deleted, creator),
            RoomChange::Add(user) => (RoomNews::Added, user),
            RoomChange::Remove(user) => (RoomNews::Removed, user),
            RoomChange::Leave(user) => (RoomNews::Left, user),
        };
        // Who is added twice, or removed twice, is no news to anybody but the one who asks.
        let was_member = self.rooms.is_member(room, user);
        let is_news = was_member != (what == RoomNews::Added);
        // Those who are told: the members before, or after.
        let mut devices = self.devices_of_members(room);
        match change {
            RoomChange::Delete => {
                self.counters.rooms_deleted += 1;
                self.expel(room, |_| true, sink);
            }
            RoomChange::Add(user) => {
                self.rooms.join(room, user);
                devices = self.devices_of_members(room);
            }
            RoomChange::Remove(user) | RoomChange::Leave(user) => {
                self.expel(room, |other| other == user, sink);
                self.rooms.part(room, user);
            }
        }
        if !is_news {
            devices.retain(|id| matches!(by, By::Device(errand) if errand.seat == *id));
        }
        self.tell_news(by, (room, what, user), &devices, sink);
        if change == RoomChange::Delete {
            self.rooms.remove(room);
        }
        if let By::Request(asker) = by {
            sink.reply(*asker, &Reply::Done);
        }
        Ok(())
    }

    /// Tells devices that a room has changed. The one that has asked for it is answered by it.
    fn tell_news(
        &self,
        by: &By,
        (room, what, user): (RoomKey, RoomNews, UserKey),
        devices: &[ConnectionId],
        sink: &mut impl Sink,
    ) {
        let Some(hall) = self.rooms.get(room) else { return };
        let (room, user) = (self.view(&hall.room), self.name_of(user));
        let event = |id| Event::RoomNews { id, room, what, user };
        match by {
            By::Request(_) => tell(sink, devices, event(None)),
            By::Device(errand) => errand.tell(devices, event, sink),
        }
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
