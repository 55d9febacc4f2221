//! Samples of good and bad requests. Each is also cut at every byte, for no verdict may depend on
//! how the bytes arrived.

use proptest::prelude::*;

use super::*;

type Verdict<'b> = Result<Option<(Request<'b>, usize)>, BadRequest>;

/// The verdict on the whole input, which is certain to be the verdict on every beginning that has
/// one.
fn verdict<'b>(input: &'b [u8], limits: &Limits) -> Verdict<'b> {
    let whole = parse(input, limits);
    for cut in 0..input.len() {
        let so_far = parse(&input[..cut], limits);
        let agrees = so_far == Ok(None) || so_far == whole;
        assert!(agrees, "{so_far:?} after {cut} bytes of {}", input.escape_ascii());
    }
    whole
}

fn good(input: &str) -> Request<'_> {
    match verdict(input.as_bytes(), &Limits::default()) {
        Ok(Some((request, head_len))) => {
            assert_eq!(head_len, input.len(), "{input:?}");
            request
        }
        other => panic!("{other:?} for {input:?}"),
    }
}

fn refusal(input: &[u8]) -> BadRequest {
    verdict(input, &Limits::default())
        .expect_err(&format!("{} should be refused", input.escape_ascii()))
}

/// A valid HTTP/1.1 request but for what `lines` make of it.
fn with_headers(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\n{lines}\r\n\r\n")
}

#[test]
fn an_upgrade_is_read_wherever_its_bytes_are_cut() {
    let request = good(
        "GET /ws/4915112345678?presence=delta&token=a.b-c HTTP/1.1\r\n\
         host: chat.example:8080\r\n\
         Connection: keep-alive, Upgrade\r\n\
         UPGRADE:websocket\r\n\
         Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ== \t\r\n\
         \r\n",
    );
    assert_eq!((request.method, request.path), ("GET", "/ws/4915112345678"));
    assert_eq!(request.query, Some("presence=delta&token=a.b-c"));
    assert_eq!(request.host, Some("chat.example:8080"));
    assert_eq!((request.version, request.body), (Version::Http11, Body::None));
    assert!(request.headers.has_token("connection", "upgrade"));
    let key = request.headers.first("sec-websocket-key");
    assert_eq!(key, Some(&b"dGhlIHNhbXBsZSBub25jZQ=="[..]));
}

#[test]
fn a_query_value_is_the_first_of_its_name() {
    let request = good("GET /?a=1&b&c==2&a=3&=d HTTP/1.0\r\n\r\n");
    let expected =
        [("a", Some("1")), ("b", Some("")), ("c", Some("=2")), ("", Some("d")), ("d", None)];
    for (name, value) in expected {
        assert_eq!(request.query_value(name).as_deref(), value, "{name}");
    }
    assert_eq!(good("GET / HTTP/1.0\r\n\r\n").query_value("a"), None);
}

