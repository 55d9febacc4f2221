//! [`without_empty`] and [`unknown`]: what a program makes of its environment's variables beside their values.
//!
//! A variable that is set to nothing counts as not set. A variable whose name only looks like one of ours is
//! a mistake, and [`Unknown`] names the nearest one. The variables that Kubernetes adds are no mistakes.
//!
//! Nothing here reads the environment: callers pass it. The server and loadgen share this room.

mod kubernetes;

use std::ffi::{OsStr, OsString};
use std::fmt;

use clap::Command;
use clap::builder::Resettable;

/// Variables, each with its name and its value.
pub type Variables = [(OsString, OsString)];

/// How alike two names must be, so that one is offered for the other: 0 is not at all, 1 is the same.
const ALIKE: f64 = 0.7;

/// How many letters of a whole name may differ, so that it counts as one of ours although its beginning is
/// misspelt.
const SLIPS: usize = 2;

/// Takes the variable from every flag whose variable is empty, those of subcommands included. For clap such a
/// flag is then not given.
pub fn without_empty(command: Command, variables: &Variables) -> Command {
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name, variables) => arg.env(Resettable::Reset),
        Some(_) | None => arg,
    });
    command.mut_subcommands(|command| without_empty(command, variables))
}

fn is_empty(name: &OsStr, variables: &Variables) -> bool {
    variables.iter().any(|(one, value)| one == name && value.is_empty())
}

/// The variables of this environment that begin with `prefix`, such as `SWITCHBOARD_`, and are no flag's; and
/// those that would be a flag's if not for a slip or two in their beginning, such as `SWICHBOARD_LISTEN`. `more` are names that are known beside those of the flags. Empty variables count as not set.
pub fn unknown(
    prefix: &str,
    command: &Command,
    more: &[&str],
    variables: &Variables,
) -> Vec<Unknown> {
    let flags = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    let known: Vec<&str> = flags.chain(more.iter().copied()).collect();
    let mut found: Vec<Unknown> = variables
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()))
        .filter(|(name, value)| match strip(prefix, name) {
            Some(bare) => !known.contains(&&**name) && !kubernetes::is_of_a_service(bare, value),
            None => slip(prefix, name, &known).is_some(),
        })
        .map(|(name, _)| Unknown {
            nearest: nearest(prefix, &name, &known).map(str::to_owned),
            name: name.into_owned(),
        })
        .collect();
    found.sort();
    found
}

/// What follows the prefix, in whatever case that is written.
fn strip<'n>(prefix: &str, name: &'n str) -> Option<&'n str> {
    let (beginning, bare) = name.split_at_checked(prefix.len())?;
    beginning.eq_ignore_ascii_case(prefix).then_some(bare)
}

/// The flag's variable that was meant by a name whose beginning is misspelt. Only names with the prefix are long
/// enough to be guessed: two slips make `PATH` of `PORT`.
fn slip<'k>(prefix: &str, name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_ascii_uppercase();
    let ours = known.iter().filter(|one| one.starts_with(prefix));
    let slips = ours.map(|one| (strsim::osa_distance(&name, one), *one));
    slips.filter(|(slips, _)| *slips <= SLIPS).min().map(|(_, one)| one)
}

/// The known name that is most like this one, if one is alike.
fn nearest<'k>(prefix: &str, name: &str, known: &[&'k str]) -> Option<&'k str> {
    let Some(bare) = strip(prefix, name) else { return slip(prefix, name, known) };
    let bare = bare.to_ascii_uppercase();
    let likeness = known
        .iter()
        .map(|one| (strsim::jaro_winkler(&bare, strip(prefix, one).unwrap_or(one)), *one));
    let most = likeness.max_by(|(one, _), (other, _)| one.total_cmp(other));
    most.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name)
}

