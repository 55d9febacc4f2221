//! Calls that need a valid token, and the end of a login.
//!
//! A token that memory does not know is asked of the store; the call waits meanwhile. What a login opens
//! ends with it: its sockets are ended before the reply to the logout.

use super::pending::Pending;
use super::rooms::Rooms;
use super::{
    Asker, Changed, Failure, Guest, Output, Realm, Refusal, Reply, Token, TokenDigest, UserId,
    UserKey, Wants, Work,
};
use crate::chat::{Audience, Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Answers a call that needs a valid token, at once or when the store has said whose it is.
    pub(super) fn read(
        &mut self,
        now: Now,
        asker: Asker,
        token: Option<Token>,
        (claims, wants): (Option<UserId>, &Wants),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let token = token.ok_or(Refusal::NotSignedIn)?.digest();
        if let Some(guest) = self.logins.identify(&token, now) {
            self.require_no_ban(self.name_of(guest.user), now)?;
            return self.answer(now, asker, guest, (claims, wants), sink);
        }
        self.require_room()?;
        let pending = Pending::Login { token, asker, claims, wants: wants.clone() };
        self.ask(pending, Work::Login(token), sink);
        Ok(())
    }

    /// Takes what the store has said of a token that a call showed.
    pub(super) fn looked_up(
        &mut self,
        now: Now,
        asker: Asker,
        token: TokenDigest,
        asked: (Option<UserId>, &Wants),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.recheck(token, outcome.clone(), sink);
        outcome.map_err(|failure| self.failed(failure))?;
        // The wall clock decides also now: the token may have expired while the store was asked.
        let guest = self.logins.identify(&token, now).ok_or(Refusal::NotSignedIn)?;
        self.require_no_ban(self.name_of(guest.user), now)?;
        self.answer(now, asker, guest, asked, sink)
    }

    /// Takes what the store has said of a token. If it is nobody's, its sockets end.
    pub(super) fn recheck(
        &mut self,
        token: TokenDigest,
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) {
        match outcome {
            // The user may be one that another process has added, and that no news has told us of yet.
            Ok(Output::Login(Some((user, expires)))) if self.users.get(user).is_some() => {
                self.logins.learn(Guest { user, login: token, expires });
            }
            Ok(Output::Login(_)) => self.end_login(token, Farewell::LoggedOut, sink),
            Ok(other) => unreachable!("a token was looked up, and the result is {other:?}"),
            // The login stays doubtful: it proves nothing, and the next call asks again.
            Err(_) => {}
        }
    }

    /// Ends a login, if there is one. The reply follows when the store has forgotten the token.
    pub(super) fn log_out(
        &mut self,
        asker: Asker,
        token: Option<Token>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let token = token.ok_or(Refusal::NotSignedIn)?.digest();
        self.require_no_drain()?;
        self.require_room()?;
        self.ask(Pending::LogOut { token, asker }, Work::Revoke(token), sink);
        Ok(())
    }

    /// Takes the result of a logout.
    pub(super) fn logged_out(
        &mut self,
        (token, asker): (TokenDigest, Asker),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        match outcome {
            Ok(Output::Revoked(false)) => Err(Refusal::NotSignedIn),
            Ok(Output::Revoked(true)) => {
                self.end_login(token, Farewell::LoggedOut, sink);
                sink.reply(asker, &Reply::LoggedOut);
                Ok(())
            }
            Ok(other) => unreachable!("a token was revoked, and the result is {other:?}"),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    /// Forgets a login that has ended in the store, and ends its sockets.
    pub(super) fn end_login(&mut self, token: TokenDigest, why: Farewell, sink: &mut impl Sink) {
        let Some(login) = self.logins.find(&token) else { return };
        for id in self.sockets_of(self.logins.user(login), |seat| seat.login == login) {
            self.end_seat(id, why, sink);
        }
        self.logins.forget_idle(&token);
    }

    /// Takes all users and rooms as they are now, since another process has changed some. Sockets of users
    /// that are gone end, and of rooms that are, or of which the user is no member any more. The store is
    /// asked again for all other logins with sockets.
    pub(super) fn news(&mut self, news: Changed, sink: &mut impl Sink) {
        let Changed { users, rooms } = news;
        for gone in self.users.missing_in(&users) {
            self.end_seats_of(gone, sink);
            if let Some(person) = self.users.get(gone) {
                self.former.add(person.user.clone());
            }
        }
        let rooms = Rooms::restore(rooms);
        let mut expelled = Vec::new();
        for hall in self.rooms.iter() {
            for &id in hall.seats() {
                let user = self.seats.get(id).map(|seat| seat.user);
                if user.is_some_and(|user| !rooms.is_member(hall.room.key, user)) {
                    expelled.push(id);
                }
            }
        }
        for id in expelled {
            self.end_seat(id, Farewell::NotAMember, sink);
        }
        self.rooms.replace(rooms);
        self.users.replace(users);
        sink.list_changed(Audience::Status);
        self.was_full = None;
        for token in self.logins.doubt() {
            self.ask(Pending::Recheck(token), Work::Login(token), sink);
        }
    }

    /// Ends the sockets of a user that is there no more.
    pub(super) fn end_seats_of(&mut self, gone: UserKey, sink: &mut impl Sink) {
        for id in self.sockets_of(gone, |_| true) {
            self.end_seat(id, Farewell::LoggedOut, sink);
        }
    }
}
