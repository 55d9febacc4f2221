//! loadgen: plays thousands of chatting phones against a server that speaks SCA, checks every message,
//! and reports latency from the moment each was planned for.
//!
//! Reading order: `schedule` says when, `workload` says what, `client` is one phone (sans-IO), `record`
//! keeps what happened, `net` plays it all on real sockets, `report` says what came of it. Of the
//! server's library only `timer`, `http`, `ws` and the wire structs of SCA are used; `serve` alone
//! knows the server itself.

mod args;
mod client;
mod expect;
mod net;
mod own_server;
mod phone_id;
mod record;
mod report;
mod schedule;
mod serve;
mod target;
mod workload;

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use args::{Options, Parsed};
use net::Signals;
use own_server::OwnServer;
use report::{Summary, Surroundings};
use target::Target;

/// The server failed a check, or its books and ours differ.
const FAILED: u8 = 1;
/// A value on the command line is wrong, or the plan cannot be.
const USAGE: u8 = 2;
/// The run says nothing about the server.
const INVALID: u8 = 4;

fn main() -> ExitCode {
    if env::args_os().nth(1).as_deref() == Some(OsStr::new(serve::ARGUMENT)) {
        return serve::serve(env::args_os().skip(2));
    }
    let options = match args::parse(env::args_os()) {
        Ok(Parsed::Run(options)) => *options,
        Ok(Parsed::Print(text)) => {
            // Whoever asked may have stopped reading.
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(line) => {
            complain(&format!("{line} (see --help)"));
            return ExitCode::from(USAGE);
        }
    };
    match play_and_report(&options) {
        Ok(code) => ExitCode::from(code),
        Err(Failure { sentence, code }) => {
            complain(&sentence);
            ExitCode::from(code)
        }
    }
}

/// Why there is no report.
#[derive(Debug)]
struct Failure {
    sentence: String,
    code: u8,
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
}

/// Plays the plan and reports; the exit code says what came of it.
fn play_and_report(options: &Options) -> Result<u8, Failure> {
    // Before anything else: a signal that comes during the start must not be lost.
    let signals = Signals::open().map_err(|error| Failure::ours(&error))?;
    net::make_room(options.timing.clients).map_err(Failure::usage)?;
    // A report that cannot be written is better known before the run than after it.
    let json = match &options.json {
        Some(path) => Some(File::create(path).map_err(|error| {
            Failure::usage(format!("cannot write {}: {error}", path.display()))
        })?),
        None => None,
    };
    let own = match options.target {
        Some(_) => None,
        None => Some(OwnServer::start(options.server_bin.as_deref()).map_err(Failure::server)?),
    };
    let own_target = own.as_ref().map(|server| Target::at(server.address()));
    let target = options.target.as_ref().or(own_target.as_ref()).expect("one or the other");
    let metrics = options.metrics.as_ref().or(own_target.as_ref());

    net::probe(options, target).map_err(Failure::server)?;
    let page =
        |target| net::get(target, "/metrics").map_err(|error| format!("no /metrics: {error}"));
    let before = metrics.map(page).transpose().map_err(Failure::server)?;
    let pid = own.as_ref().map(OwnServer::pid);
    let outcome =
        net::play(options, target, pid, signals).map_err(|error| Failure::ours(&error))?;
    let after = metrics.map(page);
    let stopped = own.map(OwnServer::stop);

    let around = Surroundings {
        target,
        is_own: options.target.is_none(),
        metrics: before.zip(after),
        stopped,
    };
    let summary = Summary::new(options, &outcome, &around);
    // Whoever asked may have stopped reading.
    let _ = report::write_text(&summary, &mut io::stdout().lock());
    if let Some(mut file) = json {
        report::write_json(&summary, &mut file).map_err(|error| Failure {
            sentence: format!("cannot write JSON: {error}"),
            code: FAILED,
        })?;
    }
    // One line each, also for whoever reads stderr alone.
    for line in &summary.unmet {
        complain(&format!("not as expected: {line}"));
    }
    Ok(summary.exit_code)
}

fn complain(line: &str) {
    // Nothing is left to do about a stderr that is closed.
    let _ = writeln!(io::stderr(), "loadgen: {line}");
}
