//! The command line: flags, their environment variables, and the settings that they become.
//!
//! Every flag has a variable, in the environment or in the settings file. A flag wins over its variable. An empty
//! variable counts as not set. Each wrong value is one line on stderr, and the exit code is then 2. This room knows every room's limits, and nothing
//! else about them. Called by `main` alone.

mod args;
mod ctl_args;
#[cfg(feature = "accounts")]
mod data_args;
mod effective;
mod headings;
mod health_args;
mod identity_args;
mod limit_args;
mod mistakes;
mod origin;
mod parse;
mod parsed;
mod rates;
mod settings_file;
mod sources;
#[cfg(feature = "auth")]
mod token_args;
mod tokens;
mod values;

pub use parse::{parse, program, unknown_variables};
pub use parsed::Parsed;
