//! Several processes play the users of one plan, and `loadgen merge` makes one report of theirs. What one process writes
//! comes to users of the others, and what a server does wrong between them is found.

mod begun;
#[allow(dead_code, clippy::too_many_lines, reason = "a fake; of its flaws only some are played")]
mod fake_accounts;

use std::fs;
use std::process::Output;

use begun::folder::Folder;
use begun::shards::{PATIENCE, TOO_LATE, merge, merge_unless_late, play, sum};
use begun::{Begun, a_few_at_a_time, loadgen, serve, soon, text};
use fake_accounts::{FakeAccounts, Flaw};
use serde_json::Value;

const PLAN: &str = "--clients 6 --ramp 1s --duration 1s --rate 60 --settle 2s --quiet";
/// The run says nothing: this machine was too busy.
const INVALID: i32 = 4;
/// The most tries on a busy machine.
const ATTEMPTS: usize = 10;

/// What all shards of a plan come to: their reports, the exit code of `merge`, and its report.
type Played = (Vec<Value>, i32, Value);

/// Lets one process register six users, and two play the plan with them, until the machine is not too busy. `start`
/// starts a server, and returns its address and the flags about its metrics, with what has to be there meanwhile.
fn play_and_merge<T>(
    start: impl Fn(&Folder) -> (String, String, T),
    (protocol, more): (&str, &str),
) -> Played {
    let once = || {
        let folder = Folder::new(&format!("shared-{protocol}"));
        let (address, metrics, _server) = start(&folder);
        let (url, pool) = (format!("ws://{address}"), folder.path("pool"));
        let plan = format!("{PLAN} --protocol {protocol} {more} {metrics} --accounts {pool}");
        fill(&url, &format!("{plan} --duration 100ms --rate 0"));
        let before = folder.read("pool");
        let reports = play(&folder, &url, 2, &plan);
        assert_eq!(folder.read("pool"), before, "no shard writes the file of the users");
        let (code, merged) = merge_unless_late(&folder, &["2.json", "1.json"])?;
        Some((reports, code, merged))
    };
    let mut plays = std::iter::repeat_with(once).take(ATTEMPTS).flatten();
    let is_whole =
        |(_, code, merged): &Played| *code != INVALID && merged["messages"]["skipped"] == 0;
    plays.find(is_whole).expect("this machine can play six users")
}

/// Lets one process that is no shard make the users of the plan.
fn fill(url: &str, plan: &str) {
    let once = || Begun::new(loadgen(&format!("{url} {plan}"))).ends_within(PATIENCE);
    // If the machine is too busy, not all of them come in time. They come the next time.
    let mut runs = std::iter::repeat_with(once).take(ATTEMPTS);
    let have_come = |output: Output| matches!(output.status.code(), Some(0 | INVALID));
    assert!(runs.any(have_come), "this machine can register six users");
}

fn of_the_real_server(folder: &Folder) -> (String, String, Begun) {
    let data = folder.path("data");
    fs::create_dir(&data).expect("a folder of our own");
    let (server, address) = serve(&format!("127.0.0.1:0 --data {data}"));
    let metrics = format!("--metrics http://{address}");
    (address, metrics, server)
}

fn count(report: &Value, pointer: &str) -> u64 {
    let count = report.pointer(pointer).and_then(Value::as_u64);
    count.unwrap_or_else(|| panic!("no {pointer}: {report}"))
}

