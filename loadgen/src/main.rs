//! The program `loadgen`: see `lib.rs`, which holds the rooms of both programs of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadgen::loadgen()
}
