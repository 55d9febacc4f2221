//! Jobs, the requests that wait for them, and the connections that are not read while too much of what they
//! have said waits. The store is the test itself: it sees each job, and says what comes of it.

mod alive;
mod budgets;
mod late;
mod presence;
mod unheard;

use std::time::Duration;

use crate::chat::account::{
    Failure, Job, JobResult, MessageId, Output, Seq, Snapshot, Ticket, UnixMs, User, UserId,
    UserKey, UserName, Work,
};
use crate::chat::{Audience, ConnectionId};
use crate::limiter::{Network, Proxies};
use crate::session::tests::calls::token_of;
use crate::turn::fake_sockets::{World, frame};
use crate::turn::{Budgets, Limits};

mod state;

/// A request whose caller's token is to be looked up.
const USERS: &str = "GET /test/users?token=k HTTP/1.1\r\nHost: a\r\n\r\n";
/// A request whose reply comes at once.
const LOG_OUT: &str = "GET /test/logout HTTP/1.1\r\nHost: a\r\n\r\n";
const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
const SAY: &str = r#"{"content":"hello"}"#;
/// What an answer to [`USERS`] ends with.
const LIST: &str = "false)])";

/// What the store says of the token: it is this user's.
fn found(user: u32) -> Result<Output, Failure> {
    Ok(Output::Login(Some((UserKey(user), UnixMs(i64::MAX)))))
}

/// What the store says of a message: it is committed, as this one.
fn said(seq: u32) -> Result<Output, Failure> {
    Ok(Output::Said { mid: MessageId::of(0, Seq(seq)), quote: None })
}

fn users() -> Snapshot {
    users_up_to(3)
}

fn users_up_to(last: u32) -> Snapshot {
    let user = |key: u32| User {
        key: UserKey(key),
        id: UserId([u8::try_from(key).expect("few"); 16]),
        name: UserName::registered(&format!("user{key}")),
        created: UnixMs(0),
    };
    Snapshot { users: (1..=last).map(user).collect(), ..Snapshot::default() }
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

    /// Opens WebSockets of the users 1 to `count`.
    fn members(&mut self, count: u32) -> Vec<ConnectionId> {
        (1..=count).map(|user| self.member(user)).collect()
    }

    /// Opens a WebSocket of a user with a token of its own. It has read its 101 and its history.
    fn member(&mut self, user: u32) -> ConnectionId {
        let id = self.newcomer();
        let token = char::from_digit(user, 16).expect("few").to_string().repeat(64);
        self.say(id, by_hand::upgrade(&format!("/ws?token={token}"), "a", ""));
        self.settle();
        let ticket = *self.tickets().last().expect("the token is looked up");
        self.done(ticket, found(user));
        self.settle();
        let words = self.take_words(id);
        assert!(words.starts_with("HTTP/1.1 101") && words.contains("history"), "{words}");
        id
    }

    /// The ticket of the job that was handed over last.
    fn last_ticket(&self) -> u32 {
        *self.tickets().last().expect("a job")
    }
}

/// A world with requests that wait, one at each of these connections.
fn world_that_waits(limits: Limits, count: usize) -> (World, Vec<ConnectionId>) {
    let mut world = World::with_accounts(limits, users());
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
    assert_eq!((world.turn.counters().jobs, world.turn.under_way.len()), (3, 3));
    let login = Job { ticket: Ticket(0), work: Work::Login(token_of(b'k').digest()) };
    assert_eq!(world.jobs.batches[0][0], login);
}

#[test]
fn each_request_gets_the_result_of_its_own_job_whatever_their_order() {
    let (mut world, ids) = world_that_waits(Limits::default(), 3);
    world.done(2, found(2));
    world.done(0, Ok(Output::Login(None)));
    world.settle();
    assert!(world.take_words(ids[0]).ends_with("Refused(NotSignedIn)"));
    assert!(!world.has_words(ids[1]));
    assert!(world.take_words(ids[2]).ends_with(LIST));
    world.done(1, Err(Failure::Full));
    world.settle();
    assert!(world.take_words(ids[1]).ends_with("Refused(Failed(Full))"));
}

#[test]
fn a_reply_may_come_at_once_and_requests_behind_it_are_answered_without_another_event() {
    let mut world = World::with_accounts(Limits::default(), users());
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
    assert!(words.contains(&format!("{LIST}HTTP/1.1 200")), "{words}");
}

#[test]
fn a_client_that_closes_its_half_still_gets_its_answer_and_then_the_end() {
    for closes_at_once in [true, false] {
        let mut world = World::with_accounts(Limits::default(), users());
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
    world.done(0, Ok(Output::Login(None)));
    world.settle();
    assert!(!world.has_words(next), "it is not the next one's");
    world.done(1, found(1));
    world.settle();
    assert!(world.take_words(next).ends_with(LIST));
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
    world.done(0, Ok(Output::Login(None)));
    world.settle();
    world.say(third, USERS);
    world.settle();
    // A ticket is given again once its result has come.
    assert!(!world.has_words(third) && world.tickets() == [0, 1, 0]);
    // Connections that end make room, too.
    world.pass(Duration::from_secs(11));
    for ticket in [2, 3] {
        let next = world.newcomer();
        world.say(next, USERS);
        world.settle();
        assert_eq!(world.tickets().last(), Some(&ticket));
    }
}

#[test]
fn a_websocket_whose_token_is_looked_up_opens_and_hears_what_it_said_meanwhile() {
    let mut world = World::with_accounts(Limits::default(), users());
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
fn a_drain_waits_for_those_who_wait_and_for_jobs_under_way() {
    let (mut world, ids) = world_that_waits(Limits::default(), 1);
    world.turn.drain(world.now());
    world.settle();
    assert!(!world.turn.is_drained());
    world.done(0, found(1));
    world.settle();
    let words = world.take_words(ids[0]);
    assert!(words.contains("Connection: close") && words.ends_with(LIST), "{words}");
    world.hang_up(ids[0]);
    world.settle();
    assert!(world.turn.is_drained());
}

/// One password from an address may wait to be hashed, so the second from the same address is refused.
#[test]
fn a_call_comes_from_the_address_that_a_trusted_proxy_names_in_that_request() {
    let proxies = Proxies::new(vec![Network::parse("192.0.2.1/32").expect("a network")]);
    for (caller, is_refused) in [("192.0.2.1", false), ("203.0.113.5", true)] {
        let mut limits = Limits::default();
        limits.session.trusted_proxies = proxies.clone();
        limits.chat.account.hashes_per_address = 1;
        let mut world = World::with_accounts(limits, users());
        for client in ["198.51.100.7", "198.51.100.8"] {
            world.call(1, caller);
            world.settle();
            let id = *world.sockets.here.last().expect("it was accepted");
            let body = "somebody";
            world.say(
                id,
                format!(
                    "POST /test/login HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n\
                     Content-Type: text/x-test\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ),
            );
            world.settle();
            // The name is looked up, and then the password is compared.
            let job = world.jobs.batches.iter().flatten().last().expect("a job").clone();
            if matches!(job.work, Work::Credentials { .. }) {
                world.done(job.ticket.0, Ok(Output::Credentials(None)));
                world.settle();
            }
        }
        let last = *world.sockets.here.last().expect("the second");
        assert_eq!(world.has_words(last), is_refused, "{caller}");
    }
}
