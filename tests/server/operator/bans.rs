//! Bans by the operator's API, and by `switchboard ctl`: in effect at once, and in the file if there is one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;
use serde_json::json;

use super::Operated;
use super::ctl::ctl;
use crate::bans::BANNED;
use crate::configuration::Temporary;
use crate::harness::{ALICE, Server, Wire, eventually};

fn knock(server: &Server, mobile: &str) -> u16 {
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws/{mobile}?presence=none"), ""));
    wire.response().status
}

#[test]
fn a_ban_is_in_effect_at_once_and_can_be_seen_and_lifted() {
    let server = Operated::start(&[]);
    let mut alice = server.quiet(ALICE);
    let mut bob = server.device("bob");
    let body = format!(r#"{{"number":"{ALICE}","until":"2999-12-31T23:59:59Z","why":"spam"}}"#);
    let changed = server.order("/api/bans", &body);
    assert_eq!(changed, json!({ "was_banned": false, "bans": 1, "kept": false }));
    alice.expect_close(4003, BANNED);
    assert_eq!(knock(&server, ALICE), 403);
    server.order("/api/bans", r#"{"session":"bob"}"#);
    bob.expect_close(4003);
    let all = server.ask("/api/bans").json();
    let number = json!({
        "kind": "number", "who": ALICE, "until": "2999-12-31T23:59:59Z", "why": "spam"
    });
    let session = json!({ "kind": "session", "who": "bob", "until": null, "why": "" });
    assert_eq!(all, json!({ "bans": [number, session], "total": 2 }));
    let lifted = server.request("DELETE", &format!("/api/bans?number={ALICE}"), "");
    assert_eq!(lifted.json(), json!({ "was_banned": true, "bans": 1, "kept": false }));
    assert_eq!(knock(&server, ALICE), 101);
    let again = server.request("DELETE", &format!("/api/bans?number={ALICE}"), "");
    assert_eq!(again.json()["was_banned"], false);
    let log = server.log();
    let says = |words: &str| log.iter().any(|line| line.contains(words));
    assert!(
        says("action=ban") && says("action=unban") && !says(ALICE) && !says("spam"),
        "{log:#?}"
    );
}

#[test]
fn a_wrong_order_bans_nobody_and_says_what_is_wrong() {
    let server = Operated::start(&[]);
    for (body, why) in [
        ("{}", "give one of number, session, account and address"),
        (r#"{"number":"0123456789","session":"x"}"#, "give one of number"),
        (r#"{"number":"123"}"#, "a mobile number has 10 to 32 digits"),
        (r#"{"address":"0.0.0.0/0"}"#, "it is everybody"),
        (r#"{"address":"2001:db8::1"}"#, "write 2001:db8::/64"),
        (r#"{"account":"x"}"#, "not the name of a user"),
        (r#"{"number":"0123456789","until":"tomorrow"}"#, "a time looks like"),
        (r#"{"number":"0123456789","until":"2020-01-01"}"#, "until is in the past"),
        (r#"{"number":"0123456789","until":"1970-01-01T00:00:00Z"}"#, "until is in the past"),
        (r#"{"number":"0123456789","untill":"2999-01-01"}"#, "unknown field"),
        ("[]", "one JSON object"),
    ] {
        let answer = server.post("/api/bans", body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert!(answer.text().contains(why), "{body}: {}", answer.text());
    }
    let long = format!(r#"{{"number":"0123456789","why":"{}"}}"#, "x".repeat(201));
    assert!(server.post("/api/bans", &long).text().contains("at most 200 bytes"));
    for query in ["", "?number=0123456789&number=0123456788", "?number=0123456789&until=2999-01-01"]
    {
        assert_eq!(
            server.request("DELETE", &format!("/api/bans{query}"), "").status,
            400,
            "{query}"
        );
    }
    assert_eq!(server.ask("/api/bans").json(), json!({ "bans": [], "total": 0 }));
    let mut stranger = server.admin_wire();
    stranger.send("DELETE /api/bans?number=0123456789 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(stranger.response().status, 401);
    assert_eq!(server.get("/api/bans").status, 404, "it is at the operator's listener alone");
}

#[test]
fn with_a_file_a_ban_survives_a_reload_and_a_restart() {
    let file = Temporary::new("# ours\nnumber 0123456789 # old\n");
    let flags = ["--bans-file", file.text()];
    let mut server = Operated::start(&flags);
    let body = format!(r#"{{"number":"{ALICE}","why":"spam # and more"}}"#);
    assert_eq!(server.order("/api/bans", &body)["kept"], true);
    server.request("DELETE", "/api/bans?number=0123456789", "");
    let expected = format!("# ours\nnumber {ALICE} # spam # and more\n");
    let text = || fs::read_to_string(file.path()).expect("it is ours");
    eventually("it is in the file", || (text() == expected).then_some(()));
    let mode = fs::metadata(file.path()).expect("it is ours").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "as it was");
    server.server.signal(Signal::SIGHUP);
    eventually("it is read", || {
        server.log().iter().any(|line| line.contains("reloaded: there is 1 ban")).then_some(())
    });
    assert_eq!((knock(&server, ALICE), knock(&server, "0123456789")), (403, 101));
    // The last order before the end is not lost.
    server.order("/api/bans", r#"{"address":"127.0.0.9","until":"2999-01-01"}"#);
    server.server.signal(Signal::SIGTERM);
    assert_eq!(server.server.ended().code(), Some(0));
    let line = "address 127.0.0.9/32 until=2999-01-01T00:00:00Z\n";
    assert_eq!(text(), format!("{expected}{line}"));
    let server = Operated::start(&flags);
    assert_eq!(
        (knock(&server, ALICE), server.ask("/api/bans").json()["total"].as_u64()),
        (403, Some(2))
    );
}

/// Orders and reloads at the same time: no ban of the API is lost, in memory or in the file.
#[test]
fn orders_during_reloads_are_not_lost() {
    let file = Temporary::new("");
    let server = Operated::start(&["--bans-file", file.text()]);
    for n in 0..50 {
        server.server.signal(Signal::SIGHUP);
        server.order("/api/bans", &format!(r#"{{"number":"{n:010}"}}"#));
        assert_eq!(knock(&server, &format!("{n:010}")), 403, "{n}");
    }
    eventually("all are in the file", || {
        let text = fs::read_to_string(file.path()).expect("it is ours");
        (text.lines().count() == 50).then_some(())
    });
    assert_eq!(server.ask("/api/bans").json()["total"], 50);
}

#[test]
fn a_file_that_cannot_be_written_is_said_and_the_ban_holds() {
    let folder = std::env::temp_dir().join(format!("switchboard-bans-{}", std::process::id()));
    fs::create_dir(&folder).expect("nobody else has it");
    let path = folder.join("bans");
    fs::write(&path, "").expect("it is ours");
    let server = Operated::start(&["--bans-file", path.to_str().expect("UTF-8")]);
    // root may write everywhere, but not in place of a folder that is not empty.
    fs::create_dir_all(folder.join("bans.tmp/in the way")).expect("it is ours");
    fs::set_permissions(&folder, Permissions::from_mode(0o500)).expect("it is ours");
    server.order("/api/bans", &format!(r#"{{"number":"{ALICE}"}}"#));
    eventually("the log says so", || {
        let is_it =
            |line: &String| line.contains("level=error") && line.contains("could not be written");
        server.log().iter().any(is_it).then_some(())
    });
    assert_eq!(knock(&server, ALICE), 403);
    // A reload reads a file without the ban, which holds even so.
    server.server.signal(Signal::SIGHUP);
    eventually("it is read", || {
        server.log().iter().any(|line| line.contains("reloaded: there is 1 ban")).then_some(())
    });
    assert_eq!(knock(&server, ALICE), 403);
    // Once it can be written, the next change brings all.
    fs::remove_dir_all(folder.join("bans.tmp")).expect("it is ours");
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("it is ours");
    server.order("/api/bans", r#"{"number":"0000000002"}"#);
    eventually("all are in the file", || {
        let text = fs::read_to_string(&path).expect("it is ours");
        (text == format!("number {ALICE}\nnumber 0000000002\n")).then_some(())
    });
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("it is ours");
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn bans_from_the_command_line() {
    let server = Operated::start(&[]);
    let told = |args: &[&str]| {
        let (code, out, err) = ctl(&server, args);
        assert_eq!((code, &*err), (0, ""), "{args:?}");
        out
    };
    assert_eq!(told(&["bans"]), "nobody is banned\n");
    let forgotten = ", until the server ends: it has no --bans-file\n";
    let out = told(&["ban", "session", "two words/&", "--until", "2999-01-01", "--why", "spam"]);
    assert_eq!(out, format!("banned{forgotten}"));
    told(&["ban", "address", "10.0.0.0/8"]);
    let all = "address 10.0.0.0/8\nsession \"two words/&\" until=2999-01-01T00:00:00Z # spam\n";
    assert_eq!(told(&["bans"]), all);
    assert_eq!(told(&["unban", "session", "two words/&"]), format!("the ban is lifted{forgotten}"));
    assert_eq!(told(&["unban", "session", "two words/&"]), "there was no such ban\n");
    assert_eq!(told(&["bans"]), "address 10.0.0.0/8\n");
    // What is listed is a line of a bans file: no more is escaped than such a line escapes.
    told(&["ban", "session", "e\u{301} \"\\"]);
    assert!(told(&["bans"]).ends_with("session \"e\u{301} \\\"\\\\\"\n"), "{}", told(&["bans"]));
    let (code, _, err) = ctl(&server, &["ban", "number", "12"]);
    assert!(code == 1 && err.contains("10 to 32 digits"), "{err}");
    let before = told(&["bans"]);
    let (code, out, err) =
        ctl(&server, &["ban", "session", "two words/&", "--until", "2020-02-29T12:00:00Z"]);
    assert!((code, &*out) == (1, "") && err.contains("until is in the past"), "{out}{err}");
    assert_eq!(told(&["bans"]), before, "a ban that is refused changes none");
}
