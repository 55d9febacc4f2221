//! What the store does for a device: how a command is handed over, how its end is noted, and which devices are
//! told of it. A *device* is a stream with words for everything.
//!
//! A command counts at its seat while the store has it in hand, as a message does. So a client that asks for too
//! much at once is not read, and a drain waits until it has its answers. The device may have left by then:
//! nobody hears of an event for a connection that is gone.

use super::pending::{By, Errand, To};
use super::{Asker, Event, Realm, Refusal, RoomKey, Spot, Target, UserKey, tell};
use crate::chat::{ConnectionId, Sink};

/// Who asks for something that a request and a device may ask for.
#[derive(Clone, Copy)]
pub(super) enum Caller<'c> {
    /// A request.
    Request(Asker),
    /// A device, and the id that it has given its command.
    Device(ConnectionId, Option<&'c str>),
}

impl Realm {
    /// Notes that the store does something for a caller.
    pub(super) fn begin_for(&mut self, caller: Caller<'_>) -> By {
        match caller {
            Caller::Request(asker) => By::Request(asker),
            Caller::Device(seat, id) => By::Device(self.begin((seat, id))),
        }
    }

    /// Notes that a device has one more command in the store's hand.
    pub(super) fn begin(&mut self, (seat, id): (ConnectionId, Option<&str>)) -> Errand {
        if let Some(seat) = self.seats.get_mut(seat) {
            seat.under_way += 1;
        }
        self.errands += 1;
        Errand { seat, id: id.map(Into::into) }
    }

    /// Notes that the store has done something for a seat, if it is still there.
    pub(super) fn has_come(&mut self, seat: ConnectionId) {
        if let Some(seat) = self.seats.get_mut(seat) {
            seat.under_way -= 1;
        }
    }

    /// The conversation that a user names.
    pub(super) fn conversation<'a>(
        &self,
        user: UserKey,
        target: &'a Target<'_>,
    ) -> Result<To, Refusal<'a>> {
        match target {
            Target::Everybody => Ok(To::Everybody),
            Target::User(name) => match self.users.find(name) {
                Some(found) => Ok(To::User(found.user.key, found.user.name.clone())),
                None => Err(Refusal::NoSuchUser(name)),
            },
            Target::Room(id) => Ok(To::Room(self.room_of(user, *id)?.key)),
        }
    }

    /// The same, where the other user may also be one that was deleted: what was said is still there.
    pub(super) fn conversation_to_read<'a>(
        &self,
        user: UserKey,
        target: &'a Target<'_>,
    ) -> Result<To, Refusal<'a>> {
        self.conversation(user, target).or_else(|refusal| match target {
            Target::User(name) => match self.former.find(name) {
                Some(found) => Ok(To::User(found.user.key, found.user.name.clone())),
                None => Err(refusal),
            },
            Target::Everybody | Target::Room(_) => Err(refusal),
        })
    }

    /// How events name a conversation of a user: a private one by the other user. `None`: the room is gone, or
    /// the user is no member any more.
    pub(super) fn spot<'a>(&'a self, user: UserKey, to: &'a To) -> Option<Spot<'a>> {
        match to {
            To::Everybody => Some(Spot::Everybody),
            To::User(_, name) => Some(Spot::User(name.as_str())),
            To::Room(room) => {
                let hall = self.rooms.get(*room).filter(|_| self.rooms.is_member(*room, user))?;
                Some(Spot::Room(hall.room.id))
            }
        }
    }

    /// The devices of a user.
    pub(super) fn devices_of(&self, user: UserKey) -> Vec<ConnectionId> {
        if self.seats.devices() == 0 {
            return Vec::new();
        }
        self.sockets_of(user, |seat| seat.is_device)
    }

    /// The devices of all who see a conversation of a user. O(members), or O(streams) for the one of everybody.
    pub(super) fn devices_in(&self, user: UserKey, to: &To) -> Vec<ConnectionId> {
        match *to {
            _ if self.seats.devices() == 0 => Vec::new(),
            To::Everybody => {
                let is_device =
                    |id: &&ConnectionId| self.seats.get(**id).is_some_and(|one| one.is_device);
                self.seats.speaking().iter().filter(is_device).copied().collect()
            }
            To::User(other, _) => {
                let mut devices = self.devices_of(user);
                if other != user {
                    devices.extend(self.devices_of(other));
                }
                devices
            }
            To::Room(room) => self.devices_of_members(room),
        }
    }

    /// The devices of all members of a room.
    pub(super) fn devices_of_members(&self, room: RoomKey) -> Vec<ConnectionId> {
        if self.seats.devices() == 0 {
            return Vec::new();
        }
        let members = self.rooms.get(room).map_or(&[][..], |hall| &hall.room.members);
        members.iter().flat_map(|&member| self.devices_of(member)).collect()
    }
}

impl Errand {
    /// Tells the device that its command is refused.
    pub(super) fn refuse(&self, refusal: Refusal<'_>, sink: &mut impl Sink) {
        tell(sink, &[self.seat], Event::Refused { refusal, id: self.id.as_deref() });
    }

    /// Tells the devices among these of an event. The one that has caused it gets it with its id.
    pub(super) fn tell<'a>(
        &'a self,
        devices: &[ConnectionId],
        event: impl Fn(Option<&'a str>) -> Event<'a>,
        sink: &mut impl Sink,
    ) {
        let others: Vec<ConnectionId> =
            devices.iter().filter(|&&id| id != self.seat).copied().collect();
        if others.len() < devices.len() {
            tell(sink, &[self.seat], event(self.id.as_deref()));
        }
        tell(sink, &others, event(None));
    }
}
