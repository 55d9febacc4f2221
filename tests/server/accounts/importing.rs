//! `switchboard import`, as an operator runs it, and what its users find afterwards.

use std::fs;
use std::path::Path;
use std::process::Output;

use nix::sys::signal::Signal;
use rusqlite::Connection;

use super::client::{Data, credentials};
use super::old_files::{ANNA, chatterbox, mychat, websocket_chat};
use crate::harness::binary;

/// Central European Time, in POSIX' words: it needs no file of the machine.
const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// What is in our column for passwords after a login.
const TODAY: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

impl Data {
    /// Runs an import into the folder. `from` is a file or a folder in it.
    fn import(&self, app: &str, from: &str, flags: &[&str]) -> Output {
        let mut command = binary();
        command.args(["import", app]).arg(self.file(from)).arg("--data").arg(self.path());
        command.args(flags).output().expect("the binary has been built")
    }

    /// Runs an import that succeeds. Returns what it prints, without the path of the folder.
    #[track_caller]
    fn imported(&self, app: &str, from: &str, flags: &[&str]) -> String {
        let output = self.import(app, from, flags);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        self.words(&output.stdout)
    }

    /// Runs an import that fails. Returns what it says on stderr, without the path of the folder.
    #[track_caller]
    fn not_imported(&self, app: &str, from: &str, flags: &[&str]) -> String {
        let output = self.import(app, from, flags);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        self.words(&output.stderr)
    }

    fn words(&self, bytes: &[u8]) -> String {
        let folder = format!("{}/", self.path().display());
        String::from_utf8_lossy(bytes).replace(&folder, "")
    }

    /// A column of our database, as a text for each row.
    fn column(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.file("switchboard.db")).expect("it is there");
        let mut statement = connection.prepare(sql).expect("it is SQL");
        let values = statement.query_map([], |row| row.get(0)).expect("it can be read");
        values.map(|value| value.expect("a text")).collect()
    }
}

fn folder(data: &Data, name: &str) {
    fs::create_dir(data.file(name)).expect("nobody has that name");
}

/// The names and contents of all files in a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("it is there");
            let content = fs::read(entry.path()).expect("it is a file");
            (entry.file_name().to_string_lossy().into_owned(), content)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_old_password_of_each_app_opens_the_account_and_its_hash_is_replaced_at_the_first_login() {
    let data = Data::new();
    folder(&data, "old");
    mychat(&data.file("old"), "INSERT INTO users VALUES ('@ANNA', 'anna', '@PHC', 0);", "", "");
    let user = |name: &str, hash: &str| {
        format!("INSERT INTO users(username, password_hash) VALUES ('{name}', '{hash}');")
    };
    chatterbox(&data.file("bert.db"), &user("bert", "@SHA256"));
    websocket_chat(&data.file("carl.db"), &user("carl", "@PBKDF2"));
    data.imported("--mychat", "old", &[]);
    data.imported("--chatterbox", "bert.db", &[]);
    data.imported("--websocket-chat", "carl.db", &[]);
    let passwords = || data.column("SELECT password FROM users ORDER BY name");
    let before = passwords();
    let kinds = ["$argon2id$v=19$m=64,", "sha256 $argon2id$", "pbkdf2-sha256:AAECAw"];
    for (password, kind) in before.iter().zip(kinds) {
        assert!(password.starts_with(kind), "{kind}");
    }

    let names = ["anna", "bert", "carl"];
    let mut server = data.start();
    for name in names {
        let wrong = server.post("/login", &credentials(name, "battery staple"));
        assert_eq!(wrong.status, 401, "{name}");
    }
    assert!(passwords() == before, "a wrong password replaces nothing");
    for name in names {
        server.log_in(name);
        server.log_in(name);
    }
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    assert!(passwords().iter().all(|password| password.starts_with(TODAY)));
    let server = data.start();
    for name in names {
        server.log_in(name);
    }
}

#[test]
fn what_people_wrote_before_is_in_their_history_in_the_zone_that_the_operator_gives() {
    let data = Data::new();
    let times = [
        ("2025-07-01T12:00:00.123456", "2025-07-01T10:00:00.123"),
        // An hour that clocks skipped, one that they showed twice, and times that name a zone.
        ("2025-03-30 02:30:00", "2025-03-30T01:30:00"),
        ("2025-10-26 02:30:00", "2025-10-26T00:30:00"),
        ("2025-01-01T12:00:00Z", "2025-01-01T12:00:00"),
        ("2025-01-02T12:00:00-05:00", "2025-01-02T17:00:00"),
    ];
    let rows = times.map(|(old, _)| {
        format!(
            "INSERT INTO messages(username, content, timestamp) VALUES ('bert', '{old}', '{old}');"
        )
    });
    let user = "INSERT INTO users(username, password_hash) VALUES ('bert', '@SHA256');";
    chatterbox(&data.file("chat.db"), &format!("{user}{}", rows.concat()));
    data.imported("--chatterbox", "chat.db", &["--zone", ZONE]);
    let server = data.start();
    let token = server.log_in("bert");
    let history = server.get_as(&token, "/messages/global").json();
    let mut expected: Vec<_> = times.iter().map(|(old, new)| ((*new).to_owned(), *old)).collect();
    expected.sort_unstable();
    let history = history.as_array().expect("a list");
    let found: Vec<_> = history
        .iter()
        .map(|one| (one["created_at"].as_str().expect("a time"), one["content"].as_str()))
        .collect();
    assert_eq!(found.len(), expected.len());
    for ((at, text), (expected_at, expected_text)) in found.into_iter().zip(expected) {
        assert_eq!(text, Some(expected_text));
        assert!(at.starts_with(&expected_at), "{expected_text} is {at}");
    }
}

