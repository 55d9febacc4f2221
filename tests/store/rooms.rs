//! Rooms: who may speak, what becomes of them with their users, and that they leave nothing behind.

use std::sync::Arc;

use switchboard::chat::account::{
    MessageId, Output, Place, Quote, ReplyTo, Room, RoomChange, RoomKey, Seq, UnixMs, UserKey,
    UserName, Work,
};
use switchboard::store::{Database, Settings};

use crate::{Folder, carry_out, dice, register, say_in};

/// A database with the users anna, bert, carl and dora.
fn of_four() -> (Database, impl FnMut(&mut [u8])) {
    let (mut database, mut dice) =
        (Database::in_memory(Settings::default()).expect("there is memory"), dice());
    carry_out(&mut database, ["anna", "bert", "carl", "dora"].map(register), &mut dice, 1);
    (database, dice)
}

fn create(database: &mut Database, creator: u32, dice: &mut impl FnMut(&mut [u8])) -> Room {
    let (name, description) = ("a room".into(), "for tests".into());
    let work = Work::CreateRoom { creator: UserKey(creator), name, description, at: UnixMs(1) };
    match carry_out(database, [work], dice, 1).remove(0).outcome {
        Ok(Output::RoomCreated(Some(room))) => room,
        other => panic!("{other:?}"),
    }
}

fn change(room: RoomKey, by: u32, change: RoomChange, at: i64) -> Work {
    Work::ChangeRoom { room, by: UserKey(by), change, at: UnixMs(at) }
}

fn rooms(database: &Database) -> Vec<(u32, Vec<u32>)> {
    let rooms = database.snapshot().expect("it can be read").rooms;
    let members = |room: &Room| room.members.iter().map(|user| user.0).collect();
    rooms.iter().map(|room| (room.creator.0, members(room))).collect()
}

