//! `/stats` and `/health` as the clients of this realm read them, and what only the operator sees.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{ANN, BEN, CLEO, patient, settled, sleeper};
use crate::harness::{Response, Server, befriend};

const STATS: [&str; 9] = [
    "activeConnections",
    "totalInvitations",
    "totalConversations",
    "pendingInvitations",
    "activeUsers",
    "total_users",
    "total_messages",
    "active_connections",
    "active_sessions",
];

fn stats_as(server: &Server, authorization: &str) -> Response {
    server.http(format!(
        "GET /stats HTTP/1.1\r\nHost: s\r\nConnection: close\r\nAuthorization: {authorization}\r\n\r\n"
    ))
}

/// Starts a server with this admin token.
fn with_token(token: &str) -> Server {
    // The server reads the file before it logs where it listens. So the file may be removed then.
    let path = format!("{}/token-{}", env!("CARGO_TARGET_TMPDIR"), token);
    fs::write(&path, token).expect("room for it");
    // Otherwise the log would warn of it, and the path has the token.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let server = Server::start(&["--admin-token-file", &path]);
    fs::remove_file(path).expect("it is ours");
    server
}

#[test]
fn stats_have_the_fields_of_both_protocols_and_count() {
    let server = Server::start(&[]);
    let stats = server.get("/stats").json();
    let mut names: Vec<&String> = stats.as_object().expect("an object").keys().collect();
    names.sort();
    let mut expected = STATS.to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected);
    for name in STATS {
        let nothing = if name == "activeUsers" { json!([]) } else { json!(0) };
        assert_eq!(stats[name], nothing, "{name}");
    }

    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    let _tablet = server.device(BEN);
    ann.invite("1", CLEO);
    befriend((&mut ann, ANN), (&mut ben, BEN));
    let stats = server.get("/stats").json();
    for (name, value) in [
        ("activeConnections", 3),
        ("active_connections", 3),
        ("pendingInvitations", 1),
        ("active_sessions", 2),
        ("totalConversations", 1),
    ] {
        assert_eq!(stats[name], value, "{name} in {stats}");
    }
    assert_eq!(stats["activeUsers"], json!([]), "never without the token");
}

