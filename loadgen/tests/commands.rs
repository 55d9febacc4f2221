//! Are commands run at their moments (`--at`), and is what they do to the server told apart from the rest?

mod begun;

use std::process::Output;
use std::thread;
use std::time::Duration;

use begun::folder::Folder;
use begun::{Begun, loadgen, serve, text};
use serde_json::Value;

/// The run says nothing, because this machine was too busy.
const INVALID: i32 = 4;
/// Far more than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);

const PLAN: &str = "--clients 6 --ramp 200ms --duration 2s --rate 100 --seed 1 --quiet";

/// A run with this plan and these commands, which writes its report into the folder.
fn begin(folder: &Folder, more: &str, commands: &[(&str, &str)]) -> Begun {
    let mut command = loadgen(&format!("{PLAN} {more} --json {}", folder.path("a.json")));
    for (at, words) in commands {
        command.args(["--at", at, words]);
    }
    Begun::new(command)
}

fn play(folder: &Folder, more: &str, commands: &[(&str, &str)]) -> (i32, String) {
    let Output { status, stdout, .. } = begin(folder, more, commands).ends_within(PATIENCE);
    (status.code().expect("no signal"), text(&stdout))
}

#[test]
fn a_command_that_stalls_the_server_is_marked_and_the_deliveries_around_it_are_told_apart() {
    let folder = Folder::new("stall");
    let [csv, html] = ["a.csv", "a.html"].map(|name| folder.path(name));
    // The last messages are planned more than five seconds after the command.
    let plan = format!("--duration 7s --rate 50 --csv {csv} --html {html}");
    let stall = "kill -STOP $SERVER_PID; sleep 0.5; kill -CONT $SERVER_PID; curl u:secret@h; true";
    let (code, stdout) = play(&folder, &plan, &[("1s", stall)]);
    assert!(matches!(code, 0 | INVALID), "{stdout}");
    let report = folder.report();
    let command = &report["commands"][0];
    assert!(command["took_seconds"].as_f64() >= Some(0.5) && command["failed"].is_null());
    // Messages of half a second had to wait for up to half a second.
    let slowest = &command["delivery_ns"]["max"];
    assert!(slowest.as_u64() > Some(300_000_000), "{slowest}");
    let count = |times: &Value| times["count"].as_u64().expect("a number");
    let (around, apart) = (count(&command["delivery_ns"]), count(&report["delivery_apart_ns"]));
    assert_eq!(around + apart, count(&report["delivery"]["corrected_ns"]));
    // From the end of the ramp to six seconds, and from there to 7.2 seconds.
    assert!(around.abs_diff(290) <= 2 && apart.abs_diff(60) <= 2, "{around} and {apart}");

    let series = report["series"].as_array().expect("rows");
    let marked: Vec<&Value> = series.iter().filter(|row| !row["commands"].is_null()).collect();
    assert!(marked.len() == 1 && marked[0]["at_seconds"].as_f64() > Some(1.0), "{marked:?}");
    let shown = stall.replace("u:secret@h", "***@h");
    assert_eq!(marked[0]["commands"], Value::from(&*shown));
    assert!(stdout.contains(&format!("command      at 1 s: {shown}\n")), "{stdout}");
    assert!(stdout.contains("  around 1 s ") && stdout.contains("  around no command "));
    assert_eq!(folder.read("a.csv").matches(&shown).count(), 1);
    let page = folder.read("a.html");
    assert!(page.contains("<h2>Commands</h2>") && page.contains("<g class=\"mark\">"), "{page}");
    let all = [stdout, page, folder.read("a.csv"), folder.read("a.json")].concat();
    assert!(!all.contains("secret"), "secrets are masked: {all}");
}

/// Plays against a server that `kill` ends in mid-run, and that is started again. Returns what was printed, and the
/// report.
fn restarted(name: &str, kill: &str) -> (String, Value) {
    let folder = Folder::new(name);
    let (mut server, address) = serve("127.0.0.1:0");
    let plan = format!("--duration 4s --metrics http://{address} ws://{address}");
    let kill = format!("{kill} {}", server.id());
    let mut run = begin(&folder, &plan, &[("1s", &kill)]);
    server.ends_within(PATIENCE);
    let _again = serve(&address);
    let Output { status, stdout, .. } = run.ends_within(PATIENCE);
    let (code, stdout) = (status.code().expect("no signal"), text(&stdout));
    assert!(matches!(code, 0 | INVALID), "{code}: {stdout}");
    (stdout, folder.report())
}

