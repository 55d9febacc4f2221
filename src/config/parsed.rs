//! [`Parsed`]: what the arguments and the environment ask the program to do.

use crate::ctl;
use crate::net::{Settings, Tool};

/// The result of parsing the arguments.
#[derive(Debug)]
pub enum Parsed {
    /// Serve, with these settings.
    Run(Box<Settings>),
    /// Say what is wrong, and end. These lines are known already; [`check`](crate::net::check) finds the rest.
    Check(Box<Settings>, Vec<String>),
    /// Run this tool, and end.
    Tool(Tool),
    /// Ask a running server this, and end.
    Ctl(ctl::Settings),
    /// Ask the server at this address whether it is well, and end.
    Health(String),
    /// Print this text, and end: it is the help or the version.
    Print(String),
}