#[test]
fn two_processes_come_to_what_one_process_comes_to_with_users() {
    let plans = [
        ("chatterbox", ""),
        ("websocket-chat", "--private 0.5 --typing 1"),
        ("v1", "--private 0.3 --rooms 4 --room-share 0.3 --replies 0.5 --marks 0.5 --typing 1"),
        ("mychat", "--rooms 2"),
        // A pair that watches who is online is one user of each process.
        ("mychat", "--status 0.5"),
    ];
    a_few_at_a_time(&plans, |&(protocol, more)| {
        let plan = format!("{more} --histories 20");
        let (reports, code, merged) = play_and_merge(of_the_real_server, (protocol, &plan));
        assert_eq!(code, 0, "{protocol}: {}", merged["failures"]);
        let of = |pointer: &str| count(&merged, pointer);
        for pointer in [
            "/messages/sent",
            "/messages/delivered",
            "/accounts/acknowledged",
            "/accounts/stored/found",
        ] {
            assert_eq!(of(pointer), 60, "{protocol}: {pointer}");
            assert_eq!(sum(&reports, pointer), 60, "{protocol}: {pointer}");
        }
        assert_eq!(of("/accounts/stored/out_of_reach"), 0, "all pages are read");
        assert_eq!((of("/connections/planned"), of("/connections/peak")), (6, 6));
        // Every delivery is in the histogram, within a shard or between two.
        let deliveries = of("/accounts/deliveries");
        assert_eq!(of("/delivery/corrected_ns/count"), deliveries, "{protocol}");
        assert_eq!(of("/accounts/acknowledgement/corrected_ns/count"), 60, "{protocol}");
        let (sent, arrived) = (of("/shards/messages_sent"), of("/shards/messages_arrived"));
        assert!(sent == arrived && sent > 0, "{protocol}: {arrived} of {sent}");
        match protocol {
            "chatterbox" => assert_eq!((deliveries, sent), (60 * 5, 60)),
            "websocket-chat" => assert!(deliveries > 60 + 50 && sent < 60, "{deliveries}"),
            _ => {}
        }
        assert_eq!(of("/accounts/typing_seen"), of("/accounts/typing_sent"), "{protocol}");
        let asked = reports.iter().map(|one| count(one, "/accounts/history/corrected_ns/count"));
        let asked: Vec<_> = asked.collect();
        assert!(asked.iter().all(|&asked| asked > 2), "{protocol}: both ask in turn: {asked:?}");
        assert_eq!(of("/accounts/history/corrected_ns/count"), asked.iter().sum::<u64>());
        assert_eq!(of("/accounts/unread_compared"), 0, "shards do not compare that");
        let has_lists = !matches!((protocol, more), ("chatterbox", _) | ("mychat", "--rooms 2"));
        assert_eq!(of("/presence/lists") > 0, has_lists, "{protocol} {more}");
        // The server's books agree only with the messages of all shards.
        let rows = merged["ledger"].as_array().expect("the server has /metrics");
        assert!(rows.len() == 4 && rows.iter().all(|row| row["agrees"] == true), "{rows:?}");
    });
}

/// A flaw, the protocols in which it can be seen, the rest of the plan, and how the lines about it begin. The first must be
/// among them.
type Case<'a> = (Flaw, &'a [&'a str], &'a str, &'a [&'a str]);

#[test]
fn what_a_server_does_wrong_between_processes_is_found_by_merge_and_named() {
    const BOTH: &[&str] = &["websocket-chat", "v1"];
    const PUBLIC: &str = "--private 0";
    const LOOKING_BACK: &str = "--private 0 --histories 20";
    // Where the lost one was said, one process can only guess.
    const LOST: &[&str] = &["lost: 1 ", "deliveries_lost", "reordered", "stored.out_of_order"];
    const STARTS: &str = "--notices 1 --ramp 2s --rate 2 --duration 3s";
    const CONVERSATIONS: &str = "--notices 0 --ramp 2s --rate 20 --duration 2s";
    let cases: [Case<'static>; 9] = [
        (Flaw::None, BOTH, PUBLIC, &[]),
        (Flaw::LoseOneOfOthers, BOTH, PUBLIC, LOST),
        (Flaw::LoseOneOfOthers, &["chatterbox"], "", LOST),
        // All conversations are between the two processes. The flaws happen long after the last phone has come.
        (Flaw::LoseNotice, &["mychat"], STARTS, &["notices_lost", "lost: 1 "]),
        (Flaw::SwapForOdd, BOTH, PUBLIC, &["reordered", "stored.out_of_order"]),
        (Flaw::DeliverTwice, BOTH, PUBLIC, &["duplicated"]),
        (Flaw::DeliverTwice, &["mychat"], CONVERSATIONS, &["duplicated"]),
        (Flaw::ForgetStored, BOTH, PUBLIC, &["stored.missing"]),
        (Flaw::ForgetStored, BOTH, LOOKING_BACK, &["histories_wrong", "stored.missing"]),
    ];
    let one_each = |case: Case<'static>| case.1.iter().map(move |protocol| (case, *protocol));
    let cases: Vec<_> = cases.into_iter().flat_map(one_each).collect();
    a_few_at_a_time(&cases, |&(case, protocol)| expect_found(case, protocol));
}

