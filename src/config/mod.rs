//! The command line: flags, their environment variables, and what they become.
//!
//! Every flag has a variable; a flag wins over its variable. A wrong value is one line on stderr and
//! exit code 2. Knows every room's limits and no room's workings. Called by `main` alone.

mod args;
mod limit_args;
mod rates;
mod values;

pub use args::{Parsed, parse};
