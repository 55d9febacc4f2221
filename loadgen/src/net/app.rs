//! [`AppAsker`]: asks a server over HTTP as the app's pages do, before a run and after it.

use std::time::Duration;

use super::ask::{Asker, Request};
use super::desk::Desk;
use super::reader::{Failure, Read};
use crate::client::{App, AppRequest};
use crate::phone_id::PhoneId;
use crate::pool::{Account, Pool};
use crate::record::Kept;
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Place;

/// How often a request is made for which it is too early, as the server says (429, 503), and the bounds of the time
/// before the next attempt.
const ATTEMPTS: u32 = 5;
const LEAST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asks on one connection, for whichever user.
#[derive(Debug)]
pub(super) struct AppAsker<'a> {
    asker: Asker<'a>,
    signals: &'a Signals,
}

/// The app of a user who is signed in.
pub(super) fn app_of(account: &Account) -> App<'_> {
    App { user_id: &account.id, token: account.token.as_deref().unwrap_or_default() }
}

/// Asks for the last messages of a room or a conversation; `None`: it is not known, or there is no such place in the app.
pub(super) fn history_request(app: &App<'_>, pool: &Pool, place: Place) -> Option<AppRequest> {
    match place {
        Place::Room(room) => Some(app.room_history(pool.room(room))),
        Place::Phone(other) => Some(app.history(&pool.get(other)?.id)),
        Place::Everyone => None,
    }
}

/// What such an answer has of this run, the oldest first, and whether all older messages are of other runs; `None`: it is
/// no history.
pub(super) fn read_history(desk: &Desk, place: Place, body: &str) -> Option<(Vec<Kept>, bool)> {
    let posts = match place {
        Place::Room(_) => App::read_room_history(body)?,
        Place::Phone(_) | Place::Everyone => App::read_history(body)?,
    };
    let kept = desk.kept(&posts);
    let is_whole = posts.len() < App::LAST || kept.len() < posts.len();
    Some((kept, is_whole))
}

impl<'a> AppAsker<'a> {
    pub(super) fn new(target: &'a Target, signals: &'a Signals) -> Self {
        AppAsker { asker: Asker::new(target, Some(signals)), signals }
    }

    /// Makes a request, and returns the body of the answer.
    pub(super) fn ask(
        &mut self,
        account: &Account,
        request: impl FnOnce(&App<'_>) -> AppRequest,
    ) -> Result<String, Failure> {
        let app = app_of(account);
        let AppRequest { method, path, body } = request(&app);
        let json = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let headers = app.cookies() + json;
        let request = Request { method, path: &path, headers: &headers, body: &body };
        for _ in 0..ATTEMPTS {
            let answer = self.asker.ask(&request)?;
            match answer.status {
                200 => return Ok(answer.body),
                404 => return Err(Failure::Unknown),
                _ if answer.is_too_early() => {
                    let pause = answer.retry_after.unwrap_or(LEAST_PAUSE);
                    if self.signals.pause(pause.clamp(LEAST_PAUSE, LONGEST_PAUSE)) {
                        return Err(Failure::Interrupted);
                    }
                }
                _ => return Err(Failure::Late),
            }
        }
        Err(Failure::Late)
    }

    /// The last messages of a room or a conversation that are of this run, the oldest first; and whether all older ones
    /// are of other runs.
    pub(super) fn history(&mut self, desk: &Desk, at: (Place, PhoneId)) -> Read {
        if at.0 == Place::Everyone {
            return Ok((Vec::new(), true));
        }
        let account = desk.pool.get(at.1).ok_or(Failure::Unknown)?;
        let request =
            history_request(&app_of(account), &desk.pool, at.0).ok_or(Failure::Unknown)?;
        let body = self.ask(account, |_| request)?;
        read_history(desk, at.0, &body).ok_or(Failure::Late)
    }

    /// How many messages of another user are unread.
    pub(super) fn unread(
        &mut self,
        pool: &Pool,
        user: PhoneId,
        other: PhoneId,
    ) -> Result<u64, Failure> {
        let (Some(account), Some(other)) = (pool.get(user), pool.get(other)) else {
            return Err(Failure::Unknown);
        };
        let body = self.ask(account, |app| app.unread())?;
        let counts = App::read_unread(&body).ok_or(Failure::Late)?;
        Ok(counts.get(&other.id).copied().unwrap_or(0))
    }

    /// Marks all messages of another user as read.
    pub(super) fn mark_read(
        &mut self,
        pool: &Pool,
        user: PhoneId,
        other: PhoneId,
    ) -> Result<(), Failure> {
        let (Some(account), Some(other)) = (pool.get(user), pool.get(other)) else {
            return Err(Failure::Unknown);
        };
        self.ask(account, |app| app.mark_read(&other.id)).map(drop)
    }
}