#[test]
fn a_query_value_has_no_escapes_left() {
    let request = good("GET /?a=%C3%A4+%26%3D&%62=1&c=%zz&d=%FF HTTP/1.0\r\n\r\n");
    for (name, value) in [("a", "ä &="), ("b", "1"), ("c", "%zz"), ("d", "\u{FFFD}")] {
        assert_eq!(request.query_value(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn only_a_client_that_knows_interim_answers_can_wait_for_one() {
    for (version, line, expected) in [
        ("1.1", "Expect: 100-continue", true),
        ("1.1", "expect: 100-Continue", true),
        ("1.1", "Expect: a-miracle", false),
        ("1.1", "Accept: 100-continue", false),
        ("1.0", "Expect: 100-continue", false),
    ] {
        let input = format!("POST / HTTP/{version}\r\nHost: h\r\n{line}\r\n\r\n");
        assert_eq!(good(&input).expects_continue(), expected, "{version} {line}");
    }
}

#[test]
fn every_form_of_target_is_understood() {
    for (line, path, query, host) in [
        ("GET /a/b?c?d", "/a/b", Some("c?d"), "h"),
        ("GET /?", "/", Some(""), "h"),
        ("GET //evil.example/a", "//evil.example/a", None, "h"),
        ("GET /?u=http://x/", "/", Some("u=http://x/"), "h"),
        ("GET http://other:80/a?b", "/a", Some("b"), "other:80"),
        ("GET HTTPS://other", "/", None, "other"),
        ("GET http://other?b", "/", Some("b"), "other"),
        ("OPTIONS *", "*", None, "h"),
        ("CONNECT other:443", "other:443", None, "h"),
    ] {
        let input = format!("{line} HTTP/1.1\r\nHost: h\r\n\r\n");
        let request = good(&input);
        assert_eq!((request.path, request.query, request.host), (path, query, Some(host)));
    }
}

#[test]
fn a_target_that_is_no_path_and_no_http_url_is_refused() {
    for target in [
        "a",
        "?a",
        "ftp://h/",
        "http:/a",
        "http:///a",
        "http://user@h/",
        "/a#b",
        "/ü",
        "http://h\\@evil/",
    ] {
        let input = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(refusal(input.as_bytes()), BadRequest::Target, "{target}");
    }
}

#[test]
fn a_malformed_request_line_is_refused() {
    for input in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC"[..], // a TLS ClientHello: https to the http port
        b"GET  / HTTP/1.1\r\n",
        b"GET /  HTTP/1.1\r\n",
        b"GET /\r\n",
        b"GET / \r\n",
        b"GET / http/1.1\r\n",
        b"GET / HTTP\r\n",
        b" GET / HTTP/1.1\r\n",
        b"G\0T / HTTP/1.1\r\n",
        b"GET /\0 HTTP/1.1\r\n",
        b"GET /\x7F HTTP/1.1\r\n",
        b"GET /\xFF HTTP/1.1\r\n",
        b"GET /\r HTTP/1.1\r\n",
        b"GET /\ta HTTP/1.1\r\n",
        b"GE(T / HTTP/1.1\r\n",
    ] {
        assert_eq!(refusal(input), BadRequest::RequestLine, "{}", input.escape_ascii());
    }
}

#[test]
fn another_version_of_http_is_told_apart_from_nonsense() {
    for input in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\r\nGET / HTTP/0.9\r\n\r\n",
        "GET / HTTP/1.2\r\n\r\n",
        "GET / HTTP/3",
        "GET / HTTP/11",
    ] {
        assert_eq!(refusal(input.as_bytes()), BadRequest::Version, "{input:?}");
    }
}

#[test]
fn a_line_ends_in_cr_lf_and_in_nothing_else() {
    for input in [
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n",
        "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\rGET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\rHost: h",
        "GET / HTTP/1.1 \r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\rX",
        "GET / HTTP/1.\n",
    ] {
        assert_eq!(refusal(input.as_bytes()), BadRequest::LineEnd, "{input:?}");
    }
}

#[test]
fn the_first_fault_is_the_one_that_counts() {
    assert_eq!(refusal(b"GET / HTTP/1.1\r\n: v\r\nb: v\n"), BadRequest::HeaderName);
    assert_eq!(refusal(b"GET / HTTP/1.1\r\nb: v\n: v\r\n"), BadRequest::LineEnd);
}

#[test]
fn empty_lines_before_a_request_are_skipped_and_counted() {
    let request = "\r\n\r\nGET / HTTP/1.0\r\n\r\n";
    good(request);
    let limits = Limits { head_bytes: request.len() - 1, ..Limits::default() };
    assert_eq!(verdict(request.as_bytes(), &limits), Err(BadRequest::HeadTooLong));
    assert_eq!(verdict(&b"\r\n".repeat(20), &limits), Err(BadRequest::LineTooLong));
}

#[test]
fn http_1_1_needs_exactly_one_valid_host() {
    for lines in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a@b\r\n", "Host: a/\r\n"] {
        let input = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        assert_eq!(refusal(input.as_bytes()), BadRequest::Host, "{lines:?}");
    }
    assert_eq!(refusal(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), BadRequest::Host);
    assert_eq!(refusal(b"GET / HTTP/1.1\r\nHost: \xFF\r\n\r\n"), BadRequest::Host);
    assert_eq!(refusal(b"GET http://a/ HTTP/1.1\r\n\r\n"), BadRequest::Host);

    assert_eq!(good("GET / HTTP/1.0\r\n\r\n").host, None);
    assert_eq!(good("GET / HTTP/1.1\r\nHost:\r\n\r\n").host, Some(""));
    assert_eq!(good("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").host, Some("[::1]:80"));
}

#[test]
fn a_body_ends_where_everybody_agrees() {
    for (lines, body) in [
        ("Content-Length: 0", Body::None),
        ("Content-Length: 5", Body::Length(5)),
        ("content-length:\t005 ", Body::Length(5)),
        ("Content-Length: 18446744073709551615", Body::Length(u64::MAX)),
        ("Transfer-Encoding: chunked", Body::Chunked),
        ("TRANSFER-ENCODING:\tChUnKeD ", Body::Chunked),
        ("Content_Length: 5", Body::None),
    ] {
        assert_eq!(good(&with_headers(lines)).body, body, "{lines:?}");
    }
}

#[test]
fn a_body_whose_end_could_be_read_in_two_ways_is_refused() {
    use BadRequest::{
        ContentLength, HeaderName, HeaderValue, NoEndOfBody, TransferCoding, TwoFramings,
    };
    for (lines, reason) in [
        // CL.TE and TE.CL: one server believes the one, the next the other.
        ("Content-Length: 6\r\nTransfer-Encoding: chunked", TwoFramings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 6", TwoFramings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", TwoFramings),
        ("Transfer-Encoding: xchunked\r\nContent-Length: 6", TwoFramings),
        ("Transfer-Encoding:\r\nContent-Length: 6", TwoFramings),
        // Two lengths, or what only some read as a length.
        ("Content-Length: 5\r\nContent-Length: 6", ContentLength),
        ("Content-Length: 5\r\nContent-Length: 5", ContentLength),
        ("Content-Length: 5,5", ContentLength),
        ("Content-Length: 5, 6", ContentLength),
        ("Content-Length:", ContentLength),
        ("Content-Length: +5", ContentLength),
        ("Content-Length: -0", ContentLength),
        ("Content-Length: 0x5", ContentLength),
        ("Content-Length: 5 5", ContentLength),
        ("Content-Length: 5;", ContentLength),
        ("Content-Length: 5.0", ContentLength),
        ("Content-Length: \"5\"", ContentLength),
        ("Content-Length: ٥", ContentLength),
        ("Content-Length: 18446744073709551616", ContentLength),
        // TE.TE: a coding that one server recognises and another does not.
        ("Transfer-Encoding: xchunked", NoEndOfBody),
        ("Transfer-Encoding: \"chunked\"", NoEndOfBody),
        ("Transfer-Encoding: chunked;q=1", NoEndOfBody),
        ("Transfer-Encoding: ,chunked", TransferCoding),
        ("Transfer-Encoding: gzip, chunked", TransferCoding),
        ("Transfer-Encoding: chunked, gzip", NoEndOfBody),
        ("Transfer-Encoding: chunked, chunked", TransferCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", TransferCoding),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", TransferCoding),
        ("Transfer-Encoding: identity", NoEndOfBody),
        ("Transfer-Encoding: chunked,", NoEndOfBody),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", NoEndOfBody),
        ("Transfer-Encoding:", NoEndOfBody),
        // Lines that one server takes for a header and another does not.
        ("Transfer-Encoding : chunked", HeaderName),
        ("Transfer-Encoding\t: chunked", HeaderName),
        (" Transfer-Encoding: chunked", HeaderName),
        ("X: a\r\n Transfer-Encoding: chunked", HeaderName),
        ("Transfer-Encoding:\r\n chunked", HeaderName),
        ("X: a\r\n\tb", HeaderName),
        ("Transfer-Encoding\0: chunked", HeaderName),
        ("Transfer-Encoding", HeaderName),
        (": chunked", HeaderName),
        ("\u{a0}Transfer-Encoding: chunked", HeaderName),
        ("Transfer-Encoding: \u{b}chunked", HeaderValue),
        ("Transfer-Encoding: chunked\0", HeaderValue),
        ("X: a\rTransfer-Encoding: chunked", HeaderValue),
        ("X:\rTransfer-Encoding: chunked", HeaderValue),
        ("X: a\u{7f}b", HeaderValue),
    ] {
        assert_eq!(refusal(with_headers(lines).as_bytes()), reason, "{lines:?}");
    }
    let input = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refusal(input), BadRequest::TransferEncodingInHttp10);
}

