//! The header of a trusted proxy before the first request.

use super::*;

const CLIENT: &[u8] = b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n";
const REQUEST: &[u8] = b"GET /ws/03001234567 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn say(session: &mut Session, bytes: &[u8], host: &mut Recorder) -> Flow {
    session.receive(&mut bytes.to_vec(), &limits(), host)
}

#[test]
fn the_header_and_the_request_behind_it_may_come_in_any_pieces() {
    let all = [CLIENT, REQUEST].concat();
    for cut in 0..=all.len() {
        let (mut session, mut host) = (Session::behind_proxy(), Recorder::default());
        for piece in [&all[..cut], &all[cut..]] {
            assert_eq!(say(&mut session, piece, &mut host), Flow::Open, "cut at {cut}");
        }
        assert!(session.is_websocket(), "cut at {cut}");
        assert_eq!(host.named, [ProxyHeader::Client([203, 0, 113, 7].into())]);
    }
    let (mut session, mut host) = (Session::behind_proxy(), Recorder::default());
    for (place, byte) in all.iter().enumerate() {
        assert_eq!(session.is_mid_message(), place != 0 && place != CLIENT.len());
        assert_eq!(say(&mut session, &[*byte], &mut host), Flow::Open);
    }
    assert!(session.is_websocket());
}

#[test]
fn a_proxy_without_a_header_is_told_and_disconnected() {
    for bytes in [REQUEST, b"PROXY TCP4 nobody\r\n", &[b"PROXY ", &[b'x'; 200][..]].concat()] {
        let (mut session, mut host) = (Session::behind_proxy(), Recorder::default());
        assert_eq!(say(&mut session, bytes, &mut host), Flow::Finish(End::Http));
        let said = String::from_utf8_lossy(&host.written).into_owned();
        assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("PROXY protocol"), "{said}");
        assert!(host.admitted.is_empty() && host.named.is_empty());
        assert_eq!(host.refused[0].reason, Refusal::ProxyHeader);
    }
}

#[test]
fn a_client_that_is_refused_by_its_address_gets_the_answer_and_no_request_is_read() {
    let mut host = Recorder { refusal: Some(DoorRefusal::AddressFull), ..Recorder::default() };
    let mut session = Session::behind_proxy();
    let bytes = [CLIENT, REQUEST].concat();
    assert_eq!(say(&mut session, &bytes, &mut host), Flow::Finish(End::Http));
    let said = String::from_utf8_lossy(&host.written).into_owned();
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("Connection: close"), "{said}");
    assert!(host.admitted.is_empty());
    assert_eq!(host.answered, [503]);
}

#[test]
fn a_header_where_none_is_expected_is_no_request() {
    let (mut session, mut host) = (Session::new(), Recorder::default());
    assert_eq!(say(&mut session, &[CLIENT, REQUEST].concat(), &mut host), Flow::Finish(End::Http));
    assert!(String::from_utf8_lossy(&host.written).starts_with("HTTP/1.1 400 "));
    assert!(host.named.is_empty() && host.admitted.is_empty());
}

#[test]
fn a_header_that_does_not_come_in_time_ends_the_connection() {
    let (mut session, mut host) = (Session::behind_proxy(), Recorder::default());
    assert_eq!(say(&mut session, &CLIENT[..9], &mut host), Flow::Open);
    assert!(session.held_bytes() > 0);
    assert_eq!(session.time_out(&mut host), End::RequestTimeout);
    assert!(host.written.is_empty(), "a proxy could take an answer for the client's");
}
