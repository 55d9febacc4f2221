//! A server with as many users as `--max-users` allows.

use rusqlite::Connection;

use super::client::{Data, PASSWORD, credentials};

/// Makes all accounts two days older, while no server runs.
fn age(data: &Data) {
    let database = Connection::open(data.file("switchboard.db")).expect("it is SQLite");
    let sql = "UPDATE users SET created = created - 2 * 24 * 60 * 60 * 1000";
    assert_eq!(database.execute(sql, []), Ok(4));
}

#[test]
fn an_account_whose_user_never_came_back_and_wrote_nothing_makes_room_for_another() {
    const FLAGS: [&str; 2] = ["--max-users", "4"];
    let data = Data::new();
    let refused = "no more accounts";
    let bob = {
        let server = data.start_with(&FLAGS);
        let ada = server.join("ada");
        let mut socket = server.chatterbox(&ada);
        socket.speak("I was here");
        socket.expect_message("ada", "I was here");
        let bob = server.join("bob");
        server.register("carl");
        server.register("dora");
        server.post("/register", &credentials("eve", PASSWORD)).expect_error(503, refused);
        bob
    };
    age(&data);
    let server = data.start_with(&FLAGS);
    // Bob is the oldest of those who make room, but online.
    let mut online = server.chatterbox(&bob);
    server.register("eve");
    assert_eq!(server.post("/login", &credentials("carl", PASSWORD)).status, 401);
    server.log_in("ada");
    online.speak("me, too");
    online.expect_message("bob", "me, too");
    let names = server.get_as(&bob, "/users").json();
    let names: Vec<_> =
        names.as_array().expect("a list").iter().map(|one| &one["username"]).collect();
    assert_eq!(names, ["ada", "bob", "dora", "eve"]);
    // Dora comes back, and Bob has written. The first day of Eve is not over.
    server.log_in("dora");
    server.post("/register", &credentials("carl", PASSWORD)).expect_error(503, refused);
    assert_eq!(server.metrics()["switchboard_account_logins_total{event=\"made_room\"}"], 1.0);
}
