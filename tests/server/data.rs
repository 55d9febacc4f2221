//! The folder with the data: what a start refuses, and the tools beside a running server.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::Signal;

use crate::harness::{Server, binary, eventually};

/// A folder for one test. It is removed with its content.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("data-{}-{number}", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).expect("nobody has that name");
        Folder(path)
    }

    fn name(&self) -> &str {
        self.0.to_str().expect("it is ASCII")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn server(&self) -> Server {
        Server::start(&["--data", self.name()])
    }

    /// Runs a tool on this folder, with this line on its standard input.
    fn tool(&self, words: &[&str], line: &str) -> Output {
        let mut command = binary();
        command.args(words).args(["--data", self.name()]).stdin(Stdio::piped());
        let mut tool = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary has been built");
        let mut input = tool.stdin.take().expect("it is piped");
        // A tool that reads nothing may have ended already.
        let _ = writeln!(input, "{line}");
        drop(input);
        tool.wait_with_output().expect("it ends")
    }

    /// Runs a tool that succeeds, and returns what it prints.
    fn tells(&self, words: &[&str], line: &str) -> String {
        let output = self.tool(words, line);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
        String::from_utf8(output.stdout).expect("text")
    }

    /// The names of the users.
    fn users(&self) -> Vec<String> {
        let list = self.tells(&["user", "list"], "");
        list.lines().map(|line| line.split('\t').next().expect("a name").to_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failure here does not matter to the test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Asserts that it ended with exit code 1 and one line on stderr with these words.
fn expect_failure(output: &Output, words: &str) {
    let line = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(line.starts_with("switchboard: ") && line.contains(words), "{words}: {line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(output.stdout.is_empty());
}

/// A server that should refuse to start.
fn start(folder: &str) -> Output {
    let mut command: Command = binary();
    command.args(["--listen", "127.0.0.1:0", "--data", folder]).output().expect("it ends")
}

#[test]
fn a_folder_that_cannot_be_used_is_one_clear_line_and_exit_code_1() {
    let folder = Folder::new();
    let missing = folder.file("missing");
    let missing = missing.to_str().expect("ASCII");
    expect_failure(&start(missing), &format!("there is no folder {missing}"));

    let server = folder.server();
    expect_failure(&start(folder.name()), &format!("another server uses {}", folder.name()));
    drop(server);

    let database = folder.file("switchboard.db");
    let good = fs::read(&database).expect("it is there");
    fs::write(&database, "a letter ".repeat(999)).expect("it can be written");
    expect_failure(&start(folder.name()), "switchboard.db is no database of switchboard");
    assert!(fs::read(&database).expect("it is there").starts_with(b"a letter"), "it is left alone");

    let mut newer = good.clone();
    // The version of the schema is the number at byte 60 (SQLite's file format, §1.3).
    newer[60..64].copy_from_slice(&77_u32.to_be_bytes());
    fs::write(&database, newer).expect("it can be written");
    expect_failure(&start(folder.name()), "is of version 77, and this program knows 5");

    let mut damaged = good.clone();
    damaged[4_096..].fill(0xa5);
    fs::write(&database, damaged).expect("it can be written");
    expect_failure(&start(folder.name()), "switchboard.db is damaged: bring back a backup");

    fs::write(&database, good).expect("it can be written");
    drop(folder.server());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    // No permission stops root. A folder of the kernel's own does.
    expect_failure(&start("/proc"), "/proc cannot be written");
    let folder = Folder::new();
    let file = folder.file("file");
    OpenOptions::new().write(true).create_new(true).open(&file).expect("it can be written");
    let file = file.to_str().expect("ASCII");
    expect_failure(&start(file), &format!("{file} is no folder"));
}

#[test]
fn without_a_folder_there_is_no_thread_and_with_one_there_are_two() {
    let threads = |server: &Server| {
        let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("it runs");
        tasks.count()
    };
    assert_eq!(threads(&Server::start(&[])), 1);
    let folder = Folder::new();
    assert_eq!(threads(&folder.server()), 3);
}

#[test]
fn only_the_servers_user_can_read_what_is_in_the_folder_and_a_server_that_ends_leaves_one_file() {
    let folder = Folder::new();
    let mut server = folder.server();
    let files = || -> Vec<(String, u32)> {
        let entries = fs::read_dir(&folder.0).expect("it is there");
        let mut files: Vec<_> = entries
            .map(|entry| {
                let entry = entry.expect("it is there");
                let mode = entry.metadata().expect("it is there").permissions().mode() & 0o777;
                (entry.file_name().to_string_lossy().into_owned(), mode)
            })
            .collect();
        files.sort();
        files
    };
    assert!(files().iter().all(|(_, mode)| *mode == 0o600), "{:?}", files());
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    let names: Vec<String> = files().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["lock", "switchboard.db"], "the log was brought into the database");
}

#[test]
fn users_are_added_listed_changed_and_deleted_beside_a_server_and_without_one() {
    let folder = Folder::new();
    assert_eq!(folder.tells(&["user", "add", "anna"], "correct horse"), "anna is registered\n");
    let server = folder.server();
    folder.tells(&["user", "add", "bert"], "battery staple");
    assert_eq!(folder.users(), ["anna", "bert"]);
    expect_failure(&folder.tool(&["user", "add", "ANNA"], "correct horse"), "is taken, or looks");
    expect_failure(&folder.tool(&["user", "add", "x"], "correct horse"), "a name has 3 to 32");
    expect_failure(&folder.tool(&["user", "add", "carl"], "short"), "at least 6 characters");
    let told = folder.tells(&["user", "passwd", "anna"], "another horse");
    assert_eq!(told, "anna has a new password, and no login\n");
    expect_failure(&folder.tool(&["user", "passwd", "nobody"], "another horse"), "no user nobody");
    assert_eq!(folder.tells(&["user", "delete", "anna"], ""), "anna is deleted\n");
    expect_failure(&folder.tool(&["user", "delete", "anna"], ""), "there is no user anna");
    expect_failure(&folder.tool(&["user", "add", "anna"], "correct horse"), "is taken");
    assert_eq!(folder.users(), ["bert"]);
    drop(server);
    assert_eq!(folder.users(), ["bert"]);
}

/// The lines that `user add --tokens` prints, as name, id, token and expiry.
fn token_lines(printed: &str) -> Vec<Vec<&str>> {
    printed.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn many_users_are_registered_by_one_command_with_tokens_that_work_beside_a_server() {
    let folder = Folder::new();
    let server = folder.server();
    let tell = |body: &str, token: &str, path: &str| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let length = body.len();
        server.http(format!(
            "{method} {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ))
    };
    let add = &["user", "add", "--stdin", "--tokens"];
    let printed = folder.tells(add, "anna\tcorrect horse\n\nbert\ncarl\tbattery staple");
    let lines = token_lines(&printed);
    let names: Vec<_> = lines.iter().map(|line| line[0]).collect();
    assert_eq!((names, folder.users()), (vec!["anna", "bert", "carl"], folder.users()));
    for line in &lines {
        let [_, id, token, expiry] = line[..] else { panic!("four fields: {line:?}") };
        assert!(id.len() == 36 && token.len() == 64 && expiry.ends_with('Z'), "{line:?}");
        // The server looks once a second for what a tool has changed.
        eventually("the token is known", || {
            (tell("", token, "/messages/global").status == 200).then_some(())
        });
    }
    let log_in = |name: &str, password: &str| {
        let body = format!("{{\"username\":\"{name}\",\"password\":\"{password}\"}}");
        tell(&body, "x", "/login").status
    };
    assert_eq!(log_in("anna", "correct horse"), 200);
    // A user without a password has none that could be guessed.
    for guess in ["!!!!!!", "bertbert", "      "] {
        assert_eq!(log_in("bert", guess), 401, "{guess}");
    }
    // Again: anna keeps the password, and both tokens are valid.
    let again = folder.tells(add, "anna\tanother horse\ndora");
    let again = token_lines(&again);
    assert_eq!(again.iter().map(|line| line[0]).collect::<Vec<_>>(), ["anna", "dora"]);
    assert!(again[0][2] != lines[0][2] && again[0][1] == lines[0][1]);
    for token in [lines[0][2], again[0][2]] {
        assert_eq!(tell("", token, "/messages/global").status, 200);
    }
    assert_eq!((log_in("anna", "correct horse"), log_in("anna", "another horse")), (200, 401));
    let told =
        folder.tells(&["user", "add", "--stdin"], "anna\tcorrect horse\nemil\tcorrect horse");
    assert_eq!(told, "1 users are registered, and 1 were there already\n");
}

#[test]
fn a_wrong_line_among_many_users_registers_nobody() {
    let folder = Folder::new();
    let long = format!("anna\nbert\t{}", "x".repeat(2000));
    for (lines, says) in [
        ("anna\nx", "line 2 of standard input: a name has 3 to 32"),
        ("anna\n\nbert\tshort", "line 3 of standard input: a password has at least 6"),
        (&*long, "line 2 of standard input: a password has at least 6 characters, and at most"),
        ("anna\nbert\nanna", "line 3 of standard input: anna is there twice"),
        ("", "standard input names no user"),
    ] {
        let output = folder.tool(&["user", "add", "--stdin", "--tokens"], lines);
        expect_failure(&output, says);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(!printed.contains("short") && !printed.contains("xxx"), "{printed}");
        assert!(output.stdout.is_empty() && folder.users().is_empty(), "{says}");
    }
    let without = folder.tool(&["user", "add", "--stdin"], "anna\tcorrect horse\nbert");
    expect_failure(&without, "line 2 of standard input: there is no password");
    // Names that look alike are found only by the store. Those before them are registered.
    let alike = folder.tool(&["user", "add", "--stdin", "--tokens"], "anna\nANNA");
    expect_failure(&alike, "ANNA looks like a name that is taken; 1 users were registered before");
    for flags in [&["--tokens"][..], &["--stdin", "anna"], &[]] {
        let output = folder.tool(&[&["user", "add"], flags].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
    }
}

#[test]
fn a_backup_brings_everything_back_after_the_folder_was_lost() {
    let folder = Folder::new();
    let backups = Folder::new();
    let file = backups.file("monday.db");
    let backup = file.to_str().expect("ASCII");
    expect_failure(&folder.tool(&["backup", backup], ""), "there is no database");
    let server = folder.server();
    folder.tells(&["user", "add", "anna"], "correct horse");
    folder.tells(&["backup", backup], "");
    folder.tells(&["user", "add", "late"], "correct horse");
    folder.tells(&["check"], "");
    expect_failure(&folder.tool(&["restore", backup], ""), "another server uses");
    assert_eq!(folder.users(), ["anna", "late"]);
    drop(server);
    drop(folder);

    let folder = Folder::new();
    folder.tells(&["restore", backup], "");
    let server = folder.server();
    assert_eq!(folder.users(), ["anna"]);
    folder.tells(&["user", "add", "late"], "correct horse");
    drop(server);
    // Restored again, over a database that is there.
    folder.tells(&["restore", backup], "");
    assert_eq!(folder.users(), ["anna"]);
    // A backup that is replaced, and one that is damaged.
    folder.tells(&["backup", backup], "");
    let mode = fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut bytes = fs::read(&file).expect("it is there");
    bytes[4_096..].fill(0xa5);
    fs::write(&file, bytes).expect("it can be written");
    expect_failure(&folder.tool(&["restore", backup], ""), "is damaged");
    assert_eq!(folder.users(), ["anna"], "what was there is still there");
    let left: Vec<_> = fs::read_dir(&backups.0).expect("it is there").collect();
    assert_eq!(left.len(), 1, "no half copy is left: {left:?}");
}

#[test]
fn the_check_finds_damage() {
    let folder = Folder::new();
    folder.tells(&["user", "add", "anna"], "correct horse");
    assert!(folder.tells(&["check"], "").contains("is sound, of version 5"));
    let database = folder.file("switchboard.db");
    let mut bytes = fs::read(&database).expect("it is there");
    bytes[4_096..].fill(0xa5);
    fs::write(&database, bytes).expect("it can be written");
    expect_failure(&folder.tool(&["check"], ""), "switchboard.db is damaged");
}

#[test]
fn the_log_of_a_database_that_is_gone_does_not_meet_the_restored_one() {
    let (folder, backups) = (Folder::new(), Folder::new());
    let backup = backups.file("monday.db");
    let backup = backup.to_str().expect("ASCII");
    let mut server = folder.server();
    folder.tells(&["user", "add", "anna"], "correct horse");
    folder.tells(&["backup", backup], "");
    folder.tells(&["user", "add", "late"], "correct horse");
    server.signal(Signal::SIGKILL);
    server.ended();
    let log = folder.file("switchboard.db-wal");
    assert!(fs::metadata(&log).expect("nobody has tidied up").len() > 0);
    fs::remove_file(folder.file("switchboard.db")).expect("it is there");
    folder.tells(&["restore", backup], "");
    assert_eq!(folder.users(), ["anna"]);
    folder.tells(&["check"], "");
}
