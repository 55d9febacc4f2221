//! A banned user: no login, no request and no WebSocket, and those that are open end with 4003.

use super::client::{Data, PASSWORD, credentials};
use crate::bans::{BANNED, Banning};
use crate::harness::Wire;

#[test]
fn a_banned_user_can_do_nothing_and_the_open_sockets_end() {
    let data = Data::new();
    let folder = data.path().to_str().expect("UTF-8");
    let world = Banning::start_with("", &["--data", folder]);
    let server = &world.server;
    let (ann, bob) = (server.join("ann"), server.join("bob"));
    let (mut anns, mut bobs) = (server.chatterbox(&ann), server.chatterbox(&bob));
    world.ban("account ann\naccount carol # not registered yet\n", 2);
    anns.until_close(4003);
    server.post("/login", &credentials("ann", PASSWORD)).expect_error(403, BANNED);
    server.post("/login", &credentials("ann", "wrong")).expect_error(401, "Invalid credentials");
    server.get_as(&ann, "/users").expect_error(403, BANNED);
    server.post("/register", &credentials("carol", PASSWORD)).expect_error(403, BANNED);
    let mut wire = server.wire();
    wire.send(Wire::upgrade_request(&format!("/ws?token={ann}"), ""));
    wire.response().expect_error(403, BANNED);
    bobs.speak("still here");
    bobs.expect_message("bob", "still here");
    world.ban("", 0);
    assert_eq!(server.get_as(&ann, "/users").status, 200, "the login was not ended");
    let mut back = server.chatterbox(&ann);
    back.speak("and so am I");
    back.expect_message("ann", "and so am I");
}

#[test]
fn a_banned_address_behind_a_proxy_cannot_log_in() {
    let data = Data::new();
    let folder = data.path().to_str().expect("UTF-8");
    let flags = ["--data", folder, "--trusted-proxy", "127.0.0.1"];
    let world = Banning::start_with("address 203.0.113.0/24\n", &flags);
    let post = |address: &str| {
        let lines = format!("Content-Type: application/json\r\nX-Forwarded-For: {address}\r\n");
        world.server.post_with("/register", &lines, &credentials("ann", PASSWORD))
    };
    post("203.0.113.9").expect_error(403, BANNED);
    assert_eq!(post("198.51.100.9").status, 200);
}
