//! What protocol 5 asks of the store: ids that are given once, replies, changes, pages, and marks.

use std::sync::Arc;

use switchboard::chat::account::{
    MessageId, Most, Output, Place, ReplyTo, RoomChange, Seq, Stored, UnixMs, UserKey, Work,
};
use switchboard::store::{Database, Settings};

use crate::{Folder, carry_out, dice, register, said, say, say_in};

const PAIR: Place = Place::Private(UserKey(1), UserKey(2));

/// A database with the users anna, bert and carl.
fn of_three() -> Database {
    let mut database = Database::in_memory(Settings::default()).expect("there is memory");
    carry_out(&mut database, ["anna", "bert", "carl"].map(register), &mut dice(), 1);
    database
}

fn does(database: &mut Database, work: Work) -> Output {
    carry_out(database, [work], &mut dice(), 1).remove(0).outcome.expect("there is room")
}

fn once(place: Place, from: u32, text: &str, id: &str) -> Work {
    let (from, at, text, client_id) = (UserKey(from), UnixMs(9), text.into(), Some(id.into()));
    Work::Say { place, from, at, text, reply: None, client_id }
}

fn change(mid: MessageId, by: u32, text: Option<&str>) -> Work {
    Work::Change { mid, by: UserKey(by), at: UnixMs(99), text: text.map(Arc::from) }
}

fn mid_of(output: &Output) -> MessageId {
    let Output::Said { mid, .. } = output else { panic!("{output:?}") };
    *mid
}

