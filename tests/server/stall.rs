//! The stall rule: a server that was stopped itself does not blame its clients for the silence.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::harness::{Server, Wire, frame, pause};

#[test]
fn nobody_is_evicted_after_the_server_was_stopped_for_several_timeouts() {
    const PHONES: usize = 50;
    let server = Server::start(&[
        "--ping-timeout",
        "1s",
        "--sweep-interval",
        "100ms",
        "--handshake-timeout",
        "1s",
        "--frame-timeout",
        "1s",
    ]);
    let mut phones: Vec<_> =
        (0..PHONES).map(|n| server.connect(&format!("10000000{n:02}?presence=none"))).collect();
    let heartbeats: Vec<_> = phones.iter().map(|phone| phone.keep_alive()).collect();
    // One is in the middle of a message, another in the middle of its request.
    let mut writer = server.wire();
    writer.upgrade("/ws/2000000000?presence=none");
    let message = frame(1, r#"{"type":"ping"}"#);
    writer.send(&message[..9]);
    let mut asker = server.wire();
    let request = Wire::upgrade_request("/ws/3000000000?presence=none", "");
    asker.send(&request[..30]);
    // Both of these are read, and wait, by the time that a later request is answered.
    assert_eq!(server.connections(), PHONES as u64 + 1);

    server.signal(Signal::SIGSTOP);
    phones.iter_mut().for_each(|phone| phone.send(r#"{"type":"ping"}"#));
    writer.send(&message[9..]);
    asker.send(&request[30..]);
    drop(heartbeats); // What they have said until now is all that there is to be heard.
    pause(Duration::from_millis(2_500));
    server.signal(Signal::SIGCONT);

    phones.iter_mut().for_each(|phone| phone.expect(r#"{"type":"pong"}"#));
    assert_eq!(writer.text(), r#"{"type":"pong"}"#);
    asker.expect_switch();
}

#[test]
fn a_server_that_is_stopped_and_continued_all_the_time_loses_nothing() {
    let server = Server::start(&["--ping-timeout", "1s", "--sweep-interval", "100ms"]);
    let mut phones: Vec<_> = (0..10).map(|n| server.quiet(&format!("100000000{n}"))).collect();
    for round in 0..40 {
        server.signal(Signal::SIGSTOP);
        for (n, phone) in phones.iter_mut().enumerate() {
            phone.send(crate::harness::message("1000000000", &format!("{round} {n}")));
        }
        pause(Duration::from_millis(10));
        server.signal(Signal::SIGCONT);
        for n in 0..10 {
            phones[0].expect_message(&format!("100000000{n}"), &format!("{round} {n}"));
        }
    }
}
