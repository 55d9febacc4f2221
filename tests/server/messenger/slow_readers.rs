//! A device that does not read. The server disconnects it, and neither its own person nor others suffer.

use super::{ANN, BEN, CLEO, all_news, patient, settled, sleeper};
use crate::harness::eventually;

#[test]
fn a_slow_device_is_given_up_and_the_other_gets_every_message() {
    const COUNT: usize = 100;
    let server = patient(&["--outbox-bytes", "300KiB"]);
    let mut ann = server.device(ANN);
    let mut tablet = server.device(BEN);
    let mut phone = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
        tablet.expect_message(&n.to_string(), ANN, &content);
        ann.expect_status(&n.to_string(), "sent");
        ann.expect_status(&n.to_string(), "delivered");
    }
    eventually("it is given up", || (server.connections() == 2).then_some(()));
    ann.expect_nothing();
    let metrics = settled(&server);
    assert_eq!(metrics["switchboard_session_messages_delivered_total"], COUNT as f64);
    assert_eq!(metrics[r#"switchboard_connections_ended_total{outcome="slow"}"#], 1.0);
    phone.drain();
}

#[test]
fn whatever_was_under_way_to_the_only_and_slow_device_is_undelivered() {
    const COUNT: usize = 100;
    let server = patient(&["--outbox-bytes", "300KiB", "--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    let mut phone = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    let (mut sent, mut delivered, mut undelivered) = (0, 0, 0);
    for n in 0..COUNT {
        ann.write(&n.to_string(), BEN, &content);
        for news in all_news(&mut ann) {
            match news["data"]["status"].as_str() {
                Some("sent") => sent += 1,
                Some("delivered") => delivered += 1,
                Some("undelivered") => undelivered += 1,
                _ => assert_eq!(news["type"], "contact_offline", "{news}"),
            }
        }
    }
    // After the server had disconnected the phone, it accepted no more messages for it.
    assert!((delivered..COUNT).contains(&sent), "{sent} {delivered}");
    assert_eq!(delivered + undelivered, COUNT);
    assert!(delivered > 0 && undelivered > 0, "{delivered} {undelivered}");
    let metrics = settled(&server);
    assert!(metrics[r#"switchboard_session_messages_undelivered_total{reason="slow"}"#] > 0.0);
    phone.drain();
}

#[test]
fn that_typing_begins_is_dropped_for_a_device_that_is_behind_and_that_it_ends_is_not() {
    let server = patient(&["--outbox-bytes", "8MiB"]);
    let mut ann = server.device(ANN);
    let mut phone = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    let mut written = 0;
    eventually("the device is behind", || {
        ann.write(&written.to_string(), BEN, &content);
        written += 1;
        all_news(&mut ann);
        (server.metrics()["switchboard_session_messages_in_outboxes"] > 1.0).then_some(())
    });
    ann.typing(BEN, true);
    ann.typing(BEN, false);
    ann.expect_nothing();
    assert_eq!(server.metrics()["switchboard_typing_dropped_slow_total"], 1.0);
    (0..written).for_each(|_| assert!(phone.text().contains("xxx")));
    assert!(phone.text().contains(r#""isTyping":false"#));
}

#[test]
fn a_slow_reader_never_delays_others() {
    let server = patient(&["--outbox-bytes", "8MiB"]);
    let (mut ann, mut cleo) = (server.device(ANN), server.device(CLEO));
    let _phone = sleeper(&server, BEN);
    let content = "x".repeat(60_000);
    for n in 0..60 {
        ann.write(&n.to_string(), BEN, &content);
        ann.write(&format!("to cleo {n}"), CLEO, "tick");
        cleo.expect_message(&format!("to cleo {n}"), ANN, "tick");
    }
}

#[test]
fn a_device_that_does_not_read_what_its_own_session_says_is_given_up_alone() {
    const COUNT: usize = 100;
    let server = patient(&["--outbox-bytes", "300KiB"]);
    let (mut phone, mut ben) = (server.device(ANN), server.device(BEN));
    let mut tablet = sleeper(&server, ANN);
    let content = "x".repeat(60_000);
    for n in 0..COUNT {
        phone.write(&n.to_string(), BEN, &content);
        ben.expect_message(&n.to_string(), ANN, &content);
        phone.expect_status(&n.to_string(), "sent");
        phone.expect_status(&n.to_string(), "delivered");
    }
    eventually("it is given up", || (server.connections() == 2).then_some(()));
    let metrics = settled(&server);
    assert_eq!(metrics["switchboard_session_messages_delivered_total"], COUNT as f64);
    phone.expect_nothing();
    tablet.drain();
}
