//! Which web pages may connect. Browsers let any page try, and send the page's origin.

use crate::harness::{ALICE, Response, Server, Wire};

fn ask(server: &Server, origin: &str) -> Response {
    let more = format!("Origin: {origin}\r\n");
    server.http(Wire::upgrade_request(&format!("/ws/{ALICE}"), &more))
}

#[test]
fn a_page_of_our_own_host_may_connect() {
    let server = Server::start(&[]);
    for origin in ["http://switchboard", "https://switchboard", "http://SwitchBoard:80"] {
        assert_eq!(ask(&server, origin).status, 101, "{origin}");
    }
}

#[test]
fn a_page_from_elsewhere_may_connect_only_if_it_is_listed() {
    let server = Server::start(&[
        "--allow-origin",
        "https://app.example",
        "--allow-origin",
        "https://beta.example:8443/",
    ]);
    for origin in ["https://app.example", "HTTPS://App.Example", "https://beta.example:8443"] {
        assert_eq!(ask(&server, origin).status, 101, "{origin}");
    }
    for origin in ["http://app.example", "https://app.example.evil", "https://beta.example", "x"] {
        let response = ask(&server, origin);
        response.expect_error(403, "pages from this origin may not connect");
    }
}

#[test]
fn a_listed_origin_may_be_written_as_people_write_it() {
    let written = "https://Bücher.example:443/,http://[2001:DB8:0::1]:80,capacitor://localhost";
    let server = Server::start(&["--allow-origin", written]);
    for origin in [
        "https://xn--bcher-kva.example",
        "https://xn--bcher-kva.example:443",
        "http://[2001:db8::1]",
        "capacitor://localhost",
    ] {
        assert_eq!(ask(&server, origin).status, 101, "{origin}");
    }
    for origin in ["http://xn--bcher-kva.example", "https://[2001:db8::1]", "capacitor://other"] {
        assert_eq!(ask(&server, origin).status, 403, "{origin}");
    }
}

#[test]
fn a_page_from_a_file_may_not_connect() {
    let server = Server::start(&[]);
    ask(&server, "null").expect_error(403, "pages from this origin may not connect");
}

/// Asks for a page as a browser does for a web page of this origin.
fn read(server: &Server, method: &str, path: &str, headers: &str) -> Response {
    server.http(format!("{method} {path} HTTP/1.1\r\nHost: switchboard\r\n{headers}\r\n"))
}

const MAY_READ: &str = "Access-Control-Allow-Origin";

#[test]
fn a_page_that_may_connect_may_read_the_public_pages() {
    let flags = ["--allow-origin", "https://app.example", "--admin-listen", "127.0.0.1:0"];
    let server = Server::start(&flags);
    for path in ["/", "/health", "/ready", "/stats", "/health?x=1"] {
        for (headers, origin) in [
            ("Origin: https://app.example\r\n", Some("https://app.example")),
            ("Origin: https://switchboard\r\n", Some("https://switchboard")),
            ("Origin: https://evil.example\r\n", None),
            ("Origin: null\r\n", None),
            ("Origin: https://app.example\r\nOrigin: https://app.example\r\n", None),
            ("", None),
        ] {
            for method in ["GET", "POST"] {
                let response = read(&server, method, path, headers);
                assert_eq!(response.header(MAY_READ), origin, "{method} {path} {headers}");
                // The answer depends on the origin, also if there is none; and the front page on more.
                let varies = if (method, path) == ("GET", "/") { "Accept, Cookie, " } else { "" };
                let varies = format!("{varies}Origin");
                assert_eq!(response.header("Vary"), Some(&*varies), "{method} {path} {headers}");
                assert_eq!(response.header("Access-Control-Allow-Credentials"), None);
            }
        }
    }
}

#[test]
fn a_preflight_is_answered_for_a_page_that_may_connect() {
    let server = Server::start(&["--allow-origin", "https://app.example"]);
    let asks = "Access-Control-Request-Method: GET\r\n\
        Access-Control-Request-Headers: content-type\r\n";
    let listed = format!("Origin: https://app.example\r\n{asks}");
    let preflight = read(&server, "OPTIONS", "/health", &listed);
    assert_eq!((preflight.status, preflight.header("Vary")), (204, Some("Origin")));
    for (name, value) in [
        (MAY_READ, "https://app.example"),
        ("Access-Control-Allow-Methods", "GET, HEAD"),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Max-Age", "600"),
        ("Allow", "GET, HEAD, OPTIONS"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{name}");
    }
    for headers in [&format!("Origin: https://evil.example\r\n{asks}"), asks] {
        let preflight = read(&server, "OPTIONS", "/health", headers);
        assert_eq!(preflight.status, 204);
        for name in [MAY_READ, "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"] {
            assert_eq!(preflight.header(name), None, "{name}");
        }
    }
}

#[test]
fn no_page_of_another_origin_may_read_what_is_the_operators() {
    let server = Server::start(&["--allow-origin", "https://app.example"]);
    for path in ["/metrics", "/nowhere"] {
        for method in ["GET", "OPTIONS"] {
            let headers = "Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n";
            let response = read(&server, method, path, headers);
            assert_eq!(response.header(MAY_READ), None, "{method} {path}");
        }
    }
}
