//! The server's binary: it parses the arguments and runs the loop. Everything else is in the library.

use std::env;
use std::io::{self, Write as _};
use std::panic;
use std::process::{self, ExitCode};

use switchboard::config::{self, Parsed};
use switchboard::ctl;
use switchboard::journal::{Priority, Stderr};
use switchboard::net::{self, Failure, Settings, Signals};

/// The exit code for a wrong value on the command line.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // The message of a panic may quote what a person wrote, so only its place is printed. The process
    // then aborts in every build profile, because the state of an interrupted turn can't be trusted.
    panic::set_hook(Box::new(|info| {
        match info.location() {
            Some(place) => complain(&format!("panicked at {place}: this is a bug")),
            None => complain("panicked: this is a bug"),
        }
        process::abort();
    }));
    // Signals come first, before anything that takes time, such as looking up a name in the settings.
    // Until they are blocked, nearly every signal would end the process.
    let signals = match Signals::open() {
        Ok(signals) => signals,
        Err(error) => {
            complain(&format!("signals cannot be read: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let settings = match config::parse(env::args_os()) {
        Ok(Parsed::Run(settings)) => *settings,
        Ok(Parsed::Check(settings, mistakes)) => return check(&settings, mistakes),
        Ok(Parsed::Print(text)) => return print(&text),
        Ok(Parsed::Tool(tool)) => {
            return match net::run_tool(&tool) {
                Ok(text) => print(&text),
                Err(line) => failed(&line),
            };
        }
        Ok(Parsed::Ctl(settings)) => return done(ctl::run(&settings, &mut io::stdout())),
        Ok(Parsed::Health(server)) => return done(ctl::health(&server)),
        Err(lines) => {
            lines.iter().for_each(|line| complain(&format!("{line} (see --help)")));
            return ExitCode::from(USAGE);
        }
    };
    match net::run(settings, signals) {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure.to_string());
            match failure {
                Failure::Setting(_) => ExitCode::from(USAGE),
                Failure::Listen(..) | Failure::Passed(_) | Failure::Data(_) | Failure::Loop(_) => {
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Says what is wrong with the settings, or that nothing is.
fn check(settings: &Settings, mut mistakes: Vec<String>) -> ExitCode {
    let checked = net::check(settings);
    mistakes.extend(checked.mistakes);
    checked.warnings.iter().for_each(|line| stderr().say(Priority::Warning, line));
    mistakes.iter().for_each(|line| complain(line));
    if mistakes.is_empty() { print("the configuration is fine\n") } else { ExitCode::from(USAGE) }
}

/// The exit code of a tool that has printed all it had to say, unless it has failed.
fn done(result: Result<(), String>) -> ExitCode {
    result.map_or_else(|line| failed(&line), |()| ExitCode::SUCCESS)
}

fn failed(line: &str) -> ExitCode {
    complain(line);
    ExitCode::FAILURE
}

fn print(text: &str) -> ExitCode {
    // The reader of stdout may have gone.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    stderr().say(Priority::Error, text);
}

fn stderr() -> Stderr {
    Stderr::new("switchboard", env::var("JOURNAL_STREAM").ok().as_deref())
}
