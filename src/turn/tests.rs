//! The turn as a whole, on a network in memory: work that a budget cuts off, and the order of phases.
//!
//! On real sockets these cases are rare: they depend on the kernel's timing.

mod silence;

use std::time::Duration;

use super::phases::readiness::OTHER_SOURCES;
use super::{Budgets, Limits, Polled, Process};
use crate::turn::fake_sockets::{World, frame, message, upgrade};

const PHONES: u32 = 5;
const PONG: &str = r#"{"type":"pong"}"#;

/// A world with these budgets. Tests make one of them as small as it can be.
fn world_with(budgets: Budgets) -> World {
    World::new(Limits { budgets, ..Limits::default() })
}

/// All clients send a ping before the next turn, and nothing after that.
fn expect_all_pings_answered(budgets: Budgets) {
    let mut world = world_with(budgets);
    let phones = world.phones(PHONES);
    phones.iter().for_each(|id| world.say(*id, frame(r#"{"type":"ping"}"#)));
    world.settle();
    phones.iter().for_each(|id| assert!(world.take_words(*id).ends_with(PONG)));
}

#[test]
fn new_connections_beyond_the_budget_are_accepted_without_another_event() {
    let mut world = world_with(Budgets { accepts: 1, ..Budgets::default() });
    world.call(5, "127.0.0.1");
    world.settle();
    assert_eq!(world.sockets.here.len(), 5);
}

#[test]
fn input_beyond_the_budget_is_read_without_another_event() {
    let of_reads = Budgets { reads: 1, ..Budgets::default() };
    let of_bytes = Budgets { receive_bytes: 1, ..Budgets::default() };
    [of_reads, of_bytes].into_iter().for_each(expect_all_pings_answered);
}

/// A request for a page has a few bytes, and the page has thousands: the budget counts the page.
#[test]
fn large_pages_for_many_at_once_are_made_in_several_turns() {
    const REQUEST: &str = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut world = world_with(Budgets { receive_bytes: 4 * REQUEST.len(), ..Budgets::default() });
    let askers: Vec<_> = (0..PHONES).map(|_| world.newcomer()).collect();
    askers.iter().for_each(|id| world.say(*id, REQUEST));
    for turn in 1..=PHONES as usize {
        world.run();
        let answered = askers.iter().filter(|id| world.has_words(**id)).count();
        assert_eq!(answered, turn);
    }
}

#[test]
fn input_beyond_what_one_read_takes_is_read_without_another_event() {
    let mut world = world_with(Budgets { read_bytes: 7, ..Budgets::default() });
    let phones = world.phones(1);
    world.say(phones[0], frame(r#"{"type":"ping"}"#).repeat(PHONES as usize));
    world.settle();
    assert_eq!(world.take_words(phones[0]).matches(PONG).count(), PHONES as usize);
}

#[test]
fn answers_beyond_the_budget_are_written_without_another_event() {
    let of_writes = Budgets { writes: 1, ..Budgets::default() };
    let of_bytes = Budgets { write_bytes: 1, ..Budgets::default() };
    [of_writes, of_bytes].into_iter().for_each(expect_all_pings_answered);
}

#[test]
fn senders_beyond_the_budget_are_told_that_their_messages_came_back_without_another_event() {
    let mut world = world_with(Budgets { returns: 1, ..Budgets::default() });
    let phones = world.phones(PHONES);
    world.block(phones[0]);
    phones[1..].iter().for_each(|id| world.say(*id, message(0, "are you there?")));
    world.settle();
    world.reset(phones[0]);
    world.settle();
    let undelivered = r#"{"type":"undelivered","to":"0000000000","reason":"offline"}"#;
    phones[1..].iter().for_each(|id| assert!(world.take_words(*id).ends_with(undelivered)));
}

#[test]
fn dead_connections_beyond_the_budget_are_freed_without_another_event() {
    let mut world = world_with(Budgets { closes: 1, ..Budgets::default() });
    let phones = world.phones(PHONES);
    phones.iter().for_each(|id| world.reset(*id));
    world.settle();
    assert_eq!(world.sockets.here, []);
    assert_eq!(world.turn.connections(), 0);
}

#[test]
fn silent_connections_beyond_the_budget_of_a_sweep_are_removed_without_another_event() {
    let mut world = world_with(Budgets { sweep: 1, ..Budgets::default() });
    let limits = Limits::default();
    world.phones(PHONES);
    // Connections are marked after the first time, and removed after the second.
    for time in [limits.ping_timeout, limits.sweep_interval] {
        world.time += time + Duration::from_secs(1);
        world.settle();
    }
    assert_eq!(world.turn.websockets(), 0);
}

#[test]
fn when_descriptors_run_out_accepting_is_tried_again_after_a_pause() {
    let mut world = World::new(Limits::default());
    let pause = Limits::default().budgets.accept_pause;
    world.sockets.is_exhausted = true;
    world.call(3, "127.0.0.1");
    world.run();
    assert_eq!(world.wait(), Some(pause), "the loop must not try again at once");
    world.time += pause - Duration::from_nanos(1);
    world.sockets.is_exhausted = false;
    world.run();
    assert_eq!(world.sockets.here, [], "the pause is not over");
    world.time += Duration::from_nanos(1);
    world.run();
    assert_eq!(world.sockets.here.len(), 3);
}

#[test]
fn when_descriptors_run_out_accepting_is_tried_again_when_a_connection_has_closed() {
    let mut world = World::new(Limits::default());
    let phones = world.phones(2);
    world.sockets.is_exhausted = true;
    world.call(1, "127.0.0.1");
    world.settle();
    assert_eq!(world.sockets.here, phones);
    world.sockets.is_exhausted = false;
    world.reset(phones[0]);
    world.settle();
    assert_eq!(world.sockets.here.len(), 2, "one was closed, one accepted");
    assert_ne!(world.sockets.here, phones);
}

#[test]
fn no_message_precedes_a_first_list_even_if_it_is_sent_in_the_same_turn() {
    let mut world = World::new(Limits::default());
    let bob = world.phones(1)[0];
    let alice = world.newcomer();
    world.say(alice, upgrade(1, "", ""));
    world.say(bob, message(1, "welcome"));
    world.run();
    let heard = world.take_words(alice);
    let list = heard.find("online_users").expect("the list");
    let words = heard.find("welcome").expect("the message");
    assert!(heard.starts_with("HTTP/1.1 101") && list < words, "{heard}");
}

#[test]
fn a_number_that_was_taken_over_stays_online_when_the_older_connection_goes() {
    let mut world = World::new(Limits::default());
    let phones = world.phones(2);
    let (older, bob) = (phones[0], phones[1]);
    let newer = world.newcomer();
    world.say(newer, upgrade(0, "?presence=none", ""));
    world.settle();
    assert!(world.take_words(older).ends_with("replaced by a newer connection"));
    world.reset(older);
    world.settle();
    world.say(bob, message(0, "still there?"));
    world.settle();
    assert!(world.take_words(newer).contains("still there?"));
}

#[test]
fn a_drain_delivers_queued_messages_before_the_close_frame() {
    let mut world = World::new(Limits::default());
    let phones = world.phones(2);
    let (alice, bob) = (phones[0], phones[1]);
    world.block(alice);
    world.say(bob, message(0, "before"));
    world.settle();
    world.turn.drain(world.now());
    world.settle();
    assert_eq!(world.turn.books().in_flight, 1, "the message is still queued");
    world.unblock(alice);
    world.settle();
    let heard = world.take_words(alice);
    let words = heard.find("before").expect("the message");
    let goodbye = heard.find("the server is shutting down").expect("the close frame");
    assert!(words < goodbye, "{heard}");
    assert!(!world.take_words(bob).contains("undelivered"));
}

#[test]
fn a_connection_that_ends_before_its_first_list_still_gets_its_close_frame() {
    let mut world = World::new(Limits::default());
    let alice = world.newcomer();
    // No client may send what is not masked.
    world.say(alice, [upgrade(0, "", "").as_bytes(), &[0x81, 0]].concat());
    world.settle();
    let heard = world.take_words(alice);
    assert!(heard.contains("mask") && !heard.contains("online_users"), "{heard}");
}

#[test]
fn a_client_is_not_late_if_its_input_came_in_time_and_is_still_unread() {
    let limits = Limits::default();
    let (late, budgets) = (limits.frame_timeout * 2, Budgets { reads: 1, ..limits.budgets });
    let mut world = World::new(Limits { ping_timeout: late * 2, budgets, ..limits });
    let phones = world.phones(2);
    let ping = frame(r#"{"type":"ping"}"#);
    world.say(phones[0], &ping[..9]);
    world.settle();
    // When the server wakes up, the rest has arrived. But the only read of the turn is for another client.
    world.time += late;
    world.say(phones[1], &ping);
    world.say(phones[0], &ping[9..]);
    world.settle();
    phones.iter().for_each(|id| assert!(world.take_words(*id).ends_with(PONG)));
}

/// A close with unread input resets the connection, and the peer may lose our last frames (RFC 9112 §9.6).
#[test]
fn an_ended_connection_is_not_closed_while_its_client_may_still_be_sending() {
    let mut world = World::new(Limits::default());
    let alice = world.phones(1)[0];
    // No client may send what is not masked.
    world.say(alice, [0x81, 0]);
    world.settle();
    assert_eq!(world.sockets.shut, [alice], "our half is closed");
    world.say(alice, vec![0; 100_000]);
    world.settle();
    assert_eq!(world.sockets.here, [alice]);
    world.reset(alice);
    world.settle();
    assert_eq!(world.sockets.here, []);
}

#[test]
fn a_request_that_comes_byte_by_byte_gains_no_time() {
    let limits = Limits::default();
    let mut world = World::new(limits.clone());
    let alice = world.newcomer();
    let drip = limits.handshake_timeout / 8;
    // Eight bytes fill the time. The timer may fire a slot of the wheel later.
    for byte in upgrade(0, "", "").bytes().take(10) {
        world.say(alice, [byte]);
        world.settle();
        world.time += drip;
    }
    world.settle();
    assert!(world.take_words(alice).starts_with("HTTP/1.1 408"));
}

#[test]
fn a_client_that_does_not_read_has_at_most_one_list_queued() {
    let mut world = World::new(Limits::default());
    let bob = world.phones(1)[0];
    let alice = world.newcomer();
    world.say(alice, upgrade(1, "", ""));
    world.settle();
    world.take_words(alice);
    world.block(alice);
    // The kernel refuses a message. Then ten people come and go, and each changes the list.
    world.say(bob, message(1, "are you there?"));
    world.settle();
    for guest in 2..12 {
        let id = world.newcomer();
        world.say(id, upgrade(guest, "?presence=none", ""));
        world.time += Duration::from_secs(1);
        world.settle();
        world.reset(id);
        world.time += Duration::from_secs(1);
        world.settle();
    }
    world.unblock(alice);
    world.settle();
    let heard = world.take_words(alice);
    assert!(heard.contains("are you there?"));
    assert_eq!(heard.matches("online_users").count(), 1, "only the newest list");
}

#[test]
fn a_figure_of_the_process_that_cannot_be_read_is_left_out_of_the_metrics() {
    const FIGURES: [&str; 5] = [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
    ];
    let mut world = world_with(Budgets::default());
    let known = Process {
        cpu: Some(Duration::from_millis(1_500)),
        resident_bytes: Some(7),
        virtual_bytes: Some(7),
        open_descriptors: Some(7),
        most_descriptors: Some(7),
    };
    for (process, is_told) in [(known, true), (Process::default(), false)] {
        world.turn.record_process(process);
        let page = world.turn.metrics_page();
        for name in FIGURES {
            assert_eq!(page.contains(&format!("\n{name} ")), is_told, "{name}");
            assert_eq!(page.contains(&format!("# TYPE {name} ")), is_told, "{name}");
        }
    }
}
