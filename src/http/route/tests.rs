//! Tables of a few lines, with letters for handlers.

use super::super::{Limits, parse};
use super::*;

const TABLE: &[Route<char>] = &[
    Route::socket_if_asked("/", 's'),
    Route::get("/", Listeners::All, 'i'),
    Route::get("/things/all", Listeners::All, 'a'),
    Route::get("/things/{thing}", Listeners::All, 't'),
    Route::delete("/things/{thing}", Listeners::All, 'd'),
    Route::get("/things/{thing}/parts", Listeners::All, 'p'),
    Route::get("/both/{thing}/of/{other}", Listeners::All, 'b'),
    Route::get("/files/{*path}", Listeners::All, 'r'),
    Route::socket_if_offers("/ws", ("v1", Some("token")), 'o'),
    Route::socket_if_offers("/ws", ("v1", None), 'n'),
    Route::socket_if_query("/ws", "token", 't'),
    Route::socket("/ws", 'w'),
    Route::post("/login", Listeners::All, JSON, 'j').with_cors(Cors::Any),
    Route::post("/login", Listeners::All, FORM, 'f'),
];

const JSON: Takes = Takes { bytes: 100, types: &["application/json"] };
const FORM: Takes = Takes { bytes: 200, types: &["application/x-www-form-urlencoded"] };

/// The handler, the parameter, and what `Allow` says.
fn find_in_table(method: &str, path: &str, lines: &str) -> Option<(char, String, Option<String>)> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    let parsed = parse(head.as_bytes(), &Limits::default()).expect("a request");
    let (request, _) = parsed.expect("a whole one");
    let found = find(TABLE.iter().copied(), &request)?;
    Some((found.handler, found.params[0].to_owned(), found.allow))
}

fn found(method: &str, path: &str) -> Option<(char, String, Option<String>)> {
    find_in_table(method, path, "")
}

#[test]
fn a_parameter_is_one_segment_as_it_came() {
    for segment in ["x", "", "%2F", "{thing}", "a.b~c"] {
        let expected = Some(('t', segment.to_owned(), None));
        assert_eq!(found("GET", &format!("/things/{segment}")), expected);
        let expected = Some(('p', segment.to_owned(), None));
        assert_eq!(found("GET", &format!("/things/{segment}/parts")), expected);
    }
}

#[test]
fn a_path_may_have_two_parameters() {
    let head = "GET /both/x/of/%7B HTTP/1.1\r\nHost: h\r\n\r\n";
    let (request, _) = parse(head.as_bytes(), &Limits::default()).expect("valid").expect("whole");
    let found = find(TABLE.iter().copied(), &request).expect("an address");
    assert_eq!((found.handler, found.params), ('b', ["x", "%7B"]));
}

#[test]
fn the_last_parameter_may_be_the_rest_of_the_path() {
    for rest in ["", "a", "a/b.css", "a//../b", "/", "%2e%2e/x"] {
        let expected = Some(('r', rest.to_owned(), None));
        assert_eq!(found("GET", &format!("/files/{rest}")), expected, "{rest}");
    }
    for path in ["/files", "/file/x", "/filesx/y"] {
        assert_eq!(found("GET", path), None, "{path}");
    }
}

#[test]
fn a_path_is_matched_whole() {
    for path in ["/things", "/things/x/", "/things/x/part", "/things/x/parts/", "/thing", "//"] {
        assert_eq!(found("GET", path), None, "{path}");
    }
}

#[test]
fn the_first_line_that_matches_decides() {
    assert_eq!(found("GET", "/things/all"), Some(('a', String::new(), None)));
    // Also where a later one has the method.
    let allow = Some("GET, HEAD, OPTIONS".to_owned());
    assert_eq!(found("DELETE", "/things/all"), Some(('a', String::new(), allow)));
}

#[test]
fn the_methods_of_an_address_may_stand_in_several_lines() {
    for (method, handler) in [("GET", 't'), ("HEAD", 't'), ("DELETE", 'd')] {
        assert_eq!(found(method, "/things/x"), Some((handler, "x".to_owned(), None)));
    }
    let allow = Some("GET, HEAD, DELETE, OPTIONS".to_owned());
    for method in ["POST", "OPTIONS", "get", "DELETES"] {
        assert_eq!(found(method, "/things/x"), Some(('t', "x".to_owned(), allow.clone())));
    }
}

#[test]
fn a_websocket_is_opened_with_get_alone() {
    assert_eq!(found("GET", "/ws"), Some(('w', String::new(), None)));
    for method in ["HEAD", "POST", "OPTIONS"] {
        let allow = Some("GET, OPTIONS".to_owned());
        assert_eq!(found(method, "/ws"), Some(('w', String::new(), allow)));
    }
}

