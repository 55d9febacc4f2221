//! [`make_rooms`]: makes the rooms of a run before it, with their members; and [`delete_rooms`], after it.
//!
//! The first member of a room makes it, and adds the others one by one: each answer is waited for, so that no limit
//! of the server on messages is reached.

use std::time::Duration;

use super::audit::{Failure, Reader, tell};
use super::clock::Clock;
use super::patience::Refusal;
use crate::client::{AccountWords, News, Realm, RoomEvent};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Pool;
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
    let rooms =
        Rooms::new(plan.settings.postings.rooms, plan.devices().sessions(), plan.timing.seed);
    let clock = Clock::start();
    let mut next_line = clock.now() + BETWEEN_LINES;
    for room in 0..rooms.count() {
        if !plan.quiet && clock.now() >= next_line {
            next_line = clock.now() + BETWEEN_LINES;
            tell(&format!("making rooms: {room} of {}", rooms.count()));
        }
        if let Err(failure) = make_room(plan, (&rooms, room), target, pool, signals) {
            delete_rooms(plan, target, pool, signals);
            return Err(match failure {
                Failure::Interrupted => Refusal::Interrupted,
                Failure::Unknown | Failure::Late => Refusal::Server(format!(
                    "{}: the server does not make room {} of {}, or adds not all of its members: see its limits of rooms",
                    target.url(),
                    room + 1,
                    rooms.count()
                )),
            });
        }
    }
    Ok(())
}

/// Deletes the rooms of a run. What cannot be deleted stays.
pub(crate) fn delete_rooms(plan: &Plan, target: &Target, pool: &Pool, signals: &Signals) {
    let rooms =
        Rooms::new(plan.settings.postings.rooms, plan.devices().sessions(), plan.timing.seed);
    for (number, id) in (0..).zip(&pool.rooms) {
        let Some(creator) = rooms.members(number).next() else { return };
        let deleted =
            sign_in(plan, target, pool, signals, creator).and_then(|(mut reader, words)| {
                reader.ask(
                    |pen, out| words.delete_room(id, pen, out),
                    |news| is(news, id, RoomEvent::Deleted),
                )
            });
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
    let (mut reader, words) = sign_in(plan, target, pool, signals, creator)?;
    let name = format!("loadgen {}", number + 1);
    let id = reader.ask(
        |pen, out| words.make_room(&name, pen, out),
        |news| match news {
            News::Room { room, event: RoomEvent::Created } => Some(room.to_string()),
            _ => None,
        },
    )?;
    pool.rooms.push(id.clone());
    for member in members {
        let user = pool.name(member).unwrap_or_default();
        let add = |pen: &mut _, out: &mut _| words.add_to_room(&id, user, pen, out);
        reader.ask(add, |news| is(news, &id, RoomEvent::Added))?;
    }
    Ok(())
}

fn is(news: &News<'_>, id: &str, what: RoomEvent) -> Option<()> {
    matches!(news, News::Room { room, event } if room == id && *event == what).then_some(())
}

fn sign_in<'a>(
    plan: &Plan,
    target: &'a Target,
    pool: &Pool,
    signals: &'a Signals,
    user: PhoneId,
) -> Result<(Reader<'a>, &'static dyn AccountWords), Failure> {
    let dialect = plan.settings.protocol.dialect();
    let Realm::Account(words) = dialect.realm() else { return Err(Failure::Unknown) };
    let account = pool.get(user).ok_or(Failure::Unknown)?;
    Ok((Reader::sign_in(dialect, target, signals, (user, account))?, words))
}
