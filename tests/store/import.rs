//! The import of other apps' databases: everything arrives, nothing twice, and nothing at all if a row does
//! not fit.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use switchboard::chat::account::{
    History, Output, Place, RoomChange, RoomKey, Stored, UnixMs, UserKey, Work,
};
use switchboard::store::{
    Count, Database, Import, ImportError, Means, OldFile, Report, Settings, Source, TakenNames,
};

use super::old_files::{ANNA, BERT, CARL, PHC, chatterbox, mychat, websocket_chat};
use super::{Folder, carry_out, credentials, dice, say_in};

/// The time of every import.
const NOW: UnixMs = UnixMs(1_000_000);

/// Times are written as `t1`, `t2` and so on, in milliseconds: another form would not be a text in a column for times.
fn time(text: &str) -> Option<UnixMs> {
    text.strip_prefix('t')?.parse().ok().map(UnixMs)
}

fn old_file(path: &Path) -> OldFile {
    OldFile { path: path.to_owned(), is_at_rest: false }
}

fn of_mychat(folder: &Folder) -> Import {
    let file = |name: &str| old_file(&folder.file(name));
    let (messages, rooms) = (Some(file("chathistory.db")), Some(file("rooms.db")));
    of(Source::MyChat { users: file("users.db"), messages, rooms })
}

fn of(source: Source) -> Import {
    let (skips, is_dry_run) = (false, false);
    Import { source, taken_names: TakenNames::Refused, skips, is_dry_run, now: NOW }
}

fn import(database: &mut Database, import: &Import) -> Result<Report, ImportError> {
    let means = Means { time: &time, dice: &mut dice(), progress: &mut |_, _| {} };
    database.import(import, means)
}

