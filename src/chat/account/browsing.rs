//! What a device asks for, and is told: at once, if memory has it, or when the store has read it.
//!
//! Whether the user may still see a room is decided once more when the answer has come, as for requests over HTTP.

use super::errands::Caller;
use super::pending::{Errand, Pending, To};
use super::{
    Conversation, Event, Failure, MessageId, Most, Output, Place, Query, Realm, Refusal,
    RoomChange, RoomView, Said, Spot, Target, UserKey, Work, tell,
};
use crate::chat::{ConnectionId, Sink};
use crate::timer::Now;

impl Realm {
    /// Answers what a device asks for, or has the store do so.
    pub(super) fn browse<'a>(
        &mut self,
        now: Now,
        errand: (ConnectionId, Option<&str>),
        (user, what): (UserKey, &'a Query<'_>),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let (device, id) = errand;
        let caller = Caller::Device(device, id);
        match what {
            Query::History { of, before, limit } => {
                self.ask_for_page(errand, (user, of), (*before, *limit), sink)?;
            }
            Query::Conversations => self.ask_for_inbox(errand, user, sink),
            Query::Users { prefix, after } => {
                let most = self.limits.users_page;
                let (prefix, after) = (prefix.as_deref().unwrap_or_default(), after.as_deref());
                let mut users: Vec<(&str, bool)> = self
                    .users
                    .named(prefix, after)
                    .map(|one| (one.user.name.as_str(), one.is_online()))
                    .take(most + 1)
                    .collect();
                let more = users.len() > most;
                users.truncate(most);
                tell(sink, &[device], Event::UsersPage { id, users: &users, more });
            }
            Query::Rooms => {
                let rooms: Vec<RoomView<'_>> =
                    self.rooms.of(user).map(|room| self.view(room)).collect();
                tell(sink, &[device], Event::Rooms { id, rooms: &rooms });
            }
            Query::RoomMembers(room) => {
                let members = self.room_of(user, *room)?.members.iter();
                let members: Vec<&str> = members.map(|&member| self.name_of(member)).collect();
                let event = Event::RoomMembers { id, room: *room, members: &members };
                tell(sink, &[device], event);
            }
            Query::CreateRoom { name, description } => {
                self.create_room(now, (caller, user), (name, description), sink)?;
            }
            Query::DeleteRoom(room) => {
                self.change_room(now, (caller, user), (*room, RoomChange::Delete), sink)?;
            }
            Query::AddMember { room, user: name } => {
                let added = self.users.find(name).ok_or(Refusal::NoSuchUser(name))?.user.key;
                self.change_room(now, (caller, user), (*room, RoomChange::Add(added)), sink)?;
            }
            Query::RemoveMember { room, user: name } => {
                let removed = self.users.find(name).ok_or(Refusal::NoSuchUser(name))?.user.key;
                self.change_room(now, (caller, user), (*room, RoomChange::Remove(removed)), sink)?;
            }
            Query::LeaveRoom(room) => {
                self.change_room(now, (caller, user), (*room, RoomChange::Leave(user)), sink)?;
            }
        }
        Ok(())
    }

    fn ask_for_page<'a>(
        &mut self,
        errand: (ConnectionId, Option<&str>),
        (user, of): (UserKey, &'a Target<'_>),
        (before, limit): (Option<MessageId>, u16),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'a>> {
        let to = self.conversation_to_read(user, of)?;
        let (limit, bytes) = (limit.min(self.limits.page_messages), self.limits.page_bytes);
        let errand = self.begin(errand);
        let work = Work::Page { place: to.place(user), before, limit, bytes };
        self.ask(Pending::Page { errand, user, to }, work, sink);
        Ok(())
    }

    /// Takes messages of a conversation.
    pub(super) fn paged(
        &mut self,
        errand: &Errand,
        (user, to): (UserKey, &To),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        let (messages, more) = match outcome {
            Ok(Output::Page(messages, more)) => (messages, more),
            Ok(Output::NoSuchMessage) => return errand.refuse(Refusal::NoSuchMessage, sink),
            Ok(other) => unreachable!("messages were read, and the result is {other:?}"),
            Err(failure) => return errand.refuse(self.failed(failure), sink),
        };
        let Some(place) = self.spot(user, to) else {
            return errand.refuse(Refusal::NotAMember, sink);
        };
        let messages: Vec<Said<'_>> = messages.iter().filter_map(|one| self.said(one)).collect();
        let event = Event::Page { id: errand.id.as_deref(), place, messages: &messages, more };
        tell(sink, &[errand.seat], event);
    }

    fn ask_for_inbox(
        &mut self,
        errand: (ConnectionId, Option<&str>),
        user: UserKey,
        sink: &mut impl Sink,
    ) {
        let errand = self.begin(errand);
        let rooms = self.rooms.of(user).map(|room| room.key).collect();
        let limits = &self.limits;
        let most = Most {
            conversations: limits.conversations,
            unread: limits.unread,
            chars: limits.last_chars,
        };
        self.ask(Pending::Inbox { errand, user }, Work::Inbox { user, rooms, most }, sink);
    }

    /// Takes the conversations of a user.
    pub(super) fn listed(
        &mut self,
        errand: &Errand,
        user: UserKey,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        let mut entries = match outcome {
            Ok(Output::Inbox(entries)) => entries,
            Ok(other) => unreachable!("conversations were read, and the result is {other:?}"),
            Err(failure) => return errand.refuse(self.failed(failure), sink),
        };
        // The id breaks the tie of two messages in the same millisecond.
        entries.sort_by_key(|entry| {
            std::cmp::Reverse(entry.last.as_ref().map(|last| (last.at, last.mid)))
        });
        let list: Vec<Conversation<'_>> = entries
            .iter()
            .filter_map(|entry| {
                let place = match entry.place {
                    Place::Global => Spot::Everybody,
                    Place::Private(one, other) => {
                        Spot::User(self.name_of(if one == user { other } else { one }))
                    }
                    Place::Room(key) => {
                        let hall = self.rooms.get(key)?;
                        Spot::Room(self.rooms.is_member(key, user).then_some(hall.room.id)?)
                    }
                };
                let last = entry.last.as_ref().and_then(|last| self.said(last));
                let (unread, read_by_other) = (entry.unread, entry.read_by_other);
                Some(Conversation { place, last, unread, read_by_other })
            })
            .collect();
        let event = Event::Conversations { id: errand.id.as_deref(), list: &list };
        tell(sink, &[errand.seat], event);
    }
}
