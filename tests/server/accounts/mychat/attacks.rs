//! An attacker's script. Each test is one kind of attack, on every address that it could work at, and finds
//! nothing.

use std::fs;

use serde_json::{Value, json};

use super::super::client::{Data, PASSWORD, credentials};
use super::browser::{Browser, error, form, location};
use super::pages::Folder;
use crate::harness::{Response, Server, Wire};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// All addresses that need a cookie, for this user, this other user, and this room. The dangerous ones last.
pub(super) fn addresses(user: &str, other: &str, room: &str) -> [(&'static str, String); 12] {
    [
        ("GET", format!("/api/unread/{user}")),
        ("POST", format!("/api/mark_read/{user}/{other}")),
        ("GET", format!("/api/history/{user}/{other}")),
        ("GET", format!("/history/{user}/{other}")),
        ("GET", "/api/rooms".to_owned()),
        ("GET", format!("/api/rooms/{room}")),
        ("GET", format!("/api/rooms/{room}/members")),
        ("GET", format!("/api/rooms/{room}/history")),
        ("POST", "/api/rooms/create".to_owned()),
        ("POST", format!("/api/rooms/{room}/add_user")),
        ("POST", format!("/api/rooms/{room}/remove_user")),
        ("DELETE", format!("/api/rooms/{room}")),
    ]
}

/// Sends a request with a body that fits its address, and without an origin.
#[track_caller]
pub(super) fn ask(browser: &mut Browser, server: &Server, line: (&str, &str)) -> Response {
    ask_with(browser, server, line, "")
}

fn ask_with(
    browser: &mut Browser,
    server: &Server,
    (method, path): (&str, &str),
    lines: &str,
) -> Response {
    let body = json!({ "name": "x", "description": "", "user_id": UNKNOWN }).to_string();
    let takes_body = method == "POST" && !path.contains("mark_read");
    let (kind, body) = match takes_body {
        true => ("Content-Type: application/json\r\n", body.as_str()),
        false => ("", ""),
    };
    browser.send(server, (method, path), &format!("{kind}{lines}"), body)
}

/// Two users with a private conversation and a room, and a third who is in neither.
fn world(server: &Server) -> ([Browser; 3], String) {
    let [mut ada, bob, eve] = ["ada", "bob", "eve"].map(|name| server.newcomer(name));
    let room = ada.create_room(server, "secret room");
    ada.add(server, &room, &bob);
    let mut socket = ada.pair(server, &bob);
    socket.say("a private secret");
    socket.expect_said("ada", "a private secret");
    let mut in_room = ada.room(server, &room);
    in_room.say("a room's secret");
    in_room.hear();
    ([ada, bob, eve], room)
}

/// All that an attacker could have changed.
fn state(ada: &mut Browser, bob: &mut Browser, server: &Server, room: &str) -> Vec<Value> {
    let (a, b) = (ada.id(), bob.id());
    let pages = [
        "/api/rooms".to_owned(),
        format!("/api/rooms/{room}/members"),
        format!("/api/rooms/{room}/history"),
        format!("/history/{a}/{b}"),
    ];
    let mut state: Vec<Value> = pages.iter().map(|path| ada.read(server, path)).collect();
    state.push(bob.read(server, &format!("/api/unread/{b}")));
    state
}

#[test]
fn forgery_a_foreign_page_changes_nothing_with_its_visitors_cookies() {
    let data = Data::new();
    let server = data.start();
    let ([mut ada, mut bob, _], room) = world(&server);
    let before = state(&mut ada, &mut bob, &server, &room);
    for origin in ["https://evil.example", "null", "http://switchboard.evil.example", "http://x:1"]
    {
        let lines = format!("Origin: {origin}\r\n");
        for (method, path) in addresses(&ada.id(), &bob.id(), &room) {
            let answer = ask_with(&mut ada, &server, (method, &path), &lines);
            match method {
                // It is answered, but the foreign page cannot read the answer.
                "GET" => assert_eq!(answer.status, 200, "{path}"),
                _ => _ = error(&answer, 403),
            }
            assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("Access-Control")));
            let preflight = ask_with(&mut ada, &server, ("OPTIONS", &path), &lines);
            let lines = preflight.headers.iter();
            let mut allowed = lines.filter(|(name, _)| name.starts_with("Access-Control"));
            assert_eq!((preflight.status, allowed.next()), (204, None), "{path}");
        }
        // A form that signs the visitor in as the attacker.
        for path in ["/login", "/register"] {
            let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
            let mut visitor = Browser::default();
            let lines = kind.to_owned() + &lines;
            let answer = visitor.send(&server, ("POST", path), &lines, &form("eve", PASSWORD));
            assert_eq!((answer.status, visitor.line()), (403, String::new()), "{path}");
        }
    }
    // A form can be sent as text, too; then it is none.
    let text = "Content-Type: text/plain\r\n";
    let body = json!({ "name": "x", "user_id": bob.id() }).to_string();
    for path in ["/api/rooms/create", &format!("/api/rooms/{room}/remove_user")] {
        assert_eq!(ada.send(&server, ("POST", path), text, &body).status, 415, "{path}");
    }
    // Another method in place of the one that is barred.
    for (method, path) in addresses(&ada.id(), &bob.id(), &room) {
        let get = ada.get(&server, &format!("{path}?_method={method}"));
        assert!([200, 404, 405].contains(&get.status), "{path}: {}", get.status);
    }
    assert_eq!(state(&mut ada, &mut bob, &server, &room), before);
}

