//! The shell that runs a command of `--at`: this program, started a second time.
//!
//! loadgen blocks the signals that end a run, and a process inherits which signals are blocked. A server that a
//! command starts could then not be stopped with SIGTERM. So loadgen starts itself with [`ARGUMENT`], and that
//! process unblocks the signals and becomes the shell. Called by `main`; `net` starts it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use nix::sys::signal::SigSet;

use crate::complain::complain;

/// The first argument, which makes this process a shell. The second is the command.
pub(crate) const ARGUMENT: &str = "--be-a-shell-for";

/// Becomes the shell. Returns only if that fails.
pub(crate) fn run(command: impl Iterator<Item = OsString>) -> ExitCode {
    if let Err(error) = SigSet::empty().thread_set_mask() {
        complain(&format!("cannot unblock the signals: {error}"));
        return ExitCode::FAILURE;
    }
    let error = Command::new("/bin/sh").arg("-c").args(command).exec();
    complain(&format!("cannot start /bin/sh: {error}"));
    ExitCode::FAILURE
}
