//! The server that is built into loadgen: this program, started a second time.
//!
//! `cargo run -p loadgen` does not build the server's own binary, but the library is linked in. So loadgen
//! starts itself with [`ARGUMENT`], and that process is the server and nothing else: its CPU time and
//! memory can be measured. Only this file of loadgen knows the server's `config` and `net`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use switchboard::config::{self, Parsed};
use switchboard::net::{self, Signals};

use crate::complain::complain;

/// The first argument, which makes this process a server. The second is the id of its parent, and the rest
/// are the server's own.
pub(crate) const ARGUMENT: &str = "--be-the-server-of";

/// What looks like a variable of the server in this environment, and is none: a line each.
pub(crate) fn unknown_variables() -> Vec<String> {
    config::unknown_variables()
}

/// Serves until a signal ends it, or until the parent is gone; or does what a tool of the server does.
pub(crate) fn serve(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let parent = args.next().and_then(|id| id.to_str()?.parse::<i32>().ok());
    // A parent that is killed cannot stop its server. So the kernel is asked to kill the server then. If
    // the parent was gone before that, the kernel would not (prctl(2), PR_SET_PDEATHSIG).
    if set_pdeathsig(Signal::SIGKILL).is_err() || parent != Some(getppid().as_raw()) {
        return ExitCode::FAILURE;
    }
    let Ok(signals) = Signals::open() else { return ExitCode::FAILURE };
    let args = std::iter::once(OsString::from("switchboard")).chain(args);
    let failure = match config::parse(args) {
        Ok(Parsed::Run(settings)) => match net::run(*settings, signals) {
            Ok(code) => return code,
            Err(failure) => failure.to_string(),
        },
        Ok(Parsed::Check(..)) => "--check-config is for the server alone".to_owned(),
        Ok(Parsed::Print(text)) => text,
        Ok(Parsed::Tool(tool)) => match net::run_tool(&tool) {
            Ok(text) => {
                // Its reader is loadgen.
                let written = io::stdout().write_all(text.as_bytes());
                return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
            }
            Err(line) => line,
        },
        Ok(Parsed::Ctl(_) | Parsed::Health(_)) => {
            "the arguments of a server are for one that runs".to_owned()
        }
        Err(lines) => lines.join("\n"),
    };
    complain(&failure);
    ExitCode::FAILURE
}
