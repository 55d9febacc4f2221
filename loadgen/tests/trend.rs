//! `loadgen trend`: reports that the real program has written, and files that are none, in one folder.

mod begun;

use std::path::PathBuf;
use std::{env, fs, process};

use begun::{loadgen, text};
use serde_json::Value;

/// A folder with two real reports of one plan, the second of a server with another limit; a third one, which is older
/// than both; and files that are no reports.
fn folder() -> PathBuf {
    let folder = env::temp_dir().join(format!("loadgen-{}-trend", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str| folder.join(name);
    let plan = "--clients 4 --ramp 500ms --duration 300ms --rate 50 --seed 1 --quiet --json";
    for (name, strikes) in [("b.json", "50"), ("a.json", "7")] {
        let mut run = loadgen(&format!("{plan} {}", file(name).display()));
        run.env("SWITCHBOARD_STRIKES", strikes).output().expect("it starts");
    }
    let read = |name: &str| -> Value {
        let text = fs::read_to_string(file(name)).expect("it was written");
        serde_json::from_str(&text).expect("it is JSON")
    };
    assert_eq!(read("b.json")["server_limits"]["strikes"], 50.0);
    let mut other = read("a.json");
    other["origin"]["date"] = "2999-01-01T00:00:00Z".into();
    fs::write(file("a.json"), other.to_string()).expect("it is ours");
    other["origin"]["date"] = "1999-01-01T00:00:00Z".into();
    other["origin"]["host"] = "<elsewhere>".into();
    other["plan"]["rate"] = 49.0.into();
    fs::write(file("z.json"), other.to_string()).expect("it is ours");
    fs::write(file("c.json"), "{}").expect("it is ours");
    fs::write(file("notes.txt"), "no report, and not looked at").expect("it is ours");
    folder
}

#[test]
fn reports_are_told_oldest_first_with_what_has_changed_and_what_is_no_report() {
    let folder = folder();
    let (name, page) = (folder.display(), folder.join("trend.html"));
    let shown = loadgen(&format!("trend {name} --html {}", page.display())).output();
    let shown = shown.expect("it starts");
    let (out, page) = (text(&shown.stdout), fs::read_to_string(page).expect("it was written"));
    fs::remove_dir_all(&folder).expect("it is ours");
    assert_eq!(shown.status.code(), Some(0), "{out}");
    let at = |what: &str| out.find(what).unwrap_or_else(|| panic!("no `{what}` in:\n{out}"));
    let lines = [
        "  z.json\n",
        "changed: the plan's rate: 49.0 before, 50.0 now",
        "changed: machine: ",
        "changed: limit strikes of the server: 7 before, 50 now",
        "  b.json\n",
        "changed: limit strikes of the server: 50 before, 7 now",
        "  a.json\n",
        "c.json is no report",
    ];
    assert!(lines.map(at).is_sorted(), "{out}");
    assert!(!out.contains("notes.txt") && out.contains("2999-01-01T00:00:00Z"), "{out}");

    let charts =
        ["whole", "narrow"].map(|shape| page.matches(&format!("<svg class=\"{shape}\"")).count());
    assert_eq!(charts, [2, 2], "each in two shapes");
    for part in
        ["Trend of 3 reports", "limit strikes of the server", "not read: ", "&lt;elsewhere&gt;"]
    {
        assert!(page.contains(part), "no {part}");
    }
    assert!(!page.contains("<elsewhere>") && !page.contains("<script"));
}

#[test]
fn a_folder_without_a_report_is_a_clear_line() {
    let empty = env::temp_dir().join(format!("loadgen-{}-trend-empty", process::id()));
    fs::create_dir_all(&empty).expect("a folder");
    let says = |folder: &str| {
        let shown = loadgen(&format!("trend {folder}")).output().expect("it starts");
        assert_eq!(shown.status.code(), Some(2));
        text(&shown.stderr)
    };
    assert!(says(empty.to_str().expect("UTF-8")).contains("has no report"));
    fs::write(empty.join("x.json"), "[]").expect("it is ours");
    let line = says(empty.to_str().expect("UTF-8"));
    fs::remove_dir_all(&empty).expect("it is ours");
    assert!(line.contains("has no report") && line.contains("x.json is no report"), "{line}");
    assert!(says("/nowhere/at/all").contains("cannot read /nowhere/at/all"));
}
