//! [`Side`]: a report to be compared with others, read from the file that `--json` has written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::shape::{Figures, OLDEST, SCHEMA};

/// The part of a report that can be compared.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) file: PathBuf,
    pub(super) url: String,
    pub(super) verdict: String,
    /// What the server did wrong, and the expectations that were not met, one sentence each.
    pub(super) wrong: Vec<String>,
    /// When it was made, in UTC, so that dates are in the order of their texts.
    pub(super) date: String,
    /// When it was made, and the server's version.
    pub(super) made: String,
    /// What it was made on and with: names, and what each is.
    surroundings: Vec<(&'static str, String)>,
    /// The limits of the server; empty if it did not tell, or if the report is older.
    limits: BTreeMap<String, f64>,
    pub(super) runs: Vec<Figures>,
    plan: Map<String, Value>,
}

/// Fields of a plan in which two runs of the same plan may differ.
const ASIDE: [&str; 3] = ["url", "own_server", "seed"];

impl Side {
    /// Reads a report.
    ///
    /// # Errors
    ///
    /// One sentence, if it is no report, or none that can be compared.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        Side::parse(file, &text).map_err(|what| format!("{name} {what}"))
    }

    pub(super) fn parse(file: &Path, text: &str) -> Result<Self, String> {
        let no_report = || "is no report that loadgen has written with --json".to_owned();
        let mut report: Map<String, Value> = serde_json::from_str(text).map_err(|_| no_report())?;
        if !report.contains_key("loadgen") {
            return Err(no_report());
        }
        let schema = report.get("schema").and_then(Value::as_u64).ok_or_else(no_report)?;
        if !(u64::from(OLDEST)..=u64::from(SCHEMA)).contains(&schema) {
            return Err(format!(
                "is of schema {schema}, and this loadgen reads {OLDEST} to {SCHEMA}"
            ));
        }
        let error = report.get("error").and_then(Value::as_str);
        // With --repeat, it may be about the last run alone.
        if let Some(error) = error.filter(|_| report.get("runs").is_none()) {
            return Err(format!("is about a run that never began: {error}"));
        }
        if report.contains_key("shard") {
            return Err(
                "is about one shard of a plan: loadgen merge makes one report of all".into()
            );
        }
        let runs = report.remove("runs").unwrap_or_default();
        let runs: Vec<Figures> = serde_json::from_value(runs).map_err(|_| no_report())?;
        let Some(Value::Object(plan)) = report.remove("plan") else { return Err(no_report()) };
        if runs.is_empty() {
            return Err(no_report());
        }
        let limits = report.remove("server_limits").unwrap_or_default();
        let limits = serde_json::from_value(limits).unwrap_or_default();
        let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("?").to_owned();
        let of = |name: &str| word(report.get("origin").and_then(|origin| origin.get(name)));
        let version = word(report.get("server_version"));
        let lists =
            ["failures", "unmet"].into_iter().filter_map(|name| report.get(name)?.as_array());
        let wrong = lists.flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let cpus = report.get("origin").and_then(|origin| origin.get("cpus"));
        let cpus = cpus.map_or_else(|| "?".to_owned(), Value::to_string);
        Ok(Side {
            date: of("date"),
            made: format!("{}, server {version}", of("date")),
            limits,
            surroundings: vec![
                ("machine", of("host")),
                ("processor", of("cpu")),
                ("number of cores", cpus),
                ("kernel", of("kernel")),
                ("version of loadgen", word(report.get("loadgen"))),
                ("version of the server", version.clone()),
            ],
            file: file.to_owned(),
            url: word(plan.get("url")),
            verdict: word(report.get("verdict")),
            wrong,
            runs,
            plan,
        })
    }

    /// How many of its runs say nothing about the server.
    pub(super) fn invalid_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.verdict == "invalid").count()
    }

    /// The parts of the surroundings in which they differ, and the limits of the server: what each is, and what it is
    /// on both sides. A difference of the figures may come from there.
    pub(super) fn other_surroundings(&self, other: &Side) -> Vec<(String, String, String)> {
        let both = self.surroundings.iter().zip(&other.surroundings);
        let differ = both.filter(|(mine, theirs)| mine != theirs);
        let surroundings =
            differ.map(|((what, a), (_, b))| ((*what).to_owned(), a.clone(), b.clone()));
        let of = |side: &Side, name: &str| {
            side.limits.get(name).map_or_else(|| "off".to_owned(), ToString::to_string)
        };
        let names: BTreeSet<&String> = self.limits.keys().chain(other.limits.keys()).collect();
        // A report without limits says nothing about them.
        let are_known = !self.limits.is_empty() && !other.limits.is_empty();
        let limits = names.into_iter().filter(|_| are_known).filter_map(|name| {
            let (a, b) = (of(self, name), of(other, name));
            (a != b).then(|| (format!("limit {name} of the server"), a, b))
        });
        surroundings.chain(limits).collect()
    }

    /// Fields in which two plans differ, with both values.
    pub(super) fn differences(&self, other: &Side) -> Vec<(String, Value, Value)> {
        let keys =
            self.plan.keys().chain(other.plan.keys().filter(|&key| !self.plan.contains_key(key)));
        let value = |side: &Side, key: &str| side.plan.get(key).cloned().unwrap_or_default();
        let all = keys
            .filter(|key| !ASIDE.contains(&key.as_str()))
            .map(|key| (key.clone(), value(self, key), value(other, key)));
        let mut differences: Vec<_> = all.filter(|(_, mine, theirs)| mine != theirs).collect();
        if differences.len() > 1 {
            // The stages say the same again, in full.
            differences.retain(|(key, ..)| key != "stages");
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_of_ours_is_said_to_be_none() {
        let run = r#"{"schema":1,"loadgen":"0","verdict":"good","exit_code":0,"error":null"#;
        for (text, says) in [
            ("", "is no report"),
            ("[]", "is no report"),
            ("{}", "is no report"),
            (r#"{"schema":1}"#, "is no report"),
            (r#"{"schema":99,"loadgen":"9"}"#, "is of schema 99, and this loadgen reads 1 to 2"),
            (r#"{"schema":1,"loadgen":"0","error":"x"}"#, "is about a run that never began: x"),
            (&format!("{run}}}"), "is no report"),
            (&format!(r#"{run},"plan":{{}},"runs":[]}}"#), "is no report"),
            (&format!(r#"{run},"plan":{{}},"runs":[1]}}"#), "is no report"),
        ] {
            let line = Side::parse(Path::new("a"), text).expect_err(text);
            assert!(line.starts_with(says) && !line.contains('\n'), "{text}: {line}");
        }
    }

    #[test]
    fn plans_differ_in_what_was_done_and_not_in_the_server_it_was_done_to() {
        let side = |plan: &str| Side {
            file: PathBuf::new(),
            url: String::new(),
            verdict: String::new(),
            wrong: Vec::new(),
            date: String::new(),
            made: String::new(),
            limits: BTreeMap::new(),
            surroundings: Vec::new(),
            runs: Vec::new(),
            plan: serde_json::from_str(plan).expect("a plan"),
        };
        let a = side(r#"{"url":"a","seed":1,"rate":5,"clients":3}"#);
        let b = side(r#"{"url":"b","seed":2,"rate":6,"clients":3,"new":true}"#);
        let differences = a.differences(&b);
        let keys: Vec<&str> = differences.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(keys, ["rate", "new"]);
    }

    #[test]
    fn surroundings_differ_in_what_is_known_of_both() {
        let side = |version: &str, limits: &str| {
            let text = format!(
                r#"{{"schema":2,"loadgen":"1","server_version":"{version}","server_limits":{limits},
                "plan":{{}},"runs":[{{"verdict":"good","exit_code":0,"sent":1,"delivered":1,"lost":0,
                "delivered_per_second":1,"times":{{}}}}]}}"#
            );
            Side::parse(Path::new("a"), &text).expect("a report")
        };
        let differ = |a: &Side, b: &Side| {
            let all = a.other_surroundings(b).into_iter();
            all.map(|(what, a, b)| format!("{what} {a} {b}")).collect::<Vec<_>>()
        };
        let one = side("1", r#"{"strikes":50,"ping_timeout":60.5}"#);
        let other = side("2", r#"{"strikes":50,"byte_rate_burst":9}"#);
        assert_eq!(
            differ(&one, &other),
            [
                "version of the server 1 2",
                "limit byte_rate_burst of the server off 9",
                "limit ping_timeout of the server 60.5 off"
            ]
        );
        assert!(differ(&one, &side("1", "{}")).is_empty(), "an older report");
    }
}
