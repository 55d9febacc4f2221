//! [`parse`]: makes [`Settings`] from arguments and environment, or says everything that is wrong with them.

use std::env;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _};

use super::args::{Args, Surroundings, settings};
use super::mistakes::Mistakes;
use super::tokens::{Stop, one_line, read};
use crate::environment::{self, Variables};
use crate::net::{Settings, Tool};

/// What the names of the server's own variables begin with.
const PREFIX: &str = "SWITCHBOARD_";

/// The result of parsing the arguments.
#[derive(Debug)]
pub enum Parsed {
    /// Serve, with these settings.
    Run(Box<Settings>),
    /// Say what is wrong, and end. These lines are known already; [`check`](crate::net::check) finds the rest.
    Check(Box<Settings>, Vec<String>),
    /// Run this tool, and end.
    Tool(Tool),
    /// Print this text, and end: it is the help or the version.
    Print(String),
}

/// Parses arguments and environment. The first argument is the program's name.
///
/// # Errors
///
/// One line for each value that is wrong. It says why.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, Vec<String>> {
    let args: Vec<OsString> = args.into_iter().collect();
    let variables: Vec<(OsString, OsString)> = env::vars_os().collect();
    parse_with(&args, &variables)
}

/// What looks like a variable of the server in this environment, and is none: a line each.
pub fn unknown_variables() -> Vec<String> {
    let variables: Vec<(OsString, OsString)> = env::vars_os().collect();
    unknown(&variables)
}

fn unknown(variables: &Variables) -> Vec<String> {
    let all = environment::unknown(PREFIX, &Args::command(), &["PORT"], variables);
    all.iter().map(ToString::to_string).collect()
}

fn parse_with(args: &[OsString], variables: &Variables) -> Result<Parsed, Vec<String>> {
    if let Some(tool) = tool(args, variables) {
        return tool;
    }
    let mut mistakes = Mistakes::default();
    let unknown = unknown(variables);
    let matches = read(&command(args), args, variables, &mut mistakes);
    let args = match matches.map(|matches| Args::from_arg_matches(&matches)) {
        Ok(Ok(args)) => args,
        Err(Stop::Print(text)) => return Ok(Parsed::Print(text)),
        Ok(Err(error)) => return Err(vec![error.to_string()]),
        Err(Stop::Mistaken) => return Err(mistakes.into_lines()),
    };
    let value = |name: &str| {
        let found = variables.iter().find(|(one, value)| one == name && !value.is_empty());
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    };
    let is_check = args.check_config;
    let around = Surroundings {
        port: value("PORT"),
        journal: value("JOURNAL_STREAM"),
        warnings: if is_check { Vec::new() } else { unknown.clone() },
    };
    let settings = Box::new(settings(args, around, &mut mistakes));
    if is_check {
        unknown.into_iter().for_each(|line| mistakes.add(line));
        Ok(Parsed::Check(settings, mistakes.into_lines()))
    } else if mistakes.is_empty() {
        Ok(Parsed::Run(settings))
    } else {
        Err(mistakes.into_lines())
    }
}

/// The tool that the first argument names, or what is wrong with the rest. `None`: it names none.
fn tool(args: &[OsString], variables: &Variables) -> Option<Result<Parsed, Vec<String>>> {
    let name = args.get(1)?.to_str()?;
    command(args).find_subcommand(name)?;
    let command = environment::without_empty(command(args), variables);
    let matches = command.try_get_matches_from(args);
    Some(match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(mut args) => Ok(Parsed::Tool(args.take_tool()?)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Print(error.render().to_string()))
            }
            _ => Err(vec![one_line(&error)]),
        },
    })
}

/// The flags. `-h` shows each on one line, and so leaves out the variables, which are in `--help`.
fn command(args: &[OsString]) -> Command {
    match args.iter().find(|&arg| arg == "-h" || arg == "--help") {
        Some(arg) if arg == "-h" => Args::command().mut_args(|arg| arg.hide_env(true)),
        _ => Args::command(),
    }
}

#[cfg(test)]
#[path = "../../tests/flags/page.rs"]
mod flags_page;

#[cfg(test)]
mod tests;
