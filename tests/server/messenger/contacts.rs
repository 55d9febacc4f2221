//! Contacts: who hears that a person comes and goes, and who never does.

use std::time::Duration;

use super::{ANN, BEN, CLEO};
use crate::harness::{Device, Server, befriend, eventually, pause};

fn three(server: &Server) -> [Device; 3] {
    [server.device(ANN), server.device(BEN), server.device(CLEO)]
}

#[test]
fn contacts_hear_of_coming_and_going_and_strangers_never() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let [mut ann, mut ben, mut cleo] = three(&server);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ben.close();
    ann.expect_offline(BEN);
    let mut ben = server.device(BEN);
    ben.expect_online(ANN);
    ben.expect_nothing();
    ann.expect_online(BEN);
    ann.expect_nothing();
    cleo.expect_nothing();
}

#[test]
fn an_invitation_alone_makes_nobody_a_contact() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let [mut ann, mut ben, cleo] = three(&server);
    cleo.close();
    ann.invite("1", BEN);
    ben.hear("invitation_received");
    ann.close();
    eventually("the device is gone", || (server.connections() == 1).then_some(()));
    ben.expect_nothing();
    server.device(ANN).expect_nothing();
    ben.expect_nothing();
}

#[test]
fn a_message_that_reached_nobody_makes_nobody_a_contact() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "undelivered");
    // Otherwise writing to an id would be a way to watch it.
    server.device(BEN).expect_nothing();
    ann.expect_nothing();
}

#[test]
fn typing_makes_nobody_a_contact() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let [mut ann, mut ben, _cleo] = three(&server);
    ann.typing(BEN, true);
    ben.expect_typing(ANN, true);
    ben.close();
    eventually("the device is gone", || (server.connections() == 2).then_some(()));
    ann.expect_nothing();
}

#[test]
fn a_person_back_within_the_grace_was_never_away() {
    let server = Server::start(&["--contact-grace", "5s"]);
    let [mut ann, mut ben, _cleo] = three(&server);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    for _ in 0..5 {
        ben.close();
        ben = server.device(BEN);
        ben.expect_online(ANN);
    }
    ann.expect_nothing();
}

#[test]
fn a_person_away_longer_than_the_grace_is_offline_once() {
    let server = Server::start(&["--contact-grace", "500ms"]);
    let [mut ann, mut ben, _cleo] = three(&server);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ben.close();
    eventually("the device is gone", || (server.connections() == 2).then_some(()));
    ann.expect_offline(BEN);
    pause(Duration::from_millis(700));
    ann.expect_nothing();
    let mut ben = server.device(BEN);
    ben.expect_online(ANN);
    ann.expect_online(BEN);
    ann.expect_nothing();
}

#[test]
fn within_the_grace_nobody_is_offline_yet() {
    let server = Server::start(&["--contact-grace", "1h"]);
    let [mut ann, mut ben, _cleo] = three(&server);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    ben.close();
    eventually("the device is gone", || (server.connections() == 2).then_some(()));
    ann.expect_nothing();
    // But the server keeps no message for Ben.
    ann.write("1", BEN, "hello");
    ann.expect_status("1", "undelivered");
}

#[test]
fn a_person_who_signs_in_hears_which_contacts_are_online() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let [mut ann, mut ben, mut cleo] = three(&server);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    befriend((&mut cleo, CLEO), (&mut ben, BEN));
    cleo.close();
    ben.expect_offline(CLEO);
    ben.close();
    ann.expect_offline(BEN);
    let mut ben = server.device(BEN);
    ben.expect_online(ANN);
    ben.expect_nothing();
    // Each of Ben's devices does.
    let mut tablet = server.device(BEN);
    tablet.expect_online(ANN);
    tablet.expect_nothing();
}

#[test]
fn news_of_a_contact_reaches_every_device_once() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut phone, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut phone, ANN), (&mut ben, BEN));
    let mut tablet = server.device(ANN);
    tablet.expect_online(BEN);
    ben.close();
    for device in [&mut phone, &mut tablet] {
        device.expect_offline(BEN);
        device.expect_nothing();
    }
}
