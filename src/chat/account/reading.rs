//! Calls that need a valid token, and the end of a login.
//!
//! A token that memory does not know is asked of the store; the call waits meanwhile. What a login opens
//! ends with it: its sockets are ended before the reply to the logout.

use super::pending::{Pending, Wants};
use super::{
    Asker, Failure, Guest, Output, Realm, Refusal, Reply, Said, Token, TokenDigest, User, UserKey,
    Work,
};
use crate::chat::{ConnectionId, Farewell, Sink};
use crate::timer::Now;

impl Realm {
    /// Answers a call that needs a valid token, at once or when the store has said whose it is.
    pub(super) fn read(
        &mut self,
        now: Now,
        asker: Asker,
        (token, wants): (Option<Token>, Wants),
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        let token = token.ok_or(Refusal::NotSignedIn)?.digest();
        if let Some(guest) = self.logins.identify(&token, now) {
            self.answer(asker, guest, wants, sink);
            return Ok(());
        }
        self.require_room()?;
        self.ask(Pending::Login { token, asker, wants }, Work::Login(token), sink);
        Ok(())
    }

    /// Takes what the store has said of a token that a call showed.
    pub(super) fn looked_up(
        &mut self,
        now: Now,
        (token, asker, wants): (TokenDigest, Asker, Wants),
        outcome: Result<Output, Failure>,
        sink: &mut impl Sink,
    ) -> Result<(), Refusal<'static>> {
        self.recheck(token, outcome.clone(), sink);
        outcome.map_err(|failure| self.failed(failure))?;
        // The wall clock decides also now: the token may have expired while the store was asked.
        let guest = self.logins.identify(&token, now).ok_or(Refusal::NotSignedIn)?;
        self.answer(asker, guest, wants, sink);
        Ok(())
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
        let user = self.users.get(self.logins.user(login));
        let seats: Vec<ConnectionId> = user.map_or(&[][..], |one| one.seats()).to_vec();
        for id in seats {
            if self.seats.get(id).is_some_and(|seat| seat.login == login) {
                self.end_seat(id, why, sink);
            }
        }
        self.logins.forget_idle(&token);
    }

    /// Takes all users as they are now, since another process has changed some. Sockets of users that are
    /// gone end; the store is asked again for all other logins with sockets.
    pub(super) fn news(&mut self, users: Vec<User>, sink: &mut impl Sink) {
        for gone in self.users.missing_in(&users) {
            self.end_seats_of(gone, sink);
        }
        self.users.replace(users);
        self.was_full = None;
        for token in self.logins.doubt() {
            self.ask(Pending::Recheck(token), Work::Login(token), sink);
        }
    }

    /// Ends the sockets of a user that is there no more.
    pub(super) fn end_seats_of(&mut self, gone: UserKey, sink: &mut impl Sink) {
        let seats = self.users.get(gone).map_or(&[][..], |one| one.seats()).to_vec();
        for id in seats {
            self.end_seat(id, Farewell::LoggedOut, sink);
        }
    }

    /// Replies to a call of a guest.
    fn answer(&self, asker: Asker, guest: Guest, wants: Wants, sink: &mut impl Sink) {
        match wants {
            Wants::Identity => sink.reply(asker, &Reply::Known(guest)),
            Wants::Users => {
                let all = self.users.iter().map(|one| (&one.user, one.is_online()));
                sink.reply(asker, &Reply::Users(&all.collect::<Vec<_>>()));
            }
            Wants::Recent => {
                let recent: Vec<Said<'_>> = self.recent.iter().map(|one| one.said()).collect();
                sink.reply(asker, &Reply::Recent(&recent));
            }
        }
    }
}
