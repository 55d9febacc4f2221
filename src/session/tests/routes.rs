//! The table of routes: every address with every method, at every listener, with and without a body. The
//! expected table stands here once more, so that every change to the table fails a test.

use super::super::routes::{Handler, lines};
use super::super::site::Site;
use super::*;
use crate::dialects::Enter;
use crate::http::{Kind, Listeners};

/// An address: a path, whether the request asks for a WebSocket, the methods, and where the address is
/// found. There are three places: the public listener if it is the only one, the public listener if the
/// operator has one, and the operator's listener.
type Address = (&'static str, bool, &'static str, [bool; 3]);

const SOCKET: &str = "GET, OPTIONS";
const PAGE: &str = "GET, HEAD, OPTIONS";

const ADDRESSES: [Address; 10] = [
    ("/ws/1234567890", true, SOCKET, [true, true, false]),
    ("/ws", true, SOCKET, [true, true, false]),
    ("/", true, SOCKET, [true, true, false]),
    ("/echo", true, SOCKET, [true, true, false]),
    ("/", false, PAGE, [true, true, true]),
    ("/health", false, PAGE, [true, true, true]),
    ("/ready", false, PAGE, [true, true, true]),
    ("/metrics", false, PAGE, [true, false, true]),
    ("/stats", false, PAGE, [true, true, true]),
    ("/trace", false, PAGE, [false, false, true]),
];

/// The three places: whether the operator has a listener, and which listener is asked.
const PLACES: [(bool, Listener); 3] =
    [(false, Listener::Public), (true, Listener::Public), (true, Listener::Admin)];

const METHODS: [&str; 11] =
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get", "OPTION"];

const ASKS: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// The answer to one request, and whether the connection stays open.
fn ask(place: usize, method: &str, (path, asks, ..): Address, more: &str) -> (String, bool) {
    let (admin_listener, listener) = PLACES[place];
    let limits = Limits { admin_listener, ..limits() };
    let mut host = Recorder { listener, ..Recorder::default() };
    let asks = if asks { ASKS } else { "" };
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{asks}{more}\r\n").into_bytes();
    let flow = Session::new().receive(&mut request, &limits, &mut host);
    (String::from_utf8(host.written).expect("our answers are UTF-8"), flow == Flow::Open)
}

/// Each address with each place where it is found.
fn everywhere() -> impl Iterator<Item = (Address, usize)> {
    let known = |address: Address| (0..3).filter(move |&place| address.3[place]);
    ADDRESSES.into_iter().flat_map(move |address| known(address).map(move |place| (address, place)))
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.1 ").map_or(answer, |rest| &rest[..3])
}

/// Where the answer comes from the account realm, is a page for browsers, or is for the operator alone.
/// `tests/server/accounts`, `tests/server/web.rs` and `tests/server/operator` try these.
const ELSEWHERE: [&str; 46] = [
    "/ws/global/{user_id}",
    "/ws/status",
    "/ws/room/{room_id}/{user_id}",
    "/ws/{user_id}/{target_id}",
    "/ws",
    "/ws",
    "/ws",
    "/register",
    "/login",
    "/logout",
    "/users",
    "/messages/global",
    "/register",
    "/login",
    "/logout",
    "/api/unread/{user_id}",
    "/api/mark_read/{user_id}/{target_id}",
    "/api/history/{user_id}/{target_id}",
    "/history/{user_id}/{target_id}",
    "/api/rooms/create",
    "/api/rooms",
    "/api/rooms/{room_id}",
    "/api/rooms/{room_id}",
    "/api/rooms/{room_id}/add_user",
    "/api/rooms/{room_id}/remove_user",
    "/api/rooms/{room_id}/members",
    "/api/rooms/{room_id}/history",
    "/api/status",
    "/api/connections",
    "/api/presence",
    "/events",
    "/api/disconnect",
    "/api/notice",
    "/api/send",
    "/api/log-level",
    "/api/drain",
    "/api/bans",
    "/api/bans",
    "/api/bans",
    "/index",
    "/chat/{user_id}",
    "/static/{*path}",
    "/favicon/{*path}",
    "/client.js",
    "/sw.js",
    "/web/{*path}",
];

