//! Registering, logging in and logging out with a form; and the three cookies.

use super::super::client::{Data, PASSWORD, credentials};
use super::browser::{Browser, error, form, location};
use crate::harness::{Response, Server};

/// The cookies that an answer sets: the name, the value, the other attributes than Path and Expires.
fn cookies(answer: &Response) -> Vec<(String, String, Vec<String>)> {
    let lines = answer.headers.iter().filter(|(name, _)| name == "Set-Cookie");
    lines
        .map(|(_, line)| {
            let mut parts = line.split("; ");
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("name=value");
            let mut others: Vec<&str> = parts.collect();
            assert!(others.contains(&"Path=/"), "{line}");
            assert!(others.iter().any(|part| part.starts_with("Expires=")), "{line}");
            others.retain(|part| *part != "Path=/" && !part.starts_with("Expires="));
            let others = others.into_iter().map(str::to_owned).collect();
            (name.to_owned(), value.to_owned(), others)
        })
        .collect()
}

#[test]
fn a_user_who_registers_is_signed_in_by_cookies() {
    let data = Data::new();
    let server = data.start();
    let mut browser = Browser::default();
    let answer = browser.submit(&server, "/register", &form(" Zoë ", PASSWORD));
    assert_eq!(location(&answer), (303, Some("/index")));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let set = cookies(&answer);
    let names: Vec<&str> = set.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["session", "user_id", "username"]);
    // Scripts must not read the one that counts. The other two are for them.
    assert_eq!(set[0].2, ["SameSite=Lax", "HttpOnly"]);
    assert_eq!(set[1].2, ["SameSite=Lax"]);
    assert_eq!(set[2].2, ["SameSite=Lax"]);
    assert!(set[0].1.len() == 64, "32 random bytes: {}", set[0].1);
    assert_eq!(browser.id().len(), 36);
    assert_eq!(browser.name(), "Zoë");
    assert!(!set[2].1.starts_with('"'), "bare, although it may end in =");
    // The account is the same for the other protocols.
    let answer = server.post("/login", &credentials("Zoë", PASSWORD));
    assert_eq!((answer.status, &answer.json()["user"]["id"]), (200, &browser.id().into()));
}

#[test]
fn each_login_makes_a_session_of_its_own_and_a_logout_ends_that_one() {
    let data = Data::new();
    let server = data.start();
    let mut phone = server.newcomer("ada");
    let mut laptop = server.returner("ada");
    assert_eq!(phone.id(), laptop.id());
    let sessions = [&phone, &laptop].map(|one| one.cookie("session").expect("one").to_owned());
    assert_ne!(sessions[0], sessions[1]);
    for token in &sessions {
        assert_eq!(server.get_as(token, "/users").status, 200, "a session is a token");
    }
    let answer = phone.get(&server, "/logout");
    assert_eq!(location(&answer), (303, Some("/")));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(cookies(&answer).len(), 3);
    assert_eq!(phone.line(), "", "all cookies are gone");
    assert_eq!(server.get_as(&sessions[0], "/users").status, 401);
    assert_eq!(server.get_as(&sessions[1], "/users").status, 200, "the other one goes on");
    // Again, and without any cookie, it looks the same.
    let mut stale = Browser::default();
    stale.set_cookie("session", &sessions[0]);
    for browser in [&mut stale, &mut Browser::default()] {
        assert_eq!(location(&browser.get(&server, "/logout")), (303, Some("/")));
    }
    assert_eq!(location(&laptop.get(&server, "/logout")), (303, Some("/")));
}

#[test]
fn a_login_or_a_registration_that_fails_leads_back_and_sets_no_cookie() {
    let data = Data::new();
    let server = data.start();
    server.newcomer("ada");
    let long = "x".repeat(33);
    for (path, name, password) in [
        ("/login", "ada", "wrong horse"),
        ("/login", "bob", PASSWORD),
        ("/login", "ADA", PASSWORD),
        ("/login", "", ""),
        ("/register", "ada", PASSWORD),
        ("/register", "Ada", PASSWORD),
        ("/register", "al", PASSWORD),
        ("/register", &long, PASSWORD),
        ("/register", "a<b>c", PASSWORD),
        ("/register", "bob", "12345"),
    ] {
        let mut browser = Browser::default();
        let answer = browser.submit(&server, path, &form(name, password));
        assert_eq!(location(&answer), (303, Some("/")), "{path} {name}");
        assert_eq!((cookies(&answer), answer.text()), (vec![], String::new()), "{path} {name}");
    }
    assert_eq!(server.post("/login", &credentials("bob", "12345")).status, 401);
}

