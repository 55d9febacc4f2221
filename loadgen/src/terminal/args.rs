//! [`Args`]: the command line of `switchboard-chat`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::chat::number;
use crate::target::Target;

/// Chat in a terminal, with a number
///
/// What you type goes to the number before the >. A line that begins with a slash
/// is a command: /help shows all.
///
/// If stdin or stdout is no terminal, or with --pipe, lines are read from stdin,
/// and what happens is written to stdout, as one JSON object a line.
///
/// There is no TLS in it: use it behind the server's proxy, or through a tunnel.
#[derive(Debug, Parser)]
#[command(name = "switchboard-chat", version, verbatim_doc_comment, next_line_help = true,
    after_help = EXAMPLES)]
pub(super) struct Args {
    /// Server, as ws://HOST:PORT
    #[arg(value_name = "URL", value_parser = Target::parse)]
    pub(super) url: Target,

    /// Your number: 10 to 32 digits, perhaps with spaces and dashes
    #[arg(value_name = "NUMBER", value_parser = number)]
    pub(super) number: String,

    /// Number that you write to first
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    pub(super) to: Option<String>,

    /// Which messages ring
    #[arg(long, value_name = "WHICH", default_value = "background", hide_possible_values = true,
        long_help = BELL)]
    pub(super) bell: Bell,

    /// Lines in, JSON out, also on a terminal
    #[arg(long)]
    pub(super) pipe: bool,

    /// In a pipe: stay after the end of the input
    #[arg(long)]
    pub(super) stay: bool,

    /// In a pipe: how long to wait for deliveries at the end
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(super) wait: Duration,

    /// In a pipe: how long to try to connect
    #[arg(long, value_name = "TIME", default_value = "1min", value_parser = time)]
    pub(super) give_up: Duration,
}

const BELL: &str = "\
Which messages ring: `always`, `never`, or in the `background`, which
is while the terminal reports that its window is not in front (tmux
does with focus-events on)";

/// Which messages ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Bell {
    /// Those that come while the window is in the background.
    Background,
    /// All.
    Always,
    /// None.
    Never,
}

/// Examples and exit codes, at the end of the help.
const EXAMPLES: &str = "\
Examples:
  switchboard-chat ws://127.0.0.1:8080 0012345678
  echo Hi | switchboard-chat ws://127.0.0.1:8080 0012345678 --to 0087654321
  switchboard-chat ws://127.0.0.1:8080 0012345678 --stay </dev/null | jq .text

Exit codes:
  0  all that was written was delivered
  1  something was not, or a line was wrong
  2  wrong usage
  3  no connection: none came about, or the server ended it for good";

/// What the command line comes to.
#[derive(Debug)]
pub(super) enum Parsed {
    /// Chat.
    Chat(Box<Args>),
    /// Print this text: the help or the version.
    Print(String),
    /// Print this text to stderr: something is wrong.
    Wrong(String),
}

/// Reads the command line, with the program's name in front.
pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Parsed {
    match Args::try_parse_from(args) {
        Ok(args) => Parsed::Chat(Box::new(args)),
        Err(error) if error.use_stderr() => Parsed::Wrong(error.to_string()),
        Err(help) => Parsed::Print(help.to_string()),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; a time looks like 10s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str) -> Parsed {
        let args = ["switchboard-chat"].into_iter().chain(args.split(' '));
        parse(args.map(OsString::from))
    }

    #[test]
    fn a_number_may_have_dashes_and_a_wrong_one_is_explained() {
        let Parsed::Chat(args) = parsed("localhost:8080 0012-345-678 --to 0087-654-321") else {
            panic!("it is right")
        };
        assert_eq!((&*args.number, args.to.as_deref()), ("0012345678", Some("0087654321")));
        for (args, word) in [("h:1 123", "10 to 32 digits"), ("wss://h 0012345678", "TLS")] {
            let Parsed::Wrong(line) = parsed(args) else { panic!("{args} is wrong") };
            assert!(line.contains(word), "{line}");
        }
    }

    #[test]
    fn the_help_fits_into_eighty_columns() {
        for flag in ["-h", "--help"] {
            let Parsed::Print(help) = parsed(flag) else { panic!("it is the help") };
            let long = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None);
        }
    }
}
