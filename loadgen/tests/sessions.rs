//! Does loadgen tell the truth about sessions? The real program runs against its own server, and against
//! servers that have one fault each.

mod begun;
#[expect(dead_code, reason = "of the other protocol's fake only the way in is used here")]
mod fake_server;
mod fake_sessions;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use begun::{Begun, a_few_at_a_time, loadgen, text};
use fake_sessions::{FakeSessions, Slip};
use nix::sys::signal::Signal;
use serde_json::Value;

/// The run says nothing, because this machine was too busy, or because the phones were not ready when the
/// first of them should have written. It is tried again.
const INVALID: i32 = 4;

/// Plays sessions, with a fault of the server or with loadgen's own server. Returns the exit code, the
/// report, and what was wrong by name.
fn play(slip: Option<Slip>, plan: &str) -> (i32, Value, BTreeMap<String, u64>) {
    let mut plays = (0..20).map(|_| {
        // A new server each time: the fault happens only once.
        let url = slip.map(|slip| format!("ws://{}", FakeSessions::start(slip).address));
        play_once(url.as_deref(), plan)
    });
    let is_valid = |code, report: &Value| code != INVALID && report["messages"]["skipped"] == 0;
    plays.find(|(code, report, _)| is_valid(*code, report)).expect("this machine can measure")
}

fn play_once(url: Option<&str>, plan: &str) -> (i32, Value, BTreeMap<String, u64>) {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run_number = RUNS.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("loadgen-{}-sessions-{run_number}", process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(url)
        .args(["--protocol", "session", "--quiet", "--seed", "1", "--json"])
        .arg(&file)
        .args(plan.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let report = fs::read_to_string(&file).expect("it was written");
    fs::remove_file(&file).expect("it is ours");
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    let breaches = report["sessions"]["breaches"].as_object().into_iter().flatten();
    let wrong = breaches.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)));
    let wrong = wrong.filter(|&(_, count)| count > 0).collect();
    (output.status.code().expect("no signal"), report, wrong)
}

const PLAN: &str = "--clients 6 --circle 2 --duration 400ms --rate 100";

#[test]
fn with_one_device_or_several_and_with_receipts_or_without_the_books_balance() {
    for (devices, receipts) in [(1, "on"), (3, "on"), (1, "off"), (3, "off")] {
        let plan =
            format!("{PLAN} --ramp 200ms --devices {devices} --receipts {receipts} --typing 0.5");
        let (code, report, wrong) = play(None, &plan);
        assert_eq!((code, wrong), (0, BTreeMap::new()), "{report}");
        let of = |name: &str| report["sessions"][name].as_u64().expect("a number");
        assert_eq!(report["messages"]["sent"], 40);
        assert_eq!((of("copies"), of("mirrors")), (40 * devices, 40 * (devices - 1)));
        // Each of the sender's devices is told three statuses, and each other device of the reader one.
        let statuses = 40 * (3 * devices + devices - 1);
        let (statuses, read) = if receipts == "on" { (statuses, 40) } else { (0, 0) };
        assert_eq!((of("statuses"), of("read")), (statuses, read), "{report}");
        assert_eq!(report["sessions"]["read_time"]["corrected_ns"]["count"], read);
        assert!(of("typing_sent") > 0 && of("typing_sent") == of("typing_seen"), "{report}");
        let answered = of("invitations_accepted") + of("invitations_declined");
        assert!(of("invitations_sent") > 0 && answered == of("invitations_sent"), "{report}");
        let rows = report["ledger"].as_array().expect("rows");
        assert!(rows.len() == 6 && rows.iter().all(|row| row["agrees"] == true), "{report}");
        assert_eq!(report["connections"]["closes"]["1000"], 6 * devices);
    }
}

#[test]
fn a_run_that_is_broken_off_while_phones_come_accuses_nobody() {
    let plan = "--protocol session --clients 60 --devices 2 --duration 1h \
                --ramp 12s --contact-grace 100ms --settle 500ms";
    let mut run = Begun::new(loadgen(plan));
    run.until_it_is("connecting");
    run.signal(Signal::SIGINT);
    let output = run.ends_within(Duration::from_secs(60));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("ended early: interrupted"), "{stdout}");
    assert!(matches!(output.status.code(), Some(0 | INVALID)), "{stdout}");
}

#[test]
fn a_person_who_has_declined_is_a_contact_all_the_same_once_written_to() {
    let (code, report, wrong) = play(None, &format!("{PLAN} --ramp 200ms --decline 1"));
    assert_eq!((code, wrong), (0, BTreeMap::new()), "{report}");
    assert_eq!(report["sessions"]["invitations_accepted"], 0);
    assert_eq!(report["convergence"]["stale_views"], 0);
}

