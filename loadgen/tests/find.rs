//! Does `loadgen find` find the edge, and does `--abort-on-fail` end a run that has failed? The edges here do not
//! depend on the machine: they are in the plan, or in a server with a fault.

#[expect(dead_code, reason = "not all faults are needed here")]
mod fake_server;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::{env, fs, process};

use fake_server::{FakeServer, Fault, OVERLOAD};
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
    let plan = "--ramp 100ms --duration 1s --settle 1s --seed 1";
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
    let plan = "--clients 4 --ramp 100ms --duration 1s --settle 1s --expect lost==0";
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
