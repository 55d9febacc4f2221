//! Does loadgen tell the truth about what a server does to users with accounts? The real program speaks with servers
//! that have one flaw each, and must find it and name it; and with its own, which has none.

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

const PLAN: &str = "--settle 2s --seed 1 --quiet";
const STEADY: &str = "--clients 6 --ramp 300ms --duration 1s --rate 60";

/// Plays users, with a flawed server or with loadgen's own, until the machine can measure. Returns the report.
fn play(flaw: Option<Flaw>, protocol: &str, plan: &str) -> Value {
    let folder = Folder::new(&format!("flaw-{protocol}-{flaw:?}"));
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
    let says_something = |code: &i32| *code != INVALID && !folder.is_late();
    let code = codes.find(says_something).expect("this machine can measure");
    let report = folder.report();
    assert_eq!(code == 0, failures(&report).is_empty(), "{report}");
    report
}

/// What was wrong, in sentences.
fn failures(report: &Value) -> Vec<&str> {
    report["failures"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// A flaw, the protocols in which it can be seen, the rest of the plan, how the lines about it begin, and how those
/// about its effects may.
type Case<'a> = (Flaw, &'a [&'a str], &'a str, &'a [&'a str], &'a [&'a str]);

/// A server with this flaw is found to do these wrongs, and no others. Returns the cases in which it is not.
fn not_as_expected((flaw, protocols, plan, names, effects): Case<'_>) -> Vec<String> {
    let played = protocols.iter().map(|protocol| {
        // What is not stored, or is stored twice, is not unread either, or is so twice.
        let marks = if *protocol == "v1" && !plan.contains("--marks") { "--marks 0" } else { "" };
        let report = play(Some(flaw), protocol, &format!("{STEADY} {plan} {marks}"));
        let found = failures(&report);
        let is_named = |name: &&str| found.iter().any(|line| line.starts_with(name));
        let is_meant = |line: &&str| names.iter().chain(effects).any(|name| line.starts_with(name));
        let is_right = names.iter().all(is_named) && found.iter().all(is_meant);
        (!is_right).then(|| format!("{flaw:?}, {protocol}: {names:?} is found as {found:?}"))
    });
    played.flatten().collect()
}