#[test]
fn a_path_may_lead_to_a_websocket_for_those_who_ask_and_to_a_page_for_others() {
    let asks = "Upgrade: h2c, WebSocket\r\n";
    assert_eq!(find_in_table("GET", "/", asks), Some(('s', String::new(), None)));
    assert_eq!(found("GET", "/"), Some(('i', String::new(), None)));
    // They are two addresses, each with its own methods.
    let allow = |methods: &str| Some(methods.to_owned());
    let head = find_in_table("HEAD", "/", asks);
    assert_eq!(head, Some(('s', String::new(), allow("GET, OPTIONS"))));
    let post = found("POST", "/");
    assert_eq!(post, Some(('i', String::new(), allow("GET, HEAD, OPTIONS"))));
}

#[test]
fn a_name_in_the_query_may_lead_to_a_line_of_its_own() {
    for (path, handler) in [
        ("/ws", 'w'),
        ("/ws?a=token", 'w'),
        ("/ws?tokens=1", 'w'),
        ("/ws?token=1", 't'),
        ("/ws?a&token", 't'),
        ("/ws?%74oken=", 't'),
    ] {
        let found = found("POST", path).expect("an address");
        assert_eq!(found, (handler, String::new(), Some("GET, OPTIONS".to_owned())), "{path}");
    }
}

#[test]
fn a_subprotocol_may_lead_to_a_line_of_its_own_also_with_a_name_in_the_query() {
    for (path, offer, handler) in [
        ("/ws", "v1", 'n'),
        ("/ws", "v0, v1 ,v2", 'n'),
        ("/ws?token=1", "v2,v1", 'o'),
        ("/ws?token=1", "V1", 't'),
        ("/ws?token=1", "v11, v1x, v 1", 't'),
        ("/ws", "", 'w'),
        ("/ws", "v2", 'w'),
    ] {
        let lines = format!("Sec-WebSocket-Protocol: v0\r\nSec-WebSocket-Protocol: {offer}\r\n");
        let found = find_in_table("GET", path, &lines).expect("an address");
        assert_eq!(found, (handler, String::new(), None), "{path} {offer}");
    }
}

/// The handler, whether it takes the type of the body, and how large a body it takes.
fn log_in(method: &str, lines: &str) -> (char, bool, u32, Cors) {
    let head = format!("{method} /login HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    let parsed = parse(head.as_bytes(), &Limits::default()).expect("a request");
    let (request, _) = parsed.expect("a whole one");
    let found = find(TABLE.iter().copied(), &request).expect("an address");
    (found.handler, found.takes_type, found.takes.bytes, found.cors)
}

#[test]
fn the_type_of_the_body_decides_between_lines_of_one_method() {
    let json = ('j', true, 100, Cors::Any);
    let form = ('f', true, 200, Cors::None);
    for (kind, expected) in [
        ("application/json", json),
        ("Application/JSON ; charset=utf-8", json),
        ("application/x-www-form-urlencoded", form),
        ("application/x-www-form-urlencoded;charset=UTF-8", form),
        // The first line stands for the address where no line takes the type.
        ("text/plain", ('j', false, 100, Cors::Any)),
        ("application/jsonp", ('j', false, 100, Cors::Any)),
        ("", ('j', false, 100, Cors::Any)),
    ] {
        let lines = format!("Content-Type: {kind}\r\nContent-Length: 2\r\n");
        assert_eq!(log_in("POST", &lines), expected, "{kind}");
    }
    // Without a type, and without a body, there is nothing that could be of a wrong type.
    assert_eq!(log_in("POST", "Content-Length: 2\r\n"), json);
    assert_eq!(log_in("POST", "Content-Type: text/plain\r\n"), json);
    assert_eq!(found("GET", "/login").expect("an address").2.as_deref(), Some("POST, OPTIONS"));
}

#[test]
fn a_parameter_loses_its_escapes_when_it_is_asked_for() {
    for (segment, expected) in
        [("x", Some("x")), ("%C3%A4%2F+", Some("ä/+")), ("%zz", Some("%zz")), ("%FF", None)]
    {
        let head = format!("GET /things/{segment} HTTP/1.1\r\nHost: h\r\n\r\n");
        let parsed = parse(head.as_bytes(), &Limits::default()).expect("a request");
        let (request, _) = parsed.expect("a whole one");
        let params = find(TABLE.iter().copied(), &request).expect("an address").params;
        let call = Call { request: &request, params, body: &[] };
        assert_eq!(call.param(0).as_deref(), expected, "{segment}");
    }
}
