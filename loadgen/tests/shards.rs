//! Several processes play one plan, and `loadgen merge` makes one report of theirs: exactly what one process
//! would have reported, also of messages that a server loses between two processes.

mod begun;
#[expect(dead_code, reason = "not all faults are needed here")]
mod fake_server;

use std::fs;

use begun::folder::Folder;
use begun::shards::{PATIENCE, begin, merge, merge_unless_late, play, play_whole, sum};
use begun::{a_few_at_a_time, loadgen, serve, text};
use fake_server::{FakeServer, Fault};
use nix::sys::signal::Signal;
use serde_json::Value;

const PLAN: &str = "--clients 40 --ramp 1s --duration 2s --rate 500 --grain 5ms --quiet";
/// The run says nothing: this machine was too busy.
const INVALID: i32 = 4;
/// The most tries on a busy machine.
const ATTEMPTS: u32 = 10;

/// Tries again while the machine is too busy to play all of the plan.
fn until_all_is_sent(
    play: impl Fn() -> Option<(Vec<Value>, i32, Value)>,
) -> (Vec<Value>, i32, Value) {
    let mut plays = (0..ATTEMPTS).filter_map(|_| play());
    let is_whole = |(_, code, merged): &(Vec<Value>, i32, Value)| {
        *code != INVALID && merged["messages"]["skipped"] == 0
    };
    plays.find(is_whole).expect("this machine can play forty phones")
}

const FOUR: [&str; 4] = ["3.json", "1.json", "4.json", "2.json"];

#[test]
fn four_processes_come_to_what_one_process_comes_to() {
    let (reports, code, merged) = until_all_is_sent(|| {
        let (folder, (_server, address)) = (Folder::new("shards"), serve("127.0.0.1:0"));
        let plan =
            format!("{PLAN} --metrics http://{address} --expect lost==0 --expect sent==1000");
        let reports = play(&folder, &format!("ws://{address}"), 4, &plan);
        let (code, merged) = merge_unless_late(&folder, &FOUR)?;
        Some((reports, code, merged))
    });
    assert_eq!((code, &merged["verdict"]), (0, &"good".into()), "{merged}");

    let whole = play_whole("127.0.0.1:0", PLAN);
    for pointer in
        ["/messages/sent", "/messages/delivered", "/connections/planned", "/connections/peak"]
    {
        assert_eq!(merged.pointer(pointer), whole.pointer(pointer), "{pointer}");
    }
    assert_eq!(merged["plan"], {
        let mut plan = whole["plan"].clone();
        plan["url"] = merged["plan"]["url"].clone();
        plan
    });
    // The server's books agree only with the messages of all shards.
    let ledger = merged["ledger"].as_array().expect("the server has /metrics");
    assert!(ledger.iter().all(|row| row["agrees"] == true), "{ledger:?}");
    assert_eq!(ledger[0]["theirs"], 1000);
    assert!(reports.iter().all(|report| report["ledger"].is_null()));

    // Every message is in the histogram, within a shard or between two.
    let across = merged["shards"]["messages_arrived"].as_u64().expect("a count");
    let within = sum(&reports, "/delivery/corrected_ns/count");
    assert_eq!(
        (merged["delivery"]["corrected_ns"]["count"].as_u64(), across > 500),
        (Some(within + across), true)
    );
    assert_eq!(sum(&reports, "/connect/total_ns/count"), 40);
    assert_eq!(merged["connect"]["total_ns"]["count"], 40);
    let rows = merged["series"].as_array().expect("rows");
    assert_eq!(
        rows.iter().map(|row| row["delivered"].as_u64().expect("a count")).sum::<u64>(),
        1000
    );
    assert_eq!(merged["shards"]["files"].as_array().expect("files").len(), 4);
}

#[test]
fn what_a_server_loses_or_doubles_between_processes_is_found_to_the_message() {
    let faults = [(Fault::Lose, "/messages/lost"), (Fault::Duplicate, "/messages/duplicated")];
    a_few_at_a_time(&faults, |&(fault, what)| {
        let (reports, code, merged) = until_all_is_sent(|| {
            let (folder, server) = (Folder::new("shards"), FakeServer::start(fault));
            let url = format!("ws://{}", server.address);
            let reports = play(&folder, &url, 3, &format!("{PLAN} --presence none --settle 1s"));
            let (code, merged) = merge_unless_late(&folder, &["1.json", "2.json", "3.json"])?;
            Some((reports, code, merged))
        });
        // Every hundredth of a thousand messages.
        assert_eq!(code, 1, "{fault:?}");
        assert_eq!(merged.pointer(what), Some(&10.into()), "{fault:?}: {}", merged["failures"]);
        // A process alone sees a loss only among its own phones.
        if fault == Fault::Lose {
            assert!(sum(&reports, what) < 10, "none was between processes");
        }
    });
}

