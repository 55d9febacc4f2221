//! Does loadgen tell the truth? The real program runs against its own server, against servers with a fault,
//! and against what is no server at all.

mod begun;
#[expect(dead_code, reason = "this test has one server at a time")]
mod fake_server;
mod personas;
mod tap;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process, thread};

use begun::a_few_at_a_time;
use fake_server::{FakeServer, Fault};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The run says nothing, because this machine was too busy. It is tried again.
const INVALID: i32 = 4;

/// The most tries: on a busy machine good seconds and bad ones take turns.
const ATTEMPTS: u32 = 20;

fn loadgen(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args).stdin(Stdio::null());
    command
}

/// What came of a run.
struct Played {
    code: i32,
    stdout: String,
    stderr: String,
    /// What it wrote with `--json`.
    report: Value,
}

impl Played {
    /// Whether the machine was too busy: loadgen was late, or its phones came late, and nothing else is
    /// wrong.
    fn says_nothing(&self) -> bool {
        let failures = self.report["failures"].as_array().map_or(&[][..], Vec::as_slice);
        self.code == INVALID || !failures.is_empty() && failures.iter().all(is_late)
    }
}

/// Whether a failure says that phones came late.
fn is_late(failure: &Value) -> bool {
    let Some(line) = failure.as_str() else { return false };
    line.starts_with("messages not sent") || line.contains("no first frame before the run was over")
}

/// Tries again as long as the machine is too busy.
fn until_valid<T>(play: impl Fn() -> (Played, T)) -> (Played, T) {
    let mut plays = (0..ATTEMPTS).map(|_| play());
    let said = plays.find(|(played, _)| !played.says_nothing());
    said.expect("this machine can measure something")
}

