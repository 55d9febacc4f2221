//! SIGUSR1 writes the flight recorder's trace to a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;

use crate::harness::{ALICE, BOB, Server, binary, eventually, message};

/// A folder for one test. It is removed with its content.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = env::temp_dir().join(format!("switchboard-{name}-{}", process::id()));
        fs::create_dir(&path).expect("nobody has that name");
        Folder(path)
    }

    /// Starts a server that writes its traces to this name in the folder.
    fn server(&self, name: &str) -> (Server, PathBuf) {
        let path = self.0.join(name);
        let server = Server::start(&["--trace-file", path.to_str().expect("it is ASCII")]);
        (server, path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("it is there"))).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A failure here does not matter to the test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits until `count` lines of the log contain `what`.
fn expect_lines(server: &Server, count: usize, what: &str) {
    eventually(what, || {
        let log = server.log();
        (log.iter().filter(|line| line.contains(what)).count() == count).then_some(())
    });
}

fn turns_in(path: &Path) -> usize {
    let text = fs::read_to_string(path).expect("it was written");
    let page: Value = serde_json::from_str(&text).expect("JSON, and all of it");
    let events = page["traceEvents"].as_array().expect("a list");
    events.iter().filter(|event| event["name"] == "turn").count()
}

#[test]
fn a_signal_puts_the_trace_in_the_place_of_the_last_one() {
    let folder = Folder::new("traces");
    let (server, path) = folder.server("trace.json");
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    let mut last = 0;
    for count in 1..=3 {
        for _ in 0..10 {
            alice.send(message(BOB, "hello"));
            bob.expect_message(ALICE, "hello");
        }
        server.signal(Signal::SIGUSR1);
        expect_lines(&server, count, "the trace is in ");
        let turns = turns_in(&path);
        assert!(turns >= last + 10, "{turns} turns after {last}");
        last = turns;
        assert_eq!(folder.names(), ["trace.json"], "nothing is left beside it");
    }
}

/// The signal comes before the server's first turn, while it waits for its token.
#[test]
fn a_trace_is_never_empty() {
    let folder = Folder::new("first-turn");
    let (token, path) = (folder.0.join("token"), folder.0.join("trace.json"));
    mkfifo(&token, Mode::S_IRWXU).expect("nothing is there");
    let mut command = binary();
    command.args(["--listen", "127.0.0.1:0", "--admin-token-file"]).arg(&token);
    command.arg("--trace-file").arg(&path).stderr(Stdio::null());
    let mut server = command.spawn().expect("the binary has been built");
    // Opening the pipe succeeds once the server has opened it to read its token (fifo(7)).
    let mut pipe = eventually("the server reads its token", || {
        OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&token).ok()
    });
    let pid = Pid::from_raw(server.id().try_into().expect("it fits"));
    kill(pid, Signal::SIGUSR1).expect("it runs");
    pipe.write_all(b"secret").expect("it reads");
    drop(pipe);
    eventually("a trace", || path.exists().then_some(()));
    server.kill().and_then(|()| server.wait()).expect("it runs");
    assert!(turns_in(&path) > 0);
}

#[test]
fn a_signal_without_a_file_is_a_line_in_the_log_and_harms_nobody() {
    let server = Server::start(&[]);
    let mut alice = server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    server.signal(Signal::SIGUSR1);
    expect_lines(&server, 1, "there is no --trace-file");
    alice.expect_nothing();
}

#[test]
fn a_trace_that_cannot_be_written_is_a_warning_each_time() {
    let folder = Folder::new("no-folder");
    let (server, _) = folder.server("nowhere/trace.json");
    for count in 1..=2 {
        server.signal(Signal::SIGUSR1);
        expect_lines(&server, count, "the trace could not be written");
    }
    assert!(server.log().iter().any(|line| line.contains("level=warn")));
    assert!(folder.names().is_empty());
}

#[test]
fn a_trace_that_could_not_be_put_in_its_place_leaves_nothing_beside_it() {
    let folder = Folder::new("taken");
    let (server, path) = folder.server("trace.json");
    // A server that is started with a folder in this place refuses to.
    fs::create_dir(path).expect("nothing is there");
    server.signal(Signal::SIGUSR1);
    expect_lines(&server, 1, "the trace could not be written");
    assert_eq!(folder.names(), ["trace.json"]);
}

#[test]
fn a_limit_on_files_is_an_error_like_any_other() {
    let folder = Folder::new("small-files");
    let path = folder.0.join("trace.json");
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().args(["-c", r#"ulimit -f 1; exec "$0" "$@""#]);
    shell.args([env!("CARGO_BIN_EXE_switchboard"), "--listen", "127.0.0.1:0", "--trace-file"]);
    let server = Server::spawn(shell.arg(path));
    for _ in 0..20 {
        server.get("/health");
    }
    server.signal(Signal::SIGUSR1);
    expect_lines(&server, 1, "the trace could not be written");
    server.get("/health");
    assert!(folder.names().is_empty());
}

#[test]
fn a_trace_is_not_written_through_a_link_that_somebody_has_put_there() {
    let folder = Folder::new("links");
    let (server, path) = folder.server("trace.json");
    let precious = folder.0.join("precious");
    fs::write(&precious, "mine").expect("the folder is ours");
    for link in ["trace.json", "trace.json.tmp"] {
        std::os::unix::fs::symlink(&precious, folder.0.join(link)).expect("nothing is there");
    }
    server.signal(Signal::SIGUSR1);
    expect_lines(&server, 1, "the trace is in ");
    assert!(turns_in(&path) > 0);
    assert_eq!(fs::read_to_string(&precious).expect("it is there"), "mine");
    assert_eq!(folder.names(), ["precious", "trace.json"]);
}
