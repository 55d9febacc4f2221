//! Requests that a proxy and the server could read differently. Each is sent over a real socket, with
//! another request right behind it.
//!
//! The names begin as in JSONTestSuite. `y_`: the standard demands that the request is accepted, so both
//! requests are answered. `n_`: the request is malformed, or has a body. It is answered once, and the
//! bytes behind it are never taken for a request. `i_`: the standard leaves the answer open.

use crate::harness::{ALICE, CLOSE, Server, Wire};

/// The request behind each request. An answer to it would be a 404.
const BEHIND: &str = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

/// Sends a request and the one behind it, and compares the statuses of all answers before the connection
/// ends. Each character of `request` is one byte, so that any byte can be written.
fn check(server: &Server, name: &str, request: &str, statuses: &[u16]) {
    let bytes = |text: &str| text.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let mut wire = server.wire();
    wire.send([bytes(request), bytes(BEHIND)].concat());
    wire.finish_writing();
    for (place, status) in statuses.iter().enumerate() {
        let response = wire.response();
        assert_eq!(response.status, *status, "{name}, answer {place}");
        if name.starts_with("n_") {
            assert_eq!(response.header("Connection"), Some("close"), "{name}");
            assert!(response.json()["detail"].is_string(), "{name}");
        }
    }
    wire.expect_end();
}

/// `GET /health` with these header lines, and with what follows the head.
fn get(lines: &str) -> String {
    let (lines, body) = lines.split_once("\r\n\r\n").unwrap_or((lines, ""));
    let lines = if lines.is_empty() { String::new() } else { format!("{lines}\r\n") };
    format!("GET /health HTTP/1.1\r\nHost: h\r\n{lines}\r\n{body}")
}

