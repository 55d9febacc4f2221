//! Several servers in one run: are phones shared out, messages within and across told apart, and the books of all
//! servers added up? The servers are two real ones, which do not know each other, or two fakes, which do.

mod begun;
#[expect(dead_code, reason = "not all faults are needed here")]
mod fake_server;

use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use begun::{Begun, loadgen, serve, text};
use fake_server::{FakeServer, Fault};
use serde_json::Value;

/// The run says nothing, because this machine was too busy. It is tried again.
const INVALID: i32 = 4;
const ATTEMPTS: u32 = 20;
/// Far more than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);
const PLAN: &str = "--clients 8 --ramp 300ms --duration 1s --rate 200 --settle 2s --quiet";

struct Played {
    code: i32,
    stdout: String,
    stderr: String,
    report: Value,
}

impl Played {
    fn count(&self, pointer: &str) -> u64 {
        let found = self.report.pointer(pointer).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("no {pointer}: {}", self.report))
    }

    fn fails_with(&self, word: &str) -> bool {
        let failures = self.report["failures"].as_array().map_or(&[][..], Vec::as_slice);
        failures.iter().any(|line| line.as_str().is_some_and(|line| line.contains(word)))
    }
}

/// Plays until the machine was not too busy to say something. The servers are new ones each time.
fn play<T>(servers: impl Fn() -> (T, [String; 2]), flags: &str) -> Played {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..ATTEMPTS {
        let (_servers, [one, other]) = servers();
        let run_number = RUNS.fetch_add(1, Ordering::Relaxed);
        let file = env::temp_dir().join(format!("loadgen-{}-{run_number}.json", process::id()));
        let args = format!("{one} {other} {PLAN} {flags} --json {}", file.display());
        let Output { status, stdout, stderr } = Begun::new(loadgen(&args)).ends_within(PATIENCE);
        let report = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}", text(&stderr)));
        fs::remove_file(&file).expect("it is ours");
        let report = serde_json::from_str(&report).expect("JSON");
        let code = status.code().expect("no signal");
        let (stdout, stderr) = (text(&stdout), text(&stderr));
        let played = Played { code, stdout, stderr, report };
        if code != INVALID && !played.fails_with("messages not sent") {
            return played;
        }
    }
    panic!("this machine can measure nothing");
}

/// Two real servers, and their URLs, with what stands behind each.
fn real(behind: [&str; 2], flags: &str) -> ([Begun; 2], [String; 2]) {
    let servers = [(); 2].map(|()| serve(&format!("127.0.0.1:0 {flags}")));
    let urls = [0, 1].map(|at| format!("ws://{}{}", servers[at].1, behind[at]));
    (servers.map(|(server, _)| server), urls)
}

/// Two servers that pass on messages to each other, with this fault.
fn fake(fault: Fault) -> ([FakeServer; 2], [String; 2]) {
    let servers = FakeServer::pair(fault);
    let urls = [0, 1].map(|at| format!("ws://{}", servers[at].address));
    (servers, urls)
}

#[test]
fn servers_that_do_not_know_each_other_deliver_within_and_say_so_across_and_the_books_agree() {
    let with_metrics = || {
        let (servers, [one, other]) = real(["", "=3"], "");
        let metrics = [&one, other.trim_end_matches("=3")].map(|url| format!("--metrics {url}"));
        let flags = metrics.join(" ");
        (servers, [one, format!("{other} {flags}")])
    };
    let played = play(with_metrics, "--expect delivery.within.p99<30s --expect undelivered>0");
    assert_eq!(played.code, 0, "{}{}", played.stdout, played.stderr);
    let servers = played.report["servers"].as_array().expect("servers");
    let phones: Vec<_> = servers
        .iter()
        .map(|one| (one["weight"].as_u64(), one["phones"].as_u64(), one["metrics"].as_bool()))
        .collect();
    let expected =
        [(1, 2), (3, 6)].map(|(weight, phones)| (Some(weight), Some(phones), Some(true)));
    assert_eq!(phones, expected);
    let way = |way: &str| {
        ["sent", "delivered", "undelivered", "missing"]
            .map(|field| played.count(&format!("/messages/{way}/{field}")))
    };
    let ([sent, delivered, denied, missing], across) = (way("within"), way("across"));
    assert!(sent > 0 && [delivered, denied, missing] == [sent, 0, 0], "{sent} {delivered}");
    assert!(across[0] > 0 && across[1..] == [0, across[0], 0], "{across:?}");
    assert_eq!(sent + across[0], played.count("/messages/sent"));
    assert_eq!(played.count("/delivery/within_ns/count"), delivered);
    assert_eq!(played.count("/delivery/across_ns/count"), 0);
    assert!(played.stdout.contains("books and ours agree"), "{}", played.stdout);
    let ledger = played.report["ledger"].as_array().expect("rows");
    let row = |what: &str| ledger.iter().find(|row| row["what"] == what).expect("a row");
    assert_eq!(row("messages received")["theirs"], played.count("/messages/sent"));
    assert_eq!(row("messages undelivered")["theirs"], across[0]);
}