fn expect_all_found(cases: &[Case<'_>]) {
    let wrong = a_few_at_a_time(cases, |&case| not_as_expected(case)).concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const V1: &[&str] = &["v1"];
const BOTH: &[&str] = &["websocket-chat", "v1"];
const MYCHAT: &[&str] = &["mychat"];
const WEBSOCKET_CHAT: &[&str] = &["websocket-chat"];
/// Those that show the last messages to everyone when a phone connects.
const GREETED: &[&str] = &["chatterbox", "websocket-chat"];

/// One phone in six vanishes and comes back.
const FLAPPER: &str = "--persona chatter=5,flapper=1 --flap-up 400ms --flap-down 200ms";
/// Every other one does.
const FLAPPERS: &str = "--persona chatter=1,flapper=1 --flap-up 400ms --flap-down 200ms";

#[test]
fn typing_that_is_lost_leaked_doubled_or_of_another_user_is_found_and_named() {
    let plan = "--typing 1 --private 0.5";
    let (lost, uncalled) = (&["typing_lost"], &["typing_uncalled"]);
    // The user who is named may be the one who sees it.
    let misdelivered = &["typing_misdelivered"];
    expect_all_found(&[
        (Flaw::None, BOTH, plan, &[], &[]),
        (Flaw::LoseTyping, BOTH, plan, lost, &[]),
        (Flaw::LoseOneTyping, BOTH, plan, lost, &[]),
        (Flaw::LeakTyping, BOTH, plan, misdelivered, &[]),
        (Flaw::EchoTyping, BOTH, plan, misdelivered, &[]),
        (Flaw::WrongTypist, BOTH, plan, &["typing_lost", "typing_uncalled"], misdelivered),
        (Flaw::TypeTwice, BOTH, plan, uncalled, &[]),
    ]);
}

#[test]
fn who_is_shown_wrongly_or_not_at_all_is_found_and_named() {
    expect_all_found(&[
        (Flaw::None, BOTH, FLAPPER, &[], &[]),
        (Flaw::HideOne, BOTH, "", &["stale views"], &[]),
        (Flaw::KeepGone, BOTH, FLAPPER, &["stale views"], &[]),
        (Flaw::ListTwice, BOTH, "", &["listed_twice"], &[]),
        (Flaw::NeverList, BOTH, "", &["stale views"], &[]),
        (Flaw::None, V1, &format!("--presence delta {FLAPPER}"), &[], &[]),
        (Flaw::MiscountOnline, V1, "--presence delta", &["online_wrong"], &[]),
    ]);
}

/// In two of three pairs one writes to the other, who has the start page open; and the third watches who is online.
#[test]
fn who_is_shown_wrongly_on_the_socket_that_mychat_has_for_it_is_found_and_named() {
    let watched = "--status 0.5 --notices 1";
    let flapper = &format!("{watched} {FLAPPERS}");
    // A phone that goes stays away. So the machine does not decide which phones are there at the end.
    let leaver = &format!("{flapper} --flap-down 1h");
    expect_all_found(&[
        (Flaw::None, MYCHAT, leaver, &[], &[]),
        (Flaw::None, MYCHAT, flapper, &[], &[]),
        (Flaw::CountNotices, MYCHAT, flapper, &[], &[]),
        (Flaw::CountNotices, MYCHAT, "--status 0.5 --notices 0", &[], &[]),
        (Flaw::HideOne, MYCHAT, watched, &["stale views"], &[]),
        (Flaw::KeepGone, MYCHAT, leaver, &["stale views"], &[]),
        (Flaw::ListTwice, MYCHAT, watched, &["listed_twice"], &[]),
        (Flaw::NeverList, MYCHAT, watched, &["stale views"], &[]),
        (Flaw::ShowOfNext, MYCHAT, flapper, &["stale views"], &[]),
        (Flaw::ListOtherIds, MYCHAT, watched, &["stale views", "unlisted"], &[]),
        (Flaw::ListOnlineOnly, MYCHAT, watched, &["unlisted"], &[]),
        (Flaw::LeakStatus, MYCHAT, watched, &["misdelivered"], &[]),
    ]);
}

#[test]
fn a_message_that_comes_wrongly_is_found_and_named() {
    let (public, private) = ("--private 0", "--private 1");
    let rooms = "--private 0 --rooms 1 --room-share 1";
    let (lost, live) = (&["lost", "deliveries_lost"], &["deliveries_lost", "unacknowledged"]);
    expect_all_found(&[
        (Flaw::LoseOne, BOTH, public, lost, &[]),
        (Flaw::AlterText, BOTH, public, &["garbled", "lost"], live),
        (Flaw::WrongPlace, BOTH, private, &["misplaced"], &[]),
        (Flaw::WrongPlace, V1, rooms, &["misplaced"], &[]),
        (Flaw::Leak, BOTH, private, &["misdelivered"], &[]),
        (Flaw::Leak, V1, "--private 0 --rooms 3 --room-share 1", &["misdelivered"], &[]),
        (Flaw::ErrorAnswered, BOTH, public, &["error frames", "unacknowledged"], &[]),
        (Flaw::AcknowledgeTwice, V1, public, &["duplicated"], &[]),
        (Flaw::CloseOne, BOTH, public, &["connections: 1 closed by the server"], &["messages"]),
        (Flaw::FallSilent, BOTH, public, &["lost"], live),
        (Flaw::RepeatId, V1, public, &["ids_wrong"], &[]),
    ]);
}

/// The acknowledgement says that a message is stored, and nothing of its place.
#[test]
fn a_server_may_acknowledge_late_and_is_found_all_the_same_if_it_stores_out_of_order() {
    let everywhere = "--private 0.4 --rooms 2 --room-share 0.4";
    let (out_of_order, private) = (&["stored.out_of_order"], "--private 1");
    expect_all_found(&[
        (Flaw::AcknowledgeLate, V1, everywhere, &[], &[]),
        (Flaw::AcknowledgeLate, WEBSOCKET_CHAT, "--private 0.6", &[], &[]),
        (Flaw::AcknowledgeLate, V1, &format!("{private} {FLAPPER}"), &[], &[]),
        (Flaw::StoreOutOfOrderLate, V1, "--private 0", out_of_order, &[]),
        (Flaw::StoreOutOfOrderLate, BOTH, private, out_of_order, &[]),
        (Flaw::SwapForOdd, V1, "--private 0", &["reordered"], &[]),
    ]);
}

#[test]
fn a_sender_who_is_told_that_nobody_was_told_of_a_message_that_came_is_found() {
    let denied = &["deliveries_denied"];
    expect_all_found(&[(Flaw::DenyDelivery, WEBSOCKET_CHAT, "--private 0.5", denied, &[])]);
}

/// Each user of the start page marks something as read, in the end.
#[test]
fn a_page_that_is_told_twice_or_for_no_reason_that_nothing_is_unread_is_found() {
    let uncalled = &["resets_uncalled"];
    expect_all_found(&[
        (Flaw::None, MYCHAT, "--notices 1", &[], &[]),
        (Flaw::ResetTwice, MYCHAT, "--notices 1", uncalled, &[]),
        (Flaw::ResetUncalled, MYCHAT, "--notices 1", uncalled, &[]),
    ]);
}

#[test]
fn a_user_who_is_taken_for_another_is_found_and_named() {
    let effects = &[
        "misattributed",
        "misdelivered",
        "stored.",
        "typing_",
        "stale views",
        "lost",
        "deliveries",
    ];
    expect_all_found(&[
        (Flaw::SwapTokens, V1, "", &["identities_wrong", "misattributed"], effects),
        (Flaw::SwapTokens, GREETED, "", &["misattributed"], effects),
    ]);
    let (folder, server) = (Folder::new("log-in"), FakeAccounts::start(Flaw::LogInAsOther));
    let plan = format!("--protocol v1 --accounts {} ws://{}", folder.path("pool"), server.address);
    let output = Begun::new(loadgen(&format!("{PLAN} {STEADY} {plan}"))).ends_within(PATIENCE);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("in as another one: eve"), "{said}");
}

#[test]
fn a_server_that_lets_nobody_in_for_an_hour_is_not_waited_for() {
    for protocol in ["v1", "mychat"] {
        let folder = Folder::new(&format!("put-off-{protocol}"));
        let (pool, server) = (folder.path("pool"), FakeAccounts::start(Flaw::PutOff));
        let plan = format!("--protocol {protocol} --accounts {pool} ws://{}", server.address);
        let output = Begun::new(loadgen(&format!("{PLAN} {STEADY} {plan}"))).ends_within(PATIENCE);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("HTTP 503: Busy"), "{said}");
    }
}

