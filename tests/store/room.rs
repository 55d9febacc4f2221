//! Which accounts make room for others: those whose user never came back and has written nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use switchboard::chat::account::{Output, Place, RoomChange, TokenDigest, UnixMs, UserKey, Work};
use switchboard::store::{Database, Settings};

use crate::{carry_out, dice, register, say, say_in};

const DAY: i64 = Duration::from_secs(24 * 60 * 60).as_millis() as i64;

/// Does one job, and returns what it has brought.
fn does(database: &mut Database, work: Work, now: i64) -> Output {
    // Each job has dice of its own, which no other job has thrown.
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    let mut dice = |bytes: &mut [u8]| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        bytes[..8].copy_from_slice(&next.to_be_bytes());
    };
    let result = carry_out(database, [work], &mut dice, now).remove(0);
    result.outcome.expect("there is room on the disk")
}

/// The accounts that make room at this time, one after the other, while `online` are online.
fn gone(database: &mut Database, online: &[u32], now: i64) -> Vec<u32> {
    let online: Vec<UserKey> = online.iter().copied().map(UserKey).collect();
    let mut gone = Vec::new();
    loop {
        let work = Work::MakeRoom { online: online.clone().into(), at: UnixMs(now) };
        match does(database, work, now) {
            Output::Room(Some((user, _))) => gone.push(user.0),
            Output::Room(None) => return gone,
            other => panic!("{other:?}"),
        }
    }
}

/// A database with the users 1 to 6, registered at the time 1.
fn six() -> Database {
    let mut database = Database::in_memory(Settings::default()).expect("there is memory");
    let all = ["anna", "bert", "carl", "dora", "emil", "fred"].map(register);
    carry_out(&mut database, all, &mut dice(), 1);
    database
}

fn login(user: u32, at: i64) -> Work {
    let (at, expires) = (UnixMs(at), UnixMs(at + 7 * DAY));
    Work::Admit { user: UserKey(user), at, expires, rehash: None }
}

#[test]
fn who_never_came_back_after_the_first_day_and_wrote_nothing_makes_room() {
    let mut database = six();
    // Anna writes to everybody, Bert to Carl. Dora logs in on the first day, and Emil on the second.
    does(&mut database, say(2, "hello"), 2);
    let place = Place::Private(UserKey(2), UserKey(3));
    let to_carl = say_in(place, 2, 2, "Carl?");
    does(&mut database, to_carl, 2);
    does(&mut database, login(4, DAY), DAY);
    does(&mut database, login(5, DAY + 1), DAY + 1);
    assert_eq!(gone(&mut database, &[], DAY), [0; 0], "the first day is not over");
    // Fred is the newest, whose key could be given again.
    assert_eq!(gone(&mut database, &[], DAY + 1), [3, 4]);
    let users = database.users().expect("it can be read");
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["anna", "bert", "emil", "fred"]);
}

#[test]
fn who_is_online_stays() {
    let mut database = six();
    assert_eq!(gone(&mut database, &[1, 3, 5], 2 * DAY), [2, 4]);
}

#[test]
fn who_is_in_a_room_stays() {
    let mut database = six();
    let (name, description, at) = ("a room".into(), "".into(), UnixMs(2));
    let room = Work::CreateRoom { creator: UserKey(2), name, description, at };
    let Output::RoomCreated(Some(room)) = does(&mut database, room, 2) else { panic!() };
    let change = RoomChange::Add(UserKey(4));
    let add = Work::ChangeRoom { room: room.key, by: UserKey(2), change, at };
    assert_eq!(does(&mut database, add, 2), Output::RoomChanged(true));
    assert_eq!(gone(&mut database, &[], 2 * DAY), [1, 3, 5]);
}

#[test]
fn the_logins_of_an_account_that_makes_room_end_with_it() {
    let mut database = six();
    let Output::Admitted { token, .. } = does(&mut database, login(1, 2), 2) else { panic!() };
    let work = Work::MakeRoom { online: Box::default(), at: UnixMs(2 * DAY) };
    let digest: TokenDigest = token.digest();
    assert_eq!(does(&mut database, work, 2 * DAY), Output::Room(Some((UserKey(1), vec![digest]))));
    assert_eq!(does(&mut database, Work::Login(digest), 2 * DAY), Output::Login(None));
}

#[test]
fn the_name_is_free_again_unless_somebody_has_written_to_it_and_no_key_is_given_twice() {
    let mut database = six();
    let place = Place::Private(UserKey(1), UserKey(6));
    let to_anna = say_in(place, 6, 2, "Anna?");
    does(&mut database, to_anna, 2);
    assert_eq!(gone(&mut database, &[3, 4, 5], 2 * DAY), [1, 2]);
    assert_eq!(does(&mut database, register("Anna"), 3 * DAY), Output::Registered(None));
    let Output::Registered(Some(bert)) = does(&mut database, register("bert"), 3 * DAY) else {
        panic!("nobody knows Bert");
    };
    assert_eq!(bert.key, UserKey(7));
    // What was written to Anna is not lost, and Anna is a former user.
    let former = database.snapshot().expect("it can be read").former;
    assert_eq!(former.iter().map(|user| user.key).collect::<Vec<_>>(), [UserKey(1)]);
}

#[test]
fn a_user_of_the_operator_stays() {
    let mut database = six();
    let name = switchboard::chat::account::UserName::registered("bert");
    assert_eq!(database.keep_user(&name), Ok(true));
    assert_eq!(gone(&mut database, &[], 2 * DAY), [1, 3, 4, 5]);
}
