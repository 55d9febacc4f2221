//! Pages for browsers that depend on who visits them, and the sockets of such pages.

use super::*;
use crate::chat::account::{Call, Failure, Reply, UnixMs, User, UserId, UserKey, UserName, Wants};

const COOKIE: &str =
    "Cookie: session=6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b\r\n";
const HTML: &str = "Accept: text/html\r\n";
const ID: &str = "abababab-abab-abab-abab-abababababab";

fn with_pages() -> Limits {
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let files = [
        file("templates/login.html", "login"),
        file("templates/index.html", "index of {{ username }}"),
        file("templates/chat.html", "{{username}} and {{ target_name }} {{ target_id }}"),
    ];
    Limits { pages: Pages::new(files).expect("text"), ..limits() }
}

fn user(name: &str) -> User {
    let (id, name) = (UserId([0xAB; 16]), UserName::registered(name));
    User { key: UserKey(1), id, name, created: UnixMs(0) }
}

/// A session that has received a request.
fn visit(path: &str, lines: &str, limits: &Limits) -> (Session, Recorder) {
    let (mut session, mut host) = (Session::new(), Recorder::default());
    let mut input = format!("GET {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes();
    assert_eq!(session.receive(&mut input, limits, &mut host), Flow::Open);
    (session, host)
}

fn text(host: &Recorder) -> String {
    String::from_utf8_lossy(&host.written).into_owned()
}

/// The answer to a request for a page, once the realm has replied.
fn welcome(path: &str, reply: &Reply<'_>) -> String {
    let limits = with_pages();
    let (mut session, mut host) = visit(path, &(HTML.to_owned() + COOKIE), &limits);
    let (_, wanted, _) = *host.asked.last().expect("the realm is asked");
    let resolution = wanted.of(reply, &Zone::default());
    assert_eq!(session.resume(resolution, &limits, &mut host), Flow::Open);
    text(&host)
}

#[test]
fn the_realm_is_asked_only_where_there_is_a_page_and_a_cookie() {
    let limits = with_pages();
    let cookie = HTML.to_owned() + COOKIE;
    let asked = |path: &str, lines: &str, limits: &Limits| {
        let (session, host) = visit(path, lines, limits);
        assert_eq!(session.parked().is_some(), !host.asked.is_empty());
        host.asked.into_iter().next().map(|(call, ..)| call)
    };
    let profile = |other| Some(Call::ask(Some(calls::token_of(b'k')), Wants::Profile(other)));
    assert_eq!(asked("/", &cookie, &limits), profile(None));
    assert_eq!(asked("/index", COOKIE, &limits), profile(None));
    assert_eq!(asked(&format!("/chat/{ID}"), COOKIE, &limits), profile(Some(UserId([0xAB; 16]))));
    assert_eq!(asked("/chat/x", COOKIE, &limits), profile(Some(UserId([0; 16]))));
    for path in ["/", "/index", "/chat/x"] {
        assert_eq!(asked(path, HTML, &limits), None, "without a cookie: {path}");
        assert_eq!(asked(path, &cookie, &Limits::default()), None, "without pages: {path}");
    }
    assert_eq!(asked("/", COOKIE, &limits), None, "JSON");
    assert_eq!(asked("/static/x", &cookie, &limits), None);
}

#[test]
fn a_page_is_for_its_reader_and_whose_session_is_none_goes_back_to_the_login() {
    let (ada, bob) = (user("ada"), user("<b>"));
    let known = Reply::Profile { me: &ada, other: None };
    let pair = Reply::Profile { me: &ada, other: Some(&bob) };
    let nobody = Reply::Refused(account::Refusal::NotSignedIn);
    let off = Reply::Refused(account::Refusal::NoAccounts);
    for (path, reply, status, end) in [
        ("/", &known, "307", "Location: /index\r\n"),
        ("/index", &known, "200", "index of ada"),
        ("/chat/x", &pair, "200", &*format!("ada and &lt;b&gt; {ID}")),
        ("/", &nobody, "200", "login"),
        ("/", &off, "200", "login"),
        ("/index", &nobody, "307", "Location: /\r\n"),
        ("/chat/x", &off, "307", "Location: /\r\n"),
    ] {
        let answer = welcome(path, reply);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        let is_there = if status == "200" { answer.ends_with(end) } else { answer.contains(end) };
        assert!(is_there, "{path}: {answer}");
        assert!(answer.contains("Cache-Control: no-store\r\n"), "{path}: {answer}");
        assert!(answer.contains("Vary: Accept, Cookie\r\n"), "{path}: {answer}");
    }
}

#[test]
fn a_page_is_an_error_if_it_cannot_be_said_who_visits_it() {
    for (refusal, status) in [
        (account::Refusal::UnknownUser, "404"),
        (account::Refusal::Busy, "503"),
        (account::Refusal::Failed(Failure::Io), "503"),
    ] {
        let answer = welcome("/index", &Reply::Refused(refusal));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{refusal:?}: {answer}");
        assert!(answer.contains("\"error\":"), "{refusal:?}: {answer}");
    }
    let limits = with_pages();
    let (mut session, mut host) = visit("/index", COOKIE, &limits);
    let (_, wanted, _) = *host.asked.last().expect("the realm is asked");
    assert_eq!(session.give_up_waiting(wanted, &mut host), End::AnswerTimeout);
    assert!(text(&host).starts_with("HTTP/1.1 503 "), "{}", text(&host));
    assert!(text(&host).contains("Connection: close\r\n"));
}

#[test]
fn a_socket_of_a_page_is_opened_for_its_user_alone_and_a_refusal_is_noted() {
    let upgrade = |more: &str| {
        let path = format!("/ws/global/{ID}");
        UPGRADE.replacen("/ws/1234567890", &path, 1).replacen(
            "\r\n\r\n",
            &format!("\r\n{more}\r\n"),
            1,
        )
    };
    let refused = |more: &str, reply: Option<Reply<'_>>| {
        let (mut session, mut host) = (Session::new(), Recorder::default());
        let mut input = upgrade(more).into_bytes();
        let _ = session.receive(&mut input, &limits(), &mut host);
        assert_eq!(host.asked.is_empty(), reply.is_none(), "{more}");
        if let Some(reply) = reply {
            let (call, wanted, _) = host.asked.last().expect("the realm is asked").clone();
            let Call::Ask { claims, wants, .. } = call else { panic!("{call:?}") };
            assert_eq!((claims, wants), (Some(UserId([0xAB; 16])), Wants::Identity));
            let resolution = wanted.of(&reply, &Zone::default());
            let _ = session.resume(resolution, &limits(), &mut host);
        }
        let status = text(&host).get(9..12).map(str::to_owned);
        (status, host.refused.iter().map(|one| one.reason).collect::<Vec<_>>())
    };
    let by_the_chat = |status: &str| (Some(status.to_owned()), vec![Refusal::ByTheChat]);
    let nobody = Reply::Refused(account::Refusal::NotSignedIn);
    assert_eq!(refused("", Some(nobody)), by_the_chat("401"));
    assert_eq!(refused(COOKIE, Some(Reply::Refused(account::Refusal::NotYou))), by_the_chat("403"));
    let foreign = COOKIE.to_owned() + "Origin: https://evil.example\r\n";
    let expected = (Some("403".to_owned()), vec![Refusal::ForeignOrigin]);
    assert_eq!(refused(&foreign, None), expected, "the realm is not asked");
}

#[test]
fn the_bytes_of_a_file_are_shared_and_not_copied() {
    let files = [("static/x.js".to_owned(), vec![b'x'; 100])];
    let limits = Limits { pages: Pages::new(files).expect("text"), ..limits() };
    let (_, one) = visit("/static/x.js", "", &limits);
    let (_, other) = visit("/static/x.js", "", &limits);
    assert!(text(&one).contains("\r\nContent-Length: 100\r\n"));
    assert!(text(&one).ends_with(&"x".repeat(100)));
    assert!(Rc::ptr_eq(&one.shared[0], &other.shared[0]));
    let mut head = Recorder::default();
    let mut input = b"HEAD /static/x.js HTTP/1.1\r\nHost: h\r\n\r\n".to_vec();
    assert_eq!(Session::new().receive(&mut input, &limits, &mut head), Flow::Open);
    assert!(head.shared.is_empty() && text(&head).ends_with("\r\n\r\n"), "{}", text(&head));
}
