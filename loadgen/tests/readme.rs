//! Does the README say what `loadgen --help` says? Every flag has its row, with its variable and its default.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_and_the_help_agree_on_every_flag() {
    let help = help();
    let mut rows: BTreeMap<&str, &str> = BTreeMap::new();
    for row in section("## Flags of loadgen").lines().filter_map(|line| line.strip_prefix("| `--"))
    {
        rows.insert(row.split([' ', '`']).next().unwrap_or_default(), row);
    }
    for flag in help.split("\n      --").skip(1) {
        let name = flag.split_whitespace().next().unwrap_or_default();
        let row = rows.remove(name).unwrap_or_else(|| panic!("the README lacks --{name}"));
        let variable = between(flag, "[env: ", "=").expect("every flag has a variable");
        assert!(row.contains(&format!("`{variable}`")), "--{name} is also {variable}: {row}");
        let default = between(flag, "[default: ", "]").unwrap_or_default();
        let default = default.split(',').next().unwrap_or_default();
        assert!(row.contains(default), "--{name} is {default} by default: {row}");
    }
    assert!(rows.is_empty(), "loadgen has no such flags: {:?}", rows.keys());
}

fn help() -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let output = command.arg("--help").env_clear().stdin(Stdio::null()).output();
    String::from_utf8(output.expect("it starts").stdout).expect("the help is text")
}

/// What stands under a heading, up to the next of its rank or higher.
fn section(heading: &str) -> &str {
    let rank = heading.split(' ').next().unwrap_or_default();
    let (_, rest) = README.split_once(&format!("\n{heading}\n")).expect("it has that section");
    let ends = (1..=rank.len()).filter_map(|rank| rest.find(&format!("\n{} ", "#".repeat(rank))));
    &rest[..ends.min().unwrap_or(rest.len())]
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(inside, _)| inside))
}
