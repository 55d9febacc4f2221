//! Does a signal end loadgen within a second, whatever it waits for? Each test lets it get stuck at one stage
//! of its life, and then sends a signal.

mod begun;
#[allow(dead_code, reason = "this test needs some of its faults")]
mod fake_server;

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::process::Output;
use std::time::Duration;
use std::{env, fs, process, thread};

use begun::{Begun, loadgen, text, until};
use fake_server::{FakeServer, Fault};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use socket2::{Domain, Socket, Type};

/// The signals that end a run.
const ALL: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT, Signal::SIGHUP];
/// A second, and what a busy machine adds to it. All that is waited for here takes longer.
const SOON: Duration = Duration::from_secs(3);
/// The run says nothing about the server.
const INVALID: i32 = 4;

/// Sends the signal, and expects one line and no report.
fn ends_before_the_run(loadgen: &mut Begun, signal: Signal) {
    loadgen.signal(signal);
    let Output { status, stdout, stderr } = loadgen.ends_within(SOON);
    let line = "loadgen: interrupted before the run: nothing was measured\n";
    assert_eq!((status.code(), &*text(&stderr)), (Some(INVALID), line), "{signal}");
    assert!(stdout.is_empty(), "{signal}");
}

#[test]
fn every_signal_ends_the_first_call_to_a_server_that_accepts_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    for signal in ALL {
        let mut loadgen = Begun::new(loadgen(&format!("ws://{address}")));
        let (mut stream, _) = listener.accept().expect("it calls");
        stream.read_exact(&mut [0; 4]).expect("it asks for its WebSocket");
        ends_before_the_run(&mut loadgen, signal);
    }
}

#[test]
fn a_signal_ends_connecting_to_an_address_that_swallows_everything() {
    let full = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    full.listen(0).expect("it listens");
    let address = full.local_addr().ok().and_then(|found| found.as_socket()).expect("IPv4");
    let callers: Vec<Socket> = (0..4)
        .map(|_| {
            let caller = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            caller.set_nonblocking(true).expect("it can");
            let _ = caller.connect(&address.into());
            caller
        })
        .collect();
    let mut loadgen = Begun::new(loadgen(&format!("ws://{address}")));
    // Its signals are blocked once it listens for them (proc(5), SigBlk), and then it connects.
    is_listening(&mut loadgen);
    thread::sleep(Duration::from_millis(200));
    ends_before_the_run(&mut loadgen, Signal::SIGTERM);
    drop(callers);
}

fn is_listening(loadgen: &mut Begun) {
    until(&format!("/proc/{}/status", loadgen.id()), |status| {
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"))?;
        (u64::from_str_radix(blocked.trim(), 16) != Ok(0)).then_some(())
    });
}

#[test]
fn a_signal_ends_the_wait_for_a_page_of_metrics_that_never_comes() {
    let server = FakeServer::start(Fault::None);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let metrics = listener.local_addr().expect("it is bound");
    let args = format!("ws://{} --metrics http://{metrics}/metrics", server.address);
    let mut loadgen = Begun::new(loadgen(&args));
    let _stream = listener.accept().expect("it asks for the page");
    ends_before_the_run(&mut loadgen, Signal::SIGHUP);
}

#[test]
fn a_signal_ends_the_start_of_a_server_that_says_nothing() {
    let program = env::temp_dir().join(format!("loadgen-{}-mute", process::id()));
    // Another process writes it. A process that a test beside this one starts inherits our descriptors for a moment, and
    // no program is run that somebody has open to write (execve(2), ETXTBSY).
    let write = r#"printf '#!/bin/sh\nexec sleep 60\n' >"$0" && chmod 700 "$0""#;
    let written = process::Command::new("sh").args(["-c", write]).arg(&program).status();
    assert!(written.expect("there is a shell").success());
    let mut loadgen = Begun::new(loadgen(&format!("--server-bin {}", program.display())));
    let children = format!("/proc/{0}/task/{0}/children", loadgen.id());
    let server = until(&children, |ids| ids.split_whitespace().next().map(str::to_owned));
    ends_before_the_run(&mut loadgen, Signal::SIGINT);
    fs::remove_file(&program).expect("it is ours");
    let state = fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "its server lives on: {state}");
}

#[test]
fn an_interrupted_run_that_sent_nothing_is_not_good() {
    let server = FakeServer::start(Fault::None);
    let plan = format!("ws://{} --clients 4 --ramp 1h --duration 1h", server.address);
    let mut loadgen = Begun::new(loadgen(&plan));
    loadgen.until_it_is("connecting");
    loadgen.signal(Signal::SIGTERM);
    let Output { status, stdout, .. } = loadgen.ends_within(SOON);
    let stdout = text(&stdout);
    assert_eq!(status.code(), Some(INVALID), "{stdout}");
    assert!(stdout.contains("INVALID      interrupted before the first message"), "{stdout}");
}

#[test]
fn the_second_signal_while_messages_are_sent_and_the_first_while_they_settle_end_at_once() {
    for signals in [2, 1] {
        let server = FakeServer::start(Fault::Lose);
        let (duration, stage) =
            if signals == 2 { ("1h", "sending") } else { ("300ms", "settling") };
        let plan = format!(
            "ws://{} --clients 4 --ramp 100ms --duration {duration} --rate 1000 --settle 1h",
            server.address
        );
        let mut loadgen = Begun::new(loadgen(&plan));
        loadgen.until_it_is(stage);
        // Two of one kind would be one signal, if loadgen has not looked meanwhile (signal(7)).
        for &signal in &[Signal::SIGINT, Signal::SIGTERM][..signals] {
            loadgen.signal(signal);
            thread::sleep(Duration::from_millis(200));
        }
        let Output { stdout, .. } = loadgen.ends_within(SOON);
        let stdout = text(&stdout);
        assert!(stdout.contains("ended early: interrupted"), "{signals}: {stdout}");
    }
}

#[test]
fn a_signal_ends_the_wait_for_the_reader_of_a_report_and_the_other_outputs_are_written() {
    let server = FakeServer::start(Fault::None);
    let folder = env::temp_dir().join(format!("loadgen-{}-reader", process::id()));
    fs::create_dir_all(&folder).expect("a folder of our own");
    let (pipe, csv) = (folder.join("pipe"), folder.join("a.csv"));
    mkfifo(&pipe, Mode::S_IRWXU).expect("a pipe of our own");
    let plan = format!(
        "ws://{} --clients 4 --ramp 1s --duration 200ms --rate 100 --quiet --json {} --csv {}",
        server.address,
        pipe.display(),
        csv.display()
    );
    let mut loadgen = Begun::new(loadgen(&plan));
    loadgen.until_it_reports("verdict  ");
    thread::sleep(Duration::from_millis(300));
    assert!(!csv.exists(), "it waits for the reader of the pipe");
    loadgen.signal(Signal::SIGTERM);
    let Output { status, stderr, .. } = loadgen.ends_within(SOON);
    let line = text(&stderr);
    assert!(line.ends_with("its reader does not read, and a signal came\n"), "{line}");
    assert!(csv.exists(), "it is written all the same");
    assert!(matches!(status.code(), Some(2 | INVALID)), "{status}");
    fs::remove_dir_all(&folder).expect("it is ours");
}