#[test]
fn a_server_without_metrics_is_named_and_the_books_are_not_compared() {
    let one_has_them = || {
        let (servers, [one, other]) = real(["", ""], "");
        let flags = format!("--metrics off --metrics {other}");
        (servers, [one, format!("{other} {flags}")])
    };
    let played = play(one_has_them, "");
    assert_eq!(played.code, 0, "{}", played.stdout);
    let url = played.report["servers"][0]["url"].as_str().expect("a URL");
    let line = format!("ledger       not compared, for want of the /metrics of {url}\n");
    assert!(played.stdout.contains(&line), "{}", played.stdout);
    assert!(played.report["ledger"].is_null());
}

#[test]
fn servers_that_pass_on_messages_are_timed_within_and_across() {
    let expected = "--expect delivery.across.p99<30s --expect delivery.within.count>0";
    let played = play(|| fake(Fault::None), expected);
    assert_eq!(played.code, 0, "{}", played.stdout);
    let across = played.count("/messages/across/delivered");
    assert_eq!(played.count("/delivery/across_ns/count"), across);
    assert!(played.stdout.contains("  across two servers"), "{}", played.stdout);
    assert!(across > 50 && played.count("/messages/across/sent") == across);
    let unmet = play(|| fake(Fault::None), "--expect delivery.across.max<1ns");
    assert_eq!(unmet.code, 3, "{}", unmet.stdout);
}

#[test]
fn what_is_lost_or_denied_on_either_way_is_found() {
    let played = play(|| fake(Fault::LoseAcross), "");
    assert_eq!(played.code, 1, "{}", played.stdout);
    assert_eq!(played.count("/messages/lost"), played.count("/messages/across/missing"));
    assert!(played.fails_with("lost: ") && played.count("/messages/within/missing") == 0);
    // A sender that is told of a failure, and a recipient that gets the message all the same.
    let played = play(|| fake(Fault::DenyAcross), "");
    assert_eq!(played.code, 1, "{}", played.stdout);
    assert!(played.fails_with("duplicated: ") && played.count("/messages/lost") == 0);
    // Both are on the same server, and online: that is no reason to give a message back.
    let played = play(|| fake(Fault::DenyWithin), "");
    assert_eq!(played.code, 1, "{}", played.stdout);
    assert_eq!(played.count("/messages/lost"), played.count("/messages/within/missing"));
    assert!(played.fails_with("lost: ") && played.count("/messages/across/missing") == 0);
}

#[test]
fn in_the_closed_model_nobody_waits_for_what_was_given_back() {
    let flags = "--closed --think 5ms --settle 20s";
    let played = play(|| real(["", ""], ""), flags);
    assert_eq!(played.code, 0, "{}", played.stdout);
    // Eight phones that each wrote once, and waited for 20 s, would have sent eight.
    assert!(played.count("/messages/sent") > 100, "{}", played.stdout);
}

const ROAMERS: &str = "--persona roamer=1,chatter=1 --flap-up 250ms --heartbeat 200ms";

#[test]
fn a_roamer_gets_its_messages_on_the_new_server_and_the_old_one_finds_out_by_silence() {
    let timeouts = "--ping-timeout 1s --sweep-interval 100ms";
    let flags = format!("{ROAMERS} --duration 2500ms {timeouts}");
    let played = play(|| real(["", ""], timeouts), &flags);
    assert_eq!(played.code, 0, "{}{}", played.stdout, played.stderr);
    let notice = |field: &str| played.count(&format!("/notice/{field}"));
    assert!(notice("corrected_ns/count") > 0, "{}", played.stdout);
    assert_eq!((notice("unnoticed"), notice("too_early")), (0, 0));
    let connections = played.count("/personas/roamer/connections");
    assert!(connections >= 8, "four roamers, and each has moved: {connections}");
    assert_eq!(played.count("/messages/lost"), 0);
}