#[test]
fn every_line_of_the_table_is_tried_here_in_its_order() {
    let limits = limits();
    let (of_accounts, others): (Vec<_>, Vec<_>) =
        lines(&limits).partition(|line| match line.handler {
            Handler::Ask(_) | Handler::Operate(_) | Handler::Socket(Enter::Known { .. }) => true,
            Handler::Site(site) => site != Site::Front,
            Handler::Page(_) | Handler::Socket(Enter::AtOnce(_)) | Handler::Off(_) => false,
        });
    let paths: Vec<String> =
        others.iter().map(|line| line.path.replace("{mobile}", "1234567890")).collect();
    assert_eq!(paths, ADDRESSES.map(|(path, ..)| path));
    let paths: Vec<&str> = of_accounts.iter().map(|line| line.path).collect();
    assert_eq!(paths, ELSEWHERE);
}

#[test]
fn every_address_answers_the_methods_that_it_has_and_says_which_to_the_others() {
    for (address, place) in everywhere() {
        let (path, asks, allow, _) = address;
        for method in METHODS {
            let (answer, _) = ask(place, method, address, "");
            let expected = match method {
                "OPTIONS" => "204",
                "GET" if asks => "101",
                _ if allow.split(", ").any(|allowed| allowed == method) => "200",
                _ => "405",
            };
            assert_eq!(status(&answer), expected, "{method} {path}: {answer}");
            let says = answer.contains(&format!("\r\nAllow: {allow}\r\n"));
            assert_eq!(says, ["204", "405"].contains(&expected), "{method} {path}: {answer}");
            let (head, body) = answer.split_once("\r\n\r\n").expect("a head has an end");
            assert_eq!(head.contains("Content-Length"), !["101", "204"].contains(&expected));
            let has_body = expected == "405" && method != "HEAD" || expected == "200";
            assert_eq!(!body.is_empty(), has_body && method != "HEAD", "{method} {path}: {answer}");
        }
    }
}

#[test]
fn a_listener_that_does_not_know_an_address_has_nothing_there() {
    for address in ADDRESSES {
        for place in (0..3).filter(|&place| !address.3[place]) {
            // A request for a WebSocket at `/`, where there is none, gets the front page.
            let is_front_page = address.0 == "/";
            let (get, _) = ask(place, "GET", address, "");
            assert_eq!(get.ends_with("Index"), is_front_page, "{}: {get}", address.0);
            for method in METHODS.iter().filter(|_| !is_front_page) {
                let (answer, _) = ask(place, method, address, "");
                assert_eq!(status(&answer), "404", "{method} {}: {answer}", address.0);
            }
        }
    }
}

#[test]
fn the_front_page_opens_a_websocket_if_the_request_asks_for_one() {
    let (answer, _) = says(UPGRADE.replacen("/ws/1234567890", "/", 1));
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let page = says("GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n").0;
    assert!(page.ends_with("Index"), "{page}");
}

#[test]
fn there_is_no_echo_unless_it_is_asked_for() {
    let limits = Limits { echo: false, ..limits() };
    let mut host = Recorder::default();
    let mut request = UPGRADE.replacen("/ws/1234567890", "/echo", 1).into_bytes();
    let flow = Session::new().receive(&mut request, &limits, &mut host);
    assert_eq!((flow, host.admitted.as_slice()), (Flow::Open, &[][..]));
    assert!(host.written.starts_with(b"HTTP/1.1 404 "));
}

#[test]
fn an_unknown_path_is_404_with_every_method() {
    for path in
        ["/nowhere", "/ws2", "/ws/1234567890/x/y", "/Health", "//", "/health/", "/echo/", "*"]
    {
        for (method, place) in METHODS.iter().flat_map(|method| [0, 1, 2].map(|at| (method, at))) {
            let (answer, is_open) = ask(place, method, (path, false, "", [false; 3]), "");
            assert_eq!((status(&answer), is_open), ("404", true), "{method} {path}: {answer}");
            assert!(!answer.contains("Allow"), "{method} {path}: {answer}");
        }
    }
}

#[test]
fn the_answer_to_head_is_that_to_get_without_its_body() {
    for (address, place) in everywhere().filter(|((_, asks, ..), _)| !asks) {
        let (get, stays_open) = ask(place, "GET", address, "");
        let (head, body) = get.split_once("\r\n\r\n").expect("a head has an end");
        assert!(!body.is_empty(), "{get}");
        assert_eq!(ask(place, "HEAD", address, ""), (format!("{head}\r\n\r\n"), stays_open));
    }
}

