//! The command line: what it refuses, what it explains, and where the server then listens.

use std::io::{self, PipeWriter, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Output};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::harness::{ALICE, Server, binary, eventually};

const FLAGS: &[&str] = &[
    "--listen",
    "--socket-mode",
    "--admin-listen",
    "--ping-timeout",
    "--sweep-interval",
    "--max-connections",
    "--max-message-bytes",
    "--http-head",
    "--outbox-bytes",
    "--outbox-total-bytes",
    "--inbox-total-bytes",
    "--presence-budget",
    "--handshake-timeout",
    "--frame-timeout",
    "--write-timeout",
    "--close-timeout",
    "--drain-timeout",
    "--drain-rate",
    "--allow-origin",
    "--invitation-ttl",
    "--contact-grace",
    "--read-ttl",
    "--max-remembered-sessions",
    "--require-invitation",
    "--max-connections-per-address",
    "--connection-rate-per-address",
    "--trusted-proxy",
    "--proxy-protocol",
    "--message-rate",
    "--byte-rate",
    "--strikes",
    "--replacement-rate",
    "--admin-token-file",
    "--echo",
    "--realms",
    "--auth-key-file",
    "--auth-audience",
    "--pages",
    "--no-web",
    "--bans-file",
    "--check-config",
    "--config",
    "--print-config",
    "--log",
    "--log-format",
    "--slow-turn",
    "--trace-file",
    #[cfg(feature = "accounts")]
    "--data",
    #[cfg(feature = "accounts")]
    "--durability",
    #[cfg(feature = "accounts")]
    "--retention",
    #[cfg(feature = "accounts")]
    "--registration",
    #[cfg(feature = "accounts")]
    "--login-ttl",
    #[cfg(feature = "accounts")]
    "--max-users",
    "--help",
    "--version",
];

fn run(command: &mut Command) -> Output {
    command.output().expect("it runs")
}

/// Asserts that the process ended with this code, and with one line on stderr that mentions `what`.
fn expect_refusal(output: &Output, code: i32, what: &str) {
    let line = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert!(line.starts_with("switchboard: ") && line.contains(what), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_wrong_value_is_one_clear_line_and_exit_code_2() {
    for wrong in [
        ["--listen", "nowhere"],
        ["--ping-timeout", "60"],
        ["--sweep-interval", "0s"],
        ["--max-connections", "0"],
        ["--max-message-bytes", "lots"],
        ["--allow-origin", "null"],
        ["--log", "loud"],
    ] {
        expect_refusal(&run(binary().args(wrong)), 2, wrong[0]);
    }
    expect_refusal(&run(binary().arg("--frobnicate")), 2, "--frobnicate");
    expect_refusal(&run(binary().env("SWITCHBOARD_PING_TIMEOUT", "x")), 2, "--ping-timeout");
    expect_refusal(&run(binary().env("PORT", "http")), 2, "PORT");
}

#[test]
fn help_explains_every_flag() {
    let output = run(binary().arg("--help"));
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).expect("text");
    for flag in FLAGS {
        let entry = help.lines().find(|line| line.split([' ', ',']).any(|word| word == *flag));
        assert!(entry.is_some(), "{flag} is missing");
    }
    let mentioned = help.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    let strangers: Vec<_> =
        mentioned.filter(|w| w.starts_with("--") && w.len() > 2 && !FLAGS.contains(w)).collect();
    assert!(strangers.is_empty(), "not on our list: {strangers:?}");
}

#[test]
fn the_version_is_told() {
    let output = run(binary().arg("--version"));
    let version = format!("switchboard {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), version);
}

#[test]
fn cloud_hosts_say_the_port_and_mean_every_address() {
    let server = Server::spawn(binary().env("PORT", "0"));
    assert!(server.address().ip().is_unspecified());
}

#[test]
fn a_variable_is_as_good_as_a_flag_and_a_flag_goes_first() {
    let mut command = binary();
    command.env("SWITCHBOARD_LISTEN", "127.0.0.1:0").env("SWITCHBOARD_ECHO", "1").env("PORT", "1");
    let server = Server::spawn(&mut command);
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.get("/echo").status, 426);
    let server = Server::spawn(command.args(["--listen", "[::1]:0"]));
    assert!(server.address().is_ipv6());
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn an_address_in_use_is_one_clear_line_and_exit_code_1() {
    let server = Server::start(&[]);
    let address = server.address().to_string();
    expect_refusal(&run(binary().args(["--listen", &address])), 1, &address);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn the_log_says_where_it_listens_and_why_it_ends() {
    // On a busy machine a turn may be slow. That would be another line.
    let mut server = Server::start(&["--slow-turn", "1h"]);
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    let log = eventually("the log is complete", || Some(server.log()).filter(|log| log.len() == 3));
    for (line, message) in
        log[1..].iter().zip(["signal 15: draining", "drained, with 0 connections left"])
    {
        assert!(line.ends_with(&format!(" level=info msg=\"{message}\"")), "{line}");
    }

    let mut server = Server::start(&["--log", "error"]);
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
    assert_eq!(server.log().len(), 1, "{:?}", server.log());
}

#[test]
fn a_closed_stderr_is_no_reason_to_stop() {
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().args(["-c", r#"exec "$0" "$@" 2>&-"#, env!("CARGO_BIN_EXE_switchboard")]);
    let mut server = Server::spawn_mute(shell.args(["--listen", "127.0.0.1:0"]));
    server.quiet(ALICE).expect_nothing();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
}

/// Pitfall 22: the reader of stderr is gone, and a write fails with EPIPE.
#[test]
fn a_stderr_whose_reader_is_gone_is_no_reason_to_stop() {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    let mut server = Server::spawn_mute(binary().args(["--listen", "127.0.0.1:0"]).stderr(writer));
    server.quiet(ALICE).expect_nothing();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_stderr_that_nobody_reads_stalls_nothing() {
    let (_reader, writer) = io::pipe().expect("a pipe");
    fill(&writer);
    let mut server = Server::spawn_mute(binary().args(["--listen", "127.0.0.1:0"]).stderr(writer));
    server.quiet(ALICE).expect_nothing();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
}

/// Fills a pipe until nothing more fits.
fn fill(pipe: &PipeWriter) {
    let mut writer = pipe.try_clone().expect("a descriptor");
    // The last write blocks, until the reader is gone.
    thread::spawn(move || while writer.write_all(&[b'.'; 4096]).is_ok() {});
    eventually("the pipe is full", || {
        let mut polled = [PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)];
        (poll(&mut polled, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
}

#[test]
fn a_server_that_shows_the_operators_pages_beyond_this_machine_warns() {
    let warns = |flags: &[&str]| {
        let mut server = Server::spawn(binary().args(flags));
        // The last line: what the server logs at start came before it.
        server.signal(Signal::SIGTERM);
        server.ended();
        let has = |what: &str| server.log().iter().any(|line| line.contains(what)).then_some(());
        eventually("the server says that it has drained", || has("drained"));
        has("set --admin-listen").is_some()
    };
    assert!(warns(&["--listen", "0.0.0.0:0"]));
    assert!(!warns(&["--listen", "0.0.0.0:0", "--admin-listen", "127.0.0.1:0"]));
    assert!(!warns(&["--listen", "127.0.0.1:0"]));
}
