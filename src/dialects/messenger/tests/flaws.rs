//! Every flaw of every field, and its sentence.

use serde_json::json;

use super::*;

#[test]
fn what_is_not_one_json_object_is_malformed() {
    let deep = "[".repeat(64 * 1024);
    let frames = [
        "",
        " ",
        "{",
        "hello",
        "null",
        "\"ping\"",
        "[\"ping\"]",
        "[\"ping\",{}]",
        "{}{}",
        "{\"type\":\"ping\"} x",
        "{\"type\":\"ping\",}",
        "\u{feff}{\"type\":\"ping\"}",
        "{\"type\":\"pi\nng\"}",
        "{\"type\":\"message_send\",\"data\":{\"id\":\"x\"}",
        "{\"type\":\"ping\",\"\\ud800\":1}",
        &deep,
    ];
    for frame in frames {
        assert_eq!(flaw(frame), "a frame must be one JSON object", "{frame:.40}");
    }
}

#[test]
fn a_type_that_is_missing_wrong_or_unknown_is_malformed() {
    for frame in ["{}", r#"{"type":null}"#, r#"{"type":5}"#, r#"{"data":{"type":"ping"}}"#] {
        assert_eq!(flaw(frame), "type must be a string");
    }
    for frame in [r#"{"type":""}"#, r#"{"type":"Ping"}"#, r#"{"type":"message_received"}"#] {
        assert_eq!(flaw(frame), "unknown type");
    }
}

