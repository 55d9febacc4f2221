//! What is done between batches: checkpoints, and the end of old logins and messages.

use std::fs;
use std::time::Duration;

use switchboard::chat::account::{JobResult, Output, Place, UnixMs, UserKey, Work};
use switchboard::store::{Database, Settings};

use crate::{Folder, carry_out, dice, say, say_in, texts};

/// The pages of the log from which a checkpoint is due: at once, and when there is no other work.
const HARD_PAGES: u64 = 8_000;
const SOFT_PAGES: u64 = 250;

/// A page in the log has a header of 24 bytes (SQLite's file format, §4.1).
const PAGE_BYTES: u64 = 4_096 + 24;

#[test]
fn the_log_is_checkpointed_when_it_is_long_or_when_there_is_time() {
    for (idle, most) in [(false, HARD_PAGES), (true, SOFT_PAGES)] {
        let folder = Folder::new();
        let mut database = folder.open(Settings::default());
        let pages = || {
            let log = fs::metadata(folder.file("switchboard.db-wal")).expect("it is there");
            log.len() / PAGE_BYTES
        };
        let mut longest = 0;
        for _ in 0..4 * most / 800 {
            // About 800 pages.
            carry_out(&mut database, [say(1, &"x".repeat(800 * 4_096))], &mut dice(), 1);
            database.tidy_up(UnixMs(1), idle);
            longest = longest.max(pages());
        }
        // After a checkpoint SQLite begins the log anew, so the file never becomes longer.
        assert!((most..most + 2_000).contains(&longest), "idle: {idle}, {longest} pages");
        database.close();
        let log = fs::metadata(folder.file("switchboard.db-wal"));
        assert!(log.is_err() || log.is_ok_and(|log| log.len() == 0), "the database is one file");
    }
}

#[test]
fn old_messages_are_deleted_in_slices_and_the_others_stay() {
    let retention = Some(Duration::from_millis(100));
    let settings = Settings { retention, ..Settings::default() };
    let mut database = Database::in_memory(settings).expect("there is memory");
    let old = (0..1_000).map(|at| say(at / 100, "old"));
    carry_out(&mut database, old, &mut dice(), 1);
    let pair = Place::Private(UserKey(1), UserKey(2));
    let private = |at, text: &str| say_in(pair, 2, at, text);
    let batch = [private(1, "old too"), private(150, "young too"), say(150, "young")];
    carry_out(&mut database, batch, &mut dice(), 150);
    let mut slices = 0;
    while database.prune(UnixMs(200)) {
        slices += 1;
        assert!(slices < 100, "it ends");
    }
    assert!(slices >= 3, "1,000 messages are not deleted at once: {slices}");
    let unread = |database: &mut Database| {
        let all = carry_out(database, [Work::Unread(UserKey(1))], &mut dice(), 200);
        all[0].outcome.clone()
    };
    let one = Ok(Output::Unread(vec![(UserKey(2), 1)]));
    assert_eq!(unread(&mut database), one, "what is gone is not unread");
    assert_eq!(texts(&database), ["young"]);
    // What has been deleted leaves its number behind.
    let next = carry_out(&mut database, [say(201, "next"), private(201, "next")], &mut dice(), 201);
    let seqs = |results: Vec<JobResult>| -> Vec<u32> {
        let said = results.iter().map(|result| match result.outcome {
            Ok(Output::Said { mid, .. }) => mid.seq().0,
            _ => panic!("{result:?}"),
        });
        said.collect()
    };
    assert_eq!(seqs(next), [1_002, 3]);
    // The next pass begins an hour later.
    assert!(!database.prune(UnixMs(400)));
    assert_eq!(texts(&database), ["young", "next"]);
    while database.prune(UnixMs(200 + 60 * 60 * 1_000)) {}
    assert!(texts(&database).is_empty());
    assert_eq!(unread(&mut database), Ok(Output::Unread(Vec::new())));
    // So it does if nothing is left at all.
    let next = [say(1, "next"), private(1, "next")];
    assert_eq!(seqs(carry_out(&mut database, next, &mut dice(), 1)), [1_003, 4]);
}

#[test]
fn without_a_retention_everything_is_kept_and_expired_logins_go() {
    let folder = Folder::new();
    let mut database = folder.open(Settings::default());
    let admit = Work::Admit { user: UserKey(1), at: UnixMs(1), expires: UnixMs(5), rehash: None };
    let batch = [crate::register("anna"), say(1, "old"), admit];
    carry_out(&mut database, batch, &mut dice(), 1);
    let logins = || -> i64 {
        let raw = rusqlite::Connection::open(folder.file("switchboard.db")).expect("SQLite");
        raw.query_row("SELECT count(*) FROM logins", [], |row| row.get(0)).expect("a number")
    };
    assert!(!database.prune(UnixMs(4)));
    assert_eq!(logins(), 1);
    assert!(!database.prune(UnixMs(5)));
    assert_eq!(logins(), 0);
    assert!(!database.prune(UnixMs(i64::MAX / 2)));
    assert_eq!(texts(&database), ["old"]);
}

#[test]
fn a_checkpoint_that_a_reader_prevents_is_tried_again_five_seconds_later() {
    let folder = Folder::new();
    // The tables are in the database, and not only in the log.
    folder.open(Settings::default()).close();
    let mut database = folder.open(Settings::default());
    let path = folder.file("switchboard.db");
    let reader = rusqlite::Connection::open(&path).expect("it is SQLite");
    reader.execute_batch("BEGIN; SELECT count(*) FROM messages").expect("it can be read");
    let size = || fs::metadata(&path).expect("it is there").len();
    let before = size();
    carry_out(&mut database, [say(1, &"x".repeat(2_000 * 4_096))], &mut dice(), 1);
    database.tidy_up(UnixMs(1), true);
    assert_eq!(size(), before, "the reader still needs the old pages");
    reader.execute_batch("COMMIT").expect("it has only read");
    database.tidy_up(UnixMs(5_000), true);
    assert_eq!(size(), before, "it is too soon");
    database.tidy_up(UnixMs(5_001), true);
    assert!(size() > before + 2_000 * 4_096);
}
