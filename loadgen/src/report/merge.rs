//! [`merge`]: the reports of all shards of a plan as one, exactly as if one process had played it.
//!
//! Each report has sums and whole histograms for this. They are added, the messages between shards are held
//! against each other, and the outcome is judged anew. What cannot be merged is refused: a sum of what does not
//! belong together would look like a result.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::heading::VERSION;
use super::runs::Runs;
use super::shape::{SCHEMA, Summary, certificates};
use super::shard::{ShardPart, Shards};
use super::surroundings::Surroundings;
use crate::exposition;
use crate::origin::Origin;
use crate::record::Part;
use crate::target::{Server, Target};

/// The report of a shard, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Report {
    origin: Origin,
    #[serde(default)]
    invalid: Vec<String>,
    server_version: Option<String>,
    plan: Option<Place>,
    shard: Option<ShardPart>,
}

/// The parts of the told plan that the plan itself does not have.
#[derive(Clone, Debug, Deserialize)]
struct Place {
    url: String,
    certificates: Option<String>,
}

/// A shard, and the file that it is from.
#[derive(Debug)]
struct File {
    name: String,
    origin: Origin,
    /// Why it says nothing about the server.
    invalid: Vec<String>,
    place: Place,
    version: Option<String>,
    shard: ShardPart,
}

/// Merges the reports in these files.
///
/// # Errors
///
/// One sentence, if they do not belong together, or if one is no report of a shard.
pub(crate) fn merge(files: &[PathBuf]) -> Result<Runs, String> {
    let twice = files.iter().enumerate().find_map(|(at, file)| {
        let same = |other: &&PathBuf| place(other) == place(file);
        files[..at].iter().find(same).map(|other| (other.display(), file.display()))
    });
    if let Some((one, other)) = twice {
        return Err(format!("{one} and {other} are the same file"));
    }
    let mut files = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(|file| file.shard.number);
    check(&files)?;
    let Some(first) = files.first() else { return Err("there is nothing to merge".to_owned()) };

    let parts: Vec<Part> = files.iter().map(|file| file.shard.part.clone()).collect();
    let (outcome, exchanged) = Part::merge(&parts);
    let target =
        Target::parse(&first.place.url).map_err(|what| format!("{}: {what}", first.name))?;
    let metrics = pages(&files);
    let servers = [match &metrics {
        Some(_) => Server::alone(target),
        None => Server { metrics: None, ..Server::alone(target) },
    }];
    let mut plan = first.shard.plan.clone();
    plan.shard = None;
    let invalid = files.iter().flat_map(|file| {
        let shard = file.shard.shard();
        file.invalid.iter().map(move |line| format!("shard {shard}: {line}"))
    });
    let around = Surroundings {
        servers: &servers,
        is_own: false,
        versions: vec![files.iter().find_map(|file| file.version.clone())],
        metrics,
        stopped: None,
        of_shards: Some(invalid.collect()),
    };
    let mut summary = Summary::new(&plan, &outcome, &around);
    let named = files.iter().map(|file| (file.name.clone(), &file.origin)).collect();
    summary.plan.certificates = first.place.certificates.as_deref().map(certificates);
    summary.shards = Some(Shards::new(exchanged, named));
    let mut runs = Runs::new(first.origin.clone());
    runs.add(summary, outcome);
    Ok(runs)
}

/// Where a file lies: two names of one file have the same place.
fn place(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}

fn read(path: &Path) -> Result<File, String> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    parse(&name, &text).map_err(|what| format!("{name} {what}"))
}

fn parse(name: &str, text: &str) -> Result<File, String> {
    let no_report = || "is no report that loadgen has written with --json".to_owned();
    let value: Value = serde_json::from_str(text).map_err(|_| no_report())?;
    let (schema, version) = (value["schema"].as_u64(), value["loadgen"].as_str());
    let (schema, version) = schema.zip(version).ok_or_else(no_report)?;
    if let Some(error) = value["error"].as_str() {
        return Err(format!("is about a run that never began: {error}"));
    }
    if version != VERSION || schema != u64::from(SCHEMA) {
        return Err(format!(
            "is of loadgen {version}, schema {schema}, and this is loadgen {VERSION}, schema {SCHEMA}: merge \
             with the version that has played the shards"
        ));
    }
    if value["shard"].is_null() {
        return Err("is the report of a whole plan, and not of a shard (--shard)".to_owned());
    }
    let report: Report =
        serde_json::from_value(value).map_err(|error| format!("cannot be merged: {error}"))?;
    let Report { origin, invalid, server_version, plan, shard, .. } = report;
    let (Some(place), Some(shard)) = (plan, shard) else { return Err(no_report()) };
    Ok(File { name: name.to_owned(), origin, invalid, place, version: server_version, shard })
}

