//! The environment of the real program: variables that are empty, misspelt or not ours, and the journal.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::process::{self, Command, Output, Stdio};
use std::{env, iter};

const PLAN: &str = "--clients 2 --ramp 500ms --duration 200ms --rate 20 --settle 1s --quiet";

/// loadgen, with nothing of our own environment.
fn loadgen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs it, again as long as the machine is too busy for a run to say something.
fn run(command: &mut Command) -> (Output, String) {
    const INVALID: i32 = 4;
    let mut runs = iter::repeat_with(|| command.output().expect("it starts")).take(20);
    let output = runs.find(|output| output.status.code() != Some(INVALID));
    let output = output.expect("this machine can measure");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

#[test]
fn every_variable_that_is_empty_counts_as_not_set() {
    let (help, _) = run(loadgen().arg("--help"));
    let help = String::from_utf8(help.stdout).expect("text");
    let names = help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
    // Those of the server are for the one that loadgen starts.
    let others = ["SWITCHBOARD_LISTEN", "SWITCHBOARD_MESSAGE_RATE", "JOURNAL_STREAM", "PORT"];
    let names: Vec<&str> = names.chain(others).collect();
    assert!(names.len() > 40, "{names:?}");
    let mut command = loadgen();
    command.envs(names.iter().zip(iter::repeat(""))).args(PLAN.split(' '));
    let (output, said) = run(&mut command);
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
    // Each by itself, with no flag that would hide it: the plan is read, and its last value is wrong.
    for name in names {
        let (output, said) = run(loadgen().env(name, "").args(["--heartbeat", "never"]));
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("--heartbeat") && said.lines().count() == 1, "{name}: {said}");
    }
}

#[test]
fn a_misspelt_variable_is_a_warning_and_so_is_one_of_the_server() {
    let mut command = loadgen();
    command.env("LOADGEN_CLIENT", "3").env("SWITCHBOARD_MESAGE_RATE", "10");
    command.env("LOADGEN_SERVICE_HOST", "10.0.0.1").env("LOADGEN_PORT", "tcp://10.0.0.1:80");
    command.env("SWITCHBOARD_PORT", "tcp://10.0.0.1:80");
    let (output, said) = run(command.args(PLAN.split(' ')));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let expected = "\
        loadgen: there is no variable LOADGEN_CLIENT; the nearest is LOADGEN_CLIENTS\n\
        loadgen: there is no variable SWITCHBOARD_MESAGE_RATE; the nearest is SWITCHBOARD_MESSAGE_RATE\n";
    assert_eq!(said, expected);
}

#[test]
fn the_server_of_its_own_keeps_to_the_times_that_the_plan_holds_it_to() {
    let mut command = loadgen();
    // The plan knows it better.
    command.env("SWITCHBOARD_PING_TIMEOUT", "1h").args(PLAN.split(' '));
    let drops = "--rate 0 --persona silent-drop=1 --ping-timeout 1s --sweep-interval 100ms";
    let (output, said) = run(command.args(drops.split(' ')));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let report = String::from_utf8(output.stdout).expect("text");
    assert!(report.contains("2 given up by the server, 0 too early; 0 not in time"), "{report}");
}

#[test]
fn an_error_is_one_in_the_journal_too() {
    let path = env::temp_dir().join(format!("loadgen-journal-{}", process::id()));
    let file = File::create(&path).expect("nobody else has that file");
    let named = file.metadata().expect("it is open");
    let mut command = loadgen();
    command.env("JOURNAL_STREAM", format!("{}:{}", named.dev(), named.ino())).stderr(file);
    let status = command.args(["--rate", "fast"]).status().expect("it starts");
    let said = fs::read_to_string(&path).expect("it is ours");
    fs::remove_file(&path).expect("it is ours");
    assert_eq!(status.code(), Some(2));
    assert!(said.starts_with("<3>loadgen: ") && said.lines().count() == 1, "{said}");
}
