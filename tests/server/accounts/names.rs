//! Names of users and of rooms: no character in one may mislead a page or a reader.

use serde_json::json;

use super::client::{Data, PASSWORD, credentials};

/// Each control (C0, DEL, C1), and each character that changes the direction of a text (Unicode Standard
/// Annex 9).
fn disguises() -> impl Iterator<Item = char> {
    let controls = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
    let marks = ['\u{61c}', '\u{200e}', '\u{200f}'];
    controls.chain(marks).chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}')
}

/// This character at the start, in the middle and at the end of a name. White space at either end is no part
/// of a name, also if it is a control.
fn with(disguise: char) -> Vec<String> {
    let mut names = vec![format!("an{disguise}na")];
    if !disguise.is_whitespace() {
        names.extend([format!("{disguise}anna"), format!("anna{disguise}")]);
    }
    names
}

#[test]
fn a_name_with_a_control_or_a_mark_of_direction_is_refused_wherever_that_stands() {
    let data = Data::new();
    let server = data.start();
    let sentence = "Username has a character that is not allowed";
    let mut tried = 0;
    for name in disguises().flat_map(with) {
        let answer = server.post("/register", &credentials(&name, PASSWORD));
        answer.expect_error(400, sentence);
        tried += 1;
    }
    assert!(tried > 200, "{tried}");
    // Such white space is removed, as a space is.
    assert_eq!(server.register("\u{85}\tanna\r\n")["username"], "anna");
    for name in ["anna", "\nANNA\n"] {
        let answer = server.post("/register", &credentials(name, PASSWORD));
        answer.expect_error(400, "User already exists");
    }
}

#[test]
fn a_room_has_no_such_character_in_its_name_either() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let lines = format!("Cookie: session={token}\r\nContent-Type: application/json\r\n");
    let create = |name: &str| {
        let body = json!({ "name": name }).to_string();
        server.post_with("/api/rooms/create", &lines, &body)
    };
    for name in disguises().flat_map(with) {
        let answer = create(&name);
        let body = answer.json();
        assert_eq!(answer.status, 400, "{name:?}");
        let sentence = "the name of a room has 1 to 64 characters, and no control characters";
        assert_eq!(body, json!({ "error": sentence, "detail": sentence }), "{name:?}");
    }
    assert_eq!(create("\u{85}\tanna\r\n").json()["name"], "anna");
}

#[test]
fn a_name_that_looks_like_that_of_a_deleted_user_is_never_given_again() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("Zo\u{eb}");
    data.tool(&["user", "delete", "Zo\u{eb}"]);
    crate::harness::eventually("the server has noticed", || {
        (server.get_as(&token, "/users").status == 401).then_some(())
    });
    // The same, other case, and the accent as a character of its own (Unicode composition).
    let names = ["Zo\u{eb}", "ZO\u{cb}", "zoe\u{308}"];
    for name in names {
        let answer = server.post("/register", &credentials(name, PASSWORD));
        answer.expect_error(400, "User already exists");
    }
    drop(server);
    let server = data.start();
    for name in names {
        let answer = server.post("/register", &credentials(name, PASSWORD));
        answer.expect_error(400, "User already exists");
    }
    server.register("Zoe");
}
