//! The server's binary: arguments, then the loop. Everything else is in the library.

use std::env;
use std::io::{self, Write as _};
use std::panic;
use std::process::{self, ExitCode};

use switchboard::config::{self, Parsed};
use switchboard::net::{self, Failure, Signals};

/// A value on the command line is wrong.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // What a panic has to say may quote what somebody wrote. Where it was is enough to find it.
    // And a turn that was left halfway cannot be gone on with, whatever this was built for.
    panic::set_hook(Box::new(|info| {
        match info.location() {
            Some(place) => complain(&format!("panicked at {place}: this is a bug")),
            None => complain("panicked: this is a bug"),
        }
        process::abort();
    }));
    // Before anything else that takes time, such as looking up a name in the settings: until then
    // nearly every signal would end the process.
    let signals = match Signals::open() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("signals cannot be read: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let settings = match config::parse(env::args_os()) {
        Ok(Parsed::Run(settings)) => *settings,
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
    match net::run(settings, signals) {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure.to_string());
            match failure {
                Failure::Setting(_) => ExitCode::from(USAGE),
                Failure::Listen(..) | Failure::Passed(_) | Failure::Loop(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn complain(line: &str) {
    // Nothing is left to do about a stderr that is closed.
    let _ = writeln!(io::stderr(), "switchboard: {line}");
}
