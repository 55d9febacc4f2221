//! The fields of frames: which are required, their types and lengths; and what passes unchanged.

use serde_json::{Value, json};

use super::{ANN, BEN, CLEO};
use crate::harness::{Device, Server};

/// A message with these fields changed. A field that is `null` here is left out.
fn message(changes: &Value) -> Value {
    let mut data = json!({ "id": "1", "recipientId": BEN, "content": "hello" });
    for (field, value) in changes.as_object().expect("fields") {
        data[field] = value.clone();
    }
    data
}

fn without(mut data: Value, field: &str) -> Value {
    data.as_object_mut().expect("an object").remove(field);
    data
}

/// Asserts that each of these frames is answered with an error.
#[track_caller]
fn expect_errors(who: &mut Device, kind: &str, all: &[Value]) {
    for data in all {
        who.say(kind, data);
        who.expect_error();
    }
}

#[test]
fn ids_of_256_characters_of_any_kind_are_as_good_as_short_ones() {
    let server = Server::start(&[]);
    for character in ["x", "é", "😀", "ש", "م", "漢", "\"", "\\", "/", " "] {
        let id = character.repeat(256);
        let mut ann = server.device(&id);
        let other = format!("b{}", character.repeat(255));
        let mut ben = server.device(&other);
        ann.invite(&id, &other);
        assert_eq!(ben.hear("invitation_received")["id"], *id);
        ben.decline(&id);
        ann.expect_response(&id, "declined");
        ann.write(&id, &other, "hello");
        ann.expect_status(&id, "sent");
        let heard = ben.expect_message(&id, &id, "hello");
        assert_eq!(heard["recipientId"], *other);
        ann.expect_status(&id, "delivered");
        ben.read(&id);
        ann.expect_status(&id, "read");
    }
}

#[test]
fn ids_of_257_characters_are_too_long_wherever_they_stand() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let mut ann = server.device(ANN);
    for character in ["x", "😀"] {
        let id = character.repeat(257);
        let mut stranger = server.stranger("/ws");
        stranger.say("auth", &json!({ "sessionId": id }));
        stranger.expect_turned_away();
        ann.write(&id, BEN, "hello");
        ann.expect_error();
        ann.write("1", &id, "hello");
        ann.expect_error();
        ann.invite(&id, BEN);
        ann.expect_error();
        ann.invite("1", &id);
        ann.expect_error();
        ann.accept(&id);
        ann.expect_error();
        ann.read(&id);
        ann.expect_error();
        ann.typing(&id, true);
        ann.expect_error();
    }
}

#[test]
fn names_may_have_128_characters_and_no_more() {
    let server = Server::start(&[]);
    let name = "😀".repeat(128);
    let mut ann = server.device_with(&json!({ "sessionId": ANN, "name": name }));
    let mut ben = server.device(BEN);
    ann.invite("1", BEN);
    assert_eq!(ben.hear("invitation_received")["senderName"], *name);
    let mut stranger = server.stranger("/ws");
    stranger.say("auth", &json!({ "sessionId": CLEO, "name": "x".repeat(129) }));
    stranger.expect_turned_away();
}

#[test]
fn a_content_may_fill_a_message_and_a_frame_over_the_limit_is_1009() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    let empty = json!({ "type": "message_send", "data": message(&json!({ "content": "" })) });
    let room = 65_536 - empty.to_string().len();
    for content in ["x".repeat(room), format!("{}{}", "é".repeat(room / 2), "x".repeat(room % 2))]
    {
        ann.write("1", BEN, &content);
        ann.expect_status("1", "sent");
        ben.expect_message("1", ANN, &content);
        ann.expect_status("1", "delivered");
    }
    ann.write("1", BEN, &"x".repeat(room + 1));
    ann.expect_close(1009);
    ben.expect_nothing();
}

#[test]
fn a_message_with_only_what_is_needed_is_completed_by_the_server() {
    let server = Server::start(&[]);
    let mut ann = server.device_with(&json!({ "sessionId": ANN, "name": "Ann" }));
    let mut ben = server.device(BEN);
    ann.write("1", BEN, "hello");
    let heard = ben.hear("message_received");
    let time = heard["timestamp"].as_str().expect("a time");
    assert!(is_iso_8601(time), "{time}");
    for field in ["metadata", "replyToId", "mentions"] {
        assert_eq!(heard.get(field), Some(&Value::Null), "{field}");
    }
    assert_eq!(heard["messageType"], "text");
    assert_eq!(heard["isOutgoing"], false);
    assert_eq!((&heard["senderId"], &heard["recipientId"]), (&ANN.into(), &BEN.into()));
    let known = ["sent", "delivered"].iter().any(|status| heard["status"] == *status);
    assert!(known, "{heard}");
}

