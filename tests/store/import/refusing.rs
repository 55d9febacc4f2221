//! What fails an import, and that nothing has changed then.

use super::*;

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
        did(&mut database, register("bert"));
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
    did(&mut database, register("anna"));
    did(&mut database, say(500, "here"));
    let (before, what) = (dump(&folder), of(Source::Chatterbox(old_file(&file))));
    database.limit_pages(60);
    let failed = import(&mut database, &what);
    assert!(matches!(failed, Err(ImportError::Store(switchboard::chat::account::Failure::Full))));
    assert_eq!(dump(&folder), before);
    database.limit_pages(10_000);
    assert_eq!(taken_over(&mut database, &what), [(1, 0), (0, 0), (999, 0)]);
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
