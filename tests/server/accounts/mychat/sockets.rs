//! Who may open which socket, and who is online.

use serde_json::{Value, json};

use super::super::client::Data;
use super::browser::{Browser, Socket, error, open};
use crate::harness::Server;

const OWN: &str = "Origin: http://switchboard\r\n";

/// The addresses of all sockets for this user, with this other user and room.
fn addresses(user: &str, other: &str, room: &str) -> [String; 4] {
    [
        format!("/ws/{user}/{other}"),
        format!("/ws/global/{user}"),
        "/ws/status".to_owned(),
        format!("/ws/room/{room}/{user}"),
    ]
}

#[track_caller]
fn refusal(server: &Server, path: &str, lines: &str, status: u16) -> String {
    match open(server, path, lines) {
        Ok(_) => panic!("it was opened: {path} {lines}"),
        Err(answer) => match answer.json().get("error") {
            Some(_) => error(&answer, status),
            None => {
                assert_eq!(answer.status, status, "{path} {lines}: {}", answer.text());
                answer.json()["detail"].as_str().expect("a sentence").to_owned()
            }
        },
    }
}

#[test]
fn a_cookie_or_a_token_opens_a_socket_and_nothing_else_does() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let token = ada.cookie("session").expect("signed in").to_owned();
    for path in addresses(&ada.id(), &bob.id(), &room) {
        for lines in [ada.line(), ada.line() + OWN] {
            assert!(open(&server, &path, &lines).is_ok(), "{path} {lines}");
        }
        let with_token = format!("{path}?token={token}");
        assert!(open(&server, &with_token, OWN).is_ok(), "{path}");
        // The token decides where there are both, since the cookie may be an old one.
        let old = format!("Cookie: session={}\r\n", "0".repeat(64));
        assert!(open(&server, &with_token, &old).is_ok(), "{path}");
        assert!(open(&server, &format!("{path}?token=x"), &ada.line()).is_ok(), "{path}");
        let wrong = format!("{path}?token={}", "0".repeat(64));
        refusal(&server, &wrong, &ada.line(), 401);
        for (path, lines) in [
            (path.clone(), String::new()),
            (path.clone(), "Cookie: session=\r\n".to_owned()),
            (path.clone(), format!("Cookie: session={}\r\n", "0".repeat(64))),
            (path.clone(), format!("Cookie: session={}\r\n", &token[1..])),
            (path.clone(), format!("Cookie: session={}\r\n", token.to_uppercase())),
            (path.clone(), format!("Cookie: Session={token}; user_id={}\r\n", ada.id())),
            (path.clone(), format!("Cookie: session={token}; session=x\r\n")),
            (path.clone(), format!("Authorization: Bearer {token}\r\n")),
            (format!("{path}?token="), String::new()),
            (format!("{path}?token={}", "0".repeat(64)), String::new()),
        ] {
            let sentence = refusal(&server, &path, &lines, 401);
            assert_eq!(sentence, "Invalid or expired session token", "{path} {lines}");
        }
    }
}

#[test]
fn the_user_in_the_path_has_to_be_the_one_who_is_signed_in() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    ada.add(&server, &room, &bob);
    let sentence = "the user in the path is not the one who is signed in";
    for user in [bob.id().as_str(), "nobody", "", "00000000-0000-4000-8000-000000000000"] {
        let [pair, notices, _, in_room] = addresses(user, &ada.id(), &room);
        for path in [pair, notices, in_room] {
            assert_eq!(refusal(&server, &path, &ada.line(), 403), sentence, "{path}");
            let token = ada.cookie("session").expect("signed in");
            assert_eq!(refusal(&server, &format!("{path}?token={token}"), "", 403), sentence);
        }
    }
    let capitals = ada.id().to_uppercase();
    assert!(open(&server, &format!("/ws/global/{capitals}"), &ada.line()).is_ok(), "the same id");
}

#[test]
fn a_page_of_a_foreign_origin_opens_no_socket_whatever_it_knows() {
    let data = Data::new();
    let server = data.start_with(&["--allow-origin", "https://app.example"]);
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let token = ada.cookie("session").expect("signed in").to_owned();
    for path in addresses(&ada.id(), &bob.id(), &room) {
        for origin in
            ["https://evil.example", "null", "file://", "https://app.example.evil.example"]
        {
            let lines = format!("Origin: {origin}\r\n");
            refusal(&server, &path, &(ada.line() + &lines), 403);
            refusal(&server, &format!("{path}?token={token}"), &lines, 403);
        }
        let listed = ada.line() + "Origin: https://app.example\r\n";
        assert!(open(&server, &path, &listed).is_ok(), "{path}");
    }
}

#[test]
fn a_plain_request_is_told_to_upgrade() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.newcomer("ada");
    let id = ada.id();
    for path in addresses(&id, &id, &id) {
        assert_eq!(ada.get(&server, &path).status, 426, "{path}");
        let answer = ada.post_nothing(&server, &path);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, OPTIONS")), "{path}");
    }
}