#[test]
fn an_invitation_with_only_what_is_needed_is_completed_by_the_server() {
    let server = Server::start(&["--invitation-ttl", "1h"]);
    let mut ann = server.device_with(&json!({ "sessionId": ANN, "name": "Ann" }));
    let mut ben = server.device(BEN);
    ann.invite("1", BEN);
    let mut heard = ben.hear("invitation_received");
    for field in ["createdAt", "expiresAt"] {
        let time = heard[field].take();
        let is_time = time.as_str().is_some_and(is_iso_8601);
        assert!(is_time || (field == "expiresAt" && time.is_null()), "{field} {time}");
    }
    let expected = json!({
        "id": "1", "senderId": ANN, "senderName": "Ann", "recipientId": BEN, "message": "hello",
        "status": "pending", "createdAt": null, "expiresAt": null, "metadata": null,
    });
    assert_eq!(heard, expected);
}

#[test]
fn a_whole_message_is_passed_on_verbatim_but_for_its_sender() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    for time in ["2024-05-01T12:00:00.123456", "2024-05-01T12:00:00", "2024-02-29T23:59:59.999Z"] {
        let mut data = json!({
            "id": "1", "senderId": "somebody else", "recipientId": BEN, "content": "a \u{1F600} \"b\" \\ \n",
            "messageType": "text", "timestamp": time, "status": "sending", "isOutgoing": true,
            "metadata": { "a": [1, 2.5, null, { "b": "ש" }], "": {} }, "replyToId": "0",
            "mentions": [BEN, "", "nobody"],
        });
        ann.say("message_send", &data);
        ann.expect_status("1", "sent");
        ann.expect_status("1", "delivered");
        let heard = ben.hear("message_received");
        data["senderId"] = ANN.into();
        data["isOutgoing"] = false.into();
        data["status"] = heard["status"].clone();
        if let Some(name) = heard.get("senderName") {
            data["senderName"] = name.clone();
        }
        assert_eq!(heard, data);
    }
}

#[test]
fn a_whole_invitation_is_passed_on_verbatim_but_for_its_sender() {
    let server = Server::start(&[]);
    let mut ann = server.device_with(&json!({ "sessionId": ANN, "name": "Ann" }));
    let mut ben = server.device(BEN);
    let mut data = json!({
        "id": "i", "senderId": BEN, "senderName": "the president", "recipientId": BEN,
        "message": "a \u{1F600} \"b\"", "status": "accepted", "createdAt": "2001-05-01T12:00:00.5",
        "expiresAt": "2001-05-02T12:00:00", "metadata": { "k": { "l": [] } },
    });
    ann.say("invitation_send", &data);
    data["senderId"] = ANN.into();
    data["senderName"] = "Ann".into();
    data["status"] = "pending".into();
    // The times of a client are its own: only the server's clock decides when an invitation expires.
    ben.expect("invitation_received", &data);
    ben.accept("i");
    data["status"] = "accepted".into();
    ann.expect("invitation_response", &data);
}

#[test]
fn metadata_is_passed_on_as_the_json_that_it_was() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    // The server must not round a number or decode an escape.
    let metadata = r#"{"n":12345678901234567890.0123456789,"e":1E300,"s":"\u00e9\/"}"#;
    ann.phone.send(format!(
        r#"{{"type":"message_send","data":{{"id":"1","recipientId":"{BEN}","content":"caf\u00e9","metadata":{metadata}}}}}"#
    ));
    let heard = ben.phone.text();
    assert!(heard.contains(metadata), "{heard}");
}

#[test]
fn the_name_is_that_of_auth_else_the_frames_else_anonymous() {
    let server = Server::start(&[]);
    let mut ben = server.device(BEN);
    for (auth, said, expected) in [
        (json!("Ann"), json!("Eve"), "Ann"),
        (json!("Ann"), json!(null), "Ann"),
        (json!(null), json!("Eve"), "Eve"),
        (json!(null), json!(null), "Anonymous"),
    ] {
        let mut ann = server.device_with(&json!({ "sessionId": ANN, "name": auth }));
        ann.say(
            "invitation_send",
            &json!({ "id": "1", "recipientId": BEN, "message": "m", "senderName": said }),
        );
        assert_eq!(ben.hear("invitation_received")["senderName"], expected);
        ben.decline("1");
        assert_eq!(ann.expect_response("1", "declined")["senderName"], expected);
        ann.close();
    }
}

