//! Does loadgen tell the truth about users with accounts? The real program runs against its own server, against a
//! server that is killed under it, and against servers that forget, repeat or swap what they have acknowledged.

mod begun;
#[allow(dead_code, clippy::too_many_lines, reason = "a fake; of its flaws only some are played")]
mod fake_accounts;

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{fs, process};

use begun::folder::Folder;
use begun::{Begun, a_few_at_a_time, loadgen, serve, text};
use fake_accounts::{FakeAccounts, Flaw};
use serde_json::Value;

/// The run says nothing, because this machine was too busy.
const INVALID: i32 = 4;
/// Far more than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PLAN: &str = "--clients 6 --ramp 300ms --duration 1s --rate 60 --settle 2s --seed 1 --quiet";
/// All messages of the plan.
const SENT: u64 = 60;

/// A folder with the folders of two servers' data, which have to be there before the servers.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    for data in ["data", "other"] {
        fs::create_dir(folder.path(data)).expect("it is empty");
    }
    folder
}

fn begin(folder: &Folder, more: &str) -> Begun {
    Begun::new(loadgen(&format!("{PLAN} {more} --json {}", folder.path("a.json"))))
}

/// Plays until the machine can measure. Returns the exit code, what was printed, and the report.
fn play(folder: &Folder, more: &str) -> (i32, String, Value) {
    let once = || {
        let Output { status, stdout, stderr } = begin(folder, more).ends_within(PATIENCE);
        let printed = text(&stdout) + &text(&stderr);
        (status.code().expect("no signal"), printed)
    };
    let (code, printed) = std::iter::repeat_with(once)
        .take(20)
        .find(|(code, _)| *code != INVALID && !folder.is_late())
        .expect("this machine can measure");
    (code, printed, folder.report())
}

fn count(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path}: {report}"))
}

#[test]
fn every_message_of_every_protocol_is_delivered_acknowledged_and_found_in_the_history() {
    let expect = "--expect stored.missing==0 --expect deliveries_lost==0 --expect acknowledged==60";
    for (protocol, private) in
        [("chatterbox", ""), ("websocket-chat", "--private 0.5"), ("v1", "--private 0.5")]
    {
        let folder = folder(protocol);
        // Some of these protocols cut off white space at the end of a text.
        let plan = format!("--protocol {protocol} {private} --text-bytes 48..200 {expect}");
        let (code, printed, report) = play(&folder, &plan);
        assert_eq!(code, 0, "{protocol}: {printed}");
        assert_eq!(count(&report, "/messages/sent"), SENT);
        assert_eq!(count(&report, "/messages/delivered"), SENT);
        assert_eq!(count(&report, "/accounts/acknowledged"), SENT);
        assert_eq!(count(&report, "/accounts/stored/found"), SENT, "{printed}");
        assert_eq!(count(&report, "/accounts/stored/out_of_reach"), 0, "all pages are read");
        // Private messages have one delivery, and the others five.
        let deliveries = count(&report, "/accounts/deliveries");
        match private {
            "" => assert_eq!(deliveries, SENT * 5),
            _ => assert!(deliveries > SENT + 50 && deliveries < SENT * 5 - 50, "{deliveries}"),
        }
        assert_eq!(count(&report, "/delivery/corrected_ns/count"), deliveries);
        assert!(
            printed.contains("stored       60 acknowledged, 0 missing, 0 twice, 0 out of order")
        );
        let agrees = |row: &Value| row["agrees"] == true;
        let rows = report["ledger"].as_array().expect("rows");
        assert!(rows.len() == 4 && rows.iter().all(agrees), "{report}");
        let types = protocol != "chatterbox";
        assert_eq!(count(&report, "/accounts/typing_seen") > 0, types, "{printed}");
    }
}

