//! Signals: the server expects each of them, and only those that are meant to end it lose a client. The
//! table in `systemd/README.md` says the same.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, process, thread};

use nix::fcntl::OFlag;
use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{SigSet, Signal};

use crate::harness::{ALICE, BOB, Phone, Server, binary, eventually, frame, message, pause};

/// The signals that drain the server.
const ENDS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT];

/// The numbers of the signals that are logged and otherwise ignored. The real-time signals, 34 to 64,
/// have no names. The C library uses 32 and 33 itself.
fn taken() -> Vec<u32> {
    use Signal::{SIGALRM, SIGHUP, SIGIO, SIGPROF, SIGPWR, SIGSTKFLT, SIGUSR2, SIGVTALRM, SIGXCPU};
    [SIGHUP, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU]
        .map(|signal| signal as u32)
        .into_iter()
        .chain(34..=64)
        .collect()
}

/// The numbers of the signals without any effect, and without a line in the log.
fn unnoticed() -> Vec<u32> {
    use Signal::{SIGCHLD, SIGCONT, SIGPIPE, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGXFSZ};
    [SIGCHLD, SIGCONT, SIGPIPE, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGXFSZ]
        .map(|signal| signal as u32)
        .to_vec()
}

/// Sends a signal by its number, because not every signal has a name.
fn send(pid: u32, number: u32) {
    let kill = format!("kill -{number} {pid}");
    let status = Command::new("/bin/sh").args(["-c", &kill]).status().expect("there is a shell");
    assert!(status.success(), "{kill}");
}

/// Asserts that the log mentions the signal, with this word, `count` times.
#[track_caller]
fn expect_word(server: &Server, number: u32, word: &str, count: usize) {
    let wanted = format!("signal {number}: {word}");
    eventually(&wanted, || {
        let log = server.log();
        (log.iter().filter(|line| line.contains(&wanted)).count() == count).then_some(())
    });
}

#[track_caller]
fn expect_taken(server: &Server, number: u32, count: usize) {
    // SIGHUP means something. `reload` has tests of what it means.
    let is_hangup = number == Signal::SIGHUP as u32;
    expect_word(server, number, if is_hangup { "" } else { "it means nothing here" }, count);
}

