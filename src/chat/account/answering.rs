//! What a signed-in user asks for, and is told: at once, if memory has it, or when the store has read it.
//!
//! A history, and the numbers of what is unread, are read in the store's lane, behind all that was said
//! before. Whether the user may still see a room is decided when its history has come: results come in the
//! order of the lane, and so a member that was removed before it sees nothing.

use super::errands::Caller;
use super::pending::Pending;
use super::{
    Asker, Event, Failure, Guest, History, Line, NO_ID, NOBODY, Output, Place, Realm, Refusal,
    Reply, Room, RoomChange, RoomId, RoomView, Said, Seq, User, UserId, UserKey, Wants, Work, tell,
};
use crate::chat::Sink;
use crate::timer::Now;

impl Realm {
    /// Answers a call of a guest, who may claim to be a certain user.
    pub(super) fn answer(
        &mut self,
        now: Now,
        asker: Asker,
        guest: Guest,
        (claims, wants): (Option<UserId>, &Wants),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_pace(now, &guest, wants)?;
        let me = &self.users.get(guest.user).ok_or(Refusal::NotSignedIn)?.user;
        if claims.is_some_and(|claimed| claimed != me.id) {
            return Err(Refusal::NotYou);
        }
        let (user, caller) = (me.key, Caller::Request(asker));
        match *wants {
            Wants::Identity => sink.reply(asker, &Reply::Known(guest)),
            Wants::Profile(other) => {
                let other = other.map(|id| self.who(id).ok_or(Refusal::UnknownUser)).transpose()?;
                sink.reply(asker, &Reply::Profile { me, other });
            }
            Wants::Users => {
                let all = self.users.iter().map(|one| (&one.user, one.is_online()));
                sink.reply(asker, &Reply::Users(&all.collect::<Vec<_>>()));
            }
            Wants::Recent => {
                let recent: Vec<Said<'_>> = self.recent.iter().map(|one| one.said()).collect();
                sink.reply(asker, &Reply::Recent(&recent));
            }
            Wants::Unread => {
                self.require_room()?;
                self.ask(Pending::Unread { asker }, Work::Unread(user), sink);
            }
            Wants::MarkRead(other) => {
                let other = self.who(other).ok_or(Refusal::UnknownUser)?.key;
                self.require_no_drain()?;
                self.require_room()?;
                let pending = Pending::MarkRead { asker, user, other };
                self.ask(pending, Work::MarkRead { user, other }, sink);
            }
            Wants::History(other) => {
                let other = self.who(other).ok_or(Refusal::UnknownUser)?.key;
                self.look_back(asker, user, Place::Private(user, other), sink)?;
            }
            Wants::Rooms => {
                let own: Vec<_> = self.rooms.of(user).map(|room| self.view(room)).collect();
                sink.reply(asker, &Reply::Rooms(&own));
            }
            Wants::Room(id) => {
                let room = self.room_of(user, id)?;
                sink.reply(asker, &Reply::Room(self.view(room)));
            }
            Wants::Members(id) => {
                let members = self.room_of(user, id)?.members.iter();
                let members = members.filter_map(|key| self.users.get(*key)).map(|one| &one.user);
                sink.reply(asker, &Reply::Members(&members.collect::<Vec<_>>()));
            }
            Wants::RoomHistory(id) => {
                let room = self.room_of(user, id)?.key;
                self.look_back(asker, user, Place::Room(room), sink)?;
            }
            Wants::CreateRoom { ref name, ref description } => {
                self.create_room(now, (caller, user), (name, description), sink)?;
            }
            Wants::DeleteRoom(room) => {
                self.change_room(now, (caller, user), (room, RoomChange::Delete), sink)?;
            }
            Wants::AddMember(room, other) => {
                let added = self.users.find_id(other).ok_or(Refusal::UnknownUser)?.user.key;
                self.change_room(now, (caller, user), (room, RoomChange::Add(added)), sink)?;
            }
            Wants::RemoveMember(room, other) => {
                let removed = self.who(other).ok_or(Refusal::UnknownUser)?.key;
                self.change_room(now, (caller, user), (room, RoomChange::Remove(removed)), sink)?;
            }
        }
        Ok(())
    }

