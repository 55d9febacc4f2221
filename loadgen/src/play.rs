//! [`play_and_report`]: everything in its order: the files, the server, a first look at it, one or several
//! runs, and the report.

use std::io;

use crate::args::Options;
use crate::complain::complain;
use crate::net::{self, Signals};
use crate::own_server::OwnServer;
use crate::record::{End, Outcome};
use crate::report::{Outputs, Runs, Summary, Surroundings};
use crate::target::Target;

/// The server failed a check, or its books differ from loadgen's.
const FAILED: u8 = 1;
/// A value on the command line is wrong, or the plan is impossible.
pub(crate) const USAGE: u8 = 2;
/// The run says nothing about the server.
const INVALID: u8 = 4;

/// Why there is no report.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) sentence: String,
    pub(crate) code: u8,
}

impl Failure {
    fn usage(sentence: String) -> Self {
        Failure { sentence, code: USAGE }
    }

    fn server(sentence: String) -> Self {
        Failure { sentence, code: FAILED }
    }

    fn ours(error: &io::Error) -> Self {
        Failure { sentence: format!("loadgen itself has failed: {error}"), code: INVALID }
    }

    fn verdict(&self) -> &'static str {
        match self.code {
            FAILED => "failed",
            INVALID => "invalid",
            _ => "none",
        }
    }
}

/// Plays the plan and reports. Returns the exit code.
pub(crate) fn play_and_report(options: &Options) -> Result<u8, Failure> {
    // Before anything else, so that a signal during the start is not lost.
    let mut signals = Signals::open().map_err(|error| Failure::ours(&error))?;
    let outputs = Outputs::open(&options.destinations).map_err(Failure::usage)?;
    let mut runs = Runs::default();
    for _ in 0..options.repeat {
        match play(options, &mut signals) {
            Ok((summary, outcome)) => {
                let is_over = outcome.end == End::Interrupted;
                runs.add(summary, outcome);
                if is_over {
                    break;
                }
            }
            Err(failure) => {
                outputs
                    .fail(failure.verdict(), failure.code, &failure.sentence)
                    .map_err(Failure::usage)?;
                return Err(failure);
            }
        }
    }
    outputs.write(&runs).map_err(Failure::usage)?;
    // One line each on stderr, also for a reader of stderr alone.
    for line in runs.unmet() {
        complain(&format!("not as expected: {line}"));
    }
    Ok(runs.exit_code())
}

/// Plays the plan once. If loadgen starts the server, it starts a new one for each run.
fn play(options: &Options, signals: &mut Signals) -> Result<(Summary, Outcome), Failure> {
    let plan = &options.plan;
    let manners = &plan.settings.manners;
    net::make_room(plan.timing.clients, manners.devices).map_err(Failure::usage)?;
    let own = match options.target {
        Some(_) => None,
        None => Some(OwnServer::start(options.server_bin.as_deref()).map_err(Failure::server)?),
    };
    let own_target = own.as_ref().map(|server| Target::at(server.address()));
    let target = options.target.as_ref().or(own_target.as_ref()).expect("one or the other");
    let metrics = options.metrics.as_ref().or(own_target.as_ref());

    net::probe(plan, target).map_err(Failure::server)?;
    let page =
        |target| net::get(target, "/metrics").map_err(|error| format!("no /metrics: {error}"));
    let before = metrics.map(page).transpose().map_err(Failure::server)?;
    let pid = own.as_ref().map(OwnServer::pid);
    let outcome =
        net::play(plan, target, pid, metrics, signals).map_err(|error| Failure::ours(&error))?;
    let after = metrics.map(page);
    let stopped = own.map(OwnServer::stop);

    let around = Surroundings {
        target,
        is_own: options.target.is_none(),
        metrics: before.zip(after),
        stopped,
    };
    Ok((Summary::new(plan, &outcome, &around), outcome))
}
