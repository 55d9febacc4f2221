//! How devices end: silent, half-closed, reset, or with the server; and who is told.

use nix::sys::signal::Signal;
use serde_json::json;

use super::{ANN, BEN, all_news, patient, settled, sleeper};
use crate::harness::{Server, befriend, eventually};

#[test]
fn a_silent_session_is_removed_by_the_sweep_and_its_contacts_hear_of_it() {
    let server = Server::start(&[
        "--ping-timeout",
        "2s",
        "--sweep-interval",
        "100ms",
        "--contact-grace",
        "0s",
    ]);
    let mut ann = server.device(ANN);
    let _heartbeat = ann.keep_alive();
    let mut ben = server.device(BEN);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ben.expect_close(1001);
    ann.expect_offline(BEN);
    assert_eq!(server.connections(), 1);
    assert_eq!(server.metrics()[r#"switchboard_connections_ended_total{outcome="silent"}"#], 1.0);
}

#[test]
fn when_the_server_drains_undelivered_mail_goes_first_and_everybody_hears_1001() {
    let mut server = patient(&["--outbox-bytes", "8MiB"]);
    let mut ann = server.device(ANN);
    let mut ben = sleeper(&server, BEN);
    let stranger = server.stranger("/ws");
    const COUNT: usize = 80;
    let content = "x".repeat(60_000);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
    }
    all_news(&mut ann);
    assert!(server.metrics()["switchboard_session_messages_in_outboxes"] > 0.0, "some wait");
    server.signal(Signal::SIGTERM);
    for n in 0..COUNT {
        assert!(ben.text().contains(&format!(r#""id":"{n}""#)));
    }
    ben.expect_goodbye();
    let mut stranger = stranger;
    stranger.expect_close(1001);
    loop {
        match ann.phone.hear() {
            tungstenite::Message::Text(text) => assert!(text.as_str().contains("message_status")),
            tungstenite::Message::Close(Some(close)) => {
                break assert_eq!(u16::from(close.code), 1001);
            }
            other => panic!("{other:?}"),
        }
    }
    ann.phone.expect_end();
    drop((ben, stranger));
    assert!(server.ended().success());
}

#[test]
fn while_the_server_drains_nobody_is_told_that_contacts_leave() {
    let mut server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    server.signal(Signal::SIGTERM);
    ann.expect_close(1001);
    ben.expect_close(1001);
    assert!(server.ended().success());
}

#[test]
fn messages_under_way_to_the_only_device_are_undelivered_when_it_dies() {
    const COUNT: usize = 100;
    let server = patient(&["--outbox-bytes", "16MiB"]);
    let mut ann = server.device(ANN);
    let ben = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
    }
    // The server takes all messages before the device dies. After that, Ben would just be offline.
    let mut told = all_news(&mut ann);
    ben.reset();
    while told.len() < 2 * COUNT {
        told.push(ann.phone.json());
    }
    let mut fates = vec![Vec::new(); COUNT];
    for frame in told {
        assert_eq!(frame["type"], "message_status");
        let id = frame["data"]["messageId"].as_str().and_then(|id| id.parse().ok());
        let id: usize = id.expect("an id");
        fates[id].push(frame["data"]["status"].as_str().expect("a word").to_owned());
    }
    ann.expect_nothing();
    for fate in &fates {
        assert!(*fate == ["sent", "delivered"] || *fate == ["sent", "undelivered"], "{fate:?}");
    }
    assert!(fates.iter().any(|fate| fate[1] == "undelivered"));
    settled(&server);
}

#[test]
fn a_message_under_way_to_a_dying_device_is_delivered_by_the_other() {
    const COUNT: usize = 50;
    let server = patient(&["--outbox-bytes", "16MiB"]);
    let mut ann = server.device(ANN);
    let mut tablet = server.device(BEN);
    let phone = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
        tablet.expect_message(&n.to_string(), ANN, &content);
        ann.expect_status(&n.to_string(), "sent");
        ann.expect_status(&n.to_string(), "delivered");
    }
    phone.reset();
    eventually("it is gone", || (server.connections() == 2).then_some(()));
    ann.expect_nothing();
    let metrics = settled(&server);
    assert_eq!(metrics["switchboard_session_messages_delivered_total"], COUNT as f64);
}

#[test]
fn a_device_that_only_hangs_up_its_writing_half_is_gone_as_well() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ben.phone.hang_up_half();
    ann.expect_offline(BEN);
}

#[test]
fn past_the_strike_limit_nonsense_is_closed_with_1008() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut errors = 0;
    // No client sends this many by mistake. The server may have closed before the last of them.
    for _ in 0..10_000 {
        let mut wire_is_open = true;
        ann.phone.send(json!({ "type": "nonsense" }).to_string());
        match ann.phone.hear() {
            tungstenite::Message::Text(_) => errors += 1,
            tungstenite::Message::Close(Some(close)) => {
                assert_eq!(u16::from(close.code), 1008);
                wire_is_open = false;
            }
            other => panic!("{other:?}"),
        }
        if !wire_is_open {
            break;
        }
    }
    assert!((3..10_000).contains(&errors), "{errors} errors");
    drop(ann);
}
