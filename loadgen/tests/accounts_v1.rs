//! Does loadgen tell the truth about users with accounts who have rooms, replies and histories? The real program
//! speaks `switchboard.v1` with its own server, and with servers that have one flaw each.

mod begun;
#[allow(dead_code, clippy::too_many_lines, reason = "a fake; of its flaws only some are played")]
mod fake_accounts;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use begun::a_few_at_a_time;
use fake_accounts::{FakeAccounts, Flaw};
use serde_json::Value;

/// The run says nothing, because this machine was too busy. It is tried again.
const INVALID: i32 = 4;

/// What a run came to: the exit code, the report, and what was wrong by name.
type Played = (i32, Value, BTreeMap<String, u64>);

/// Plays users, with a flawed server or with loadgen's own.
fn play(flaw: Option<Flaw>, plan: &str) -> Played {
    let mut plays = (0..20).map(|_| {
        // A new server each time: the flaw happens only once.
        let fake = flaw.map(FakeAccounts::start);
        play_once("v1", fake.map(|fake| format!("ws://{}", fake.address)).as_deref(), (plan, None))
    });
    plays.find(is_valid).expect("this machine can measure")
}

/// Whether this machine was not too busy: neither loadgen nor its phones were late.
fn is_valid((code, report, _): &Played) -> bool {
    *code != INVALID && report["messages"]["skipped"] == 0
}

/// A plan is split at spaces, and what follows is one argument.
fn play_once(protocol: &str, url: Option<&str>, (plan, last): (&str, Option<&str>)) -> Played {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run_number = RUNS.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("loadgen-{}-v1-{run_number}", process::id()));
    let pool = file.with_extension("pool");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["--protocol", protocol, "--quiet", "--seed", "1", "--json"]).arg(&file);
    if let Some(url) = url {
        command.arg(url).arg("--accounts").arg(&pool);
    }
    let output = command.args(plan.split_whitespace()).args(last).stdin(Stdio::null()).output();
    let output = output.expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&file).unwrap_or_else(|_| panic!("no report: {stderr}"));
    for path in [&file, &pool] {
        // Without a URL there is no pool.
        drop(fs::remove_file(path));
    }
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    let wrong = wrong_in(&report);
    (output.status.code().expect("no signal"), report, wrong)
}

/// What was wrong, by the names that the report has for it.
fn wrong_in(report: &Value) -> BTreeMap<String, u64> {
    let of = |pointer: &str, names: &[&str]| -> Vec<(String, u64)> {
        let found = report.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        let is_meant = |name: &str| names.is_empty() || names.contains(&name);
        let counts = found.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)));
        counts.filter(|(name, count)| *count > 0 && is_meant(name)).collect()
    };
    let faults = ["lost", "duplicated", "misdelivered", "reordered", "misattributed", "garbled"];
    let stored = ["missing", "twice", "out_of_order", "wrong", "replies_wrong", "unread"];
    let stored = of("/accounts/stored", &stored);
    let stored = stored.into_iter().map(|(name, count)| (format!("stored.{name}"), count));
    let lapses = of("/accounts/lapses", &[]);
    of("/messages", &faults).into_iter().chain(lapses).chain(stored).collect()
}

const PLAN: &str = "--clients 6 --ramp 300ms --duration 500ms --rate 100 --settle 1s";

#[test]
fn with_rooms_replies_and_marks_everything_is_accounted_for_at_its_own_server() {
    let plan = format!("{PLAN} --rooms 3 --replies 0.5 --marks 0.5 --typing 0.5");
    let (code, report, wrong) = play(None, &plan);
    assert_eq!((code, wrong), (0, BTreeMap::new()), "{report}");
    let of = |name: &str| report["accounts"][name].as_u64().expect("a number");
    assert_eq!((report["messages"]["sent"].as_u64(), of("acknowledged")), (Some(50), 50));
    assert_eq!(report["accounts"]["stored"]["found"], 50);
    assert!(of("replies") > 5 && of("unread_compared") > 5, "{report}");
    assert!(of("typing_sent") > 0 && of("typing_sent") == of("typing_seen"), "{report}");
    // Private ones have one reader, those to everyone five, and rooms have 6, 3 and 2 members.
    assert!(of("deliveries") > 50 && of("deliveries") < 250, "{report}");
    let agrees = |row: &Value| row["agrees"] == true;
    assert!(report["ledger"].as_array().expect("rows").iter().all(agrees), "{report}");
}

