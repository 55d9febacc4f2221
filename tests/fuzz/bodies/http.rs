//! Any bytes, as requests: the verdict does not depend on where they are cut; what is let through
//! is what a reader who splits lines and words would find; and a client that gets a WebSocket has asked
//! for it in the way that RFC 6455 §4.2.1 wants.

use switchboard::http::{self, BadRequest, Body, Limits, Request, Version};
use switchboard::session::{self, Session};
use tungstenite::handshake::derive_accept_key;

use super::Dice;
use super::host::Recorder;

/// Which limits, then requests.
pub fn check(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let limits = match dice.byte() % 2 {
        0 => Limits::default(),
        _ => Limits { head_bytes: 200, headers: 5 },
    };
    let verdict = http::parse(dice.0, &limits);
    check_cuts(dice.0, &limits, &verdict);
    if let Ok(Some((request, head_bytes))) = &verdict {
        assert!(*head_bytes <= limits.head_bytes.min(dice.0.len()));
        check_request(request, &dice.0[..*head_bytes]);
        check_upgrade(request, &dice.0[..*head_bytes]);
    }
}

type Verdict<'b> = Result<Option<(Request<'b>, usize)>, BadRequest>;

/// A beginning has the verdict of the whole, or none yet; and none has one once the head is over.
fn check_cuts(input: &[u8], limits: &Limits, whole: &Verdict<'_>) {
    // A long input is not cut at every byte: that would take the square of its length.
    for cut in (0..input.len()).step_by(1 + input.len() / 100) {
        let so_far = http::parse(&input[..cut], limits);
        assert!(so_far == Ok(None) || so_far == *whole, "{so_far:?} after {cut} bytes");
    }
    if let Ok(Some((_, head_bytes))) = whole {
        assert_eq!(http::parse(&input[..*head_bytes], limits), *whole);
        assert_eq!(http::parse(&input[..*head_bytes - 1], limits), Ok(None));
    }
}

/// What was let through, compared with the same head as one who knows nothing of HTTP would read it.
fn check_request(request: &Request<'_>, head: &[u8]) {
    let lines = lines(head);
    let words: Vec<&[u8]> = lines[0].split(|&byte| byte == b' ').collect();
    let [method, target, version] = words[..] else { panic!("three words") };
    assert_eq!(method, request.method.as_bytes());
    assert!(target.iter().all(u8::is_ascii_graphic));
    match request.version {
        Version::Http10 => assert_eq!(version, b"HTTP/1.0"),
        Version::Http11 => assert_eq!(version, b"HTTP/1.1"),
    }
    for line in &lines[1..] {
        let (name, value) = split(line);
        let is_token =
            |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
        assert!(!name.is_empty() && name.iter().all(is_token), "a name is a token");
        assert!(value.iter().all(|&byte| byte == b'\t' || byte >= b' ' && byte != 0x7F));
        let name = str::from_utf8(name).expect("a token is ASCII");
        assert!(request.headers.all(name).any(|found| found == value));
    }
    let hosts = values(&lines, "host").count();
    assert!(hosts == 1 || hosts == 0 && request.version == Version::Http10);
    let lengths: Vec<&[u8]> = values(&lines, "content-length").collect();
    let codings: Vec<&[u8]> = values(&lines, "transfer-encoding").collect();
    match (request.body, &lengths[..], &codings[..]) {
        (Body::None, [], []) => {}
        (Body::None, [zero], []) => assert!(zero.iter().all(|&digit| digit == b'0')),
        (Body::Length(length), [digits], []) => {
            let digits = str::from_utf8(digits).expect("digits").trim_start_matches('0');
            assert_eq!(digits, length.to_string());
        }
        (Body::Chunked, [], [coding]) => assert!(coding.eq_ignore_ascii_case(b"chunked")),
        other => panic!("a framing that can be read in two ways: {other:?}"),
    }
}

/// Only a proper upgrade is answered with 101, and then with the digest of its own key.
fn check_upgrade(request: &Request<'_>, head: &[u8]) {
    let mut host = Recorder::default();
    let _ = Session::new().receive(&mut head.to_vec(), &session::Limits::default(), &mut host);
    let Some(answer) = host.admitted_with else { return };
    let lines = lines(head);
    let has = |name, token: &[u8]| {
        let mut elements = values(&lines, name).flat_map(|value| value.split(|&byte| byte == b','));
        elements.any(|element| element.trim_ascii().eq_ignore_ascii_case(token))
    };
    assert!(request.method == "GET" && request.version == Version::Http11);
    assert!(request.host.is_some_and(|host| !host.is_empty()));
    assert!(has("connection", b"upgrade") && has("upgrade", b"websocket"));
    assert_eq!(values(&lines, "sec-websocket-version").collect::<Vec<_>>(), [b"13"]);
    let keys: Vec<_> = values(&lines, "sec-websocket-key").collect();
    let [key] = keys[..] else { panic!("one key") };
    assert!(key.len() == 24 && key.ends_with(b"=="));
    let accept = format!("\r\nSec-WebSocket-Accept: {}\r\n", derive_accept_key(key));
    let answer = String::from_utf8(answer).expect("our heads are ASCII");
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains(&accept));
}

/// The lines of a head, without the empty ones around it.
fn lines(head: &[u8]) -> Vec<&[u8]> {
    let head = head.strip_suffix(b"\r\n\r\n").expect("a head ends with an empty line");
    let lines =
        head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.skip_while(|line| line.is_empty()).collect()
}

fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|&byte| byte == b':').expect("a header line has a colon");
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let value = &line[colon + 1..];
    let begin = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(begin, |last| last + 1);
    (&line[..colon], &value[begin..end])
}

fn values<'b>(lines: &[&'b [u8]], name: &str) -> impl Iterator<Item = &'b [u8]> {
    let headers = lines[1..].iter().map(|line| split(line));
    headers.filter(move |(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}
