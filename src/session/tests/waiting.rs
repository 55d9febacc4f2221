//! Requests that wait for their replies, at the tests' own addresses.

use super::calls::token_of;
use super::*;
use crate::chat::account::{Call, Failure, Guest, Refusal, Reply, UnixMs, UserKey, Wants};
use crate::limiter::{Network, Proxies};

const USERS: &str = "GET /test/users HTTP/1.1\r\nHost: a\r\n\r\n";
const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

/// A session that has received `input`, and waits for the reply to its first call.
fn waiting(input: impl AsRef<[u8]>) -> (Session, Recorder) {
    let (mut session, mut host) = (Session::new(), Recorder::default());
    let flow = session.receive(&mut input.as_ref().to_vec(), &limits(), &mut host);
    assert_eq!(flow, Flow::Open);
    assert_eq!(session.parked(), host.asked.last().map(|(_, _, number)| *number));
    assert!(session.parked().is_some(), "{}", text(&host));
    (session, host)
}

/// Replies to the call that was asked last.
fn reply(session: &mut Session, host: &mut Recorder, reply: &Reply<'_>) -> Flow {
    let (_, wanted, _) = *host.asked.last().expect("a call");
    session.resume(wanted.of(reply, &Zone::default()), &limits(), host)
}

fn text(host: &Recorder) -> String {
    String::from_utf8_lossy(&host.written).into_owned()
}

fn guest() -> Guest {
    Guest { user: UserKey(7), login: token_of(b'k').digest(), expires: UnixMs(1) }
}

#[test]
fn a_request_waits_for_its_reply_and_the_requests_behind_it_wait_too() {
    let (mut session, mut host) = waiting([USERS, HEALTH, USERS].concat());
    assert!(host.written.is_empty() && !session.has_more() && session.held_bytes() > 0);
    assert_eq!(reply(&mut session, &mut host, &Reply::LoggedOut), Flow::Open);
    assert!(text(&host).starts_with("HTTP/1.1 200 OK") && text(&host).ends_with("LoggedOut"));
    assert!(session.has_more() && session.take_progress(), "the next ones are handled in a turn");
    host.written.clear();
    assert_eq!(session.receive(&mut [], &limits(), &mut host), Flow::Open);
    assert!(text(&host).ends_with("Health"), "{}", text(&host));
    let numbers: Vec<u16> = host.asked.iter().map(|(_, _, number)| *number).collect();
    assert_eq!((numbers, session.parked()), (vec![0, 1], Some(1)), "each has its number");
}

#[test]
fn the_answer_is_framed_as_its_request_wants() {
    let get = USERS;
    for (request, has_body, closes) in [
        (get.to_owned(), true, false),
        (get.replacen("GET", "HEAD", 1), false, false),
        (get.replacen("Host: a", "Host: a\r\nConnection: close", 1), true, true),
        (get.replacen("HTTP/1.1", "HTTP/1.0", 1), true, true),
    ] {
        let (mut session, mut host) = waiting(request);
        let flow = reply(&mut session, &mut host, &Reply::Refused(Refusal::NotSignedIn));
        let answer = text(&host);
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert_eq!(answer.ends_with("Refused(NotSignedIn)"), has_body, "{answer}");
        assert_eq!(answer.contains("Connection: close\r\n"), closes, "{answer}");
        let expected = if closes { Flow::Finish(End::Http) } else { Flow::Open };
        assert_eq!((flow, session.parked()), (expected, None), "{answer}");
    }
}

#[test]
fn a_websocket_that_the_realm_refuses_is_answered_and_noted() {
    let upgrade = UPGRADE.replacen("/ws/1234567890", "/ws?token=x", 1);
    let (mut session, mut host) = waiting(&upgrade);
    let flow = reply(&mut session, &mut host, &Reply::Refused(Refusal::NoAccounts));
    assert_eq!(flow, Flow::Open, "it may ask for something else");
    let answer = text(&host);
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    let sentence = r#"{"detail":"accounts are off: start the server with --data DIR"}"#;
    assert!(answer.ends_with(sentence), "{answer}");
    let refused = host.refused.last().expect("it is noted");
    assert_eq!((refused.route, refused.status.code(), refused.is_upgrade), ("/ws", 404, true));
}

#[test]
fn a_websocket_whose_reply_is_late_or_cannot_be_waited_for_is_noted_as_refused() {
    let upgrade = UPGRADE.replacen("/ws/1234567890", "/ws?token=x", 1);
    let (mut session, mut late) = waiting(&upgrade);
    let wanted = late.asked[0].1;
    assert_eq!(session.give_up_waiting(wanted, &mut late), End::AnswerTimeout);
    let host = Recorder { too_many_parked: true, ..Recorder::default() };
    let (full, _) = converse(host, [upgrade.as_bytes()]);
    for host in [late, full] {
        let [refused] = host.refused[..] else { panic!("one is noted: {:?}", host.refused) };
        assert_eq!((refused.route, refused.status.code(), refused.is_upgrade), ("/ws", 503, true));
        assert_eq!(refused.reason, super::Refusal::ByTheChat);
        assert_eq!(host.answered, [503]);
    }
    // A page that waits in vain is no refused WebSocket.
    let (mut session, mut page) = waiting(USERS);
    let wanted = page.asked[0].1;
    session.give_up_waiting(wanted, &mut page);
    assert!(page.refused.is_empty());
}

