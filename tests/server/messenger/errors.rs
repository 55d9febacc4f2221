//! Every error says which frame it is about, and why as a word.

use serde_json::json;

use super::{ANN, BEN};
use crate::harness::{Device, Server};

#[track_caller]
fn expect(ann: &mut Device, code: &str, id: Option<&str>) {
    let (_, its_code, its_id) = ann.expect_error_about();
    assert_eq!((its_code.as_str(), its_id.as_deref()), (code, id));
}

#[test]
fn a_refusal_names_the_message_or_the_invitation() {
    let server = Server::start(&["--require-invitation"]);
    let mut ann = server.device(ANN);
    ann.write("m-1 é", BEN, "hello");
    expect(&mut ann, "not_invited", Some("m-1 é"));
    ann.read("m-2");
    expect(&mut ann, "no_such_message", Some("m-2"));
    ann.accept("i-1");
    expect(&mut ann, "no_such_invitation", Some("i-1"));
    ann.decline("i-2");
    expect(&mut ann, "no_such_invitation", Some("i-2"));
    ann.invite("i-3", ANN);
    expect(&mut ann, "own_invitation", Some("i-3"));
    ann.invite("i-4", BEN);
    ann.invite("i-4", BEN);
    expect(&mut ann, "duplicate_invitation", Some("i-4"));
    ann.expect_nothing();
}

#[test]
fn a_flaw_names_the_frame_and_a_sign_in_has_no_id() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    ann.say("message_send", &json!({ "id": "m-1", "recipientId": BEN }));
    expect(&mut ann, "bad_content", Some("m-1"));
    ann.say("message_read", &json!({ "messageId": "m-2", "id": "x" }));
    expect(&mut ann, "no_such_message", Some("m-2"));
    ann.say("invitation_send", &json!({ "id": "i-1", "recipientId": BEN }));
    expect(&mut ann, "bad_message", Some("i-1"));
    ann.phone.send(
        r#"{"type":"message_send","data":{"id":"m-3","recipientId":"b","content":"\ud800"}}"#,
    );
    expect(&mut ann, "lone_surrogate", Some("m-3"));
    ann.phone.send(r#"{"type":"message_send","data":{"id":"m-4","recipientId":"b","content":"","metadata":{"a":1e999}}}"#);
    expect(&mut ann, "number_out_of_range", Some("m-4"));
    ann.phone.send(r#"{"type":"message_send","data":{"id":"m-5","recipientId":"b","content":"","metadata":{"a":1,"a":1}}}"#);
    expect(&mut ann, "duplicate_key", Some("m-5"));
    ann.say("auth", &json!({ "sessionId": ANN, "id": "x" }));
    expect(&mut ann, "signed_in_already", None);
    ann.phone.send("?");
    expect(&mut ann, "not_an_object", None);

    let others: Vec<Device> = (0..15).map(|_| server.device(ANN)).collect();
    let mut one_more = server.stranger("/ws");
    one_more.say("auth", &json!({ "sessionId": ANN }));
    expect(&mut one_more, "too_many_devices", None);
    one_more.expect_close(1008);
    drop(others);

    let mut stranger = server.stranger("/ws");
    stranger.say("shout", &json!({ "id": "x-1" }));
    expect(&mut stranger, "unknown_type", Some("x-1"));
    stranger.expect_close(4001);
}