#[test]
fn every_flaw_of_a_server_is_found_and_named_and_a_flawless_one_of_another_kind_passes() {
    let flaws: [(Flaw, &str, &[&str]); 10] = [
        (Flaw::None, "--rooms 2 --marks 1", &[]),
        (Flaw::ForgetReply, "--replies 1", &["stored.replies_wrong"]),
        (Flaw::AcknowledgeOnly, "--private 0", &["deliveries_lost", "lost"]),
        (Flaw::LoseOne, "--rooms 1 --room-share 1", &["deliveries_lost", "lost"]),
        (Flaw::WrongAuthor, "--private 1", &["misattributed"]),
        (Flaw::MiscountUnread, "--marks 1", &["unread_wrong"]),
        (Flaw::PageRepeats, "--rate 300 --private 0", &["stored.twice"]),
        (Flaw::PageSkips, "--rate 300 --private 0", &["stored.missing"]),
        (Flaw::PageStays, "--rate 300 --private 0", &["stored.missing", "stored.twice"]),
        (Flaw::PageEmpty, "--histories 20", &["histories_wrong", "stored.missing"]),
    ];
    a_few_at_a_time(&flaws, |&(flaw, plan, names)| expect_found(flaw, plan, names));
}

/// It may take long to find out that there is no answer, and one after the other would.
#[test]
fn a_server_that_does_not_say_what_is_unread_is_asked_by_three_users_and_no_more() {
    let plan = format!("{PLAN} --private 0 --marks 1");
    let mut plays = (0..20).map(|_| {
        let fake = FakeAccounts::start(Flaw::RefuseUnread);
        let url = format!("ws://{}", fake.address);
        let (code, report, wrong) = play_once("v1", Some(&url), (&plan, None));
        (code, report, wrong, fake.unread_asked())
    });
    let played = plays.find(|(code, ..)| *code != INVALID);
    let (code, report, wrong, asked) = played.expect("this machine can measure");
    assert_eq!((code, asked), (1, 3), "{report}");
    assert_eq!(wrong, BTreeMap::from([("unread_wrong".to_owned(), 6)]), "{report}");
}

/// A server with this flaw is found to do these wrongs, and no others. What is not stored is not unread either, so
/// only the run about unread messages marks any as read.
fn expect_found(flaw: Flaw, plan: &str, names: &[&str]) {
    let (code, report, wrong) = play(Some(flaw), &format!("{PLAN} --marks 0 {plan}"));
    let found: Vec<_> = wrong.keys().map(String::as_str).collect();
    assert_eq!(found, names, "{flaw:?}: {report}");
    assert_eq!(code, i32::from(!names.is_empty()), "{flaw:?}: {report}");
    for name in names {
        let failures = report["failures"].as_array().expect("sentences");
        let names_it = |line: &Value| line.as_str().is_some_and(|line| line.contains(name));
        assert!(failures.iter().any(names_it), "{flaw:?}: {failures:?}");
    }
}