/// Whether the files are all shards of one run.
fn check(files: &[File]) -> Result<(), String> {
    let Some(first) = files.first() else { return Ok(()) };
    for file in files {
        let (one, other) = (first.shard.shard(), file.shard.shard());
        let (a, b) = (&first.name, &file.name);
        if one.of != other.of {
            return Err(format!("{a} is shard {one}, and {b} is shard {other}"));
        }
        if let Some((what, mine, theirs)) = difference(&first.shard, &file.shard) {
            return Err(format!(
                "{a} and {b} are of different plans: {what} is {mine} in the first, and {theirs} in the second"
            ));
        }
        if first.shard.part.users() != file.shard.part.users() {
            return Err(format!(
                "{a} and {b} are of different users: all shards need the same file with --accounts"
            ));
        }
        if !file.shard.part.is_whole() {
            return Err(format!(
                "{b} is of a run that ended early: nobody can tell which messages of the others it should have got"
            ));
        }
    }
    for pair in files.windows(2) {
        let [a, b] = pair else { continue };
        let shard = a.shard.shard();
        if shard == b.shard.shard() {
            return Err(format!("{} and {} are both shard {shard}", a.name, b.name));
        }
    }
    let of = first.shard.of;
    let is_there = |number: &u32| files.iter().any(|file| file.shard.number == *number);
    let missing: Vec<_> = (1..=of).filter(|number| !is_there(number)).collect();
    if !missing.is_empty() {
        let missing: Vec<_> = missing.iter().map(|number| format!("{number}/{of}")).collect();
        let there = files.iter().map(|file| format!("{} ({})", file.name, file.shard.shard()));
        let there: Vec<_> = there.collect();
        return Err(format!(
            "shards are missing: {}; there are {}",
            missing.join(", "),
            there.join(", ")
        ));
    }
    let messages = first.shard.part.messages_planned();
    match files.iter().find(|file| file.shard.part.messages_planned() != messages) {
        Some(file) => Err(format!(
            "{} has drawn {messages} messages of the plan, and {} {}",
            first.name,
            file.name,
            file.shard.part.messages_planned()
        )),
        None => Ok(()),
    }
}

/// The first thing in which the plans of two shards differ, beside the shard itself and what is only shown.
fn difference(one: &ShardPart, other: &ShardPart) -> Option<(String, Value, Value)> {
    let [mine, theirs] = [one, other].map(|shard| {
        let mut plan = shard.plan.clone();
        (plan.shard, plan.quiet) = (None, false);
        serde_json::to_value(plan).unwrap_or_default()
    });
    differing("", &mine, &theirs)
}

fn differing(path: &str, mine: &Value, theirs: &Value) -> Option<(String, Value, Value)> {
    match (mine, theirs) {
        (Value::Object(fields), Value::Object(others)) => {
            let dot = if path.is_empty() { "" } else { "." };
            fields.iter().find_map(|(name, value)| {
                let other = others.get(name).unwrap_or(&Value::Null);
                differing(&format!("{path}{dot}{name}"), value, other)
            })
        }
        _ if mine == theirs => None,
        _ => Some((path.to_owned(), mine.clone(), theirs.clone())),
    }
}

/// The server's first page and its last one. All shards look at the same server, each before the run and after
/// it: the first of the pages before has the lowest counters, and the last of those after the highest.
fn pages(files: &[File]) -> Option<(String, Result<String, String>)> {
    let counted = |page: &str| exposition::sum_of_counters(page);
    let pages = || files.iter().filter_map(|file| file.shard.pages.as_ref());
    let lower = |a: &&String, b: &&String| counted(a).total_cmp(&counted(b));
    let before = pages().map(|(before, _)| before).min_by(lower)?;
    let after = pages().map(|(_, after)| after).max_by(lower)?;
    Some((before.clone(), Ok(after.clone())))
}