#[test]
fn a_server_that_is_killed_has_all_that_it_acknowledged_and_nobody_is_accused() {
    for (protocol, more) in
        [("websocket-chat", "--private 0.5"), ("v1", "--private 0.5"), ("mychat", "--rooms 2")]
    {
        let folder = folder(&format!("killed-{protocol}"));
        let listen = |address: &str| format!("{address} --data {}", folder.path("data"));
        let (mut server, address) = serve(&listen("127.0.0.1:0"));
        let plan = format!(
            "--protocol {protocol} {more} --duration 4s --rate 200 --accounts {} ws://{address}",
            folder.path("pool")
        );
        let mut command = loadgen(&format!("{PLAN} {plan} --json {}", folder.path("a.json")));
        command.args(["--at", "1s", &format!("kill -9 {}", server.id())]);
        let mut run = Begun::new(command);
        server.ends_within(PATIENCE);
        let _again = serve(&listen(&address));
        let Output { status, stdout, .. } = run.ends_within(PATIENCE);
        let (code, stdout) = (status.code().expect("no signal"), text(&stdout));
        assert!(matches!(code, 0 | INVALID), "{code}: {stdout}");
        let report = folder.report();
        assert_eq!(report["failures"], Value::Array(Vec::new()), "{stdout}");
        assert_eq!(count(&report, "/commands/0/lost_phones"), 6, "{stdout}");
        let acknowledged = count(&report, "/accounts/acknowledged");
        assert_eq!(count(&report, "/accounts/stored/found"), acknowledged, "{stdout}");
        // Before the kill and after it.
        assert!(acknowledged > 300, "{stdout}");
    }
}

#[test]
fn every_promise_of_storage_that_a_server_breaks_is_named() {
    let flaws: [(Flaw, &[&str]); 8] = [
        (Flaw::None, &[]),
        (Flaw::ForgetStored, &["stored.missing"]),
        (Flaw::StoreTwice, &["stored.twice"]),
        (Flaw::StoreOutOfOrder, &["stored.out_of_order"]),
        // A text that does not begin as those of this run may be of another one.
        (Flaw::AlterStored, &["stored.missing"]),
        (Flaw::NeverAcknowledge, &["unacknowledged"]),
        (Flaw::DeliverTwice, &["duplicated"]),
        (Flaw::WrongAuthor, &["misattributed"]),
    ];
    a_few_at_a_time(&flaws, |&(flaw, names)| expect_found(flaw, names));
}

/// A server with this flaw is found to do these wrongs, and no others.
fn expect_found(flaw: Flaw, names: &[&str]) {
    for protocol in ["websocket-chat", "v1"] {
        let folder = folder(&format!("{flaw:?}-{protocol}"));
        // A new server each time: the flaw happens only once.
        let once = || {
            let server = FakeAccounts::start(flaw);
            let pool = folder.path("pool");
            drop(fs::remove_file(&pool));
            // What is not stored, or is stored twice, is not unread either, or is so twice.
            let marks = if protocol == "v1" { "--marks 0" } else { "" };
            let plan = format!(
                "--protocol {protocol} --private 0 {marks} --accounts {pool} ws://{}",
                server.address
            );
            let Output { status, stdout, stderr } = begin(&folder, &plan).ends_within(PATIENCE);
            (status.code().expect("no signal"), text(&stdout) + &text(&stderr))
        };
        let mut runs = std::iter::repeat_with(once).take(20);
        let says_something = |(code, _): &(i32, String)| *code != INVALID && !folder.is_late();
        let (code, printed) = runs.find(says_something).expect("it can measure");
        let report = folder.report();
        assert_eq!(code, i32::from(flaw != Flaw::None), "{flaw:?}, {protocol}: {printed}");
        let failures = report["failures"].as_array().expect("sentences");
        let found: Vec<&str> = failures.iter().filter_map(Value::as_str).collect();
        for name in names {
            let is_named = found.iter().any(|line| line.starts_with(name));
            assert!(is_named, "{flaw:?}, {protocol}: {name} is not in {found:?}");
        }
        // The text may still begin as one of this run.
        let altered = |line: &&&str| line.starts_with("stored.wrong") && flaw == Flaw::AlterStored;
        let others = found.iter().filter(|line| !names.iter().any(|name| line.starts_with(name)));
        let others: Vec<_> = others.filter(|line| !altered(line)).collect();
        assert!(others.is_empty(), "{flaw:?}, {protocol}: {others:?}");
    }
}