#[test]
fn who_is_no_member_and_a_conversation_with_nobody_are_closed_at_once() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let room = ada.create_room(&server, "garden");
    let unknown = "00000000-0000-4000-8000-000000000000";
    for room in [room.as_str(), unknown, "none", ""] {
        bob.room(&server, room).expect_close(1008);
    }
    for other in [unknown, "none", ""] {
        bob.open(&server, &format!("/ws/{}/{other}", bob.id())).expect_close(1008);
    }
}

#[test]
fn a_logout_closes_all_sockets_of_that_session() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let other = server.returner("ada");
    let room = ada.create_room(&server, "garden");
    let mut sockets: Vec<Socket> =
        addresses(&ada.id(), &bob.id(), &room).iter().map(|path| ada.open(&server, path)).collect();
    sockets[2].hear();
    let mut stays = other.pair(&server, &bob);
    ada.get(&server, "/logout");
    sockets[2].until_close(4001);
    for socket in [0, 1, 3] {
        sockets[socket].expect_close(4001);
    }
    stays.expect_silence();
}

/// The list of a status socket, as pairs of a name and whether that user is online.
fn who(socket: &mut Socket) -> Vec<(String, bool)> {
    let Value::Array(list) = socket.hear() else { panic!("a bare list") };
    list.iter()
        .map(|one| {
            assert_eq!(one.as_object().map(|fields| fields.len()), Some(3), "{one}");
            assert_eq!(one["id"].as_str().map(str::len), Some(36), "{one}");
            let name = one["name"].as_str().expect("a name").to_owned();
            (name, one["online"].as_bool().expect("true or false"))
        })
        .collect()
}

#[test]
fn the_status_is_everybody_at_once_and_again_on_each_change() {
    let data = Data::new();
    let server = data.start();
    let [ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let mut status = ada.open(&server, "/ws/status");
    let list = |states: &[(&str, bool)]| -> Vec<(String, bool)> {
        states.iter().map(|(name, online)| ((*name).to_owned(), *online)).collect()
    };
    assert_eq!(who(&mut status), list(&[("ada", true), ("bob", false)]), "its reader included");
    let first = bob.notices(&server);
    assert_eq!(who(&mut status), list(&[("ada", true), ("bob", true)]));
    // A second socket of a user changes nothing; the end of the last one does.
    let mut second = bob.pair(&server, &ada);
    second.say("hello");
    second.expect_said("bob", "hello");
    drop(first);
    drop(second);
    assert_eq!(who(&mut status), list(&[("ada", true), ("bob", false)]));
    // Clients of the other protocols are users like all others.
    let token = server.log_in("bob");
    let chatter = server.chatterbox(&token);
    assert_eq!(who(&mut status), list(&[("ada", true), ("bob", true)]));
    chatter.close();
    assert_eq!(who(&mut status), list(&[("ada", true), ("bob", false)]));
    // So is a user who registers.
    let eve = server.newcomer("eve");
    let _socket = eve.notices(&server);
    let mut last = who(&mut status);
    while last.len() < 3 || !last[2].1 {
        last = who(&mut status);
    }
    assert_eq!(last, list(&[("ada", true), ("bob", false), ("eve", true)]));
}

#[test]
fn a_private_message_crosses_to_the_other_protocols_and_back() {
    let data = Data::new();
    let server = data.start();
    let [mut ada, bob] = ["ada", "bob"].map(|name| server.newcomer(name));
    let mut page = ada.pair(&server, &bob);
    let mut notices = ada.notices(&server);
    let token = server.log_in("bob");
    let mut chat = server.websocket_chat(&token);
    page.say("from the page");
    page.expect_said("ada", "from the page");
    chat.expect_chat("ada", Some("bob"), "from the page");
    chat.chat(Some("ada"), "from the chat");
    chat.expect_chat_sent(("bob", "ada"), "from the chat", true);
    page.expect_said("bob", "from the chat");
    let mut notice = notices.hear();
    notice["time"].take();
    let expected = json!({
        "type": "notify", "from_id": bob.id(), "from_name": "bob", "text": "from the chat",
        "time": null,
    });
    assert_eq!(notice, expected);
    // What is said to everybody has no place in this protocol.
    chat.chat(None, "to all");
    chat.expect_chat("bob", None, "to all");
    page.expect_silence();
    notices.expect_silence();
    let id = ada.id();
    let unread = ada.read(&server, &format!("/api/unread/{id}"));
    assert_eq!(unread, json!({ bob.id(): 1 }));
}

#[test]
fn without_a_folder_for_data_every_address_of_the_protocol_says_so() {
    let server = Server::start(&[]);
    let id = "00000000-0000-4000-8000-000000000000";
    let sentence = "accounts are off: start the server with --data DIR";
    let lines = format!("Cookie: session={}\r\n", "0".repeat(64));
    for path in addresses(id, id, id) {
        assert_eq!(refusal(&server, &path, &lines, 404), sentence, "{path}");
    }
    let mut browser = Browser::default();
    browser.set_cookie("session", &"0".repeat(64));
    for (method, path) in super::attacks::addresses(id, id, id) {
        let answer = super::attacks::ask(&mut browser, &server, (method, &path));
        assert_eq!(error(&answer, 404), sentence, "{method} {path}");
    }
}