#[test]
fn shards_that_do_not_belong_together_are_refused_by_name() {
    let (folder, server) = (Folder::new("shards"), FakeServer::start(Fault::None));
    let url = format!("ws://{}", server.address);
    let plan = "--clients 4 --ramp 1s --duration 200ms --rate 50 --presence none --quiet";
    play(&folder, &url, 2, plan);
    let whole = folder.path("whole.json");
    loadgen(&format!("{url} {plan} --json {whole}")).output().expect("it starts");
    let edit = |name: &str, edit: &dyn Fn(&mut Value)| {
        let mut report = folder.json("2.json");
        edit(&mut report);
        fs::write(folder.path(name), report.to_string()).expect("it is ours");
    };
    edit("copy.json", &|_| {});
    edit("seed.json", &|report| report["shard"]["plan"]["timing"]["seed"] = 6.into());
    edit("later.json", &|report| report["shard"]["plan"]["start_at"]["secs"] = 7.into());
    edit("of.json", &|report| report["shard"]["of"] = 3.into());
    edit("version.json", &|report| report["loadgen"] = "9.9.9".into());
    edit("torn.json", &|report| report["shard"]["part"]["send_lag"] = "HISTFAAA".into());
    edit("drawn.json", &|report| report["shard"]["part"]["crossing"]["planned"] = 3.into());
    fs::write(folder.path("empty.json"), "").expect("it is ours");
    for (files, says) in [
        (&["1.json", "./1.json"][..], "are the same file"),
        (&["1.json"], "shards are missing: 2/2"),
        (&["2.json", "1.json", "copy.json"], "are both shard 2/2"),
        (&["1.json", "seed.json"], "timing.seed is 5 in the first, and 6 in the second"),
        (&["1.json", "later.json"], "start_at.secs is"),
        (&["1.json", "of.json"], "is shard 2/3"),
        (&["1.json", "version.json"], "version.json is of loadgen 9.9.9"),
        (&["1.json", "torn.json"], "torn.json cannot be merged: a histogram"),
        (&["1.json", "drawn.json"], "messages of the plan"),
        (&["1.json", "whole.json"], "whole.json is the report of a whole plan"),
        (&["1.json", "empty.json"], "empty.json is no report"),
        (&["1.json", "nowhere.json"], "nowhere.json: No such file"),
    ] {
        let (code, stderr, merged) = merge(&folder, files);
        assert_eq!((code, merged.is_some()), (2, false), "{files:?}: {stderr}");
        assert!(stderr.contains(says) && stderr.trim().lines().count() == 1, "{files:?}: {stderr}");
    }
    let (code, stderr, _) = merge(&folder, &["1.json", "2.json"]);
    assert!(code == 0 || code == INVALID, "{stderr}");
    let compared = loadgen(&format!("compare {whole} {}", folder.path("1.json"))).output();
    let stderr = text(&compared.expect("it starts").stderr);
    assert!(stderr.contains("one shard of a plan"), "{stderr}");
}

#[test]
fn a_shard_that_was_ended_early_is_refused_and_one_that_was_killed_is_missing() {
    let (folder, server) = (Folder::new("shards"), FakeServer::start(Fault::None));
    let url = format!("ws://{}", server.address);
    let plan = "--clients 6 --ramp 1s --duration 60s --rate 50 --presence none --settle 1s";
    let mut shards = begin(&folder, &url, 3, plan);
    shards.iter_mut().for_each(|shard| shard.until_it_is("sending"));
    shards[2].signal(Signal::SIGKILL);
    shards[0].signal(Signal::SIGTERM);
    shards[1].signal(Signal::SIGTERM);
    shards.into_iter().for_each(|mut shard| drop(shard.ends_within(PATIENCE)));
    let (code, stderr, _) = merge(&folder, &["1.json", "2.json", "3.json"]);
    assert!(code == 2 && stderr.contains("cannot read") && stderr.contains("3.json"), "{stderr}");
    let (code, stderr, _) = merge(&folder, &["1.json", "2.json"]);
    assert!(code == 2 && stderr.contains("1.json is of a run that ended early"), "{stderr}");
}

#[test]
fn a_plan_that_cannot_be_shared_is_a_clear_line() {
    let needed = "ws://127.0.0.1:9 --seed 1 --start-at 1 --shard 1/2";
    for (args, says) in [
        ("--shard 1/2", "needs the URL"),
        ("ws://127.0.0.1:9 --shard 1/2", "needs --seed"),
        ("ws://127.0.0.1:9 --seed 1 --shard 1/2", "needs --start-at"),
        (&format!("{needed} --ramp 100ms"), "needs a --ramp of 1s"),
        (&format!("{needed} --protocol session --clients 3"), "needs --clients 4 or more"),
        (&format!("{needed} --closed"), "does not go with --closed"),
        (&format!("{needed} --stage 1s:10 --stage 1s:10"), "does not go with --stage"),
        (&format!("{needed} --persona chatter=1 --persona flapper=1"), "--persona flapper"),
        (&format!("{needed} --repeat 2"), "does not go with --repeat"),
        (&format!("{needed} --abort-on-fail --expect lost==0"), "--abort-on-fail"),
        (&format!("{needed} --clients 1 --rate 0"), "more shards than --clients"),
        ("ws://127.0.0.1:9 --seed 1 --start-at 1 --shard 3/2", "the first of four"),
        ("--start-at soon", "seconds since the Unix epoch"),
    ] {
        let output = loadgen(args).output().expect("it starts");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args}: {stderr}");
        assert!(stderr.contains(says) && stderr.trim().lines().count() == 1, "{args}: {stderr}");
    }
    let server = FakeServer::start(Fault::None);
    let late = loadgen(&format!("ws://{} --clients 2 --start-at 1796", server.address)).output();
    let late = late.expect("it starts");
    assert_eq!(late.status.code(), Some(2));
    assert!(text(&late.stderr).contains("name a later moment"), "{}", text(&late.stderr));
}
