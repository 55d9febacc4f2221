//! Several processes play the sessions of one plan, each session among those of its own process, and `loadgen merge` adds
//! up what they have seen.

mod begun;
#[expect(dead_code, reason = "of the other protocol's fake only the way in is used here")]
mod fake_server;
#[expect(dead_code, reason = "of its faults only some are played")]
mod fake_sessions;

use begun::folder::Folder;
use begun::shards::{merge_unless_late, play, play_whole, sum};
use begun::{a_few_at_a_time, serve};
use fake_sessions::{FakeSessions, Slip};
use serde_json::Value;

const PLAN: &str = "--protocol session --clients 12 --circle 2 --devices 2 --ramp 1s --duration 1s --rate 60 --typing 0.5 --contact-grace 200ms --settle 1s --quiet";
/// The run says nothing: this machine was too busy.
const INVALID: i32 = 4;
/// The most tries on a busy machine.
const ATTEMPTS: usize = 10;

/// Plays three shards and merges them, until the machine is not too busy. `start` starts a server, and returns its URL and
/// where its metrics are, with what has to be there meanwhile.
fn play_and_merge<T>(start: impl Fn() -> (String, String, T)) -> (Vec<Value>, i32, Value) {
    let once = || {
        let folder = Folder::new("shared-sessions");
        let (url, metrics, _server) = start();
        let reports = play(&folder, &url, 3, &format!("{PLAN} {metrics}"));
        let (code, merged) = merge_unless_late(&folder, &["3.json", "1.json", "2.json"])?;
        Some((reports, code, merged))
    };
    let mut plays = std::iter::repeat_with(once).take(ATTEMPTS).flatten();
    let is_whole = |(_, code, merged): &(Vec<Value>, i32, Value)| {
        *code != INVALID && merged["messages"]["skipped"] == 0
    };
    plays.find(is_whole).expect("this machine can play twelve sessions")
}

#[test]
fn three_processes_come_to_what_one_process_comes_to_with_sessions() {
    let (reports, code, merged) = play_and_merge(|| {
        let (server, address) = serve("127.0.0.1:0 --contact-grace 200ms");
        (format!("ws://{address}"), format!("--metrics http://{address}"), server)
    });
    assert_eq!((code, &merged["verdict"]), (0, &"good".into()), "{}", merged["failures"]);

    let whole = play_whole("127.0.0.1:0 --contact-grace 200ms", PLAN);
    for pointer in [
        "/messages/sent",
        "/messages/delivered",
        "/connections/planned",
        "/connections/peak",
        "/sessions/copies",
        "/sessions/mirrors",
        "/sessions/statuses",
        "/sessions/read",
        "/sessions/typing_sent",
        "/sessions/typing_seen",
        "/sessions/read_time/corrected_ns/count",
        "/convergence/changes",
    ] {
        let (of_three, of_one) = (merged.pointer(pointer), whole.pointer(pointer));
        assert!(of_three.is_some() && of_three == of_one, "{pointer}: {of_three:?}, {of_one:?}");
    }
    let sessions = &merged["sessions"];
    let of = |name: &str| sessions[name].as_u64().expect("a count");
    assert!(of("invitations_sent") > 0, "{sessions}");
    assert_eq!(of("invitations_accepted") + of("invitations_declined"), of("invitations_sent"));
    assert_eq!(sessions["invitation_ns"]["count"], sessions["invitations_sent"]);
    assert_eq!(sum(&reports, "/sessions/invitations_sent"), of("invitations_sent"));
    // The server's books agree only with the messages of all shards.
    let rows = merged["ledger"].as_array().expect("the server has /metrics");
    assert!(rows.len() == 6 && rows.iter().all(|row| row["agrees"] == true), "{rows:?}");
    assert_eq!(merged["shards"]["messages_sent"], 0, "none is between two processes");
}

#[test]
fn what_a_server_does_wrong_in_one_process_is_in_the_merged_report() {
    let slips = [
        (Slip::LoseStatus, "statuses_lost", "/sessions/breaches/statuses_lost"),
        (Slip::CopyTwice, "duplicated", "/messages/duplicated"),
        (Slip::LoseCopy, "copies_lost", "/sessions/breaches/copies_lost"),
    ];
    a_few_at_a_time(&slips, |&(slip, name, at)| {
        let (_, code, merged) = play_and_merge(|| {
            let server = FakeSessions::start(slip);
            (format!("ws://{}", server.address), String::new(), server)
        });
        assert_eq!(code, 1, "{slip:?}: {merged}");
        let failures = merged["failures"].as_array().expect("sentences");
        let names_it = |line: &Value| line.as_str().is_some_and(|line| line.starts_with(name));
        assert!(failures.iter().any(names_it), "{slip:?}: {failures:?}");
        assert!(merged.pointer(at).and_then(Value::as_u64) > Some(0), "{slip:?}");
    });
}
