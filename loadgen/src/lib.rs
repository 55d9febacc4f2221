#![doc = include_str!("ARCHITECTURE.md")]

mod args;
mod chat;
mod client;
mod complain;
mod count;
mod enrolment;
mod expect;
mod exposition;
mod find;
mod near;
mod net;
mod origin;
mod own_server;
mod phone_id;
mod plan;
mod play;
mod pool;
mod record;
mod report;
mod reports;
mod schedule;
mod search;
mod secret;
mod serve;
mod shell;
mod signals;
mod target;
mod terminal;
mod tls;
mod workload;

use std::env;
use std::ffi::OsStr;
use std::process::ExitCode;

use args::Parsed;
use complain::{complain, warn};

/// The two programs as clap knows them. Man pages and completions are made of them.
pub fn programs() -> [clap::Command; 2] {
    [args::program(), terminal::program()]
}

/// What the program `loadgen` does.
pub fn loadgen() -> ExitCode {
    if env::args_os().nth(1).as_deref() == Some(OsStr::new(serve::ARGUMENT)) {
        return serve::serve(env::args_os().skip(2));
    }
    if env::args_os().nth(1).as_deref() == Some(OsStr::new(shell::ARGUMENT)) {
        return shell::run(env::args_os().skip(2));
    }
    let done = match args::parse(env::args_os(), net::date()) {
        Ok(Parsed::Run(options)) => {
            args::unknown_variables().iter().for_each(|line| warn(line));
            if options.servers.is_empty() {
                // They set loadgen's own server.
                serve::unknown_variables().iter().for_each(|line| warn(line));
            }
            return ExitCode::from(play::play_and_report(&options));
        }
        Ok(Parsed::Find(finding)) => {
            args::unknown_variables().iter().for_each(|line| warn(line));
            return ExitCode::from(find::find_and_report(&finding));
        }
        Ok(Parsed::Compare(before, after, style)) => report::compare(&before, &after, style),
        Ok(Parsed::Merge(files, destinations)) => {
            return ExitCode::from(reports::merge_and_report(&files, &destinations));
        }
        Ok(Parsed::Trend(folder, html)) => {
            return ExitCode::from(reports::show_trend(&folder, html));
        }
        Ok(Parsed::Print(text)) => report::print(&text).map(|()| 0),
        Err(line) => Err(format!("{line} (see --help)")),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(sentence) => {
            complain(&sentence);
            ExitCode::from(play::USAGE)
        }
    }
}

/// What the program `switchboard-chat` does.
pub fn switchboard_chat() -> ExitCode {
    terminal::main()
}
