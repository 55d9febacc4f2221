//! What is counted and noted of a request that is refused: the reason, the status, the route.

use super::*;
use crate::http::Status;

/// The one thing that was noted of this request.
fn noted(request: &str, host: Recorder) -> Option<Refused> {
    let (host, _) = converse(host, [request.as_bytes()]);
    let answer = String::from_utf8_lossy(&host.written).into_owned();
    let statuses: Vec<&str> = answer.lines().filter_map(|l| l.strip_prefix("HTTP/1.1 ")).collect();
    let codes: Vec<u16> = statuses.iter().map(|s| s[..3].parse().expect("a status")).collect();
    assert_eq!(host.answered, codes, "each answer is counted once: {answer}");
    assert!(host.refused.len() <= 1, "{:?}", host.refused);
    let refused = host.refused.first().copied();
    assert!(refused.is_none_or(|refused| codes == [refused.status.code()]), "{refused:?}");
    refused
}

#[test]
fn a_refused_upgrade_is_noted_with_its_reason_and_its_route() {
    let number = "/ws/{mobile}";
    for (from, to, reason, status, route) in [
        ("GET /ws/1234567890 ", "POST /ws/1234567890 ", Refusal::Method, 405, number),
        ("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nhi", Refusal::Body, 413, number),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::Body, 411, number),
        ("/ws/1234567890", "/ws/123456789", Refusal::Parameters, 400, number),
        ("/ws/1234567890", "/ws/1234567890?presence=some", Refusal::Parameters, 400, number),
        ("/ws/1234567890", "/ws/1234567890/x/y", Refusal::NoSuchAddress, 404, NO_ROUTE),
        ("Upgrade: websocket\r\n", "", Refusal::NotAnUpgrade, 426, number),
        (" HTTP/1.1", " HTTP/1.0", Refusal::NotAnUpgrade, 426, number),
        ("Version: 13", "Version: 8", Refusal::WrongVersion, 426, number),
        ("Key: dGhl", "Key: ", Refusal::BadHandshake, 400, number),
        ("\r\n\r\n", "\r\nOrigin: a\r\nOrigin: b\r\n\r\n", Refusal::BadHandshake, 400, number),
        (
            "\r\n\r\n",
            "\r\nOrigin: https://evil.example\r\n\r\n",
            Refusal::ForeignOrigin,
            403,
            number,
        ),
        ("Host: chat.example\r\n", "", Refusal::Malformed, 400, NO_ROUTE),
        (" HTTP/1.1", " HTTP/2.0", Refusal::Malformed, 505, NO_ROUTE),
        ("/ws/", &format!("/ws/{}", "1".repeat(8192)), Refusal::TooLarge, 414, NO_ROUTE),
        (
            "Host:",
            &format!("Cookie: {}\r\nHost:", "c".repeat(9000)),
            Refusal::TooLarge,
            431,
            NO_ROUTE,
        ),
    ] {
        let refused = noted(&UPGRADE.replacen(from, to, 1), Recorder::default());
        let refused = refused.unwrap_or_else(|| panic!("nothing is noted of {to}"));
        assert_eq!((refused.reason, refused.route), (reason, route), "{to}");
        assert_eq!((refused.status.code(), refused.is_upgrade), (status, true), "{to}");
    }
}

#[test]
fn what_the_host_refuses_is_noted_with_its_reason() {
    for (refusal, reason, status) in [
        (DoorRefusal::Draining, Refusal::Draining, 503),
        (DoorRefusal::Full, Refusal::Full, 503),
        (DoorRefusal::AddressFull, Refusal::AddressFull, 503),
        (DoorRefusal::Banned, Refusal::Banned, 403),
        (DoorRefusal::AddressTooFast { retry_after_seconds: 1 }, Refusal::AddressTooFast, 429),
        (by_the_chat(None), Refusal::ByTheChat, 429),
    ] {
        let host = Recorder { refusal: Some(refusal), ..Recorder::default() };
        let refused = noted(UPGRADE, host).expect("it is noted");
        assert_eq!((refused.reason, refused.status.code()), (reason, status));
        assert_eq!(refused.route, "/ws/{mobile}");
        // The answer of a connection that is refused before its request is read says the same.
        let unread = Refused::unread(refusal);
        assert_eq!((unread.reason, unread.status), (reason, refused.status));
    }
}

#[test]
fn a_request_that_comes_too_late_is_noted_and_a_connection_that_asks_for_nothing_is_not() {
    for (begun, reasons) in [("GET / HT", &[Refusal::Late][..]), ("", &[])] {
        let (mut session, mut host) = (Session::new(), Recorder::default());
        let _ = session.receive(&mut begun.as_bytes().to_vec(), &limits(), &mut host);
        let _ = session.time_out(&mut host);
        let noted: Vec<Refusal> = host.refused.iter().map(|refused| refused.reason).collect();
        assert_eq!(noted, reasons);
        assert_eq!(host.answered.len(), reasons.len());
    }
}

#[test]
fn a_refused_page_is_no_refused_upgrade_and_an_answer_that_is_asked_for_is_no_refusal() {
    for (request, reason) in [
        ("GET /nowhere", Some(Refusal::NoSuchAddress)),
        ("POST /health", Some(Refusal::Method)),
        ("GET /health", None),
        ("OPTIONS /health", None),
        ("OPTIONS /ws/1234567890", None),
    ] {
        let request = format!("{request} HTTP/1.1\r\nHost: h\r\n\r\n");
        let refused = noted(&request, Recorder::default());
        assert_eq!(refused.map(|refused| refused.reason), reason, "{request}");
        assert!(!refused.is_some_and(|refused| refused.is_upgrade), "{request}");
    }
    // A server that shuts down says so on its pages. That is what they are for.
    for page in ["/health", "/ready"] {
        let draining = Recorder { draining: true, ..Recorder::default() };
        let (host, _) =
            converse(draining, [format!("GET {page} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()]);
        assert_eq!(
            (host.answered, host.refused),
            (vec![Status::ServiceUnavailable.code()], vec![])
        );
    }
}