#[test]
fn every_slip_of_a_server_is_found_and_named_and_a_faultless_one_of_another_kind_passes() {
    let slips: [(Slip, &[&str]); 16] = [
        (Slip::None, &[]),
        (Slip::LoseStatus, &["statuses_lost"]),
        (Slip::SwapStatuses, &["statuses_out_of_order"]),
        (Slip::RepeatStatus, &["statuses_twice"]),
        (Slip::CopyTwice, &["duplicated"]),
        (Slip::LoseCopy, &["copies_lost"]),
        (Slip::GiveBack, &["wrongly_undelivered"]),
        (Slip::MirrorAsForeign, &["mirrors_wrong"]),
        (Slip::LoseMirror, &["mirrors_lost"]),
        (Slip::Echo, &["mirrors_wrong"]),
        (Slip::TellStranger, &["strangers_shown"]),
        (Slip::LoseTyping, &["typing_lost"]),
        (Slip::TwistAnswer, &["answers_lost", "answers_wrong"]),
        (Slip::LoseInvitation, &["invitations_lost"]),
        (Slip::HideFromFirst, &["invitations_lost"]),
        (Slip::HideFromSecond, &["invitations_lost"]),
    ];
    a_few_at_a_time(&slips, |&(slip, names)| expect_found(slip, names));
}

/// A server with this fault is found to do these wrongs, and no others.
fn expect_found(slip: Slip, names: &[&str]) {
    // All phones must be ready before the first message, and must know what they will know.
    let plan = format!("{PLAN} --ramp 1s --devices 2 --typing 1 --settle 2s");
    let (code, report, mut wrong) = play(Some(slip), &plan);
    if report["messages"]["duplicated"] != 0 {
        wrong.insert("duplicated".to_owned(), 1);
    }
    assert_eq!(code, i32::from(slip != Slip::None), "{slip:?}: {report}");
    let reader_missed = |name: &&str| slip == Slip::LoseCopy && *name == "statuses_lost";
    let found = wrong.keys().map(String::as_str);
    let found: Vec<_> = found.filter(|name| !reader_missed(name)).collect();
    assert_eq!(found, names, "{slip:?}: {report}");
    for name in names {
        let failures = report["failures"].as_array().expect("sentences");
        let names_it = |l: &Value| l.as_str().is_some_and(|l| l.starts_with(name));
        assert!(failures.iter().any(names_it), "{slip:?}: {failures:?}");
    }
}

#[test]
fn a_flapper_beyond_the_grace_is_news_and_convergence_is_measured() {
    let plan = "--clients 8 --circle 4 --ramp 200ms --duration 1500ms --rate 50 --settle 500ms \
                --persona chatter=1,flapper=1 --flap-up 400ms --flap-down 2h --decline 0";
    let (code, report, wrong) = play(None, plan);
    assert_eq!((code, wrong), (0, BTreeMap::new()), "{report}");
    let convergence = &report["convergence"];
    assert_eq!(convergence["stale_views"], 0);
    // loadgen's own server has a grace of 5 s, and not all phones in the tunnel have come back.
    let shortest = convergence["corrected_ns"]["min"].as_u64().expect("nanoseconds");
    assert!(convergence["corrected_ns"]["count"].as_u64() > Some(0), "{report}");
    assert!(shortest > 4_900_000_000, "{shortest}");
}

#[test]
fn a_server_that_speaks_only_the_other_protocol_is_one_clear_line() {
    let server = fake_server::FakeServer::start(fake_server::Fault::None);
    let args = [&format!("ws://{}", server.address), "--protocol", "session"];
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen")).args(args).output();
    let output = output.expect("it starts");
    let line = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        line.contains("does not speak Session Messenger: its first frame lets nobody in"),
        "{line}"
    );
    assert_eq!((output.status.code(), line.lines().count()), (Some(1), 1));
}

/// One phone in four is a quota hog. Phones come for two seconds, so that hogs are there before others.
const HOGS: &str =
    "--clients 40 --ramp 2s --duration 2s --rate 100 --persona chatter=3 --persona quota-hog=1";

#[test]
fn quota_hogs_keep_nobody_from_getting_through_to_its_own_server() {
    let (code, report, wrong) = play(None, HOGS);
    assert_eq!((code, wrong), (0, BTreeMap::new()), "{report}");
    let of = |name: &str| report["sessions"][name].as_u64().expect("a number");
    let answered = of("invitations_accepted") + of("invitations_declined");
    assert!(of("invitations_sent") > 100 && answered == of("invitations_sent"), "{report}");
    let visits = &report["personas"]["quota-hog"]["endings"]["dropped by us, as planned"];
    // Ten hogs are there for three seconds on average, and come again after half a second.
    assert!((20..=80).contains(&visits.as_u64().unwrap_or(0)), "{report}");
}

#[test]
fn a_server_whose_places_for_invitations_hogs_can_use_up_is_found_out() {
    let (code, report, wrong) = play(Some(Slip::CrowdOut), HOGS);
    let names: Vec<_> = wrong.keys().map(String::as_str).collect();
    assert_eq!((code, names), (1, vec!["invitations_lost"]), "{report}");
    let (code, report, wrong) = play(Some(Slip::None), HOGS);
    assert_eq!((code, wrong), (0, BTreeMap::new()), "without that fault: {report}");
}
