//! What is done with reports of other runs: [`merge_and_report`] makes one of those of all shards of a plan, and
//! [`show_trend`] sets many side by side.

use std::path::{Path, PathBuf};

use crate::complain::complain;
use crate::play::{self, USAGE};
use crate::report::{self, Destinations, Trend};

/// Merges the reports in these files, and writes the result. Returns the exit code.
pub(crate) fn merge_and_report(files: &[PathBuf], destinations: &Destinations) -> u8 {
    let (signals, outputs) = match play::begin(destinations) {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let runs = match report::merge(files) {
        Ok(runs) => runs,
        Err(sentence) => {
            complain(&sentence);
            return USAGE;
        }
    };
    let failures = outputs.write(&runs, &signals);
    for line in runs.unmet() {
        complain(&format!("not as expected: {line}"));
    }
    failures.iter().for_each(|sentence| complain(sentence));
    match runs.exit_code() {
        0 if !failures.is_empty() => USAGE,
        code => code,
    }
}

/// Shows the reports of a folder, oldest first, on stdout and in a page. Returns the exit code.
pub(crate) fn show_trend(folder: &Path, html: Option<PathBuf>) -> u8 {
    let destinations = Destinations { html, ..Destinations::default() };
    let (signals, outputs) = match play::begin(&destinations) {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let trend = match Trend::read(folder) {
        Ok(trend) => trend,
        Err(sentence) => {
            complain(&sentence);
            return USAGE;
        }
    };
    let failures = outputs.write_trend(&trend, &signals);
    failures.iter().for_each(|sentence| complain(sentence));
    if failures.is_empty() { 0 } else { USAGE }
}
