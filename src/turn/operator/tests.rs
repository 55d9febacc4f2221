//! The operator's orders on a network in memory: what takes time, and what a budget cuts off.

use std::time::Duration;

use crate::chat::ConnectionId;
use crate::session::{self, AdminToken};
use crate::turn::fake_sockets::{World, message};
use crate::turn::{Budgets, Limits};

const ADMIN: &str = "Authorization: Bearer sesame\r\n";

fn limits() -> Limits {
    let token = AdminToken::parse("sesame").expect("a token");
    let session = session::Limits { admin_token: Some(token), ..session::Limits::default() };
    Limits { session, ..Limits::default() }
}

/// Sends a question of the operator.
fn get(world: &mut World, id: ConnectionId, path: &str) {
    world.say(id, format!("GET {path} HTTP/1.1\r\nHost: a\r\n{ADMIN}\r\n"));
}

/// Sends an order of the operator.
fn post(world: &mut World, id: ConnectionId, path: &str, body: &str) {
    let length = body.len();
    world.say(
        id,
        format!("POST {path} HTTP/1.1\r\nHost: a\r\n{ADMIN}Content-Length: {length}\r\n\r\n{body}"),
    );
}

/// Opens a stream of events, and takes what it begins with.
fn listen(world: &mut World) -> ConnectionId {
    let reader = world.operator();
    get(world, reader, "/events");
    world.settle();
    let begin = world.take_words(reader);
    assert!(begin.starts_with("HTTP/1.1 200") && begin.contains("\"listening\""), "{begin}");
    reader
}