#[track_caller]
fn expect_pong(phone: &mut Phone) {
    phone.send(r#"{"type":"ping"}"#);
    phone.expect(r#"{"type":"pong"}"#);
}

/// A set of signals as the kernel shows it (proc(5), status): bit 0 is signal 1.
fn signal_set(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let set = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
    u64::from_str_radix(set.expect("every process has one"), 16).expect("it is hexadecimal")
}

/// Pitfall 21: a handler may interrupt any code, and exec(2) resets it. A mask does neither.
#[test]
fn signals_are_blocked_and_nothing_handles_them() {
    let server = Server::start(&[]);
    let (blocked, handled) = (signal_set(&server, "SigBlk"), signal_set(&server, "SigCgt"));
    let named = ENDS.into_iter().chain([Signal::SIGUSR1]).map(|signal| signal as u32);
    for number in named.chain(taken()) {
        let bit = 1 << (number - 1);
        assert_eq!((blocked & bit, handled & bit), (bit, 0), "{number}");
    }
}

#[test]
fn a_signal_that_means_nothing_loses_nobody() {
    let server = Server::start(&[]);
    let mut phone = server.quiet(ALICE);
    for number in taken() {
        send(server.pid(), number);
        expect_taken(&server, number, 1);
        expect_pong(&mut phone);
    }
    eventually("the reload is over", || {
        server.log().iter().any(|line| line.contains("reloaded: ")).then_some(())
    });
    let lines = server.log().len();
    for number in unnoticed() {
        send(server.pid(), number);
        expect_pong(&mut phone);
    }
    assert_eq!(server.log().len(), lines, "{:?}", server.log());
}

#[test]
fn no_other_signal_ends_a_drain_or_counts_as_a_second_one() {
    let mut server = Server::start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = server.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    server.signal(Signal::SIGTERM);
    straggler.expect_goodbye();
    for number in taken() {
        send(server.pid(), number);
        expect_taken(&server, number, 1);
    }
    server.signal(Signal::SIGUSR1);
    eventually("the trace is answered", || {
        server.log().iter().any(|line| line.contains("no trace is written")).then_some(())
    });
    let lines = server.log().len();
    for number in unnoticed() {
        send(server.pid(), number);
        assert_eq!(server.get("/health").status, 503, "it drains, and answers");
    }
    assert_eq!(server.log().len(), lines, "{:?}", server.log());
    straggler.send(frame(8, [3, 233]));
    straggler.finish_writing();
    assert_eq!(server.ended().code(), Some(0));
}

/// Starts a server, which waits at its start for its token. Calls `meanwhile` with the server's process
/// id, and writes the token after that.
fn starting(test: &str, meanwhile: impl FnOnce(u32)) -> process::Child {
    let (server, mut pipe) = hanging(test);
    meanwhile(server.id());
    // If the server has not survived the signal, the next assertion says so.
    let _ = pipe.write_all(b"secret");
    server
}

/// Starts a server, which waits at its start for its token, and returns the pipe that it reads.
fn hanging(test: &str) -> (process::Child, fs::File) {
    let token = env::temp_dir().join(format!("switchboard-token-{test}-{}", process::id()));
    let made = Command::new("mkfifo").arg(&token).status().expect("coreutils are installed");
    assert!(made.success());
    let mut command = binary();
    command.args(["--listen", "127.0.0.1:0", "--admin-token-file"]).arg(&token);
    let server = command.stderr(Stdio::piped()).spawn().expect("the binary has been built");
    // Opening the pipe succeeds once the server has opened it to read its token (fifo(7)). Then the
    // server waits for the token.
    let pipe = eventually("the server reads its token", || {
        OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&token).ok()
    });
    fs::remove_file(&token).expect("it is there");
    (server, pipe)
}

/// A name server that does not answer, or a file that cannot be read, must not keep the server from ending.
#[test]
fn a_start_that_hangs_ends_with_a_signal_that_ends_the_server() {
    for signal in ENDS {
        let (mut server, pipe) = hanging("hang");
        let has_ended = |server: &mut process::Child| server.try_wait().expect("it is our child");
        taken().into_iter().for_each(|number| send(server.id(), number));
        pause(Duration::from_millis(100));
        assert!(has_ended(&mut server).is_none(), "no other signal ends it");
        send(server.id(), signal as u32);
        let status = eventually("the server ends", || has_ended(&mut server));
        assert_eq!((status.signal(), status.code()), (None, Some(0)), "{signal}");
        drop(pipe);
    }
}

/// Pitfall 21: a signal may also arrive between the server's first instruction and its first turn.
#[test]
fn a_signal_that_comes_while_the_server_starts_is_obeyed_once_it_runs() {
    for signal in ENDS {
        let mut server = starting("end", |pid| send(pid, signal as u32));
        let status = eventually("the server ends", || server.try_wait().expect("it is our child"));
        assert_eq!((status.signal(), status.code()), (None, Some(0)), "{signal}");
    }
}

/// Standard signals are not queued, but two different ones are two.
#[test]
fn two_signals_that_come_while_the_server_starts_end_it_without_a_drain() {
    let mut server = starting("twice", |pid| {
        send(pid, Signal::SIGINT as u32);
        send(pid, Signal::SIGTERM as u32);
    });
    let status = eventually("the server ends", || server.try_wait().expect("it is our child"));
    assert_eq!((status.signal(), status.code()), (None, Some(143)));
}

#[test]
fn a_signal_that_means_nothing_does_not_keep_the_server_from_starting() {
    let trace = Signal::SIGUSR1 as u32;
    let all = || taken().into_iter().chain(unnoticed()).chain([trace]);
    let mut server = starting("start", |pid| all().for_each(|number| send(pid, number)));
    let mut lines = BufReader::new(server.stderr.take().expect("it is piped")).lines();
    let mut says = |what: &str| {
        lines.by_ref().map_while(Result::ok).find(|line| line.contains(what)).expect(what)
    };
    says("listening on ");
    says("signal 1: reloading");
    says("no trace is written");
    send(server.id(), Signal::SIGTERM as u32);
    says("signal 15: draining");
    let status = eventually("the server ends", || server.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(0));
}

/// When a terminal is gone, the kernel sends SIGHUP to the leader of its session (tty_ioctl(4)). From
/// then on every write to the terminal fails.
#[test]
fn a_terminal_that_is_closed_loses_nobody() {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let pty = posix_openpt(flags).expect("there are pseudoterminals");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("it is ours");
    let terminal = ptsname_r(&pty).expect("it has a name");
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(O_NOCTTY);
    let end = || Stdio::from(options.open(&terminal).expect("it is unlocked"));
    let mut command = Command::new("setsid");
    command.env_clear().args(["--ctty", env!("CARGO_BIN_EXE_switchboard")]);
    command.args(["--listen", "127.0.0.1:0"]).stdin(end()).stdout(end()).stderr(end());
    let mut server = Server::spawn_mute(&mut command);
    drop(command);
    let mut phone = server.quiet(ALICE);
    expect_pong(&mut phone);
    drop(pty);
    eventually("the terminal is gone", || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid())).ok()?;
        // The seventh field is the terminal (proc(5), stat). The second field ends with a bracket.
        (stat.rsplit_once(") ")?.1.split(' ').nth(4) == Some("0")).then_some(())
    });
    expect_pong(&mut phone);
    server.signal(Signal::SIGHUP);
    expect_pong(&mut phone);
    server.signal(Signal::SIGTERM);
    phone.expect_goodbye();
    assert_eq!(server.ended().code(), Some(0));
}