#[test]
fn unknown_types_and_frames_without_sense_are_errors_and_no_more() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    for frame in [
        "hello",
        "",
        "[]",
        "null",
        "{}",
        r#"{"type":null}"#,
        r#"{"type":"shout","data":{}}"#,
        r#"{"type":"PING"}"#,
        r#"{"type":"message_read"}"#,
        r#"{"type":"message_read","data":null}"#,
        r#"{"type":"message_read","data":"1"}"#,
        r#"{"type":"message_read","data":{"messageId":"1"}"#,
        r#"{"type":"message_read","data":{"messageId":"1"}} {}"#,
        r#"{"type":"authenticated","data":{"sessionId":"ann"}}"#,
        r#"{"type":"message_received","data":{"id":"1","recipientId":"ann","content":"x"}}"#,
    ] {
        ann.phone.send(frame);
        ann.expect_error();
    }
    ann.expect_nothing();
}

#[test]
fn a_message_that_the_recipients_model_would_not_take_is_refused() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    let mut wrong: Vec<Value> =
        ["id", "recipientId", "content"].map(|field| without(message(&json!({})), field)).to_vec();
    wrong.extend(
        [
            json!({ "id": 1 }),
            json!({ "id": "" }),
            json!({ "recipientId": null }),
            json!({ "recipientId": "" }),
            json!({ "content": null }),
            json!({ "content": { "text": "hello" } }),
            json!({ "metadata": [] }),
            json!({ "metadata": "{}" }),
            json!({ "metadata": 1 }),
            json!({ "mentions": "ben" }),
            json!({ "mentions": {} }),
            json!({ "mentions": [1] }),
            json!({ "mentions": [null] }),
            json!({ "mentions": ["a", ["b"]] }),
            json!({ "replyToId": 1 }),
            json!({ "timestamp": "yesterday" }),
            json!({ "timestamp": "2024-13-01T12:00:00" }),
            json!({ "timestamp": "2024-05-01T25:00:00" }),
            json!({ "timestamp": 1 }),
            json!({ "messageType": 1 }),
            json!({ "status": 1 }),
            json!({ "isOutgoing": "yes" }),
        ]
        .iter()
        .map(message),
    );
    expect_errors(&mut ann, "message_send", &wrong);
    ben.expect_nothing();
}

#[test]
fn an_invitation_that_the_recipients_model_would_not_take_is_refused() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut ben = server.device(BEN);
    let whole = json!({ "id": "1", "recipientId": BEN, "message": "hello" });
    let mut wrong: Vec<Value> =
        ["id", "recipientId", "message"].map(|field| without(whole.clone(), field)).to_vec();
    for (field, value) in [
        ("id", json!(1)),
        ("recipientId", json!([])),
        ("message", json!(null)),
        ("metadata", json!([1])),
        ("metadata", json!("x")),
        ("createdAt", json!("soon")),
        ("createdAt", json!(1.5)),
        ("expiresAt", json!("never")),
        ("senderName", json!(1)),
    ] {
        let mut data = whole.clone();
        data[field] = value;
        wrong.push(data);
    }
    expect_errors(&mut ann, "invitation_send", &wrong);
    ben.expect_nothing();
}

#[test]
fn the_small_frames_want_their_fields_too() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    expect_errors(&mut ann, "invitation_accept", &[json!({}), json!({ "invitationId": 1 })]);
    expect_errors(&mut ann, "invitation_decline", &[json!({}), json!({ "invitationId": null })]);
    expect_errors(&mut ann, "message_read", &[json!({}), json!({ "messageId": ["1"] })]);
    expect_errors(
        &mut ann,
        "typing_indicator",
        &[
            json!({}),
            json!({ "recipientId": BEN }),
            json!({ "isTyping": true }),
            json!({ "recipientId": BEN, "isTyping": 1 }),
            json!({ "recipientId": BEN, "isTyping": "true" }),
        ],
    );
}

/// `YYYY-MM-DDThh:mm:ss` and what may follow it.
fn is_iso_8601(time: &str) -> bool {
    let shape = time.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    let shape = String::from_utf8(shape.collect()).expect("ASCII for ASCII");
    shape.starts_with("0000-00-00T00:00:00")
}