#[test]
fn who_may_speak_in_a_room_is_decided_in_the_order_of_the_jobs_also_within_a_batch() {
    let (mut database, mut dice) = of_four();
    let room = create(&mut database, 1, &mut dice).key;
    let place = Place::Room(room);
    let batch = [
        say_in(place, 2, 1, "too early"),
        change(room, 1, RoomChange::Add(UserKey(2)), 1),
        say_in(place, 2, 1, "in"),
        change(room, 1, RoomChange::Remove(UserKey(2)), 1),
        say_in(place, 2, 1, "too late"),
        say_in(place, 1, 1, "alone"),
        change(room, 1, RoomChange::Delete, 1),
        say_in(place, 1, 1, "to nobody"),
    ];
    let outcomes = carry_out(&mut database, batch, &mut dice, 1);
    let outcomes: Vec<Output> =
        outcomes.into_iter().map(|result| result.outcome.expect("there is room")).collect();
    let (done, refused) = (Output::RoomChanged(true), Output::NotAMember);
    let said = |seq| Output::Said { mid: MessageId::of(room.0.into(), Seq(seq)), quote: None };
    let expected = [&refused, &done, &said(1), &done, &refused, &said(2), &done, &refused];
    assert_eq!(outcomes.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_reply_is_kept_with_what_it_quotes() {
    let (mut database, mut dice) = of_four();
    let room = create(&mut database, 1, &mut dice).key;
    let (place, from, at) = (Place::Room(room), UserKey(1), UnixMs(1));
    let quote = Quote { sender_id: "x".into(), sender_name: "".into(), text: "ß\0".into() };
    let quote = Arc::new(quote);
    let reply = Some(ReplyTo::Quote(Arc::clone(&quote)));
    let say = Work::Say { place, from, at, text: "yes".into(), reply, client_id: None };
    let batch = [say, say_in(place, 1, 1, "plain"), Work::History { place, limit: 9 }];
    let results = carry_out(&mut database, batch, &mut dice, 1);
    let Ok(Output::History(history)) = &results[2].outcome else { panic!("{results:?}") };
    let replies: Vec<_> = history.messages.iter().map(|message| message.quote.clone()).collect();
    assert!(replies == [Some(quote), None]);
}

#[test]
fn the_rooms_of_a_deleted_user_pass_to_the_longest_standing_member_or_go() {
    let (mut database, mut dice) = of_four();
    let [inherited, alone, visited] = [1, 1, 4].map(|by| create(&mut database, by, &mut dice).key);
    let batch = [
        change(inherited, 1, RoomChange::Add(UserKey(4)), 20),
        change(inherited, 1, RoomChange::Add(UserKey(3)), 10),
        // Adding once more makes nobody younger.
        change(inherited, 1, RoomChange::Add(UserKey(3)), 90),
        change(visited, 4, RoomChange::Add(UserKey(1)), 1),
        say_in(Place::Room(alone), 1, 1, "hello?"),
    ];
    carry_out(&mut database, batch, &mut dice, 1);
    assert_eq!(rooms(&database), [(1, vec![1, 3, 4]), (1, vec![1]), (4, vec![1, 4])]);
    assert_eq!(database.delete_user(&UserName::registered("anna")), Ok(true));
    assert_eq!(rooms(&database), [(3, vec![3, 4]), (4, vec![4])]);
    let batch = [
        change(inherited, 3, RoomChange::Add(UserKey(1)), 1),
        change(inherited, 1, RoomChange::Delete, 1),
        Work::CreateRoom {
            creator: UserKey(1),
            name: "late".into(),
            description: "".into(),
            at: UnixMs(1),
        },
    ];
    let results = carry_out(&mut database, batch, &mut dice, 1);
    let outcomes: Vec<_> = results.into_iter().map(|result| result.outcome).collect();
    let refused = Ok(Output::RoomChanged(false));
    assert_eq!(outcomes, [refused.clone(), refused, Ok(Output::RoomCreated(None))]);
}

#[test]
fn the_messages_of_a_deleted_room_go_in_slices_and_its_number_never_comes_again() {
    let folder = Folder::new();
    let (mut database, mut dice) = (folder.open(Settings::default()), dice());
    carry_out(&mut database, [register("anna")], &mut dice, 1);
    let [deleted, kept] = [(); 2].map(|()| create(&mut database, 1, &mut dice).key);
    let batch = (0..600).map(|_| say_in(Place::Room(deleted), 1, 1, "text"));
    carry_out(&mut database, batch, &mut dice, 1);
    let batch = [
        say_in(Place::Room(kept), 1, 1, "kept"),
        say_in(Place::Global, 1, 1, "kept"),
        change(deleted, 1, RoomChange::Delete, 1),
    ];
    carry_out(&mut database, batch, &mut dice, 1);
    let messages = || -> i64 {
        let raw = rusqlite::Connection::open(folder.file("switchboard.db")).expect("SQLite");
        raw.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).expect("a number")
    };
    let mut left = Vec::new();
    while database.prune(UnixMs(1)) {
        left.push(messages());
    }
    assert_eq!(left, [602 - 256, 602 - 512, 2]);
    let next = create(&mut database, 1, &mut dice).key;
    assert!(next > kept && next > deleted, "{next:?}");
}

#[test]
fn what_is_read_stays_read_and_what_comes_later_is_unread() {
    let (mut database, mut dice) = of_four();
    let pair = Place::Private(UserKey(1), UserKey(2));
    let read = Work::MarkRead { user: UserKey(1), other: UserKey(2) };
    let unread = Work::Unread(UserKey(1));
    let batch = [
        read.clone(),
        say_in(pair, 2, 1, "one"),
        say_in(pair, 2, 1, "two"),
        say_in(pair, 1, 1, "mine"),
        unread.clone(),
        read.clone(),
        read,
        unread.clone(),
        say_in(pair, 2, 1, "three"),
        unread,
        Work::History { place: pair, limit: 9 },
    ];
    let results = carry_out(&mut database, batch, &mut dice, 1);
    let counts: Vec<Vec<(UserKey, u32)>> = results
        .iter()
        .filter_map(|result| match &result.outcome {
            Ok(Output::Unread(unread)) => Some(unread.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(counts, [vec![(UserKey(2), 2)], vec![], vec![(UserKey(2), 1)]]);
    let Ok(Output::History(history)) = &results[10].outcome else { panic!("{results:?}") };
    assert_eq!(history.read, [(UserKey(1), Seq(3)), (UserKey(2), Seq(0))]);
}