/// Imports, and returns how many users, rooms and messages are new, and how many were here.
#[track_caller]
fn taken_over(database: &mut Database, what: &Import) -> [(u64, u64); 3] {
    match import(database, what) {
        Ok(Report { users, rooms, messages, left_out }) => {
            assert_eq!(left_out.to_string(), "");
            [users, rooms, messages].map(|Count { new, known }| (new, known))
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// The rows that do not fit, a line each, without the folder. Nothing was taken over.
#[track_caller]
fn misfits(folder: &Folder, database: &mut Database, what: &Import) -> Vec<String> {
    let before = dump(folder);
    let Err(ImportError::Misfits(misfits)) = import(database, what) else {
        panic!("some rows do not fit");
    };
    assert_eq!(dump(folder), before, "nothing has changed");
    let folder = format!("{}/", folder.file("").display().to_string().trim_end_matches('/'));
    misfits.to_string().lines().map(|line| line.replace(&folder, "")).collect()
}

/// Everything in our database.
fn dump(folder: &Folder) -> String {
    let connection = Connection::open(folder.file("switchboard.db")).expect("it is there");
    let tables =
        ["users", "logins", "conversations", "messages", "marks", "rooms", "members", "deserted"];
    tables.map(|table| format!("{table}\n{}", rows(&connection, table))).concat()
}

fn rows(connection: &Connection, table: &str) -> String {
    let mut all = connection.prepare(&format!("SELECT * FROM {table}")).expect("it is a table");
    let columns = all.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|at| row.get_ref(at).map(|value| format!("{value:?} ")));
        values.collect::<rusqlite::Result<String>>().map(|line| line + "\n")
    };
    let lines = all.query_map([], line).expect("it can be read");
    lines.collect::<rusqlite::Result<String>>().expect("it can be read")
}

fn did(database: &mut Database, work: Work) -> Output {
    let mut results = carry_out(database, [work], &mut dice(), 0);
    results.pop().expect("there is a result").outcome.expect("the disk is well")
}

/// Registers Anna and Bert here.
fn register_two(database: &mut Database) {
    let results = carry_out(database, ["anna", "bert"].map(super::register), &mut dice(), 0);
    assert!(results.iter().all(|result| matches!(result.outcome, Ok(Output::Registered(Some(_))))));
}

fn history(database: &mut Database, place: Place) -> History {
    match did(database, Work::History { place, limit: 100 }) {
        Output::History(history) => history,
        other => panic!("{other:?}"),
    }
}

/// A conversation: the number, sender, time and text of each message.
fn talk(database: &mut Database, place: Place) -> Vec<(u32, u32, i64, String)> {
    let messages = history(database, place).messages;
    let line = |one: &Stored| (one.seq.0, one.from.0, one.at.0, one.text.to_string());
    messages.iter().map(line).collect()
}

/// The same, as one text a message.
fn texts(database: &mut Database, place: Place) -> Vec<String> {
    talk(database, place).into_iter().map(|(.., text)| text).collect()
}

fn unread(database: &mut Database, user: u32) -> Vec<(u32, u32)> {
    match did(database, Work::Unread(UserKey(user))) {
        Output::Unread(unread) => unread.into_iter().map(|(user, count)| (user.0, count)).collect(),
        other => panic!("{other:?}"),
    }
}

fn private(one: u32, other: u32) -> Place {
    Place::Private(UserKey(one), UserKey(other))
}

fn change(room: RoomKey, change: RoomChange) -> Work {
    Work::ChangeRoom { room, by: UserKey(2), change, at: UnixMs(0) }
}

const TWO_USERS: &str =
    "INSERT INTO users VALUES('@ANNA', 'anna', '@PHC', 0), ('@BERT', 'bert', '@PHC', 1);";
const THREE_USERS: &str =
    "INSERT INTO users VALUES('@ANNA', 'anna', '@PHC', 0), ('@BERT', 'bert', '@PHC', 1),
    ('@CARL', 'Carl Ö', '@PHC', 0);";

/// A room of Bert's, with Anna in it, who came first.
const ROOM: &str = "
INSERT INTO rooms VALUES('dddddddd-0000-4000-8000-00000000000D', 'Tea', 'all about it', '@BERT', 't10');
INSERT INTO room_members VALUES('dddddddd-0000-4000-8000-00000000000D', '@BERT', 't12'),
    ('dddddddd-0000-4000-8000-00000000000D', '@ANNA', 't11');
INSERT INTO room_messages(room_id, sender_id, sender_name, text, timestamp, reply_to_sender_id,
    reply_to_sender_name, reply_to_text) VALUES
    ('dddddddd-0000-4000-8000-00000000000D', '@CARL', 'Carl Ö', 'green?', 't20', NULL, NULL, NULL),
    ('dddddddd-0000-4000-8000-00000000000D', '@ANNA', 'anna', 'black', 't21', '@CARL', 'Carl', 'green?');";

#[test]
fn users_rooms_members_replies_texts_and_times_of_mychat_arrive_as_they_were() {
    let folder = Folder::new();
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp, read) VALUES
        ('@ANNA', '@BERT', 'hi', 't2', 1), ('@BERT', '@ANNA', ' hello ', 't1', 0), ('@CARL', '@CARL', 'self', 't9', 0);";
    mychat(&folder.0, THREE_USERS, messages, ROOM);
    let mut database = folder.open(Settings::default());
    assert_eq!(taken_over(&mut database, &of_mychat(&folder)), [(3, 0), (1, 0), (5, 0)]);

    let snapshot = database.snapshot().expect("it can be read");
    let users: Vec<_> = snapshot
        .users
        .iter()
        .map(|user| (user.id.to_string(), user.name.as_str(), user.created))
        .collect();
    let user = |id: &str, name| (id.to_owned(), name, NOW);
    assert_eq!(users, [user(ANNA, "anna"), user(BERT, "bert"), user(CARL, "Carl Ö")]);
    let Output::Credentials(Some(found)) = did(&mut database, credentials("anna")) else {
        panic!("anna is there");
    };
    assert_eq!(found.hash.reveal(), PHC, "it is taken over as it is");

    let [room] = &snapshot.rooms[..] else { panic!("one room") };
    let (name, description) = (&*room.name, &*room.description);
    assert_eq!((name, description, room.created), ("Tea", "all about it", UnixMs(10)));
    assert_eq!(room.id.to_string(), "dddddddd-0000-4000-8000-00000000000d");
    assert_eq!(room.creator, UserKey(2));
    assert_eq!(room.members, [UserKey(1), UserKey(2)], "the longest-standing first");
    let in_room = history(&mut database, Place::Room(room.key)).messages;
    let reply = in_room[1].reply.as_ref().expect("a reply");
    let quoted = (&*reply.sender_id, &*reply.sender_name, &*reply.text);
    assert_eq!(quoted, (CARL, "Carl Ö", "green?"), "with the name that the user has");
    assert!(in_room[0].reply.is_none());

    let message = |seq, from, at, text: &str| (seq, from, at, text.to_owned());
    let expected = [message(1, 2, 1, " hello "), message(2, 1, 2, "hi")];
    assert_eq!(talk(&mut database, private(1, 2)), expected);
    assert_eq!(unread(&mut database, 1), [(2, 1)]);
    assert_eq!(unread(&mut database, 2), []);
    let History { read, .. } = history(&mut database, private(1, 2));
    let read: Vec<(u32, u32)> = read.iter().map(|(user, seq)| (user.0, seq.0)).collect();
    assert_eq!(read, [(1, 0), (2, 2)]);
    assert_eq!(texts(&mut database, private(3, 3)), ["self"]);
    // Nobody whom the operator has brought has to make room for others.
    let connection = Connection::open(folder.file("switchboard.db")).expect("it is there");
    let passing = "SELECT count(*) FROM users WHERE stays = 0";
    assert_eq!(connection.query_row(passing, [], |row| row.get::<_, i64>(0)), Ok(0));
}