#[test]
fn too_many_attempts_lead_back_as_well() {
    let data = Data::new();
    let server = data.start();
    server.newcomer("ada");
    // No password of this length was ever registered, so the server hashes none: while it hashed five, another attempt
    // might be earned.
    let wrong = "x".repeat(1_025);
    for _ in 0..5 {
        let answer = Browser::default().submit(&server, "/login", &form("ada", &wrong));
        assert_eq!(location(&answer), (303, Some("/")));
    }
    // The right password does not help now, and JSON says why.
    let answer = Browser::default().submit(&server, "/login", &form("ada", PASSWORD));
    assert_eq!((location(&answer), cookies(&answer).len()), ((303, Some("/")), 0));
    assert_eq!(server.post("/login", &credentials("ada", PASSWORD)).status, 429);
}

#[test]
fn a_form_with_too_many_fields_and_a_request_with_too_many_cookies_are_refused() {
    let data = Data::new();
    let server = data.start();
    let mut body = form("ada", PASSWORD);
    for _ in 0..14 {
        body += "&more=1";
    }
    let mut browser = Browser::default();
    let answer = browser.submit(&server, "/register", &body);
    assert_eq!(location(&answer), (303, Some("/index")), "sixteen fields");
    let answer = Browser::default().submit(&server, "/register", &(body + "&more=1"));
    assert_eq!(error(&answer, 400), "a form has at most 16 fields");

    for number in 3..32 {
        browser.set_cookie(&format!("more{number}"), "1");
    }
    let mut many = Browser::default();
    for number in 0..33 {
        many.set_cookie(&format!("more{number}"), "1");
    }
    let answer = many.get(&server, "/logout");
    assert_eq!(error(&answer, 400), "a request has at most 32 cookies");
    assert_eq!(location(&browser.get(&server, "/logout")), (303, Some("/")), "32 cookies");
}

#[test]
fn cookies_need_tls_behind_a_trusted_proxy_that_says_https() {
    let data = Data::new();
    let trusting = data.start_with(&["--trusted-proxy", "127.0.0.1"]);
    let https = "X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n";
    let lines = "Content-Type: application/x-www-form-urlencoded\r\n";
    let register = |server: &Server, name: &str, lines: &str| {
        let mut browser = Browser::default();
        browser.send(server, ("POST", "/register"), lines, &form(name, PASSWORD))
    };
    let is_secure = |answer: &Response| {
        let set = cookies(answer);
        assert_eq!(set.len(), 3, "{}", answer.text());
        let secure: Vec<bool> = set
            .iter()
            .map(|(_, _, attributes)| attributes.iter().any(|one| one == "Secure"))
            .collect();
        assert!(secure.iter().all(|one| *one == secure[0]), "all of them or none");
        secure[0]
    };
    assert!(is_secure(&register(&trusting, "ada", &(lines.to_owned() + https))));
    assert!(!is_secure(&register(&trusting, "bob", lines)), "plain HTTP to the proxy");
    drop(trusting);
    let server = data.start();
    assert!(!is_secure(&register(&server, "eve", &(lines.to_owned() + https))), "no proxy");
}

#[test]
fn without_a_folder_for_data_there_is_no_login() {
    let server = Server::start(&[]);
    for (method, path) in [("POST", "/register"), ("POST", "/login"), ("GET", "/logout")] {
        let lines = "Content-Type: application/x-www-form-urlencoded\r\n";
        let body = form("ada", PASSWORD);
        let token = "0".repeat(64);
        let mut browser = Browser::default();
        browser.set_cookie("session", &token);
        let body = if method == "POST" { body.as_str() } else { "" };
        let answer = browser.send(&server, (method, path), lines, body);
        let sentence = "accounts are off: start the server with --data DIR";
        assert_eq!(error(&answer, 404), sentence, "{method} {path}");
    }
}
