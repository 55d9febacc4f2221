//! [`sentence`]: what clap has to say of wrong arguments, in one line, with the flag or the value that was
//! probably meant. clap knows what is spelled alike; this file knows what other tools call the same.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Flags of other tools, and what they are called here.
const ELSEWHERE: [(&str, &str); 26] = [
    ("-c", "--clients"),
    ("-n", "--clients"),
    ("-u", "--clients"),
    ("-d", "--duration"),
    ("-t", "--duration"),
    ("-z", "--duration"),
    ("-r", "--rate"),
    ("-q", "--quiet"),
    ("-s", "--seed"),
    ("-p", "--plan"),
    ("-m", "--metrics"),
    ("-o", "--json"),
    ("--connections", "--clients"),
    ("--concurrency", "--clients"),
    ("--users", "--clients"),
    ("--vus", "--clients"),
    ("--phones", "--clients"),
    ("--time", "--duration"),
    ("--rps", "--rate"),
    ("--qps", "--rate"),
    ("--output", "--json"),
    ("--size", "--text-bytes"),
    ("--url", "the URL without a flag"),
    ("--target", "the URL without a flag"),
    ("--host", "the URL without a flag"),
    ("--threads", "--clients: loadgen is one thread"),
];

/// One line on what is wrong, and what was probably meant. `flags` are the long names of all flags.
pub(super) fn sentence(error: &clap::Error, args: &[OsString], flags: &[&str]) -> String {
    let line = first_paragraph(&error.render().to_string());
    match meant(error, args, flags) {
        Some(meant) => format!("{line}: did you mean {meant}?"),
        None => line,
    }
}

/// clap explains an error in several paragraphs. The first one says what is wrong.
fn first_paragraph(explanation: &str) -> String {
    let paragraph = explanation.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

fn meant(error: &clap::Error, args: &[OsString], flags: &[&str]) -> Option<String> {
    if error.kind() == ErrorKind::UnknownArgument {
        let name = text(error, ContextKind::InvalidArg)?;
        let elsewhere = ELSEWHERE.iter().find(|(flag, _)| *flag == name);
        return with_one_dash(args, flags)
            .or_else(|| elsewhere.map(|(_, flag)| (*flag).to_owned()))
            .or_else(|| text(error, ContextKind::SuggestedArg));
    }
    text(error, ContextKind::SuggestedValue)
        .or_else(|| text(error, ContextKind::SuggestedSubcommand))
}

/// A flag that is right but for its dash: `-clients`.
fn with_one_dash(args: &[OsString], flags: &[&str]) -> Option<String> {
    args.iter().find_map(|arg| {
        let name = arg.to_str()?.strip_prefix('-')?.split('=').next()?;
        flags.contains(&name).then(|| format!("--{name}"))
    })
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}