#[test]
fn a_private_message_of_websocket_chat_never_becomes_public_and_its_tokens_are_not_taken_over() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let rows = "INSERT INTO users(username, password_hash, created_at) VALUES
            ('anna', '@PBKDF2', 't3'), ('bert', '@PBKDF2', NULL);
        INSERT INTO user_sessions(user_id, session_token) VALUES (1, 'a token');
        INSERT INTO messages(content, sender_id, recipient_id, is_global, created_at) VALUES
            ('all', 1, NULL, 1, 't1'), ('you', 1, 2, 0, 't2'), ('both', 2, 1, 1, 't3');";
    websocket_chat(&file, rows);
    let mut database = folder.open(Settings::default());
    let what = of(Source::WebSocketChat(old_file(&file)));
    assert_eq!(taken_over(&mut database, &what), [(2, 0), (0, 0), (3, 0)]);
    assert_eq!(texts(&mut database, Place::Global), ["all"]);
    assert_eq!(texts(&mut database, private(1, 2)), ["you", "both"]);
    assert_eq!((unread(&mut database, 1), unread(&mut database, 2)), (vec![], vec![]));
    let created = database
        .users()
        .expect("it can be read")
        .iter()
        .map(|user| user.created)
        .collect::<Vec<_>>();
    assert_eq!(created, [UnixMs(3), NOW]);
    let all = dump(&folder);
    assert!(!all.contains("a token"));
    assert!(!all.contains(super::old_files::PBKDF2), "the old digest is nowhere");

    websocket_chat(
        &file,
        "INSERT INTO messages(content, sender_id, is_global) VALUES ('?', 1, 0), ('?', 1, NULL);",
    );
    let expected = [4, 5].map(|row| {
        format!("chat.db, messages, row {row}: it is neither for everybody nor for a user")
    });
    assert_eq!(misfits(&folder, &mut database, &what), expected);
}

