//! Does loadgen tell the truth about what users see of each other: who types, and who is online? The real program
//! speaks with its own server, and with servers that have one flaw each.

mod begun;
#[allow(dead_code, clippy::too_many_lines, reason = "a fake; of its flaws only some are played")]
mod fake_accounts;

use std::time::Duration;
use std::{fs, thread};

use begun::folder::Folder;
use begun::{Begun, loadgen, text};
use fake_accounts::{FakeAccounts, Flaw};
use serde_json::Value;

/// The run says nothing, because this machine was too busy.
const INVALID: i32 = 4;
/// Far more than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PLAN: &str = "--settle 2s --seed 1 --quiet";
const STEADY: &str = "--clients 6 --ramp 300ms --duration 1s --rate 60";

/// Plays users, with a flawed server or with loadgen's own, until the machine can measure. Returns the report.
fn play(flaw: Option<Flaw>, protocol: &str, plan: &str) -> Value {
    let folder = Folder::new(&format!("live-{protocol}-{flaw:?}"));
    let once = || {
        // A new server each time: the flaw happens only once.
        let fake = flaw.map(FakeAccounts::start);
        let pool = folder.path("pool");
        drop(fs::remove_file(&pool));
        let server = fake.map(|fake| format!("--accounts {pool} ws://{}", fake.address));
        let (server, json) = (server.unwrap_or_default(), folder.path("a.json"));
        let args = format!("{PLAN} --protocol {protocol} {plan} --json {json} {server}");
        let output = Begun::new(loadgen(&args)).ends_within(PATIENCE);
        let code = output.status.code().expect("no signal");
        assert!(fs::exists(&json).expect("our folder"), "{}", text(&output.stderr));
        code
    };
    let mut codes = std::iter::repeat_with(once).take(20);
    let code = codes.find(|code| *code != INVALID).expect("this machine can measure");
    let report = folder.report();
    assert_eq!(code == 0, failures(&report).is_empty(), "{report}");
    report
}

/// What was wrong, in sentences.
fn failures(report: &Value) -> Vec<&str> {
    report["failures"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// A server with this flaw is found to do these wrongs, and no others.
fn expect_found((flaw, plan, names): (Flaw, &str, &[&str])) {
    for protocol in ["websocket-chat", "v1"] {
        let report = play(Some(flaw), protocol, plan);
        let found = failures(&report);
        let is_named = |name: &&&str| found.iter().any(|line| line.starts_with(**name));
        let missing: Vec<_> = names.iter().filter(|name| !is_named(name)).collect();
        let is_meant = |line: &&&str| names.iter().any(|name| line.starts_with(name));
        let others: Vec<_> = found.iter().filter(|line| !is_meant(line)).collect();
        assert!(missing.is_empty() && others.is_empty(), "{flaw:?}, {protocol}: {found:?}");
    }
}

fn expect_all_found(flaws: &[(Flaw, &str, &[&str])]) {
    // Each run mostly waits. So a few of them run at the same time.
    for together in flaws.chunks(4) {
        thread::scope(|scope| {
            for &flaw in together {
                scope.spawn(move || expect_found(flaw));
            }
        });
    }
}

#[test]
fn typing_that_is_lost_leaked_doubled_or_of_another_user_is_found_and_named() {
    let plan = &format!("{STEADY} --typing 1 --private 0.5");
    expect_all_found(&[
        (Flaw::None, plan, &[]),
        (Flaw::LoseTyping, plan, &["typing_lost"]),
        (Flaw::LoseOneTyping, plan, &["typing_lost"]),
        (Flaw::LeakTyping, plan, &["typing_misdelivered"]),
        (Flaw::EchoTyping, plan, &["typing_misdelivered"]),
        // Who is named may be the one who sees it.
        (Flaw::WrongTypist, plan, &["typing_lost", "typing_uncalled", "typing_misdelivered"]),
        (Flaw::TypeTwice, plan, &["typing_uncalled"]),
    ]);
}

#[test]
fn who_is_shown_wrongly_or_not_at_all_is_found_and_named() {
    // The last stages have fewer phones.
    let leave = "--persona chatter=4,lurker=2 --stage 300ms:6:60,1s:6:60,500ms:4:60,500ms:4:60";
    let plan = &format!("{STEADY} --private 0.5");
    expect_all_found(&[
        (Flaw::None, leave, &[]),
        (Flaw::HideOne, plan, &["stale views"]),
        (Flaw::KeepGone, leave, &["stale views"]),
        (Flaw::ListTwice, plan, &["listed_twice"]),
        (Flaw::NeverList, plan, &["stale views"]),
    ]);
}

#[test]
fn its_own_server_shows_all_typing_and_who_is_online_also_to_those_who_come_and_go() {
    for protocol in ["websocket-chat", "v1"] {
        let rooms = if protocol == "v1" { "--rooms 2" } else { "" };
        let report = play(None, protocol, &format!("{STEADY} --typing 1 {rooms}"));
        assert_eq!(failures(&report), [""; 0]);
        let of = |name: &str| report["accounts"][name].as_u64().expect("a number");
        assert!(of("typing_sent") > 100, "{report}");
        assert_eq!(of("typing_seen"), of("typing_sent"), "{report}");
        // Each phone hears of all that come after it.
        assert!(report["convergence"]["corrected_ns"]["count"].as_u64() >= Some(15), "{report}");
        assert_eq!(report["convergence"]["changes"], 6);
        let flappers =
            "--clients 40 --ramp 300ms --duration 3s --rate 300 --persona chatter=1,flapper=1";
        let report = play(None, protocol, &format!("--typing 1 {rooms} {flappers}"));
        assert_eq!(failures(&report), [""; 0]);
        assert!(report["convergence"]["changes"].as_u64() > Some(40), "{report}");
    }
    for mode in ["delta", "none"] {
        let report = play(None, "v1", &format!("{STEADY} --presence {mode}"));
        let heard = ["lists", "deltas"].map(|what| report["presence"][what] != 0);
        assert_eq!(heard, [mode == "delta"; 2], "{report}");
        assert_eq!(failures(&report), [""; 0]);
    }
}
