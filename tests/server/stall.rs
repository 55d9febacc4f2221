//! The stall rule: a server that was stopped itself does not disconnect its clients for silence.

use std::time::Duration;

use crate::harness::{PONG, Server, TEXT, Wire, frame, message, pause, raise_descriptor_limit};

/// How many phones: more than the events of one poll (1,024). So the server knows only in its second turn
/// which phones have sent something. Each sends enough that reading it takes several turns.
const PHONES: usize = 1_100;

#[test]
fn nobody_is_evicted_after_the_server_was_stopped_for_longer_than_a_timeout() {
    raise_descriptor_limit();
    let server = Server::start(&["--ping-timeout", "4s", "--sweep-interval", "100ms"]);
    // All of them come at once, so that none is silent for long before the stop.
    let mut phones = server.crowd(PHONES, |n| format!("/ws/100000{n:04}?presence=none"));
    let mut words = frame(PONG, [0; 120]).repeat(32);
    words.extend(frame(TEXT, r#"{"type":"ping"}"#));

    server.freeze();
    phones.iter_mut().for_each(|phone| phone.send(&words));
    pause(Duration::from_millis(4_500));
    server.thaw();
    phones.iter_mut().for_each(|phone| assert_eq!(phone.text(), r#"{"type":"pong"}"#));
}

#[test]
fn what_was_begun_before_a_stop_may_be_finished_after_it() {
    let server = Server::start(&["--handshake-timeout", "1s", "--frame-timeout", "1s"]);
    let mut writer = server.wire();
    writer.upgrade("/ws/2000000000?presence=none");
    let ping = frame(TEXT, r#"{"type":"ping"}"#);
    writer.send(&ping[..9]);
    let mut asker = server.wire();
    let request = Wire::upgrade_request("/ws/3000000000?presence=none", "");
    asker.send(&request[..30]);
    // When a later request is answered, the server has read both of these, and they wait for their rest.
    assert_eq!(server.connections(), 1);

    server.freeze();
    writer.send(&ping[9..]);
    asker.send(&request[30..]);
    pause(Duration::from_millis(1_500));
    server.thaw();
    assert_eq!(writer.text(), r#"{"type":"pong"}"#);
    asker.expect_switch();
}

#[test]
fn a_server_that_is_stopped_and_continued_all_the_time_loses_nothing() {
    let server = Server::start(&["--ping-timeout", "1s", "--sweep-interval", "100ms"]);
    let mut phones: Vec<_> = (0..10).map(|n| server.quiet(&format!("100000000{n}"))).collect();
    for round in 0..40 {
        server.freeze();
        for (n, phone) in phones.iter_mut().enumerate() {
            phone.send(message("1000000000", &format!("{round} {n}")));
        }
        pause(Duration::from_millis(10));
        server.thaw();
        for n in 0..10 {
            phones[0].expect_message(&format!("100000000{n}"), &format!("{round} {n}"));
        }
    }
}
