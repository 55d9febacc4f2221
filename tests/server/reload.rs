//! SIGHUP: the settings file is read again, all of it or nothing, and nobody notices the reading.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::configuration::Temporary;
use crate::harness::{
    ALICE, BOB, CLOSE, Phone, Server, TEXT, Wire, binary, eventually, frame, message,
};

/// A server whose settings are in a file.
struct Reloaded {
    server: Server,
    file: Temporary,
}

impl Reloaded {
    fn start(flags: &[&str], settings: &str) -> Reloaded {
        let file = Temporary::new(settings);
        let flags = [&["--config", file.text()], flags].concat();
        Reloaded { server: Server::start(&flags), file }
    }

    fn lines(&self, words: &str) -> usize {
        self.server.log().iter().filter(|line| line.contains(words)).count()
    }

    /// Sends the signal, and waits until the log has one more line with these words.
    #[track_caller]
    fn reload(&self, words: &str) {
        let before = self.lines(words);
        self.server.signal(Signal::SIGHUP);
        eventually(words, || (self.lines(words) > before).then_some(()));
    }

    /// Writes new settings, and has them read.
    #[track_caller]
    fn settings(&self, text: &str, words: &str) {
        replace(self.file.path(), text);
        self.reload(words);
    }
}

/// Replaces a file as a careful tool does: a reader finds the old text or the new one.
pub(crate) fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).and_then(|()| fs::rename(&beside, path)).expect("they are ours");
}

