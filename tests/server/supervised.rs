//! A server under a service manager: what the manager is told, and the listening socket that it keeps.
//!
//! The tests play the manager. [`Manager`] has the socket that NOTIFY_SOCKET names (sd_notify(3)). A
//! [`Door`] is the socket that systemd's socket unit would hold open.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::harness::{
    ALICE, BOB, CLOSE, Door, PATIENCE, Server, TEXT, Wire, again, binary, eventually, frame,
    passing, pause, raise_descriptor_limit,
};

/// The interval of the watchdog, where a test has one, in microseconds.
const WATCHDOG_USEC: &str = "100000";

/// The socket on which a service manager listens.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    /// A manager with a socket at a path.
    fn at_a_path() -> Manager {
        let path = env::temp_dir().join(unique_name());
        let name = path.to_str().expect("it is ASCII").to_owned();
        Manager::new(UnixDatagram::bind(path).expect("nobody has that path"), name)
    }

    /// A manager with a socket whose name is in no file system (unix(7)).
    fn abstract_one() -> Manager {
        let name = unique_name();
        let address = UnixAddress::from_abstract_name(&name).expect("it is short");
        let socket = UnixDatagram::bind_addr(&address).expect("nobody has that name");
        Manager::new(socket, format!("@{name}"))
    }

    fn new(socket: UnixDatagram, name: String) -> Manager {
        socket.set_read_timeout(Some(PATIENCE)).expect("not zero");
        Manager { socket, name }
    }

    /// Starts a server that reports to this manager.
    fn start(&self, flags: &[&str]) -> Server {
        let mut command = binary();
        command.env("NOTIFY_SOCKET", &self.name).env("WATCHDOG_USEC", WATCHDOG_USEC);
        Server::spawn(command.args(["--listen", "127.0.0.1:0"]).args(flags))
    }

    /// Reads the next datagram, and returns its assignments.
    #[track_caller]
    fn hear(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let received = again(|| self.socket.recv(&mut buffer));
        let count = received.expect("the manager is told something");
        let text = String::from_utf8(buffer[..count].to_vec()).expect("ASCII");
        text.lines().map(str::to_owned).collect()
    }

    /// Reads until this assignment arrives.
    #[track_caller]
    fn expect(&self, assignment: &str) {
        while !self.hear().iter().any(|heard| heard == assignment) {}
    }

    /// Drops everything that has arrived so far.
    fn forget(&self) {
        self.socket.set_nonblocking(true).expect("a socket");
        while self.socket.recv(&mut [0; 4096]).is_ok() {}
        self.socket.set_nonblocking(false).expect("a socket");
    }

    /// Whether nothing has arrived.
    fn has_heard_nothing(&self) -> bool {
        self.socket.set_nonblocking(true).expect("a socket");
        let heard = self.socket.recv(&mut [0; 4096]);
        self.socket.set_nonblocking(false).expect("a socket");
        heard.is_err()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if self.name.starts_with('/') {
            // The test may have removed the file already.
            let _ = fs::remove_file(&self.name);
        }
    }
}

