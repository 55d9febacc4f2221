//! Disks that are full, read-only or broken, files that are something else, and other processes.

use std::fs;

use switchboard::chat::account::{Failure, JobResult, Output, PasswordHash, UserName};
use switchboard::store::{Database, Found, Settings, StartError, VERSION};

use crate::{Folder, carry_out, credentials, dice, register, said, say, texts};

fn is_credentials(result: &JobResult) -> bool {
    matches!(result.outcome, Ok(Output::Credentials(_)))
}

fn outcome_of(database: &mut Database, text: &str) -> Result<Output, Failure> {
    let mut results = carry_out(database, [say(1, text)], &mut dice(), 1);
    results.pop().expect("one").outcome
}

#[test]
fn a_full_disk_fails_what_writes_answers_what_reads_and_heals_by_itself() {
    let folder = Folder::new();
    for mut database in [
        folder.open(Settings::default()),
        Database::in_memory(Settings::default()).expect("memory"),
    ] {
        let mut dice = dice();
        carry_out(&mut database, [register("anna"), say(1, "first")], &mut dice, 1);
        database.limit_pages(1);
        let long = "x".repeat(100_000);
        let batch = [say(2, "short"), credentials("anna"), say(2, &long), credentials("bert")];
        let results = carry_out(&mut database, batch, &mut dice, 2);
        // The short one would have had room. It fails all the same, since the batch is one transaction.
        assert_eq!(results[0].outcome, Err(Failure::Full));
        assert_eq!(results[2].outcome, Err(Failure::Full));
        assert!(matches!(results[1].outcome, Ok(Output::Credentials(Some(_)))));
        assert!(matches!(results[3].outcome, Ok(Output::Credentials(None))));
        assert_eq!(texts(&database), ["first"], "nothing of the batch is there");
        database.limit_pages(10_000);
        // The failed messages have taken no number.
        assert_eq!(outcome_of(&mut database, &long), Ok(said(2)));
        assert_eq!(database.trouble(), None);
    }
}

#[test]
fn after_an_error_of_the_disk_nothing_is_written_until_a_restart() {
    let folder = Folder::new();
    let mut dice = dice();
    let mut database = folder.open(Settings::default());
    carry_out(&mut database, [register("anna"), say(1, "first")], &mut dice, 1);
    database.close();
    let mut database = folder.open(Settings::default());
    carry_out(&mut database, [say(1, "second")], &mut dice, 1);
    // Another connection writes. So the first has to read the log again, and finds that half is missing.
    let mut other = folder.open(Settings::default());
    carry_out(&mut other, [say(1, "third"), register("bert")], &mut dice, 1);
    let log = fs::OpenOptions::new().write(true).open(folder.file("switchboard.db-wal"));
    log.expect("it is there").set_len(100).expect("it can be cut off");
    assert_eq!(outcome_of(&mut database, "fourth"), Err(Failure::Io));
    assert_eq!(database.trouble(), Some(Failure::Io));
    let results = carry_out(&mut database, [say(1, "fifth"), credentials("anna")], &mut dice, 1);
    assert_eq!(results[0].outcome, Err(Failure::Io), "it is not even tried");
    drop((database, other));
    let mut database = folder.open(Settings::default());
    assert_eq!(texts(&database)[..1], ["first"], "what was checkpointed is there");
    assert!(outcome_of(&mut database, "sixth").is_ok(), "a restart helps");
}

#[test]
fn a_database_whose_lock_is_held_fails_what_writes_and_is_well_afterwards() {
    let folder = Folder::new();
    let mut database = folder.open(Settings::default());
    let holder = rusqlite::Connection::open(folder.file("switchboard.db")).expect("it is SQLite");
    holder.execute_batch("BEGIN IMMEDIATE").expect("nobody writes");
    let results = carry_out(&mut database, [say(1, "x"), credentials("a")], &mut dice(), 1);
    assert_eq!(results[0].outcome, Err(Failure::ReadOnly));
    assert!(is_credentials(&results[1]));
    holder.execute_batch("COMMIT").expect("nothing was written");
    assert_eq!(outcome_of(&mut database, "y"), Ok(said(1)));
}

#[test]
fn what_another_process_commits_is_news_once_and_what_we_commit_is_none() {
    let folder = Folder::new();
    let mut dice = dice();
    let mut server = folder.open(Settings::default());
    carry_out(&mut server, [register("anna"), register("bert")], &mut dice, 1);
    assert_eq!(server.news(), None);
    let path = folder.file("switchboard.db");
    let mut tool = Found::open(&path).and_then(|found| found.join(Settings::default()));
    let tool = tool.as_mut().expect("it is of today");
    assert_eq!(tool.delete_user(&UserName::registered("anna")), Ok(true));
    assert_eq!(tool.delete_user(&UserName::registered("anna")), Ok(false));
    let news = server.news().expect("somebody is gone");
    assert_eq!(news.users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["bert"]);
    assert_eq!(server.news(), None, "it is news once");
    let snapshot = server.snapshot().expect("it can be read");
    assert_eq!(snapshot.former[0].name.as_str(), "anna", "her messages still need a name");
    let again = carry_out(&mut server, [register("Anna"), credentials("anna")], &mut dice, 1);
    assert_eq!(again[0].outcome, Ok(Output::Registered(None)), "nobody else gets it");
    assert_eq!(again[1].outcome, Ok(Output::Credentials(None)));
}

