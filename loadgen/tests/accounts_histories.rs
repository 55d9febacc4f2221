//! Does loadgen tell the truth about histories that users ask for while others write? The real program asks its own
//! server, and servers whose histories leave something out.

mod begun;
#[allow(dead_code, clippy::too_many_lines, reason = "a fake; of its flaws only some are played")]
mod fake_accounts;

use std::fs;
use std::time::Duration;

use begun::folder::Folder;
use begun::{Begun, a_few_at_a_time, loadgen, text};
use fake_accounts::{FakeAccounts, Flaw};
use serde_json::Value;

/// The run says nothing, because this machine was too busy.
const INVALID: i32 = 4;
/// Far more than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PLAN: &str = "--clients 6 --ramp 300ms --settle 2s --seed 1 --quiet";
const SHORT: &str = "--duration 1s --rate 60 --histories 20";
/// Three times as many messages as a history shows that has the last 50.
const LONG: &str = "--duration 3s --rate 50";

/// Plays with a server, or with loadgen's own, until the machine can measure. Returns the report, and how the lines
/// about what was wrong begin.
fn play(server: impl Fn() -> Option<FakeAccounts>, plan: &str) -> (Value, Vec<String>) {
    let folder = Folder::new(&format!("histories-{}", plan.replace(' ', "")));
    let (pool, json) = (folder.path("pool"), folder.path("a.json"));
    let once = || {
        drop(fs::remove_file(&pool));
        let fake = server().map(|fake| format!("--accounts {pool} ws://{}", fake.address));
        let args = format!("{PLAN} {plan} --json {json} {}", fake.unwrap_or_default());
        let output = Begun::new(loadgen(&args)).ends_within(PATIENCE);
        assert!(fs::exists(&json).expect("our folder"), "{}", text(&output.stderr));
        output.status.code().expect("no signal")
    };
    let mut codes = std::iter::repeat_with(once).take(20);
    let says_something = |code: &i32| *code != INVALID && !folder.is_late();
    let code = codes.find(says_something).expect("this machine can measure");
    let report = folder.report();
    let failures = report["failures"].as_array().expect("a list").iter();
    let names = failures.filter_map(|line| line.as_str()?.split(':').next().map(str::to_owned));
    let names: Vec<_> = names.collect();
    assert_eq!(code == 0, names.is_empty(), "{report}");
    (report, names)
}

fn asked(report: &Value) -> u64 {
    let count = report.pointer("/accounts/history/corrected_ns/count").and_then(Value::as_u64);
    count.unwrap_or_else(|| panic!("no count: {report}"))
}

#[test]
fn a_history_that_is_asked_for_is_timed_and_a_good_one_is_never_wrong() {
    a_few_at_a_time(
        &["chatterbox", "websocket-chat", "v1 --rooms 2", "mychat --rooms 2"],
        |protocol| {
            let plan = format!("--protocol {protocol} {SHORT}");
            for own in [true, false] {
                let server = || (!own).then(|| FakeAccounts::start(Flaw::None));
                let (report, wrong) = play(server, &plan);
                assert_eq!(wrong, [""; 0], "{protocol}: {report}");
                assert!((1..20).contains(&asked(&report)), "{protocol}: {report}");
            }
            let (report, _) = play(|| None, &plan.replace("histories 20", "histories 0"));
            assert_eq!(asked(&report), 0, "{protocol}");
        },
    );
}

#[test]
fn a_history_that_leaves_out_what_others_have_heard_is_found() {
    a_few_at_a_time(
        &["chatterbox", "websocket-chat --private 0", "v1 --private 0", "mychat"],
        |protocol| {
            let plan = format!("--protocol {protocol} {SHORT}");
            let (report, wrong) = play(|| Some(FakeAccounts::start(Flaw::OmitNewest)), &plan);
            assert_eq!(wrong, ["histories_wrong"], "{protocol}: {report}");
        },
    );
}

/// At the end the server shows the last 50 messages, and the one that it has forgotten is the 20th.
#[test]
fn a_message_that_is_out_of_reach_at_the_end_is_missed_while_others_write() {
    a_few_at_a_time(&["chatterbox", "websocket-chat --private 0"], |protocol| {
        let play = |flaw, histories: &str| {
            let plan = format!("--protocol {protocol} {LONG} --histories {histories}");
            play(|| Some(FakeAccounts::without_v1(flaw)), &plan).1
        };
        assert_eq!(play(Flaw::None, "10"), [""; 0], "{protocol}");
        assert_eq!(play(Flaw::ForgetStored, "0"), [""; 0], "{protocol}");
        assert_eq!(play(Flaw::ForgetStored, "10"), ["histories_wrong"], "{protocol}");
        assert_eq!(play(Flaw::StoreTwice, "10"), ["stored.twice"], "{protocol}");
        // Where a history begins between two that have changed places, one is missing; and so is the message whose text
        // is another one.
        for (flaw, name) in
            [(Flaw::StoreOutOfOrder, "stored.out_of_order"), (Flaw::AlterStored, "stored.wrong")]
        {
            let mut wrong = play(flaw, "10");
            wrong.retain(|name| name != "histories_wrong");
            assert_eq!(wrong, [name], "{protocol}");
        }
    });
}

/// What is shown of long ago was written before all that is missing. So nothing is out of reach.
#[test]
fn a_server_that_shows_nothing_but_what_is_older_than_the_run_has_lost_all_of_it() {
    a_few_at_a_time(&["chatterbox", "websocket-chat --private 0"], |protocol| {
        let plan = format!("--protocol {protocol} {SHORT}");
        let (report, wrong) = play(|| Some(FakeAccounts::without_v1(Flaw::StayOld)), &plan);
        assert_eq!(wrong, ["histories_wrong", "stored.missing"], "{protocol}: {report}");
    });
}

/// All are asked for so late that the server may answer until after the run.
#[test]
fn a_history_that_does_not_come_is_missed_also_if_it_was_asked_for_in_the_end() {
    let plan = format!("--protocol v1 {SHORT}");
    let (report, wrong) = play(|| Some(FakeAccounts::start(Flaw::WithholdHistory)), &plan);
    assert_eq!((&wrong[..], asked(&report)), (&["stored.unread".to_owned()][..], 0), "{report}");
    assert!(report["accounts"]["stored"]["unread"].as_u64() > Some(1), "{report}");
    let (report, wrong) = play(|| Some(FakeAccounts::start(Flaw::RefuseHistory)), &plan);
    assert_eq!(wrong, ["stored.unread", "error frames from the server"], "{report}");
}