#[test]
fn active_users_are_named_only_to_the_bearer_of_the_token() {
    let server = with_token("correct-horse-battery");
    let (_ann, _ben, _tablet) = (server.device(ANN), server.device(BEN), server.device(BEN));
    let users = |response: Response| {
        assert_eq!(response.status, 200);
        response.json()["activeUsers"].clone()
    };
    for wrong in [
        "Bearer wrong",
        "Bearer correct-horse",
        "Bearer correct-horse-battery2",
        "Bearer",
        "Basic correct-horse-battery",
        "correct-horse-battery",
        "Bearer null",
    ] {
        assert_eq!(users(stats_as(&server, wrong)), json!([]), "{wrong}");
    }
    assert_eq!(users(server.get("/stats")), json!([]));
    assert_eq!(users(server.get("/stats?token=correct-horse-battery")), json!([]));
    let mut named: Vec<Value> = users(stats_as(&server, "Bearer correct-horse-battery"))
        .as_array()
        .expect("a list")
        .clone();
    named.sort_by_key(Value::to_string);
    let mut expected = vec![json!(ANN), json!(BEN)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(named, expected, "each once, whatever the number of devices");
}

#[test]
fn without_a_token_file_no_token_opens_anything() {
    let server = Server::start(&[]);
    let _ann = server.device(ANN);
    for authorization in ["Bearer ", "Bearer null", "Bearer \"\""] {
        assert_eq!(stats_as(&server, authorization).json()["activeUsers"], json!([]));
    }
}

#[test]
fn counts_are_public_whatever_listeners_there_are_and_names_are_at_the_operators() {
    let path = format!("{}/token-of-two-listeners", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, "correct-horse").expect("room for it");
    let flags = ["--admin-listen", "127.0.0.1:0", "--admin-token-file", &path];
    let server = Server::start(&flags);
    fs::remove_file(path).expect("it is ours");
    let _ann = server.device(ANN);
    let mut operator = server.admin_wire();
    operator.send("GET /stats HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer correct-horse\r\n\r\n");
    for (stats, users) in [
        (server.get("/stats"), json!([])),
        (stats_as(&server, "Bearer correct-horse"), json!([])),
        (server.admin_get("/stats"), json!([])),
        (operator.response(), json!([ANN])),
    ] {
        assert_eq!((stats.status, &stats.json()["activeUsers"]), (200, &users));
        assert_eq!(stats.json()["active_sessions"], 1);
    }
}

#[test]
fn messages_are_counted_when_they_are_taken_and_a_refused_one_is_none() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    befriend((&mut ann, ANN), (&mut ben, BEN));
    let mut phone = server.quiet("1234567890");
    let before = server.get("/stats").json()["total_messages"].as_u64().expect("a number");
    phone.send(r#"{"type":"message","to":"1234567890","text":"delivered"}"#);
    phone.send(r#"{"type":"message","to":"0000000000","text":"nobody is there"}"#);
    phone.send(r#"{"type":"message","to":"nobody","text":"refused"}"#);
    ann.write("m", BEN, "delivered");
    ben.expect_message("m", ANN, "delivered");
    assert_eq!(settled(&server)["switchboard_messages_refused_total{reason=\"malformed\"}"], 1.0);
    assert_eq!(server.get("/stats").json()["total_messages"], before + 3);
}

/// The fields of a page as PAGES.md has them: the section of the page has one row for each.
#[test]
fn the_document_explains_every_field_of_every_page_and_no_other() {
    let server = Server::start(&[]);
    let document = include_str!("../../../src/turn/pages/PAGES.md");
    for page in ["/", "/health", "/ready", "/stats"] {
        let section = document.split_once(&format!("\n## `GET {page}`\n"));
        let (_, section) = section.unwrap_or_else(|| panic!("no section about {page}"));
        let section = section.split("\n## ").next().expect("a section");
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows = rows.filter(|row| !row.contains("with accounts only"));
        let explained: Vec<String> = rows
            .map(|row| {
                let (name, meaning) = row.split_once("` | ").expect("two cells");
                assert!(meaning.len() > 10, "{page}: {row}");
                name.to_owned()
            })
            .collect();
        // Parsed as JSON the fields would be in another order.
        let text = server.get(page).text();
        let fields: Vec<String> = text
            .split(['{', ','])
            .filter_map(|f| Some(f.strip_prefix('"')?.split_once("\":")?.0.to_owned()))
            .collect();
        assert_eq!(explained, fields, "{page}");
    }
}

#[test]
fn health_counts_every_websocket_and_the_realms_invitations() {
    let server = Server::start(&[]);
    let _phone = server.quiet("1234567890");
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    ann.invite("1", CLEO);
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    let health = server.health();
    assert_eq!(health["connections"], 3);
    assert_eq!((&health["status"], &health["invitations"]), (&"ok".into(), &1.into()));
    assert_eq!(health["conversations"], 1);
    let time = health["timestamp"].as_str().expect("a time");
    assert!(time.ends_with('Z') && time.contains('T'), "{time}");
    assert!(health["uptime_seconds"].is_number() && health["version"].is_string());
}

#[test]
fn the_realms_metrics_count_what_happened() {
    let server = Server::start(&[]);
    let (mut ann, mut ben) = (server.device(ANN), server.device(BEN));
    let mut tablet = server.device(BEN);
    ann.write("1", BEN, "hello");
    ben.expect_message("1", ANN, "hello");
    tablet.expect_message("1", ANN, "hello");
    ben.read("1");
    for status in ["sent", "delivered", "read"] {
        ann.expect_status("1", status);
    }
    ann.write("2", CLEO, "hello");
    ann.say("message_send", &json!({ "id": "3", "recipientId": BEN, "content": 3 }));
    for id in ["4", "5"] {
        ann.invite(id, BEN);
        ben.hear("invitation_received");
    }
    ben.accept("4");
    ben.decline("5");
    ben.decline("5");
    ann.invite("6", ANN);
    ann.invite("7", CLEO);
    super::all_news(&mut ann);
    super::all_news(&mut ben);
    let metrics = settled(&server);
    for (name, value) in [
        ("sessions", 2.0),
        ("session_messages_received_total", 3.0),
        ("session_messages_delivered_total", 1.0),
        ("session_messages_undelivered_total{reason=\"offline\"}", 1.0),
        ("session_messages_refused_total{reason=\"malformed\"}", 1.0),
        ("session_messages_read_total", 1.0),
        ("invitations_pending", 1.0),
        ("invitations_total", 3.0),
        ("invitations_answered_total{outcome=\"accepted\"}", 1.0),
        ("invitations_answered_total{outcome=\"declined\"}", 1.0),
        ("invitations_refused_total{reason=\"own\"}", 1.0),
        // These metrics count both realms together. The other realm has no messages here.
        ("messages_received_total", 3.0),
        ("messages_delivered_total", 1.0),
        ("joins_total", 0.0),
    ] {
        assert_eq!(metrics[&format!("switchboard_{name}")], value, "{name}");
    }
}

#[test]
fn the_ledger_balances_however_devices_end() {
    let server = patient(&["--outbox-bytes", "200KiB"]);
    let mut ann = server.device(ANN);
    let content = "x".repeat(30_000);
    for round in 0..8 {
        let ben = server.device(BEN);
        let tablet = sleeper(&server, BEN);
        for n in 0..20 {
            ann.write(&format!("{round} {n}"), BEN, &content);
            ann.write(&format!("{round} {n} nobody"), CLEO, "hello");
        }
        match round % 4 {
            0 => drop((ben, tablet)),
            1 => ben.phone.reset(),
            2 => tablet.reset(),
            _ => ann.expect_status(&format!("{round} 0"), "sent"),
        }
        super::all_news(&mut ann);
    }
    let metrics = settled(&server);
    assert_eq!(metrics["switchboard_session_messages_received_total"], 320.0);
    assert!(metrics["switchboard_session_messages_undelivered_total{reason=\"offline\"}"] >= 160.0);
}

#[test]
fn nothing_anybody_said_or_is_called_is_logged_or_counted() {
    let server = with_token("token-secret");
    let mut ann = server.device_with(&json!({ "sessionId": "id-secret", "name": "name-secret" }));
    let mut ben = server.device("id-secret-2");
    ann.write("message-secret", "id-secret-2", "content-secret");
    ben.hear("message_received");
    ann.invite("invitation-secret", "id-secret-3");
    ann.phone.send("frame-secret");
    super::all_news(&mut ann);
    for page in ["/metrics", "/health", "/stats", "/ready"] {
        assert!(!server.get(page).text().contains("secret"), "{page}");
    }
    drop((ann, ben));
    assert!(!server.log().iter().any(|line| line.contains("secret")), "{:?}", server.log());
}