fn unique_name() -> String {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    format!("switchboard-test-{}-{}", process::id(), NAMES.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn the_manager_hears_that_it_is_ready_once_it_serves() {
    for manager in [Manager::at_a_path(), Manager::abstract_one()] {
        let server = manager.start(&[]);
        let first = manager.hear();
        assert_eq!(first[..2], ["READY=1", "STATUS=0 connected, 0 messages"]);
        assert_eq!(server.get("/health").status, 200);
    }
}

#[test]
fn nobody_is_told_that_a_server_is_ready_which_cannot_listen() {
    let manager = Manager::abstract_one();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let mut command = binary();
    command.env("NOTIFY_SOCKET", &manager.name).args(["--listen", &address]);
    assert_eq!(command.output().expect("it runs").status.code(), Some(1));
    assert!(manager.has_heard_nothing());
}

#[test]
fn the_manager_hears_how_many_are_connected() {
    let manager = Manager::abstract_one();
    let server = manager.start(&[]);
    let mut alice = server.quiet(ALICE);
    alice.send(format!(r#"{{"type":"message","to":"{BOB}","text":"hi"}}"#));
    manager.expect("STATUS=1 connected, 1 messages");
}

#[test]
fn the_manager_hears_of_the_end_before_it_comes() {
    let manager = Manager::abstract_one();
    let mut server = manager.start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = server.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    server.signal(Signal::SIGTERM);
    let said = loop {
        let said = manager.hear();
        if said.iter().any(|line| line == "STOPPING=1") {
            break said;
        }
    };
    // An hour and five seconds. The manager's own timeout may be shorter.
    assert!(said.contains(&"EXTEND_TIMEOUT_USEC=3610000000".to_owned()), "{said:?}");
    drop(straggler);
    assert!(server.ended().success());
}

#[test]
fn a_watchdog_is_fed_while_nothing_happens_and_while_the_server_drains() {
    let manager = Manager::abstract_one();
    let mut server = manager.start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = server.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    (0..5).for_each(|_| manager.expect("WATCHDOG=1"));
    server.signal(Signal::SIGTERM);
    manager.expect("STOPPING=1");
    (0..5).for_each(|_| manager.expect("WATCHDOG=1"));
    drop(straggler);
    assert!(server.ended().success());
}

#[test]
fn a_watchdog_that_is_meant_for_another_process_is_left_alone() {
    let manager = Manager::abstract_one();
    let mut command = binary();
    command.env("NOTIFY_SOCKET", &manager.name).args(["--listen", "127.0.0.1:0"]);
    command.env("WATCHDOG_USEC", WATCHDOG_USEC).env("WATCHDOG_PID", "1");
    let _server = Server::spawn(&mut command);
    assert_eq!(manager.hear(), ["READY=1", "STATUS=0 connected, 0 messages"]);
    pause(Duration::from_millis(300));
    assert!(manager.has_heard_nothing());
}

/// For the manager a stopped process is the same as a loop that hangs.
#[test]
fn a_loop_that_does_not_turn_feeds_no_watchdog() {
    let manager = Manager::abstract_one();
    let server = manager.start(&[]);
    manager.expect("WATCHDOG=1");
    server.freeze();
    manager.forget();
    pause(Duration::from_millis(300));
    assert!(manager.has_heard_nothing());
    server.thaw();
    manager.expect("WATCHDOG=1");
}

#[test]
fn a_manager_that_does_not_listen_stalls_nobody_and_hears_it_later() {
    let manager = Manager::at_a_path();
    let flood = UnixDatagram::unbound().expect("a socket");
    flood.set_nonblocking(true).expect("a socket");
    while flood.send_to(b"X=1", &manager.name).is_ok() {}

    let server = manager.start(&[]);
    server.quiet(ALICE).expect_nothing();
    manager.expect("READY=1");
}

#[test]
fn a_manager_that_is_gone_stalls_nobody_and_hears_of_it_when_it_is_back() {
    let manager = Manager::at_a_path();
    let server = manager.start(&[]);
    manager.expect("READY=1");
    let path = PathBuf::from(&manager.name);
    drop(manager);
    server.quiet(ALICE).expect_nothing();

    let socket = UnixDatagram::bind(&path).expect("the path is free again");
    Manager::new(socket, path.to_str().expect("ASCII").to_owned()).expect("WATCHDOG=1");
}

#[test]
fn a_passed_socket_goes_before_every_other_address() {
    let door = Door::open();
    let server = door.start(&["--listen", "127.0.0.1:1"]);
    assert_eq!(server.address(), door.address());
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_socket_that_is_called_admin_is_the_operators() {
    const BECOME_IT: &str = r#"exec 3<&0 4<&1 </dev/null >&2; LISTEN_PID=$$ exec "$0""#;
    let (public, admin) = (Door::open(), Door::open());
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", "switchboard.socket:admin");
    command.args(["-c", BECOME_IT, env!("CARGO_BIN_EXE_switchboard")]);
    command.stdin(public.descriptor());
    command.stdout(admin.descriptor());
    let server = Server::spawn(&mut command);
    assert_eq!(server.address(), public.address());
    assert_eq!(server.get("/metrics").status, 404);
    let mut operator = Wire::to(admin.address());
    operator.send("GET /metrics HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(operator.response().status, 200);
}

#[test]
fn a_socket_that_cannot_be_served_is_one_clear_line_and_exit_code_1() {
    let door = Door::open();
    let connected = TcpStream::connect(door.address()).expect("it listens");
    let datagrams = UnixDatagram::unbound().expect("a socket");
    let mut two = passing(door.descriptor());
    two.env("LISTEN_FDS", "2");
    for mut command in [passing(connected.into()), passing(datagrams.into()), two] {
        let output = command.output().expect("it runs");
        let line = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(line.starts_with("switchboard: the socket that systemd passed: "), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[test]
fn a_client_that_comes_while_the_server_ends_waits_for_the_next_one() {
    let door = Door::open();
    let mut first = door.start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = first.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    first.signal(Signal::SIGTERM);
    straggler.expect_goodbye();

    let mut early = Wire::to(door.address());
    early.send(Wire::upgrade_request(&format!("/ws/{BOB}?presence=none"), ""));
    drop(straggler);
    assert!(first.ended().success());
    assert!(!early.has_something_to_read(), "nobody has answered yet");
    let second = door.start(&[]);
    early.expect_switch();
    drop(early);
    drop(second);
}

#[test]
fn a_client_that_has_just_come_in_is_not_turned_away() {
    let door = Door::open();
    let mut server = door.start(&[]);
    let mut early = server.wire();
    eventually("the client is accepted", || {
        (server.metrics()["switchboard_connections"] == 2.0).then_some(())
    });
    // When the server goes on, the request and the signal are both there. It may see either one first.
    server.freeze();
    early.send(Wire::upgrade_request(&format!("/ws/{BOB}?presence=none"), ""));
    server.signal(Signal::SIGTERM);
    server.thaw();
    early.expect_switch();
    early.expect_goodbye();
    drop(early);
    assert!(server.ended().success());
}

#[test]
fn a_client_that_has_come_in_and_says_nothing_does_not_hold_up_the_end() {
    let door = Door::open();
    let mut server = door.start(&[]);
    let _silent = server.wire();
    eventually("the client is accepted", || {
        (server.metrics()["switchboard_connections"] == 2.0).then_some(())
    });
    server.signal(Signal::SIGTERM);
    assert!(server.ended().success());
}

#[test]
fn a_second_signal_does_not_wait_for_those_who_have_just_come_in() {
    let door = Door::open();
    let mut server = door.start(&["--close-timeout", "1h", "--drain-timeout", "1h"]);
    let mut straggler = server.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    server.signal(Signal::SIGTERM);
    straggler.expect_goodbye();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(143));
}

#[test]
fn a_restart_refuses_nobody_and_loses_nobody() {
    const CLIENTS: usize = 8;
    const RESTARTS: usize = 4;
    let door = Door::open();
    let (is_over, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    let last = thread::scope(|scope| {
        for n in 0..CLIENTS {
            let (address, is_over, visits) = (door.address(), &is_over, &visits);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    visit(address, &format!("100000000{n}"));
                    visits.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..RESTARTS {
            let mut server = door.start(&[]);
            let before = visits.load(Ordering::Relaxed);
            eventually("it is busy", || {
                (visits.load(Ordering::Relaxed) > before + 3 * CLIENTS).then_some(())
            });
            server.signal(Signal::SIGTERM);
            assert!(server.ended().success());
        }
        is_over.store(true, Ordering::Relaxed);
        // This server serves the clients in the backlog, before the scope ends.
        door.start(&[])
    });
    drop(last);
}

/// A crash loses the connections that were open, and no client that comes back.
#[test]
fn a_crowd_that_comes_back_after_a_crash_waits_for_the_next_server() {
    const CROWD: usize = 500;
    raise_descriptor_limit();
    let door = Door::open();
    let mut first = door.start(&[]);
    let path = |n| format!("/ws/1000000{n:03}?presence=none");
    let visit = |n| {
        let mut wire = first.wire();
        wire.upgrade(&path(n));
        wire
    };
    let crowd: Vec<Wire> = (0..CROWD).map(visit).collect();
    first.signal(Signal::SIGKILL);
    assert_eq!(first.ended().code(), None);
    drop(crowd);

    let mut crowd: Vec<Wire> = (0..CROWD).map(|_| Wire::to(door.address())).collect();
    for (n, wire) in crowd.iter_mut().enumerate() {
        wire.send(Wire::upgrade_request(&path(n), ""));
    }
    let second = door.start(&[]);
    crowd.iter_mut().for_each(Wire::expect_switch);
    assert_eq!(second.connections(), CROWD as u64);
    // Without this, the drain at the end would wait for their answers.
    drop(crowd);
}

/// Connects, is accepted, and leaves by itself, or because the server drains. Anything else is a failure.
fn visit(address: SocketAddr, mobile: &str) {
    let mut wire = Wire::to(address);
    wire.upgrade(&format!("/ws/{mobile}?presence=none"));
    wire.send(frame(TEXT, r#"{"type":"ping"}"#));
    match wire.frame() {
        (TEXT, pong) => assert_eq!(pong, br#"{"type":"pong"}"#),
        (opcode, payload) => {
            assert_eq!((opcode, &payload[..2]), (CLOSE, &1001u16.to_be_bytes()[..]))
        }
    }
    wire.try_send(frame(CLOSE, 1000u16.to_be_bytes()));
    wire.drain();
}

#[test]
fn the_manager_hears_when_a_reload_begins_and_when_it_is_over() {
    let manager = Manager::abstract_one();
    let server = manager.start(&[]);
    manager.expect("READY=1");
    for _ in 0..3 {
        server.signal(Signal::SIGHUP);
        let begun = loop {
            let heard = manager.hear();
            if heard[0] == "RELOADING=1" {
                break heard;
            }
        };
        let micros = begun[1].strip_prefix("MONOTONIC_USEC=").and_then(|usec| usec.parse().ok());
        assert!(micros.is_some_and(|usec: u64| usec > 0), "{begun:?}");
        manager.expect("READY=1");
    }
}