#[test]
fn a_second_import_adds_only_what_is_new_in_every_app() {
    let folder = Folder::new();
    mychat(
        &folder.0,
        THREE_USERS,
        "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'hi', 't2');",
        ROOM,
    );
    let [first, second] = ["first.db", "second.db"].map(|name| folder.file(name));
    chatterbox(&first, "INSERT INTO users(username, password_hash) VALUES ('dora', '@SHA256');
        INSERT INTO messages(username, content, timestamp) VALUES ('dora', 'one', 't1'), ('dora', 'one', 't1');");
    websocket_chat(&second, "INSERT INTO users(username, password_hash) VALUES ('emil', '@PBKDF2');
        INSERT INTO messages(content, sender_id, is_global, created_at) VALUES ('two', 1, 1, 't2');");
    let all = [
        of_mychat(&folder),
        of(Source::Chatterbox(old_file(&first))),
        of(Source::WebSocketChat(old_file(&second))),
    ];
    let mut database = folder.open(Settings::default());
    let counts: Vec<_> = all.iter().map(|what| taken_over(&mut database, what)).collect();
    assert_eq!(
        counts,
        [[(3, 0), (1, 0), (3, 0)], [(1, 0), (0, 0), (2, 0)], [(1, 0), (0, 0), (1, 0)]]
    );

    let before = dump(&folder);
    let counts: Vec<_> = all.iter().map(|what| taken_over(&mut database, what)).collect();
    assert_eq!(
        counts,
        [[(0, 3), (0, 1), (0, 3)], [(0, 1), (0, 0), (0, 2)], [(0, 1), (0, 0), (0, 1)]]
    );
    assert_eq!(dump(&folder), before, "not a byte is another");

    // What happens here in the meantime stays.
    let room = database.snapshot().expect("it can be read").rooms[0].key;
    let removed = change(room, RoomChange::Remove(UserKey(1)));
    assert_eq!(did(&mut database, removed), Output::RoomChanged(true));
    let rows = "INSERT INTO messages(username, content, timestamp) VALUES ('dora', 'one', 't1'), ('dora', 'late', 't0');";
    chatterbox(&first, rows);
    let counts: Vec<_> = all.iter().map(|what| taken_over(&mut database, what)).collect();
    assert_eq!(counts[1], [(0, 1), (0, 0), (2, 2)]);
    let rooms = database.snapshot().expect("it can be read").rooms;
    assert_eq!(rooms[0].members, [UserKey(2)], "who was removed does not come back");
}

#[test]
fn users_of_the_same_name_in_two_databases_are_different_people() {
    let folder = Folder::new();
    let [one, other] = ["one.db", "other.db"].map(|name| folder.file(name));
    let rows = |at| {
        format!(
            "INSERT INTO users(username, password_hash) VALUES ('anna', '@SHA256');
        INSERT INTO messages(username, content, timestamp) VALUES ('anna', 'hi', '{at}');"
        )
    };
    chatterbox(&one, &rows("t1"));
    chatterbox(&other, &rows("t2"));
    let mut database = folder.open(Settings::default());
    taken_over(&mut database, &of(Source::Chatterbox(old_file(&one))));
    let what = of(Source::Chatterbox(old_file(&other)));
    assert_eq!(
        misfits(&folder, &mut database, &what),
        [
            "other.db, users, row 1: the name anna is taken",
            "other.db, messages, row 1: the row of the sender does not fit"
        ]
    );
    // To leave such a user out would be a decision, too.
    let skipping = Import { skips: true, ..what.clone() };
    assert_eq!(misfits(&folder, &mut database, &skipping).len(), 2);
}

#[test]
fn a_name_that_is_taken_is_changed_or_belongs_to_the_same_person_as_the_operator_says() {
    let folder = Folder::new();
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'old', 't1');";
    mychat(&folder.0, TWO_USERS, messages, "");
    let what = of_mychat(&folder);
    let begin = || {
        let _ = fs::remove_file(folder.file("switchboard.db"));
        let mut database = folder.open(Settings::default());
        did(&mut database, super::register("bert"));
        database
    };
    let mut database = begin();
    let expected = [
        "users.db, users, row 2: the name bert is taken",
        "chathistory.db, messages, row 1: the row of the recipient does not fit",
    ];
    assert_eq!(misfits(&folder, &mut database, &what), expected);

    let rename = |suffix: &str| {
        let taken_names = TakenNames::Renamed(suffix.to_owned());
        Import { taken_names, ..what.clone() }
    };
    let lines = misfits(&folder, &mut database, &rename("<b>"));
    assert_eq!(
        lines[0],
        "users.db, users, row 2: with the suffix, the name has a character that names cannot have"
    );
    assert_eq!(taken_over(&mut database, &rename(" of old")), [(2, 0), (0, 0), (1, 0)]);
    let users = database.users().expect("it can be read");
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["bert", "anna", "bert of old"]);
    assert_eq!(texts(&mut database, private(2, 3)), ["old"]);
    // Now each is recognised, by the id.
    assert_eq!(taken_over(&mut database, &what), [(0, 2), (0, 0), (0, 1)]);
    drop(database);

    let mut database = begin();
    let same = Import { taken_names: TakenNames::SamePeople, ..what.clone() };
    for expected in [[(1, 1), (0, 0), (1, 0)], [(0, 2), (0, 0), (0, 1)]] {
        assert_eq!(taken_over(&mut database, &same), expected);
    }
    assert_eq!(texts(&mut database, private(1, 2)), ["old"]);
    let Output::Credentials(Some(bert)) = did(&mut database, credentials("bert")) else {
        panic!("bert is there");
    };
    assert_eq!(bert.hash.reveal(), "a hash", "the password is the one from here");
}

