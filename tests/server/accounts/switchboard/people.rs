//! Who is registered, and who is online.

use serde_json::{Value, json};

use super::super::client::Data;
use super::client::Friend;

/// Asks for a page of users. Returns them, those who are online with a plus, and whether there are more.
#[track_caller]
fn users(friend: &mut Friend, mut frame: Value) -> (Vec<String>, bool) {
    frame["type"] = "users".into();
    let answer = friend.ask(frame);
    assert_eq!(answer["type"], "users", "{answer}");
    let users = answer["users"].as_array().expect("a list").iter().map(|user| {
        let plus = if user["online"] == true { "+" } else { "" };
        assert_eq!(user.as_object().map(|fields| fields.len()), Some(2), "{user}");
        format!("{}{plus}", user["name"].as_str().expect("a name"))
    });
    (users.collect(), answer["more"].as_bool().expect("yes or no"))
}

#[test]
fn registered_users_are_found_by_prefix_in_any_case_and_in_their_order() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    for name in ["Adam", "bob", "ADRIAN", "zoë"] {
        server.register(name);
    }
    let all = ["ada+", "Adam", "ADRIAN", "bob", "zoë"].map(str::to_owned).to_vec();
    assert_eq!(users(&mut ada, json!({})), (all.clone(), false));
    assert_eq!(users(&mut ada, json!({ "prefix": "" })), (all.clone(), false));
    assert_eq!(users(&mut ada, json!({ "prefix": "aD" })), (all[..3].to_vec(), false));
    assert_eq!(users(&mut ada, json!({ "prefix": "ZOË" })), (all[4..].to_vec(), false));
    assert_eq!(
        users(&mut ada, json!({ "prefix": "ad", "after": "ada" })),
        (all[1..3].to_vec(), false)
    );
    assert_eq!(users(&mut ada, json!({ "after": "nobody" })), (all[4..].to_vec(), false));
    assert_eq!(users(&mut ada, json!({ "prefix": "x" })), (Vec::new(), false));
    assert_eq!(ada.refused(json!({ "type": "users", "prefix": 5 })), "bad_prefix");
}

#[test]
fn a_list_of_those_online_comes_first_and_then_what_changes() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.join(name));
    let mut full = server.friend_at(&format!("/ws?token={ada}"), &[]);
    full.expect(&json!({ "type": "online_users", "users": ["ada"] }));
    let mut delta = server.friend_at(&format!("/ws?token={ada}&presence=delta"), &[]);
    delta.expect(&json!({ "type": "online_users", "users": ["ada"] }));
    let mut none = server.friend(&ada);
    // A client of another protocol counts, and is listed once.
    let member = server.websocket_chat(&bob);
    let other = server.friend(&bob);
    full.expect(&json!({ "type": "online_users", "users": ["ada", "bob"] }));
    delta.expect(&json!({ "type": "presence", "joined": ["bob"], "left": [], "online": 2 }));
    member.close();
    other.close();
    full.expect(&json!({ "type": "online_users", "users": ["ada"] }));
    delta.expect(&json!({ "type": "presence", "joined": [], "left": ["bob"], "online": 1 }));
    none.expect_silence();
    // A client may ask, and may choose another form.
    none.send(&json!({ "type": "get_online_users" }));
    none.expect(&json!({ "type": "online_users", "users": ["ada"] }));
    none.send(&json!({ "type": "presence", "mode": "delta" }));
    none.expect(&json!({ "type": "online_users", "users": ["ada"] }));
    let _bob = server.friend(&bob);
    none.expect(&json!({ "type": "presence", "joined": ["bob"], "left": [], "online": 2 }));
    none.send(&json!({ "type": "presence", "mode": "loud" }));
    assert_eq!(none.hear()["code"], "bad_mode");
}