/// In MyChat a phone plays one page of the app: a conversation, a room, or the start page with notices.
#[test]
fn phones_that_play_the_pages_of_mychat_are_accounted_for_and_flaws_are_found() {
    let flaws: [(Option<Flaw>, &str, &[&str]); 15] = [
        (None, "--rooms 3 --replies 0.5", &[]),
        (None, "--notices 0", &[]),
        (Some(Flaw::None), "--rooms 2", &[]),
        (Some(Flaw::ForgetStored), "--notices 0", &["stored.missing", "unread_wrong"]),
        (Some(Flaw::StoreTwice), "--rooms 1 --room-share 1", &["stored.twice"]),
        (Some(Flaw::DeliverTwice), "", &["duplicated"]),
        (Some(Flaw::WrongAuthor), "--notices 1", &["misattributed"]),
        (Some(Flaw::LoseNotice), "", &["lost", "notices_lost"]),
        (Some(Flaw::LoseOne), "--rooms 1 --room-share 1", &["deliveries_lost", "lost"]),
        (Some(Flaw::ForgetReply), "--rooms 1 --replies 1", &["stored.replies_wrong"]),
        (Some(Flaw::LeakRoom), "--rooms 1", &["misdelivered"]),
        (Some(Flaw::AppOutOfOrder), "--rooms 1", &["stored.out_of_order"]),
        (Some(Flaw::MiscountUnread), "--notices 1", &["unread_wrong"]),
        (Some(Flaw::KeepUnread), "", &["unread_wrong"]),
        (Some(Flaw::LoseReset), "", &["resets_lost"]),
    ];
    a_few_at_a_time(&flaws, |&(flaw, pages, names)| expect_found_in_mychat(flaw, pages, names));
}

/// The app's own histories have the last 200 messages.
#[test]
fn a_server_that_speaks_mychat_alone_is_played_and_checked_as_far_as_it_shows() {
    for (more, reach) in [("--rooms 2", 50..51), ("--clients 2 --notices 1 --rate 600", 200..201)] {
        let plan = format!("{PLAN} {more}");
        let mut plays = (0..20).map(|_| {
            let server = FakeAccounts::of_mychat_alone();
            let url = format!("ws://{}", server.address);
            play_once("mychat", Some(&url), (&plan, None))
        });
        let played = plays.find(is_valid);
        let (code, report, wrong) = played.expect("this machine can measure");
        assert_eq!((code, wrong), (0, BTreeMap::new()), "{more}: {report}");
        let of = |name: &str| report["accounts"]["stored"][name].as_u64().expect("a number");
        assert!(reach.contains(&of("found")), "{more}: {report}");
        let sent = report["messages"]["sent"].as_u64().expect("a number");
        assert_eq!(of("found") + of("out_of_reach"), sent, "{more}: {report}");
    }
}

/// What the app's addresses no longer show is read over `switchboard.v1`, and the two are joined.
#[test]
fn a_long_history_is_read_at_the_apps_addresses_and_before_that_in_pages() {
    let in_a_room = "--rooms 1 --room-share 1 --replies 0.5";
    let flaws: [(Option<Flaw>, &str, &[&str]); 5] = [
        (None, in_a_room, &[]),
        (None, "--notices 1", &[]),
        (Some(Flaw::None), in_a_room, &[]),
        (Some(Flaw::AppOutOfOrder), in_a_room, &["stored.out_of_order"]),
        (Some(Flaw::ForgetStored), "--notices 1", &["stored.missing", "unread_wrong"]),
    ];
    for (flaw, pages, names) in flaws {
        let plan = "--clients 2 --ramp 300ms --duration 500ms --rate 600 --settle 1s";
        let plan = format!("{plan} {pages}");
        let mut plays = (0..20).map(|_| {
            let fake = flaw.map(FakeAccounts::start);
            let url = fake.map(|fake| format!("ws://{}", fake.address));
            play_once("mychat", url.as_deref(), (&plan, None))
        });
        let played = plays.find(is_valid);
        let (_, report, wrong) = played.expect("this machine can measure");
        let found: Vec<_> = wrong.keys().map(String::as_str).collect();
        assert_eq!(found, names, "{flaw:?}: {report}");
        let stored = &report["accounts"]["stored"];
        let missing = u64::from(names.contains(&"stored.missing"));
        let sent = report["messages"]["sent"].as_u64().expect("a number");
        assert!(sent > 200 && stored["found"].as_u64() == Some(sent - missing), "{report}");
    }
}