/// Runs loadgen: its exit code, stdout and stderr.
fn run_once(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = loadgen(args).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

/// Runs loadgen against this server, or one of its own.
fn play_at(address: Option<SocketAddr>, plan: &str) -> Played {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run_number = RUNS.fetch_add(1, Ordering::Relaxed);
    let file = env::temp_dir().join(format!("loadgen-{}-{run_number}.json", process::id()));
    let url = address.map(|address| format!("ws://{address}"));
    let mut args: Vec<&str> = url.iter().map(String::as_str).collect();
    args.extend(["--json", file.to_str().expect("UTF-8")]);
    args.extend(plan.split_whitespace());
    let (code, stdout, stderr) = run_once(&args);
    Played { code, stdout, stderr, report: json(&file) }
}

/// Runs loadgen against a server with this fault. It is a new server each time.
fn play(fault: Fault, plan: &str) -> Played {
    let plan = format!("{plan} --quiet");
    until_valid(|| (play_at(Some(FakeServer::start(fault).address), &plan), ())).0
}

/// Runs loadgen against a server of its own.
fn play_own(plan: &str) -> Played {
    until_valid(|| (play_at(None, plan), ())).0
}

/// Runs loadgen against a server with a fault. Returns how often it found something in `field`.
fn found(fault: Fault, field: &str) -> u64 {
    let plan = "--clients 4 --ramp 500ms --duration 1s --rate 500 --settle 2s";
    let Played { code, stdout, report, .. } = play(fault, plan);
    let is_good = fault == Fault::None;
    assert_eq!(code, i32::from(!is_good), "{fault:?}\n{stdout}");
    assert_eq!(report["verdict"], if is_good { "good" } else { "failed" });
    let count = report["messages"][field].as_u64().expect("a number");
    // It is named for people and for programs, or for neither.
    let failures = report["failures"].as_array().expect("sentences");
    let names_it =
        |line: &Value| line.as_str().is_some_and(|l| l.starts_with(&format!("{field}: ")));
    assert_eq!(failures.iter().any(names_it), count > 0, "{report}");
    assert_eq!(stdout.contains(&format!("FAILED       {field}: ")), count > 0, "{stdout}");
    count
}

fn json(file: &Path) -> Value {
    let report = fs::read_to_string(file).expect("it was written");
    fs::remove_file(file).expect("it is ours");
    serde_json::from_str(&report).expect("it is JSON")
}

#[test]
fn one_command_starts_a_server_plays_and_balances_the_books() {
    let plan = "--clients 30 --ramp 800ms --duration 500ms --rate 400 --heartbeat 250ms --seed 5";
    let Played { code, stdout, stderr, report } = play_own(plan);
    assert_eq!(code, 0, "{stdout}\n{stderr}");
    assert!(stdout.contains("verdict      good"), "{stdout}");
    assert!(stdout.contains("books and ours agree"), "{stdout}");
    assert!(stderr.contains("of 30 phones"), "a line of progress: {stderr}");

    assert_eq!(report["schema"], 2);
    assert_eq!(report["exit_code"], 0);
    assert_eq!(report["plan"]["seed"], 5);
    assert_eq!(report["connections"]["ready"], 30);
    assert_eq!(report["connections"]["closes"]["1000"], 30);
    assert_eq!(report["messages"]["sent"], 200);
    assert_eq!(report["messages"]["delivered"], 200);
    assert_eq!(report["delivery"]["corrected_ns"]["count"], 200);
    assert!(report["delivery"]["corrected_ns"]["p50"].as_u64() > Some(0));
    assert!(report["heartbeat_ns"]["count"].as_u64() >= Some(30));
    assert_eq!(report["presence"]["longest_list_numbers"], 30);
    assert!(report["server"]["rss_peak_bytes"].as_u64() > Some(0));
    let agrees = |row: &Value| row["agrees"] == true;
    assert!(report["ledger"].as_array().expect("rows").iter().all(agrees));
}

#[test]
fn presence_can_come_as_deltas_or_not_at_all() {
    for (mode, lists, deltas) in [("delta", true, true), ("none", false, false)] {
        let plan = "--clients 20 --ramp 400ms --duration 300ms --rate 100 --quiet --presence";
        let Played { code, stdout, report, .. } = play_own(&format!("{plan} {mode}"));
        assert_eq!(code, 0, "{stdout}");
        let presence = &report["presence"];
        assert_eq!(presence["lists"].as_u64() > Some(0), lists, "{mode}: {presence}");
        assert_eq!(presence["deltas"].as_u64() > Some(0), deltas, "{mode}: {presence}");
    }
}

#[test]
fn every_fault_of_a_server_is_found_and_named_and_a_faultless_one_of_another_kind_passes() {
    // Five of 500 messages.
    let faults = [
        (Fault::None, "lost", 0..=0),
        (Fault::Lose, "lost", 5..=5),
        (Fault::LoseUnderLoad, "lost", 400..=400),
        (Fault::Duplicate, "duplicated", 5..=5),
        (Fault::Misdeliver, "misdelivered", 5..=5),
        // If another message to the same phone comes before the end.
        (Fault::Reorder, "reordered", 1..=5),
        (Fault::Garble, "garbled", 5..=5),
        (Fault::Misattribute, "misattributed", 5..=5),
        // A message under way on a connection that broke is in doubt, and does not count as lost.
        (Fault::Drop, "lost", 0..=0),
    ];
    a_few_at_a_time(&faults, |(fault, field, expected)| {
        let count = found(*fault, field);
        assert!(expected.contains(&count), "{fault:?}: {count} {field}");
    });
}

#[test]
fn a_server_that_loses_one_message_in_a_thousand_is_found_out() {
    let plan = "--clients 10 --ramp 100ms --duration 1s --rate 2500 --settle 2s";
    let Played { code, report, .. } = play(Fault::LoseOneIn1000, plan);
    // A busy machine does not send all 2,500.
    let sent = report["messages"]["sent"].as_u64().expect("a number");
    let lost = sent / 1000;
    assert!(lost >= 1, "{report}");
    assert_eq!((code, &report["messages"]["lost"]), (1, &lost.into()), "{report}");
    let line = report["failures"][0].as_str().expect("a sentence");
    assert!(line.starts_with(&format!("lost: {lost} of {sent} ")), "{line}");
}

#[test]
fn a_stall_is_in_the_corrected_times_and_not_in_those_that_most_tools_report() {
    let plan = "--clients 20 --ramp 100ms --duration 3s --rate 500 --settle 2s \
                --expect delivery.p95<50ms --expect delivery.uncorrected.p90<50ms";
    let Played { code, report, stderr, .. } = play(Fault::Stall, plan);
    // A tenth of all messages is planned while the server stalls, and half of those wait for longer than
    // this. In the closed model each phone sends one message in that time.
    let delivery = |kind: &str, name| report["delivery"][kind][name].as_u64().expect("nanoseconds");
    assert!(delivery("corrected_ns", "p95") > 100_000_000, "{report}");
    assert!(delivery("uncorrected_ns", "p90") < 50_000_000, "{report}");
    assert_eq!((code, report["unmet"].as_array().map(Vec::len)), (3, Some(1)), "{report}");
    assert!(stderr.contains("delivery.p95<50ms: it is "), "{stderr}");
}

#[test]
fn what_is_expected_decides_the_exit_code_if_nothing_worse_does() {
    let plan = "--clients 4 --ramp 500ms --duration 200ms --rate 100 --settle 2s --expect ";
    for (expected, code) in [("lost==0,delivery.max<1h", 0), ("sent==0,notice.p50<1s,lost==0", 3)] {
        let Played { code: found, report, stderr, .. } =
            play(Fault::None, &format!("{plan}{expected}"));
        assert_eq!((found, stderr.lines().count() * 3), (code, code as usize * 2), "{report}");
    }
    let Played { code, report, stderr, .. } =
        play(Fault::Lose, &format!("{plan}lost==0 --rate 1000"));
    assert_eq!((code, stderr.lines().count()), (1, 1), "{report}");
}

#[test]
fn in_the_closed_model_no_phone_writes_before_its_last_message_has_arrived() {
    let plan = "--clients 4 --ramp 50ms --duration 2s --closed --think 10ms --settle 2s";
    let Played { code, report, .. } = play(Fault::Stall, plan);
    assert_eq!((code, &report["plan"]["model"]), (0, &"closed".into()), "{report}");
    let sent = report["messages"]["sent"].as_u64().expect("a number");
    // 4 phones, 100 messages a second each, and 300 ms without any.
    assert!((20..720).contains(&sent), "{sent}");
    let delivery = &report["delivery"];
    assert!(delivery["corrected_ns"]["p75"].as_u64() < Some(100_000_000), "{report}");
    assert_eq!(delivery["corrected_ns"], delivery["uncorrected_ns"], "there is no difference");
}

#[test]
fn a_server_that_tells_nobody_who_has_come_is_found_out() {
    let plan = "--clients 4 --ramp 100ms --duration 200ms --rate 100 --settle 2s";
    let Played { code, report, .. } = play(Fault::Mute, plan);
    // All but the phone that came last.
    assert_eq!((code, &report["convergence"]["stale_views"]), (1, &3.into()), "{report}");
    let mut failures = report["failures"].as_array().expect("sentences").iter();
    let names_it = |line: &Value| line.as_str().is_some_and(|l| l.starts_with("stale views: "));
    assert!(failures.any(names_it), "{report}");
}

#[test]
fn a_server_that_names_a_phone_twice_or_leaves_pings_unanswered_is_found_out() {
    let plan = "--clients 4 --ramp 100ms --duration 2s --rate 50 --heartbeat 200ms --settle 500ms";
    for (fault, name) in [
        (Fault::None, ""),
        (Fault::Escape, ""),
        (Fault::ListTwice, "listed_twice: "),
        (Fault::Deaf, "unanswered: "),
        (Fault::DeafOnce, "unanswered: "),
    ] {
        let Played { code, report, .. } = play(fault, plan);
        let failures = report["failures"].as_array().expect("sentences");
        let names_it = |line: &Value| line.as_str().is_some_and(|line| line.starts_with(name));
        assert!(failures.iter().filter(|line| !is_late(line)).all(names_it), "{report}");
        let is_good = matches!(fault, Fault::None | Fault::Escape);
        let found = (code, report["presence"]["listed_twice"].as_u64() > Some(0));
        assert_eq!(found, (i32::from(!is_good), fault == Fault::ListTwice), "{report}");
        let unanswered = report["traffic"]["unanswered_pings"].as_u64().expect("a number");
        match fault {
            Fault::Deaf => assert!(unanswered > 8, "{report}"),
            // One of each phone, though later ones were answered.
            Fault::DeafOnce => assert_eq!(unanswered, 4, "{report}"),
            _ => assert_eq!(unanswered, 0, "{report}"),
        }
    }
}

#[test]
fn what_is_no_server_or_does_not_speak_sca_is_one_clear_line() {
    let (_socket, closed) = begun::closed();
    let (code, stdout, stderr) = run_once(&[&format!("ws://{closed}")]);
    let line = format!("loadgen: cannot connect to ws://{closed}: connection refused\n");
    assert_eq!((code, &*stdout, stderr), (1, "", line));

    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let web = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let (code, stdout, stderr) = run_once(&[&format!("ws://{web}")]);
    let line = format!("loadgen: ws://{web} does not speak SCA: upgrade refused: HTTP 404\n");
    assert_eq!((code, &*stdout, stderr), (1, "", line));
    // One that takes connections, and does nothing with them.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = listener.local_addr().expect("it is bound");
    let (code, stdout, stderr) = run_once(&[&format!("ws://{silent}")]);
    let line = format!(
        "loadgen: ws://{silent} does not speak SCA: no answer to the request for a WebSocket for 5s\n"
    );
    assert_eq!((code, &*stdout, stderr), (1, "", line));
    // The address of another page, as people copy it.
    let (code, _, stderr) = run_once(&[&format!("http://{web}/health")]);
    let advice = format!("HTTP 404 for /health/ws: leave /health out: ws://{web}\n");
    assert!(code == 1 && stderr.ends_with(&advice), "{stderr}");
}

#[test]
fn a_wrong_value_is_one_clear_line_and_no_run() {
    for args in [
        &["--clients", "none"][..],
        &["--frobnicate"],
        &["--json", "/nowhere/at/all"],
        &["--duration", "366days"],
    ] {
        let (code, stdout, stderr) = run_once(args);
        assert_eq!((code, &*stdout, stderr.lines().count()), (2, "", 1), "{stderr}");
    }
}

#[test]
fn ctrl_c_and_its_kind_end_a_run_early_with_a_report() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT, Signal::SIGHUP] {
        ends_a_run_early_with_a_report(signal);
    }
}

