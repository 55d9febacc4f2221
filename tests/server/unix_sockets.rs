//! Unix sockets: `--listen unix:PATH`. Their files, who is believed there, and that clients notice no difference.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, io, process, thread};

use nix::sys::signal::Signal;

use crate::harness::{
    ALICE, BOB, CAROL, Server, Wire, binary, eventually, message, passing, unix_stream,
};

/// A folder for sockets, which is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sb-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).expect("nobody has that name");
        Folder(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("http.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command for a server that listens at this path.
fn at(path: &Path, flags: &[&str]) -> Command {
    let mut command = binary();
    command.arg("--listen").arg(format!("unix:{}", path.display())).args(flags);
    command
}

fn start(path: &Path, flags: &[&str]) -> Server {
    Server::spawn(&mut at(path, flags))
}

/// A process that is killed if the test ends before it: a server that starts although it should not.
struct KilledAtTheEnd(Child);

impl Drop for KilledAtTheEnd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asserts that the server does not start, with this line; and returns it.
fn expect_refusal(command: &mut Command, code: i32, words: &str) -> String {
    let mut child = KilledAtTheEnd(command.stderr(Stdio::piped()).spawn().expect("it is built"));
    let status = eventually("it ends", || child.0.try_wait().expect("it is ours"));
    let line = io::read_to_string(child.0.stderr.take().expect("it is piped")).expect("text");
    assert_eq!((status.code(), line.lines().count()), (Some(code), 1), "{line}");
    assert!(line.contains(words), "{line}");
    line
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn clients_chat_over_a_unix_socket_whose_file_is_there_as_long_as_the_server() {
    let folder = Folder::new();
    let path = folder.socket();
    let mut server = start(&path, &[]);
    assert!(fs::metadata(&path).expect("it is there").file_type().is_socket());
    assert_eq!(mode(&path), 0o660);
    let (mut alice, mut bob) = (server.quiet(ALICE), server.quiet(BOB));
    alice.send(message(BOB, "hello"));
    bob.expect(&format!(r#"{{"type":"message","from":"{ALICE}","text":"hello"}}"#));
    // More than the kernel holds for a reader that sleeps.
    let text = "x".repeat(16_000);
    for _ in 0..60 {
        alice.send(message(BOB, &text));
    }
    alice.expect_nothing();
    assert!(server.metrics()["switchboard_messages_in_outboxes"] > 0.0, "the reader is behind");
    server.signal(Signal::SIGTERM);
    for _ in 0..60 {
        bob.expect(&format!(r#"{{"type":"message","from":"{ALICE}","text":"{text}"}}"#));
    }
    bob.expect_goodbye();
    alice.expect_goodbye();
    assert_eq!(server.ended().code(), Some(0));
    assert!(!path.exists(), "the file is removed");
}

#[test]
fn the_file_has_the_permissions_that_the_operator_wants() {
    let folder = Folder::new();
    let path = folder.socket();
    for (given, wanted) in [("0600", 0o600), ("666", 0o666), ("0777", 0o777)] {
        let mut command = at(&path, &[]);
        let _server = Server::spawn(command.env("SWITCHBOARD_SOCKET_MODE", given));
        assert_eq!(mode(&path), wanted);
    }
    expect_refusal(&mut at(&path, &["--socket-mode", "0440"]), 2, "allowed to write");
}

#[test]
fn the_file_of_a_server_that_was_killed_is_replaced() {
    let folder = Folder::new();
    let path = folder.socket();
    let mut killed = start(&path, &[]);
    killed.signal(Signal::SIGKILL);
    killed.ended();
    assert!(path.exists(), "nobody has removed it");
    let server = start(&path, &[]);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_socket_at_which_somebody_listens_is_not_taken_away() {
    let folder = Folder::new();
    let path = folder.socket();
    let server = start(&path, &[]);
    let line = expect_refusal(&mut at(&path, &[]), 1, "another process listens there");
    assert!(line.contains(&format!("cannot listen on unix:{}", path.display())), "{line}");
    assert_eq!(server.get("/health").status, 200);
    drop(server);

    // Its backlog is full, and nobody accepts.
    let busy = UnixListener::bind(&path).expect("a free path");
    socket2::SockRef::from(&busy).listen(0).expect("it listens already");
    let _waiting = unix_stream(&path);
    expect_refusal(&mut at(&path, &[]), 1, "another process listens there");
}

#[test]
fn what_is_no_socket_of_a_dead_server_stays() {
    let folder = Folder::new();
    let path = folder.socket();
    fs::write(&path, "precious").expect("a file");
    expect_refusal(&mut at(&path, &[]), 1, "a file that is no socket is there");
    let check = ["--check-config", "--trusted-proxy", "unix"];
    expect_refusal(&mut at(&path, &check), 2, "a file that is no socket is there");
    assert_eq!(fs::read(&path).expect("it is there"), b"precious");
    let link = folder.0.join("link");
    symlink(&path, &link).expect("a link");
    expect_refusal(&mut at(&link, &[]), 1, "a file that is no socket is there");
    expect_refusal(&mut at(&folder.0, &[]), 1, "a file that is no socket is there");
    assert!(link.exists() && folder.0.is_dir());
    let datagrams = folder.0.join("datagrams");
    let _datagrams = UnixDatagram::bind(&datagrams).expect("a free path");
    expect_refusal(&mut at(&datagrams, &[]), 1, "cannot listen on unix:");
    assert!(datagrams.exists());
    let nowhere = folder.0.join("nowhere/http.sock");
    expect_refusal(&mut at(&nowhere, &[]), 1, "cannot listen on unix:");
    expect_refusal(&mut at(&nowhere, &check), 2, "its folder is not there");
}

#[test]
fn a_file_that_has_replaced_ours_stays_when_the_server_ends() {
    let folder = Folder::new();
    let path = folder.socket();
    let server = start(&path, &[]);
    fs::rename(&path, folder.0.join("old.sock")).expect("it is there");
    let _newer = UnixListener::bind(&path).expect("the path is free");
    let mut wire = Wire::new(unix_stream(&folder.0.join("old.sock")));
    wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.response().status, 200);
    drop(wire);
    drop(server);
    assert!(path.exists(), "it is another server's");
}

/// Which of the servers are running, once all others have ended.
fn survivors(servers: &mut Vec<Child>) -> usize {
    eventually("all but one have ended", || {
        servers.retain_mut(|server| server.try_wait().expect("ours").is_none());
        (servers.len() <= 1).then_some(servers.len())
    })
}

#[test]
fn of_servers_that_start_at_once_where_one_was_killed_exactly_one_serves() {
    let folder = Folder::new();
    let path = folder.socket();
    for _ in 0..5 {
        drop(UnixListener::bind(&path).expect("a free path"));
        let start = || at(&path, &[]).stderr(Stdio::null()).spawn().expect("the binary");
        let mut servers: Vec<Child> = (0..4).map(|_| start()).collect();
        assert_eq!(survivors(&mut servers), 1);
        let mut wire = Wire::new(unix_stream(&path));
        wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n");
        assert_eq!(wire.response().status, 200);
        servers[0].kill().expect("it is ours");
        servers[0].wait().expect("it is ours");
        fs::remove_file(&path).expect("a killed server leaves it");
    }
}

#[test]
fn a_locked_folder_is_said_instead_of_waited_for_for_ever() {
    let folder = Folder::new();
    let handle = fs::File::open(&folder.0).expect("it is there");
    handle.lock().expect("nobody else wants it");
    expect_refusal(&mut at(&folder.socket(), &[]), 1, "keeps its folder locked");
}

/// Opens a WebSocket for a client that the proxy names, and returns the status.
fn knock(server: &Server, mobile: &str, forwarded_for: Option<&str>) -> (u16, Wire) {
    let mut wire = server.wire();
    let more = forwarded_for.map_or(String::new(), |name| format!("X-Forwarded-For: {name}\r\n"));
    wire.send(Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), &more));
    (wire.response().status, wire)
}

#[test]
fn a_trusted_proxy_at_a_unix_socket_names_its_clients() {
    let folder = Folder::new();
    let flags = ["--trusted-proxy", "unix", "--max-connections-per-address", "1"];
    let server = start(&folder.socket(), &flags);
    let (first, _one) = knock(&server, ALICE, Some("203.0.113.7"));
    let (second, _) = knock(&server, BOB, Some("198.51.100.1, 203.0.113.7"));
    let (other, _two) = knock(&server, CAROL, Some("203.0.113.8"));
    // Clients that the proxy does not name share one address.
    let (nameless, _three) = knock(&server, "1000000001", None);
    let (another, _) = knock(&server, "1000000002", None);
    assert_eq!([first, second, other, nameless, another], [101, 503, 101, 101, 503]);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn any_other_peer_of_a_unix_socket_is_a_program_of_this_machine() {
    let folder = Folder::new();
    let server = start(&folder.socket(), &["--max-connections-per-address", "1"]);
    let mut wires = Vec::new();
    for (number, name) in [(ALICE, Some("203.0.113.7")), (BOB, Some("203.0.113.7")), (CAROL, None)]
    {
        let (status, wire) = knock(&server, number, name);
        assert_eq!(status, 101, "the header is not believed, and nobody is locked out");
        wires.push(wire);
    }
    let warned =
        |server: &Server| server.log().iter().any(|line| line.contains("--trusted-proxy unix"));
    eventually("the log says so", || warned(&server).then_some(()));
    drop((wires, server));
    let quiet =
        start(&folder.socket(), &["--trusted-proxy", "unix", "--admin-listen", "127.0.0.1:0"]);
    let _ = quiet.admin_address();
    assert!(!warned(&quiet));
}

#[test]
fn the_operators_pages_may_be_at_a_unix_socket_too() {
    let folder = Folder::new();
    let admin = folder.0.join("admin.sock");
    let server = Server::start(&["--admin-listen", &format!("unix:{}", admin.display())]);
    let says = format!("the operator's pages are at unix:{}", admin.display());
    eventually("the log says where", || {
        server.log().iter().any(|line| line.contains(&says)).then_some(())
    });
    assert_eq!(server.get("/metrics").status, 404);
    let mut operator = Wire::new(unix_stream(&admin));
    operator.send("GET /metrics HTTP/1.1\r\nHost: switchboard\r\n\r\n");
    assert_eq!(operator.response().status, 200);
    drop(operator);
    drop(server);
    assert!(!admin.exists());
    let same = format!("unix:{}", admin.display());
    let words = "they are the same address";
    expect_refusal(binary().args(["--listen", &same, "--admin-listen", &same]), 2, words);
}

#[test]
fn ctl_finds_the_operators_listener_at_its_unix_socket() {
    let folder = Folder::new();
    let (admin, token) = (folder.0.join("admin.sock"), folder.0.join("token"));
    fs::write(&token, "0123456789abcdef0123456789abcdef\n").expect("a file");
    let place = format!("unix:{}", admin.display());
    let token = token.to_str().expect("UTF-8");
    let server = Server::start(&["--admin-listen", &place, "--admin-token-file", token]);
    let mut alice = server.quiet(ALICE);
    let ctl = || {
        let mut command = binary();
        command.env("SWITCHBOARD_ADMIN_LISTEN", &place);
        command.args(["ctl", "--token-file", token, "disconnect", "number", ALICE]);
        command.output().expect("the binary has been built")
    };
    let said = ctl();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "1 connection sent away\n");
    alice.expect_close(4005, "sent away by the operator");
    drop(server);
    let said = ctl();
    let line = String::from_utf8_lossy(&said.stderr);
    assert!(line.contains(&format!("nobody listens at {place}")), "{line}");
}

#[test]
fn a_unix_socket_of_systemd_is_served_and_its_file_stays() {
    let folder = Folder::new();
    let path = folder.socket();
    let listener = UnixListener::bind(&path).expect("a free path");
    let mut first = Server::spawn(&mut passing(listener.try_clone().expect("a descriptor").into()));
    assert_eq!(first.get("/health").status, 200);
    first.signal(Signal::SIGTERM);
    assert!(first.ended().success());
    // A client that comes meanwhile waits for the next process.
    let early = path.clone();
    let early = thread::spawn(move || {
        let mut wire = Wire::new(unix_stream(&early));
        wire.send("GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n");
        wire.response().status
    });
    let _second = Server::spawn(&mut passing(listener.into()));
    assert_eq!(early.join().expect("it is answered"), 200);
    assert!(path.exists(), "it is systemd's");
}
