//! [`page`]: the verdict as JUnit XML, which CI systems show: a suite for each run, and a case for the server's checks,
//! for each expectation, and for whether the run is valid.

use std::fmt::{self, Write as _};

use super::html::Escaped;
use super::runs::{Run, Runs};

/// The whole file.
pub(super) fn page(runs: &Runs) -> String {
    written(|out| {
        for (at, run) in runs.all().iter().enumerate() {
            write_suite(at + 1, run, out)?;
        }
        runs.broken_off().map_or(Ok(()), |cut| write_error(runs.all().len() + 1, &cut.why, out))
    })
}

/// The file if there was no run: a CI system that finds none would show the one before.
pub(super) fn page_of_no_run(why: &str) -> String {
    written(|out| write_error(1, why, out))
}

fn written(write_suites: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"loadgen\">\n";
    let mut out = head.to_owned();
    write_suites(&mut out).expect("a string takes everything");
    out.push_str("</testsuites>\n");
    out
}

/// A suite for a run that was not played.
fn write_error(number: usize, why: &str, out: &mut String) -> fmt::Result {
    let why = text(why);
    writeln!(
        out,
        r#"  <testsuite name="run {number}" tests="1" failures="0" errors="1" skipped="0" time="0.000">
    <testcase classname="loadgen" name="the run is played"><error message="{why}">{why}</error></testcase>
  </testsuite>"#
    )
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
    // Not as long as it was planned for: it may have been ended early, and messages have to settle.
    let seconds = summary.series.last().map_or(0.0, |row| row.at_seconds);
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

/// A text without markup, and without the characters that XML does not allow (XML 1.0, 2.2).
fn text(text: &str) -> String {
    let is_allowed =
        |c: char| c == '\n' || !(c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    let allowed: String = text.chars().filter(|&c| is_allowed(c)).collect();
    Escaped(&allowed).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_run_has_an_error_and_only_what_xml_allows() {
        let page = page_of_no_run("no \"server\" at <b>&\u{1b}[0m\u{0}\u{FFFF}\u{85}");
        let why = "no &quot;server&quot; at &lt;b&gt;&amp;[0m";
        assert!(page.contains(&format!("<error message=\"{why}\">{why}</error>")), "{page}");
        assert!(page.contains("tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""), "{page}");
    }
}