#[test]
fn foreign_ids_no_user_reads_or_changes_what_is_anothers() {
    let data = Data::new();
    let server = data.start();
    let ([mut ada, mut bob, mut eve], room) = world(&server);
    let before = state(&mut ada, &mut bob, &server, &room);
    let (a, b) = (ada.id(), bob.id());
    for (method, path) in addresses(&a, &b, &room) {
        // Without a cookie, and with one that is nobody's.
        let mut guess = Browser::default();
        guess.set_cookie("session", &"0".repeat(64));
        guess.set_cookie("user_id", &a);
        for browser in [&mut Browser::default(), &mut guess] {
            error(&ask(browser, &server, (method, &path)), 401);
        }
        // As another user, whose cookie `user_id` is a lie.
        let id = eve.id();
        eve.set_cookie("user_id", &a);
        let answer = ask(&mut eve, &server, (method, &path));
        eve.set_cookie("user_id", &id);
        match path.as_str() {
            "/api/rooms" => assert_eq!(answer.json(), json!([]), "only the caller's own"),
            "/api/rooms/create" => assert_eq!(answer.status, 200, "a room of eve's own"),
            // Whether a user exists is no secret: they are all listed.
            _ if path.ends_with("/add_user") || path.ends_with("/remove_user") => {
                assert!([403, 404].contains(&answer.status), "{path}: {}", answer.text());
            }
            _ => _ = error(&answer, 403),
        }
        for secret in ["a private secret", "a room's secret", "secret room"] {
            assert!(!answer.text().contains(secret), "{method} {path}: {}", answer.text());
        }
    }
    // A member who is not the creator, with users who exist.
    for end in ["add_user", "remove_user"] {
        for (browser, user) in [(&mut bob, &a), (&mut eve, &b)] {
            let body = json!({ "user_id": user });
            error(&browser.post(&server, &format!("/api/rooms/{room}/{end}"), &body), 403);
        }
    }
    error(&bob.delete(&server, &format!("/api/rooms/{room}")), 403);
    // Tricks with the path: the other id first, escapes, dots.
    let own = eve.id();
    for path in [
        format!("/history/{a}/{own}"),
        format!("/history/{own}%2F..%2F{a}/{b}"),
        format!("/history/{own}/../{a}/{b}"),
        format!("/history/{a}%00{own}/{b}"),
        format!("/history/{own}/{b}?user_id={a}"),
        format!("//history/{a}/{b}"),
        format!("/history/%{:x}{}/{b}", a.as_bytes()[0], &a[1..]),
    ] {
        let answer = eve.get(&server, &path);
        assert!(!answer.text().contains("secret"), "{path}: {}", answer.text());
    }
    assert_eq!(state(&mut ada, &mut bob, &server, &room), before);
}

#[test]
fn fixation_a_session_that_an_attacker_has_planted_is_never_the_victims() {
    let data = Data::new();
    let server = data.start();
    server.newcomer("ada");
    let planted = "ab".repeat(32);
    let attackers = server.newcomer("eve").cookie("session").expect("signed in").to_owned();
    for token in [&planted, &attackers] {
        let mut victim = Browser::default();
        victim.set_cookie("session", token);
        let answer = victim.submit(&server, "/login", &form("ada", PASSWORD));
        assert_eq!(location(&answer), (303, Some("/index")));
        let session = victim.cookie("session").expect("signed in").to_owned();
        assert_ne!(&session, token);
        let mut attacker = Browser::default();
        attacker.set_cookie("session", token);
        let answer = attacker.get(&server, &format!("/api/unread/{}", victim.id()));
        assert!([401, 403].contains(&answer.status), "{}", answer.text());
    }
    // The address cannot plant one either, and neither can a second cookie of a neighbouring host.
    let mut victim = server.returner("ada");
    let path = format!("/api/unread/{}?session={attackers}&token={attackers}", victim.id());
    assert_eq!(victim.get(&server, &path).status, 200, "only the cookie counts");
    let lines = format!("Cookie: session={attackers}\r\n");
    let answer = victim.send(&server, ("GET", "/api/rooms"), &lines, "");
    error(&answer, 401);
}

