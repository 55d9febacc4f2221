//! Signals: that there is no moment at which one of them would take the server by surprise.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::{env, process};

use nix::libc::O_NONBLOCK;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Server, binary, eventually};

/// What the server listens to.
const SIGNALS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1];

/// One of the sets of signals that the kernel shows (proc(5), status): bit 0 is signal 1.
fn signal_set(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let set = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    u64::from_str_radix(set.expect("every process has one"), 16).expect("it is hexadecimal")
}

/// Pitfall 21: a handler runs in the middle of anything, and an exec forgets it. A mask does not.
#[test]
fn signals_are_blocked_and_nothing_handles_them() {
    let server = Server::start(&[]);
    let (blocked, handled) = (signal_set(&server, "SigBlk"), signal_set(&server, "SigCgt"));
    for signal in SIGNALS {
        let bit = 1 << (signal as u32 - 1);
        assert_eq!((blocked & bit, handled & bit), (bit, 0), "{signal}");
    }
}

/// Pitfall 21: between its first instruction and its first turn there is time for a signal as well.
#[test]
fn a_signal_that_comes_while_the_server_starts_is_obeyed_once_it_runs() {
    let token = env::temp_dir().join(format!("switchboard-token-{}", process::id()));
    let made = Command::new("mkfifo").arg(&token).status().expect("coreutils are installed");
    assert!(made.success());
    let mut command = binary();
    command.args(["--listen", "127.0.0.1:0", "--admin-token-file"]).arg(&token);
    let mut server = command.stderr(Stdio::null()).spawn().expect("the binary has been built");
    // Nobody can write to it before the server has come to read its token from it (fifo(7)), and
    // then the server waits for that.
    let mut pipe = eventually("the server reads its token", || {
        OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&token).ok()
    });
    fs::remove_file(&token).expect("it is there");
    let pid = Pid::from_raw(server.id().try_into().expect("pids are small"));
    kill(pid, Signal::SIGTERM).expect("it is our child, and not reaped yet");
    // If it has not survived that, then the next assertion says so.
    let _ = pipe.write_all(b"secret");
    drop(pipe);
    let status = eventually("the server ends", || server.try_wait().expect("it is our child"));
    assert_eq!((status.signal(), status.code()), (None, Some(0)));
}
