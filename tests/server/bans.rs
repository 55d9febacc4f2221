//! `--bans-file`: who is in it is refused at the door, and those who are connected are closed with 4003 at the reload.
//! The account realm's users have their test in `accounts/banned.rs`.

use std::fs;
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_millis;
use nix::sys::signal::Signal;

use crate::configuration::Temporary;
use crate::harness::{ALICE, BOB, CLOSE, Server, Wire, binary, eventually};
use crate::reload::replace;

/// The detail of the answer 403, and the reason of close code 4003.
pub(crate) const BANNED: &str = "you are banned from this server";

/// A server whose bans are in a file.
pub(crate) struct Banning {
    pub(crate) server: Server,
    file: Temporary,
}

impl Banning {
    fn start(bans: &str) -> Banning {
        Banning::start_with(bans, &[])
    }

    pub(crate) fn start_with(bans: &str, flags: &[&str]) -> Banning {
        let file = Temporary::new(bans);
        let server = Server::start(&[&["--bans-file", file.text()], flags].concat());
        Banning { server, file }
    }

    fn lines(&self, words: &str) -> usize {
        self.server.log().iter().filter(|line| line.contains(words)).count()
    }

    /// Writes the file anew, and waits until the log has one more line with these words.
    #[track_caller]
    fn reload(&self, bans: &str, words: &str) {
        let before = self.lines(words);
        replace(self.file.path(), bans);
        self.server.signal(Signal::SIGHUP);
        eventually(words, || (self.lines(words) > before).then_some(()));
    }

    /// Writes the file anew, with this number of bans.
    #[track_caller]
    pub(crate) fn ban(&self, bans: &str, count: usize) {
        let words = match count {
            1 => "reloaded: there is 1 ban".to_owned(),
            count => format!("reloaded: there are {count} bans"),
        };
        self.reload(bans, &words);
    }

    /// Asks for a WebSocket, and returns the status.
    fn knock(&self, mobile: &str, more: &str) -> u16 {
        let mut wire = self.server.wire();
        wire.send(Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), more));
        wire.response().status
    }
}

#[test]
fn a_banned_number_is_refused_at_the_door_and_closed_if_it_is_connected() {
    let world = Banning::start(&format!("number {ALICE} # called names\n"));
    let mut wire = world.server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws/{ALICE}"), ""));
    let answer = wire.response();
    answer.expect_error(403, BANNED);
    assert_eq!(answer.header("Retry-After"), None, "there is no point in trying again");
    let mut bob = world.server.connect(BOB);
    bob.expect_online(&[BOB]);
    world.ban(&format!("number {BOB}\n"), 1);
    bob.expect_close(4003, BANNED);
    let mut alice = world.server.connect(ALICE);
    alice.expect_online(&[ALICE]);
    assert_eq!(world.knock(BOB, ""), 403);
    world.ban("", 0);
    let mut bob = world.server.connect(BOB);
    bob.expect_online(&[ALICE, BOB]);
    alice.until_online(&[ALICE, BOB]);
    let counted = world.server.metrics()["switchboard_upgrades_refused_total{reason=\"banned\"}"];
    assert!((counted - 2.0).abs() < f64::EPSILON, "{counted}");
    let log = world.server.log();
    assert!(log.iter().all(|line| !line.contains(BOB) && !line.contains("names")), "{log:#?}");
}

#[test]
fn a_banned_id_is_refused_when_it_signs_in_and_closed_if_it_is_connected() {
    let world = Banning::start("session ann\nsession \"two words\"\n");
    for id in ["ann", "two words"] {
        let mut device = world.server.stranger("/ws");
        device.say("auth", &serde_json::json!({ "sessionId": id }));
        assert_eq!(device.expect_error(), BANNED);
        device.expect_close(4003);
    }
    let (mut bob, mut carol) = (world.server.device("bob"), world.server.device("carol"));
    let mut bobs_other = world.server.device("bob");
    world.ban("session bob\n", 1);
    bob.expect_close(4003);
    bobs_other.expect_close(4003);
    carol.expect_nothing();
    world.server.device("ann").expect_nothing();
}

#[test]
fn a_banned_address_is_turned_away_before_its_request_is_read() {
    let world = Banning::start("address 127.0.0.2\n");
    world.server.wire_from([127, 0, 0, 2]).response().expect_error(403, BANNED);
    let mut inside = world.server.wire_from([127, 0, 0, 3]);
    inside.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut waiting = world.server.wire_from([127, 0, 0, 3]);
    waiting.send("GET /health HTTP/1.1\r\n");
    let mut phone = world.server.quiet(BOB);
    world.ban("address 127.0.0.3\naddress 2001:db8::/32\n", 2);
    inside.expect_close(4003, BANNED);
    waiting.expect_end();
    phone.expect_nothing();
    world.server.wire_from([127, 0, 0, 3]).response().expect_error(403, BANNED);
    let mut free = world.server.wire_from([127, 0, 0, 2]);
    free.upgrade(&format!("/ws/{ALICE}?presence=none"));
}

