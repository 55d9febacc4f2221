//! Does `loadgen find` find the edge, and does `--abort-on-fail` end a run that has failed? The edges here do not
//! depend on the machine: they are in the plan, or in a server with a fault.

mod begun;
#[expect(dead_code, reason = "not all faults are needed here")]
mod fake_server;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use std::{env, fs, process};

use begun::{Begun, loadgen, serve, text};
use fake_server::{FakeServer, Fault, OVERLOAD};
use nix::sys::signal::Signal;
use serde_json::Value;

const SCHEMA: &str = include_str!("../SCHEMA.md");

/// The most tries: on a busy machine good seconds and bad ones take turns.
const ATTEMPTS: u32 = 10;

/// A file that is removed when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        File(env::temp_dir().join(format!("loadgen-{}-find-{name}", process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    fn read(&self) -> String {
        fs::read_to_string(&self.0).expect("it was written")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs loadgen. Returns its exit code, its stdout and its report.
fn play(name: &str, args: &[&str]) -> (i32, String, Value) {
    let file = File::new(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args).args(["--quiet", "--json", file.path()]).stdin(Stdio::null());
    let Output { status, stdout, .. } = command.output().expect("it starts");
    let report = serde_json::from_str(&file.read()).expect("JSON");
    (status.code().expect("no signal"), String::from_utf8(stdout).expect("UTF-8"), report)
}

/// Searches. Tries again as long as this machine is too busy: then some load shows nothing, in all of its runs.
fn find(name: &str, args: &str) -> (i32, String, Value) {
    let args: Vec<&str> = ["find"].into_iter().chain(args.split_whitespace()).collect();
    let mut plays = (0..ATTEMPTS).map(|_| play(name, &args));
    let said = plays.find(|(_, _, report)| report["find"]["limit"] == "server");
    said.expect("this machine can measure something")
}

#[test]
fn the_highest_rate_and_the_highest_number_of_phones_at_which_all_holds_are_found() {
    let page = File::new("page.html");
    let plan = "--ramp 500ms --duration 1s --settle 1s --seed 1";
    let args =
        format!("--rate 40..400 --clients 4 --expect sent<150 {plan} --html {}", page.path());
    let (code, stdout, report) = find("rate", &args);
    let best = report["find"]["best"].as_f64().expect("there is one");
    assert!(code == 0 && (140.0..150.0).contains(&best), "{stdout}");
    assert_eq!(
        (&report["find"]["limit"], &report["find"]["of"]),
        (&"server".into(), &"rate".into())
    );
    assert!(stdout.contains(&format!("found        {best} messages/s is the highest load")));
    assert!(stdout.contains("the server is the limit: sent<150: it is 1"), "{stdout}");
    assert!(stdout.lines().skip(4).all(|line| line.chars().count() <= 80), "{stdout}");
    let page = page.read();
    assert!(page.contains("Delivery by load") && page.contains("the highest load that holds"));
    assert!(!page.contains("<script") && !page.contains("NaN"), "{page}");
    fields(&report);

    let args = format!("--clients 2..30 --rate 40 --expect planned<20 --repeat 1 {plan}");
    let (code, stdout, report) = find("clients", &args);
    assert!(code == 0 && report["find"]["best"] == 19.0, "{stdout}");
}

/// Every field of the report is in the table of SCHEMA.md, and the other way round.
fn fields(report: &Value) {
    let (_, table) = SCHEMA.split_once("## `loadgen find --json FILE`").expect("a section");
    let table = table.split("\n## ").next().expect("it has an end");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut documented: Vec<&str> = rows.collect();
    documented.sort_unstable();
    let find = report["find"].as_object().expect("an object");
    let mut written: Vec<String> = find.keys().cloned().collect();
    for list in ["loads", "trials"] {
        written.retain(|name| name != list);
        let keys = find[list][0].as_object().expect("an object").keys();
        written.extend(keys.map(|key| format!("{list}[].{key}")));
    }
    written.sort_unstable();
    assert_eq!(documented, written);
}

#[test]
fn a_server_that_loses_messages_above_some_load_has_its_edge_there() {
    let server = FakeServer::start(Fault::LoseUnderLoad);
    let plan = "--clients 4 --ramp 500ms --duration 1s --settle 1s --expect lost==0";
    let (code, stdout, report) =
        find("lossy", &format!("ws://{} --rate 40..400 {plan}", server.address));
    let best = report["find"]["best"].as_f64().expect("there is one");
    let edge = OVERLOAD as f64;
    assert!(code == 0 && best <= edge + 1.0 && best > edge * 0.93, "{best}: {stdout}");
    assert!(stdout.contains("the server is the limit: lost: "), "{stdout}");

    let args = format!("ws://{} --rate 200..400 {plan}", server.address);
    let (code, stdout, report) = find("too-lossy", &args);
    assert!(code == 1 && report["find"]["best"].is_null(), "{stdout}");
    assert!(stdout.contains("found        not even 200 messages/s holds"), "{stdout}");
}