#[test]
fn every_frame_but_a_ping_has_data_that_is_an_object() {
    let kinds = [
        "auth",
        "invitation_send",
        "invitation_accept",
        "invitation_decline",
        "message_read",
        "typing_indicator",
    ];
    let others = ["null", "5", "\"{}\"", "[]", r#"["x","x","x",true]"#, r#"{"\udc00":1}"#];
    for data in others.map(|json| format!(r#","data":{json}"#)).iter().chain([&String::new()]) {
        for kind in kinds {
            let frame = format!(r#"{{"type":"{kind}"{data}}}"#);
            assert_eq!(flaw(&frame), "data must be an object", "{frame}");
        }
        let frame = format!(r#"{{"type":"message_send"{data}}}"#);
        let expected = ("data must be an object", Fault::Malformed);
        assert_eq!(message_flaw(&frame), expected, "{frame}");
        let frame = format!(r#"{{"type":"ping"{data}}}"#);
        assert_eq!(decode(&frame), Incoming::Reply(Event::Pong), "{frame}");
    }
}

#[test]
fn a_key_that_means_something_may_appear_only_once() {
    let duplicates = [
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","ty\u0070e":"auth"}"#,
        r#"{"type":"ping","data":{},"data":{}}"#,
        r#"{"type":"auth","data":{"sessionId":"a","sessionId":"a"}}"#,
        r#"{"type":"auth","data":{"sessionId":"a","name":null,"n\u0061me":null}}"#,
        r#"{"type":"invitation_send","data":{"expiresAt":null,"expiresAt":null}}"#,
    ];
    for frame in duplicates {
        assert_eq!(flaw(frame), "a key appears twice", "{frame}");
    }
    let frame = r#"{"type":"message_send","data":{"content":"a","content":"b"}}"#;
    assert_eq!(message_flaw(frame), ("a key appears twice", Fault::Malformed));
}

#[test]
fn a_key_that_means_nothing_is_ignored_however_often() {
    let frame = r#" { "x":1, "data" : {"x":[], "messageId" :"m-1" ,"x":{},"content":7,"content":7} , "type" : "message_read" , "x":2 } "#;
    assert_eq!(command(frame), Command::Read { message: item("m-1") });
}

#[test]
fn every_flaw_of_a_message_is_named_and_entered_in_the_books() {
    let data = json!({"id": "m-1", "recipientId": "bob", "content": "Hi!"});
    let id = "id must be a string of 1 to 256 printable characters";
    let recipient = "recipientId must be a string of 1 to 256 printable characters";
    let reply_to = "replyToId must be a string of 1 to 256 printable characters, or null";
    let half_a_pair = "a string must not have an unpaired surrogate";
    let mentions =
        "mentions must be a list of at most 256 strings of at most 256 characters, or null";
    let (id_too_long, mention_too_long) = (string_of(257), format!("[{}]", string_of(257)));
    let too_many_mentions = format!("[{}]", vec!["\"\""; 257].join(","));
    let ids = ["null", "5", "{}", r#""""#, r#""\ud800""#, r#""a\nb""#, "\"\u{85}\"", &id_too_long];
    let flaws: [(&str, &[Option<&str>], &str); 15] = [
        ("id", &[None], id),
        ("id", &ids.map(Some), id),
        ("recipientId", &[None], recipient),
        ("recipientId", &ids.map(Some), recipient),
        ("senderId", &[Some("5"), Some("{}"), Some("true")], "senderId must be a string"),
        ("content", &[None, Some("null"), Some("5"), Some("[]")], "content must be a string"),
        ("messageType", &[Some("5"), Some("{}")], "messageType must be a string"),
        (
            "timestamp",
            &[Some("5"), Some("\"\""), Some("\"now\""), Some(r#""2026-02-30T00:00:00""#)],
            "timestamp must be an ISO 8601 time",
        ),
        ("status", &[Some("5"), Some("[]")], "status must be a string"),
        ("isOutgoing", &[Some("0"), Some("\"true\"")], "isOutgoing must be true or false"),
        (
            "metadata",
            &[Some("5"), Some("[]"), Some("\"{}\"")],
            "metadata must be an object or null",
        ),
        (
            "replyToId",
            &[Some("5"), Some(r#""""#), Some(r#""\ud800""#), Some(&id_too_long)],
            reply_to,
        ),
        ("mentions", &[Some("5"), Some("{}"), Some("\"bob\""), Some("[5]")], mentions),
        (
            "mentions",
            &[
                Some("[null]"),
                Some(r#"["bob",["eve"]]"#),
                Some(&mention_too_long),
                Some(&too_many_mentions),
            ],
            mentions,
        ),
        ("mentions", &[Some(r#"["\ud800"]"#)], half_a_pair),
    ];
    for (field, values, detail) in flaws {
        for value in values {
            let frame = with("message_send", &data, field, *value);
            assert_eq!(message_flaw(&frame), (detail, Fault::Malformed), "{frame}");
        }
    }
}

#[test]
fn every_flaw_of_an_id_is_named() {
    let invitation = json!({"id": "i-1", "recipientId": "bob", "message": "Hello"});
    let too_long = string_of(257);
    for (kind, data, field) in [
        ("auth", json!({"sessionId": "ann"}), "sessionId"),
        ("invitation_send", invitation.clone(), "id"),
        ("invitation_send", invitation, "recipientId"),
        ("invitation_accept", json!({"invitationId": "i-1"}), "invitationId"),
        ("invitation_decline", json!({"invitationId": "i-1"}), "invitationId"),
        ("message_read", json!({"messageId": "m-1"}), "messageId"),
        ("typing_indicator", json!({"recipientId": "bob", "isTyping": true}), "recipientId"),
    ] {
        let ids = ["null", "5", "{}", r#""""#, r#""\udc00""#, r#""a\u0000b""#, &too_long];
        let expected = format!("{field} must be a string of 1 to 256 printable characters");
        for value in ids.map(Some).into_iter().chain([None]) {
            let frame = with(kind, &data, field, value);
            assert_eq!(flaw(&frame), expected, "{frame}");
        }
    }
}

/// Asserts that each of these values of the field is a flaw with that sentence.
fn assert_flaw(kind: &str, data: &Value, field: &str, values: &[&str], detail: &str) {
    for value in values {
        let frame = with(kind, data, field, Some(value));
        assert_eq!(flaw(&frame), detail, "{frame}");
    }
}

#[test]
fn every_flaw_of_a_sign_in_is_named() {
    let (auth, name_too_long) = (json!({"sessionId": "ann"}), string_of(129));
    let detail = "name must be a string of at most 128 characters, or null";
    assert_flaw("auth", &auth, "name", &["5", "{}", &name_too_long], detail);
    // What is left of 65 emoji that a client cuts to 129 units of UTF-16. Its length is fine.
    let cut = format!(r#""{}\ud83d""#, "😀".repeat(64));
    let detail = "a string must not have an unpaired surrogate";
    assert_flaw("auth", &auth, "name", &[r#""\ud800""#, &cut], detail);
    let longest = format!("{:?}", "😀".repeat(128));
    let frame = with("auth", &auth, "name", Some(&longest));
    assert!(matches!(decode(&frame), Incoming::SignIn(_)));
    let detail = "profilePicture must be a string or null";
    assert_flaw("auth", &auth, "profilePicture", &["5", "{}", "true"], detail);
    let detail = "receipts must be true or false";
    assert_flaw("auth", &auth, "receipts", &["0", "\"\"", "{}"], detail);
}

#[test]
fn every_flaw_of_an_invitation_is_named() {
    let (kind, data) =
        ("invitation_send", json!({"id": "i-1", "recipientId": "bob", "message": "Hello"}));
    let not_strings = ["5", "{}", "[\"x\"]", "false"];
    for field in ["senderId", "senderName", "status", "message"] {
        assert_flaw(kind, &data, field, &not_strings, &format!("{field} must be a string"));
    }
    assert_flaw(kind, &data, "message", &["null"], "message must be a string");
    assert_eq!(flaw(&with(kind, &data, "message", None)), "message must be a string");
    let not_times = ["5", "\"\"", "\"null\"", r#""2026-02-28T24:00""#, r#""\ud800""#];
    let detail = "createdAt must be an ISO 8601 time";
    assert_flaw(kind, &data, "createdAt", &not_times, detail);
    let detail = "expiresAt must be an ISO 8601 time or null";
    assert_flaw(kind, &data, "expiresAt", &not_times, detail);
    let detail = "metadata must be an object or null";
    assert_flaw(kind, &data, "metadata", &["5", "[]", "\"{}\""], detail);
}

#[test]
fn typing_is_true_or_false_and_must_be_said() {
    let (kind, data) = ("typing_indicator", json!({"recipientId": "bob", "isTyping": true}));
    let detail = "isTyping must be true or false";
    assert_flaw(kind, &data, "isTyping", &["null", "1", "\"true\""], detail);
    assert_eq!(flaw(&with(kind, &data, "isTyping", None)), detail);
}

#[test]
fn binary_data_is_not_a_thing_in_this_protocol() {
    assert_eq!(read(Message::Binary(br#"{"type":"ping"}"#)), Incoming::Unacceptable);
}

#[test]
fn an_error_names_the_frame_by_its_id_whatever_else_is_wrong_with_it() {
    let id_of = |frame: &str| match decode(frame) {
        Incoming::Malformed { id, .. } => id.map(String::from),
        other => panic!("not malformed: {other:?}"),
    };
    let frames = [
        r#"{"type":"message_send","data":{"id":"e-2"}}"#,
        r#"{"type":"message_send","data":{"id":"\u0065-2","recipientId":"b","content":7}}"#,
        r#"{"type":"message_send","data":{"id":"e-2","content":"","content":""}}"#,
        r#"{"type":"invitation_send","data":{"id":"e-2","recipientId":"b"}}"#,
        r#"{"type":"shout","data":{"id":"e-2"}}"#,
        r#"{"data":{"id":"e-2"}}"#,
        r#"{"type":"ping","type":"ping","data":{"id":"e-2"}}"#,
        r#"{"type":"typing_indicator","data":{"recipientId":"b","id":"e-2"}}"#,
    ];
    for frame in frames {
        assert_eq!(id_of(frame).as_deref(), Some("e-2"), "{frame}");
    }
    let others = [
        r#"{"type":"message_send","data":{"id":""}}"#,
        r#"{"type":"message_send","data":{"id":5}}"#,
        r#"{"type":"message_send","data":{"id":"\ud800"}}"#,
        r#"{"type":"message_send","data":{"id":"a\n"}}"#,
        r#"{"type":"message_send","data":{"id":"a","id":"a"}}"#,
        r#"{"type":"message_send","data":{"id":"a"},"data":{"id":"a"}}"#,
        r#"{"type":"message_send","id":"a"}"#,
        r#"{"type":"message_send","data":["a"]}"#,
        r#"{"type":"invitation_accept","data":{"id":"a"}}"#,
        r#"{"type":"message_read","data":{"messageId":5,"id":"a"}}"#,
        r#"{"type":"auth","data":{}}"#,
    ];
    for frame in others {
        assert_eq!(id_of(frame), None, "{frame}");
    }
    let too_long = format!(r#"{{"data":{{"id":{}}}}}"#, string_of(257));
    assert_eq!(id_of(&too_long), None);
}