#[test]
fn what_the_standard_demands_is_answered_and_so_is_what_stands_behind_it() {
    let server = Server::start(&[]);
    for (name, request) in [
        ("y_plain", get("")),
        ("y_absolute_form", "GET http://h/health HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("y_absolute_form_other_host", "GET http://a/health HTTP/1.1\r\nHost: b\r\n\r\n".into()),
        ("y_empty_line_before", format!("\r\n{}", get(""))),
        ("y_no_space_after_colon", get("Accept:*/*")),
        ("y_tabs_around_value", get("Accept: \t*/*\t ")),
        ("y_empty_value", get("Accept:")),
        ("y_names_in_any_case", "GET /health HTTP/1.1\r\nhOsT: h\r\n\r\n".into()),
        ("y_obs_text_in_value", get("X: \u{e9}\u{ff}\u{80}")),
        ("y_empty_list_elements", get("Connection: ,, ,keep-alive,")),
        ("y_content_length_zero", get("Content-Length: 0")),
        ("y_content_length_zeros", get("Content-Length: 000")),
        ("y_unknown_headers", get("Content_Length: 5\r\nTransfer_Encoding: chunked")),
        ("y_expect_without_body", get("Expect: 100-continue")),
        ("y_upgrade_to_something_else", get("Connection: Upgrade\r\nUpgrade: h2c, foo/2")),
        ("y_query", "GET /health?a=/../%0d%0aX:%20y HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("y_host_with_port", "GET /health HTTP/1.1\r\nHost: [::1]:80\r\n\r\n".into()),
        ("y_http_1_0_keep_alive", "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".into()),
    ] {
        check(&server, name, &request, &[200, 404]);
    }
}

#[test]
fn a_body_whose_end_is_in_doubt_is_answered_once_and_ends_the_connection() {
    let server = Server::start(&[]);
    let chunked = "\r\n\r\n0\r\n\r\n";
    for (name, status, request) in [
        // Bodies. No request here needs one, and the server does not look for their ends.
        ("n_body_with_length", 413, get("Content-Length: 5\r\n\r\nhello")),
        ("n_body_is_a_request", 413, get(&format!("Content-Length: {}", BEHIND.len()))),
        ("n_body_shorter_than_said", 413, get("Content-Length: 999999")),
        ("n_body_longer_than_memory", 413, get("Content-Length: 18446744073709551615")),
        ("n_body_in_chunks", 411, get(&format!("Transfer-Encoding: chunked{chunked}"))),
        (
            "n_chunk_size_overflow",
            411,
            get("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        ),
        ("n_chunk_without_end", 411, get("Transfer-Encoding: chunked\r\n\r\n5\r\nhel")),
        ("n_chunk_extension", 411, get("Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n")),
        ("n_expect_with_body", 413, get("Expect: 100-continue\r\nContent-Length: 5")),
        // Content-Length against Transfer-Encoding.
        ("n_cl_te", 400, get(&format!("Content-Length: 6\r\nTransfer-Encoding: chunked{chunked}"))),
        ("n_te_cl", 400, get(&format!("Transfer-Encoding: chunked\r\nContent-Length: 3{chunked}"))),
        (
            "n_cl_0_te",
            400,
            get(&format!("Content-Length: 0\r\nTransfer-Encoding: chunked{chunked}")),
        ),
        // Lengths that some servers accept and some do not.
        ("n_cl_twice_equal", 400, get("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")),
        ("n_cl_twice_different", 400, get("Content-Length: 0\r\nContent-Length: 35")),
        ("n_cl_list", 400, get("Content-Length: 0, 0")),
        ("n_cl_plus", 400, get("Content-Length: +5")),
        ("n_cl_minus", 400, get("Content-Length: -1")),
        ("n_cl_hex", 400, get("Content-Length: 0x0")),
        ("n_cl_empty", 400, get("Content-Length:")),
        ("n_cl_space_inside", 400, get("Content-Length: 0 5")),
        ("n_cl_65_bits", 400, get("Content-Length: 18446744073709551616")),
        ("n_cl_other_digits", 400, get("Content-Length: \u{b2}")),
        // Codings that some servers recognise and some do not.
        ("n_te_xchunked", 400, get(&format!("Transfer-Encoding: xchunked{chunked}"))),
        ("n_te_identity", 400, get("Transfer-Encoding: identity")),
        ("n_te_empty", 400, get("Transfer-Encoding:")),
        ("n_te_quoted", 400, get(&format!("Transfer-Encoding: \"chunked\"{chunked}"))),
        ("n_te_not_last", 400, get(&format!("Transfer-Encoding: chunked, gzip{chunked}"))),
        ("n_te_vertical_tab", 400, get(&format!("Transfer-Encoding: \u{b}chunked{chunked}"))),
        ("n_te_no_break_space", 400, get(&format!("Transfer-Encoding: \u{a0}chunked{chunked}"))),
        ("n_te_gzip_chunked", 501, get(&format!("Transfer-Encoding: gzip, chunked{chunked}"))),
        ("n_te_twice", 501, get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        ("n_te_in_1_0", 400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into()),
    ] {
        check(&server, name, &request, &[status]);
    }
}

#[test]
fn a_line_that_is_in_doubt_is_answered_once_and_ends_the_connection() {
    let server = Server::start(&[]);
    for (name, status, request) in [
        // Lines that are a header for some servers and not for others.
        ("n_space_before_colon", 400, get("Content-Length : 35")),
        ("n_tab_before_colon", 400, get("Transfer-Encoding\t: chunked")),
        ("n_obs_fold", 400, get("X: a\r\n b")),
        ("n_obs_fold_of_length", 400, get("Content-Length:\r\n 35")),
        ("n_first_line_folded", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n".into()),
        ("n_no_colon", 400, get("Content-Length")),
        ("n_no_name", 400, get(": 35")),
        ("n_space_in_name", 400, get("Content Length: 35")),
        ("n_control_in_name", 400, get("Content-Length\u{1}: 35")),
        ("n_byte_over_127_in_name", 400, get("Content-Length\u{e9}: 35")),
        // Line ends that some servers accept and some do not.
        ("n_bare_lf", 400, "GET / HTTP/1.1\nHost: h\n\n".into()),
        ("n_bare_lf_in_one_line", 400, get("X: a\nContent-Length: 35")),
        ("n_bare_lf_before", 400, format!("\n{}", get(""))),
        ("n_bare_lf_at_the_end", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n".into()),
        ("n_bare_cr", 400, get("X: a\rContent-Length: 35")),
        ("n_bare_cr_before_the_end", 400, get("X: a\r\r\n")),
        ("n_nul_in_value", 400, get("X: a\0b")),
        ("n_nul_in_name", 400, get("X\0: a")),
        ("n_nul_in_target", 400, "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_delete_in_value", 400, get("X: a\u{7f}b")),
    ] {
        check(&server, name, &request, &[status]);
    }
}

#[test]
fn a_malformed_or_endless_head_is_answered_once_and_ends_the_connection() {
    let server = Server::start(&[]);
    for (name, status, request) in [
        // Request lines.
        ("n_http_0_9", 400, "GET /\r\n".into()),
        ("n_http_2_preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()),
        ("n_http_1_2", 505, "GET / HTTP/1.2\r\nHost: h\r\n\r\n".into()),
        ("n_http_in_lower_case", 400, "GET / http/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_tls", 400, "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".into()),
        ("n_two_spaces", 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_tab_for_space", 400, "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_space_before_method", 400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_space_in_target", 400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_space_after_version", 400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n".into()),
        ("n_fragment", 400, "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_not_ascii", 400, "GET /\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_other_scheme", 400, "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_userinfo", 400, "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        ("n_relative", 400, "GET health HTTP/1.1\r\nHost: h\r\n\r\n".into()),
        // Hosts.
        ("n_no_host", 400, "GET / HTTP/1.1\r\n\r\n".into()),
        ("n_no_host_but_absolute_form", 400, "GET http://h/ HTTP/1.1\r\n\r\n".into()),
        ("n_two_hosts", 400, get("Host: h")),
        ("n_host_with_space", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".into()),
        ("n_host_with_userinfo", 400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n".into()),
        ("n_host_with_path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into()),
        // Limits.
        ("n_long_target", 414, format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(8192))),
        ("n_long_method", 414, "X".repeat(9000)),
        ("n_long_header", 431, get(&format!("X: {}", "x".repeat(8192)))),
        ("n_many_headers", 431, get(&"X: x\r\n".repeat(64))),
        ("n_empty_lines_without_end", 414, "\r\n".repeat(5000)),
    ] {
        check(&server, name, &request, &[status]);
    }
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn what_the_standard_leaves_open_has_one_answer() {
    let server = Server::start(&[]);
    for (name, request, statuses) in [
        ("i_lower_case_method", "get /health HTTP/1.1\r\nHost: h\r\n\r\n", &[405, 404][..]),
        ("i_unknown_method", "BREW /health HTTP/1.1\r\nHost: h\r\n\r\n", &[405, 404]),
        ("i_trace", "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", &[405, 404]),
        ("i_connect", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", &[404, 404]),
        ("i_options_asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", &[404, 404]),
        ("i_https_url", "GET https://h/health HTTP/1.1\r\nHost: h\r\n\r\n", &[200, 404]),
        ("i_empty_host", "GET /health HTTP/1.1\r\nHost:\r\n\r\n", &[200, 404]),
        ("i_dots_in_path", "GET /a/../health HTTP/1.1\r\nHost: h\r\n\r\n", &[404, 404]),
        ("i_encoded_path", "GET /%68ealth HTTP/1.1\r\nHost: h\r\n\r\n", &[404, 404]),
        ("i_two_slashes", "GET //health HTTP/1.1\r\nHost: h\r\n\r\n", &[404, 404]),
        ("i_http_1_0", "GET /health HTTP/1.0\r\n\r\n", &[200]),
        ("i_close", "GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &[200]),
        ("i_body_to_post", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", &[405]),
        ("i_body_to_nowhere", "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", &[404]),
        (
            "i_http2_settings",
            "GET /health HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, \
          HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
            &[200, 404],
        ),
    ] {
        check(&server, name, request, statuses);
    }
}

#[test]
fn an_upgrade_has_no_body() {
    let server = Server::start(&[]);
    let path = format!("/ws/{ALICE}");
    for (name, status, lines, body) in [
        ("n_upgrade_with_length", 413, "Content-Length: 5\r\n", "hello"),
        ("n_upgrade_in_chunks", 411, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        (
            "n_upgrade_in_two_framings",
            400,
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            "",
        ),
    ] {
        check(&server, name, &(Wire::upgrade_request(&path, lines) + body), &[status]);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_request_behind_an_upgrade_is_taken_for_frames_or_answered_never_both() {
    let server = Server::start(&[]);
    // The upgrade is refused: the connection still speaks HTTP.
    let refused = Wire::upgrade_request("/ws/123", "");
    check(&server, "i_refused_upgrade", &refused, &[400, 404]);
    // The upgrade succeeds: frames follow, and no frame begins with a `G`.
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws/{ALICE}?presence=none"), "") + BEHIND);
    wire.expect_switch();
    let (opcode, payload) = wire.frame();
    assert_eq!((opcode, &payload[..2]), (CLOSE, &1002u16.to_be_bytes()[..]));
    wire.finish_writing();
    wire.expect_end();
}
