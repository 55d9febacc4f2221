//! [`make_rooms`]: makes the rooms of a run before it, with their members; and [`delete_rooms`], after it.
//!
//! The first member of a room makes it, and adds the others one by one: each answer is waited for, so that no limit
//! of the server on messages is reached.

use std::time::Duration;

use super::app::AppAsker;
use super::audit::tell;
use super::clock::Clock;
use super::patience::Refusal;
use super::reader::{Failure, Reader};
use crate::client::{AccountWords, App, News, Realm, RoomEvent};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::{Account, Pool};
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Rooms;

/// How often progress is shown.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// Makes the rooms of a run, and notes their ids in the pool.
///
/// # Errors
///
/// One sentence, if the server makes one of them not; or that a signal came first. Those that were made are deleted.
pub(crate) fn make_rooms(
    plan: &Plan,
    target: &Target,
    pool: &mut Pool,
    signals: &Signals,
) -> Result<(), Refusal> {
    let rooms = plan.rooms();
    let clock = Clock::start();
    let mut next_line = clock.now() + BETWEEN_LINES;
    for room in 0..rooms.count() {
        if !plan.quiet && clock.now() >= next_line {
            next_line = clock.now() + BETWEEN_LINES;
            tell(&format!("making rooms: {room} of {}", rooms.count()));
        }
        if plan.shard.is_some_and(|shard| shard != rooms.shard_of(room)) {
            // Its members are users of another process.
            pool.rooms.push(String::new());
            continue;
        }
        if let Err(failure) = make_room(plan, (&rooms, room), target, pool, signals) {
            delete_rooms(plan, target, pool, signals);
            return Err(failure.told(|| {
                format!(
                    "{}: the server does not make room {} of {}, or adds not all of its members: see its limits of rooms",
                    target.url(),
                    room + 1,
                    rooms.count()
                )
            }));
        }
    }
    Ok(())
}

/// Deletes the rooms of a run. What cannot be deleted stays.
pub(crate) fn delete_rooms(plan: &Plan, target: &Target, pool: &Pool, signals: &Signals) {
    let rooms = plan.rooms();
    for (number, id) in (0..).zip(&pool.rooms).filter(|(_, id)| !id.is_empty()) {
        let Some(creator) = rooms.members(number).next() else { return };
        let host = Host::sign_in(plan, target, pool, signals, creator);
        let deleted = host.and_then(|mut host| host.delete_room(id));
        if matches!(deleted, Err(Failure::Interrupted)) {
            return;
        }
    }
}

fn make_room(
    plan: &Plan,
    (rooms, number): (&Rooms, u32),
    target: &Target,
    pool: &mut Pool,
    signals: &Signals,
) -> Result<(), Failure> {
    let mut members = rooms.members(number);
    let Some(creator) = members.next() else { return Ok(()) };
    let mut host = Host::sign_in(plan, target, pool, signals, creator)?;
    let id = host.make_room(&format!("loadgen {}", number + 1))?;
    pool.rooms.push(id.clone());
    for member in members {
        host.add_to_room(&id, pool.get(member).ok_or(Failure::Unknown)?)?;
    }
    Ok(())
}

/// A user who makes rooms: over a socket or, in a protocol with pages, over HTTP.
#[derive(Debug)]
enum Host<'a> {
    Socket(Box<Reader<'a>>, &'static dyn AccountWords),
    Page(Box<AppAsker<'a>>, Account),
}

impl<'a> Host<'a> {
    fn sign_in(
        plan: &Plan,
        target: &'a Target,
        pool: &Pool,
        signals: &'a Signals,
        user: PhoneId,
    ) -> Result<Self, Failure> {
        let dialect = plan.settings.protocol.dialect();
        let Realm::Account(words) = dialect.realm() else { return Err(Failure::Unknown) };
        let account = pool.get(user).ok_or(Failure::Unknown)?;
        if words.skills().has_pages {
            return Ok(Host::Page(Box::new(AppAsker::new(target, signals)), account.clone()));
        }
        let reader = Reader::sign_in(dialect, target, signals, (user, account))?;
        Ok(Host::Socket(Box::new(reader), words))
    }

    /// Makes a room, and returns the server's id of it.
    fn make_room(&mut self, name: &str) -> Result<String, Failure> {
        match self {
            Host::Page(asker, account) => {
                let answer = asker.ask(account, |app| app.make_room(name))?;
                App::read_room(&answer).ok_or(Failure::Late)
            }
            Host::Socket(reader, words) => reader.ask(
                |pen, out| words.make_room(name, pen, out),
                |news| match news {
                    News::Room { room, event: RoomEvent::Created } => Some(room.to_string()),
                    _ => None,
                },
            ),
        }
    }

    fn add_to_room(&mut self, room: &str, user: &Account) -> Result<(), Failure> {
        match self {
            Host::Page(asker, account) => {
                asker.ask(account, |app| app.add_to_room(room, &user.id)).map(drop)
            }
            Host::Socket(reader, words) => reader.ask(
                |pen, out| words.add_to_room(room, &user.name, pen, out),
                |news| is(news, room, RoomEvent::Added),
            ),
        }
    }

    fn delete_room(&mut self, room: &str) -> Result<(), Failure> {
        match self {
            Host::Page(asker, account) => asker.ask(account, |app| app.delete_room(room)).map(drop),
            Host::Socket(reader, words) => reader.ask(
                |pen, out| words.delete_room(room, pen, out),
                |news| is(news, room, RoomEvent::Deleted),
            ),
        }
    }
}

fn is(news: &News<'_>, id: &str, what: RoomEvent) -> Option<()> {
    matches!(news, News::Room { room, event } if room == id && *event == what).then_some(())
}