#[test]
fn two_old_users_are_never_one_here() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    chatterbox(
        &file,
        "INSERT INTO users(username, password_hash) VALUES ('anna', '@SHA256'), (' anna ', '@SHA256');",
    );
    let mut database = folder.open(Settings::default());
    let what = of(Source::Chatterbox(old_file(&file)));
    for taken_names in [TakenNames::Refused, TakenNames::SamePeople] {
        let what = Import { taken_names, ..what.clone() };
        assert_eq!(
            misfits(&folder, &mut database, &what),
            ["chat.db, users, row 2: the name anna is taken"]
        );
    }
}

#[test]
fn messages_from_here_and_there_are_in_the_order_of_their_times_and_the_marks_move_along() {
    let folder = Folder::new();
    // Anna has read the first one there, and not the other.
    mychat(&folder.0, TWO_USERS, "INSERT INTO messages(sender, receiver, text, timestamp, read) VALUES
        ('@BERT', '@ANNA', 'old 1', 't1', 1), ('@BERT', '@ANNA', 'old 5', 't5', 0), ('@ANNA', '@BERT', 'old 3', 't3', 0);", "");
    let mut database = folder.open(Settings::default());
    register_two(&mut database);
    let pair = private(1, 2);
    for (from, at, text) in [(2, 2, "here 2"), (1, 4, "here 4"), (2, 3, "here 3"), (2, 6, "here 6")]
    {
        did(&mut database, say_in(pair, from, at, text));
        if text == "here 3" {
            did(&mut database, Work::MarkRead { user: UserKey(1), other: UserKey(2) });
        }
    }
    assert_eq!((unread(&mut database, 1), unread(&mut database, 2)), (vec![(2, 1)], vec![(1, 1)]));
    let same = Import { taken_names: TakenNames::SamePeople, ..of_mychat(&folder) };
    assert_eq!(taken_over(&mut database, &same), [(0, 2), (0, 0), (3, 0)]);
    let expected = ["old 1", "here 2", "here 3", "old 3", "here 4", "old 5", "here 6"];
    assert_eq!(texts(&mut database, pair), expected);
    let numbers: Vec<u32> = talk(&mut database, pair).iter().map(|message| message.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    // Anna has read up to "here 4", and Bert nothing of the two that she wrote.
    assert_eq!((unread(&mut database, 1), unread(&mut database, 2)), (vec![(2, 2)], vec![(1, 2)]));
    let read: Vec<_> =
        history(&mut database, pair).read.iter().map(|(user, seq)| (user.0, seq.0)).collect();
    assert_eq!(read, [(1, 5), (2, 3)]);
    assert!(
        matches!(did(&mut database, say_in(pair, 1, 9, "next")), Output::Said { seq } if seq.0 == 8)
    );
}

#[test]
fn a_number_that_a_message_had_is_not_given_again_where_old_ones_were_deleted() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    chatterbox(
        &file,
        "INSERT INTO users(username, password_hash) VALUES ('dora', '@SHA256');
        INSERT INTO messages(username, content, timestamp) VALUES ('dora', 'old', 't1');",
    );
    let settings =
        Settings { retention: Some(std::time::Duration::from_millis(10)), ..Settings::default() };
    let mut database = folder.open(settings);
    did(&mut database, super::register("anna"));
    for at in [1, 2, 50] {
        did(&mut database, super::say(at, "here"));
    }
    while database.prune(UnixMs(55)) {}
    assert_eq!(talk(&mut database, Place::Global), [(3, 1, 50, "here".to_owned())]);
    taken_over(&mut database, &of(Source::Chatterbox(old_file(&file))));
    let expected = [(3, 2, 1, "old".to_owned()), (4, 1, 50, "here".to_owned())];
    assert_eq!(talk(&mut database, Place::Global), expected);
}

#[test]
fn each_row_that_does_not_fit_is_named_with_the_reason_and_never_with_what_it_says() {
    let folder = Folder::new();
    let long = "x".repeat(5_001);
    let users = "INSERT INTO users VALUES ('@ANNA', 'anna', '@PHC', 0), ('no uuid', 'bert', '@PHC', 0),
        ('@CARL', '<carl>', '@PHC', 0), ('eeeeeeee-0000-4000-8000-000000000005', 'emil', '5f4dcc3b5aa765d61d8327deb882cf99', 0),
        ('AAAAAAAA-0000-4000-8000-000000000001', 'dora', '@PHC', 0), ('ffffffff-0000-4000-8000-000000000006', x'ff', '@PHC', 0);";
    let messages = format!("INSERT INTO messages(sender, receiver, text, timestamp) VALUES
        ('@ANNA', '@ANNA', 'secret', 't1'), ('@BERT', '@ANNA', 'secret', 't1'), ('@ANNA', '@CARL', 'secret', 't1'),
        ('@ANNA', '@ANNA', '  ', 't1'), ('@ANNA', '@ANNA', '{long}', 't1'), ('@ANNA', '@ANNA', 'secret', 'yesterday'),
        ('@ANNA', '@ANNA', 'secret', NULL), ('@ANNA', '@ANNA', x'00', 't1'), ('@ANNA', NULL, 'secret', 't1'),
        (NULL, '@ANNA', 'secret', 't1');");
    let rooms = "INSERT INTO rooms VALUES ('dddddddd-0000-4000-8000-00000000000d', 'Tea', NULL, '@ANNA', 't1'),
        ('dddddddd-0000-4000-8000-00000000000e', 'Tea', NULL, '@BERT', 't1'), ('no uuid', 'Tea', NULL, '@ANNA', 't1'),
        ('dddddddd-0000-4000-8000-00000000000f', ' ', NULL, '@ANNA', 't1');
        INSERT INTO room_members VALUES ('dddddddd-0000-4000-8000-00000000000d', '@BERT', 't1'),
        ('dddddddd-0000-4000-8000-00000000000e', '@ANNA', 't1'), ('nowhere', '@ANNA', 't1'),
        ('dddddddd-0000-4000-8000-00000000000d', '@ANNA', 'soon');
        INSERT INTO room_messages(room_id, sender_id, text, timestamp) VALUES ('nowhere', '@ANNA', 'secret', 't1'),
        ('dddddddd-0000-4000-8000-00000000000d', '@ANNA', 'secret', 't1');";
    mychat(&folder.0, users, &messages, rooms);
    let mut database = folder.open(Settings::default());
    let expected = "\
users.db, users, row 2: the id is no UUID
users.db, users, row 3: the name has a character that names cannot have
users.db, users, row 4: the hash of the password is of an unknown kind
users.db, users, row 6: the name is no text
users.db, users, row 5: another row has the same id
rooms.db, rooms, row 2: the creator is no user
rooms.db, rooms, row 3: the id is no UUID
rooms.db, rooms, row 4: the name is empty
rooms.db, room_members, row 1: the member is no user
rooms.db, room_members, row 2: the row of the room does not fit
rooms.db, room_members, row 3: there is no such room
rooms.db, room_members, row 4: the time is none, or has another form
chathistory.db, messages, row 2: the sender is no user
chathistory.db, messages, row 3: the row of the recipient does not fit
chathistory.db, messages, row 4: the text is empty
chathistory.db, messages, row 5: the text has more than 5000 characters
chathistory.db, messages, row 6: the time is none, or has another form
chathistory.db, messages, row 7: the time is none, or has another form
chathistory.db, messages, row 8: the text is no text
chathistory.db, messages, row 9: it is neither for everybody nor for a user
chathistory.db, messages, row 10: the sender is no user
rooms.db, room_messages, row 1: there is no such room";
    let what = of_mychat(&folder);
    assert_eq!(misfits(&folder, &mut database, &what).join("\n"), expected);

    let report = import(&mut database, &Import { skips: true, ..what }).expect("they are left out");
    assert_eq!(report.left_out.count(), 22);
    assert_eq!((report.users.new, report.rooms.new, report.messages.new), (1, 1, 2));
    assert_eq!(texts(&mut database, private(1, 1)), ["secret"]);
}

#[test]
fn of_many_rows_that_do_not_fit_fifty_are_named_and_all_are_counted() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    chatterbox(
        &file,
        "WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 61)
        INSERT INTO messages(username, content, timestamp) SELECT 'nobody', 'hi', 't1' FROM n;",
    );
    let mut database = folder.open(Settings::default());
    let lines = misfits(&folder, &mut database, &of(Source::Chatterbox(old_file(&file))));
    assert_eq!((lines.len(), lines[50].as_str()), (51, "and 11 rows more"));
}

#[test]
fn a_dry_run_says_what_an_import_would_do_and_changes_nothing() {
    let folder = Folder::new();
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'hi', 't2');";
    mychat(&folder.0, THREE_USERS, messages, ROOM);
    let mut database = folder.open(Settings::default());
    let before = dump(&folder);
    let dry = Import { is_dry_run: true, ..of_mychat(&folder) };
    let would = taken_over(&mut database, &dry);
    assert_eq!(dump(&folder), before);
    assert_eq!(taken_over(&mut database, &of_mychat(&folder)), would);
}