/// A variable that looks like one of ours, and is none. It shows as a sentence. Its value is not kept: it may
/// be a secret.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Unknown {
    name: String,
    nearest: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no variable {}", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; the nearest is {nearest}"),
            None => f.write_str(", and none is like it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    /// Set for this process by cargo, and so the one variable that a test can be sure of.
    const SET: &str = "CARGO_MANIFEST_DIR";

    fn command() -> Command {
        let flag = |name: &'static str, variable: &'static str| Arg::new(name).env(variable);
        Command::new("switchboard").args([
            flag("listen", "SWITCHBOARD_LISTEN"),
            flag("log", "SWITCHBOARD_LOG"),
            flag("log-format", "SWITCHBOARD_LOG_FORMAT"),
            flag("message-rate", "SWITCHBOARD_MESSAGE_RATE"),
            flag("trusted-proxy", "SWITCHBOARD_TRUSTED_PROXY"),
            flag("max-connections", "SWITCHBOARD_MAX_CONNECTIONS"),
        ])
    }

    fn found(name: &str, value: &str) -> Option<String> {
        let variables = [(name.into(), value.into())];
        let mut found = unknown("SWITCHBOARD_", &command(), &["PORT"], &variables);
        assert!(found.len() <= 1);
        found.pop().map(|one| one.to_string())
    }

    #[test]
    fn a_misspelt_variable_is_named_with_the_nearest_one() {
        for (name, nearest) in [
            ("SWITCHBOARD_MESAGE_RATE", "SWITCHBOARD_MESSAGE_RATE"),
            ("SWITCHBOARD_MESSAGERATE", "SWITCHBOARD_MESSAGE_RATE"),
            ("SWITCHBOARD_TRUSTED_PROXIES", "SWITCHBOARD_TRUSTED_PROXY"),
            ("SWITCHBOARD_MAX_CONNS", "SWITCHBOARD_MAX_CONNECTIONS"),
            ("SWITCHBOARD_LISTEN_ADDRESS", "SWITCHBOARD_LISTEN"),
            ("SWITCHBOARD_LOG_LEVEL", "SWITCHBOARD_LOG"),
            ("SWITCHBOARD_PORT", "PORT"),
            ("switchboard_listen", "SWITCHBOARD_LISTEN"),
        ] {
            let sentence = format!("there is no variable {name}; the nearest is {nearest}");
            assert_eq!(found(name, "8080"), Some(sentence));
        }
        let sentence = "there is no variable SWITCHBOARD_XYZZY, and none is like it";
        assert_eq!(found("SWITCHBOARD_XYZZY", "1").as_deref(), Some(sentence));
    }

    #[test]
    fn a_variable_whose_beginning_is_misspelt_is_named_too() {
        for name in [
            "SWICHBOARD_LISTEN",
            "SWITCBOARD_LISTEN",
            "SWTICHBOARD_LISTEN",
            "SWITCHBOARDLISTEN",
            "SWITCHBOARD-LISTEN",
            "SWITCH_BOARD_LISTEN",
            "Switchbord_Listen",
        ] {
            let sentence =
                format!("there is no variable {name}; the nearest is SWITCHBOARD_LISTEN");
            assert_eq!(found(name, "127.0.0.1:1"), Some(sentence));
        }
        for name in ["LISTEN", "BOARD_LISTEN", "SWITCH_LISTEN", "PATH", "SORT", "SWITCHBOARDÄ"] {
            assert_eq!(found(name, "1"), None, "{name}");
        }
    }

    #[test]
    fn known_variables_those_of_others_and_empty_ones_are_not_named() {
        for (name, value) in [
            ("SWITCHBOARD_LISTEN", "anything"),
            ("SWITCHBOARD_MESAGE_RATE", ""),
            ("SWITCHBOARD", "1"),
            ("PORT", "8080"),
            ("PATH", "/bin"),
        ] {
            assert_eq!(found(name, value), None, "{name}");
        }
    }

    #[test]
    fn an_empty_variable_is_no_value() {
        let value = |variables: &Variables| {
            let command = Command::new("x").arg(Arg::new("flag").env(SET).default_value("none"));
            let matches = without_empty(command, variables).try_get_matches_from(["x"]);
            matches.expect("valid").get_one::<String>("flag").cloned()
        };
        assert_ne!(value(&[]).as_deref(), Some("none"), "clap has read {SET}");
        assert_eq!(value(&[(SET.into(), OsString::new())]).as_deref(), Some("none"));
    }
}
