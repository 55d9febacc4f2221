//! Typing: passed on to people online, and ended when the typist leaves.
//!
//! Typing ends after ten seconds. There is no flag for this time, so only unit tests test it.

use super::{ANN, BEN, all_news, patient};
use crate::harness::{Device, Server};

#[test]
fn typing_is_passed_on_to_every_device() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut bens = [server.device(BEN), server.device(BEN)];
    ann.typing(BEN, true);
    ann.typing(BEN, false);
    for ben in &mut bens {
        ben.expect_typing(ANN, true);
        ben.expect_typing(ANN, false);
        ben.expect_nothing();
    }
    ann.expect_nothing();
}

#[test]
fn typing_to_nobody_is_dropped_in_silence() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.typing(BEN, true);
    ann.expect_nothing();
    server.device(BEN).expect_nothing();
}

#[test]
fn typing_ends_by_itself_when_the_typist_disconnects() {
    let server = Server::start(&["--contact-grace", "1h"]);
    let mut ben = server.device(BEN);
    let ways: [fn(Device); 3] = [Device::close, |device| device.phone.reset(), drop];
    for leave in ways {
        let mut ann = server.device(ANN);
        ann.typing(BEN, true);
        ben.expect_typing(ANN, true);
        leave(ann);
        ben.expect_typing(ANN, false);
    }
    ben.expect_nothing();
}

#[test]
fn a_person_who_had_stopped_typing_does_not_stop_again() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.typing(BEN, true);
    ben.expect_typing(ANN, true);
    ann.typing(BEN, false);
    ben.expect_typing(ANN, false);
    ann.close();
    crate::harness::eventually("the device is gone", || (server.connections() == 1).then_some(()));
    ben.expect_nothing();
}

#[test]
fn a_flood_of_typing_does_not_grow_anything() {
    let server = patient(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for n in 0..5_000 {
        ann.typing(BEN, n % 2 == 0);
        ann.typing(&format!("ghost {n}"), true);
    }
    assert!(all_news(&mut ann).iter().all(|answer| answer["type"] == "error"));
    ann.write("1", BEN, "hello");
    loop {
        let heard = ben.phone.json();
        if heard["type"] == "message_received" {
            break;
        }
        assert_eq!(heard["type"], "typing_indicator");
    }
}
