//! Messages that were here, and those that come: in the order of their times, with the marks of their readers.

use super::*;

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
        matches!(did(&mut database, say_in(pair, 1, 9, "next")), Output::Said { mid, .. } if mid.seq().0 == 8)
    );
}

#[test]
fn replies_and_the_marks_of_everybody_stay_at_their_messages() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let insert = |text: &str, at: u32| {
        format!(
            "INSERT INTO messages(content, sender_id, is_global, created_at) VALUES ('{text}', 1, 1, 't{at}');"
        )
    };
    websocket_chat(
        &file,
        &format!(
            "INSERT INTO users(username, password_hash) VALUES ('anna', '@PBKDF2'); {} {}",
            insert("old 1", 1),
            insert("old 5", 5)
        ),
    );
    let mut database = folder.open(Settings::default());
    register_two(&mut database);
    let mids = [2, 3].map(|at| {
        match did(&mut database, say_in(Place::Global, 1, at, &format!("here {at}"))) {
            Output::Said { mid, .. } => mid,
            other => panic!("{other:?}"),
        }
    });
    let reply = Some(ReplyTo::Message { mid: mids[1], quote_chars: 9 });
    let (place, from, at) = (Place::Global, UserKey(1), UnixMs(6));
    did(&mut database, Work::Say { place, from, at, text: "re 3".into(), reply, client_id: None });
    did(&mut database, Work::ReadUpTo { user: UserKey(2), place, up_to: mids[1] });
    let same = Import {
        taken_names: TakenNames::SamePeople,
        ..of(Source::WebSocketChat(old_file(&file)))
    };
    taken_over(&mut database, &same);
    let Output::Page(page, false) =
        did(&mut database, Work::Page { place, before: None, limit: 99, bytes: 999 })
    else {
        panic!("they are few")
    };
    let all: Vec<(&str, Option<MessageId>)> =
        page.iter().map(|one| (&*one.text, one.reply_to)).collect();
    let third = page[2].mid;
    let expected = [
        ("old 1", None),
        ("here 2", None),
        ("here 3", None),
        ("old 5", None),
        ("re 3", Some(third)),
    ];
    assert_eq!((all, third.seq().0), (expected.to_vec(), 3));
    let most = Most { conversations: 9, unread: 9, chars: 9 };
    let inbox = Work::Inbox { user: UserKey(2), rooms: Box::new([]), most };
    let Output::Inbox(inbox) = did(&mut database, inbox) else { panic!("a list") };
    assert_eq!((inbox.len(), inbox[0].unread), (1, 1), "the first that was not read stands behind");
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
    did(&mut database, register("anna"));
    for at in [1, 2, 50] {
        did(&mut database, say(at, "here"));
    }
    while database.prune(UnixMs(55)) {}
    assert_eq!(talk(&mut database, Place::Global), [(3, 1, 50, "here".to_owned())]);
    taken_over(&mut database, &of(Source::Chatterbox(old_file(&file))));
    let expected = [(3, 2, 1, "old".to_owned()), (4, 1, 50, "here".to_owned())];
    assert_eq!(talk(&mut database, Place::Global), expected);
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
        let mut database = Database::in_memory(Settings::default()).expect("there is memory");
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

#[test]
fn in_a_conversation_of_many_marks_move_along_and_who_comes_has_read_all() {
    let folder = Folder::new();
    let file = folder.file("chat.db");
    let rows = "INSERT INTO users(username, password_hash) VALUES ('dora', '@SHA256');
        INSERT INTO messages(username, content, timestamp) VALUES ('dora', 'old', 't1'), ('dora', 'old', 't25'),
            ('dora', 'old', 't40');";
    chatterbox(&file, rows);
    mychat(&folder.0, THREE_USERS, "", ROOM);
    let mut database = folder.open(Settings::default());
    register_two(&mut database);
    for at in [10, 20, 30] {
        did(&mut database, say_in(Place::Global, 2, at, "here"));
    }
    // Anna has read two of the three, and Bert all.
    let marks = Connection::open(folder.file("switchboard.db")).expect("it is there");
    let rows =
        "INSERT INTO marks(user, conversation, unread, read) VALUES (1, 0, 0, 2), (2, 0, 0, 3)";
    marks.execute(rows, []).expect("it can be written");
    let read = |conversation: u32| -> Vec<(u32, u32)> {
        let sql = "SELECT user, read FROM marks WHERE conversation = ? ORDER BY user";
        let mut statement = marks.prepare(sql).expect("it is SQL");
        let rows = statement.query_map([conversation], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.expect("it can be read").collect::<rusqlite::Result<_>>().expect("it can be read")
    };
    taken_over(&mut database, &of(Source::Chatterbox(old_file(&file))));
    // old 1, here 10, here 20, old 25, here 30, old 40: nothing that Anna has not read counts as read.
    assert_eq!(read(0), [(1, 4), (2, 6), (3, 6)]);

    let same = Import { taken_names: TakenNames::SamePeople, ..of_mychat(&folder) };
    taken_over(&mut database, &same);
    let room = database.snapshot().expect("it can be read").rooms[0].key;
    assert_eq!(read(room.0), [(1, 2), (2, 2)], "both members");
    let more = ROOM.split_once("INSERT INTO room_messages").expect("it is there").1;
    let later = more.replace("t20", "t1").replace("t21", "t50");
    mychat(&folder.0, "", "", &format!("INSERT INTO room_messages{later}"));
    taken_over(&mut database, &same);
    assert_eq!(read(room.0), [(1, 4), (2, 4)]);
}

#[test]
fn what_was_edited_or_deleted_here_does_not_come_back_by_a_second_import() {
    let folder = Folder::new();
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'one', 't1'),
        ('@ANNA', '@BERT', 'two', 't1'), ('@ANNA', '@BERT', 'three', 't1');";
    mychat(&folder.0, TWO_USERS, messages, "");
    let mut database = folder.open(Settings::default());
    taken_over(&mut database, &of_mychat(&folder));
    let pair = private(1, 2);
    let mids: Vec<_> = history(&mut database, pair).messages.iter().map(|one| one.mid).collect();
    for (mid, text) in [(mids[0], Some("ONE".into())), (mids[1], None)] {
        let change = Work::Change { mid, by: UserKey(1), at: UnixMs(2), text };
        assert!(matches!(did(&mut database, change), Output::Changed(_)));
    }
    let before = dump(&folder);
    assert_eq!(taken_over(&mut database, &of_mychat(&folder)), [(0, 2), (0, 0), (0, 3)]);
    assert_eq!(dump(&folder), before);

    let more = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES ('@ANNA', '@BERT', 'zero', 't0');";
    mychat(&folder.0, "", more, "");
    assert_eq!(taken_over(&mut database, &of_mychat(&folder)), [(0, 2), (0, 0), (1, 3)]);
    assert_eq!(texts(&mut database, pair), ["zero", "ONE", "three"]);
    assert_eq!(unread(&mut database, 2), [(1, 3)], "what was deleted is not unread");
}
