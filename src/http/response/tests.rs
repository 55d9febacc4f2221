//! What responses look like, byte for byte.

use super::*;

const DATE: Duration = Duration::from_secs(784_111_777);

fn written(response: &Response<'_>) -> String {
    let mut out = Vec::new();
    response.write(&mut out, DATE, false);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn an_answer_with_a_body() {
    let response = Response::new(Status::Ok).body("text/plain", b"hello");
    assert_eq!(
        written(&response),
        "HTTP/1.1 200 OK\r\n\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: 5\r\n\
         \r\n\
         hello"
    );
}

#[test]
fn an_error_with_a_detail_on_a_closing_connection() {
    let response = Response::new(Status::MethodNotAllowed)
        .header("Allow", "GET, HEAD")
        .json_detail("only GET and HEAD")
        .close();
    assert_eq!(
        written(&response),
        "HTTP/1.1 405 Method Not Allowed\r\n\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         Connection: close\r\n\
         Allow: GET, HEAD\r\n\
         Content-Type: application/json\r\n\
         Content-Length: 30\r\n\
         \r\n\
         {\"detail\":\"only GET and HEAD\"}"
    );
}

#[test]
fn cookies_have_a_line_each_and_say_whether_they_need_tls() {
    let time = Duration::from_secs(784_200_000);
    let response = Response::new(Status::SeeOther)
        .header("Location", "/index")
        .cookie(SetCookie::hidden("session", "ab".to_owned(), time))
        .cookie(SetCookie::removed("username"));
    for (secure, end) in [(false, ""), (true, "; Secure")] {
        assert_eq!(
            written(&response.clone().secure(secure)),
            format!(
                "HTTP/1.1 303 See Other\r\n\
                 Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                 Location: /index\r\n\
                 Set-Cookie: session=ab; Path=/; Expires=Mon, 07 Nov 1994 09:20:00 GMT; \
                 SameSite=Lax; HttpOnly{end}\r\n\
                 Set-Cookie: username=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
                 SameSite=Lax{end}\r\n\
                 Content-Length: 0\r\n\
                 \r\n"
            )
        );
    }
}

#[test]
fn an_accepted_upgrade_carries_what_strict_clients_compare_and_nothing_else() {
    let response = Response::new(Status::SwitchingProtocols)
        .upgrade("websocket")
        .header("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .close();
    assert_eq!(
        written(&response),
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         \r\n"
    );
}

#[test]
fn there_is_one_connection_header_whatever_has_to_be_in_it() {
    let plain = Response::new(Status::UpgradeRequired);
    let upgrade = plain.clone().upgrade("websocket");
    for (response, expected) in [
        (plain.clone(), None),
        (plain.clone().close(), Some("close")),
        (plain.clone().keep_alive(), Some("keep-alive")),
        (upgrade.clone(), Some("Upgrade")),
        (upgrade.clone().close(), Some("Upgrade, close")),
        (upgrade.clone().keep_alive(), Some("Upgrade, keep-alive")),
    ] {
        let text = written(&response);
        let found: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("Connection: ")).collect();
        assert_eq!(found, expected.as_slice());
    }
}

#[test]
fn the_answer_to_head_has_every_header_of_the_answer_to_get() {
    let response = Response::new(Status::Ok).body("text/plain", b"hello");
    let mut head = Vec::new();
    response.write(&mut head, DATE, true);
    let whole = written(&response);
    assert_eq!(Some(head.as_slice()), whole.as_bytes().strip_suffix(b"hello"));
}

#[test]
fn an_empty_body_has_a_length_and_an_impossible_one_has_none() {
    assert!(written(&Response::new(Status::NotFound)).contains("\r\nContent-Length: 0\r\n"));
    let switching = Response::new(Status::SwitchingProtocols).upgrade("websocket");
    let empty = Response::new(Status::NoContent).header("Allow", "GET");
    for response in [switching, empty] {
        assert!(!written(&response).contains("Content-Length"));
    }
}

#[test]
fn a_line_break_in_a_value_begins_no_header() {
    let response =
        Response::new(Status::MethodNotAllowed).header("Allow", "/\r\nSet-Cookie: a\0").close();
    assert!(written(&response).contains("\r\nAllow: /  Set-Cookie: a \r\n"));
}

#[test]
fn a_detail_is_always_valid_json() {
    let detail = "quote \" backslash \\ newline \n escape \u{1b} delete \u{7f} umlaut ü face 😀";
    let text = written(&Response::new(Status::BadRequest).json_detail(detail));
    let (_, json) = text.split_once("\r\n\r\n").expect("a body");
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(value, serde_json::json!({ "detail": detail }));
}

#[test]
fn writing_appends() {
    let mut out = b"before".to_vec();
    Response::new(Status::Ok).write(&mut out, DATE, false);
    assert!(out.starts_with(b"beforeHTTP/1.1 200 OK\r\n"));
}

#[test]
fn no_clock_is_too_wrong_for_a_date() {
    for date in [Duration::ZERO, Duration::MAX] {
        Response::new(Status::Ok).write(&mut Vec::new(), date, false);
    }
    assert_eq!(http_date(Duration::ZERO).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(http_date(Duration::MAX).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn every_status_has_its_standard_phrase_and_says_whether_a_body_follows() {
    for (status, line, has_length) in [
        (Status::NoContent, "204 No Content", false),
        (Status::SeeOther, "303 See Other", true),
        (Status::TemporaryRedirect, "307 Temporary Redirect", true),
        (Status::Unauthorized, "401 Unauthorized", true),
        (Status::Conflict, "409 Conflict", true),
        (Status::UnsupportedMediaType, "415 Unsupported Media Type", true),
        (Status::InsufficientStorage, "507 Insufficient Storage", true),
    ] {
        let text = written(&Response::new(status).header("Location", "/"));
        assert!(text.starts_with(&format!("HTTP/1.1 {line}\r\n")), "{text}");
        assert_eq!(text.contains("\r\nContent-Length: 0\r\n"), has_length, "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
    }
}