#[test]
fn an_operator_tries_the_import_first_then_decides_and_reads_what_was_done() {
    let data = Data::new();
    folder(&data, "old");
    let users = "INSERT INTO users VALUES ('@ANNA', 'anna', '@PHC', 0), ('@BERT', 'x', '@PHC', 0);";
    let messages = "INSERT INTO messages(sender, receiver, text, timestamp) VALUES
        ('@ANNA', '@ANNA', 'hello', '2025-07-01T12:00:00');";
    mychat(&data.file("old"), users, messages, "");
    let lines = data.not_imported("--mychat", "old", &["--dry-run", "--zone", ZONE]);
    let expected = "\
switchboard: old/users.db, users, row 2: the name has fewer than 3 characters
switchboard: nothing was taken over: 1 row does not fit; --skip would leave it out
";
    assert_eq!(lines, expected);
    let words = data.imported("--mychat", "old", &["--dry-run", "--skip", "--zone", ZONE]);
    let expected = format!(
        "\
nothing was changed; an import would take over from old:
     users: 1
     rooms: 0
  messages: 1
times without a zone were read as {ZONE}
1 row did not fit, and is left out:
old/users.db, users, row 2: the name has fewer than 3 characters
"
    );
    assert_eq!(words, expected);
    assert!(!data.file("switchboard.db").exists());

    fs::remove_file(data.file("old/rooms.db")).expect("it is there");
    let words = data.imported("--mychat", "old", &["--skip", "--zone", "UTC"]);
    assert!(words.starts_with("taken over from old:\n     users: 1\n"), "{words}");
    assert!(
        words.contains("there is no rooms.db\ntimes without a zone were read as UTC\n"),
        "{words}"
    );
    let words = data.imported("--mychat", "old", &["--skip", "--zone", "UTC"]);
    assert!(words.contains("  messages: 0, and 1 that were here already\n"), "{words}");
    let ids = data.column("SELECT lower(hex(id)) FROM users");
    assert_eq!(ids, [ANNA.replace('-', "")]);
}

#[test]
fn an_import_that_cannot_begin_says_why_in_one_line() {
    let data = Data::new();
    chatterbox(&data.file("chat.db"), "");
    let line = |flags: &[&str], from: &str| data.not_imported("--chatterbox", from, flags);
    assert_eq!(line(&[], "none.db"), "switchboard: there is no file none.db\n");
    assert_eq!(line(&["--zone", "Mars"], "chat.db"), "switchboard: there is no time zone Mars\n");
    let other = data.not_imported("--websocket-chat", "chat.db", &[]);
    assert_eq!(
        other,
        "switchboard: chat.db cannot be read as this app's: no such column: created_at\n"
    );
    let server = data.start();
    for flags in [&[][..], &["--dry-run"]] {
        let words = line(flags, "chat.db");
        assert!(words.starts_with("switchboard: another server uses "), "{words}");
    }
    drop(server);
    assert!(line(&["--dry-run", "--rename", "2", "--zone", "UTC"], "none.db").contains("no file"));

    let usage = |flags: &[&str]| {
        let output = data.import("--chatterbox", "chat.db", flags);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(output.stderr.iter().filter(|byte| **byte == b'\n').count(), 1);
    };
    usage(&["--mychat", "also"]);
    usage(&["--rename", "2", "--same-people"]);
    usage(&["--retry"]);
}

#[test]
fn the_old_files_stay_as_they_are_and_a_log_beside_them_is_read() {
    let data = Data::new();
    folder(&data, "old");
    let file = data.file("old/chat.db");
    chatterbox(
        &file,
        "INSERT INTO users(username, password_hash) VALUES ('bert', '@SHA256');
        INSERT INTO messages(username, content, timestamp) VALUES ('bert', 'one', '2025-01-01');",
    );
    let import = || {
        let before = files(&data.file("old"));
        data.imported("--chatterbox", "old/chat.db", &["--zone", "UTC"]);
        // The index of a log is SQLite's scratch paper.
        let is_kept = |(name, _): &(String, Vec<u8>)| !name.ends_with("-shm");
        let after = files(&data.file("old"));
        assert!(
            after
                .iter()
                .filter(|file| is_kept(file))
                .eq(before.iter().filter(|file| is_kept(file)))
        );
        assert_eq!(after.len(), before.len(), "no file is new");
        data.column("SELECT text FROM messages ORDER BY id")
    };
    assert_eq!(import(), ["one"]);
    let connection = Connection::open(&file).expect("it is there");
    connection.pragma_update(None, "journal_mode", "WAL").expect("it can be written");
    let say =
        "INSERT INTO messages(username, content, timestamp) VALUES ('bert', 'two', '2025-01-02')";
    connection.execute(say, []).expect("it can be written");
    assert_eq!(import(), ["one", "two"], "the second is only in the log");
    connection.execute(&say.replace("two", "three"), []).expect("it can be written");
    drop(connection);
    let left = files(&data.file("old"));
    assert_eq!(left.len(), 1, "the app was stopped, and the log is in the database");
    assert_eq!(import(), ["one", "two", "three"]);
}
