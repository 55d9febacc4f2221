//! Does the project's README show what loadgen prints? Its report is of a run with a thousand phones, and this
//! test plays ten, so it compares the words at the beginning of the lines and not the figures.

mod begun;

use std::process::{self, Command, Stdio};
use std::{env, fs};

use begun::{serve, text};

const README: &str = include_str!("../../README.md");

#[test]
fn each_line_of_the_readmes_report_begins_as_a_line_that_loadgen_prints() {
    let (_, block) = README.split_once("```text\nmilliseconds ").expect("it shows a report");
    let (block, _) = block.split_once("\n```").expect("the block ends");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["--clients", "10", "--ramp", "500ms", "--duration", "500ms", "--rate", "100"]);
    let output = command.env_clear().stdin(Stdio::null()).output().expect("it starts");
    let report = String::from_utf8(output.stdout).expect("the report is text");
    let words: Vec<&str> = block.lines().skip(1).map(beginning).filter(|it| it.len() > 3).collect();
    assert!(words.len() >= 8, "the block is not all there: {words:?}");
    for word in words {
        let is_printed = report.lines().any(|line| beginning(line) == word);
        assert!(is_printed, "no line begins with `{word}`:\n{report}");
    }
}

/// The section about accounts: each of its commands runs, as it stands there but for the address, the folders and the
/// length of the run, and does what the text around it says.
#[test]
fn the_commands_about_accounts_do_what_is_said_of_them() {
    const PAGE: &str = include_str!("../README.md");
    let (_, section) = PAGE.split_once("\n### Accounts\n").expect("there is a section");
    let (section, _) = section.split_once("\n## ").expect("it ends");
    let commands = section.lines().filter_map(|line| line.strip_prefix("    "));
    let is_command = |line: &&str| line.starts_with("target/") || line.starts_with("seq ");
    let commands: Vec<&str> = commands.filter(is_command).collect();
    let [own, rooms, pool, make, app] = commands[..] else { panic!("five commands: {commands:?}") };

    let folder = env::temp_dir().join(format!("loadgen-{}-readme", process::id()));
    let data = folder.join("data");
    fs::create_dir_all(&data).expect("a folder of our own");
    let run = |command: &str, address: &str| {
        let loadgen = env!("CARGO_BIN_EXE_loadgen");
        let short = "--clients 6 --ramp 500ms --duration 500ms --settle 2s --quiet";
        let command = command
            .replace("target/release/loadgen", loadgen)
            .replace("switchboard user", &format!("{loadgen} --be-the-server-of $$ user"))
            .replace("/var/lib/switchboard", data.to_str().expect("UTF-8"))
            .replace("127.0.0.1:8080", address);
        let command =
            if command.contains(" user ") { command } else { format!("{command} {short}") };
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(&folder).stdin(Stdio::null());
        let output = shell.output().expect("there is a shell");
        let printed = text(&output.stdout) + &text(&output.stderr);
        // 4: this machine was too busy for the run to say something.
        let is_fine = matches!(output.status.code(), Some(0 | 4));
        assert!(is_fine, "{command}: {printed}");
        printed
    };
    assert!(run(own, "").contains(" acknowledged, 0 missing, 0 twice, 0 out of order, 0 wrong"));
    assert!(run(rooms, "").contains(" acknowledged, 0 missing"));
    assert!(run(app, "").contains(" of the deliveries came as notices"));
    let read = || fs::read_to_string(folder.join("pool")).expect("it was written");
    {
        let (_server, address) = serve(&format!("127.0.0.1:0 --data {}", data.display()));
        run(pool, &address);
        assert_eq!(read().lines().count(), 6);
    }
    run(make, "");
    assert_eq!(read().lines().count(), 1000);
    let (_server, address) = serve(&format!("127.0.0.1:0 --data {}", data.display()));
    assert!(run(pool, &address).contains(" acknowledged, 0 missing"), "users made by the tool");
    fs::remove_dir_all(&folder).expect("it is ours");
}

/// What stands before the first figure, or before the words that a run ends with.
fn beginning(line: &str) -> &str {
    let words = line.trim_start();
    let end = words.find("  ").or_else(|| words.find(|c: char| c.is_ascii_digit()));
    words[..end.unwrap_or(words.len())].trim_end()
}
