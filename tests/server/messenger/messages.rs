//! Messages: accepted, delivered or undelivered, and never stored.

use serde_json::json;

use super::{ANN, BEN, CLEO, all_news, patient};
use crate::harness::{Server, befriend};

#[test]
fn a_message_to_somebody_online_is_sent_and_then_delivered() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for n in 0..50 {
        ann.write(&n.to_string(), BEN, "hello");
    }
    for n in 0..50 {
        ben.expect_message(&n.to_string(), ANN, "hello");
    }
    // The statuses of one message come in this order. Those of different messages come in any order.
    let mut seen = [0; 50];
    for _ in 0..100 {
        let told = ann.hear("message_status");
        let n: usize = told["messageId"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let expected = ["sent", "delivered"][seen[n]];
        assert_eq!(told["status"], expected);
        seen[n] += 1;
    }
    ann.expect_nothing();
    ben.expect_nothing();
}

#[test]
fn a_message_to_somebody_offline_is_undelivered_and_never_kept() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "undelivered");
    ann.expect_nothing();
    let mut ben = server.device(BEN);
    ben.expect_nothing();
    // She tries again, with the same id.
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ben.expect_message("1", ANN, "hello");
}

#[test]
fn the_contents_of_one_sender_arrive_in_order() {
    let server = patient(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for n in 0..300 {
        ann.typing(BEN, n % 2 == 0);
        ann.write(&n.to_string(), BEN, &"x".repeat(n));
    }
    let mut next = 0;
    while next < 300 {
        let frame = ben.phone.json();
        if frame["type"] == "message_received" {
            assert_eq!(frame["data"]["id"], next.to_string());
            next += 1;
        }
    }
}

#[test]
fn a_person_who_knows_an_id_may_write_to_it() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
}

#[test]
fn where_an_invitation_is_required_strangers_are_refused_and_contacts_are_not() {
    let server = Server::start(&["--require-invitation"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    let online = ann.expect_error();
    ann.write("1", CLEO, "hello");
    assert_eq!(ann.expect_error(), online, "strangers do not learn who is online");
    ben.expect_nothing();
    ann.invite("2", BEN);
    ben.hear("invitation_received");
    ann.write("1", BEN, "hello");
    ann.expect_error();
    ben.accept("2");
    ann.expect_response("2", "accepted");
    ann.expect_online(BEN);
    ben.expect_online(ANN);
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ben.expect_message("1", ANN, "hello");
    ben.write("1", ANN, "hello yourself");
    ann.expect_message("1", BEN, "hello yourself");
}

#[test]
fn where_an_invitation_is_required_typing_needs_it_too() {
    let server = Server::start(&["--require-invitation"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.typing(BEN, true);
    ann.phone.send(r#"{"type":"ping"}"#);
    let answer = ann.phone.json();
    assert!(answer["type"] == "pong" || answer["type"] == "error", "{answer}");
    ben.expect_nothing();
}

#[test]
fn a_message_with_an_answer_names_what_it_answers() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    ben.say(
        "message_send",
        &json!({ "id": "2", "recipientId": ANN, "content": "yes?", "replyToId": "1", "mentions": [ANN] }),
    );
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    let heard = ann.expect_message("2", BEN, "yes?");
    assert_eq!((&heard["replyToId"], &heard["mentions"]), (&"1".into(), &json!([ANN])));
}

#[test]
fn a_person_may_write_to_their_own_id() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    phone.write("1", ANN, "a note");
    // The protocol does not say where such a message goes, or how often. But nothing else may break.
    let frames = all_news(&mut phone);
    assert!(!frames.is_empty(), "a message is never dropped in silence");
    let statuses = |status: &str| {
        frames
            .iter()
            .filter(|frame| frame["data"]["status"] == status && frame["type"] == "message_status")
            .count()
    };
    assert!(statuses("sent") <= 1 && statuses("delivered") <= 1, "{frames:?}");
    let heard = all_news(&mut tablet);
    let copies = heard.iter().filter(|frame| frame["type"] == "message_received").count();
    assert!(copies <= 1, "{copies} copies of one message");
}

#[test]
fn a_contact_by_a_message_is_not_told_that_the_other_is_online() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.expect_nothing();
    ben.expect_message("1", ANN, "hello");
    ben.expect_nothing();
    // From now on the two are contacts.
    ben.close();
    ann.expect_offline(BEN);
    let mut ben = server.device(BEN);
    ben.expect_online(ANN);
    ann.expect_online(BEN);
}

#[test]
fn contacts_who_invite_each_other_again_are_not_told_twice_that_they_are_online() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.expect_nothing();
    ben.expect_message("1", ANN, "hello");
    ben.expect_nothing();
}
