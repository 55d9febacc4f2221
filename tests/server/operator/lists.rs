//! What is connected: counts, pages of connections, and who is online.

use serde_json::{Value, json};

use super::{Operated, upgraded};
use crate::harness::{ALICE, BOB, CAROL, Wire, frame, message};

#[test]
fn the_status_counts_by_realm_protocol_and_age() {
    let server = Operated::start(&["--echo", "--max-connections", "50"]);
    let _phones = [server.quiet(ALICE), server.quiet(BOB)];
    let _device = server.device("ada");
    let mut nobody = server.wire();
    nobody.upgrade("/echo");
    let status = server.ask("/api/status").json();
    assert_eq!(status["realms"], json!({"mobile": 2, "session": 1, "none": 1}));
    assert_eq!(status["dialects"], json!({"sca": 2, "messenger": 1, "echo": 1}));
    assert_eq!(status["ages"], json!({"under_1m": 4, "under_1h": 0, "under_1d": 0, "over_1d": 0}));
    assert_eq!((&status["status"], &status["connections"]), (&json!("ok"), &json!(4)));
    assert_eq!(
        (&status["max_connections"], &status["version"]),
        (&json!(50), &json!(env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn a_connection_is_listed_with_its_person_its_address_and_its_tag() {
    let server = Operated::start(&[]);
    let mut alice = server.wire_from([127, 3, 0, 1]);
    alice.upgrade(&format!("/ws/{ALICE}?presence=none"));
    let mut bob = server.quiet(BOB);
    bob.send(message(ALICE, "hello"));
    assert!(alice.frame_is_text(r#"{"type":"message","from":"0000000002","text":"hello"}"#));
    let page = server.ask("/api/connections").json();
    assert_eq!(page["next"], Value::Null);
    let [one, two] = &page["connections"].as_array().expect("a list")[..] else { panic!("{page}") };
    assert_eq!((&one["realm"], &one["id"]), (&json!("mobile"), &json!(ALICE)));
    assert_eq!((&one["dialect"], &one["address"]), (&json!("sca"), &json!("127.3.0.1")));
    assert_eq!((&one["messages_in"], &one["messages_out"]), (&json!(0), &json!(1)));
    assert_eq!((&two["id"], &two["messages_in"]), (&json!(BOB), &json!(1)));
    // The tag is the one that the log will have.
    let tag = one["who"].as_str().expect("a tag").to_owned();
    let order = json!({"connection": one["connection"]});
    assert_eq!(server.order("/api/disconnect", &order.to_string())["disconnected"], 1);
    crate::harness::eventually("the log has the tag", || {
        server.log().into_iter().find(|line| line.contains(&format!("who={tag}")))
    });
}

#[test]
fn pages_of_connections_have_everybody_once() {
    let server = Operated::start(&[]);
    let _crowd: Vec<Wire> = (0..25).map(|n| upgraded(&server, &format!("{n:010}"))).collect();
    let _ada = server.device("ada");
    let (mut ids, mut after) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = server.ask(&format!("/api/connections?limit=10&realm=mobile{after}")).json();
        let rows = page["connections"].as_array().expect("a list");
        assert!(rows.len() <= 10);
        ids.extend(rows.iter().map(|row| row["id"].as_str().expect("a number").to_owned()));
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..25).map(|n| format!("{n:010}")).collect::<Vec<_>>());
    let sessions = server.ask("/api/connections?realm=session").json();
    assert_eq!(sessions["connections"][0]["id"], "ada");
    assert_eq!(server.ask("/api/connections?address=10.0.0.0/8").json()["connections"], json!([]));
}

#[test]
fn presence_says_of_each_id_whether_it_is_online() {
    let server = Operated::start(&[]);
    let (_alice, _ada) = (server.quiet(ALICE), server.device("ada & bea"));
    let answer = server.ask(&format!("/api/presence?ids={ALICE},{BOB},{ALICE}")).json();
    let is = |id: &str, online: bool| json!({"id": id, "online": online});
    assert_eq!(answer, json!({"presence": [is(ALICE, true), is(BOB, false), is(ALICE, true)]}));
    let answer = server.ask("/api/presence?realm=session&ids=ada%20%26%20bea,cleo").json();
    assert_eq!(answer, json!({"presence": [is("ada & bea", true), is("cleo", false)]}));
    let answer = server.ask("/api/presence?realm=account&ids=dora").json();
    assert_eq!(answer, json!({"presence": [is("dora", false)]}));
}

#[test]
fn what_is_wrong_with_a_question_is_said() {
    let server = Operated::start(&[]);
    let many = format!("/api/presence?ids={}", "0000000001,".repeat(257));
    for (path, sentence) in [
        ("/api/connections?realm=phones", "a realm is one of mobile, session and account"),
        ("/api/connections?limit=0", "limit is a number from 1 to 1000"),
        (
            "/api/connections?adress=10.0.0.0/8",
            "the address may have, each once: realm, address, limit, after",
        ),
        (
            "/api/connections?realm=mobile&realm=session",
            "the address may have, each once: realm, address, limit, after",
        ),
        ("/api/presence?id=0123456789", "the address may have, each once: ids, realm"),
        ("/api/connections?limit=1001", "limit is a number from 1 to 1000"),
        ("/api/connections?after=x", "after is a number: what the page before has as next"),
        (
            "/api/connections?after=99999999999",
            "after is a number: what the page before has as next",
        ),
        (
            "/api/connections?address=x",
            "a network looks like 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1",
        ),
        ("/api/presence", "ids are 1 to 256 ids, with commas between them"),
        (&*many, "ids are 1 to 256 ids, with commas between them"),
        ("/api/presence?ids=12", "a mobile number has 10 to 32 digits and nothing else"),
        ("/api/presence?realm=x&ids=1", "a realm is one of mobile, session and account"),
    ] {
        server.ask(path).expect_error(400, sentence);
    }
    // The last possible slot is far behind all that there are.
    let page = server.ask("/api/connections?after=4294967295").json();
    assert_eq!(page, json!({"connections": [], "next": null}));
}

/// While a client floods, the operator's question about everybody is answered, and the client too.
#[test]
fn a_question_about_everybody_is_answered_during_a_flood() {
    let server = Operated::start(&["--message-rate", "off", "--byte-rate", "off"]);
    let mut carol = upgraded(&server, CAROL);
    let mut writer = carol.writer();
    let flood = std::thread::spawn(move || {
        use std::io::Write as _;
        let pings = frame(1, r#"{"type":"ping"}"#).repeat(500);
        (0..40).for_each(|_| writer.write_all(&pings).expect("the server reads"));
    });
    for _ in 0..20 {
        assert_eq!(server.ask("/api/status").json()["realms"]["mobile"], 1);
    }
    for _ in 0..20_000 {
        assert_eq!(carol.text(), r#"{"type":"pong"}"#);
    }
    flood.join().expect("it has written all");
}