#[test]
fn a_connection_stays_open_only_if_both_sides_know() {
    for (version, connection, stays) in [
        ("1.1", "", true),
        ("1.1", "Connection: Upgrade\r\n", true),
        ("1.1", "Connection: foo, Close\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let input = format!("GET / HTTP/{version}\r\nHost: h\r\n{connection}\r\n");
        assert_eq!(good(&input).keep_alive(), stays, "{version} {connection:?}");
    }
}

#[test]
fn pipelined_requests_are_read_one_after_the_other() {
    let input = b"GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\nA: b\r\n\r\nGET /3\n";
    let (first, head_len) = verdict(input, &Limits::default()).expect("valid").expect("complete");
    let rest = &input[head_len..];
    let (second, head_len) = verdict(rest, &Limits::default()).expect("valid").expect("complete");
    let rest = &rest[head_len..];
    assert_eq!((first.path, second.path, rest), ("/1", "/2", &b"GET /3\n"[..]));
    assert_eq!(verdict(rest, &Limits::default()), Err(BadRequest::LineEnd));
}

#[test]
fn an_endless_head_is_refused_as_soon_as_the_limit_is_reached() {
    let limits = Limits { head_bytes: 64, headers: 3 };
    for (input, reason) in [
        (format!("GET /{}", "a".repeat(59)), BadRequest::LineTooLong),
        ("G".repeat(64), BadRequest::LineTooLong),
        (format!("GET / HTTP/1.0\r\na: {}", "b".repeat(45)), BadRequest::HeadTooLong),
        (format!("GET / HTTP/1.0\r\n{}", "a".repeat(48)), BadRequest::HeadTooLong),
        (format!("GET / HTTP/1.0\r\n{}", "a: b\r\n".repeat(4)), BadRequest::TooManyHeaders),
    ] {
        let input = input.as_bytes();
        assert_eq!(verdict(input, &limits), Err(reason), "{}", input.escape_ascii());
        assert_eq!(parse(&input[..input.len() - 1], &limits), Ok(None), "a byte early");
        let more = [input, b"\r\n\r\n"].concat();
        assert_eq!(verdict(&more, &limits), Err(reason), "and no end heals it");
    }
}

#[test]
fn a_head_of_exactly_the_limits_is_taken_whatever_follows_it() {
    let limits = Limits { head_bytes: 64, headers: 3 };
    let mut input = b"GET / HTTP/1.0\r\na: b\r\nc: d\r\ne: ".to_vec();
    input.resize(60, b'f');
    input.extend_from_slice(b"\r\n\r\n");
    assert!(matches!(verdict(&input, &limits), Ok(Some((_, 64)))));
    input.extend_from_slice(b"\n: a body of any length".repeat(10).as_slice());
    assert!(matches!(verdict(&input, &limits), Ok(Some((_, 64)))));
}

#[test]
fn debug_output_does_not_give_a_path_or_a_token_away() {
    let input =
        "GET /ws/4915112345678?token=secret HTTP/1.0\r\nAuthorization: Bearer secret\r\n\r\n";
    let output = format!("{:?}", good(input));
    assert!(!output.contains("secret") && !output.contains("491511"), "{output}");
}

/// Fragments of requests, right and wrong, in any order: far likelier than random bytes to get past
/// the first line.
fn requestlike() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop::sample::select(vec![
        &b"GET / HTTP/1.1\r\nHost: h\r\n"[..],
        b"POST /a?b HTTP/1.0\r\n",
        b"PRI * HTTP/2.0",
        b"GET",
        b" ",
        b"/",
        b"HTTP/",
        b"1.1",
        b"\r\n",
        b"\r",
        b"\n",
        b"Host: h\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"a",
        b":",
        b"\t",
        b"\0",
        b"\xFF",
    ]);
    prop::collection::vec(fragment, 0..12).prop_map(|fragments| fragments.concat())
}

proptest! {
    #[test]
    fn any_bytes_get_one_verdict(input in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = verdict(&input, &Limits { head_bytes: 64, headers: 2 });
    }

    #[test]
    fn any_fragments_get_one_verdict(input in requestlike()) {
        let _ = verdict(&input, &Limits { head_bytes: 64, headers: 2 });
        let _ = verdict(&input, &Limits::default());
    }
}