#[test]
fn a_run_ends_as_soon_as_an_expectation_can_no_longer_be_met() {
    let server = FakeServer::start(Fault::Duplicate);
    let url = format!("ws://{}", server.address);
    let plan = ["--clients", "4", "--ramp", "100ms", "--duration", "10min", "--rate", "500"];
    for (at, expect) in
        ["duplicated==0", "delivery.max<1us", "delivery.p50<1us"].into_iter().enumerate()
    {
        // With the longest run, a p50 is decided after half of all messages: five seconds are enough to see it.
        let short = ["--duration", "2s"];
        let args = [&[&*url, "--abort-on-fail", "--expect", expect][..], &plan];
        let args = [&args.concat()[..], if at == 2 { &short } else { &[] }].concat();
        let (code, stdout, report) = play(&format!("abort-{at}"), &args);
        // It may end before the first duplicate, or on a busy machine.
        assert!(matches!(code, 1 | 3 | 4), "{stdout}");
        assert!(
            report["ended"] == "aborted" && stdout.contains("ended early: aborted"),
            "{stdout}"
        );
        assert!(
            report["unmet"][0].as_str().is_some_and(|line| line.starts_with(expect)),
            "{stdout}"
        );
        let sent = report["messages"]["sent"].as_u64().expect("a number");
        assert!(if at == 2 { sent < 1000 } else { sent < 150_000 }, "{sent} were sent");
    }
}

#[test]
fn a_search_that_is_interrupted_keeps_what_it_has_found() {
    let [json, html] = ["cut.json", "cut.html"].map(File::new);
    let plan = "find --rate 40..4k --clients 4 --ramp 100ms --duration 2s --expect lost==0";
    let outputs = format!("--json {} --html {}", json.path(), html.path());
    let mut search = Begun::new(loadgen(&format!("{plan} {outputs}")));
    search.until_it_is("40 messages/s: ");
    search.signal(Signal::SIGINT);
    let Output { status, stdout, .. } = search.ends_within(Duration::from_secs(20));
    let (stdout, report) = (text(&stdout), json.read());
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let find = &report["find"];
    assert_eq!((status.code(), &report["exit_code"]), (Some(4), &4.into()), "{stdout}");
    assert_eq!((&find["ended"], &find["limit"]), (&"interrupted".into(), &Value::Null));
    assert_eq!(
        (&find["trials"][0]["load"], &find["loads"][0]["load"]),
        (&40.0.into(), &40.0.into())
    );
    let says = "found        the search is not finished: interrupted";
    assert!(stdout.contains(says) && stdout.contains("\n          40 "), "{stdout}");
    assert!(html.read().contains("the search is not finished: interrupted"));
}

#[test]
fn if_the_server_dies_what_was_measured_before_is_kept_by_a_search_and_by_repeated_runs() {
    let plan = ["--clients", "4", "--ramp", "100ms", "--duration", "1s", "--settle", "1s", "--at"];
    let after = |mode: &[&str], name: &str| {
        let (mut server, address) = serve("127.0.0.1:0");
        let (url, kill) = (format!("ws://{address}"), format!("kill -9 {}", server.id()));
        let args = [mode, &[&*url], &plan, &["500ms", &*kill]].concat();
        play(name, &args)
    };
    let says = "cannot connect to ";
    let (code, stdout, report) =
        after(&["find", "--rate", "40..400", "--expect", "lost<99"], "dead-find");
    let ended = report["find"]["ended"].as_str().expect(&stdout);
    assert!(code == 1 && ended.contains(says), "{code}: {stdout}");
    assert_eq!(report["find"]["trials"].as_array().map(Vec::len), Some(1));

    let junit = File::new("dead.xml");
    let repeat = ["--repeat", "3", "--rate", "40", "--junit", junit.path()];
    let (code, stdout, report) = after(&repeat, "dead-repeat");
    assert!(
        code == 1 && report["error"].as_str().is_some_and(|why| why.contains(says)),
        "{stdout}"
    );
    assert!(report["runs"].as_array().map(Vec::len) == Some(1) && report["messages"].is_object());
    assert!(stdout.contains("run 2        failed, not played: cannot connect"), "{stdout}");
    let junit = junit.read();
    assert!(
        junit.contains("<testsuite name=\"run 1\"") && junit.contains("errors=\"1\""),
        "{junit}"
    );
}

#[test]
fn an_expectation_that_fails_while_phones_connect_is_not_met_and_the_run_is_not_invalid() {
    let server = FakeServer::start(Fault::None);
    let url = format!("ws://{}", server.address);
    let plan = ["--clients", "4", "--ramp", "3s", "--duration", "10min", "--rate", "500"];
    let args = [&[&*url, "--abort-on-fail", "--expect", "connect.max<1us"][..], &plan].concat();
    let mut plays = (0..ATTEMPTS).map(|_| play("abort-early", &args));
    let (_, stdout, report) = plays.next().expect("it is played");
    assert!(report["ended"] == "aborted" && report["messages"]["sent"] == 0, "{stdout}");
    assert!(!stdout.contains("nothing was measured"), "{stdout}");
    // On a busy machine it may be invalid for another reason.
    let is_unmet = |(code, ..): &(i32, String, Value)| *code == 3;
    assert!(report["exit_code"] == 3 || plays.any(|played| is_unmet(&played)), "{stdout}");
}
