//! The sockets of the realm: how one gets its seat, how a stream switches, and how a seat is given up.
//!
//! The address where a socket was opened says what it is for ([`Role`]). A socket for a room, or for the
//! conversation with a user, is ended at once if its user is no member, or if there is no such user.

use super::recent::Message;
use super::seats::{Purpose, Seat};
use super::{Event, Guest, Realm, Refusal, Role, Said, UserKey, UserName, tell};
use crate::chat::{Audience, ConnectionId, Farewell, PresenceMode, Sink, Watch};
use crate::limiter::BanList;
use crate::timer::Now;

impl Realm {
    /// The names of the users who are banned, registered or not.
    pub fn bans(&mut self) -> &mut BanList<Box<str>> {
        &mut self.bans
    }

    /// Whether this user is banned.
    pub fn is_banned(&self, user: UserKey, now: Now) -> bool {
        !self.bans.is_empty() && self.bans.has(self.name_of(user), now.unix)
    }

    pub(super) fn require_no_ban(&self, name: &str, now: Now) -> Result<(), Refusal<'static>> {
        if self.bans.has(name, now.unix) { Err(Refusal::Banned) } else { Ok(()) }
    }

    /// Gives a guest's WebSocket a seat. A device is told who it is, and another stream the last global messages.
    /// If the seat cannot be
    /// had, the connection ends at once. The connection must be able to hear events already.
    ///
    /// # Panics
    ///
    /// If the previous tenant of the connection's slot has not left.
    pub fn enter(
        &mut self,
        now: Now,
        id: ConnectionId,
        (guest, role): (Guest, Role),
        sink: &mut impl Sink,
    ) {
        // The login may have ended since the token was looked up.
        let is_known = self.logins.identify(&guest.login, now).is_some();
        let login = self.logins.find(&guest.login).filter(|_| is_known);
        let (Some(login), Some(person)) = (login, self.users.get(guest.user)) else {
            return sink.end(id, Farewell::TryAgain);
        };
        if person.seats().len() >= self.limits.seats_per_user {
            self.counters.seats_refused += 1;
            return sink.end(id, Farewell::TooManyDevices);
        }
        let name = person.user.name.clone();
        let (purpose, place) = match self.purpose_of(role, guest.user) {
            Ok(Purpose::Room(room)) => (Purpose::Room(room), self.rooms.seat(room, id)),
            Ok(purpose) => (purpose, 0),
            Err(why) => return sink.end(id, why),
        };
        self.seats.take(id, (guest.user, login), (purpose, place), self.commits);
        self.logins.seat(login, now);
        match purpose {
            Purpose::Stream => {
                if let Role::Switchboard(mode) = role {
                    self.seats.is_device(id);
                    tell(sink, &[id], Event::Welcome(name.as_str()));
                    sink.watch(id, Watch::Begin(Audience::Names, mode));
                } else {
                    let history: Vec<Said<'_>> = self.recent.iter().map(Message::said).collect();
                    tell(sink, &[id], Event::History(&history));
                }
            }
            Purpose::Notices => self.pings.add(id, now.monotonic),
            Purpose::Status => {
                sink.watch(id, Watch::Begin(Audience::Status, PresenceMode::Full));
            }
            Purpose::Pair(_) | Purpose::Room(_) => {}
        }
        if self.users.seat(guest.user, id) {
            self.counters.joins += 1;
            self.online.joined(&name);
            self.came_or_went(&name, sink);
        }
    }

    /// Says that the lists of those online have changed: by this user.
    fn came_or_went(&mut self, name: &UserName, sink: &mut impl Sink) {
        sink.list_changed(Audience::Accounts);
        sink.list_changed(Audience::Status);
        let a_delta_will_tell = sink.list_changed(Audience::Names);
        self.online.touched(name, a_delta_will_tell);
    }

    fn purpose_of(&self, role: Role, user: UserKey) -> Result<Purpose, Farewell> {
        match role {
            Role::Stream | Role::Switchboard(_) => Ok(Purpose::Stream),
            Role::Notices => Ok(Purpose::Notices),
            Role::Status => Ok(Purpose::Status),
            Role::Pair(other) => {
                let other = self.users.find_id(other).ok_or(Farewell::NoSuchUser)?;
                Ok(Purpose::Pair(other.user.key))
            }
            Role::Room(id) => {
                let room = self.rooms.find(id).map(|room| room.key);
                let room = room.filter(|&room| self.rooms.is_member(room, user));
                room.map(Purpose::Room).ok_or(Farewell::NotAMember)
            }
        }
    }

    /// Notes that a client has switched from Chatterbox to a dialect with words for everything. It gets what
    /// was committed since it came, in the order of the commits, and the list of those online from now on.
    pub fn switched(&mut self, id: ConnectionId, sink: &mut impl Sink) {
        let Some(seat) = self.seats.speaks(id) else { return };
        let missed = self.missed.take(id);
        let global = self.recent.iter().filter(|message| message.commit > seat.since);
        let mut all: Vec<&Message> = global.chain(missed.iter().map(AsRef::as_ref)).collect();
        all.sort_by_key(|message| message.commit);
        for message in all {
            tell(sink, &[id], Event::Said(message.said()));
        }
        sink.watch(id, Watch::Begin(Audience::Accounts, PresenceMode::Full));
    }

    /// Takes the seat of a connection away, if it has one. Its messages that wait for the store are stored
    /// all the same.
    pub fn leave(&mut self, id: ConnectionId, sink: &mut impl Sink) {
        let Some(seat) = self.seats.vacate(id) else { return };
        self.logins.unseat(seat.login);
        match seat.purpose {
            Purpose::Stream => _ = self.missed.take(id),
            Purpose::Notices => self.pings.remove(id),
            Purpose::Room(room) => {
                let moved = self.rooms.unseat(room, seat.place as usize);
                if let Some(other) = moved.and_then(|moved| self.seats.get_mut(moved)) {
                    other.place = seat.place;
                }
            }
            Purpose::Pair(_) | Purpose::Status => {}
        }
        if seat.speaks || seat.purpose == Purpose::Status {
            sink.watch(id, Watch::End);
        }
        if self.users.unseat(seat.user, id) {
            self.counters.leaves += 1;
            if let Some(person) = self.users.get(seat.user) {
                let name = person.user.name.clone();
                self.online.left(&name);
                self.came_or_went(&name, sink);
            }
        }
    }

    /// Takes the seat of a connection away, and ends the connection. It hears nothing more.
    pub(super) fn end_seat(&mut self, id: ConnectionId, why: Farewell, sink: &mut impl Sink) {
        self.leave(id, sink);
        match why {
            Farewell::LoggedOut | Farewell::Expired => self.counters.seats_ended += 1,
            Farewell::NotAMember => self.counters.seats_expelled += 1,
            Farewell::NoSuchUser | Farewell::MessageTooLong | Farewell::TryAgain => {
                self.counters.seats_failed += 1;
            }
            // The first never had a seat, and the second is of numbers only.
            Farewell::TooManyDevices | Farewell::TokenExpired => {}
        }
        sink.end(id, why);
    }

    /// The sockets of a user for which `is` holds, in the order in which they came.
    pub(super) fn sockets_of(
        &self,
        user: UserKey,
        is: impl Fn(&Seat) -> bool,
    ) -> Vec<ConnectionId> {
        let all = self.users.get(user).map_or(&[][..], |one| one.seats());
        let is = |id: &&ConnectionId| self.seats.get(**id).is_some_and(&is);
        all.iter().filter(is).copied().collect()
    }

    /// The sockets of a user that are told of private messages to that user: of each login the newest. A
    /// page may open two, and opens a new one when the old one closes; one of them speaks.
    pub(super) fn notices_of(&self, user: UserKey) -> Vec<ConnectionId> {
        let mut logins = Vec::new();
        let mut newest = self.sockets_of(user, |seat| seat.purpose == Purpose::Notices);
        newest.reverse();
        newest.retain(|&id| {
            let login = self.seats.get(id).map(|seat| seat.login);
            let is_newest = !logins.contains(&login);
            logins.push(login);
            is_newest
        });
        newest
    }
}
