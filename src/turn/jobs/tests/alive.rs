//! Account sockets stay open: with the default times, a client that answers pings stays, and no other does.

use super::*;
use crate::chat::account::{Room, RoomId, RoomKey};

/// The empty ping of the server (RFC 6455 §5.5.2), which a test cannot mistake for text.
const SERVER_PING: &str = "\u{FFFD}\0";

fn pong() -> Vec<u8> {
    let mut pong = Vec::new();
    by_hand::masked(by_hand::FINAL | by_hand::PONG, b"", [0; 4], &mut pong);
    pong
}

/// A world with a socket of the first user at each address of the realm, and one of the second user
/// that has switched to WebSocket Chat; and all these sockets.
fn world_of_all_addresses() -> (World, Vec<ConnectionId>) {
    let (user, room) = (UserId([1; 16]), RoomId([9; 16]));
    let garden = Room {
        key: RoomKey(1),
        id: room,
        name: "garden".into(),
        description: "".into(),
        creator: UserKey(1),
        created: UnixMs(0),
        members: vec![UserKey(1)],
    };
    let snapshot = Snapshot { rooms: vec![garden], ..users() };
    let mut world = World::with_accounts(Limits::default(), snapshot);
    let mut ids = vec![world.member(1), world.member(2)];
    world.say(ids[1], frame(r#"{"type":"request_user_list"}"#));
    world.settle();
    for path in [
        format!("/ws/{user}/{user}"),
        format!("/ws/global/{user}"),
        "/ws/status".to_owned(),
        format!("/ws/room/{room}/{user}"),
    ] {
        let id = world.newcomer();
        let token = "1".repeat(64);
        world.say(id, by_hand::upgrade(&format!("{path}?token={token}"), "a", ""));
        world.settle();
        assert!(world.take_words(id).starts_with("HTTP/1.1 101"), "{path}");
        ids.push(id);
    }
    ids.iter().for_each(|id| _ = world.take_words(*id));
    (world, ids)
}

#[test]
fn a_client_that_only_answers_pings_is_there_after_ten_minutes_and_one_that_does_not_is_gone() {
    let (mut world, asked) = world_of_all_addresses();
    let deaf = world.member(3);
    let pings = |world: &mut World, id| world.take_words(id).matches(SERVER_PING).count();
    let mut rounds = 0;
    while world.time <= Duration::from_secs(600) {
        world.pass(Duration::from_millis(29_900));
        for id in &asked {
            assert_eq!(pings(&mut world, *id), 0, "half of 60 s is not over: round {rounds}");
        }
        world.pass(Duration::from_secs(1));
        for id in &asked {
            assert_eq!(pings(&mut world, *id), 1, "{id:?}, round {rounds}");
            world.say(*id, pong());
        }
        world.settle();
        rounds += 1;
    }
    assert_eq!(world.turn.websockets(), asked.len());
    assert!(!world.sockets.here.contains(&deaf));
    // The first speaks as on the first day, and the second hears it.
    world.say(asked[0], frame(SAY));
    world.settle();
    let ticket = world.last_ticket();
    world.done(ticket, said(1));
    world.settle();
    for id in &asked[..2] {
        assert!(world.take_words(*id).contains("hello"));
    }
}

#[test]
fn a_client_that_answers_nothing_is_gone_after_ninety_seconds_and_not_before_sixty() {
    let (mut world, ids) = world_of_all_addresses();
    world.pass(Duration::from_secs(31));
    for id in &ids {
        assert_eq!(world.take_words(*id).matches(SERVER_PING).count(), 1, "{id:?}");
    }
    world.pass(Duration::from_secs(28));
    assert_eq!(world.turn.websockets(), ids.len(), "60 s are not over");
    // The sweep after 60 s comes within 30 s, and a timer fires within a slot of the wheel.
    world.pass(Duration::from_secs(2));
    world.pass(Duration::from_millis(29_100));
    assert_eq!(world.turn.websockets(), 0);
}