#[test]
fn an_order_about_everybody_is_carried_out_in_slices_without_another_event() {
    let budgets = Budgets { walk_slots: 2, walk_actions: 1, ..Budgets::default() };
    let mut world = World::new(Limits { budgets, ..limits() });
    let phones = world.phones(9);
    let operator = world.operator();
    post(&mut world, operator, "/api/notice", r#"{"text":"hi"}"#);
    world.run();
    let told = |world: &World| phones.iter().filter(|id| world.has_words(**id)).count();
    assert_eq!(told(&world), 1, "one a turn");
    world.settle();
    assert_eq!(told(&world), 9);
    assert!(world.take_words(operator).ends_with(r#"{"told":9,"without_words":0}"#));
}

/// Connections that are open, of these.
fn open(world: &World, ids: &[ConnectionId]) -> Vec<ConnectionId> {
    ids.iter().copied().filter(|id| world.sockets.here.contains(id)).collect()
}

#[test]
fn those_who_stand_still_at_the_operators_listener_yield_their_places_the_longest_first() {
    const SECOND: Duration = Duration::from_secs(1);
    let mut world = World::new(limits());
    // One has sent a part of a request, one does not read its answer, one does not close after its last answer,
    // and five say nothing.
    let mut still = vec![world.operator()];
    world.say(still[0], "GET /api/status HTTP/1.1\r\n");
    world.time += SECOND;
    still.push(world.operator());
    world.block(still[1]);
    get(&mut world, still[1], "/api/status");
    world.settle();
    world.time += SECOND;
    still.push(world.operator());
    world.say(still[2], "no request\r\n\r\n");
    world.settle();
    for _ in 3..8 {
        world.time += SECOND / 10;
        still.push(world.operator());
    }
    assert_eq!(open(&world, &still), still, "there are eight places");
    for gone in 1..=8 {
        let operator = world.operator();
        get(&mut world, operator, "/api/status");
        world.settle();
        assert!(world.take_words(operator).starts_with("HTTP/1.1 200"));
        assert_eq!(open(&world, &still), still[gone..]);
        assert_eq!(world.sockets.here.len(), 8);
        world.time += SECOND / 10;
    }
}

/// Descriptors are reserved for one connection more than there are places.
#[test]
fn one_connection_at_a_time_yields_its_place() {
    let mut world = World::new(limits());
    let still: Vec<ConnectionId> = (0..8).map(|_| world.operator()).collect();
    world.call_operator(8);
    for gone in 1..=8 {
        world.run();
        assert_eq!(open(&world, &still).len(), 8 - gone);
        assert_eq!(world.sockets.here.len(), 8);
    }
}

#[test]
fn who_is_being_served_at_the_operators_listener_yields_its_place_to_nobody() {
    let budgets = Budgets { walk_slots: 1, ..Budgets::default() };
    let mut world = World::new(Limits { budgets, ..limits() });
    world.phones(9);
    let readers: Vec<ConnectionId> = (0..7).map(|_| listen(&mut world)).collect();
    let asker = world.operator();
    post(&mut world, asker, "/api/notice", r#"{"text":"hi"}"#);
    world.run();
    world.call_operator(5);
    world.run();
    assert_eq!(open(&world, &readers), readers);
    assert_eq!(world.sockets.here.len(), 9 + 8, "the five were refused");
    world.settle();
    assert!(world.take_words(asker).ends_with(r#"{"told":9,"without_words":0}"#));
}

#[test]
fn an_order_is_carried_out_although_the_operator_hangs_up() {
    let budgets = Budgets { walk_slots: 1, ..Budgets::default() };
    let mut world = World::new(Limits { budgets, ..limits() });
    let phones = world.phones(9);
    let operator = world.operator();
    post(&mut world, operator, "/api/disconnect", r#"{"address":"127.0.0.1"}"#);
    world.run();
    world.reset(operator);
    world.settle();
    assert_eq!(world.turn.websockets(), 0);
    for id in phones {
        assert!(world.take_words(id).ends_with("sent away by the operator"));
    }
}

#[test]
fn a_stream_of_bans_does_not_save_the_banned_who_are_in_the_last_slots() {
    let budgets = Budgets { sweep: 2, ..Budgets::default() };
    let mut world = World::new(Limits { budgets, ..limits() });
    let phones = world.phones(9);
    let operator = world.operator();
    for number in 8..40 {
        let body = format!(r#"{{"number":"{number:010}"}}"#);
        post(&mut world, operator, "/api/bans", &body);
        world.run();
    }
    assert!(world.take_words(phones[8]).ends_with("you are banned from this server"));
    assert_eq!(world.turn.websockets(), 8);
    world.settle();
    // The first begins a round, and its slice has passed the slot of the second.
    for number in ["0999999999", "0000000000"] {
        post(&mut world, operator, "/api/bans", &format!(r#"{{"number":"{number}"}}"#));
        world.run();
    }
    world.settle();
    assert_eq!(world.turn.websockets(), 7, "the round that follows meets the first slot");
}

#[test]
fn an_order_whose_end_is_not_known_in_time_is_answered_as_pending() {
    let mut world = World::new(limits());
    let phones = world.phones(2);
    world.block(phones[0]);
    world.say(phones[1], message(0, "first"));
    world.settle();
    let operator = world.operator();
    let body = r#"{"from":"0000000009","to":"0000000000","text":"second"}"#;
    post(&mut world, operator, "/api/send", body);
    world.settle();
    assert!(!world.has_words(operator), "nobody knows yet");
    world.time += limits().job_timeout + Duration::from_secs(1);
    world.settle();
    let answer = world.take_words(operator);
    assert!(answer.starts_with("HTTP/1.1 202 Accepted"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"pending"}"#), "{answer}");
    world.unblock(phones[0]);
    world.settle();
    let heard = world.take_words(phones[0]);
    assert!(heard.contains("second"), "it is delivered all the same: {heard}");
    assert_eq!(world.turn.books().delivered, 2);
}

#[test]
fn a_stream_has_a_line_every_30_seconds_and_no_deadline_of_a_request() {
    let mut world = World::new(limits());
    let reader = listen(&mut world);
    for _ in 0..5 {
        world.time += Duration::from_secs(29);
        world.settle();
        assert!(!world.has_words(reader), "it is too early");
        // The timer may fire a slot of the wheel later.
        world.time += Duration::from_secs(2);
        world.settle();
        let line = world.take_words(reader);
        assert_eq!(line.matches("\"alive\"").count(), 1, "{line}");
    }
    assert!(world.sockets.here.contains(&reader));
}

#[test]
fn all_lines_of_a_turn_are_one_chunk() {
    let mut world = World::new(limits());
    let phones = world.phones(3);
    let reader = listen(&mut world);
    phones.iter().for_each(|id| world.say(*id, message(7, "x")));
    world.run();
    let heard = world.take_words(reader);
    let (length, rest) = heard.split_once("\r\n").expect("a chunk has a length");
    assert_eq!(usize::from_str_radix(length, 16), Ok(rest.len() - 2), "{heard}");
    assert_eq!(rest.matches("\"undelivered\"").count(), 3);
}

#[test]
fn every_line_that_a_slow_reader_loses_is_in_a_gap() {
    let mut world = World::new(Limits { events_bytes: 1000, ..limits() });
    let phone = world.phones(1)[0];
    let (slow, quick) = (listen(&mut world), listen(&mut world));
    world.block(slow);
    for _ in 0..50 {
        world.say(phone, message(7, "x"));
        world.settle();
    }
    assert_eq!(world.take_words(quick).matches("\"undelivered\"").count(), 50);
    world.unblock(slow);
    world.settle();
    let heard = world.take_words(slow);
    let told = heard.matches("\"undelivered\"").count();
    assert!((1..50).contains(&told), "{told}");
    assert!(heard.contains(&format!("\"lost\":{}}}", 50 - told)), "{told} of 50: {heard}");
    assert_eq!(heard.matches("\"gap\"").count(), 1);
    world.say(phone, message(7, "x"));
    world.settle();
    assert!(world.take_words(slow).contains("\"undelivered\""), "it hears what comes after");
}

/// One turn may have more to tell than fits into the buffer.
#[test]
fn lines_that_one_turn_has_no_room_for_are_in_a_gap() {
    let mut world = World::new(Limits { events_bytes: 500, ..limits() });
    let phones = world.phones(20);
    let reader = listen(&mut world);
    phones.iter().for_each(|id| world.say(*id, message(99, "x")));
    world.settle();
    let heard = world.take_words(reader);
    let told = heard.matches("\"undelivered\"").count();
    assert!((1..20).contains(&told), "{told}");
    assert!(heard.contains(&format!("\"lost\":{}}}", 20 - told)), "{told} of 20: {heard}");
}
