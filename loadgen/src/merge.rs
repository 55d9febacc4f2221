//! [`merge_and_report`]: the reports of all shards of a plan as one report.

use std::path::PathBuf;

use crate::complain::complain;
use crate::play::{self, USAGE};
use crate::report::{self, Destinations};

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
