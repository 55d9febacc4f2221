//! Requests with bodies, at the tests' own addresses: whole, and cut at each byte.

use super::calls::BODY_BYTES;
use super::*;
use crate::chat::account::{Call, Secret};

/// A request that logs in, with these header lines and this body.
fn log_in(lines: &str, body: &str) -> String {
    let length = body.len();
    format!("POST /test/login HTTP/1.1\r\nHost: a\r\n{lines}Content-Length: {length}\r\n\r\n{body}")
}

fn call(name: &str) -> Call {
    Call::LogIn { name: name.into(), password: Secret::new("x") }
}

fn calls(host: &Recorder) -> Vec<&Call> {
    host.asked.iter().map(|(call, ..)| call).collect()
}

fn text(host: &Recorder) -> String {
    String::from_utf8_lossy(&host.written).into_owned()
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn a_body_is_handed_over_whole_wherever_it_is_cut() {
    let sample = log_in(JSON, "{\"name\":\"GET / HTTP/1.1\r\n\r\n\"}");
    let expected = call("{\"name\":\"GET / HTTP/1.1\r\n\r\n\"}");
    for cut in 1..=sample.len() {
        let (first, second) = sample.as_bytes().split_at(cut);
        let (host, flow) = converse(Recorder::default(), [first, second]);
        assert_eq!((calls(&host), flow), (vec![&expected], Flow::Open), "cut at {cut}");
        assert!(host.written.is_empty(), "cut at {cut}");
    }
    let (host, _) = converse(Recorder::default(), sample.as_bytes().chunks(1));
    assert_eq!(calls(&host), [&expected]);
}

/// While the body arrives, its head stays as it is: garbled, it would be refused if it were parsed.
#[test]
fn a_head_is_not_parsed_again_for_each_piece_of_the_body() {
    let sample = log_in(JSON, "0123456789");
    let (head, body) = sample.split_at(sample.len() - 10);
    let (mut session, mut host) = (Session::new(), Recorder::default());
    let mut head = head.as_bytes().to_vec();
    assert_eq!(session.receive(&mut head, &limits(), &mut host), Flow::Open);
    let Stage::Request(begun) = &mut session.stage else { panic!("it waits for the body") };
    begun.bytes[0] = b'\0';
    for piece in body.as_bytes()[..9].chunks(1) {
        assert_eq!(session.receive(&mut piece.to_vec(), &limits(), &mut host), Flow::Open);
    }
    assert!(host.written.is_empty(), "nothing was parsed");
    let Stage::Request(begun) = &mut session.stage else { panic!("it waits for the body") };
    begun.bytes[0] = b'P';
    assert_eq!(session.receive(&mut b"9".to_vec(), &limits(), &mut host), Flow::Open);
    assert_eq!(calls(&host), [&call("0123456789")]);
}

#[test]
fn a_client_that_asks_may_send_its_body_and_is_told_so_once() {
    const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    let sample = log_in(&format!("{JSON}Expect: 100-continue\r\n"), "a name");
    let head = sample.len() - "a name".len();
    for cut in 1..=sample.len() {
        let (first, second) = sample.as_bytes().split_at(cut);
        let (host, _) = converse(Recorder::default(), [first, second]);
        // Who has sent a part of the body does not wait for leave.
        assert_eq!(text(&host), if cut == head { CONTINUE } else { "" }, "cut at {cut}");
        assert_eq!(calls(&host), [&call("a name")], "cut at {cut}");
    }
    let (host, _) = converse(Recorder::default(), sample.as_bytes().chunks(1));
    assert_eq!(text(&host), CONTINUE);
    // Nobody is asked to send what will not be taken.
    let long = log_in("Expect: 100-continue\r\n", &"x".repeat(BODY_BYTES as usize + 1));
    let (host, flow) = converse(Recorder::default(), [&long.as_bytes()[..long.len() - 41]]);
    assert!(text(&host).starts_with("HTTP/1.1 413 "), "{}", text(&host));
    assert_eq!(flow, Flow::Finish(End::Http));
}

#[test]
fn a_body_that_is_not_taken_is_refused_before_it_is_read() {
    let post = |lines: &str| format!("POST /test/login HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let (most, more) = (BODY_BYTES, BODY_BYTES + 1);
    for (lines, status) in [
        (format!("Content-Length: {more}\r\n"), "413"),
        ("Content-Length: 18446744073709551615\r\n".to_owned(), "413"),
        (format!("Content-Type: text/plain\r\nContent-Length: {most}\r\n"), "415"),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "411"),
    ] {
        let (answer, flow) = says(post(&lines));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lines}: {answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{lines}: {answer}");
        assert!(answer.contains("\r\nAccess-Control-Allow-Origin: *\r\n"), "{lines}: {answer}");
        assert_eq!(flow, Flow::Finish(End::Http), "{lines}");
    }
    let (host, _) = converse(Recorder::default(), [log_in(JSON, &"x".repeat(40)).as_bytes()]);
    assert_eq!(calls(&host), [&call(&"x".repeat(40))], "exactly the limit is taken");
}

#[test]
fn the_request_behind_a_body_is_a_request() {
    // The handler refuses an empty name at once, so that the connection goes on.
    let sample = log_in("", "") + &log_in(JSON, "\u{7}") + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for cut in 0..sample.len() {
        let (first, second) = sample.as_bytes().split_at(cut);
        let mut host = Recorder::default();
        let mut session = Session::new();
        for piece in [first, second] {
            if session.parked().is_none() {
                let flow = session.receive(&mut piece.to_vec(), &limits(), &mut host);
                assert_eq!(flow, Flow::Open, "cut at {cut}");
            }
        }
        assert!(text(&host).starts_with("HTTP/1.1 400 "), "{}", text(&host));
    }
    let (host, _) = converse(Recorder::default(), [sample.as_bytes()]);
    assert_eq!(calls(&host), [&call("\u{7}")]);
}

#[test]
fn a_page_of_another_origin_may_read_every_answer_of_an_address_that_allows_it() {
    let with =
        |request: &str| says(format!("{request} HTTP/1.1\r\nHost: a\r\nOrigin: null\r\n\r\n")).0;
    let preflight = with("OPTIONS /test/login");
    for line in [
        "HTTP/1.1 204 No Content\r\n",
        "Allow: POST, OPTIONS\r\n",
        "Access-Control-Allow-Origin: *\r\n",
        "Access-Control-Allow-Methods: POST, OPTIONS\r\n",
        "Access-Control-Allow-Headers: authorization, content-type\r\n",
        "Access-Control-Max-Age: 600\r\n",
    ] {
        assert!(preflight.contains(line), "{line}: {preflight}");
    }
    assert!(!preflight.contains("Credentials"), "{preflight}");
    for (request, status) in [("POST /test/login", "400"), ("GET /test/login", "405")] {
        let answer = with(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.matches("Access-Control-Allow-Origin: *\r\n").count(), 1, "{answer}");
    }
    for request in ["OPTIONS /test/users", "GET /health", "OPTIONS /health", "GET /nowhere"] {
        assert!(!with(request).contains("Access-Control"), "{request}");
    }
}

#[test]
fn a_late_body_is_a_late_request() {
    let sample = log_in(JSON, "a name");
    let (mut session, mut host) = (Session::new(), Recorder::default());
    let mut most = sample.as_bytes()[..sample.len() - 1].to_vec();
    assert_eq!(session.receive(&mut most, &limits(), &mut host), Flow::Open);
    assert!(session.is_mid_message() && session.held_bytes() >= most.len());
    assert!(!session.take_progress(), "a body does not gain time by coming in pieces");
    assert_eq!(session.time_out(&mut host), End::RequestTimeout);
    assert!(text(&host).starts_with("HTTP/1.1 408 "));
}