#[test]
fn a_disk_that_fills_up_in_the_middle_leaves_everything_as_it_was() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    chatterbox(
        &file,
        "INSERT INTO users(username, password_hash) VALUES ('dora', '@SHA256');
        WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 999)
        INSERT INTO messages(username, content, timestamp)
        SELECT 'dora', hex(zeroblob(900)), 't' || n FROM n;",
    );
    let mut database = folder.open(Settings::default());
    did(&mut database, super::register("anna"));
    did(&mut database, super::say(500, "here"));
    let (before, what) = (dump(&folder), of(Source::Chatterbox(old_file(&file))));
    database.limit_pages(60);
    let failed = import(&mut database, &what);
    assert!(matches!(failed, Err(ImportError::Store(switchboard::chat::account::Failure::Full))));
    assert_eq!(dump(&folder), before);
    database.limit_pages(10_000);
    assert_eq!(taken_over(&mut database, &what), [(1, 0), (0, 0), (999, 0)]);
}

#[test]
fn a_user_who_was_deleted_here_does_not_come_back_and_what_they_wrote_does() {
    let folder = Folder::new();
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'hi', 't2');";
    mychat(&folder.0, THREE_USERS, messages, ROOM);
    let mut database = folder.open(Settings::default());
    taken_over(&mut database, &of_mychat(&folder));
    for name in ["anna", "bert"] {
        let name = switchboard::chat::account::UserName::registered(name);
        assert_eq!(database.delete_user(&name), Ok(true));
    }
    let more = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'late', 't3');";
    mychat(&folder.0, "", more, "");
    // The room went with its last member. It cannot come back without a creator.
    let lines = misfits(&folder, &mut database, &of_mychat(&folder));
    assert_eq!(lines[0], "rooms.db, rooms, row 1: the creator was deleted on this server");
    let skipping = Import { skips: true, ..of_mychat(&folder) };
    import(&mut database, &skipping).expect("it is left out");
    let users = database.users().expect("it can be read");
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["Carl Ö"]);
    assert_eq!(texts(&mut database, private(1, 2)), ["hi", "late"]);
    assert_eq!(unread(&mut database, 2), [], "nobody is there to read it");
}

