//! Does `SCHEMA.md` say what the JSON has? It names every field that the real program writes, and no other.

mod begun;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::{env, fs, process};

use begun::{closed, serve};
use serde_json::Value;

/// What only a loadgen of the same version reads.
const ONLY_FOR_MERGE: [&str; 2] = ["shard.plan", "shard.part"];

const PAGE: &str = include_str!("../SCHEMA.md");

#[test]
fn every_field_that_is_written_is_documented_and_the_other_way_round() {
    let plan =
        ["--clients", "5", "--ramp", "200ms", "--duration", "300ms", "--persona", "chatter=1"];
    let sca = report(&plan);
    let sessions = report(&[&plan[..], &["--protocol", "session"]].concat());
    let (fields, quantiles) = PAGE.split_once("\nQuantiles:\n").expect("two tables");
    let quantiles = rows(quantiles.split("\n## ").next().unwrap_or_default());
    let documented = rows(fields);

    let mut written = BTreeSet::new();
    walk(&sca, "", &documented, &mut written);
    assert!(!written.iter().any(|field| field.contains("sessions")), "of sessions only");
    walk(&sessions, "", &documented, &mut written);
    let accounts = report(&[&plan[..], &["--protocol", "v1", "--private", "0.5"]].concat());
    assert!(!written.iter().any(|field| field.contains("accounts")), "of users only");
    walk(&accounts, "", &documented, &mut written);
    let with_command = report(&[&plan[..], &["--at", "300ms", "true", "--seed", "1"]].concat());
    walk(&with_command, "", &documented, &mut written);
    for part in shards(&plan) {
        walk(&part, "", &documented, &mut written);
    }
    let (_servers, at): (Vec<_>, Vec<_>) = (0..2).map(|_| serve("127.0.0.1:0")).unzip();
    let two = [&*at[0], &at[1], "--metrics", &at[0], "--metrics", &at[1]];
    let on_two = report(&[&two, &plan[..]].concat());
    walk(&on_two, "", &documented, &mut written);
    let missing: Vec<_> = written.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&written).collect();
    assert!(missing.is_empty() && stale.is_empty(), "undocumented {missing:?}, gone {stale:?}");

    let delivery = sca["delivery"]["corrected_ns"].as_object().expect("quantiles");
    assert_eq!(delivery.keys().cloned().collect::<BTreeSet<_>>(), quantiles);
}

/// The report of a shard, and that of all shards, which is one here.
fn shards(plan: &[&str]) -> [Value; 2] {
    let (_server, address) = begun::serve("127.0.0.1:0");
    let (url, metrics) = (format!("ws://{address}"), format!("http://{address}"));
    let start = begun::soon().to_string();
    let own = ["--metrics", &metrics, "--seed", "1", "--shard", "1/1", "--start-at", &start];
    let ramp = ["--ramp", "1s"];
    let mut shard = report(&[&[&*url][..], plan, &own, &ramp].concat());
    let file = env::temp_dir().join(format!("loadgen-{}-schema-shard.json", process::id()));
    fs::write(&file, shard.to_string()).expect("the folder of the system");
    // A shard has neither.
    for name in ["ledger", "server"] {
        let value = shard.as_object_mut().and_then(|fields| fields.remove(name));
        assert_eq!(value, Some(Value::Null), "{name}");
    }
    let merged = report(&["merge", file.to_str().expect("UTF-8")]);
    fs::remove_file(&file).expect("it is ours");
    [shard, merged]
}

#[test]
fn a_run_that_cannot_begin_says_why_in_the_file() {
    let (_socket, nobody) = closed();
    let report = report(&[&format!("ws://{nobody}")]);
    let error = report["error"].as_str().expect("a sentence");
    assert!(error.starts_with("cannot connect"), "{error}");
    assert_eq!((&report["verdict"], &report["exit_code"]), (&"failed".into(), &1.into()));
    let fields: Vec<_> = report.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["error", "exit_code", "loadgen", "origin", "schema", "verdict"]);
}

/// Runs loadgen, and reads its report.
fn report(args: &[&str]) -> Value {
    let name = format!("loadgen-{}-schema-{}.json", process::id(), args.len());
    let file = env::temp_dir().join(name);
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(args)
        .env("LOADGEN_QUIET", "on")
        .arg("--json")
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let report = fs::read_to_string(&file).expect("it was written");
    fs::remove_file(&file).expect("it is ours");
    serde_json::from_str(&report).expect("it is JSON")
}

/// The first column of a table.
fn rows(table: &str) -> BTreeSet<String> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

/// Whether a field is this one, or one in it.
fn is_within(field: &str, outer: &str) -> bool {
    field.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The paths of all fields, with `[]` for elements, and `*` for keys where the page has that. The fields of
/// quantiles are left out.
fn walk(value: &Value, path: &str, documented: &BTreeSet<String>, paths: &mut BTreeSet<String>) {
    match value {
        _ if ONLY_FOR_MERGE.contains(&path) => {
            paths.insert(path.to_owned());
        }
        Value::Object(fields) if !fields.contains_key("p9999") => {
            for (name, value) in fields {
                let any = format!("{path}.*");
                let is_any = documented.iter().any(|field| is_within(field, &any));
                let dot = if path.is_empty() { "" } else { "." };
                let one = format!("{path}{dot}{name}");
                walk(value, if is_any { &any } else { &one }, documented, paths);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                walk(element, &format!("{path}[]"), documented, paths);
            }
        }
        Value::Array(_) => {
            paths.insert(format!("{path}[]"));
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            paths.insert(path.to_owned());
        }
    }
}
