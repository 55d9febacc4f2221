//! [`Effective`]: the value of each flag as the server uses it, and where it comes from. `--print-config` shows them,
//! and a reload compares them with those before.
//!
//! The lines can be read again: the output of `--print-config` is a file for `--config`.

use clap::{Arg, Command};

use super::settings_file::quoted;
use super::sources::Sources;
use super::tokens::{Tokens, long};
use crate::net::{self, Setting, Settings};

/// The flags whose values SIGHUP reads again. All others need a restart: they name what is opened or read at the
/// start, or size what cannot shrink.
pub(super) const AT_RUN_TIME: [&str; 37] = [
    "max-connections",
    "allow-origin",
    "echo",
    "max-connections-per-address",
    "connection-rate-per-address",
    "trusted-proxy",
    "message-rate",
    "byte-rate",
    "strikes",
    "replacement-rate",
    "max-message-bytes",
    "http-head",
    "outbox-bytes",
    "outbox-total-bytes",
    "inbox-total-bytes",
    "presence-budget",
    "ping-timeout",
    "sweep-interval",
    "handshake-timeout",
    "frame-timeout",
    "write-timeout",
    "close-timeout",
    "drain-timeout",
    "drain-rate",
    "invitation-ttl",
    "contact-grace",
    "read-ttl",
    "require-invitation",
    "registration",
    "login-ttl",
    "max-users",
    "admin-token-file",
    "bans-file",
    "auth-key-file",
    "auth-audience",
    "log",
    "slow-turn",
];

/// Those of them that keep people out. A reload refuses settings in which one is missing that was given before: a line
/// that was lost by mistake must open no door. A restart obeys.
pub(super) const GUARDS: [&str; 7] = [
    "auth-key-file",
    "auth-audience",
    "admin-token-file",
    "bans-file",
    "trusted-proxy",
    "registration",
    "require-invitation",
];

/// The column of the comment behind a value.
const COLUMN: usize = 56;

/// One flag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Effective {
    /// `listen`
    flag: String,
    /// `SWITCHBOARD_LISTEN`
    variable: String,
    /// Empty if it is not set.
    value: String,
    /// Where the value comes from, in a few words.
    origin: String,
    /// Whether it is a default.
    is_default: bool,
}

/// All flags that have a variable, in the order of the help.
pub(super) fn effective(
    command: &Command,
    tokens: &Tokens,
    sources: &Sources<'_>,
    settings: &Settings,
) -> Vec<Effective> {
    let args = command.get_arguments().filter(|arg| arg.get_id() != "config");
    args.filter_map(|arg| one(arg, tokens, sources, settings)).collect()
}

fn one(
    arg: &Arg,
    tokens: &Tokens,
    sources: &Sources<'_>,
    settings: &Settings,
) -> Option<Effective> {
    let (flag, variable) = (long(arg)?, arg.get_env()?);
    let is_switch = !arg.get_action().takes_values();
    let given = tokens.value(&flag).map(|(value, origin)| (value, origin.words()));
    // A variable that switches a flag off makes no token.
    let off = || sources.find(variable).map(|(_, origin)| ("false".to_owned(), origin.words()));
    let given = given.or_else(|| if is_switch { off() } else { None });
    let is_default = given.is_none();
    let (value, origin) = given.unwrap_or_else(|| default_of(arg, is_switch, sources, settings));
    let variable = variable.to_string_lossy().into_owned();
    let flag = flag.trim_start_matches('-').to_owned();
    Some(Effective { flag, variable, value, origin, is_default })
}

/// The value of a flag that is not given.
fn default_of(
    arg: &Arg,
    is_switch: bool,
    sources: &Sources<'_>,
    settings: &Settings,
) -> (String, String) {
    let mut origin = "default";
    let values: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    let value = match arg.get_id().as_str() {
        "listen" => {
            if sources.in_environment("PORT").is_some() {
                origin = "PORT";
            }
            settings.listen.to_string()
        }
        "byte_rate" => settings.limits.session.byte_rate.to_string(),
        _ if is_switch => "false".to_owned(),
        _ => values.join(","),
    };
    let origin = match value_is_none(arg, is_switch) {
        true => format!("default: {}", default_in_help(arg).unwrap_or("none".to_owned())),
        false => origin.to_owned(),
    };
    (value, origin)
}

/// What the help says that no value means: `for ever`, for instance.
fn default_in_help(arg: &Arg) -> Option<String> {
    let help = arg.get_help()?.to_string();
    let (_, words) = help.split_once("[default: ")?;
    words.split_once(']').map(|(words, _)| words.to_owned())
}

/// Whether a flag that is not given has no value at all.
fn value_is_none(arg: &Arg, is_switch: bool) -> bool {
    let is_computed = matches!(arg.get_id().as_str(), "listen" | "byte_rate");
    !is_switch && !is_computed && arg.get_default_values().is_empty()
}

impl Effective {
    /// The value, for a later comparison.
    pub(super) fn setting(&self) -> Setting {
        Setting {
            flag: format!("--{}", self.flag),
            value: self.value.clone(),
            at_run_time: AT_RUN_TIME.contains(&&*self.flag),
            missing_guard: self.is_default && GUARDS.contains(&&*self.flag),
        }
    }

    fn line(&self) -> String {
        let assignment = format!("{}={}", self.variable, quoted(&self.value));
        format!("{assignment:<COLUMN$} # {}\n", self.origin)
    }
}

/// The text of `--print-config`.
///
/// # Errors
///
/// What keeps a server from starting with these settings.
pub(super) fn print(
    mut all: Vec<Effective>,
    sources: &Sources<'_>,
    settings: &Settings,
) -> Result<String, Vec<String>> {
    let wrong = |line: String| vec![line];
    let passed = net::passed_addresses().map_err(|error| wrong(error.to_string()))?;
    let most = net::most_connections(settings).map_err(wrong)?.to_string();
    for one in &mut all {
        let systemd = match one.flag.as_str() {
            "listen" => passed.public.as_ref(),
            "admin-listen" => passed.admin.as_ref(),
            _ => None,
        };
        if let Some(address) = systemd {
            (one.value, one.origin) = (address.clone(), "systemd".to_owned());
        } else if one.flag == "max-connections" && one.value.is_empty() {
            one.value.clone_from(&most);
        }
    }
    let file = match &sources.file {
        Some(file) => format!("# The settings file is {}\n", file.path),
        None => String::new(),
    };
    Ok(file + &all.iter().map(Effective::line).collect::<String>())
}
