//! What a malicious client may send after it has signed in.

use std::thread;

use super::{ANN, BEN, CLEO, all_news, patient, settled};
use crate::harness::{Server, befriend};

/// A frame with this data as it is written, valid or not.
fn raw(kind: &str, data: &str) -> String {
    format!(r#"{{"type":"{kind}","data":{data}}}"#)
}

#[test]
fn deep_json_is_refused_without_a_deep_stack() {
    let server = patient(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for (open, close, depth) in [("[", "]", 30_000), ("{\"a\":", "}", 10_000)] {
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        ann.phone.send(raw("message_send", &deep));
        ann.expect_error();
        for field in ["metadata", "mentions", "content", "replyToId", "unknown"] {
            ann.phone.send(raw(
                "message_send",
                &format!(r#"{{"id":"1","recipientId":"{CLEO}","content":"x","{field}":{deep}}}"#),
            ));
            all_news(&mut ann);
        }
    }
    // The recipient must survive it too.
    ann.write("2", BEN, "hello");
    ben.expect_message("2", ANN, "hello");
}

#[test]
fn duplicate_keys_are_refused_since_two_readers_might_read_them_differently() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    for data in [
        format!(r#"{{"id":"1","recipientId":"{BEN}","content":"x","content":"y"}}"#),
        format!(r#"{{"id":"1","recipientId":"{BEN}","recipientId":"{CLEO}","content":"x"}}"#),
        format!(r#"{{"id":"1","id":"2","recipientId":"{BEN}","content":"x"}}"#),
    ] {
        ann.phone.send(raw("message_send", &data));
        ann.expect_error();
    }
    ann.phone.send(r#"{"type":"ping","type":"message_read","data":{"messageId":"1"}}"#);
    ann.expect_error();
    ann.phone.send(r#"{"type":"message_read","data":{"messageId":"1"},"data":{"messageId":"2"}}"#);
    ann.expect_error();
    ben.expect_nothing();
}

#[test]
fn an_id_with_a_lone_surrogate_is_refused_and_content_with_one_breaks_nobody() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    let lone = r"\ud83d";
    for data in [
        format!(r#"{{"id":"{lone}","recipientId":"{BEN}","content":"x"}}"#),
        format!(r#"{{"id":"1","recipientId":"{lone}","content":"x"}}"#),
    ] {
        ann.phone.send(raw("message_send", &data));
        ann.expect_error();
    }
    ann.phone.send(raw("message_read", &format!(r#"{{"messageId":"{lone}"}}"#)));
    ann.expect_error();
    ann.phone.send(raw(
        "message_send",
        &format!(r#"{{"id":"2","recipientId":"{BEN}","content":"{lone}"}}"#),
    ));
    // JavaScript's own JSON writes such strings. The server passes one on as it was, or answers with
    // an error.
    let news = all_news(&mut ann);
    ben.phone.send(r#"{"type":"ping"}"#);
    let heard = ben.phone.text();
    if heard.contains("message_received") {
        assert!(heard.contains(lone), "{heard}");
    } else {
        assert_eq!(news[0]["type"], "error");
    }
    let mut stranger = server.stranger("/ws");
    stranger.phone.send(raw("auth", &format!(r#"{{"sessionId":"{lone}"}}"#)));
    stranger.expect_turned_away();
}

#[test]
fn ids_are_compared_after_their_escapes_are_read() {
    let server = Server::start(&[]);
    let mut ben = server.device("b\u{e9}n\"");
    let mut ann = server.device(ANN);
    ann.phone.send(raw(
        "message_send",
        r#"{"id":"\u0031","recipientId":"\u0062\u00e9n\u0022","content":"x"}"#,
    ));
    ben.expect_message("1", ANN, "x");
    ben.phone.send(raw("message_read", r#"{"messageId":"1"}"#));
    for status in ["sent", "delivered", "read"] {
        ann.expect_status("1", status);
    }
}

#[test]
fn ids_that_nobody_can_see_are_refused() {
    let server = Server::start(&[]);
    for id in ["", "\u{0}", "a\u{7}", "a\nb", "\u{7f}", "a\u{85}"] {
        let mut stranger = server.stranger("/ws");
        stranger.say("auth", &serde_json::json!({ "sessionId": id }));
        stranger.expect_turned_away();
    }
}

#[test]
fn of_two_devices_that_answer_at_once_one_wins() {
    let server = Server::start(&[]);
    let mut ann = server.device(ANN);
    let mut devices = [server.device(BEN), server.device(BEN)];
    for round in 0..50 {
        let id = round.to_string();
        ann.invite(&id, BEN);
        let mut errors = 0;
        thread::scope(|scope| {
            let answers = devices.each_mut().map(|device| {
                let id = &id;
                scope.spawn(move || {
                    assert_eq!(device.hear("invitation_received")["id"], **id);
                    device.decline(id);
                    let news = all_news(device);
                    news.iter().filter(|frame| frame["type"] == "error").count()
                })
            });
            errors += answers.into_iter().map(|it| it.join().expect("no panic")).sum::<usize>();
        });
        assert_eq!(errors, 1, "round {round}");
        ann.expect_response(&id, "declined");
        for device in &mut devices {
            all_news(device);
        }
    }
    ann.expect_nothing();
}

#[test]
fn invitations_that_cross_make_one_friendship() {
    let server = Server::start(&["--contact-grace", "0s"]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("a", BEN);
    ben.hear("invitation_received");
    ben.invite("b", ANN);
    ann.hear("invitation_received");
    ben.accept("a");
    ann.expect_response("a", "accepted");
    ann.expect_online(BEN);
    ben.expect_online(ANN);
    ann.accept("b");
    ben.expect_response("b", "accepted");
    ann.expect_nothing();
    ben.expect_nothing();
    ben.close();
    ann.expect_offline(BEN);
    ann.expect_nothing();
}

#[test]
fn garbage_among_good_frames_changes_nothing_about_the_good_ones() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    for n in 0..5 {
        ann.phone.send("\u{0}\u{1}\u{2}");
        ann.write(&n.to_string(), BEN, "hello");
        ann.phone.send(raw("message_send", r#"{"id":"#));
    }
    for n in 0..5 {
        ben.expect_message(&n.to_string(), ANN, "hello");
    }
    let news = all_news(&mut ann);
    let count = |kind: &str| news.iter().filter(|frame| frame["type"] == kind).count();
    assert_eq!((count("error"), count("message_status"), news.len()), (10, 10, 20));
    let metrics = settled(&server);
    assert_eq!(metrics["switchboard_session_messages_delivered_total"], 5.0);
}
