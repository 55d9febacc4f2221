//! What is passed on and not kept: typing, receipts and signals.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::{in_room, to, to_all, with};

#[test]
fn typing_receipts_and_signals_go_to_the_others_in_the_place() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let [mut ada, mut tablet] = [0, 1].map(|_| server.friend(&token));
    let [mut bob, mut eve] = ["bob", "eve"].map(|name| server.new_friend(name));
    let room = ada.create_room("garden");
    tablet.hear();
    ada.add(&room, &mut bob);
    tablet.hear();
    let signal = json!({ "sdp": ["v=0", null, 1.5e3], "é": {} });
    let passed = [
        json!({ "type": "typing", "is_typing": true }),
        json!({ "type": "typing", "is_typing": false }),
        json!({ "type": "receipt", "id": "m \"1\"", "status": "read" }),
        json!({ "type": "signal", "data": signal }),
        json!({ "type": "signal", "data": null }),
    ];
    for place in [to("bob"), in_room(&room)] {
        for frame in &passed {
            let frame = with(frame.clone(), &place);
            ada.send(&frame);
            bob.expect(&with(frame, &json!({ "from": "ada" })));
        }
        for other in [&mut ada, &mut tablet, &mut eve] {
            other.expect_silence();
        }
    }
    ada.send(&passed[0]);
    for other in [&mut bob, &mut eve] {
        other.expect(&with(passed[0].clone(), &json!({ "from": "ada" })));
    }
    tablet.expect_silence();
    assert_eq!(ada.refused(passed[3].clone()), "no_place");
    ada.send(&passed[2]);
    assert_eq!(ada.hear()["code"], "no_place");
}

#[test]
fn what_is_for_nobody_is_dropped_without_a_word() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| server.new_friend(name));
    let room = bob.create_room("private");
    server.register("eve");
    for place in [to("eve"), to("nobody"), to("ada"), in_room(&room)] {
        ada.send(&with(json!({ "type": "typing", "is_typing": true }), &place));
        ada.send(&with(json!({ "type": "signal", "data": 1 }), &place));
        let receipt = json!({ "type": "receipt", "id": "x", "status": "read" });
        ada.send(&with(receipt, &place));
        ada.expect_silence();
    }
    bob.expect_silence();
    assert_eq!(bob.texts(&to_all()), [""; 0]);
}

#[test]
fn a_wrong_frame_is_answered_with_its_id_and_too_many_end_the_connection() {
    let data = Data::new();
    let server = data.start_with(&["--strikes", "3"]);
    let mut ada = server.new_friend("ada");
    ada.send(&Value::Null);
    let error = json!({
        "type": "error", "detail": "a frame must be one JSON object", "code": "not_an_object",
    });
    ada.expect(&error);
    ada.send(&json!({ "type": "sing", "id": "s-1" }));
    let error =
        json!({ "type": "error", "detail": "unknown type", "code": "unknown_type", "id": "s-1" });
    ada.expect(&error);
    for _ in 0..2 {
        ada.send(&json!({ "type": "sing" }));
    }
    ada.until_close(1008);
}