#[test]
fn a_history_that_is_wrong_is_found_and_named() {
    let (public, private) = ("--private 0", "--private 1");
    let greeted = FLAPPER;
    expect_all_found(&[
        (Flaw::StoreWrongAuthor, BOTH, public, &["stored.wrong"], &[]),
        (Flaw::StoreElsewhere, BOTH, private, &["stored.missing", "stored.wrong"], &[]),
        (Flaw::ChangeId, V1, public, &["ids_wrong"], &[]),
        (Flaw::ShowOthers, BOTH, private, &["stored.missing", "stored.wrong"], &[]),
        (Flaw::RefuseHistory, BOTH, public, &["stored.unread"], &[]),
        (Flaw::ForgetMarks, V1, "--marks 1", &["unread_wrong"], &[]),
        (Flaw::None, GREETED, greeted, &[], &[]),
        (Flaw::GreetWithOld, GREETED, greeted, &["histories_wrong"], &[]),
        (Flaw::GreetWithNothing, GREETED, greeted, &["histories_wrong"], &[]),
    ]);
}

#[test]
fn its_own_server_shows_all_typing_and_who_is_online_also_to_those_who_come_and_go() {
    for protocol in BOTH {
        let rooms = if *protocol == "v1" { "--rooms 2" } else { "" };
        let report = play(None, protocol, &format!("{STEADY} --typing 1 {rooms}"));
        assert_eq!(failures(&report), [""; 0]);
        let of = |name: &str| report["accounts"][name].as_u64().expect("a number");
        assert!(of("typing_sent") > 100, "{report}");
        assert_eq!(of("typing_seen"), of("typing_sent"), "{report}");
        // Each phone hears of all that come after it.
        assert!(report["convergence"]["corrected_ns"]["count"].as_u64() >= Some(15), "{report}");
        assert_eq!(report["convergence"]["changes"], 6);
        let flappers = "--clients 20 --ramp 300ms --duration 3s --rate 60 --persona chatter=1,flapper=1 --flap-up 600ms --flap-down 300ms";
        let report = play(None, protocol, &format!("--typing 1 {rooms} {flappers}"));
        assert_eq!(failures(&report), [""; 0]);
        assert!(report["convergence"]["changes"].as_u64() > Some(20), "{report}");
    }
    // In MyChat, those hear of it who have the page for it open.
    let flappers = "--clients 20 --ramp 300ms --duration 3s --rate 60 --persona chatter=2,flapper=1 --flap-up 600ms --flap-down 300ms";
    for plan in [STEADY, flappers] {
        let report = play(None, "mychat", &format!("{plan} --status 0.5"));
        assert_eq!(failures(&report), [""; 0]);
        assert!(
            report["presence"]["longest_list_numbers"] == report["plan"]["clients"],
            "{report}"
        );
        assert!(report["convergence"]["corrected_ns"]["count"].as_u64() > Some(0), "{report}");
        // Only who has the start page open must be shown.
        assert!(report["convergence"]["changes"].as_u64() >= Some(1), "{report}");
    }
    for mode in ["delta", "none"] {
        let report = play(None, "v1", &format!("{STEADY} --presence {mode}"));
        let heard = ["lists", "deltas"].map(|what| report["presence"][what] != 0);
        assert_eq!(heard, [mode == "delta"; 2], "{report}");
        assert_eq!(failures(&report), [""; 0]);
    }
}
