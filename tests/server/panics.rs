//! A panic ends the process at once, and its message quotes nobody.
//!
//! No input is known that causes a panic. So the test makes a system call return a wrong result.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::harness::{ALICE, Server, TEXT, eventually, frame, overstate_the_next_read};

/// Pitfall 24: the message of a panic may contain what a person wrote, and the state of an interrupted
/// turn can't be trusted.
#[test]
fn a_panic_ends_the_process_and_tells_nothing_but_its_place() {
    let mut shell = Command::new("/bin/sh");
    // The test needs no core dump.
    shell.env_clear().args(["-c", r#"ulimit -c 0; exec "$0" "$@""#]);
    shell.args([env!("CARGO_BIN_EXE_switchboard"), "--listen", "127.0.0.1:0", "--log", "error"]);
    let mut server = Server::spawn(&mut shell);
    let mut wire = server.wire();
    wire.upgrade(&format!("/ws/{ALICE}?presence=none"));
    overstate_the_next_read(&server, || wire.send(frame(TEXT, "?")));

    assert_eq!(server.ended().signal(), Some(Signal::SIGABRT as i32));
    let log = eventually("it says where", || Some(server.log()).filter(|log| log.len() > 1));
    let place = log[1].strip_prefix("switchboard: panicked at src/turn/phases/receive.rs:");
    let place = place.and_then(|rest| rest.strip_suffix(": this is a bug")).expect("its place");
    assert!(place.chars().all(|char| char.is_ascii_digit() || char == ':'), "{place}");
    assert_eq!(log.len(), 2, "{log:?}");
}
