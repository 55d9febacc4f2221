//! Does loadgen understand what people type, and does a run start as it should? Addresses, names, descriptors,
//! the examples of its help, and what its own server inherits.

mod begun;

use std::process::Output;
use std::{env, fs, process};

use begun::{Begun, loadgen, serve, text, until};
use serde_json::Value;

/// The run says nothing, because this machine was too busy.
const INVALID: i32 = 4;

/// A short run.
const SHORT: &str = "--clients 4 --ramp 500ms --duration 200ms --rate 100 --quiet";

fn run(args: &str) -> (i32, String, String) {
    let Output { status, stdout, stderr } = loadgen(args).output().expect("it starts");
    (status.code().expect("no signal"), text(&stdout), text(&stderr))
}

#[test]
fn an_address_is_understood_as_it_is_copied_and_every_address_of_a_name_is_tried() {
    // `localhost` has both addresses on most machines, and each server listens on only one of them.
    let (_one, at_4) = serve("127.0.0.1:0");
    let port = at_4.rsplit(':').next().expect("a port").to_owned();
    for url in [
        format!("ws://localhost:{port}/ws"),
        format!("WS://{at_4}/ws/"),
        format!("http://{at_4}/ws/{{mobile}}"),
        format!("{at_4} --metrics http://localhost:{port}/metrics"),
    ] {
        let (code, stdout, stderr) = run(&format!("{url} {SHORT}"));
        assert!(matches!(code, 0 | INVALID) && stderr.is_empty(), "{url}: {stdout}{stderr}");
        assert!(stdout.contains("0 lost"), "{stdout}");
    }
    let has_6 = fs::read_to_string("/etc/hosts").is_ok_and(|hosts| {
        hosts.lines().any(|line| line.starts_with("::1") && line.contains("localhost"))
    });
    if has_6 && std::net::TcpListener::bind("[::1]:0").is_ok() {
        let (_other, at_6) = serve("[::1]:0");
        let port = at_6.rsplit(':').next().expect("a port");
        let (code, stdout, stderr) = run(&format!("localhost:{port} {SHORT}"));
        assert!(matches!(code, 0 | INVALID) && stderr.is_empty(), "{stdout}{stderr}");
    }
    let (code, _, stderr) = run("ws://no.such.host.invalid:1");
    let line = "loadgen: no such host: `no.such.host.invalid` has no address\n";
    assert_eq!((code, &*stderr), (1, line));
}

#[test]
fn the_descriptors_that_are_missing_are_named_before_the_start_and_are_enough() {
    let limited = |limit: &str| {
        let program = env!("CARGO_BIN_EXE_loadgen");
        let plan = "--clients 300 --ramp 1s --duration 1s --rate 100 --quiet";
        let script = format!("ulimit -n {limit}; exec '{program}' {plan}");
        let output = process::Command::new("sh").args(["-c", &script]).output();
        let Output { status, stdout, stderr } = output.expect("there is a shell");
        (status.code().expect("no signal"), text(&stdout), text(&stderr))
    };
    // Too few for loadgen, and too few for the server only.
    for few in ["60", "334"] {
        let (code, stdout, stderr) = limited(few);
        assert_eq!((code, &*stdout, stderr.lines().count()), (2, "", 1), "{few}: {stderr}");
        let (_, rest) = stderr.split_once("ulimit -n ").expect("it says what to do");
        let enough = rest.split(',').next().expect("a number");
        let (code, stdout, stderr) = limited(enough);
        assert!(matches!(code, 0 | INVALID), "{few}, then {enough}: {stdout}{stderr}");
        assert!(stdout.contains("300 connections were ready"), "{stdout}");
    }
}

#[test]
fn what_the_service_manager_set_for_loadgen_does_not_reach_its_own_server() {
    const FOR_LOADGEN: [&str; 6] = [
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_FDNAMES",
    ];
    let mut command = loadgen("--clients 2 --ramp 10ms --duration 1h --quiet");
    command.envs(FOR_LOADGEN.map(|name| (name, "1"))).env("SWITCHBOARD_PING_TIMEOUT", "59s");
    // The address where an installed server has its metrics would be taken, or be the wrong one.
    command.env("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:1");
    let mut loadgen = Begun::new(command);
    let children = format!("/proc/{0}/task/{0}/children", loadgen.id());
    let server = until(&children, |ids| ids.split_whitespace().next().map(str::to_owned));
    let environment = format!("/proc/{server}/environ");
    // Until it has become the server, it is still a copy of loadgen.
    let its = until(&environment, |text| {
        (text.contains("SWITCHBOARD_MESSAGE_RATE=off")).then(|| text.to_owned())
    });
    assert!(its.contains("SWITCHBOARD_PING_TIMEOUT=59s"), "what is set for the server stays");
    for name in FOR_LOADGEN.into_iter().chain(["SWITCHBOARD_ADMIN_LISTEN"]) {
        assert!(!its.split('\0').any(|pair| pair.starts_with(name)), "{name}: {its}");
    }
}

#[test]
fn every_example_of_the_help_runs() {
    let (server, address) = serve("127.0.0.1:0");
    let (_, help, _) = run("-h");
    let lines: Vec<&str> = help.lines().filter(|it| it.starts_with("  loadgen")).collect();
    assert_eq!(lines.len(), 3, "{help}");
    let folder = env::temp_dir().join(format!("loadgen-{}-examples", process::id()));
    fs::create_dir_all(&folder).expect("a folder of our own");
    for line in lines {
        let line = line.replace("127.0.0.1:8080", &address).replace('\'', "");
        let args = line.trim_start().strip_prefix("loadgen").expect("the program");
        // The same, but shorter: the last of several flags counts.
        let mut command = loadgen(&format!("{args} {SHORT} --settle 1s"));
        let output = command.current_dir(&folder).output().expect("it starts");
        let said = text(&output.stdout) + &text(&output.stderr);
        // On a busy machine it may be slow, or say nothing.
        assert!(matches!(output.status.code(), Some(0 | 3 | INVALID)), "{line}: {said}");
    }
    let report = fs::read_to_string(folder.join("a.json")).expect("the third one wrote it");
    let report: Value = serde_json::from_str(&report).expect("it is JSON");
    assert_eq!(report["runs"].as_array().map(Vec::len), Some(5));
    fs::remove_dir_all(&folder).expect("it is ours");
    drop(server);
}

#[test]
fn the_hostile_recipe_asks_an_installed_server_where_its_metrics_are() {
    let readme = include_str!("../README.md");
    let (_, recipe) = readme.split_once("### A hostile network").expect("the recipe");
    let (recipe, _) = recipe.split_once("###").expect("another recipe follows");
    let unit = include_str!("../../systemd/switchboard.service");
    let (_, admin) = unit.split_once("SWITCHBOARD_ADMIN_LISTEN=").expect("the unit sets it");
    let admin = admin.lines().next().expect("an address");
    assert!(recipe.contains(&format!("--metrics http://{admin}")), "{admin}: {recipe}");
}
