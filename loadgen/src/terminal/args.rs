//! [`Args`]: the command line of `switchboard-chat`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::chat::{Command, Goal, Kind, number};
use crate::target::Target;
use crate::tls::Trust;

/// Chat in a terminal, with a number or with a name
///
/// What you type goes to the chat before the >. A line that begins with a slash is
/// a command: /help shows all.
///
/// With --name you log in as a user, whose messages the server keeps. It asks for
/// the password. In a pipe that is the first line of stdin, or of --password-file.
///
/// If stdin or stdout is no terminal, or with --pipe, lines are read from stdin,
/// and what happens is written to stdout, as one JSON object a line.
///
/// A server that is called wss:// is called over TLS, and must have a certificate
/// that this machine believes.
#[derive(Debug, Parser)]
#[command(name = "switchboard-chat", version, verbatim_doc_comment, next_line_help = true,
    after_help = EXAMPLES)]
pub(super) struct Args {
    /// Server, as ws://HOST:PORT or wss://HOST
    #[arg(value_name = "URL", value_parser = Target::parse)]
    pub(super) url: Target,

    /// Your number: 10 to 32 digits, perhaps with spaces and dashes
    #[arg(value_name = "NUMBER", value_parser = number, required_unless_present = "name")]
    pub(super) number: Option<String>,

    /// Log in with this name instead
    #[arg(long, value_name = "NAME", conflicts_with = "number")]
    pub(super) name: Option<String>,

    /// Register the name first
    #[arg(long, requires = "name", conflicts_with = "number")]
    pub(super) register: bool,

    /// File whose first line is the password
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with = "number")]
    pub(super) password_file: Option<PathBuf>,

    /// File whose first line is a token (JWT) that proves the number
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(super) token_file: Option<PathBuf>,

    /// PEM file with authorities that are believed, too; several times
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Vec<PathBuf>,

    /// Believe every certificate
    #[arg(long, conflicts_with = "ca")]
    pub(super) insecure: bool,

    /// The chat that you write to first: a number, a name, or '#ROOM'
    #[arg(long, value_name = "CHAT")]
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
  switchboard-chat ws://127.0.0.1:8080 --name ada --register

Exit codes:
  0  all that was written was delivered, or stored
  1  something was not, or a line was wrong
  2  wrong usage
  3  no connection: none came about, or the server ended it for good";

impl Args {
    /// Which protocol is spoken.
    fn kind(&self) -> Kind {
        if self.name.is_some() { Kind::Names } else { Kind::Numbers }
    }

    /// Gives the server's address what TLS needs.
    fn take_certificates(&mut self) -> Result<(), String> {
        let is_used = self.insecure || !self.ca.is_empty();
        match self.url.is_secure {
            true => self.url.trust = Some(Trust::new(&self.ca, self.insecure)?),
            false if is_used => return Err("--ca and --insecure are for wss://".to_owned()),
            false => {}
        }
        Ok(())
    }

    /// The chat that is written to first.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn first(&self) -> Result<Option<Goal>, String> {
        let Some(to) = &self.to else { return Ok(None) };
        match Command::parse(self.kind(), &format!("/to {to}")) {
            Ok(Some(Command::To(goal, None))) => Ok(Some(goal)),
            Ok(_) => Err(format!("--to {to}: what stands behind the name?")),
            Err(why) => Err(format!("--to {to}: {why}")),
        }
    }
}

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
        Ok(mut args) => match args.first().map(drop).and_then(|()| args.take_certificates()) {
            Ok(()) => Parsed::Chat(Box::new(args)),
            Err(why) => Parsed::Wrong(why),
        },
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
        let to = Goal::Person("0087654321".to_owned());
        assert_eq!(args.number.as_deref(), Some("0012345678"));
        assert_eq!(args.first(), Ok(Some(to)));
        for (args, word) in [
            ("h:1 123", "10 to 32 digits"),
            ("ws://h 0012345678 --insecure", "wss://"),
            ("wss://h 0012345678 --ca /nowhere/at/all", "--ca /nowhere/at/all: "),
            ("wss://h 0012345678 --ca x --insecure", "cannot be used with"),
            ("h:1", "<NUMBER>"),
            ("h:1 0012345678 --name ada", "cannot be used with"),
            ("h:1 0012345678 --register", "cannot be used with"),
            ("h:1 --name ada --token-file t", "cannot be used with"),
            ("h:1 0012345678 --to ada", "no number"),
        ] {
            let Parsed::Wrong(line) = parsed(args) else { panic!("{args} is wrong") };
            assert!(line.contains(word), "{line}");
        }
    }

    #[test]
    fn somebody_with_a_name_may_write_to_a_room_first() {
        let Parsed::Chat(args) = parsed("h:1 --name ada --to #ideas") else {
            panic!("it is right")
        };
        assert_eq!(args.first(), Ok(Some(Goal::Room("ideas".to_owned()))));
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
