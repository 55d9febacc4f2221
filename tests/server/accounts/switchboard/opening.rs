//! The upgrade: by token and by cookie, from pages of every origin and of ours, and what a wrong one is told.

use serde_json::json;

use super::super::client::Data;
use super::client::to_all;
use crate::harness::{Response, Server, Wire};

const V1: &str = "Sec-WebSocket-Protocol: switchboard.v1\r\n";

/// The answer to a request for a WebSocket with these header lines.
#[track_caller]
fn upgrade(server: &Server, path: &str, lines: &str) -> (Wire, Response) {
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(path, lines));
    let answer = wire.response();
    (wire, answer)
}

/// The subprotocol that an upgrade selects. `None`: there is none in the answer.
#[track_caller]
fn selected(server: &Server, path: &str, lines: &str) -> Option<String> {
    let (_, answer) = upgrade(server, path, lines);
    assert_eq!(answer.status, 101, "{path} {lines}: {}", answer.text());
    let all = answer.headers.iter().filter(|(name, _)| name == "Sec-WebSocket-Protocol");
    let all: Vec<&str> = all.map(|(_, value)| value.as_str()).collect();
    assert!(all.len() < 2, "{all:?}");
    all.first().map(|one| (*one).to_owned())
}

#[test]
fn the_subprotocol_is_selected_where_it_is_offered_and_nowhere_else() {
    let data = Data::new();
    let server = data.start_with(&["--echo"]);
    let token = server.join("ada");
    let by_token = format!("/ws?token={token}");
    for offer in [
        "switchboard.v1",
        "switchboard.v1, chat",
        "chat ,\tswitchboard.v1",
        "a\r\nSec-WebSocket-Protocol: switchboard.v1\r\nSec-WebSocket-Protocol: b",
    ] {
        let lines = format!("Sec-WebSocket-Protocol: {offer}\r\n");
        for path in [&*by_token, "/ws"] {
            assert_eq!(
                selected(&server, path, &lines).as_deref(),
                Some("switchboard.v1"),
                "{offer}"
            );
        }
    }
    for offer in ["", "chat", "Switchboard.V1", "switchboard.v2", "switchboard.v11", "switchboard"]
    {
        let lines = format!("Sec-WebSocket-Protocol: {offer}\r\n");
        for path in [&*by_token, "/ws"] {
            assert_eq!(selected(&server, path, &lines), None, "{offer}");
        }
    }
    for path in [&*by_token, "/ws", "/", "/echo"] {
        assert_eq!(selected(&server, path, ""), None, "{path}");
    }
    for path in ["/", "/echo", "/ws/1234567890"] {
        assert_eq!(selected(&server, path, V1), None, "{path}");
    }
}

#[test]
fn a_token_lets_pages_of_every_origin_in_and_no_cookie_counts_beside_it() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    for origin in ["null", "https://evil.example", "http://switchboard"] {
        let headers = [("Origin", origin.to_owned())];
        server.friend_at(&format!("/ws?token={token}"), &headers).close();
    }
    let headers = [("Cookie", format!("session={token}"))];
    let mut phone = server.visit_with("/ws?token=x", "switchboard.v1", &headers);
    phone.expect_close(4001, "Invalid or expired session token");
}

#[test]
fn the_cookie_of_a_login_lets_our_own_pages_in_and_listed_ones() {
    let data = Data::new();
    let server = data.start_with(&["--allow-origin", "https://app.example"]);
    let ada = server.newcomer("ada");
    let cookie = format!("session={}", ada.cookie("session").expect("signed in"));
    let mut devices = Vec::new();
    for origin in
        [None, Some("https://app.example"), Some(&*format!("http://{}", server.address()))]
    {
        let mut headers = vec![("Cookie", cookie.clone())];
        headers.extend(origin.map(|origin| ("Origin", origin.to_owned())));
        let device = server.friend_at("/ws?presence=none", &headers);
        assert_eq!(device.name(), "ada");
        devices.push(device);
    }
    for origin in ["https://evil.example", "null"] {
        let lines = format!("{V1}Cookie: {cookie}\r\nOrigin: {origin}\r\n");
        let (_, answer) = upgrade(&server, "/ws", &lines);
        assert_eq!(answer.status, 403, "{origin}: {}", answer.text());
        assert_eq!(answer.header("Sec-WebSocket-Protocol"), None);
    }
}

#[test]
fn a_client_without_a_valid_login_is_told_so_by_a_close_code() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let nobody = "0".repeat(64);
    for path in ["/ws?token=", "/ws?token=x", &*format!("/ws?token={nobody}"), "/ws"] {
        let mut phone = server.visit_with(path, "switchboard.v1", &[]);
        phone.expect_close(4001, "Invalid or expired session token");
    }
    let mut device = server.friend(&token);
    server.log_out(&token);
    device.until_close(4001);
    let path = format!("/ws?token={token}");
    server
        .visit_with(&path, "switchboard.v1", &[])
        .expect_close(4001, "Invalid or expired session token");
}

#[test]
fn without_accounts_there_is_nothing_at_the_address() {
    let server = Server::start(&[]);
    for path in ["/ws", "/ws?token=x"] {
        let (_, answer) = upgrade(&server, path, V1);
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
}

#[test]
fn the_query_says_how_a_client_hears_who_is_online() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let list = json!({ "type": "online_users", "users": ["ada"] });
    for query in ["", "&presence=full", "&presence=delta"] {
        let mut device = server.friend_at(&format!("/ws?token={token}{query}"), &[]);
        device.expect(&list);
    }
    let mut device = server.friend_at(&format!("/ws?token={token}&presence=none"), &[]);
    device.expect_silence();
    let (_, answer) = upgrade(&server, &format!("/ws?token={token}&presence=loud"), V1);
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json(), json!({ "detail": "presence is one of full, delta and none" }));
}

#[test]
fn a_user_has_a_limit_of_connections() {
    let data = Data::new();
    let server = data.start();
    let token = server.join("ada");
    let devices: Vec<_> = (0..32).map(|_| server.friend(&token)).collect();
    let path = format!("/ws?token={token}");
    let mut one_more = server.visit_with(&path, "switchboard.v1", &[]);
    one_more.expect_close(4008, "too many connections of one person");
    drop(devices);
}

#[test]
fn a_login_by_form_and_one_by_json_are_the_same_user() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.new_friend("ada");
    let browser = server.returner("ada");
    let cookie = format!("session={}", browser.cookie("session").expect("signed in"));
    let mut other = server.friend_at("/ws?presence=none", &[("Cookie", cookie)]);
    let mid = ada.say(&to_all(), "from my phone");
    assert_eq!(other.expect_said("ada", &to_all(), "from my phone"), mid);
}
