//! Realms that are open, and those that are not: their addresses, the pages, the start.

use serde_json::{Value, json};

use crate::harness::{ALICE, Response, Server, Wire, binary};

const MOBILE: &str = "the mobile realm is off at this server";
const SESSION: &str = "the session realm is off at this server";
const ACCOUNT: &str = "the account realm is off at this server";

fn ask(server: &Server, path: &str, more: &str) -> Response {
    server.http(Wire::upgrade_request(path, more))
}

fn plain(server: &Server, method: &str, path: &str) -> Response {
    server.http(format!("{method} {path} HTTP/1.1\r\nHost: switchboard\r\n\r\n"))
}

fn open(server: &Server) -> Value {
    server.get("/").json()["realms"].clone()
}

#[test]
fn by_default_all_realms_are_open_that_there_are() {
    let server = Server::start(&[]);
    assert_eq!(open(&server), json!(["mobile", "session"]));
    assert_eq!(ask(&server, &format!("/ws/{ALICE}"), "").status, 101);
    assert_eq!(ask(&server, "/ws", "").status, 101);
    let off = "accounts are off: start the server with --data DIR";
    plain(&server, "GET", "/users").expect_error(404, off);
    let line =
        server.log().into_iter().find(|line| line.contains(", open: ")).expect("it is logged");
    assert!(
        line.contains("mobile (numbers are NOT verified") && line.contains("session ("),
        "{line}"
    );
    assert!(!line.contains("account"), "{line}");
}

#[test]
fn a_realm_that_is_off_answers_404_at_all_its_addresses() {
    let server = Server::start(&["--realms", "mobile"]);
    assert_eq!(open(&server), json!(["mobile"]));
    assert_eq!(ask(&server, &format!("/ws/{ALICE}"), "").status, 101);
    for path in ["/ws", "/", "/ws?pings=server"] {
        ask(&server, path, "").expect_error(404, SESSION);
    }
    for path in ["/ws?token=x", "/ws/status", "/ws/global/u", "/ws/room/r/u", "/ws/u/t"] {
        ask(&server, path, "").expect_error(404, ACCOUNT);
    }
    ask(&server, "/ws", "Sec-WebSocket-Protocol: switchboard.v1\r\n").expect_error(404, ACCOUNT);
    for path in
        ["/users", "/messages/global", "/logout", "/api/rooms", "/api/unread/u", "/history/u/t"]
    {
        for method in ["GET", "OPTIONS", "DELETE", "POST"] {
            assert_eq!(plain(&server, method, path).status, 404, "{method} {path}");
        }
    }
    let body = "{\"username\":\"somebody\",\"password\":\"secret-one\"}";
    for path in ["/login", "/register"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: switchboard\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        server.http(request).expect_error(404, ACCOUNT);
    }
    for path in ["/health", "/ready", "/metrics", "/stats", "/"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let refused = "switchboard_upgrades_refused_total{reason=\"realm_off\"}";
    assert_eq!(server.metrics()[refused], 9.0);
}

#[test]
fn the_mobile_realm_can_be_the_one_that_is_off() {
    let server = Server::start(&["--realms", "Session"]);
    assert_eq!(open(&server), json!(["session"]));
    assert_eq!(ask(&server, "/ws", "").status, 101);
    for path in [format!("/ws/{ALICE}"), "/ws/12".to_owned()] {
        ask(&server, &path, "").expect_error(404, MOBILE);
    }
    let line =
        server.log().into_iter().find(|line| line.contains(", open: ")).expect("it is logged");
    assert!(!line.contains("mobile"), "{line}");
    // The web client has no door for sessions.
    let page = server.http("GET / HTTP/1.1\r\nHost: switchboard\r\nAccept: text/html\r\n\r\n");
    assert_eq!(page.header("Content-Type"), Some("application/json"));
}

#[test]
fn a_realm_that_there_is_not_is_a_mistake() {
    for (realms, part) in [("mobile,shop", "shop"), (",", "realms"), ("mobile;session", "realms")] {
        let output = binary().args(["--realms", realms]).output().expect("it runs");
        let line = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(part) && line.lines().count() == 1, "{part}: {line}");
    }
    let output = binary().args(["--realms", "account"]).output().expect("it runs");
    let line = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && line.contains("a folder for its users"), "{line}");
}

#[cfg(feature = "accounts")]
#[test]
fn with_the_account_realm_off_the_folder_with_its_data_is_not_opened() {
    let folder = std::env::temp_dir().join(format!("switchboard-realms-{}", std::process::id()));
    let data = folder.to_str().expect("UTF-8");
    let server = Server::start(&["--realms", "mobile,session", "--data", data]);
    assert_eq!(open(&server), json!(["mobile", "session"]));
    assert!(
        server
            .log()
            .iter()
            .any(|line| line.contains("level=warn") && line.contains("--data is not opened"))
    );
    assert!(!folder.exists());
}