    /// Counts a call of a login. How often a client may open a WebSocket is limited for its address instead.
    fn require_pace(
        &mut self,
        now: Now,
        guest: &Guest,
        wants: &Wants,
    ) -> Result<(), Refusal<'static>> {
        if *wants == Wants::Identity {
            return Ok(());
        }
        let counted = self.calls_by_login.take(guest.login, now.monotonic);
        counted.map_err(|wait| self.too_often(wait))
    }

    fn look_back(
        &mut self,
        asker: Asker,
        user: UserKey,
        place: Place,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.require_room()?;
        let work = Work::History { place, limit: self.limits.history };
        self.ask(Pending::History { asker, user, place }, work, sink);
        Ok(())
    }

    /// Takes the last messages of a conversation.
    pub(super) fn looked_back(
        &mut self,
        asker: Asker,
        (user, place): (UserKey, Place),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let History { messages, read } = match outcome {
            Ok(Output::History(history)) => history,
            Ok(other) => unreachable!("messages were read, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        if let Place::Room(key) = place {
            self.rooms.get(key).ok_or(Refusal::NoSuchRoom)?;
            if !self.rooms.is_member(key, user) {
                return Err(Refusal::NotAMember);
            }
            let said = messages.iter().filter_map(|message| self.said(message));
            sink.reply(asker, &Reply::RoomHistory(&said.collect::<Vec<_>>()));
            return Ok(());
        }
        let has_read = |from: UserKey, seq: Seq| {
            // What a user writes to themselves is read.
            let mut others = read.iter().filter(|(reader, _)| *reader != from);
            place == Place::Private(from, from) || others.any(|(_, last)| *last >= seq)
        };
        let lines = messages.iter().map(|message| Line {
            from_id: self.id_of(message.from),
            from: self.name_of(message.from),
            text: &message.text,
            at: message.at,
            is_read: has_read(message.from, message.mid.seq()),
        });
        sink.reply(asker, &Reply::History(&lines.collect::<Vec<_>>()));
        Ok(())
    }

    /// Takes the numbers of what a user has not read.
    pub(super) fn counted(
        &mut self,
        asker: Asker,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let unread = match outcome {
            Ok(Output::Unread(unread)) => unread,
            Ok(other) => unreachable!("what is unread was counted, and the result is {other:?}"),
            Err(failure) => return Err(self.failed(failure)),
        };
        let unread = unread.iter().map(|&(from, count)| (self.id_of(from), count));
        sink.reply(asker, &Reply::Unread(&unread.collect::<Vec<_>>()));
        Ok(())
    }

    /// Takes the result of a mark, and tells the pages of the reader.
    pub(super) fn marked(
        &mut self,
        asker: Asker,
        (user, other): (UserKey, UserKey),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::Read(up_to)) => {
                sink.reply(asker, &Reply::Done);
                if let Some(to) = self.to_of(user, Place::Private(user, other)) {
                    self.tell_has_read((user, &to), up_to, None, sink);
                }
                let event = Event::UnreadReset { from_id: self.id_of(other) };
                tell(sink, &self.notices_of(user), event);
                Ok(())
            }
            Ok(other) => unreachable!("a mark was stored, and the result is {other:?}"),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// The room with an id, for one of its members.
    pub(super) fn room_of(&self, user: UserKey, id: RoomId) -> Result<&Room, Refusal<'static>> {
        let room = self.rooms.find(id).ok_or(Refusal::NoSuchRoom)?;
        match self.rooms.is_member(room.key, user) {
            true => Ok(room),
            false => Err(Refusal::NotAMember),
        }
    }

    /// A room as its members see it.
    pub(super) fn view<'r>(&'r self, room: &'r Room) -> RoomView<'r> {
        RoomView {
            id: room.id,
            name: &room.name,
            description: &room.description,
            creator_id: self.id_of(room.creator),
            creator: self.name_of(room.creator),
            created: room.created,
            members: room.members.len(),
        }
    }

    /// The user with an id, also one that was deleted.
    fn who(&self, id: UserId) -> Option<&User> {
        let found = self.users.find_id(id).or_else(|| self.former.find_id(id));
        found.map(|one| &one.user)
    }

    /// The id of a user, also of one that was deleted.
    pub(super) fn id_of(&self, key: UserKey) -> UserId {
        self.user(key).map_or(NO_ID, |user| user.id)
    }

    pub(super) fn name_of(&self, key: UserKey) -> &str {
        self.user(key).map_or(NOBODY, |user| user.name.as_str())
    }

    pub(super) fn user(&self, key: UserKey) -> Option<&User> {
        let found = self.users.get(key).or_else(|| self.former.get(key));
        found.map(|one| &one.user)
    }
}
