//! The operator's orders, and what users see of them in each protocol: a notice, and to be sent away.

use serde_json::json;

use super::client::Data;
use super::switchboard::client::to;
use crate::operator::Operated;

/// A text that each protocol has to escape.
const TEXT: &str = "We restart at noon.\n\"Sorry\" <b>🙂</b>";

fn start(data: &Data) -> Operated {
    Operated::start(&["--data", data.path().to_str().expect("UTF-8")])
}

#[test]
fn a_notice_is_in_the_words_of_each_protocol_and_mychat_hears_none() {
    let data = Data::new();
    let server = start(&data);
    let (ada, bob) = (server.newcomer("ada"), server.newcomer("bob"));
    let (mut pair, mut notices) = (ada.pair(&server, &bob), ada.notices(&server));
    let mut chatterbox = server.chatterbox(&server.join("carol"));
    let mut websocket_chat = server.websocket_chat(&server.join("dave"));
    let mut friend = server.new_friend("erin");
    let answer = server.order("/api/notice", &json!({ "text": TEXT }).to_string());
    assert_eq!(answer, json!({ "told": 3, "without_words": 2 }));
    chatterbox.expect(&json!({ "type": "error", "detail": TEXT }));
    websocket_chat.expect(&json!({ "type": "error", "message": TEXT, "detail": TEXT }));
    friend.expect(&json!({ "type": "notice", "text": TEXT }));
    // The next that a page of MyChat hears is what another user writes.
    pair.expect_silence();
    notices.expect_silence();
    let mut other = bob.pair(&server, &ada);
    other.say("hello");
    pair.expect_said("bob", "hello");
    assert_eq!(notices.hear()["type"], "notify");
    // A notice is nobody's message: it is in no history.
    chatterbox.speak("still here");
    chatterbox.expect_message("carol", "still here");
    assert!(server.enter(&server.log_in("carol")).1.iter().all(|said| said["content"] != TEXT));
    let log = server.log().concat();
    assert!(log.contains("action=notice") && !log.contains("noon"), "{log}");
}

#[test]
fn a_user_is_sent_away_from_all_devices_in_every_protocol_and_may_come_back() {
    let data = Data::new();
    let server = start(&data);
    let (ada, bob) = (server.newcomer("ada"), server.newcomer("bob"));
    let (mut pair, mut notices) = (ada.pair(&server, &bob), ada.notices(&server));
    let token = server.log_in("ada");
    let mut chatterbox = server.chatterbox(&token);
    let mut websocket_chat = server.websocket_chat(&server.log_in("ada"));
    let mut friend = server.friend(&server.log_in("ada"));
    let mut bobs = server.friend(&server.log_in("bob"));
    let order = json!({ "account": "ada", "reason": "bye" }).to_string();
    assert_eq!(server.order("/api/disconnect", &order), json!({ "disconnected": 5 }));
    chatterbox.until_close(4005);
    websocket_chat.until_close(4005);
    friend.until_close(4005);
    pair.until_close(4005);
    notices.until_close(4005);
    assert_eq!(server.order("/api/disconnect", &order), json!({ "disconnected": 0 }));
    // What is written to ada meanwhile is stored, and the login is not ended.
    bobs.say(&to("ada"), "are you there?");
    let mut back = server.friend(&token);
    let texts = back.texts(&to("bob"));
    assert_eq!(texts, ["are you there?"]);
    back.say(&to("bob"), "again");
    let strangers = json!({ "account": "nobody at all" }).to_string();
    assert_eq!(server.order("/api/disconnect", &strangers), json!({ "disconnected": 0 }));
}
