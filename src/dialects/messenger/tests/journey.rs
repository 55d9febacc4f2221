//! What becomes of ids, texts and all other values between one client and another.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::chat::messenger::{Answer, Event as Own, Invitation};
use crate::dialects::messenger::wire::ServerFrame;

/// The frame that the recipient gets for a message.
fn relay(message: &Words<'_>) -> String {
    let taken_at = Duration::ZERO;
    encode(Own::Message { message, from: "ann", taken_at, is_outgoing: false, ticket: None })
}

fn words(frame: &str) -> Words<'_> {
    match command(frame) {
        Command::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

/// The frame of a message with one optional field.
fn message_with(field: &str, json: &str) -> String {
    let must = r#""id":"m-1","recipientId":"bob","content":"Hi!""#;
    format!(r#"{{"type":"message_send","data":{{{must},"{field}":{json}}}}}"#)
}

#[test]
fn an_id_is_the_same_with_escapes_and_without() {
    let pairs = [
        (
            r#"{"type":"message_read","data":{"messageId":"caf\u00e9 \ud83e\udd80 \"\/"}}"#,
            r#"{"type":"message_read","data":{"messageId":"café 🦀 \"/"}}"#,
        ),
        (
            r#"{"type":"auth","data":{"sessionId":"\u00e9","name":"\u00e9"}}"#,
            r#"{"type":"auth","data":{"sessionId":"é","name":"é"}}"#,
        ),
        (
            r#"{"ty\u0070e":"\u0061uth","d\u0061ta":{"session\u0049d":"a"}}"#,
            r#"{"type":"auth","data":{"sessionId":"a"}}"#,
        ),
        (
            r#"{"type":"message_send","data":{"id":"\u00e9","recipientId":"\u00e9","content":""}}"#,
            r#"{"type":"message_send","data":{"id":"é","recipientId":"é","content":""}}"#,
        ),
    ];
    for (escaped, plain) in pairs {
        assert!(!matches!(decode(plain), Incoming::Malformed { .. }), "{plain}");
        assert_eq!(decode(escaped), decode(plain), "{escaped}");
    }
}

#[test]
fn ids_names_and_mentions_are_measured_in_characters_and_may_be_as_long_as_their_limits() {
    let (escaped, plain) = (format!("\"{}\"", r"\u00df".repeat(256)), string_of(256));
    for id in [&escaped, &plain] {
        let read = format!(r#"{{"type":"message_read","data":{{"messageId":{id}}}}}"#);
        assert_eq!(command(&read), Command::Read { message: item(&"ß".repeat(256)) });
        let frame = message_with("replyToId", id);
        assert_eq!(words(&frame).reply_to, Some(id.as_str()));
        let mentions = format!("[{}]", vec![id.as_str(); 256].join(","));
        assert_eq!(words(&message_with("mentions", &mentions)).mentions, Some(mentions.as_str()));
    }
    let (ann, longest) = ("ann", string_of(128));
    let auth = format!(r#"{{"type":"auth","data":{{"sessionId":"{ann}","name":{longest}}}}}"#);
    let Incoming::SignIn(sign_in) = decode(&auth) else { panic!("not a sign-in") };
    assert_eq!(sign_in.name, name(&"ß".repeat(128)));
}

#[test]
fn metadata_may_be_as_long_as_its_limit_and_no_longer() {
    let of_bytes = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    let longest = of_bytes(LIMITS.metadata_bytes);
    assert_eq!(words(&message_with("metadata", &longest)).metadata, Some(longest.as_str()));
    let longer = of_bytes(LIMITS.metadata_bytes + 1);
    let detail = "metadata must not be over 16 KiB";
    let frame = message_with("metadata", &longer);
    assert_eq!(message_flaw(&frame), (detail, Fault::TooLong));
    let frame = format!(
        r#"{{"type":"invitation_send","data":{{"id":"i","recipientId":"b","message":"","metadata":{longer}}}}}"#
    );
    assert_eq!(flaw(&frame), detail);
}

#[test]
fn y_metadata_may_be_nested_to_its_limit_wide_and_full_of_brackets_that_are_text() {
    let levels = LIMITS.metadata_depth;
    let objects = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let lists = format!(r#"{{"a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    let wide = format!(r#"{{"a":[{}[]]}}"#, "[{}],".repeat(2_000));
    let text = format!(r#"{{"{0}\"{0}":"{0}\\","{0}":["\\\"{0}"]}}"#, "[{".repeat(500));
    for metadata in [objects, lists, wide, text] {
        let frame = message_with("metadata", &metadata);
        assert_eq!(words(&frame).metadata, Some(metadata.as_str()));
    }
}

#[test]
fn n_metadata_may_not_be_nested_deeper_than_its_limit() {
    let levels = LIMITS.metadata_depth;
    let detail = "metadata must not be nested over 64 levels deep";
    let objects = format!("{}1{}", r#"{"a":"#.repeat(levels + 1), "}".repeat(levels + 1));
    let lists = format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    // A string that ends in an escaped backslash has ended, and brackets after it count.
    let behind_text =
        format!(r#"{{"]]\"}}\\":{}1{}}}"#, r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let all_that_fits = format!("{}1{}", r#"{"a":"#.repeat(2_700), "}".repeat(2_700));
    for metadata in [objects, lists, behind_text, all_that_fits] {
        let frame = message_with("metadata", &metadata);
        assert_eq!(message_flaw(&frame), (detail, Fault::Malformed));
        let frame = format!(
            r#"{{"type":"invitation_send","data":{{"id":"i","recipientId":"b","message":"","metadata":{metadata}}}}}"#
        );
        assert_eq!(flaw(&frame), detail);
    }
}

#[test]
fn metadata_that_some_client_cannot_decode_is_refused() {
    let cases = [
        (r#"{"a":1e999}"#, "a number must not be over 1.8e308"),
        (r#"{"a":1,"a":-0.0}"#, "a key appears twice"),
        (r#"{"b":[{"a":1,"\u0061":1}]}"#, "a key appears twice"),
        (r#"{"\ud800":1}"#, "a string must not have an unpaired surrogate"),
        (r#"{"a":"\udc00\u0000"}"#, "a string must not have an unpaired surrogate"),
    ];
    for (metadata, detail) in cases {
        let frame = message_with("metadata", metadata);
        assert_eq!(message_flaw(&frame), (detail, Fault::Malformed), "{metadata}");
    }
    let metadata = r#"{"a":1e308,"b":-0.0,"\ud83d\ude00":"\u0000","c":{"a":99999999999999999999}}"#;
    let frame = message_with("metadata", metadata);
    assert_eq!(words(&frame).metadata, Some(metadata));
    assert!(relay(&words(&frame)).contains(metadata));
}

#[test]
fn however_deep_a_frame_is_that_does_not_end_it_is_no_more_than_malformed() {
    let unclosed = format!(r#"{{"type":"message_send","data":{}"#, r#"{"a":["#.repeat(10 * 1024));
    assert_eq!(flaw(&unclosed), "a frame must be one JSON object");
}

#[test]
fn half_a_surrogate_pair_is_refused_in_every_field_that_is_passed_on() {
    let detail = "a string must not have an unpaired surrogate";
    for half in [r#""\ud800""#, r#""x \udc00""#] {
        for field in ["messageType", "status"] {
            let frame = message_with(field, half);
            assert_eq!(message_flaw(&frame), (detail, Fault::Malformed), "{frame}");
        }
        let frame = format!(
            r#"{{"type":"message_send","data":{{"id":"m","recipientId":"b","content":{half}}}}}"#
        );
        assert_eq!(message_flaw(&frame), (detail, Fault::Malformed));
        let frame = format!(
            r#"{{"type":"invitation_send","data":{{"id":"m","recipientId":"b","message":{half}}}}}"#
        );
        assert_eq!(flaw(&frame), detail);
    }
}

#[test]
fn a_content_is_passed_on_to_the_byte() {
    let contents =
        [r#""""#, r#""\ud83e\udd80 \u0000 \/ \u0041""#, "\"\u{7f}\u{2028}🦀\"", r#""\"\\""#];
    for content in contents {
        let frame = format!(
            r#"{{"type":"message_send","data":{{"id":"m","recipientId":"b","content":{content}}}}}"#
        );
        assert_eq!(words(&frame).content, content);
        assert!(relay(&words(&frame)).contains(&format!(r#""content":{content},"#)));
    }
}

/// The JSON of a random string, in one of its many forms: each character is plain or escaped.
fn json_string(characters: impl Strategy<Value = char>) -> impl Strategy<Value = String> {
    prop::collection::vec((characters, any::<bool>()), 1..40).prop_map(|chars| {
        let mut json = String::from("\"");
        for (c, escaped) in chars {
            if escaped {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    json += &format!("\\u{unit:04x}");
                }
            } else {
                let plain = serde_json::to_string(&c).expect("a char has a JSON form");
                json += &plain[1..plain.len() - 1];
            }
        }
        json + "\""
    })
}

fn id() -> impl Strategy<Value = String> {
    json_string(any::<char>().prop_filter("an id is printable", |c| !c.is_control()))
}

fn text() -> impl Strategy<Value = String> {
    json_string(any::<char>())
}

/// Decodes the JSON of a string.
fn said(json: &str) -> String {
    serde_json::from_str(json).expect("the JSON of a string")
}

fn get(field: Option<&RawValue>) -> &str {
    field.expect("every field is there").get()
}

proptest! {
    #[test]
    fn a_message_arrives_with_the_values_that_it_was_sent_with(
        ids in (id(), id(), id()),
        texts in (text(), text(), text()),
        metadata in prop::option::of(text()),
        mentions in prop::option::of(prop::collection::vec(text(), 0..4)),
    ) {
        let ((id, to, reply_to), (content, kind, status)) = (ids, texts);
        let metadata = metadata.map_or("null".to_owned(), |text| format!("{{{text}: [{text}]}}"));
        let mentions = mentions.map_or("null".to_owned(), |list| format!("[{}]", list.join(" ,")));
        let frame = format!(
            r#"{{"data":{{"id":{id},"recipientId":{to},"content":{content},"messageType":{kind},"timestamp":{TIME},"status":{status},"isOutgoing":true,"metadata":{metadata},"replyToId":{reply_to},"mentions":{mentions}}},"type":"message_send"}}"#
        );
        let sent = relay(&words(&frame));
        let received: ServerFrame<'_> = serde_json::from_str(&sent).expect("a frame");
        let data = received.data;
        prop_assert_eq!(said(get(data.id)), said(&id));
        prop_assert_eq!(said(get(data.recipient_id)), said(&to));
        prop_assert_eq!(get(data.content), content);
        prop_assert_eq!(get(data.message_type), kind);
        prop_assert_eq!(get(data.timestamp), TIME);
        prop_assert_eq!(get(data.status), status);
        prop_assert_eq!(data.is_outgoing, Some(false));
        prop_assert_eq!(data.metadata.map_or("null", RawValue::get), metadata);
        prop_assert_eq!(get(data.reply_to_id), reply_to);
        prop_assert_eq!(data.mentions.map_or("null", RawValue::get), mentions);
    }

    #[test]
    fn an_invitation_arrives_with_the_values_that_it_was_sent_with(
        id in id(), to in id(), from_name in text(), text in text(),
    ) {
        let frame = format!(
            r#"{{"type":"invitation_send","data":{{"message":{text},"senderName":{from_name},"recipientId":{to},"id":{id},"metadata":{{}}}}}}"#
        );
        let Command::Invite(invite) = command(&frame) else { panic!("an invitation") };
        let from_name_read = invite.sender_name.as_ref().map(Name::as_str);
        let sent = encode(Own::InvitationReceived(Invitation {
            id: invite.id.as_str(),
            from: "ann",
            from_name: from_name_read.expect("it is short enough"),
            to: invite.to.as_str(),
            text: invite.text,
            answer: Answer::Pending,
            created_at: invite.created_at,
            expires_at: invite.expires_at,
            metadata: invite.metadata,
            taken_at: Duration::ZERO,
            lasts: Duration::ZERO,
        }));
        let received: ServerFrame<'_> = serde_json::from_str(&sent).expect("a frame");
        prop_assert_eq!(said(get(received.data.id)), said(&id));
        prop_assert_eq!(said(get(received.data.recipient_id)), said(&to));
        prop_assert_eq!(said(get(received.data.sender_name)), said(&from_name));
        prop_assert_eq!(get(received.data.message), text);
        prop_assert_eq!(get(received.data.metadata), "{}");
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        decode(&text);
        time::is_time(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_frame_makes_it_panic(
        kind in prop::sample::select(KINDS),
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
    ) {
        decode(&format!(r#"{{"type":"{kind}","data":{{{}"#, pieces.concat()));
        decode(&format!(r#"{{"type":"{kind}","data":{{{}}}}}"#, pieces.join(",")));
    }

    #[test]
    fn nothing_that_looks_like_a_time_makes_it_panic(time in "[0-9:.TZ+-]{0,36}") {
        time::is_time(&time);
        time::is_time(&format!("2026-02-28T{time}"));
    }
}

const KINDS: &[&str] =
    &["auth", "invitation_send", "invitation_accept", "message_send", "message_read"];

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "\"",
    "\\ud800",
    "null",
    " ",
    "\u{0}",
    "é",
    r#""id":"x""#,
    r#""sessionId":"x""#,
    r#""messageId":"\u0000""#,
    r#""recipientId":"\ud83e\udd80""#,
    r#""content":"""#,
    r#""message":"\"""#,
    r#""metadata":{}"#,
    r#""mentions":["",""]"#,
    r#""mentions":[[]]"#,
    r#""timestamp":"2026""#,
    r#""expiresAt":null"#,
    r#""name":"\ud800""#,
];