fn history(database: &mut Database, place: Place) -> Vec<Stored> {
    match does(database, Work::History { place, limit: 99 }) {
        Output::History(history) => history.messages,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_that_comes_twice_is_stored_once_also_within_a_batch_and_after_a_restart() {
    let folder = Folder::new();
    let mut database = folder.open(Settings::default());
    let hello = || once(Place::Global, 1, "hello", "a");
    let batch = [
        hello(),
        hello(),
        once(Place::Global, 2, "hello", "a"),
        once(Place::Global, 1, "another text", "a"),
        once(PAIR, 1, "hello", "a"),
    ];
    let results = carry_out(&mut database, batch, &mut dice(), 9);
    let outcomes: Vec<Output> =
        results.into_iter().map(|result| result.outcome.expect("there is room")).collect();
    let before = Output::SaidBefore { mid: MessageId::of(0, Seq(1)), at: UnixMs(9) };
    let reused = Output::IdReused;
    assert_eq!(outcomes, [said(1), before.clone(), said(2), reused.clone(), reused]);
    // The process ends without a word.
    drop(database);
    let mut database = folder.open(Settings::default());
    assert_eq!(does(&mut database, hello()), before);
    // A message that was changed since is the same one still.
    let Output::SaidBefore { mid, .. } = before else { unreachable!("see above") };
    does(&mut database, change(mid, 1, Some("hullo")));
    assert_eq!(does(&mut database, hello()), before);
    does(&mut database, change(mid, 1, None));
    assert_eq!(does(&mut database, hello()), before);
    assert_eq!(history(&mut database, Place::Global).len(), 1, "Bert's");
}

#[test]
fn only_the_author_changes_a_message_and_a_stranger_does_not_learn_that_it_exists() {
    let mut database = of_three();
    let mid = mid_of(&does(&mut database, say_in(PAIR, 1, 1, "secret")));
    for text in [Some("mine"), None] {
        assert_eq!(does(&mut database, change(mid, 3, text)), Output::NoSuchMessage);
        assert_eq!(does(&mut database, change(mid, 2, text)), Output::NotYours);
        let nowhere = MessageId::of(mid.conversation(), Seq(99));
        assert_eq!(does(&mut database, change(nowhere, 1, text)), Output::NoSuchMessage);
    }
    let Output::Changed(now) = does(&mut database, change(mid, 1, Some("told"))) else {
        panic!("it is Anna's");
    };
    assert_eq!(
        (&*now.text, now.edited, now.at, now.is_deleted),
        ("told", Some(UnixMs(99)), UnixMs(1), false)
    );
    let Output::Changed(gone) = does(&mut database, change(mid, 1, None)) else {
        panic!("it is Anna's");
    };
    assert_eq!((&*gone.text, gone.edited, gone.is_deleted), ("", None, true));
    assert_eq!(does(&mut database, change(mid, 1, Some("back"))), Output::NoSuchMessage);
    assert!(matches!(does(&mut database, change(mid, 1, None)), Output::Changed(_)), "again");
    assert!(history(&mut database, PAIR).is_empty());
}

#[test]
fn a_deleted_message_is_not_unread_and_nothing_of_it_is_left_in_the_file() {
    let folder = Folder::new();
    let mut database = folder.open(Settings::default());
    carry_out(&mut database, ["anna", "bert"].map(register), &mut dice(), 1);
    let room = match does(
        &mut database,
        Work::CreateRoom {
            creator: UserKey(1),
            name: "room".into(),
            description: "".into(),
            at: UnixMs(1),
        },
    ) {
        Output::RoomCreated(Some(room)) => room.key,
        other => panic!("{other:?}"),
    };
    let mid = mid_of(&does(&mut database, say_in(PAIR, 1, 1, "one")));
    does(&mut database, say_in(PAIR, 1, 1, "two"));
    does(&mut database, change(mid, 1, None));
    let unread = does(&mut database, Work::Unread(UserKey(2)));
    assert_eq!(unread, Output::Unread(vec![(UserKey(1), 1)]));
    // What others quote of it goes, too.
    let place = Place::Room(room);
    let mid = mid_of(&does(&mut database, say_in(place, 1, 1, "to be forgotten")));
    let reply = ReplyTo::Message { mid, quote_chars: 500 };
    let (from, at, text) = (UserKey(1), UnixMs(1), "what?".into());
    let answer = Work::Say { place, from, at, text, reply: Some(reply), client_id: None };
    let Output::Said { quote: Some(quote), .. } = does(&mut database, answer) else {
        panic!("it quotes");
    };
    assert_eq!((&*quote.text, &*quote.sender_name), ("to be forgotten", "anna"));
    does(&mut database, change(mid, 1, None));
    let all = history(&mut database, place);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].quote.as_ref().map(|quote| &*quote.text), Some(""));
    assert_eq!(all[0].reply_to, Some(mid));
    database.close();
    let file = std::fs::read(folder.file("switchboard.db")).expect("it is there");
    let needle = b"to be forgotten";
    assert!(!file.windows(needle.len()).any(|bytes| bytes == needle), "SQLite overwrites it");
}

#[test]
fn a_reply_names_a_message_of_its_own_conversation() {
    let mut database = of_three();
    let mid = mid_of(&does(&mut database, say_in(PAIR, 1, 1, "private")));
    let reply = |place, from, mid| Work::Say {
        place,
        from: UserKey(from),
        at: UnixMs(1),
        text: "re".into(),
        reply: Some(ReplyTo::Message { mid, quote_chars: 3 }),
        client_id: None,
    };
    let other = Place::Private(UserKey(3), UserKey(2));
    for (place, from) in
        [(Place::Global, 1), (other, 3), (Place::Private(UserKey(1), UserKey(3)), 1)]
    {
        assert_eq!(does(&mut database, reply(place, from, mid)), Output::NoSuchMessage);
    }
    let Output::Said { quote: None, .. } = does(&mut database, reply(PAIR, 2, mid)) else {
        panic!("a private reply has no quote");
    };
    assert_eq!(history(&mut database, PAIR)[1].reply_to, Some(mid));
    assert_eq!(history(&mut database, other).len(), 0, "nothing has begun");
}

