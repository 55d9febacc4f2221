//! Several processes that play one plan: [`play`] begins them all and waits for them, [`merge`] adds up what they report.
//! [`play_whole`] has one process play it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::folder::Folder;
use super::{Begun, loadgen, serve, soon, text};

/// A shard takes a few seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// What `loadgen merge` says of a shard that was not ready when it was to begin: this machine was too busy.
pub(crate) const TOO_LATE: &str = "name a later moment";

/// Begins all shards of a plan against a server. Each will write its report into `N.json`.
pub(crate) fn begin(folder: &Folder, url: &str, of: u32, plan: &str) -> Vec<Begun> {
    let start = soon();
    let shard = |number: u32| {
        let file = folder.path(&format!("{number}.json"));
        let shard = format!("--shard {number}/{of} --start-at {start} --seed 5");
        Begun::new(loadgen(&format!("{url} {plan} {shard} --json {file}")))
    };
    (1..=of).map(shard).collect()
}

/// Plays all shards of a plan to their end. Returns their reports.
pub(crate) fn play(folder: &Folder, url: &str, of: u32, plan: &str) -> Vec<Value> {
    for mut shard in begin(folder, url, of, plan) {
        shard.ends_within(PATIENCE);
    }
    (1..=of).map(|number| folder.json(&format!("{number}.json"))).collect()
}

/// Merges these files of a folder: the exit code, stderr, and the report if there is one.
pub(crate) fn merge(folder: &Folder, files: &[&str]) -> (i32, String, Option<Value>) {
    let files: Vec<_> = files.iter().map(|name| folder.path(name)).collect();
    let out = folder.path("merged.json");
    let _ = fs::remove_file(&out);
    let merged = loadgen(&format!("merge {} --json {out}", files.join(" "))).output();
    let merged = merged.expect("it starts");
    let code = merged.status.code().expect("no signal");
    (code, text(&merged.stderr), Path::new(&out).exists().then(|| folder.json("merged.json")))
}

/// The same of shards that all came to their end: the exit code and the report. `None`: this machine was too busy, and
/// one of them was not ready in time.
pub(crate) fn merge_unless_late(folder: &Folder, files: &[&str]) -> Option<(i32, Value)> {
    let (code, stderr, merged) = merge(folder, files);
    assert!(merged.is_some() || stderr.contains(TOO_LATE), "{stderr}");
    Some((code, merged?))
}

/// Plays a plan in one process, against a server that listens there, until the machine is not too busy. Returns the
/// report.
pub(crate) fn play_whole(listen: &str, plan: &str) -> Value {
    const INVALID: i32 = 4;
    let once = || {
        let (folder, (_server, address)) = (Folder::new("whole"), serve(listen));
        let (at, json) =
            (format!("ws://{address} --metrics http://{address}"), folder.path("a.json"));
        let output = loadgen(&format!("{at} {plan} --seed 5 --json {json}")).output();
        (output.expect("it starts").status.code(), folder.report())
    };
    let mut plays = std::iter::repeat_with(once).take(10);
    let is_whole = |(code, report): &(Option<i32>, Value)| {
        *code != Some(INVALID) && report["messages"]["skipped"] == 0
    };
    plays.find(is_whole).expect("this machine can play it").1
}

/// A count of all reports together.
pub(crate) fn sum(reports: &[Value], pointer: &str) -> u64 {
    let one = |report: &Value| report.pointer(pointer).and_then(Value::as_u64);
    reports.iter().map(|report| one(report).expect("a count")).sum()
}