#[test]
fn a_call_comes_with_the_address_that_its_own_request_names() {
    let network = Network::parse("192.0.2.0/24").expect("a network");
    let limits = Limits { trusted_proxies: Proxies::new(vec![network]), ..limits() };
    let (mut session, mut host) = (Session::new(), Recorder::default());
    // Two clients of a proxy that share a connection.
    for client in ["198.51.100.7", "198.51.100.8"] {
        let lines = format!("Host: a\r\nX-Forwarded-For: {client}");
        let mut input = USERS.replacen("Host: a", &lines, 1).into_bytes();
        assert_eq!(session.receive(&mut input, &limits, &mut host), Flow::Open);
        let expected = Forwarded::Client(client.parse().expect("an address"));
        assert_eq!(host.forwarded, Some(expected));
        assert_eq!(reply(&mut session, &mut host, &Reply::LoggedOut), Flow::Open);
    }
}

#[test]
fn a_late_reply_is_said_to_be_late_and_the_connection_closes() {
    let (mut session, mut host) = waiting([USERS, HEALTH].concat());
    let wanted = host.asked[0].1;
    assert_eq!(session.give_up_waiting(wanted, &mut host), End::AnswerTimeout);
    let answer = text(&host);
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Connection: close\r\n"));
    assert!(answer.ends_with("Refused(Late)"), "{answer}");
    assert_eq!(session.parked(), None);
    // A reply that comes after all changes nothing.
    host.written.clear();
    assert_eq!(reply(&mut session, &mut host, &Reply::LoggedOut), Flow::Open);
    assert!(host.written.is_empty());
}

#[test]
fn one_request_too_many_that_would_have_to_wait_is_told_to_come_back() {
    let host = Recorder { too_many_parked: true, ..Recorder::default() };
    let (host, flow) = converse(host, [USERS.as_bytes(), HEALTH.as_bytes()]);
    let answer = text(&host);
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 5\r\n"));
    assert!(answer.ends_with("Health"), "the connection goes on: {answer}");
    assert_eq!(flow, Flow::Open);
}

/// A request for a WebSocket whose token has to be looked up, with a frame right behind it.
fn upgrade_with(query: &str, more: &str) -> Vec<u8> {
    let upgrade = UPGRADE.replacen("/ws/1234567890", &format!("/test/ws{query}"), 1);
    let upgrade = upgrade.replacen("\r\n\r\n", &format!("\r\n{more}\r\n"), 1);
    [upgrade.as_bytes(), &frames(&["hello"])].concat()
}

#[test]
fn an_upgrade_whose_token_is_known_goes_on_with_the_bytes_behind_it() {
    let (mut session, mut host) = waiting(upgrade_with("?token=k", ""));
    assert_eq!(host.asked[0].0, Call::ask(Some(token_of(b'k')), Wants::Identity));
    assert_eq!(reply(&mut session, &mut host, &Reply::Known(guest())), Flow::Open);
    assert!(text(&host).starts_with("HTTP/1.1 101 ") && text(&host).ends_with("hello"));
    assert!(session.is_websocket());
    assert_eq!(host.asked.len(), 1, "it is looked up once");
}

#[test]
fn an_upgrade_with_a_wrong_token_completes_and_is_closed_with_the_reason() {
    for query in ["?token=k", ""] {
        let (mut session, mut host) = waiting(upgrade_with(query, ""));
        let flow = reply(&mut session, &mut host, &Reply::Refused(Refusal::NotSignedIn));
        let Flow::Finish(end) = flow else { panic!("{flow:?}") };
        assert_eq!(end.close_frame(), Some((Some(4001), "this token is nobody's")));
        assert!(text(&host).starts_with("HTTP/1.1 101 ") && text(&host).ends_with("\r\n\r\n"));
        session.finish(end, &mut host);
        assert!(text(&host).ends_with("this token is nobody's"));
    }
}

#[test]
fn an_upgrade_whose_token_cannot_be_looked_up_is_answered_and_http_goes_on() {
    let (mut session, mut host) = waiting(upgrade_with("?token=k", ""));
    let failed = Reply::Refused(Refusal::Failed(Failure::Io));
    assert_eq!(reply(&mut session, &mut host, &failed), Flow::Open);
    assert!(text(&host).starts_with("HTTP/1.1 503 "), "{}", text(&host));
    assert!(!session.is_websocket() && session.has_more());
}

#[test]
fn an_upgrade_is_checked_also_when_its_token_is_known() {
    let foreign = upgrade_with("?token=k", "Origin: http://x\r\n");
    let (mut session, mut host) = waiting(foreign);
    // The frame behind it is no HTTP.
    let flow = reply(&mut session, &mut host, &Reply::Known(guest()));
    assert_eq!(flow, Flow::Finish(End::Http));
    assert!(text(&host).starts_with("HTTP/1.1 403 "), "{}", text(&host));
}