#[test]
fn enumeration_no_answer_tells_whether_a_name_exists_or_a_token_was_close() {
    let data = Data::new();
    let server = data.start();
    let mut ada = server.newcomer("ada");
    let shown = |answer: &Response| {
        let mut lines = answer.headers.clone();
        lines.retain(|(name, _)| name != "Date");
        (answer.status, lines, answer.text())
    };
    let attempt = |name: &str| {
        let mut browser = Browser::default();
        shown(&browser.submit(&server, "/login", &form(name, "wrong horse")))
    };
    assert_eq!(attempt("ada"), attempt("nobody"));
    assert_eq!(attempt("ada"), attempt("' OR 1=1 --"));
    let json = |name: &str| shown(&server.post("/login", &credentials(name, "wrong horse")));
    assert_eq!(json("ada"), json("nobody"));
    // A registration says that a name is taken, but only with JSON; every user is listed anyway.
    let session = ada.cookie("session").expect("signed in").to_owned();
    let mut answers = Vec::new();
    for token in ["", "x", &session[..63], &"0".repeat(64), &session.to_uppercase()] {
        let mut browser = Browser::default();
        browser.set_cookie("session", token);
        answers.push(shown(&browser.get(&server, "/api/rooms")));
    }
    let no_cookie = shown(&Browser::default().get(&server, "/api/rooms"));
    assert!(answers.iter().all(|answer| *answer == no_cookie), "{answers:?}");
    // Ids that are nobody's look like each other, whatever they are.
    let id = ada.id();
    let unknown = shown(&ada.get(&server, &format!("/history/{id}/{UNKNOWN}")));
    for text in ["x", "1", "%27%20OR%201%3D1", "ada"] {
        assert_eq!(shown(&ada.get(&server, &format!("/history/{id}/{text}"))), unknown);
    }
}

#[test]
fn traversal_no_address_leads_out_of_the_folder_of_pages() {
    let folder = Folder::of_mychat();
    let server = Server::start(&["--pages", folder.path()]);
    for prefix in ["/static/", "/favicon/", "/static/css/", "/chat/", "/"] {
        for rest in [
            "../secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "%2e%2e%2fsecret.txt",
            "%252e%252e%252fsecret.txt",
            "..%5csecret.txt",
            "..\\secret.txt",
            "../../secret.txt",
            "css/../../secret.txt",
            "./../secret.txt",
            "....//secret.txt",
            "..%00/secret.txt",
            "%c0%ae%c0%ae/secret.txt",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "//etc/passwd",
            "../templates/index.html",
            "..%2ftemplates%2findex.html",
            ".hidden",
            "app.js%00.png",
            "app.js/",
            "app.js/../app.js",
            "css",
            "",
            ".",
            "..",
        ] {
            let path = format!("{prefix}{rest}");
            let mut wire = server.wire();
            wire.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
            let answer = wire.response();
            let is_refused = matches!(answer.status, 307 | 400 | 404);
            let is_front = path == "/" && answer.status == 200;
            assert!(is_refused || is_front, "{path}: {} {}", answer.status, answer.text());
            for secret in ["secret", "root:", "{{"] {
                assert!(!answer.text().contains(secret), "{path}: {}", answer.text());
            }
        }
    }
}

