//! The pages about flags, `src/config/FLAGS.md` and `loadgen/FLAGS.md`. They are generated from the flags.
//!
//! Each of the two programs compiles this file into a test beside its flags, because only there clap's
//! description of them is accessible. The test fails if the page differs. With `UPDATE=1` in the
//! environment it writes the page anew.

use std::{env, fs};

use clap::{Arg, Command};

/// Compares the page with the flags, or writes it.
///
/// `path` is the page's path in this package. `preface` are the sentences under its heading. `again` is
/// the command that runs this test.
pub(crate) fn check(command: &Command, path: &str, preface: &str, again: &str) {
    let page = page(command, preface, again);
    let file = format!("{}/{path}", env::var("CARGO_MANIFEST_DIR").expect("cargo runs this"));
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&file).expect("the page can be read");
    let differs = page.lines().zip(written.lines()).find(|(now, then)| now != then);
    assert!(page == written, "{path} is not current: {differs:?}\n  run: UPDATE=1 {again}");
}

fn page(command: &Command, preface: &str, again: &str) -> String {
    let mut page = format!("# Flags of {}\n\n{preface}\n\n", command.get_name());
    page += &format!("This page is written by a test, from the flags: `UPDATE=1 {again}`\n");
    let mut headings: Vec<&str> = Vec::new();
    for heading in command.get_arguments().filter_map(Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        page += &format!(
            "\n## {heading}\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n"
        );
        let args = command.get_arguments().filter(|arg| arg.get_help_heading() == Some(heading));
        let mut lists = String::new();
        for arg in args {
            page += &row(arg);
            if let Some(list) = list(arg) {
                lists += &format!("\n`{}`:\n\n```text\n{list}\n```\n", name(arg));
            }
        }
        page += &lists;
    }
    command.get_subcommands().for_each(|tool| page += &sections(command.get_name(), tool));
    if let Some(end) = command.get_after_help() {
        page += &format!("\n## Notes\n\n```text\n{end}\n```\n");
    }
    page
}

/// The flags of a tool, and of the tools in it.
fn sections(before: &str, tool: &Command) -> String {
    let name = format!("{before} {}", tool.get_name());
    let inner: String = tool.get_subcommands().map(|inner| sections(&name, inner)).collect();
    section(&name, tool) + &inner
}

/// The flags of a tool, if it has some of its own: every tool for the data has `--data`.
fn section(name: &str, tool: &Command) -> String {
    let flags: Vec<&Arg> = tool.get_arguments().filter(|arg| arg.get_long().is_some()).collect();
    if flags.iter().all(|flag| flag.get_long() == Some("data")) {
        return String::new();
    }
    let about = tool.get_long_about().or(tool.get_about()).expect("every tool has help");
    let about = about.to_string().replacen("\n\n", ". ", 1);
    let rows: String = flags.into_iter().map(row).collect();
    format!(
        "\n## {name}\n\n{about}\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n{rows}"
    )
}

fn row(arg: &Arg) -> String {
    let variable = match arg.get_env() {
        Some(name) => format!("`{}`", name.to_string_lossy()),
        None => "none".to_owned(),
    };
    let (help, told) = default_in_words(&help(arg));
    let values: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    let default = match (values.is_empty(), told) {
        (false, _) => format!("`{}`", values.join(",")),
        (true, Some(words)) => marked(&words),
        (true, None) if arg.get_action().takes_values() => "none".to_owned(),
        (true, None) => "off".to_owned(),
    };
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let choices = match arg.get_action().takes_values() && !choices.is_empty() {
        true => format!(" ({})", choices.join(", ")),
        false => String::new(),
    };
    let name = flag(arg);
    format!("| `{name}` | {variable} | {default} | {}{choices} |\n", marked(&help))
}

/// `--name VALUE`, or the value alone if it needs no name.
fn flag(arg: &Arg) -> String {
    let values = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let value = values.and_then(|names| names.first()).map(|value| value.to_string());
    [name(arg), value.filter(|_| arg.get_long().is_some()).unwrap_or_default()]
        .join(" ")
        .trim()
        .to_owned()
}

fn name(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| arg.get_id().as_str().to_uppercase(), |long| format!("--{long}"))
}

/// The sentences of `--help` about a flag.
fn help(arg: &Arg) -> String {
    let all = arg.get_long_help().filter(|_| list(arg).is_none()).or(arg.get_help());
    let all = all.expect("every flag has help").to_string();
    let paragraphs =
        all.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let sentences = paragraphs.map(|part| match part.ends_with(['.', ']', ':']) {
        true => part,
        false => part + ".",
    });
    sentences.collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// The indented lines of `--help` about a flag, which do not fit into a cell.
fn list(arg: &Arg) -> Option<String> {
    let text = arg.get_long_help()?.to_string();
    let (_, rest) = text.split_once("\n\n")?;
    rest.contains("\n  ").then(|| rest.to_owned())
}

/// `Words [default: a hundred]` → `Words` and `a hundred`.
fn default_in_words(help: &str) -> (String, Option<String>) {
    let Some((before, rest)) = help.split_once("[default: ") else {
        return (help.to_owned(), None);
    };
    let (words, after) = rest.split_once(']').expect("it is closed");
    let help = format!("{}.{after}", before.trim_end());
    (help.trim_end_matches('.').to_owned(), Some(words.to_owned()))
}

/// `/health`, but not the `/64` of an address.
fn is_address(word: &str) -> bool {
    word.strip_prefix('/').is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}

/// Marks the words that are code, and escapes `|`, which would end the cell.
fn marked(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_matches(['.', ',', ';', ':', '(', ')', '\'']);
        let is_code = bare.starts_with("--")
            || is_address(bare)
            || bare.contains("://")
            || bare.contains('_');
        match is_code && bare.len() > 2 {
            true => word.replacen(bare, &format!("`{bare}`"), 1),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
