//! What arrives: users, rooms, members, replies, texts and times, as they were, and nothing twice.

use super::*;

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
    let reply = in_room[1].quote.as_ref().expect("a reply");
    let quoted = (&*reply.sender_id, &*reply.sender_name, &*reply.text);
    assert_eq!(quoted, (CARL, "Carl Ö", "green?"), "with the name that the user has");
    assert!(in_room[0].quote.is_none());

    let message = |seq, from, at, text: &str| (seq, from, at, text.to_owned());
    let expected = [message(1, 2, 1, " hello "), message(2, 1, 2, "hi")];
    assert_eq!(talk(&mut database, private(1, 2)), expected);
    assert_eq!(unread(&mut database, 1), [(2, 1)]);
    assert_eq!(unread(&mut database, 2), []);
    let History { read, .. } = history(&mut database, private(1, 2));
    let read: Vec<(u32, u32)> = read.iter().map(|(user, seq)| (user.0, seq.0)).collect();
    assert_eq!(read, [(1, 0), (2, 2)]);
    assert_eq!(texts(&mut database, private(3, 3)), ["self"]);
    // Users that the operator has brought never have to make room for others.
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
    assert!(!all.contains(PBKDF2), "the old digest is nowhere");

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