#[test]
fn a_new_password_ends_all_logins_and_a_late_rehash_does_not_bring_the_old_one_back() {
    use switchboard::chat::account::{Secret, TokenDigest, UnixMs, UserKey, Work};
    use switchboard::store::Hasher;
    let mut database = Database::in_memory(Settings::default()).expect("there is memory");
    let mut dice = dice();
    carry_out(&mut database, [register("anna")], &mut dice, 1);
    let admit =
        |rehash| Work::Admit { user: UserKey(1), at: UnixMs(1), expires: UnixMs(99), rehash };
    let mut token = |database: &mut Database, rehash| -> TokenDigest {
        let mut results = carry_out(database, [admit(rehash)], &mut dice, 1);
        match results.remove(0).outcome {
            Ok(Output::Admitted { token, .. }) => token.digest(),
            other => panic!("{other:?}"),
        }
    };
    let digest = token(&mut database, None);
    let new = Hasher::new().hash(&Secret::new("new password"), &mut |_| {});
    assert_eq!(database.set_password(&UserName::registered("anna"), &new), Ok(true));
    let hash_of = |database: &mut Database| {
        let mut results = carry_out(database, [credentials("anna")], &mut |_: &mut [u8]| {}, 1);
        match results.remove(0).outcome {
            Ok(Output::Credentials(Some(found))) => found.hash,
            other => panic!("{other:?}"),
        }
    };
    token(&mut database, Some(PasswordHash::new("of the old password")));
    assert!(hash_of(&mut database) == new);
    let login = carry_out(&mut database, [Work::Login(digest)], &mut |_: &mut [u8]| {}, 1);
    assert_eq!(login[0].outcome, Ok(Output::Login(None)));
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.file("switchboard.db");
    fs::write(&path, "This is a letter, and much longer than SQLite's header. ".repeat(99))
        .expect("it can be written");
    assert_eq!(Found::open(&path).err(), Some(StartError::NotOurs));
    let other = folder.file("other.db");
    let stranger = rusqlite::Connection::open(&other).expect("it can be written");
    stranger.execute_batch("CREATE TABLE photos(name)").expect("it is SQL");
    assert_eq!(Found::open(&other).err(), Some(StartError::NotOurs));
}

#[test]
fn a_newer_database_and_a_damaged_one_are_refused_with_a_clear_sentence() {
    let folder = Folder::new();
    let path = folder.file("switchboard.db");
    let mut database = folder.open(Settings::default());
    let many = (0..2_000).map(|number| say(1, &format!("a text that fills pages, {number}")));
    carry_out(&mut database, many, &mut dice(), 1);
    database.close();

    let raw = rusqlite::Connection::open(&path).expect("it is SQLite");
    raw.pragma_update(None, "user_version", VERSION + 1).expect("it can be written");
    let error = Found::open(&path).expect_err("it is newer").to_string();
    assert_eq!(error, format!("is of version {}, and this program knows {VERSION}", VERSION + 1));
    raw.pragma_update(None, "user_version", VERSION).expect("it can be written");
    drop(raw);

    let mut bytes = fs::read(&path).expect("it is there");
    let half = bytes.len() / 2;
    bytes[half..half + 8192].fill(0xa5);
    fs::write(&path, bytes).expect("it can be written");
    let found = Found::open(&path).expect("its header is well");
    assert_eq!(found.check(), Err(StartError::Damaged));
    assert!(matches!(found.migrate(Settings::default()), Err(StartError::Damaged)));
}

#[test]
fn a_copy_is_whole_while_the_server_goes_on_and_no_file_is_overwritten() {
    let folder = Folder::new();
    let mut server = folder.open(Settings::default());
    carry_out(&mut server, [register("anna"), say(1, "before")], &mut dice(), 1);
    let found = Found::open(&folder.file("switchboard.db")).expect("it is ours");
    let copy = folder.file("copy.db");
    found.copy_to(&copy).expect("there is room");
    assert!(outcome_of(&mut server, "after").is_ok());
    let copied = Found::open(&copy).and_then(|found| found.migrate(Settings::default()));
    assert_eq!(texts(&copied.expect("it is ours")), ["before"]);
    assert!(found.copy_to(&copy).is_err(), "there is one already");
}

#[test]
fn sqlite_is_compiled_as_cargos_configuration_says() {
    let database = rusqlite::Connection::open_in_memory().expect("there is memory");
    let mut options = database.prepare("PRAGMA compile_options").expect("it is SQL");
    let options = options.query_map([], |row| row.get::<_, String>(0)).expect("it can be read");
    let options: Vec<String> = options.map(|one| one.expect("a text")).collect();
    // The line that sets this also sets HAVE_FDATASYNC, which is not listed. Cargo finds it only in a folder
    // above the present one.
    assert!(options.iter().any(|one| one == "DEFAULT_MEMSTATUS=0"), "{options:?}");
}
