//! Do the files of the report look as their readers expect? One run of the real program writes them all.

mod begun;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{fs, process};

use begun::folder::Folder;
use serde_json::Value;

fn loadgen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args).stdin(Stdio::null()).output().expect("it starts")
}

#[test]
fn one_run_fills_all_files_and_they_agree() {
    let folder = Folder::new("files");
    let [json, csv, html, hgrm] = ["a.json", "a.csv", "a.html", "hgrm"].map(|f| folder.path(f));
    let plan = "--clients 10 --ramp 200ms --duration 1200ms --rate 200 --repeat 2 --quiet";
    let mut args: Vec<&str> = plan.split(' ').collect();
    args.extend(["--json", &json, "--csv", &csv, "--html", &html, "--hgrm", &hgrm]);
    let output = loadgen(&args);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("run 2") && text.contains("delivered within"), "{text}");
    assert!(output.stderr.is_empty(), "nobody wanted progress");

    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(2));
    let of = |name: &str| report["messages"][name].as_u64().expect("a number");
    // On a busy machine not all are sent.
    assert!(of("sent") + of("skipped") == 240 && of("sent") > 0, "{report}");
    let series = report["series"].as_array().expect("rows");
    let sent = series.iter().map(|row| row["sent"].as_u64().expect("a number"));
    assert_eq!(sent.sum::<u64>(), of("sent"), "every message is in one row");
    assert!(series.iter().any(|row| row["server_rss_bytes"].as_u64() > Some(0)));
    assert!(report["server"]["turns"]["count"].as_u64() > Some(0));

    let lines = folder.read("a.csv").lines().count();
    assert_eq!(lines, 1 + series.len(), "a head and the rows");
    let corrected = folder.read("hgrm/delivery.hgrm");
    let count = report["delivery"]["corrected_ns"]["count"].as_u64().expect("a number");
    let footer = format!("Total count    = {count:>12}]");
    assert!(corrected.contains(&footer), "{corrected}");
    assert!(Path::new(&hgrm).join("delivery.uncorrected.hgrm").exists());
    assert_page(&folder.read("a.html"));

    let compared = loadgen(&["compare", &json, &json]);
    let text = String::from_utf8(compared.stdout).expect("UTF-8");
    let is_invalid = text.contains("INVALID  ");
    assert_eq!(compared.status.code(), Some(if is_invalid { 4 } else { 0 }), "{text}");
    assert!(text.contains("0 better and 0 worse"), "a report differs from itself: {text}");

    let invalid = folder.path("invalid.json");
    let mut overloaded = report.clone();
    for run in overloaded["runs"].as_array_mut().expect("two of them") {
        run["verdict"] = "invalid".into();
    }
    fs::write(&invalid, overloaded.to_string()).expect("a file of our own");
    let compared = loadgen(&["compare", &json, &invalid]);
    let text = String::from_utf8(compared.stdout).expect("UTF-8");
    let says = format!("INVALID  {invalid}: 2 of 2 runs; what follows says nothing");
    assert!(compared.status.code() == Some(4) && text.contains(&says), "{text}");
}

#[test]
fn every_persona_and_every_expectation_of_every_run_is_in_the_report() {
    let folder = Folder::new("cast");
    let [json, html, hgrm] = ["a.json", "a.html", "hgrm"].map(|f| folder.path(f));
    let plan = "--clients 12 --ramp 200ms --duration 600ms --rate 50 --repeat 2 --quiet \
                --persona chatter=2 --persona lurker=1 --expect delivery.p99<1ns --expect lost==0";
    let mut args: Vec<&str> = plan.split_whitespace().collect();
    args.extend(["--json", &json, "--html", &html, "--hgrm", &hgrm]);
    let Output { status, stdout, stderr } = loadgen(&args);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (stdout, stderr) = (text(stdout), text(stderr));
    // On a busy machine the run may also be invalid; that comes first.
    assert!(matches!(status.code(), Some(3 | 4)), "{status}: {stdout}");
    assert!(stdout.contains("EXPECTED     delivery.p99<1ns: it is "), "{stdout}");
    for (line, start) in stderr.lines().zip(["run 1: delivery", "run 2: delivery"]) {
        assert!(line.starts_with(&format!("loadgen: not as expected: {start}")), "{stderr}");
    }
    assert_eq!(stderr.lines().count(), 2, "{stderr}");

    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    assert_eq!(report["exit_code"].as_i64(), status.code().map(i64::from));
    assert_eq!(report["runs"][1]["unmet"].as_array().map(Vec::len), Some(1));
    let of = |persona: &str| report["personas"][persona]["connections"].as_u64();
    assert_eq!((of("chatter"), of("lurker")), (Some(8), Some(4)));
    let changed = report["convergence"]["corrected_ns"]["count"].as_u64().expect("a number");
    assert!(changed > 0, "everybody has heard of those who came later");
    let convergence = folder.read("hgrm/convergence.hgrm");
    assert!(convergence.contains(&format!("Total count    = {changed:>12}]")), "{convergence}");
    let page = folder.read("a.html");
    assert_page(&page);
    for part in ["Personas", "presence convergence", "delivery.p99&lt;1ns", "views stale"] {
        assert!(page.contains(part), "{part} is missing");
    }
}