#[test]
fn a_file_that_is_none_of_the_app_is_named_with_what_is_missing() {
    let folder = Folder::new();
    let mut database = folder.open(Settings::default());
    let file = folder.file("chat.db");
    let why = |database: &mut Database, source| match import(database, &of(source)) {
        Err(ImportError::Source(name, why)) => {
            assert_eq!(name, file.display().to_string());
            why
        }
        other => panic!("{other:?}"),
    };
    fs::write(&file, "a letter ".repeat(99)).expect("it can be written");
    let of_chatterbox = || Source::Chatterbox(old_file(&file));
    assert_eq!(why(&mut database, of_chatterbox()), "it is no SQLite database");
    fs::remove_file(&file).expect("it is there");
    chatterbox(&file, "");
    assert_eq!(
        why(&mut database, Source::WebSocketChat(old_file(&file))),
        "no such column: created_at"
    );
    fs::write(&file, "").expect("it can be written");
    assert_eq!(why(&mut database, of_chatterbox()), "no such table: messages");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each message is who wrote it, when, and what. There are so few of each that many are equal.
    #[test]
    fn a_conversation_is_what_was_here_and_there_sorted_by_time(
        here in proptest::collection::vec((1_u32..3, 0_i64..6, 0_u8..2), 0..12),
        old in proptest::collection::vec((1_u32..3, 0_i64..6, 0_u8..2), 0..12),
        cut in 0_usize..12,
    ) {
        let folder = Folder::new();
        let file = folder.file("chat.db");
        let insert = |messages: &[(u32, i64, u8)]| messages.iter().map(|(from, at, text)| {
            format!("INSERT INTO messages(content, sender_id, is_global, created_at) VALUES ('{text}', {from}, 1, 't{at}');")
        }).collect::<String>();
        websocket_chat(&file, "INSERT INTO users(username, password_hash) VALUES ('anna', '@PBKDF2'), ('bert', '@PBKDF2');");
        let mut database = folder.open(Settings::default());
        register_two(&mut database);
        for (from, at, text) in &here {
            did(&mut database, say_in(Place::Global, *from, *at, &text.to_string()));
        }
        // What is here already counts once for each old message that equals it.
        let (mut expected, mut known) = (here.clone(), here);
        let before = expected.len();
        for message in &old {
            match known.iter().position(|one| one == message) {
                Some(at) => drop(known.remove(at)),
                None => expected.push(*message),
            }
        }
        // A conversation to which nothing is added stays as it is. Messages of one time keep their order.
        if expected.len() > before {
            expected.sort_by_key(|(_, at, _)| *at);
        }
        let taken_names = TakenNames::SamePeople;
        let what = Import { taken_names, ..of(Source::WebSocketChat(old_file(&file))) };
        // In two parts, and then once more.
        let (first, second) = old.split_at(cut.min(old.len()));
        for part in [first, second, &[]] {
            websocket_chat(&file, &insert(part));
            import(&mut database, &what).expect("it fits");
        }
        let talk: Vec<_> = talk(&mut database, Place::Global);
        let numbers: Vec<u32> = talk.iter().map(|(seq, ..)| *seq).collect();
        prop_assert_eq!(numbers, (1..=talk.len() as u32).collect::<Vec<_>>());
        let found: Vec<_> = talk
            .iter()
            .map(|(_, from, at, text)| (*from, *at, text.parse::<u8>().expect("a number")))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
