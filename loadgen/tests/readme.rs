//! Does the project's README show what loadgen prints? Its report is of a run with a thousand phones, and this
//! test plays ten, so it compares the words at the beginning of the lines and not the figures.

use std::process::{Command, Stdio};

const README: &str = include_str!("../../README.md");

#[test]
fn each_line_of_the_readmes_report_begins_as_a_line_that_loadgen_prints() {
    let (_, block) = README.split_once("```text\nmilliseconds ").expect("it shows a report");
    let (block, _) = block.split_once("\n```").expect("the block ends");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["--clients", "10", "--ramp", "100ms", "--duration", "500ms", "--rate", "100"]);
    let output = command.env_clear().stdin(Stdio::null()).output().expect("it starts");
    let report = String::from_utf8(output.stdout).expect("the report is text");
    let words: Vec<&str> = block.lines().skip(1).map(beginning).filter(|it| it.len() > 3).collect();
    assert!(words.len() >= 8, "the block is not all there: {words:?}");
    for word in words {
        let is_printed = report.lines().any(|line| beginning(line) == word);
        assert!(is_printed, "no line begins with `{word}`:\n{report}");
    }
}

/// What stands before the first figure, or before the words that a run ends with.
fn beginning(line: &str) -> &str {
    let words = line.trim_start();
    let end = words.find("  ").or_else(|| words.find(|c: char| c.is_ascii_digit()));
    words[..end.unwrap_or(words.len())].trim_end()
}