#[test]
fn a_pool_is_filled_once_kept_to_oneself_and_its_tokens_are_used_again() {
    let folder = folder("pool");
    let (server, address) = serve(&format!("127.0.0.1:0 --data {}", folder.path("data")));
    let pool = folder.path("pool");
    let plan = format!("--protocol v1 --accounts {pool} ws://{address}");
    assert_eq!(play(&folder, &plan).0, 0);
    let first = fs::read_to_string(&pool).expect("it was written");
    assert_eq!(first.lines().count(), 6, "a user a line");
    let mode = fs::metadata(&pool).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (code, printed, _) = play(&folder, &plan);
    assert_eq!((code, fs::read_to_string(&pool).expect("it is there")), (0, first.clone()));
    let token = |line: &str| -> String {
        let line: Value = serde_json::from_str(line).expect("JSON");
        line["token"].as_str().expect("a token").to_owned()
    };
    let tokens: Vec<String> = first.lines().map(token).collect();
    assert!(!tokens.iter().any(|token| printed.contains(token)), "a token is nowhere else");

    // A token that is not valid any more: the user logs in again, and is the same.
    let spoilt = first.replace(&tokens[2], &"0".repeat(64));
    fs::write(&pool, spoilt).expect("it is ours");
    assert_eq!(play(&folder, &plan).0, 0);
    let second = fs::read_to_string(&pool).expect("it is there");
    let third = second.lines().nth(2).map(token).expect("a third line");
    assert!(third != tokens[2] && third != "0".repeat(64));
    assert_eq!(second.lines().count(), 6);

    // A server that knows none of them: they are registered there, under the same names.
    drop(server);
    let (_other, address) = serve(&format!("127.0.0.1:0 --data {}", folder.path("other")));
    let plan = format!("--protocol websocket-chat --accounts {pool} ws://{address}");
    assert_eq!(play(&folder, &plan).0, 0);
}

#[test]
fn users_that_the_server_has_made_are_played_with_their_tokens_alone() {
    let folder = folder("made");
    let data = folder.path("data");
    let args =
        format!("--be-the-server-of {} user add --stdin --tokens --data {data}", process::id());
    let mut command = loadgen(&args);
    let names = folder.path("names");
    fs::write(&names, "ann\nbob\ncat\ndan\neve\nfay\n").expect("it is ours");
    command.stdin(Stdio::from(fs::File::open(&names).expect("it is there")));
    let made = Begun::new(command).ends_within(PATIENCE);
    let lines = text(&made.stdout);
    assert_eq!(lines.lines().count(), 6, "{}", text(&made.stderr));
    fs::write(folder.path("pool"), &lines).expect("it is ours");
    let (_server, address) = serve(&format!("127.0.0.1:0 --data {data}"));
    let plan = format!("--protocol v1 --accounts {} ws://{address}", folder.path("pool"));
    let (code, printed, _) = play(&folder, &plan);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("others can read the tokens in it"), "{printed}");
    assert_eq!(fs::read_to_string(folder.path("pool")).expect("it is there"), lines, "unchanged");
}

#[test]
fn what_cannot_be_played_is_one_clear_line() {
    let folder = folder("wrong");
    let garbage = folder.path("garbage");
    fs::write(&garbage, "ann\thunter2hunter2\n").expect("it is ours");
    let (_server, with) = serve(&format!("127.0.0.1:0 --data {}", folder.path("data")));
    let (_other, without) = serve("127.0.0.1:0");
    let token_only = folder.path("token-only");
    fs::write(&token_only, format!("ann\t1\t{0}\nbob\t2\t{0}\n", "a".repeat(64)))
        .expect("it is ours");
    let pool = folder.path("pool");
    for (args, code, says) in [
        (format!("--protocol v1 ws://{with}"), 2, "--accounts FILE is needed"),
        (format!("--protocol v1 --accounts {pool}"), 2, "loadgen's own server gets users"),
        (
            format!("--protocol chatterbox --private 0.5 --accounts {pool} ws://{with}"),
            2,
            "--private means something only with --protocol websocket-chat",
        ),
        (format!("--protocol v1 --accounts {garbage} ws://{with}"), 2, "line 1 is no account"),
        (
            format!("--protocol v1 --accounts {token_only} --rate 0 ws://{with}"),
            1,
            "the user ann has no password, and no token that the server knows",
        ),
        (
            format!("--protocol v1 --accounts {pool} ws://{without}"),
            1,
            "HTTP 404: accounts are off",
        ),
        (
            format!("--protocol v1 --accounts /nowhere/at/all ws://{with}"),
            2,
            "it cannot be written",
        ),
    ] {
        let output =
            Begun::new(loadgen(&format!("--clients 2 --quiet {args}"))).ends_within(PATIENCE);
        let stderr = text(&output.stderr);
        let lines: Vec<_> = stderr.lines().filter(|line| !line.contains("mode 0600")).collect();
        assert_eq!((output.status.code(), lines.len()), (Some(code), 1), "{args}: {stderr}");
        assert!(lines[0].contains(says) && !stderr.contains("hunter2"), "{args}: {stderr}");
    }
}
