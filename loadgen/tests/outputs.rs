//! Do the files of the report look as their readers expect? One run of the real program writes them all.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs, process};

use serde_json::Value;

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("loadgen-{}-{name}", process::id()));
        fs::create_dir_all(&path).expect("a folder of our own");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().expect("UTF-8")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

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
    assert_eq!(report["messages"]["sent"], 240);
    let series = report["series"].as_array().expect("rows");
    let sent = series.iter().map(|row| row["sent"].as_u64().expect("a number"));
    assert_eq!(sent.sum::<u64>(), 240, "every message is in one row");
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
