//! Clients that say nothing: who is removed, and who is asked first.

use super::*;

/// A world where all connections are silent and due to be removed. A turn removes them as soon as it may
/// judge.
fn silent_world() -> World {
    let limits = Limits { ping_timeout: Duration::from_secs(5), ..Limits::default() };
    let mut world = World::new(limits);
    world.phones(PHONES);
    world.time += Duration::from_secs(6);
    world.run();
    world.time += Limits::default().sweep_interval;
    world
}

#[test]
fn silent_connections_are_removed_by_a_turn_that_knows_of_all_input() {
    let mut world = silent_world();
    world.run_after(Polled::Everybody);
    assert_eq!(world.turn.websockets(), 0);
}

#[test]
fn no_connection_is_removed_after_a_disturbed_wait() {
    let mut world = silent_world();
    for _ in 0..100 {
        world.run_after(Polled::Disturbed);
        assert_eq!(world.turn.websockets(), PHONES as usize);
    }
}

#[test]
fn under_a_flood_no_connection_is_removed_before_there_was_an_event_for_each_source() {
    let mut world = silent_world();
    let sources = PHONES as usize + OTHER_SOURCES;
    world.run_after(Polled::Part(sources - 1));
    assert_eq!(world.turn.websockets(), PHONES as usize, "one may still have sent something");
    world.run_after(Polled::Disturbed);
    world.run_after(Polled::Part(sources - 1));
    assert_eq!(world.turn.websockets(), PHONES as usize, "events from before a stop do not count");
    world.run_after(Polled::Part(1));
    assert_eq!(world.turn.websockets(), 0);
}

/// The empty ping of the server (RFC 6455 §5.5.2), which a test cannot mistake for text.
const SERVER_PING: &str = "\u{FFFD}\0";

#[test]
fn a_client_that_wants_to_be_asked_is_pinged_once_it_is_silent_and_stays_if_it_answers() {
    let mut world = World::new(Limits::default());
    let [asked, deaf, other] = [1, 2, 3].map(|number| {
        let id = world.newcomer();
        let pings = if number < 3 { "&pings=server" } else { "" };
        world.say(id, upgrade(number, &format!("?presence=none{pings}"), ""));
        world.settle();
        assert!(world.take_words(id).starts_with("HTTP/1.1 101"));
        id
    });
    let pong = {
        let mut pong = Vec::new();
        by_hand::masked(by_hand::FINAL | by_hand::PONG, b"", [0; 4], &mut pong);
        pong
    };
    let pass = |world: &mut World, seconds| {
        world.time += Duration::from_secs(seconds);
        world.settle();
    };
    for round in 0..20 {
        // Half of 60 s is not over.
        pass(&mut world, 29);
        assert!(!world.has_words(asked), "round {round}");
        pass(&mut world, 2);
        assert_eq!(world.take_words(asked), SERVER_PING, "round {round}");
        if round == 0 {
            assert_eq!(world.take_words(deaf), SERVER_PING);
        }
        pass(&mut world, 20);
        assert!(!world.has_words(asked), "one ping is enough");
        world.say(asked, &pong);
        world.settle();
    }
    // Those that answered nothing, or were not asked, are gone after a minute and a sweep.
    assert_eq!(world.turn.websockets(), 1);
    assert!(!world.sockets.here.contains(&deaf) && !world.sockets.here.contains(&other));
    pass(&mut world, 61);
    pass(&mut world, 31);
    assert_eq!(world.turn.websockets(), 0, "and so is the one that stopped answering");
}

/// Nobody asks while the process is stopped, so nobody can be late with an answer.
#[test]
fn a_client_that_could_not_be_asked_in_time_has_time_to_answer() {
    let mut world = World::new(Limits::default());
    let id = world.newcomer();
    world.say(id, upgrade(1, "?presence=none&pings=server", ""));
    world.settle();
    world.take_words(id);
    for seconds in [600, 29] {
        world.time += Duration::from_secs(seconds);
        world.settle();
    }
    assert_eq!((world.take_words(id).as_str(), world.turn.websockets()), (SERVER_PING, 1));
    for seconds in [2, 31] {
        world.time += Duration::from_secs(seconds);
        world.settle();
    }
    assert_eq!(world.turn.websockets(), 0, "the second half of the time, and a sweep");
}