/// nohup(1) lets its child ignore SIGHUP. A shell lets a background job ignore SIGINT and SIGQUIT.
#[test]
fn what_a_parent_ignored_is_heard_all_the_same() {
    for signal in ENDS {
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().args(["-c", r#"trap '' HUP INT QUIT TERM; exec "$0" "$@""#]);
        shell.args([env!("CARGO_BIN_EXE_switchboard"), "--listen", "127.0.0.1:0"]);
        let mut server = Server::spawn(&mut shell);
        server.signal(Signal::SIGHUP);
        expect_taken(&server, 1, 1);
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0));
    }
}

#[test]
fn what_a_parent_blocked_is_heard_all_the_same() {
    // A mask belongs to a thread, and a process that the thread starts inherits it.
    let blocked = thread::spawn(|| {
        SigSet::all().thread_block().expect("a thread may");
        Server::start(&[])
    });
    let mut server = blocked.join().expect("it starts");
    server.signal(Signal::SIGHUP);
    expect_taken(&server, 1, 1);
    let blocked = signal_set(&server, "SigBlk");
    for signal in [Signal::SIGABRT, Signal::SIGTSTP, Signal::SIGSEGV] {
        assert_eq!(blocked & (1 << (signal as u32 - 1)), 0, "{signal}: as it is by default");
    }
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
}

/// A person presses Ctrl-Z, and enters `fg` a while later.
#[test]
fn a_server_that_is_stopped_by_its_terminal_and_continued_evicts_nobody() {
    // The server needs a process group of its own, with its parent in another group. Only there the
    // signal stops a process (signal(7)).
    let flags = ["--listen", "127.0.0.1:0", "--ping-timeout", "1s", "--sweep-interval", "100ms"];
    let server = Server::spawn(binary().args(flags).process_group(0));
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    expect_pong(&mut alice);
    expect_pong(&mut bob);
    server.signal(Signal::SIGTSTP);
    eventually("it is stopped", || server.is_stopped().then_some(()));
    alice.send(message(BOB, "still there?"));
    bob.send(message(ALICE, "so far"));
    pause(Duration::from_millis(1_500));
    server.thaw();
    bob.expect_message(ALICE, "still there?");
    alice.expect_message(BOB, "so far");
    // A background job is not stopped when it writes to its terminal.
    for signal in [Signal::SIGTTOU, Signal::SIGTTIN] {
        server.signal(signal);
        expect_pong(&mut alice);
        assert!(!server.is_stopped());
    }
}

#[test]
fn what_says_that_the_process_is_broken_ends_it_at_once() {
    use Signal::{SIGABRT, SIGFPE, SIGILL, SIGKILL, SIGSYS, SIGTRAP};
    for signal in [SIGABRT, SIGFPE, SIGILL, SIGKILL, SIGSYS, SIGTRAP] {
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().args(["-c", r#"ulimit -c 0; exec "$0" "$@""#]);
        shell.args([env!("CARGO_BIN_EXE_switchboard"), "--listen", "127.0.0.1:0"]);
        let mut server = Server::spawn(&mut shell);
        server.signal(signal);
        assert_eq!(server.ended().signal(), Some(signal as i32));
    }
}

#[test]
fn the_documents_say_what_every_signal_does() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/README.md");
    let page = fs::read_to_string(page).expect("it is there");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `SIG")).collect();
    for signal in Signal::iterator() {
        let name = format!("`{signal}`");
        let first_cells = rows.iter().filter_map(|row| row.split('|').nth(1));
        assert_eq!(first_cells.filter(|cell| cell.contains(&name)).count(), 1, "{signal}");
    }
}