#[test]
fn servers_that_write_to_the_old_connection_of_a_roamer_lose_messages() {
    let good = play(|| fake(Fault::None), ROAMERS);
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert!(good.count("/personas/roamer/connections") >= 8, "{}", good.stdout);
    let played = play(|| fake(Fault::KeepOld), ROAMERS);
    assert_eq!(played.code, 1, "{}", played.stdout);
    assert!(played.fails_with("lost: "), "{}", played.stdout);
}

#[test]
fn an_old_server_that_never_finds_out_fails_if_its_timeout_is_known() {
    let flags = format!("{ROAMERS} --ping-timeout 500ms --sweep-interval 0s");
    let played = play(|| fake(Fault::None), &flags);
    assert_eq!(played.code, 1, "{}", played.stdout);
    assert!(played.count("/notice/unnoticed") > 0 && played.fails_with("silent"));
}

#[test]
fn an_old_server_may_find_out_early_since_the_new_one_may_tell_it() {
    let flags = format!("{ROAMERS} --ping-timeout 10s");
    let played = play(|| fake(Fault::CloseOld), &flags);
    assert_eq!(played.code, 0, "{}", played.stdout);
    assert!(
        played.report["notice"]["corrected_ns"]["count"].as_u64() > Some(0),
        "{}",
        played.stdout
    );
}

#[test]
fn a_server_that_keeps_the_old_connection_or_closes_it_with_another_code_than_4000_is_found_out() {
    let kept = "silent phones that the server did not give up in time: ";
    for (fault, failure) in [
        (Fault::CloseOld, None),
        (Fault::AnnounceOld, None),
        (Fault::None, Some(kept)),
        (Fault::DropOld, Some("connections: ")),
        (Fault::EvictOld, Some("connections: ")),
    ] {
        let once = || {
            let server = FakeServer::start(fault);
            let args = format!("ws://{} {PLAN} {ROAMERS} --settle 500ms", server.address);
            Begun::new(loadgen(&args)).ends_within(PATIENCE)
        };
        let is_valid = |output: &Output| {
            let stdout = text(&output.stdout);
            output.status.code() != Some(INVALID) && !stdout.contains("messages not sent")
        };
        let mut plays = std::iter::repeat_with(once).take(ATTEMPTS as usize);
        let output = plays.find(is_valid).expect("this machine can measure");
        let stdout = text(&output.stdout);
        let failures = stdout.lines().filter_map(|line| line.strip_prefix("FAILED       "));
        let failures: Vec<_> = failures.collect();
        let is_it = |line: &&str| failure.is_some_and(|failure| line.starts_with(failure));
        assert!(failures.iter().all(is_it), "{fault:?}: {stdout}");
        let fails = failure.is_some();
        assert_eq!(
            (output.status.code(), failures.len()),
            (Some(i32::from(fails)), usize::from(fails))
        );
        let says = match fault {
            Fault::DropOld => "dropped by the server, without a close frame (roamer)",
            Fault::EvictOld => "closed by the server (1001) (roamer)",
            _ => continue,
        };
        assert!(failures[0].ends_with(says), "{fault:?}: {stdout}");
    }
}

#[test]
fn on_one_server_a_roamer_takes_the_place_of_its_old_connection() {
    let (_server, address) = serve("127.0.0.1:0");
    let args = format!("ws://{address} --metrics http://{address} {PLAN} {ROAMERS}");
    for _ in 0..ATTEMPTS {
        let output = Begun::new(loadgen(&args)).ends_within(PATIENCE);
        let stdout = text(&output.stdout);
        if output.status.code() == Some(INVALID) || stdout.contains("messages not sent") {
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{stdout}");
        assert!(stdout.contains("0 lost") && stdout.contains("0 views stale"), "{stdout}");
        assert!(stdout.contains("closed by the server (4000)"), "{stdout}");
        return;
    }
    panic!("this machine can measure nothing");
}
