//! [`page`]: the verdict as JUnit XML, which CI systems show: a suite for each run, and a case for the server's checks,
//! for each expectation, and for whether the run is valid.

use std::fmt::{self, Write as _};

use super::html::Escaped;
use super::runs::{Run, Runs};

/// The whole file.
pub(super) fn page(runs: &Runs) -> String {
    let mut out = String::new();
    write_page(runs, &mut out).expect("a string takes everything");
    out
}

fn write_page(runs: &Runs, out: &mut String) -> fmt::Result {
    out.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"loadgen\">\n")?;
    for (at, run) in runs.all().iter().enumerate() {
        write_suite(at + 1, run, out)?;
    }
    out.write_str("</testsuites>\n")
}

fn write_suite(number: usize, run: &Run, out: &mut String) -> fmt::Result {
    let summary = &run.summary;
    // A run that says nothing cannot fail an expectation: then its cases are skipped.
    let is_invalid = !summary.invalid.is_empty();
    let expected = summary.expected.iter().map(|name| {
        let unmet = summary.unmet.iter().filter(|line| line.starts_with(&format!("{name}:")));
        (name.as_str(), unmet.cloned().collect::<Vec<_>>(), is_invalid)
    });
    let cases: Vec<(&str, Vec<String>, bool)> =
        [("the server passes all checks", summary.failures.clone(), false)]
            .into_iter()
            .chain(expected)
            .chain([("the run is valid", summary.invalid.clone(), false)])
            .collect();
    let failed = cases.iter().filter(|(_, why, is_skipped)| !is_skipped && !why.is_empty()).count();
    let (all, skipped) = (cases.len(), cases.iter().filter(|(.., is_skipped)| *is_skipped).count());
    let seconds = summary.plan.ramp_seconds + summary.plan.duration_seconds;
    writeln!(
        out,
        r#"  <testsuite name="run {number}" tests="{all}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.3}">"#
    )?;
    for (name, why, is_skipped) in cases {
        write!(out, r#"    <testcase classname="loadgen" name="{}">"#, text(name))?;
        match is_skipped {
            true => out.write_str(r#"<skipped message="the run is invalid"/>"#)?,
            false if why.is_empty() => {}
            false => {
                let why = text(&why.join("\n"));
                let first = why.lines().next().unwrap_or_default();
                write!(out, r#"<failure message="{first}">{why}</failure>"#)?;
            }
        }
        out.write_str("</testcase>\n")?;
    }
    out.write_str("  </testsuite>\n")
}

/// A text without markup, and without the control characters that XML does not allow.
fn text(text: &str) -> String {
    let allowed: String = text.chars().filter(|&c| c == '\n' || !c.is_control()).collect();
    Escaped(&allowed).to_string()
}
