//! The memory of the process after a storm: what is kept, and what is given back.

use std::time::Duration;

use crate::harness::{Server, Wire, binary, eventually, frame, pause};

/// Opens this many WebSockets, has each send most of a message of 64 KiB, and closes them all. Returns the
/// most memory that the server used, and what it uses afterwards.
fn storm_of_half_messages(server: &Server, phones: usize) -> (f64, f64) {
    let resident = || server.metrics()["process_resident_memory_bytes"];
    let begun = &frame(1, vec![b' '; 65_536])[..65_000];
    let phone = |number| {
        let mut wire = server.wire();
        wire.upgrade(&format!("/ws/{number:010}?presence=none"));
        wire.send(begun);
        wire
    };
    let crowd: Vec<Wire> = (0..phones).map(phone).collect();
    let all = (phones * 60_000) as f64;
    let inbox = || server.metrics()["switchboard_inbox_bytes"];
    eventually("they are kept", || (inbox() >= all && resident() > all).then_some(()));
    // A sample of the memory is at most 100 ms old.
    pause(Duration::from_millis(150));
    let most = resident();
    drop(crowd);
    eventually("all are gone", || {
        let metrics = server.metrics();
        let left = metrics["switchboard_connections"] + metrics["switchboard_inbox_bytes"];
        (left <= 1.0).then_some(())
    });
    pause(Duration::from_millis(150));
    (most, resident())
}

#[test]
fn memory_that_a_storm_has_left_behind_serves_the_next_storm() {
    let server = Server::start(&[]);
    let (most, _) = storm_of_half_messages(&server, 500);
    let (most_again, _) = storm_of_half_messages(&server, 500);
    // A server that did not use it again would use twice as much.
    assert!(most_again < 1.5 * most, "{most} and then {most_again} bytes");
}

#[cfg(target_env = "gnu")]
#[test]
fn the_units_setting_has_the_memory_of_incomplete_messages_given_back() {
    let unit = include_str!("../../systemd/switchboard.service");
    let setting = unit.lines().find_map(|line| line.strip_prefix("Environment=GLIBC_TUNABLES="));
    let setting = setting.expect("the unit has the setting");
    let server =
        Server::spawn(binary().args(["--listen", "127.0.0.1:0"]).env("GLIBC_TUNABLES", setting));
    let before = server.metrics()["process_resident_memory_bytes"];
    let (most, after) = storm_of_half_messages(&server, 500);
    assert!(after - before < (most - before) / 3.0, "{before}, {most}, and then {after} bytes");
}