fn ends_a_run_early_with_a_report(signal: Signal) {
    let args = ["--clients", "10", "--ramp", "500ms", "--duration", "1h", "--rate", "50"];
    let child = loadgen(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("it starts");
    // The first line about the run comes when it has gone on for a second.
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains(" sent "))), "{signal}");
    thread::spawn(move || lines.for_each(drop));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process"));
    kill(pid, signal).expect("it is there");
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(stdout.contains("ended early: interrupted"), "{signal}: {stdout}");
    assert!(stdout.contains("books and ours agree"), "{stdout}");
    assert!(matches!(output.status.code(), Some(0 | INVALID)), "{stdout}");
}

#[test]
fn a_plan_that_one_thread_cannot_keep_to_is_given_up_and_says_nothing() {
    let plan = "--clients 4 --ramp 100ms --duration 5s --rate 1000000 --settle 2s --quiet";
    let Output { status, stdout, .. } =
        loadgen(&plan.split(' ').collect::<Vec<_>>()).output().expect("it starts");
    let stdout = String::from_utf8(stdout).expect("UTF-8");
    assert_eq!(status.code(), Some(INVALID), "{stdout}");
    assert!(stdout.contains("ended early: overwhelmed"), "{stdout}");
    assert!(stdout.contains("INVALID      loadgen could not send as much as"), "{stdout}");
}

#[test]
fn its_own_server_never_outlives_it_however_it_ends() {
    let args = ["--clients", "2", "--ramp", "10ms", "--duration", "1h"];
    let child = loadgen(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("it starts");
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let server = eventually(|| {
        let children = fs::read_to_string(&children).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    });
    child.kill().expect("it is ours");
    child.wait().expect("it has ended");
    // Its new parent may not have noticed yet that it is dead.
    eventually(|| {
        let stat = fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    });
}

/// Looks again and again, for up to five seconds, until there is something.
fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came about");
}
