//! [`Reporting`] and [`Files`]: the flags that say where the report goes, and how many runs it is about.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::values::address;
use crate::count;
use crate::report::Destinations;

/// The heading in the help.
pub(super) const OUTPUT: &str = "Output";

/// Where the report goes beside the terminal.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = OUTPUT)]
pub(super) struct Files {
    /// Write the report as JSON; loadgen/SCHEMA.md has its fields
    #[arg(long, env = "LOADGEN_JSON", value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    /// Write the run second by second, as comma-separated values
    #[arg(long, env = "LOADGEN_CSV", value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,

    /// Write each histogram into this folder, in the format that HdrHistogram's plotters read
    #[arg(long, env = "LOADGEN_HGRM", value_name = "FOLDER")]
    pub(super) hgrm: Option<PathBuf>,

    /// Write the report as one page with charts
    #[arg(long, env = "LOADGEN_HTML", value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// Write the verdict as JUnit XML, for a CI system: a suite for each run, a case for each expectation
    #[arg(long, env = "LOADGEN_JUNIT", value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
}

/// Where the report goes, and how many runs it is about.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = OUTPUT)]
pub(super) struct Reporting {
    #[command(flatten)]
    pub(super) files: Files,

    /// Number of times to play the plan
    ///
    /// The report has the figures of all runs, so that `loadgen compare` can tell a change from noise. One run it
    /// shows in full: the worst, or the typical one if all went well.
    #[arg(long, env = "LOADGEN_REPEAT", value_name = "N", default_value = "1",
        value_parser = |text: &str| count::whole(text, 1, 1000))]
    pub(super) repeat: u32,

    /// Serve the figures of the run as Prometheus metrics at this address: 127.0.0.1:9100, or the port alone
    ///
    /// While a plan is played, http://ADDRESS/metrics has them, and /health says that loadgen is there; a request
    /// between two runs is answered when the next begins. Counters are of all runs of the process. A port alone is
    /// on 127.0.0.1. Port 0 is any free one; a line on stderr says which.
    #[arg(long, env = "LOADGEN_LISTEN", value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<SocketAddr>,
}

impl Files {
    /// The same for the report.
    pub(super) fn destinations(self) -> Destinations {
        let Files { json, csv, hgrm, html, junit } = self;
        Destinations { json, csv, hgrm, html, junit }
    }
}
