//! Jobs, the requests that wait for them, and the connections that are not read while too much of what they
//! have said waits. The realm is the unit tests' own: `chat/account/thin_for_tests.rs`.

use std::time::Duration;

use crate::chat::account::{Failure, Job, JobResult, Output, Seq, Ticket, UnixMs, UserKey, Work};
use crate::chat::{Audience, ConnectionId};
use crate::limiter::{Block, Network, Proxies};
use crate::session::tests::calls::token_of;
use crate::turn::fake_sockets::{World, frame, message};
use crate::turn::{Budgets, Limits};

/// A request whose caller's token is to be looked up.
const USERS: &str = "GET /test/users?token=k HTTP/1.1\r\nHost: a\r\n\r\n";
/// A request whose reply comes at once.
const LOG_OUT: &str = "GET /test/logout HTTP/1.1\r\nHost: a\r\n\r\n";
const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
const PING: &str = r#"{"type":"ping"}"#;
const PONG: &str = r#"{"type":"pong"}"#;

/// What the store says of the token: it is this user's.
fn found(user: u32) -> Result<Output, Failure> {
    Ok(Output::Login(Some((UserKey(user), UnixMs(1)))))
}

impl World {
    /// The tickets of the jobs that were handed over, in their order.
    fn tickets(&self) -> Vec<u32> {
        self.jobs.batches.iter().flatten().map(|job| job.ticket.0).collect()
    }

    /// The result of a job has come.
    fn done(&mut self, ticket: u32, outcome: Result<Output, Failure>) {
        self.jobs.results.push_back(JobResult { ticket: Ticket(ticket), outcome });
    }

    fn pass(&mut self, time: Duration) {
        self.time += time;
        self.settle();
    }
}

/// A world with requests that wait, one at each of these connections.
fn world_that_waits(limits: Limits, count: usize) -> (World, Vec<ConnectionId>) {
    let mut world = World::new(limits);
    let ids: Vec<_> = (0..count).map(|_| world.newcomer()).collect();
    ids.iter().for_each(|id| world.say(*id, USERS));
    world.settle();
    ids.iter().for_each(|id| assert!(!world.has_words(*id)));
    (world, ids)
}

#[test]
fn the_jobs_of_a_turn_are_handed_over_at_once_and_in_their_order() {
    let (world, _) = world_that_waits(Limits::default(), 3);
    assert_eq!(world.jobs.batches.len(), 1, "one wake-up of a thread");
    assert_eq!(world.tickets(), [0, 1, 2]);
    assert_eq!((world.turn.counters().jobs, world.turn.under_way), (3, 3));
    let login = Job { ticket: Ticket(0), work: Work::Login(token_of(b'k').digest()) };
    assert_eq!(world.jobs.batches[0][0], login);
}

#[test]
fn each_request_gets_the_result_of_its_own_job_whatever_their_order() {
    let (mut world, ids) = world_that_waits(Limits::default(), 3);
    for (ticket, user) in [(2, 12), (0, 10)] {
        world.done(ticket, found(user));
    }
    world.settle();
    assert!(world.take_words(ids[0]).ends_with("user 10"));
    assert!(!world.has_words(ids[1]));
    assert!(world.take_words(ids[2]).ends_with("user 12"));
    world.done(1, Err(Failure::Full));
    world.settle();
    assert!(world.take_words(ids[1]).ends_with("Refused(Failed(Full))"));
}

