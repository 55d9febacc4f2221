//! [`Outputs`]: the files that the report goes to. They are opened before the run, so that a file which
//! cannot be written is known then. All are tried: one that fails costs no other.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::csv::write_csv;
use super::found::{Found, write_found};
use super::hgrm::write_hgrm;
use super::named::named_times;
use super::output::{Output, cannot_write, is_of_the_system, place_of, to_stdout};
use super::runs::{Run, Runs};
use super::shape::Page;
use super::text::write_text;
use super::trend::Trend;
use super::{html, junit};
use crate::origin::Origin;
use crate::signals::Signals;

/// Where the report goes, beside stdout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    /// The whole report as JSON.
    pub(crate) json: Option<PathBuf>,
    /// The run second by second, as comma-separated values.
    pub(crate) csv: Option<PathBuf>,
    /// A folder: one file for each histogram.
    pub(crate) hgrm: Option<PathBuf>,
    /// The report as one page with charts.
    pub(crate) html: Option<PathBuf>,
    /// The verdict as JUnit XML.
    pub(crate) junit: Option<PathBuf>,
}

impl Destinations {
    /// A sentence for each file that two outputs would have to share. One would replace the other.
    fn named_twice(&self) -> Vec<String> {
        let files = [
            ("--json", &self.json),
            ("--csv", &self.csv),
            ("--html", &self.html),
            ("--junit", &self.junit),
        ];
        let pairs =
            (0..files.len()).flat_map(|at| files[..at].iter().map(move |one| (*one, files[at])));
        let twice = pairs.filter_map(|((one, path), (other, same))| {
            let (path, same) = (path.as_deref()?, same.as_deref()?);
            if place_of(path) != place_of(same) {
                return None;
            }
            let sentence = || format!("{one} and {other} name the same file: {}", path.display());
            (!is_of_the_system(path)).then(sentence)
        });
        twice.collect()
    }
}

/// The files, opened.
#[derive(Debug)]
pub(crate) struct Outputs {
    json: Option<Output>,
    csv: Option<Output>,
    html: Option<Output>,
    junit: Option<Output>,
    /// A folder.
    hgrm: Option<PathBuf>,
}

impl Outputs {
    /// Opens them all.
    ///
    /// # Errors
    ///
    /// One sentence for each that cannot be written.
    pub(crate) fn open(wanted: &Destinations) -> Result<Self, Vec<String>> {
        let mut failures = wanted.named_twice();
        let mut open = |path: &Option<PathBuf>| {
            let output = Output::open(path.as_deref()?);
            output.map_err(|sentence| failures.push(sentence)).ok()
        };
        let files = [&wanted.json, &wanted.csv, &wanted.html, &wanted.junit];
        let [json, csv, html, junit] = files.map(&mut open);
        if let Some(folder) = &wanted.hgrm {
            match fs::create_dir_all(folder) {
                // The file is removed at once: it only shows that it can be written.
                Ok(()) => drop(open(&Some(folder.join("delivery.hgrm")))),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let folder = folder.display();
                    failures.push(format!(
                        "cannot write {folder}: --hgrm takes a folder, and this is a file"
                    ));
                }
                Err(error) => failures.push(cannot_write(folder, &error)),
            }
        }
        let outputs = Outputs { json, csv, html, junit, hgrm: wanted.hgrm.clone() };
        if failures.is_empty() { Ok(outputs) } else { Err(failures) }
    }

    /// Writes the report as text on stdout, and into all files. Returns one sentence for each that could not
    /// be written.
    pub(crate) fn write(self, runs: &Runs, signals: &Signals) -> Vec<String> {
        let mut failures = Failures::default();
        failures.note(to_stdout(Some(signals), |mut out| write_text(runs, &mut out)));
        let Some((_, shown)) = runs.shown() else { return failures.0 };
        if let Some(json) = self.json {
            failures.note(json.write(signals, |out| write_json(&runs.page(), out)));
        }
        if let Some(csv) = self.csv {
            let rows = &shown.summary.series;
            failures.note(csv.write(signals, |mut out| write_csv(rows, &mut out)));
        }
        if let Some(html) = self.html {
            failures.note(html.write(signals, |out| out.write_all(html::page(runs).as_bytes())));
        }
        if let Some(junit) = self.junit {
            let page = junit::page(runs);
            failures.note(junit.write(signals, |out| out.write_all(page.as_bytes())));
        }
        if let Some(folder) = self.hgrm {
            write_histograms(shown, &folder, signals, &mut failures);
        }
        failures.0
    }

    /// Writes what a search has come to on stdout, and into the files. Returns one sentence for each that could not
    /// be written.
    pub(crate) fn write_found(self, found: &Found, signals: &Signals) -> Vec<String> {
        let mut failures = Failures::default();
        failures.note(to_stdout(Some(signals), |mut out| write_found(found, &mut out)));
        if let Some(json) = self.json {
            failures.note(json.write(signals, |out| write_json(found, out)));
        }
        if let Some(html) = self.html {
            let page = html::found::page(found);
            failures.note(html.write(signals, |out| out.write_all(page.as_bytes())));
        }
        failures.0
    }

    /// Writes many reports on stdout, and as a page. Returns one sentence for each that could not be written.
    pub(crate) fn write_trend(self, trend: &Trend, signals: &Signals) -> Vec<String> {
        let mut failures = Failures::default();
        failures.note(to_stdout(Some(signals), |mut out| trend.write(&mut out)));
        if let Some(html) = self.html {
            let page = html::trend::page(trend);
            failures.note(html.write(signals, |out| out.write_all(page.as_bytes())));
        }
        failures.0
    }

    /// There is no report: writes why, into the files that would have it. Returns one sentence for each that
    /// could not be written.
    pub(crate) fn fail(
        self,
        (verdict, exit_code): (&'static str, u8),
        why: &str,
        origin: &Origin,
        signals: &Signals,
    ) -> Vec<String> {
        let mut failures = Failures::default();
        let page = Page::of_no_run(verdict, exit_code, Some(why), origin);
        if let Some(json) = self.json {
            failures.note(json.write(signals, |out| write_json(&page, out)));
        }
        if let Some(html) = self.html {
            let page = html::page_of_no_run(why, origin);
            failures.note(html.write(signals, |out| out.write_all(page.as_bytes())));
        }
        if let Some(junit) = self.junit {
            let page = junit::page_of_no_run(why);
            failures.note(junit.write(signals, |out| out.write_all(page.as_bytes())));
        }
        failures.0
    }
}

/// A sentence for each output that could not be written.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn note(&mut self, result: Result<(), String>) {
        self.0.extend(result.err());
    }
}

fn write_json(page: &impl Serialize, mut out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, page)?;
    writeln!(out)
}

/// Writes one file for each histogram, also for empty ones: so it can be seen that they are empty.
fn write_histograms(run: &Run, folder: &Path, signals: &Signals, failures: &mut Failures) {
    for named in named_times(&run.outcome.record) {
        let output = Output::open(&folder.join(format!("{}.hgrm", named.key)));
        failures.note(
            output.and_then(|output| {
                output.write(signals, |mut out| write_hgrm(named.times, &mut out))
            }),
        );
    }
}
