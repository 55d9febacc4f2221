//! A shutdown while messages wait for the store: what was acknowledged is stored, and what was read is
//! stored and acknowledged.

use nix::sys::signal::Signal;
use serde_json::Value;

use super::client::{Data, PASSWORD, credentials};
use super::held::HeldStore;
use crate::harness::{Server, Wire, eventually};

fn contents(history: &[Value]) -> Vec<&str> {
    history.iter().filter_map(|message| message["content"].as_str()).collect()
}

fn expect_retry_later(answer: &crate::harness::Response) {
    answer.expect_error(503, "the server is shutting down");
    assert_eq!(answer.header("Retry-After"), Some("5"));
}

/// The rest of what a draining server says to those that come.
fn expect_no_new_work(server: &Server, token: &str) {
    let right = credentials("ada", PASSWORD);
    expect_retry_later(&server.post("/login", &right));
    expect_retry_later(&server.post("/register", &credentials("zoe", PASSWORD)));
    expect_retry_later(&server.as_bearer("POST", "/logout", &format!("Bearer {token}")));
    expect_retry_later(&server.http(Wire::upgrade_request(&format!("/ws?token={token}"), "")));
    // What memory knows can still be read.
    assert_eq!(server.get_as(token, "/users").status, 200);
}

#[test]
fn a_sender_stays_until_its_messages_are_stored_and_is_then_sent_home() {
    let data = Data::new();
    let token = {
        let mut server = data.start();
        let (token, other) = (server.join("ada"), server.join("bob"));
        let (mut ada, mut bob) = (server.websocket_chat(&token), server.chatterbox(&other));
        let store = HeldStore::of(&server);
        for text in ["one", "two", "three"] {
            ada.chat(None, text);
        }
        eventually("all were read", || {
            (server.metrics()["switchboard_account_messages_unstored"] == 3.0).then_some(())
        });
        server.signal(Signal::SIGTERM);
        // A client that waits for nothing goes at once.
        bob.expect_close(1001);
        expect_no_new_work(&server, &token);
        store.release();
        for text in ["one", "two", "three"] {
            ada.expect_chat("ada", None, text);
        }
        ada.expect_close(1001);
        assert_eq!(server.ended().code(), Some(0));
        token
    };
    let (_, history) = data.start().enter(&token);
    assert_eq!(contents(&history), ["one", "two", "three"]);
}

#[test]
fn whatever_was_acknowledged_before_or_during_a_shutdown_is_in_the_history() {
    let data = Data::new();
    let mut server = data.start();
    let token = server.join("ada");
    let mut members: Vec<_> = (0..5).map(|_| server.chatterbox(&token)).collect();
    for number in 0..8 {
        for (place, member) in members.iter_mut().enumerate() {
            member.speak(&format!("{place}-{number}"));
        }
    }
    // The first of forty is stored, so the server ends in the middle of them.
    let mut heard = vec![members[0].hear()["content"].clone()];
    server.signal(Signal::SIGTERM);
    for member in &mut members {
        heard.extend(member.until_close(1001).iter().map(|frame| frame["content"].clone()));
    }
    assert_eq!(server.ended().code(), Some(0));
    let (_, history) = data.start().enter(&token);
    let stored = contents(&history);
    for one in &heard {
        assert!(stored.contains(&one.as_str().expect("a content")), "{one} is lost: {stored:?}");
    }
}