#[test]
fn no_address_takes_a_body_and_none_is_read() {
    for (address, place) in everywhere() {
        for method in METHODS {
            // The body never comes: the answer must not wait for it.
            for (framing, refusal) in [
                ("Content-Length: 1\r\n", "413"),
                ("Content-Length: 18446744073709551615\r\n", "413"),
                ("Transfer-Encoding: chunked\r\n", "411"),
            ] {
                let (answer, is_open) = ask(place, method, address, framing);
                let is_allowed = address.2.split(", ").any(|allowed| allowed == method);
                let expected = if is_allowed { refusal } else { "405" };
                assert_eq!((status(&answer), is_open), (expected, false), "{method}: {answer}");
                assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
            }
        }
    }
}

#[test]
fn only_large_pages_end_the_connection() {
    for (address, place) in everywhere() {
        let (_, is_open) = ask(place, "GET", address, "");
        assert_eq!(is_open, address.0 != "/trace", "{}", address.0);
    }
}

/// The page has the lines of the table in their order. What follows from the table is in the first two
/// cells; the third is written by people.
#[test]
fn the_page_describes_every_line_of_the_table_and_no_other() {
    let limits = limits();
    let expected: Vec<String> = lines(&limits)
        .map(|line| {
            let asks = match line.kind {
                Kind::Plain | Kind::Socket => String::new(),
                Kind::SocketIfAsked => " with `Upgrade: websocket`".to_owned(),
                Kind::SocketIfQuery(name) => format!(" with `?{name}=`"),
                Kind::SocketIfOffers { subprotocol, query } => {
                    let query = query.map(|name| format!(" and `?{name}=`")).unwrap_or_default();
                    format!(" with the subprotocol `{subprotocol}`{query}")
                }
            };
            let listener = match line.listeners {
                Listeners::All => "each",
                Listeners::Public => "`--listen`",
                Listeners::Operators => "`--admin-listen`, else `--listen`",
                Listeners::OperatorsOnly => "`--admin-listen`",
            };
            let form = match line.takes.types.contains(&"application/x-www-form-urlencoded") {
                true => " with a form",
                false => "",
            };
            format!("| `{} {}`{asks}{form} | {listener} | ", line.method, line.path)
        })
        .collect();
    let page = include_str!("../ADDRESSES.md");
    let head = "| request | listener | answer |\n|---|---|---|\n";
    let (_, table) = page.split_once(head).expect("the page has the table");
    let rows: Vec<&str> = table.lines().take_while(|row| row.starts_with('|')).collect();
    let is_good = |(row, cells): (&&str, &String)| {
        row.strip_prefix(cells.as_str()).is_some_and(|answer| answer.len() > " |".len())
    };
    assert!(
        rows.len() == expected.len() && rows.iter().zip(&expected).all(is_good),
        "the rows of src/session/ADDRESSES.md are to begin like this, each with an answer:\n{}",
        expected.join("\n")
    );
}

#[test]
fn where_no_cookie_counts_pages_of_every_origin_may_open_a_websocket() {
    for origin in ["null", "https://evil.example", "file://", "nonsense"] {
        let request = UPGRADE.replacen("/ws/1234567890", "/test/open", 1);
        let (answer, flow) =
            says(request.replacen("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n"), 1));
        assert!(answer.starts_with("HTTP/1.1 101 "), "{origin}: {answer}");
        assert_eq!((flow, answer.contains("Access-Control")), (Flow::Open, false), "{origin}");
    }
}

#[test]
fn only_a_request_with_the_operators_token_is_told_who_is_online() {
    let limits = Limits { admin_token: AdminToken::parse("s3cret").ok(), ..limits() };
    for (header, names) in [
        ("Authorization: Bearer s3cret\r\n", true),
        ("Authorization: bearer s3cret\r\n", true),
        ("Authorization: Bearer s3cre\r\n", false),
        ("Authorization: Bearer s3cret0\r\n", false),
        ("Authorization: Bearer \r\n", false),
        ("Authorization: s3cret\r\n", false),
        ("Authorization: Bearer s3cret\r\nAuthorization: Bearer x\r\n", false),
        ("", false),
    ] {
        let mut host = Recorder::default();
        let mut input =
            format!("GET /stats HTTP/1.1\r\nHost: chat.example\r\n{header}\r\n").into_bytes();
        let _ = Session::new().receive(&mut input, &limits, &mut host);
        let page = String::from_utf8_lossy(&host.written);
        assert!(page.ends_with(&format!("Stats {{ names: {names} }}")), "{header}: {page}");
    }
}