#[test]
fn a_reply_may_come_at_once_and_requests_behind_it_are_answered_without_another_event() {
    let mut world = World::new(Limits::default());
    let id = world.newcomer();
    world.say(id, [LOG_OUT, HEALTH, LOG_OUT].concat());
    world.settle();
    let words = world.take_words(id);
    assert_eq!(words.matches("LoggedOut").count(), 2, "{words}");
    assert!(words.find("LoggedOut") < words.find(r#""status":"ok""#), "in their order: {words}");
    assert!(world.jobs.batches.is_empty());
}

/// What comes while a request waits is not read, and no event reports it again.
#[test]
fn what_comes_while_a_request_waits_is_handled_behind_its_answer() {
    let (mut world, ids) = world_that_waits(Limits::default(), 1);
    world.say(ids[0], HEALTH);
    world.settle();
    assert!(!world.has_words(ids[0]));
    world.done(0, found(1));
    world.settle();
    let words = world.take_words(ids[0]);
    assert!(words.contains("user 1HTTP/1.1 200"), "{words}");
}

#[test]
fn a_client_that_closes_its_half_still_gets_its_answer_and_then_the_end() {
    for closes_at_once in [true, false] {
        let mut world = World::new(Limits::default());
        let id = world.newcomer();
        world.say(id, USERS);
        if !closes_at_once {
            world.settle();
        }
        world.hang_up(id);
        world.settle();
        assert_eq!(world.sockets.here, [id], "it waits");
        world.done(0, found(1));
        world.settle();
        assert!(world.sockets.here.is_empty(), "answered, sent and closed");
        assert_eq!(world.turn.connections(), 0);
    }
}

#[test]
fn a_result_for_a_connection_that_is_gone_harms_nobody_also_not_the_next_in_its_slot() {
    let (mut world, ids) = world_that_waits(Limits::default(), 1);
    // The server does not read, so it learns of the end when it gives the request up.
    world.cut(ids[0]);
    world.pass(Duration::from_secs(11));
    assert!(world.sockets.here.is_empty());
    let next = world.newcomer();
    assert_eq!(next.index(), ids[0].index(), "the slot has another tenant");
    world.say(next, USERS);
    world.settle();
    world.done(0, found(10));
    world.settle();
    assert!(!world.has_words(next), "it is not the next one's");
    world.done(1, found(11));
    world.settle();
    assert!(world.take_words(next).ends_with("user 11"));
}

#[test]
fn a_reply_that_does_not_come_in_time_is_given_up_and_the_connection_closes() {
    let (mut world, ids) = world_that_waits(Limits::default(), 1);
    // Neither what the client sends nor half of the time changes anything.
    world.pass(Duration::from_secs(9));
    world.say(ids[0], HEALTH);
    world.settle();
    assert!(!world.has_words(ids[0]));
    world.pass(Duration::from_millis(1_100));
    let words = world.take_words(ids[0]);
    assert!(words.starts_with("HTTP/1.1 503 ") && words.ends_with("Refused(Late)"), "{words}");
    assert_eq!(world.sockets.shut, ids, "nothing more is answered");
    world.done(0, found(1));
    world.settle();
    assert!(!world.has_words(ids[0]));
    let hits: Vec<_> = world.turn.counters().limits_hit.iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(hits, [("job_timeout", 1)]);
}

#[test]
fn one_request_more_than_may_wait_is_refused_and_a_reply_makes_room() {
    let limits = Limits { parked_requests: 2, ..Limits::default() };
    let (mut world, _) = world_that_waits(limits, 2);
    let third = world.newcomer();
    world.say(third, USERS);
    world.settle();
    let words = world.take_words(third);
    assert!(words.starts_with("HTTP/1.1 503 ") && words.contains("Retry-After: "), "{words}");
    world.done(0, found(1));
    world.settle();
    world.say(third, USERS);
    world.settle();
    assert!(!world.has_words(third) && world.tickets() == [0, 1, 2]);
    // Connections that end make room, too.
    world.pass(Duration::from_secs(11));
    for ticket in [3, 4] {
        let next = world.newcomer();
        world.say(next, USERS);
        world.settle();
        assert_eq!(world.tickets().last(), Some(&ticket));
    }
}

#[test]
fn a_websocket_whose_token_is_looked_up_opens_and_hears_what_it_said_meanwhile() {
    let mut world = World::new(Limits::default());
    let [good, bad] = [world.newcomer(), world.newcomer()];
    for id in [good, bad] {
        world.say(id, by_hand::upgrade("/test/ws?token=k", "a", ""));
        world.say(id, frame("hello"));
    }
    world.settle();
    world.done(0, found(1));
    world.done(1, Ok(Output::Login(None)));
    world.settle();
    let words = world.take_words(good);
    assert!(words.starts_with("HTTP/1.1 101 ") && words.ends_with("hello"), "{words}");
    let words = world.take_words(bad);
    assert!(words.starts_with("HTTP/1.1 101 ") && words.ends_with("token is nobody's"), "{words}");
    assert_eq!(world.turn.websockets(), 1);
}

#[test]
fn results_beyond_a_budget_are_taken_without_another_event() {
    let copies = Budgets { copies: 1, ..Budgets::default() };
    for budgets in [Budgets { results: 1, ..Budgets::default() }, copies] {
        let mut world = World::new(Limits { budgets, ..Limits::default() });
        let phones = world.phones(3);
        world.turn.chat.account().hearers = phones[..2].to_vec();
        // Two messages are stored. Both hear each of them.
        world.turn.under_way = 2;
        (0..2).for_each(|ticket| world.done(ticket, Ok(Output::Said { seq: Seq(1) })));
        world.run();
        assert_eq!(world.take_words(phones[0]).matches(PONG).count(), 1, "one a turn");
        world.settle();
        assert_eq!(world.take_words(phones[0]).matches(PONG).count(), 1);
        assert!(world.jobs.results.is_empty() && !world.has_words(phones[2]));
    }
}

#[test]
fn results_queue_up_here_while_outboxes_have_a_backlog_but_never_all_of_them() {
    let budgets = Budgets { writes: 1, results_in_backlog: 2, results: 100, ..Budgets::default() };
    let mut world = World::new(Limits { budgets, ..Limits::default() });
    let phones = world.phones(3);
    phones.iter().for_each(|id| world.say(*id, frame(PING)));
    world.run();
    assert!(world.turn.outboxes.has_backlog());
    world.turn.under_way = 5;
    (0..5).for_each(|ticket| world.done(ticket, Ok(Output::Said { seq: Seq(1) })));
    world.turn.chat.account().hearers = phones[..2].to_vec();
    world.run();
    assert_eq!(world.jobs.results.len(), 3);
    world.settle();
    assert!(world.jobs.results.is_empty());
}

#[test]
fn a_connection_that_may_not_speak_is_not_read_and_not_silent_and_is_heard_when_it_may() {
    let mut world = World::new(Limits::default());
    let phones = world.phones(2);
    world.turn.chat.account().muted.insert(phones[0]);
    phones.iter().for_each(|id| world.say(*id, frame(PING)));
    world.settle();
    assert!(!world.has_words(phones[0]));
    assert!(world.take_words(phones[1]).ends_with(PONG), "nobody else waits for it");
    // Longer than a silent client has. It has said something: we have not read it.
    for _ in 0..10 {
        world.pass(Duration::from_secs(30));
        world.say(phones[1], frame(PING));
        assert_ne!(world.wait(), None);
    }
    assert_eq!(world.turn.websockets(), 2);
    // A result makes room. No event comes for what was said long ago.
    world.turn.chat.account().muted.clear();
    world.turn.under_way = 1;
    world.done(9, Ok(Output::Revoked(true)));
    world.settle();
    assert!(world.take_words(phones[0]).ends_with(PONG));
    world.pass(Duration::from_secs(200));
    assert_eq!(world.turn.websockets(), 0, "and from then on it is silent like everybody");
}

#[test]
fn an_unheard_connection_that_ends_is_read_again_until_its_peer_closes() {
    let mut world = World::new(Limits::default());
    let phones = world.phones(2);
    world.turn.chat.account().muted.insert(phones[0]);
    world.say(phones[0], frame(PING));
    world.settle();
    // News of a logout ends it, though nothing of it is read.
    world.done(Ticket::NEWS.0, Ok(Output::News(Vec::new())));
    world.settle();
    let words = world.take_words(phones[0]);
    assert!(words.ends_with("\u{fffd}logged out") || words.ends_with("logged out"), "{words}");
    assert_eq!((world.turn.websockets(), world.sockets.here.len()), (1, 2));
    world.hang_up(phones[0]);
    world.settle();
    assert_eq!(world.sockets.here, phones[1..]);
    // And one whose peer is gone leaves nothing behind.
    world.turn.chat.account().muted.insert(phones[1]);
    world.say(phones[1], message(0, "hello"));
    world.settle();
    world.turn.drain(world.now());
    world.settle();
    world.pass(Duration::from_secs(10));
    assert!(world.turn.is_drained() && world.turn.unheard.is_empty());
    assert_eq!(world.turn.chat.audience_len(Audience::Mobile), 0);
}

#[test]
fn a_drain_waits_for_those_who_wait_and_for_jobs_under_way() {
    let (mut world, ids) = world_that_waits(Limits::default(), 1);
    world.turn.drain(world.now());
    world.settle();
    assert!(!world.turn.is_drained());
    world.done(0, found(1));
    world.settle();
    let words = world.take_words(ids[0]);
    assert!(words.contains("Connection: close") && words.ends_with("user 1"), "{words}");
    world.hang_up(ids[0]);
    world.settle();
    assert!(world.turn.is_drained());
}

#[test]
fn a_call_comes_from_the_address_that_a_trusted_proxy_names_in_that_request() {
    let proxies = Proxies::new(vec![Network::parse("192.0.2.1/32").expect("a network")]);
    let mut limits = Limits::default();
    limits.session.trusted_proxies = proxies;
    let mut world = World::new(limits);
    for (caller, named) in [("192.0.2.1", "198.51.100.7"), ("203.0.113.5", "203.0.113.5")] {
        world.call(1, caller);
        world.settle();
        let id = *world.sockets.here.last().expect("it was accepted");
        let line = "Host: a\r\nX-Forwarded-For: 198.51.100.7";
        world.say(id, LOG_OUT.replacen("Host: a", line, 1));
        world.settle();
        assert!(world.take_words(id).ends_with("LoggedOut"));
        let expected = Block::of(named.parse().expect("an address"));
        assert_eq!(world.turn.chat.account().blocks.last(), Some(&expected), "{caller}");
    }
}