#[track_caller]
fn expect_pong(phone: &mut Phone) {
    phone.send(r#"{"type":"ping"}"#);
    phone.expect(r#"{"type":"pong"}"#);
}

#[test]
fn new_limits_apply_to_those_who_are_connected_and_to_those_who_come() {
    let world = Reloaded::start(&[], "SWITCHBOARD_STRIKES=1000\n");
    let mut wire = world.server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    wire.send(frame(TEXT, message(BOB, &"x".repeat(1000))));
    assert!(wire.text().contains("undelivered"));
    let text = "SWITCHBOARD_STRIKES=1000\nSWITCHBOARD_MAX_MESSAGE_BYTES=200\nSWITCHBOARD_HTTP_HEAD=1KiB\n\
        SWITCHBOARD_MAX_CONNECTIONS=1\n";
    world.settings(text, "reloaded: --max-message-bytes is 200 (it was 64KiB)");
    let head = format!("GET /health HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "x".repeat(2000));
    assert_eq!(world.server.http(head).status, 431);
    assert_eq!(
        (world.lines("reloaded: --http-head is 1KiB"), world.lines("reloaded: --strikes")),
        (1, 0)
    );
    let mut late = world.server.wire();
    late.send(Wire::upgrade_request(&format!("/ws/{BOB}"), ""));
    assert_eq!(late.response().status, 503, "there is room for one");
    wire.send(frame(TEXT, message(BOB, &"x".repeat(1000))));
    let (opcode, payload) = wire.frame();
    assert_eq!((opcode, &payload[..2]), (CLOSE, &1009_u16.to_be_bytes()[..]));
}

#[test]
fn a_file_with_a_mistake_changes_nothing_and_each_mistake_has_its_line() {
    let world = Reloaded::start(&[], "SWITCHBOARD_HTTP_HEAD=8KiB\n");
    let mut phone = world.server.quiet(ALICE);
    let path = world.file.text();
    world.settings(
        "SWITCHBOARD_HTTP_HEAD=1KiB\nSWITCHBOARD_STRIKES=many\nSWITCHBOARD_LGO=info\n",
        &format!("reload refused: {path}, line 2: SWITCHBOARD_STRIKES: "),
    );
    let head = format!(
        "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: {}\r\n\r\n",
        "x".repeat(2000)
    );
    assert_eq!(world.server.http(&head).status, 200, "the size of a head has not changed");
    assert_eq!(world.lines(&format!("reload refused: {path}, line 3: there is no variable")), 1);
    for (text, words) in [
        ("SWITCHBOARD_OUTBOX_BYTES=512MiB\n", "--outbox-total-bytes and --outbox-bytes: "),
        ("SWITCHBOARD_MAX_CONNECTIONS=99999999\n", "--max-connections 99999999 needs"),
        ("SWITCHBOARD_HTTP_HEAD=1KiB\nSWITCHBOARD_STR", "a line looks like"),
        ("\u{1}\u{2}\0", "it is not a text"),
        ("SWITCHBOARD_ADMIN_TOKEN_FILE=/nowhere/at/all\n", "--admin-token-file /nowhere/at/all"),
        (&"# 345678901234567\n".repeat(4000), "it has more than 65536 bytes"),
    ] {
        world.settings(
            text,
            &format!("reload refused: {}", if words.contains("--") { words } else { "" }),
        );
        eventually(words, || (world.lines(words) > 0).then_some(()));
        expect_pong(&mut phone);
    }
    fs::remove_file(world.file.path()).expect("it is ours");
    world.reload("No such file");
    mkfifo(world.file.path(), Mode::S_IRWXU).expect("it is gone");
    world.reload("it is a pipe or a device");
    assert_eq!(world.lines("reloaded"), 0);
    assert_eq!(world.server.http(&head).status, 200);
    fs::remove_file(world.file.path()).expect("it is ours");
    world.settings("SWITCHBOARD_HTTP_HEAD=1KiB\n", "reloaded: --http-head is 1KiB (it was 8KiB)");
    assert_eq!(world.server.http(&head).status, 431);
    expect_pong(&mut phone);
}

#[test]
fn what_needs_a_restart_is_named_each_time_and_stays() {
    let world = Reloaded::start(&[], "");
    let text = "SWITCHBOARD_LISTEN=127.0.0.1:1\nSWITCHBOARD_LOG_FORMAT=json\n";
    let words = "reload: --listen is still 127.0.0.1:0: 127.0.0.1:1 needs a restart";
    // The flag wins over the file.
    world.settings(text, "SWITCHBOARD_LISTEN has no effect, because --listen sets another value");
    assert_eq!(world.lines(words), 0);
    world.reload("reload: --log-format is still text: json needs a restart");
    world.reload("reloaded: nothing has changed");
    assert_eq!(world.server.get("/health").status, 200);
    assert_eq!(world.lines("has no effect"), 1, "a warning is logged once");
}

/// A line that is lost by mistake must open no door.
#[test]
fn a_reload_that_no_longer_names_what_keeps_people_out_is_refused() {
    let token = Temporary::new("secret\n");
    let bans = Temporary::new(&format!("number {BOB}\n"));
    let rest = "SWITCHBOARD_HTTP_HEAD=8KiB\n";
    let guards = [
        ("admin-token-file", token.text()),
        ("bans-file", bans.text()),
        ("trusted-proxy", "10.0.0.0/8"),
        ("require-invitation", "true"),
    ];
    let line = |(flag, value): &(&str, &str)| {
        format!("SWITCHBOARD_{}={value}\n", flag.to_uppercase().replace('-', "_"))
    };
    let all: String = guards.iter().map(line).collect();
    let world = Reloaded::start(&[], &format!("{all}{rest}"));
    let knock = |mobile: &str| {
        let request = Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), "");
        world.server.http(request).status
    };
    for (flag, value) in &guards {
        let others = guards.iter().filter(|(other, _)| other != flag);
        let text: String = others.map(line).collect();
        // Empty counts as not given.
        let empty = line(&(flag, ""));
        for text in [format!("{text}SWITCHBOARD_HTTP_HEAD=1KiB\n"), format!("{empty}{text}")] {
            let words = format!(
                "reload refused: --{flag} is no longer given (it is {value}): what keeps people out can go only with a restart"
            );
            world.settings(&text, &words);
        }
    }
    let before = world.lines("reload refused: ");
    world.settings("", "reload refused: --bans-file");
    eventually("each has its line", || {
        (world.lines("reload refused: ") == before + guards.len()).then_some(())
    });
    assert_eq!((world.lines("reloaded: "), knock(BOB), knock(ALICE)), (0, 403, 101));
    let metrics = world.server.metrics();
    let counted =
        |result: &str| metrics[&*format!("switchboard_reloads_total{{result=\"{result}\"}}")];
    assert_eq!((counted("done"), counted("refused")), (0.0, 2.0 * guards.len() as f64 + 1.0));
    // Another value is a decision, and so is the default if it is written down.
    let text = all.replace("REQUIRE_INVITATION=true", "REQUIRE_INVITATION=false");
    world.settings(&text, "reloaded: --require-invitation is false (it was true)");
    world.settings(&all.replace("REQUIRE_INVITATION=true\n", "STRIKES=7\n"), "reloaded: --strikes");
}

#[cfg(feature = "auth")]
#[test]
fn a_reload_does_not_end_the_verification_of_numbers() {
    let keys =
        Temporary::new(&format!(r#"{{"kty":"oct","alg":"HS256","k":"{}"}}"#, "A".repeat(43)));
    let key_line = format!("SWITCHBOARD_AUTH_KEY_FILE={}\n", keys.text());
    let world = Reloaded::start(&[], &format!("{key_line}SWITCHBOARD_AUTH_AUDIENCE=chat\n"));
    for (text, flag) in [("", "--auth-key-file"), (&*key_line, "--auth-audience")] {
        world.settings(text, &format!("reload refused: {flag} is no longer given (it is "));
        assert_eq!(
            world.server.http(Wire::upgrade_request(&format!("/ws/{ALICE}"), "")).status,
            401
        );
    }
}

#[test]
fn the_level_of_the_log_and_the_operators_token_can_change() {
    let token = Temporary::new("first\n");
    let world = Reloaded::start(&["--admin-token-file", token.text()], "SWITCHBOARD_LOG=info\n");
    let status = |token: &str| {
        let head = format!(
            "GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        world.server.http(head).text().contains("ann")
    };
    let _ann = world.server.device("ann");
    assert!(status("first") && !status("second"));
    world.server.get("/nothing");
    assert_eq!(world.lines("request refused"), 0);
    replace(token.path(), "second\n");
    world.settings("SWITCHBOARD_LOG=debug\n", "reloaded: the operator's token has changed");
    assert!(!status("first") && status("second"));
    world.server.get("/nothing");
    eventually("debug", || (world.lines("request refused") == 1).then_some(()));
    world.settings("SWITCHBOARD_LOG=error\n", "reloaded: --log is error (it was debug)");
    world.server.get("/nothing");
    assert_eq!(world.lines("request refused"), 1);
    assert!(world.server.log().iter().all(|line| !line.contains("second")), "it is a secret");
}

#[test]
fn a_shorter_time_to_be_silent_holds_for_those_who_are_here() {
    let world = Reloaded::start(&["--handshake-timeout", "2s"], "SWITCHBOARD_CLOSE_TIMEOUT=1h\n");
    let mut phone = world.server.quiet(ALICE);
    world.settings(
        "SWITCHBOARD_PING_TIMEOUT=100ms\nSWITCHBOARD_SWEEP_INTERVAL=50ms\n",
        "reloaded: --ping-timeout is 100ms (it was 60s)",
    );
    // The timer is set already; a frame has it set anew.
    expect_pong(&mut phone);
    let mut newcomer = world.server.quiet(BOB);
    newcomer.expect_close(1001, "nothing was heard for too long");
}

/// SIGHUPs while others wait are one. So the last settings are in effect at the end, and nobody waits.
#[test]
fn a_storm_of_reloads_harms_nobody_and_ends_with_the_last_settings() {
    let world = Reloaded::start(&[], "SWITCHBOARD_STRIKES=1\n");
    let mut phone = world.server.quiet(ALICE);
    for round in 0..100 {
        let broken = if round % 3 == 0 { "SWITCHBOARD_STRIKES=x\n" } else { "" };
        replace(world.file.path(), &format!("{broken}SWITCHBOARD_HTTP_HEAD={}\n", 2000 + round));
        world.server.signal(Signal::SIGHUP);
        expect_pong(&mut phone);
    }
    // A reload that is still to come may read this before its own signal is sent.
    replace(world.file.path(), "SWITCHBOARD_HTTP_HEAD=1KiB\n");
    world.server.signal(Signal::SIGHUP);
    eventually("the last settings", || (world.lines("--http-head is 1KiB") > 0).then_some(()));
    let threads =
        || fs::read_dir(format!("/proc/{}/task", world.server.pid())).expect("it runs").count();
    eventually("one thread is left", || (threads() == 1).then_some(()));
    let head = format!("GET /health HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "x".repeat(1100));
    assert_eq!(world.server.http(head).status, 431);
    expect_pong(&mut phone);
}

#[test]
fn a_server_that_drains_reloads_nothing() {
    let mut world = Reloaded::start(&["--close-timeout", "1h", "--drain-timeout", "1h"], "");
    let mut straggler = world.server.wire();
    straggler.upgrade(&format!("/ws/{ALICE}?presence=none"));
    world.server.signal(Signal::SIGTERM);
    straggler.expect_goodbye();
    world.settings(
        "SWITCHBOARD_STRIKES=7\n",
        "signal 1: nothing is reloaded, the server is about to end",
    );
    straggler.send(frame(CLOSE, [3, 233]));
    straggler.finish_writing();
    assert_eq!(world.server.ended().code(), Some(0));
    assert_eq!(world.lines("reloaded: "), 0);
}

/// The thread that reads must not hold up the end of the process, and a drain may begin meanwhile.
#[test]
fn a_drain_that_begins_during_a_reload_ends_well() {
    for _ in 0..20 {
        let mut world = Reloaded::start(&[], "");
        let mut phone = world.server.quiet(ALICE);
        world.server.signal(Signal::SIGHUP);
        world.server.signal(Signal::SIGTERM);
        phone.expect_goodbye();
        assert_eq!(world.server.ended().code(), Some(0));
    }
}

#[test]
fn a_token_that_came_through_a_pipe_stays() {
    let file = Temporary::new("");
    fs::remove_file(file.path()).expect("it is ours");
    mkfifo(file.path(), Mode::S_IRWXU).expect("it is gone");
    let mut command: Command = binary();
    command.args(["--listen", "127.0.0.1:0", "--admin-token-file", file.text()]);
    let path = file.path().to_owned();
    let writer = thread::spawn(move || fs::write(path, "secret"));
    let server = Server::spawn(&mut command);
    writer.join().expect("it ends").expect("the server reads it");
    server.signal(Signal::SIGHUP);
    eventually("the reload is over", || {
        server.log().iter().any(|line| line.contains("reloaded: nothing has changed")).then_some(())
    });
    let head = "GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n";
    assert_eq!(server.http(head).status, 200);
}
