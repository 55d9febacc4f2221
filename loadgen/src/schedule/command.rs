//! [`Command`]: a command of the shell that is run at a moment of the plan: `--at 30s 'COMMAND'`.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::parse_time;

/// A command of the shell, and when it is run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Command {
    /// The time since the start of the run, the ramp included.
    pub(crate) at: Duration,
    /// What the shell is given.
    pub(crate) text: String,
}

impl FromStr for Command {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it looks like --at 30s 'systemctl restart switchboard'".to_owned();
        let (at, text) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let (at, text) = (parse_time(at)?, text.trim().to_owned());
        if text.is_empty() { Err(wrong()) } else { Ok(Command { at, text }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_time_and_words_for_the_shell() {
        let command: Command = "1m30s  kill -9 $(cat a,b)".parse().expect("valid");
        let (at, text) = (Duration::from_secs(90), "kill -9 $(cat a,b)".to_owned());
        assert_eq!(command, Command { at, text });
        for wrong in ["", "30s", "30s ", "kill -9 1", "30 kill"] {
            assert!(wrong.parse::<Command>().is_err(), "{wrong}");
        }
    }
}