/// The page is complete, and fetches nothing.
fn assert_page(page: &str) {
    for part in [
        "Delivery by percentile",
        "Connections",
        "Ledger",
        "Closes by code",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    for foreign in ["<script", "src=", "href=", "@import", "url(", "NaN", "inf"] {
        assert!(!page.contains(foreign), "{foreign} is there");
    }
    for tag in ["section", "svg", "table", "tr", "td", "div", "main", "title", "span", "header"] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
}

#[test]
fn a_file_that_cannot_be_written_or_compared_is_one_line_and_exit_code_2() {
    let folder = Folder::new("wrong");
    let text = folder.path("text");
    fs::write(&text, "no report\n").expect("a file of our own");
    for args in [
        &["--csv", "/nowhere/at/all"][..],
        &["--html", "/nowhere/at/all"],
        &["--hgrm", &text],
        &["--repeat", "0"],
        &["compare", &text, &text],
        &["compare", "/nowhere/at/all", &text],
        &["compare"],
    ] {
        let Output { status, stdout, stderr } = loadgen(args);
        let lines = String::from_utf8(stderr).expect("UTF-8");
        assert_eq!((status.code(), lines.lines().count()), (Some(2), 1), "{args:?}: {lines}");
        assert!(stdout.is_empty(), "{args:?}");
    }
}

/// A short run with these arguments. On a busy machine it may say nothing: exit code 4.
const SHORT: &str = "--clients 4 --ramp 500ms --duration 300ms --rate 100 --quiet";

fn short(args: &[&str]) -> (i32, String, String) {
    let args: Vec<&str> = SHORT.split(' ').chain(args.iter().copied()).collect();
    let Output { status, stdout, stderr } = loadgen(&args);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

#[test]
fn an_output_that_fails_is_a_line_and_costs_neither_another_output_nor_the_verdict() {
    let folder = Folder::new("full");
    let [json, csv, hgrm] = ["a.json", "a.csv", "hgrm"].map(|f| folder.path(f));
    let outputs = ["--html", "/dev/full", "--json", &json, "--csv", &csv, "--hgrm", &hgrm];
    let (code, stdout, stderr) = short(&outputs);
    assert_eq!(stderr, "loadgen: cannot write /dev/full: No space left on device (os error 28)\n");
    assert!(matches!(code, 2 | 4) && stdout.contains("verdict  "), "{code}: {stdout}");
    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("it is complete");
    assert!(
        report["messages"]["sent"].as_u64() > Some(0) && folder.read("a.csv").lines().count() > 1
    );
    assert!(folder.read("hgrm/delivery.hgrm").contains("Total count"));

    let (code, ..) = short(&["--expect", "sent==0", "--json", "/dev/full"]);
    assert!(matches!(code, 3 | 4), "the verdict stands: {code}");
}

#[test]
fn a_run_that_fails_leaves_the_old_files_as_they_were_and_no_others() {
    let folder = Folder::new("old");
    let [json, csv] = ["a.json", "a.csv"].map(|f| folder.path(f));
    for file in [&json, &csv] {
        fs::write(file, "old\n").expect("a file of our own");
    }
    let (code, _, stderr) =
        short(&["--json", &json, "--csv", &csv, "--html", "/nowhere/a", "--hgrm", "/dev/null/b"]);
    assert_eq!((code, stderr.lines().count()), (2, 2), "a line for each: {stderr}");
    let (code, _, stderr) = short(&["--json", &json, "--html", &json]);
    assert!(code == 2 && stderr.contains("--json and --html name the same file"), "{stderr}");
    // Also if it is spelled in two ways, and there is no such file yet.
    let (one, other) = (folder.path("new"), folder.path("./new"));
    let (code, _, stderr) = short(&["--json", &one, "--csv", &other]);
    assert!(code == 2 && stderr.contains("--json and --csv name the same file"), "{stderr}");
    let (code, _, stderr) = short(&["--hgrm", &json]);
    assert!(code == 2 && stderr.contains("--hgrm takes a folder"), "{stderr}");
    let (code, _, stderr) = short(&["--json", "-"]);
    assert!(code == 2 && stderr.contains("write /dev/stdout for stdout"), "{stderr}");
    let (code, ..) = short(&["ws://127.0.0.1:1", "--csv", &csv]);
    assert_eq!(code, 1, "there is no server");
    let (json, csv) = (folder.read("a.json"), folder.read("a.csv"));
    assert_eq!((&*json, &*csv), ("old\n", "old\n"));
    assert_eq!(fs::read_dir(&folder.0).expect("ours").count(), 2, "nothing was left behind");
}

#[test]
fn stdout_that_is_full_is_an_error_and_one_that_is_closed_is_none() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
    let to = |stdout: Stdio, args: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.args(args.split(' ')).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let output = command.spawn().and_then(process::Child::wait_with_output).expect("it starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let line = "loadgen: cannot write to stdout: No space left on device (os error 28)\n";
    let (code, stderr) = to(full().into(), SHORT);
    assert!(matches!(code, Some(2 | 4)) && stderr == line, "{code:?}: {stderr}");
    assert_eq!(to(full().into(), "--help"), (Some(2), line.to_owned()));
    let (reader, writer) = std::io::pipe().expect("the kernel has one");
    drop(reader);
    let again = writer.try_clone().expect("one more descriptor");
    let (code, stderr) = to(writer.into(), SHORT);
    assert!(matches!(code, Some(0 | 4)) && stderr.is_empty(), "{code:?}: {stderr}");
    assert_eq!(to(again.into(), "--help"), (Some(0), String::new()));
}

#[test]
fn without_a_run_every_file_says_why_and_none_is_of_the_run_before() {
    let folder = Folder::new("none");
    let files = ["a.json", "a.html", "a.xml"];
    let [json, html, junit] = files.map(|f| folder.path(f));
    for file in [&json, &html, &junit] {
        fs::write(file, "of the run before").expect("a file of our own");
    }
    // Nobody listens on port 1.
    let outputs = ["--json", &json, "--html", &html, "--junit", &junit];
    let output = loadgen(&[&["ws://127.0.0.1:1", "--quiet"], &outputs[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    for file in files {
        let written = folder.read(file);
        assert!(written.contains("cannot connect to") && !written.contains("before"), "{written}");
    }
    assert!(folder.read("a.xml").contains("errors=\"1\""));
}

#[test]
fn every_report_says_when_where_and_how_it_was_made() {
    let folder = Folder::new("origin");
    let [json, html] = ["a.json", "a.html"].map(|f| folder.path(f));
    let (_, stdout, _) = short(&["--json", &json, "--html", &html, "--expect", "lost<9"]);
    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    let page = folder.read("a.html").replace("&#39;", "'").replace("&lt;", "<");
    let of = |name: &str| report["origin"][name].as_str().expect("a word").to_owned();
    let version = report["server_version"].as_str().expect("its own server tells").to_owned();
    assert!(of("command").contains("--clients 4") && of("command").contains("'lost<9'"));
    assert!(
        of("date").starts_with("20") && of("date").ends_with('Z') && of("kernel").contains("Linux")
    );
    for part in [of("date"), of("host"), of("kernel"), of("command"), format!("server {version}")] {
        assert!(stdout.contains(&part) && page.contains(&part), "{part} is missing: {stdout}");
    }
    assert!(page.contains(&format!("by loadgen {}", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn what_was_not_measured_is_null_and_a_dash_and_never_0() {
    let folder = Folder::new("nothing");
    let [json, csv] = ["a.json", "a.csv"].map(|f| folder.path(f));
    let (_, stdout, _) = short(&["--rate", "0", "--json", &json, "--csv", &csv]);
    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    let delivery = &report["delivery"]["corrected_ns"];
    assert_eq!((&delivery["count"], &delivery["p99"]), (&0.into(), &Value::Null));
    assert!(report["generator"]["cpu_seconds_per_message"].is_null());
    assert!(report["server"]["cpu_seconds_per_message"].is_null());
    assert!(report["series"][0]["send_lag_ns"].is_null());
    let line = stdout.lines().find(|line| line.starts_with("delivery")).expect("a row");
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["delivery", "0", "-", "-", "-", "-", "-"]
    );
    assert!(stdout.contains("send lag p50 - p99 - max - ms"), "{stdout}");
}

#[test]
fn plans_that_are_not_the_same_are_said_first_and_end_with_4() {
    let folder = Folder::new("plans");
    let [one, other] = ["a.json", "b.json"].map(|f| folder.path(f));
    short(&["--json", &one]);
    short(&["--json", &other, "--rate", "50"]);
    let Output { status, stdout, .. } = loadgen(&["compare", &one, &other]);
    let text = String::from_utf8(stdout).expect("UTF-8");
    let says = "plans are not the same: rate is 100.0 in a, and 50.0 in b";
    let first = text.lines().find(|line| !line.starts_with("INVALID")).expect("a line");
    assert!(first.starts_with("DIFFERS  ") && first.contains(says), "{text}");
    assert_eq!(status.code(), Some(4), "{text}");
}

#[test]
fn messages_in_doubt_are_explained_and_are_no_alarm_where_the_plan_makes_them() {
    let folder = Folder::new("doubt");
    let html = folder.path("a.html");
    let plan = "--clients 20 --ramp 200ms --duration 2s --rate 2k --quiet --seed 1 --flap-up 300ms \
                --flap-down 200ms --persona chatter=2,flapper=2,flood=1 --html";
    let args: Vec<&str> = plan.split_whitespace().chain([html.as_str()]).collect();
    let stdout = String::from_utf8(loadgen(&args).stdout).expect("UTF-8");
    assert!(!stdout.contains(" 0 in doubt"), "some are: {stdout}");
    let words = "in doubt: under way when a connection broke off";
    assert!(stdout.contains(words) && stdout.contains("no fault of the server"), "{stdout}");
    assert!(stdout.contains("without those of hostile phones"), "{stdout}");
    let page = folder.read("a.html");
    assert_page(&page);
    assert!(page.contains(words) && page.contains("<tr class=\"\"><td>in doubt</td>"), "{page}");
    // What is wider than a phone's screen scrolls, and says so.
    let wide = page.matches("class=\"card wide\"").count();
    assert!(wide >= 2 && page.matches("<span class=\"more\">").count() == wide);
    assert_eq!(page.matches("<div class=\"scroll\"").count(), page.matches("</section>").count());
}

#[test]
fn a_ci_system_is_told_each_expectation_and_a_pull_request_what_changed_and_what_differs() {
    let folder = Folder::new("ci");
    let [json, other, junit] = ["a.json", "b.json", "a.xml"].map(|f| folder.path(f));
    let args =
        ["--json", &json, "--junit", &junit, "--expect", "delivery.p99<1ns", "--expect", "lost<5"];
    let (code, stdout, _) = short(&args);
    let page = folder.read("a.xml");
    assert!(page.starts_with("<?xml ") && page.ends_with("</testsuites>\n"), "{page}");
    let cases = page.matches("<testcase ").count();
    assert!(cases == 4 && page.matches("</testcase>").count() == 4, "{page}");
    let report: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    let last = report["series"].as_array().and_then(|rows| rows.last()).expect("a row");
    let seconds = last["at_seconds"].as_f64().expect("a number");
    assert!(page.contains(&format!("time=\"{seconds:.3}\"")), "as long as it took: {page}");
    assert!(page.contains("name=\"delivery.p99&lt;1ns\"") && page.contains("name=\"lost&lt;5\""));
    // On a busy machine the run may be invalid: then no expectation has failed.
    match stdout.contains("verdict      invalid") {
        true => assert!(code != 0 && page.contains("skipped=\"2\""), "{page}"),
        false => {
            assert!(
                code == 3 && page.contains("failures=\"1\" errors=\"0\" skipped=\"0\""),
                "{page}"
            );
            assert!(page.contains("<failure message=\"delivery.p99&lt;1ns: it is "), "{page}");
        }
    }

    let mut changed: Value = serde_json::from_str(&folder.read("a.json")).expect("JSON");
    let kernel = changed["origin"]["kernel"].as_str().expect("uname(2) tells").to_owned();
    changed["origin"]["kernel"] = "Linux 2.0".into();
    changed["server_version"] = "9|9".into();
    changed["verdict"] = "failed".into();
    changed["failures"] = vec!["lost: 1 of 9"].into();
    fs::write(&other, changed.to_string()).expect("a file of our own");
    let compared = |args: &[&str]| String::from_utf8(loadgen(args).stdout).expect("UTF-8");
    let text = compared(&["compare", &json, &other]);
    let of_kernel = format!("another kernel: a is of {kernel}, b of Linux 2.0\n");
    let wrong = "b failed: lost: 1 of 9";
    for says in [of_kernel.as_str(), "another version of the server: a is of ", wrong] {
        assert!(text.contains(says), "{says} is missing: {text}");
    }
    assert!(!text.contains("another machine"), "{text}");
    let table = compared(&["compare", "--markdown", &json, &other]);
    assert!(
        table.contains("> another kernel: ") && table.contains("server 9\\|9 | change | |\n"),
        "{table}"
    );
    assert!(table.contains(&format!("> {wrong}")) && table.contains(" | b: failed; "), "{table}");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    assert!(rows.len() > 5 && rows.iter().all(|row| cells(row) == 6), "{table}");
}
