//! The command line: flags, their environment variables, and the settings that they become.
//!
//! Every flag has a variable, and a flag wins over its variable. A wrong value is one line on stderr and
//! exit code 2. This room knows every room's limits, and nothing else about them. Called by `main` alone.

mod args;
#[cfg(feature = "accounts")]
mod data_args;
mod headings;
mod limit_args;
mod rates;
mod values;

pub use args::{Parsed, parse};