#[test]
fn phones_come_back_to_a_server_that_was_killed_and_started_again_and_nothing_counts_as_lost() {
    let (stdout, report) = restarted("restart", "kill -9");
    let command = &report["commands"][0];
    assert_eq!(command["lost_phones"], 6, "{stdout}");
    assert!(command["recovered_seconds"].as_f64() > Some(0.0), "{stdout}");
    assert_eq!(report["failures"], Value::Array(Vec::new()));
    assert_eq!(
        (&report["messages"]["lost"], &report["server_restarted"]),
        (&0.into(), &true.into())
    );
    // Six phones that came, and came back.
    assert!(report["connections"]["ready"].as_u64() >= Some(12), "{stdout}");
}

#[test]
fn phones_come_back_when_a_server_that_shuts_down_has_asked_them_to() {
    let (stdout, report) = restarted("goodbye", "kill -TERM");
    let command = &report["commands"][0];
    assert_eq!((&command["lost_phones"], &command["asked_back_phones"]), (&6.into(), &6.into()));
    // The server asks for a second at least.
    assert!(command["recovered_seconds"].as_f64() > Some(1.0), "{stdout}");
    assert_eq!(command["return_lag_ns"]["count"], 6, "{stdout}");
    assert_eq!(report["failures"], Value::Array(Vec::new()));
    assert!(
        stdout.contains("; 6 were asked back for a certain moment, and were ready "),
        "{stdout}"
    );
}

#[test]
fn phones_are_waited_for_whose_server_is_back_only_when_all_messages_are_sent() {
    let folder = Folder::new("late");
    let (mut server, address) = serve("127.0.0.1:0");
    let kill = format!("kill -9 {}", server.id());
    let mut run = begin(&folder, &format!("--settle 12s ws://{address}"), &[("1s", &kill)]);
    server.ends_within(PATIENCE);
    // The plan takes 2.2 seconds, of which more than one is over.
    thread::sleep(Duration::from_millis(1500));
    let _again = serve(&address);
    let Output { status, stdout, .. } = run.ends_within(PATIENCE);
    let stdout = text(&stdout);
    assert!(matches!(status.code(), Some(0 | INVALID)), "{stdout}");
    let report = folder.report();
    assert_eq!(report["failures"], Value::Array(Vec::new()), "{stdout}");
    assert!(report["commands"][0]["recovered_seconds"].as_f64() > Some(1.0), "{stdout}");
}

#[test]
fn a_server_that_does_not_come_back_has_failed() {
    let folder = Folder::new("gone");
    let (mut server, address) = serve("127.0.0.1:0");
    let kill = format!("kill -9 {}", server.id());
    let plan = format!("--settle 1s ws://{address}");
    let (code, stdout) = play(&folder, &plan, &[("500ms", &kill)]);
    server.ends_within(PATIENCE);
    let says = "FAILED       phones that lost their connection after a command, and could not come back: 6";
    assert!(stdout.contains(says), "{stdout}");
    assert!(matches!(code, 1 | INVALID), "{code}: {stdout}");
}

#[test]
fn a_run_is_invalid_if_a_command_fails_and_signals_are_not_blocked_in_it() {
    let folder = Folder::new("failed");
    let commands = [("100ms", "exit 7"), ("200ms", "kill -TERM $$; exit 0"), ("300ms", "exit 0")];
    let (code, stdout) = play(&folder, "--duration 1s", &commands);
    assert_eq!(code, INVALID, "{stdout}");
    for says in [
        "INVALID      the command at 0.1 s failed (exit status 7): exit 7\n",
        "INVALID      the command at 0.2 s failed (SIGTERM): kill -TERM $$; exit 0\n",
    ] {
        assert!(stdout.contains(says), "{stdout}");
    }
    assert!(!stdout.contains("the command at 0.3 s"), "{stdout}");
}
