#![doc = include_str!("ARCHITECTURE.md")]

mod args;
mod client;
mod complain;
mod expect;
mod exposition;
mod net;
mod own_server;
mod phone_id;
mod plan;
mod play;
mod record;
mod report;
mod schedule;
mod serve;
mod target;
mod workload;

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::ExitCode;

use args::Parsed;
use complain::{complain, warn};
use play::Failure;

fn main() -> ExitCode {
    if env::args_os().nth(1).as_deref() == Some(OsStr::new(serve::ARGUMENT)) {
        return serve::serve(env::args_os().skip(2));
    }
    let options = match args::parse(env::args_os()) {
        Ok(Parsed::Run(options)) => *options,
        Ok(Parsed::Compare(before, after)) => {
            let compared = report::compare(&before, &after, &mut io::stdout().lock());
            return match compared {
                Ok(code) => ExitCode::from(code),
                Err(sentence) => {
                    complain(&sentence);
                    ExitCode::from(play::USAGE)
                }
            };
        }
        Ok(Parsed::Print(text)) => {
            // The reader may have closed the output.
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(line) => {
            complain(&format!("{line} (see --help)"));
            return ExitCode::from(play::USAGE);
        }
    };
    args::unknown_variables().iter().for_each(|line| warn(line));
    if options.target.is_none() {
        // They set loadgen's own server.
        serve::unknown_variables().iter().for_each(|line| warn(line));
    }
    match play::play_and_report(&options) {
        Ok(code) => ExitCode::from(code),
        Err(Failure { sentence, code }) => {
            complain(&sentence);
            ExitCode::from(code)
        }
    }
}
