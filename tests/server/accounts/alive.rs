//! Account sockets stay open: the server asks a silent one for a sign of life, whatever its address.
//!
//! The virtual clock of `turn::jobs::tests::alive` says when. Here all sockets are real, and of one user.

use super::client::{Data, PASSWORD, credentials};
use crate::harness::{CLOSE, PONG, Server, TEXT, Wire, eventually, frame};

/// The opcode of a ping (RFC 6455 §5.5.2).
const PING: u8 = 9;

/// Opens a WebSocket at each address of the realm, and two more at `/ws?token=`: one that has switched to
/// WebSocket Chat, and one that speaks `switchboard.v1`.
fn sockets(server: &Server) -> Vec<(String, Wire)> {
    let id = server.register("ada")["id"].as_str().expect("an id").to_owned();
    let token = server.log_in("ada");
    let lines = format!("Cookie: session={token}\r\nContent-Type: application/json\r\n");
    let room = server.post_with("/api/rooms/create", &lines, r#"{"name":"garden"}"#).json();
    let room = room["id"].as_str().expect("an id");
    let mut sockets: Vec<(String, Wire)> = [
        "/ws".to_owned(),
        "/ws".to_owned(),
        format!("/ws/{id}/{id}"),
        format!("/ws/global/{id}"),
        "/ws/status".to_owned(),
        format!("/ws/room/{room}/{id}"),
    ]
    .into_iter()
    .map(|path| {
        let mut wire = server.wire();
        wire.upgrade(&format!("{path}?token={token}"));
        (path, wire)
    })
    .collect();
    sockets[1].0 += " after the switch";
    sockets[1].1.send(frame(TEXT, r#"{"type":"request_user_list"}"#));
    let mut wire = server.wire();
    let subprotocol = "Sec-WebSocket-Protocol: switchboard.v1\r\n";
    wire.send(Wire::upgrade_request(&format!("/ws?token={token}"), subprotocol));
    assert_eq!(wire.response().status, 101);
    sockets.push(("/ws with switchboard.v1".to_owned(), wire));
    sockets
}

/// Reads the next frame that is no text.
#[track_caller]
fn next(wire: &mut Wire) -> (u8, Vec<u8>) {
    loop {
        let frame = wire.frame();
        if frame.0 != TEXT {
            return frame;
        }
    }
}

#[test]
fn a_silent_socket_of_every_address_is_asked_and_stays_if_it_answers() {
    let data = Data::new();
    let server = data.start_with(&["--ping-timeout", "2s", "--sweep-interval", "100ms"]);
    let mut sockets = sockets(&server);
    // Five halves of the timeout: without the answers it would be over after two.
    for round in 0..5 {
        for (path, wire) in &mut sockets {
            let (opcode, payload) = next(wire);
            assert_eq!(opcode, PING, "{path}, round {round}");
            wire.send(frame(PONG, payload));
        }
    }
    for (path, wire) in &mut sockets {
        wire.send(frame(PING, "still here?"));
        let mut heard = next(wire);
        if heard.0 == PING {
            heard = next(wire);
        }
        assert_eq!((heard.0, &*heard.1), (PONG, &b"still here?"[..]), "{path}");
    }
    assert_eq!(server.connections(), sockets.len() as u64);
}

#[test]
fn a_socket_of_every_address_that_answers_nothing_is_removed() {
    let data = Data::new();
    let server = data.start_with(&["--ping-timeout", "2s", "--sweep-interval", "50ms"]);
    for (path, mut wire) in sockets(&server) {
        assert_eq!(next(&mut wire).0, PING, "{path}");
        let (opcode, payload) = next(&mut wire);
        assert_eq!((opcode, &payload[..2]), (CLOSE, &1001_u16.to_be_bytes()[..]), "{path}");
        assert_eq!(&payload[2..], b"nothing was heard for too long", "{path}");
    }
    eventually("they are gone", || (server.connections() == 0).then_some(()));
    let answer = server.post("/login", &credentials("ada", PASSWORD));
    assert_eq!(answer.status, 200, "only the sockets are gone");
}
