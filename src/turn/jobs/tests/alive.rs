//! Account sockets stay open: with the default times, a client that answers pings stays, and no other does.

use super::*;

/// The empty ping of the server (RFC 6455 §5.5.2), which a test cannot mistake for text.
const SERVER_PING: &str = "\u{FFFD}\0";

fn pong() -> Vec<u8> {
    let mut pong = Vec::new();
    by_hand::masked(by_hand::FINAL | by_hand::PONG, b"", [0; 4], &mut pong);
    pong
}

/// A world with three members: the second has switched to WebSocket Chat.
fn world_of_three() -> (World, Vec<ConnectionId>) {
    let mut world = World::with_accounts(Limits::default(), users());
    let members = world.members(3);
    world.say(members[1], frame(r#"{"type":"request_user_list"}"#));
    world.settle();
    members.iter().for_each(|id| _ = world.take_words(*id));
    (world, members)
}

#[test]
fn a_member_that_only_answers_pings_is_there_after_ten_minutes_and_one_that_does_not_is_gone() {
    let (mut world, members) = world_of_three();
    let [chatterbox, websocket_chat, deaf] = members[..] else { panic!("three") };
    let mut rounds = 0;
    while world.time <= Duration::from_secs(600) {
        world.pass(Duration::from_millis(29_900));
        for id in [chatterbox, websocket_chat] {
            // A list may have come: the third member leaves in between.
            let words = world.take_words(id);
            assert!(!words.contains(SERVER_PING), "half of 60 s is not over: round {rounds}");
        }
        world.pass(Duration::from_secs(1));
        for id in [chatterbox, websocket_chat] {
            assert_eq!(world.take_words(id).matches(SERVER_PING).count(), 1, "round {rounds}");
            world.say(id, pong());
        }
        world.settle();
        rounds += 1;
        if rounds == 1 {
            assert_eq!(world.take_words(deaf), SERVER_PING);
        }
    }
    assert_eq!(world.turn.websockets(), 2);
    assert!(!world.sockets.here.contains(&deaf));
    // It speaks as on the first day.
    world.say(chatterbox, frame(SAY));
    world.settle();
    let ticket = world.last_ticket();
    world.done(ticket, said(1));
    world.settle();
    for id in [chatterbox, websocket_chat] {
        assert!(world.take_words(id).contains("hello"));
    }
}

#[test]
fn a_member_that_answers_nothing_is_gone_after_ninety_seconds_and_not_before_sixty() {
    let (mut world, _) = world_of_three();
    world.pass(Duration::from_secs(31));
    world.pass(Duration::from_secs(28));
    assert_eq!(world.turn.websockets(), 3, "60 s are not over");
    // The sweep after 60 s comes within 30 s, and a timer fires within a slot of the wheel.
    world.pass(Duration::from_secs(2));
    world.pass(Duration::from_millis(29_100));
    assert_eq!(world.turn.websockets(), 0);
}
