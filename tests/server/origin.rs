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
fn a_page_from_a_file_may_not_connect() {
    let server = Server::start(&[]);
    ask(&server, "null").expect_error(403, "pages from this origin may not connect");
}
