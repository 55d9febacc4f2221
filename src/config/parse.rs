//! [`parse`]: makes [`Settings`] from arguments and environment, or says everything that is wrong with them.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _};

use super::args::{Args, Surroundings, settings};
use super::effective::{Effective, effective, print};
use super::mistakes::Mistakes;
use super::parsed::Parsed;
use super::settings_file::SettingsFile;
use super::sources::{Origin, Sources};
use super::tokens::{Stop, Tokens, long, one_line};
use crate::environment::{self, Variables};
use crate::net::{self, Reread};

/// What the names of the server's own variables begin with.
const PREFIX: &str = "SWITCHBOARD_";

/// Parses arguments and environment. The first argument is the program's name.
///
/// # Errors
///
/// One line for each value that is wrong. It says why.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Parsed, Vec<String>> {
    let args: Vec<OsString> = args.into_iter().collect();
    let variables: Vec<(OsString, OsString)> = env::vars_os().collect();
    let mut parsed = parse_with(&args, &variables, &net::read_settings_file);
    if let Ok(Parsed::Run(settings)) = &mut parsed {
        settings.reread = Some(reread(args, variables));
    }
    parsed
}

/// Reads the settings again. Arguments and environment cannot change; the settings file and what it says can.
fn reread(args: Vec<OsString>, variables: Vec<(OsString, OsString)>) -> Reread {
    Reread(Arc::new(move || match parse_with(&args, &variables, &net::read_settings_file) {
        Ok(Parsed::Run(settings)) => Ok(*settings),
        Err(lines) => Err(lines),
        Ok(
            Parsed::Check(..)
            | Parsed::Tool(_)
            | Parsed::Ctl(_)
            | Parsed::Health(_)
            | Parsed::Print(_),
        ) => {
            unreachable!("the same arguments have started a server")
        }
    }))
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

/// Reads the settings file with this name, or says why it cannot be read.
type ReadFile = dyn Fn(&Path) -> Result<String, String>;

fn parse_with(
    args: &[OsString],
    variables: &Variables,
    read_file: &ReadFile,
) -> Result<Parsed, Vec<String>> {
    if let Some(tool) = tool(args, variables) {
        return tool;
    }
    let (command, mut mistakes) = (command(args), Mistakes::default());
    let unknown = unknown(variables);
    let mut tokens = Tokens::new(&command, args);
    let mut sources = Sources { environment: variables, file: None };
    sources.file = settings_file(&command, &tokens, &sources, read_file, &mut mistakes);
    let matches = tokens.read(&command, &sources, &mut mistakes);
    let args = match matches.map(|matches| Args::from_arg_matches(&matches)) {
        Ok(Ok(args)) => args,
        Err(Stop::Print(text)) => return Ok(Parsed::Print(text)),
        Ok(Err(error)) => return Err(vec![error.to_string()]),
        Err(Stop::Mistaken) => return Err(mistakes.into_lines()),
    };
    let (is_check, is_print) = (args.check_config, args.print_config);
    let mut warnings = if is_check { Vec::new() } else { unknown.clone() };
    warnings.extend(shadowed(&command, &tokens, &sources));
    let around = Surroundings {
        port: sources.in_environment("PORT"),
        journal: sources.in_environment("JOURNAL_STREAM"),
        warnings,
    };
    let mut settings = Box::new(settings(args, around, &mut mistakes));
    if is_check {
        unknown.into_iter().for_each(|line| mistakes.add(line));
        return Ok(Parsed::Check(settings, mistakes.into_lines()));
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into_lines());
    }
    let all = effective(&command, &tokens, &sources, &settings);
    if is_print {
        return print(all, &sources, &settings).map(Parsed::Print);
    }
    settings.values = all.iter().map(Effective::setting).collect();
    Ok(Parsed::Run(settings))
}

/// The settings file that `--config` or its variable names, if there is one and it can be read.
fn settings_file(
    command: &Command,
    tokens: &Tokens,
    sources: &Sources<'_>,
    read_file: &ReadFile,
    mistakes: &mut Mistakes,
) -> Option<SettingsFile> {
    let given = tokens.value("--config").map(|(path, _)| path);
    let path = given.or_else(|| sources.in_environment("SWITCHBOARD_CONFIG"))?;
    match read_file(path.as_ref()) {
        Ok(text) => {
            let mut lines = Vec::new();
            let file = SettingsFile::parse(path, &text, command, PREFIX, &mut lines);
            lines.into_iter().for_each(|line| mistakes.add(line));
            Some(file)
        }
        Err(why) => {
            mistakes.add(format!("--config {path}: {why}"));
            None
        }
    }
}

/// A line for each value in the settings file that has no effect, because a flag or the environment has another.
fn shadowed(command: &Command, tokens: &Tokens, sources: &Sources<'_>) -> Vec<String> {
    let Some(file) = &sources.file else { return Vec::new() };
    let line = |arg: &clap::Arg| {
        let name = arg.get_env()?.to_str()?;
        let variable = file.find(name)?;
        let flag = long(arg)?;
        let winner = match tokens.value(&flag) {
            Some((value, Origin::Flag)) if value != variable.value => flag,
            _ if sources.in_environment(name)? != variable.value => "the environment".to_owned(),
            _ => return None,
        };
        let (path, line) = (&file.path, variable.line);
        Some(format!(
            "{path}, line {line}: {name} has no effect, because {winner} sets another value"
        ))
    };
    command.get_arguments().filter_map(line).collect()
}

/// The tool that the first argument names, or what is wrong with the rest. `None`: it names none.
fn tool(args: &[OsString], variables: &Variables) -> Option<Result<Parsed, Vec<String>>> {
    let name = args.get(1)?.to_str()?;
    command(args).find_subcommand(name)?;
    let command = environment::without_empty(command(args), variables);
    let matches = command.try_get_matches_from(args);
    Some(match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => {
            let sources = Sources { environment: variables, file: None };
            args.tool?.parsed(sources.in_environment("PORT").as_deref())
        }
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Parsed::Print(error.render().to_string()))
            }
            _ => Err(vec![one_line(&error)]),
        },
    })
}

/// The program as clap knows it. Man pages and completions are made of it.
pub fn program() -> Command {
    Args::command()
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