fn expect_found_in_mychat(flaw: Option<Flaw>, pages: &str, names: &[&str]) {
    let plan = format!("{PLAN} {pages}");
    let mut plays = (0..20).map(|_| {
        let fake = flaw.map(FakeAccounts::start);
        let url = fake.as_ref().map(|fake| format!("ws://{}", fake.address));
        let played = play_once("mychat", url.as_deref(), (&plan, None));
        if let Some((pings, pongs)) = fake.map(|fake| fake.pings_and_pongs()) {
            // In the end, some users open the start page only to be told that nothing is unread, and leave.
            assert!(pongs > 0 || pages.contains("--notices 0") || pages.contains("--room-share 1"));
            assert!(pongs <= pings);
        }
        played
    });
    let played = plays.find(is_valid);
    let (code, report, wrong) = played.expect("this machine can measure");
    let found: Vec<_> = wrong.keys().map(String::as_str).collect();
    assert_eq!(found, names, "{flaw:?}, {pages}: {report}");
    assert_eq!(code, i32::from(!names.is_empty()), "{flaw:?}, {pages}: {report}");
    let accounts = &report["accounts"];
    assert_eq!(accounts["acknowledged"], report["messages"]["sent"], "{flaw:?}: {report}");
    assert!(report["messages"]["sent"].as_u64() > Some(0), "{report}");
    // Of three pairs two have a conversation open, if there are rooms, and of those every second one side is on the start page.
    let has_notices = !pages.contains("--notices 0") && !pages.contains("--room-share 1");
    assert_eq!(accounts["notices"].as_u64() > Some(0), has_notices, "{flaw:?}, {pages}: {report}");
    let has_replies = pages.contains("--replies");
    assert!(accounts["replies"].as_u64() > Some(1) || !has_replies, "{flaw:?}: {report}");
    if flaw.is_none() {
        assert_eq!(accounts["stored"]["found"], 50, "{report}");
        assert!(accounts["unread_compared"].as_u64() >= Some(2), "{report}");
    }
}

/// A server dies in the middle of a run, and its phones come back to it.
#[test]
fn a_server_that_loses_or_reorders_what_it_had_acknowledged_when_it_dies_is_found_out() {
    let flaws: [(Flaw, &[&str]); 3] = [
        (Flaw::None, &[]),
        (Flaw::ForgetAtRestart, &["stored.missing"]),
        (Flaw::ReorderAtRestart, &["stored.out_of_order"]),
    ];
    a_few_at_a_time(&flaws, |&(flaw, names)| expect_found_at_a_restart(flaw, names));
}

fn expect_found_at_a_restart(flaw: Flaw, names: &[&str]) {
    let file = env::temp_dir().join(format!("loadgen-{}-dies-{flaw:?}", process::id()));
    let plan =
        "--clients 6 --ramp 200ms --duration 2s --rate 100 --settle 1s --private 0 --marks 0 --at";
    let command = format!("500ms touch {}", file.display());
    let mut plays = (0..20).map(|_| {
        drop(fs::remove_file(&file));
        let server = FakeAccounts::restarts_at(flaw, file.clone());
        play_once("v1", Some(&format!("ws://{}", server.address)), (plan, Some(&command)))
    });
    let played = plays.find(|(code, ..)| *code != INVALID).expect("this machine can measure");
    drop(fs::remove_file(&file));
    let (_, report, wrong) = played;
    let stored: Vec<_> = wrong.keys().filter(|name| name.starts_with("stored.")).collect();
    assert_eq!(stored, names, "{flaw:?}: {report}");
    let dropped = &report["connections"]["endings"]["dropped by the server, without a close frame"];
    assert_eq!((dropped.as_u64(), wrong.get("lost")), (Some(6), None), "{flaw:?}: {report}");
}