fn expect_found((flaw, _, plan, names): Case<'_>, protocol: &str) {
    let start = |_: &Folder| {
        let server = FakeAccounts::start(flaw);
        (server.address.to_string(), String::new(), server)
    };
    let (reports, code, merged) = play_and_merge(start, (protocol, plan));
    assert_eq!(code, i32::from(flaw != Flaw::None), "{flaw:?}, {protocol}: {merged}");
    let found = failures(&merged);
    let is_named = |line: &&str| names.iter().any(|name| line.starts_with(name));
    assert!(found.iter().all(is_named), "{flaw:?}, {protocol}: {found:?}");
    let has_first = names.first().is_none_or(|name| found.iter().any(|l| l.starts_with(name)));
    assert!(has_first, "{flaw:?}, {protocol}: {found:?}");
    match flaw {
        // Each process alone has lost nothing.
        Flaw::LoseOneOfOthers | Flaw::LoseNotice => {
            let of_shards = reports.iter().flat_map(failures);
            let is_loss = |line: &&str| line.contains("lost");
            let of_shards: Vec<_> = of_shards.filter(is_loss).collect();
            assert!(of_shards.is_empty(), "{flaw:?}, {protocol}: {of_shards:?}");
            let lost = ["deliveries_lost", "notices_lost"];
            let lost = lost.map(|name| count(&merged, &format!("/accounts/lapses/{name}")));
            assert_eq!(lost.iter().sum::<u64>(), 1, "{protocol}");
        }
        _ => {}
    }
}

/// What was wrong, in sentences.
fn failures(report: &Value) -> Vec<&str> {
    report["failures"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

#[test]
fn users_of_other_processes_have_to_be_known_and_be_the_same_for_all() {
    let (folder, server) = (Folder::new("shared-users"), FakeAccounts::start(Flaw::None));
    let url = format!("ws://{}", server.address);
    let pool = folder.path("pool");
    let fails = |plan: &str, says: &str| {
        let shard = format!("--shard 1/2 --seed 1 --start-at {}", soon());
        let output = Begun::new(loadgen(&format!("{url} {shard} {plan}"))).ends_within(PATIENCE);
        let stderr = text(&output.stderr);
        let lines: Vec<_> = stderr.lines().filter(|line| !line.contains("mode 0600")).collect();
        assert_eq!((output.status.code(), lines.len()), (Some(2), 1), "{stderr}");
        assert!(lines[0].contains(says), "{stderr}");
    };
    let plan = format!("{PLAN} --duration 200ms --accounts {pool}");
    fails(&format!("{plan} --protocol v1"), "it has 0 users of 6; with --shard, all of the plan's");
    fill(&url, &format!("{plan} --protocol v1 --rate 0"));
    let users = folder.read("pool");
    let without_ids: Vec<_> = users
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            drop(line.as_object_mut().and_then(|line| line.remove("id")));
            line.to_string()
        })
        .collect();
    let bare = folder.path("bare");
    fs::write(&bare, without_ids.join("\n")).expect("it is ours");
    let of_bare = format!("{PLAN} --accounts {bare}");
    fails(&format!("{of_bare} --protocol mychat"), "it does not have the id of the user lg-");

    // The second process takes the users in another order.
    let swapped: String = users.lines().rev().map(|line| format!("{line}\n")).collect();
    fs::write(folder.path("swapped"), swapped).expect("it is ours");
    let once = || {
        let start = soon();
        let shards = [("1", &pool), ("2", &folder.path("swapped"))].map(|(number, pool)| {
            let json = folder.path(&format!("{number}.json"));
            Begun::new(loadgen(&format!(
                "{url} {PLAN} --duration 200ms --protocol v1 --seed 1 --shard {number}/2 --start-at {start} --accounts {pool} --json {json}"
            )))
        });
        for mut shard in shards {
            shard.ends_within(PATIENCE);
        }
        merge(&folder, &["1.json", "2.json"])
    };
    let mut merges = std::iter::repeat_with(once).take(ATTEMPTS);
    let was_in_time = |(_, stderr, _): &(i32, String, _)| !stderr.contains(TOO_LATE);
    let (code, stderr, merged) = merges.find(was_in_time).expect("this machine can play six users");
    assert_eq!((code, merged.is_some()), (2, false), "{stderr}");
    assert!(stderr.contains("2.json are of different users"), "{stderr}");
}