#[test]
fn injection_names_and_texts_are_never_headers_markup_or_sql() {
    let (data, folder) = (Data::new(), Folder::of_mychat());
    let server = data.start_with(&["--pages", folder.path()]);
    for name in [
        "a\r\nSet-Cookie: session=x",
        "a\nb: c",
        "a\0b",
        "<script>alert(1)</script>",
        "\" onload=x",
        "' OR '1'='1",
        "a`b`c",
        "\\x3cscript",
    ] {
        for body in [form(name, PASSWORD), form(&format!("ada{name}"), PASSWORD)] {
            let mut browser = Browser::default();
            let answer = browser.submit(&server, "/register", &body);
            assert_eq!((location(&answer), browser.line()), ((303, Some("/")), String::new()));
        }
    }
    // What may be a name, and looks like something else.
    let names =
        ["Robert); DROP TABLE users;--", "%0d%0aSet-Cookie: x=y", "{{ target_id }}", "a;b=c, d"];
    let mut browsers: Vec<Browser> = names.iter().map(|name| server.newcomer(name)).collect();
    for (browser, name) in browsers.iter_mut().zip(names) {
        assert_eq!(browser.name(), *name);
        assert_eq!(browser.line().matches('=').count(), 3 + equals(browser), "three cookies");
        let page = browser.send(&server, ("GET", "/index"), "Accept: text/html\r\n", "").text();
        assert_eq!(page, format!("<p title=\"{name}\">{name} {{{{ other }}}}</p>"));
        let other = server.newcomer(&format!("friend {}", name.len()));
        let path = format!("/chat/{}", browser.id());
        let mut other = other;
        let page = other.send(&server, ("GET", &path), "Accept: text/html\r\n", "").text();
        assert!(page.contains(&format!("with {name} <i id=\"{}\">", browser.id())), "{page}");
    }
    let [ada, bob, ..] = &mut browsers[..] else { panic!("two of them") };
    let room = ada.create_room(&server, "'; DROP TABLE rooms; --");
    ada.add(&server, &room, bob);
    let texts = [
        "'); DELETE FROM messages; --",
        "\" UNION SELECT password FROM users --",
        "%' OR '%'='",
        "a\0b",
        "\u{202e}evil",
        "<img src=x onerror=alert(1)>",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    let (mut pair, mut in_room) = (ada.pair(&server, bob), bob.room(&server, &room));
    for text in texts {
        pair.say(text);
        pair.expect_said(names[0], text.trim());
        in_room.say(text);
        assert_eq!(in_room.hear()["text"], text.trim());
        // The same as ids, where they are part of an address.
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        error(&ada.get(&server, &format!("/api/rooms/{escaped}")), 404);
        error(&ada.get(&server, &format!("/history/{escaped}/{}", bob.id())), 403);
        let reply = json!({ "sender_id": text, "sender_name": text, "text": text });
        in_room.say(&json!({ "text": "x", "reply_to": reply }).to_string());
        assert_eq!(in_room.hear()["reply_to"], reply);
    }
    let lines = ada.read(&server, &format!("/history/{}/{}", ada.id(), bob.id()));
    let told: Vec<&str> =
        lines.as_array().expect("a list").iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(told, texts.map(str::trim), "as they were");
    let lines = ada.read(&server, &format!("/api/rooms/{room}/history"));
    assert_eq!(lines.as_array().map(Vec::len), Some(2 * texts.len()));
    assert_eq!(ada.read(&server, "/api/rooms")[0]["name"], "'; DROP TABLE rooms; --");
}

/// How many `=` the values of a browser's cookies have.
fn equals(browser: &Browser) -> usize {
    browser.cookie("username").map_or(0, |value| value.matches('=').count())
}

/// A cookie is for its own host, and nothing that the server writes elsewhere has one.
#[test]
fn leaks_no_token_and_no_password_is_where_it_does_not_belong() {
    let (data, folder) = (Data::new(), Folder::of_mychat());
    let server = data.start_with(&["--pages", folder.path(), "--log", "debug"]);
    let mut ada = server.newcomer("ada");
    let token = ada.cookie("session").expect("signed in").to_owned();
    let id = ada.id();
    for path in [
        "/".to_owned(),
        "/index".to_owned(),
        format!("/chat/{id}"),
        format!("/api/unread/{id}"),
        "/api/rooms".to_owned(),
        "/health".to_owned(),
        "/metrics".to_owned(),
        "/stats".to_owned(),
        "/nowhere".to_owned(),
    ] {
        let answer = ada.send(&server, ("GET", &path), "Accept: text/html\r\n", "");
        let all = format!("{:?} {}", answer.headers, answer.text());
        assert!(!all.contains(&token) && !all.contains(PASSWORD), "{path}: {all}");
    }
    let mut socket = ada.pair(&server, &ada);
    socket.say("a private secret");
    socket.expect_said("ada", "a private secret");
    let room = ada.create_room(&server, "secret room");
    let mut in_room = ada.room(&server, &room);
    in_room.say("a room's secret");
    assert_eq!(in_room.hear()["text"], "a room's secret");
    for path in ["/health", "/metrics", "/stats", "/", "/ready"] {
        let page = Browser::default().get(&server, path).text();
        assert!(!page.contains("secret") && !page.contains(&id), "{path}: {page}");
    }
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws/global/{id}?token={token}"), ""));
    assert_eq!(wire.response().status, 101);
    for file in fs::read_dir(data.path()).expect("the folder is there") {
        let bytes = fs::read(file.expect("a file").path()).expect("it can be read");
        let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        assert!(!has(PASSWORD.as_bytes()) && !has(token.as_bytes()), "in the database");
        let raw: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&token[2 * at..2 * at + 2], 16).expect("hexadecimal"))
            .collect();
        assert!(!has(&raw), "only a hash of a token is stored");
    }
    let log = server.log().join("\n");
    assert!(log.contains("listening"), "the log is there");
    for secret in [token.as_str(), PASSWORD, "ada", "secret", &id, &room] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
