//! Several devices of one person: each sees what the others send, and all get what arrives.

use serde_json::json;

use super::{ANN, BEN, CLEO, all_news};
use crate::harness::{Server, befriend, eventually};

#[test]
fn a_message_reaches_every_device_and_is_delivered_once() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut bens = [server.device(BEN), server.device(BEN), server.device(BEN)];
    ann.write("1", BEN, "hello");
    let copies = bens.each_mut().map(|ben| ben.expect_message("1", ANN, "hello"));
    for copy in &copies {
        assert_eq!((copy, &copy["isOutgoing"]), (&copies[0], &false.into()));
    }
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.expect_nothing();
    // One device marks the message as read, for all.
    bens[2].read("1");
    bens[2].expect_nothing();
    ann.expect_status("1", "read");
    bens[0].read("1");
    all_news(&mut bens[0]);
    ann.expect_nothing();
}

#[test]
fn ones_own_messages_are_mirrored_to_ones_other_devices_as_outgoing() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    let mut ben = server.device(BEN);
    phone.write("1", BEN, "hello");
    let mirrored = tablet.expect_message("1", ANN, "hello");
    let heard = ben.expect_message("1", ANN, "hello");
    assert_eq!(mirrored["isOutgoing"], true);
    for field in ["recipientId", "timestamp", "messageType", "metadata", "mentions", "replyToId"] {
        assert_eq!(mirrored[field], heard[field], "{field}");
    }
    // The device that has sent the message gets no copy of it.
    phone.expect_status("1", "sent");
    phone.expect_status("1", "delivered");
    phone.expect_nothing();
    tablet.expect_status("1", "sent");
    tablet.expect_status("1", "delivered");
    tablet.expect_nothing();
}

#[test]
fn what_could_not_be_delivered_is_told_to_all_devices() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    phone.write("1", BEN, "hello");
    // The message was not sent, so there is no copy. There will be one once Ann tries again.
    for device in [&mut phone, &mut tablet] {
        device.expect_status("1", "undelivered");
        device.expect_nothing();
    }
}

#[test]
fn a_session_is_online_until_its_last_device_is_gone() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut phone) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut phone, BEN));
    let mut tablet = server.device(BEN);
    tablet.expect_online(ANN);
    tablet.expect_nothing();
    ann.expect_nothing();
    phone.expect_nothing();
    phone.close();
    eventually("the phone is gone", || (server.connections() == 2).then_some(()));
    ann.expect_nothing();
    tablet.close();
    ann.expect_offline(BEN);
}

#[test]
fn one_device_may_write_where_another_was_read() {
    let server = Server::start(&[]);
    let (mut phone, mut tablet) = (server.device(ANN), server.device(ANN));
    let mut ben = server.device(BEN);
    ben.write("1", ANN, "hello");
    phone.expect_message("1", BEN, "hello");
    tablet.expect_message("1", BEN, "hello");
    tablet.read("1");
    for status in ["sent", "delivered", "read"] {
        ben.expect_status("1", status);
    }
    phone.write("2", BEN, "hello yourself");
    ben.expect_message("2", ANN, "hello yourself");
}

#[test]
fn devices_are_bounded_and_one_too_many_is_told() {
    let server = Server::start(&[]);
    let mut devices: Vec<_> = (0..16).map(|_| server.device(CLEO)).collect();
    let mut refused = server.stranger("/ws");
    refused.say("auth", &json!({ "sessionId": CLEO }));
    assert_eq!(refused.expect_error(), "too many devices are signed in to this session");
    refused.expect_close(1008);
    // The other devices are not affected.
    let mut ann = server.device(ANN);
    ann.write("1", CLEO, "hello");
    for device in &mut devices {
        device.expect_message("1", ANN, "hello");
        device.expect_nothing();
    }
    ann.expect_status("1", "sent");
    ann.expect_status("1", "delivered");
    ann.expect_nothing();
    // There is room again when one has left.
    devices.pop().expect("sixteen").close();
    eventually("it is gone", || (server.connections() == 16).then_some(()));
    server.device(CLEO).expect_online(ANN);
}