/// Behind a proxy it is the client's address that counts, and never the proxy's.
#[test]
fn behind_a_proxy_the_clients_address_is_banned_and_nobody_elses() {
    let bans = "address 203.0.113.0/24\naddress 2001:db8:7::/48\n";
    let world = Banning::start_with(bans, &["--trusted-proxy", "127.0.0.1"]);
    let from = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    for (address, status) in [
        ("203.0.113.77", 403),
        ("203.0.114.77", 101),
        ("2001:db8:7:1::9", 403),
        ("2001:db8:8:1::9", 101),
        ("203.0.113.1, 198.51.100.1", 101),
    ] {
        assert_eq!(world.knock(ALICE, &from(address)), status, "{address}");
    }
    let mut wire = world.server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws/{BOB}?presence=none"), &from("198.51.100.7")));
    assert_eq!(wire.response().status, 101);
    let mut other = world.server.wire();
    other.send(Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), &from("198.51.100.8")));
    assert_eq!(other.response().status, 101);
    // The proxy's own address is not its clients'.
    world.ban("address 198.51.100.7\naddress 127.0.0.1\n", 2);
    let (opcode, payload) = wire.frame();
    assert_eq!((opcode, &payload[..2]), (CLOSE, &4003_u16.to_be_bytes()[..]));
    assert!(!other.has_something_to_read());
    assert_eq!(world.knock(ALICE, &from("198.51.100.9")), 101);
}

#[test]
fn a_ban_ends_by_the_clock() {
    let at = |ahead: u64| {
        #[expect(clippy::disallowed_methods, reason = "the server reads this clock")]
        let now = SystemTime::now();
        format_rfc3339_millis(now + Duration::from_millis(ahead)).to_string()
    };
    let world = Banning::start(&format!(
        "number {ALICE} until=2020-01-01\nnumber {BOB} until={}\n",
        at(1500)
    ));
    assert_eq!(world.knock(ALICE, ""), 101);
    assert_eq!(world.knock(BOB, ""), 403);
    eventually("the ban is over", || (world.knock(BOB, "") == 101).then_some(()));
}

#[test]
fn a_file_with_a_mistake_keeps_a_server_from_starting_and_changes_nothing_in_one_that_runs() {
    let wrong = format!("number {BOB}\nnumber 123\npeople all\n");
    let file = Temporary::new(&wrong);
    for flag in ["--check-config", "--no-web"] {
        let mut command = binary();
        command.args(["--listen", "127.0.0.1:0", "--bans-file", file.text(), flag]);
        let output = command.output().expect("it ends by itself");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 2), "{said}");
        assert!(said.contains(&format!("switchboard: {}, line 2: a mobile number", file.text())));
        assert!(said.contains("line 3: a ban begins with one of number, session"), "{said}");
    }
    let world = Banning::start(&format!("number {ALICE}\n"));
    let refused = "reload refused: ";
    world.reload(&wrong, &format!("{refused}{}, line 2: ", world.file.text()));
    let many: String = (0..1_000_000).map(|n| format!("number {n:010}\n")).collect();
    for (text, words) in [
        (many.as_str(), "it has more than 16777216 bytes"),
        (&many[..18 * 200_000], "line 100001: there are 100000 bans"),
        ("\0\0", "it is not a text"),
        (&"x\n".repeat(1000), "980 more lines are wrong"),
    ] {
        world.reload(text, words);
    }
    fs::remove_file(world.file.path()).expect("it is ours");
    world.server.signal(Signal::SIGHUP);
    eventually("it is gone", || (world.lines("No such file") == 1).then_some(()));
    assert_eq!((world.knock(ALICE, ""), world.knock(BOB, "")), (403, 101));
    assert_eq!(world.lines("reloaded: "), 0);
}

/// 100,000 lines are read beside the loop, and 600 connections are looked at in slices.
#[test]
fn as_many_bans_as_may_be_hold_nobody_up_and_find_everybody() {
    let world = Banning::start("");
    let mut crowd: Vec<Wire> = (0..600)
        .map(|n| {
            let mut wire = world.server.wire();
            wire.upgrade(&format!("/ws/{:010}?presence=none", 2 * n));
            wire
        })
        .collect();
    let mut phone = world.server.quiet("0000000001");
    let bans: String = (0..100_000).map(|n| format!("number {:010} # why\n", 2 * n)).collect();
    world.ban(&bans, 100_000);
    for wire in &mut crowd {
        wire.expect_close(4003, BANNED);
    }
    phone.send(r#"{"type":"ping"}"#);
    phone.expect(r#"{"type":"pong"}"#);
    assert_eq!(world.knock("0000199998", ""), 403);
    assert_eq!(world.knock("0000199999", ""), 101);
}
