//! The messenger realm, as its clients see it: anonymous ids, invitations, receipts, several devices.
//!
//! These tests were written from the protocol's page alone, and not from the code. Each test is a
//! sentence of that page.

mod attacks;
mod auth;
mod contacts;
mod devices;
mod endings;
mod errors;
mod fields;
mod invitations;
mod messages;
mod pages;
mod quotas;
mod realms;
mod receipts;
mod slow_readers;
mod typing;

use serde_json::{Value, json};

use crate::harness::{Device, Metrics, Server, Wire, eventually, frame};

// A client makes up its id: any printable characters.
const ANN: &str = "ann";
const BEN: &str = "b3n-😀-בן";
const CLEO: &str = "cleo of \"quotes\" \\ and <tags>";

/// Starts a server without a rate limit for a client, for tests about something else.
fn patient(flags: &[&str]) -> Server {
    Server::start(&[&["--message-rate", "off", "--byte-rate", "off"], flags].concat())
}

/// Sends a ping, and returns all frames that arrive before its answer.
fn all_news(device: &mut Device) -> Vec<Value> {
    device.phone.send(r#"{"type":"ping"}"#);
    let mut news = Vec::new();
    loop {
        let frame = device.phone.json();
        if frame["type"] == "pong" {
            return news;
        }
        news.push(frame);
    }
}

/// Signs in a device with this id that does not read.
fn sleeper(server: &Server, id: &str) -> Wire {
    let mut wire = server.narrow_wire();
    wire.upgrade("/ws");
    wire.send(frame(1, json!({ "type": "auth", "data": { "sessionId": id } }).to_string()));
    assert!(wire.text().contains("authenticated"));
    wire
}

/// Waits until no message is in flight. Then checks that every message of the realm is accounted for:
/// received = refused + undelivered + delivered.
#[track_caller]
fn settled(server: &Server) -> Metrics {
    let metrics = eventually("nothing is under way", || {
        let metrics = server.metrics();
        (metrics["switchboard_session_messages_in_outboxes"] == 0.0).then_some(metrics)
    });
    let sum = |name: &str| -> f64 {
        let named = metrics.iter().filter(|(key, _)| key.split('{').next() == Some(name));
        named.map(|(_, value)| value).sum()
    };
    let fates = sum("switchboard_session_messages_refused_total")
        + sum("switchboard_session_messages_undelivered_total")
        + sum("switchboard_session_messages_delivered_total");
    assert_eq!(sum("switchboard_session_messages_received_total"), fates, "{metrics:?}");
    metrics
}