#[test]
fn a_mark_never_goes_back_and_what_is_behind_it_is_read() {
    let mut database = of_three();
    let mids: Vec<MessageId> =
        (0..3).map(|_| mid_of(&does(&mut database, say_in(PAIR, 1, 1, "text")))).collect();
    let read = |mid| Work::ReadUpTo { user: UserKey(2), place: PAIR, up_to: mid };
    let output = |up_to, is_reset| Output::ReadUpTo { up_to: Some(up_to), is_reset };
    assert_eq!(does(&mut database, read(mids[1])), output(mids[1], false));
    assert_eq!(does(&mut database, read(mids[0])), output(mids[1], false));
    let unread = does(&mut database, Work::Unread(UserKey(2)));
    assert_eq!(unread, Output::Unread(vec![(UserKey(1), 1)]));
    // Beyond the end is the end: what comes later is unread.
    let beyond = MessageId::of(mids[0].conversation(), Seq(99));
    assert_eq!(does(&mut database, read(beyond)), output(mids[2], true));
    assert_eq!(does(&mut database, read(beyond)), output(mids[2], false));
    let elsewhere = Work::ReadUpTo { user: UserKey(2), place: Place::Global, up_to: mids[0] };
    assert_eq!(does(&mut database, elsewhere), Output::NoSuchMessage);
}

#[test]
fn a_page_ends_where_its_bytes_do_and_says_that_there_is_more() {
    let mut database = of_three();
    for text in ["first", "second", "x".repeat(100).as_str(), "last"] {
        does(&mut database, say(1, text));
    }
    let mut page = |before: Option<u32>, limit| {
        let before = before.map(|seq| MessageId::of(0, Seq(seq)));
        let work = Work::Page { place: Place::Global, before, limit, bytes: 50 };
        match does(&mut database, work) {
            Output::Page(all, more) => {
                (all.iter().map(|one| one.mid.seq().0).collect::<Vec<_>>(), more)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(page(None, 9), (vec![4], true));
    assert_eq!(page(Some(4), 9), (vec![3], true), "one message in any case");
    assert_eq!(page(Some(3), 9), (vec![1, 2], false));
    assert_eq!(page(Some(3), 1), (vec![2], true));
    assert_eq!(page(Some(1), 9), (vec![], false));
}

#[test]
fn an_inbox_has_the_newest_conversations_and_counts_what_is_unread_up_to_a_limit() {
    let mut database = of_three();
    let with = |other| Place::Private(UserKey(1), UserKey(other));
    does(&mut database, say_in(with(2), 2, 10, "older"));
    does(&mut database, say_in(with(3), 1, 20, "newer"));
    for at in 0..5 {
        does(&mut database, say_in(Place::Global, 2, at, "to all"));
    }
    let most = Most { conversations: 1, unread: 3, chars: 4 };
    let inbox = Work::Inbox { user: UserKey(1), rooms: [].into(), most };
    let Output::Inbox(entries) = does(&mut database, inbox) else { panic!("it is one") };
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| {
            (entry.place, entry.unread, entry.last.as_ref().map(|last| last.text.to_string()))
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(shown, [(Place::Global, 3, text("to a")), (with(3), 0, text("newe"))]);
}

#[test]
fn a_member_leaves_and_the_creator_stays() {
    let mut database = of_three();
    let create = Work::CreateRoom {
        creator: UserKey(1),
        name: "room".into(),
        description: "".into(),
        at: UnixMs(1),
    };
    let Output::RoomCreated(Some(room)) = does(&mut database, create) else { panic!("it is made") };
    let change = |by, change| {
        let at = UnixMs(1);
        Work::ChangeRoom { room: room.key, by: UserKey(by), change, at }
    };
    let leave = |user| change(user, RoomChange::Leave(UserKey(user)));
    does(&mut database, change(1, RoomChange::Add(UserKey(2))));
    let outcomes = [leave(1), leave(3), leave(2), leave(2)].map(|work| does(&mut database, work));
    assert_eq!(outcomes, [false, false, true, false].map(Output::RoomChanged));
}
