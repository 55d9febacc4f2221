//! What users cost who say nothing, come back or log in; what a store that sleeps costs; and how long the
//! server takes to start.

use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::super::relay::{micros, open_loop_with};
use super::super::server::Server;
use super::super::swarm::{Arrival, Swarm, now};
use super::super::turns::Turns;
use super::super::{Args, Figure, figure};
use super::messages::{WRITERS, millis, round_robin, steady, writers};
use super::people::{filled, log_in, register, shared};

/// Users in a large database: as many as a server takes by default.
const USERS: usize = 20_000;
/// Messages that fill SQLite's cache of pages. So what grows afterwards is not that cache.
const CACHE_FULL: usize = 200_000;

/// The memory of an idle socket: of a user with one that has said nothing, and of users with 32 each that
/// speak WebSocket Chat. Beside them, a socket of the mobile realm in the same server.
pub(super) fn idle(server: &Server, args: &Args) -> io::Result<Vec<Figure>> {
    let (folder, tokens) = filled(&server.recipe, USERS, CACHE_FULL)?;
    // What the store's thread allocates in its first second is not the connections'.
    let fresh = || {
        let again = Server::start_on(&server.recipe, Rc::clone(&folder))?;
        thread::sleep(Duration::from_millis(1_500));
        io::Result::Ok(again)
    };
    let each = |server: &Server, empty: u64| {
        server.anonymous_bytes().saturating_sub(empty) as f64 / args.idle as f64
    };
    let again = fresh()?;
    let empty = again.anonymous_bytes();
    let mut swarm = Swarm::new(again.address)?;
    swarm.join(args.idle, "?presence=none", 200)?;
    let mobile = each(&again, empty);
    drop((swarm, again));

    let again = fresh()?;
    let empty = again.anonymous_bytes();
    let mut swarm = Swarm::of_accounts(tokens[..args.idle].to_vec(), again.address)?;
    swarm.join_all()?;
    let silent = each(&again, empty);
    drop((swarm, again));

    let again = fresh()?;
    let empty = again.anonymous_bytes();
    let mut swarm = Swarm::of_accounts(shared(&tokens, args.idle, 32), again.address)?;
    swarm.join_all()?;
    swarm.speak_all()?;
    swarm.settle(Duration::from_secs(3))?;
    let speaking = each(&again, empty);
    Ok(vec![
        figure("mobile realm, memory a connection", "bytes", mobile),
        figure("a user with one socket", "bytes", silent),
        figure("a socket of a user with 32", "bytes", speaking),
    ])
}

/// 10,000 users come back at once with their tokens: to a server that has just been started, and then to
/// one that knows their tokens.
pub(super) fn reconnects(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const PEOPLE: usize = 10_000;
    let (folder, tokens) = filled(&server.recipe, PEOPLE, 1_000)?;
    let again = Server::start_on(&server.recipe, folder)?;
    let mut figures = Vec::new();
    for (all_in, cpu) in [
        ("after a start, all have their history", "the same, CPU each"),
        ("after an outage, all have their history", "the same, CPU each "),
    ] {
        let mut swarm = Swarm::of_accounts(tokens.clone(), again.address)?;
        let (begun, before) = (swarm.elapsed(), again.cpu_nanos());
        swarm.join_all()?;
        let mut missing = PEOPLE;
        let deadline = now() + Duration::from_secs(30);
        while missing > 0 && now() < deadline {
            let is_history = |arrival: Arrival| matches!(arrival, Arrival::List { .. });
            missing -= swarm.arrivals.drain(..).filter(|arrival| is_history(*arrival)).count();
            if missing > 0 {
                swarm.pump(Some(Duration::from_millis(10)))?;
            }
        }
        if missing > 0 {
            return Err(io::Error::other(format!("{missing} have no history")));
        }
        figures.push(figure(all_in, "s", (swarm.elapsed() - begun) as f64 / 1e9));
        let nanos = again.cpu_nanos() - before;
        figures.push(figure(cpu, "µs", nanos as f64 / 1e3 / PEOPLE as f64));
    }
    Ok(figures)
}

/// How many log in in a second, and what 1,000 messages a second feel of it.
pub(super) fn logins(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const AT_ONCE: usize = 8;
    // Nobody here both writes and logs in: a user's oldest login ends when there are more than 32.
    register(server, WRITERS + AT_ONCE)?;
    let mut swarm = writers(server, WRITERS)?;
    // The server uses both cores, so the clients must leave room.
    swarm.nap = Some(Duration::from_micros(50));
    let (alone, _) = steady(server, &mut swarm, 1_000)?;
    let (done, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let address = server.address;
    thread::scope(|scope| {
        let busy: Vec<_> = (WRITERS..WRITERS + AT_ONCE)
            .map(|user| {
                let (done, is_over) = (&done, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        log_in(address, user)?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    io::Result::Ok(())
                })
            })
            .collect();
        let rate = |seconds: f64, before| (done.load(Ordering::Relaxed) - before) as f64 / seconds;
        let mut run = || {
            let (cpu, time) = (server.cpu_nanos(), Duration::from_secs(4));
            thread::sleep(time);
            let only = rate(time.as_secs_f64(), 0);
            let cpu = (server.cpu_nanos() - cpu) as f64 / 1e6 / (only * time.as_secs_f64());
            let (before, begun) = (done.load(Ordering::Relaxed), now());
            let (beside, _) = steady(server, &mut swarm, 1_000)?;
            Ok((only, cpu, rate(begun.elapsed().as_secs_f64(), before), beside))
        };
        let result: io::Result<_> = run();
        is_over.store(true, Ordering::Relaxed);
        for thread in busy {
            thread.join().map_err(|_| io::Error::other("a thread panicked"))??;
        }
        let (only, cpu, busy_rate, beside) = result?;
        Ok(vec![
            figure("logins a second", "", only),
            figure("CPU a login", "ms", cpu),
            figure("the same beside 1,000 messages/s", "", busy_rate),
            figure("messages, p50 without logins", "ms", millis(&alone, 0.5)),
            figure("messages, p99 without logins", "ms", millis(&alone, 0.99)),
            figure("messages, p50 with logins", "ms", millis(&beside, 0.5)),
            figure("messages, p99 with logins", "ms", millis(&beside, 0.99)),
        ])
    })
}

/// What the mobile realm feels while the store cannot write: another process has locked the database, for
/// a little less than the 5 s after which the store would give up. Users go on writing.
pub(super) fn asleep(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const SLEEP: Duration = Duration::from_millis(4_800);
    const PHONES: usize = 200;
    const RATE: u64 = 5_000;
    let mut users = writers(server, WRITERS)?;
    let mut phones = Swarm::new(server.address)?;
    phones.join(PHONES, "?presence=none", 200)?;
    let pair = || (fastrand::usize(..PHONES), fastrand::usize(..PHONES));
    let mut missing = 0;
    // Every 25th time, a user says something: 200 messages a second, each of which all users hear.
    let (writer, mut turn) = (round_robin(WRITERS), 0_u64);
    let mut chat = |_: &mut Swarm| {
        turn += 1;
        if turn.is_multiple_of(25) {
            let mut frame = Vec::new();
            let (from, to) = writer();
            users.encode(from, to, 1, 64, &mut frame);
            // It fails only if the server has hung up, and then messages are missing in the end.
            let _ = users.write(from, &frame);
            missing += WRITERS;
        }
        let _ = users.pump(Some(Duration::ZERO));
        missing -= messages_in(&mut users);
    };
    open_loop_with(server, &mut phones, RATE, Duration::from_secs(1), pair, &mut chat)?;
    let start = Turns::of(server)?;
    let awake = open_loop_with(server, &mut phones, RATE, SLEEP, pair, &mut chat)?;
    let middle = Turns::of(server)?;
    let database = Connection::open(server.folder.0.join("switchboard.db"));
    let database = database.map_err(io::Error::other)?;
    database.execute_batch("BEGIN IMMEDIATE").map_err(io::Error::other)?;
    let asleep = open_loop_with(server, &mut phones, RATE, SLEEP, pair, &mut chat)?;
    let end = Turns::of(server)?;
    let (waited, woken) = (missing, now());
    database.execute_batch("ROLLBACK").map_err(io::Error::other)?;
    while missing > 0 && woken.elapsed() < Duration::from_secs(5) {
        users.pump(Some(Duration::from_millis(1)))?;
        missing -= messages_in(&mut users);
    }
    let p99 = |run: &super::super::relay::Run| micros(&run.latency, 0.99);
    Ok(vec![
        figure("mobile realm, p99, store awake", "µs", p99(&awake)),
        figure("the same, store asleep", "µs", p99(&asleep)),
        figure("CPU a message, store awake", "µs", awake.micros_per_message),
        figure("the same, store asleep", "µs", asleep.micros_per_message),
        figure("no turn was over, store awake", "ms", middle.longest_since(&start)),
        figure("the same, store asleep", "ms", end.longest_since(&middle)),
        figure("deliveries that waited for the store", "", waited as f64),
        figure("all delivered, after it woke", "ms", woken.elapsed().as_secs_f64() * 1e3),
        figure("never delivered", "", missing as f64),
    ])
}

/// The time from the start of the process until it listens, with 20,000 users and a million messages; and
/// what the users take of its memory.
pub(super) fn restart(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const MESSAGES: usize = 1_000_000;
    let (large, _) = filled(&server.recipe, USERS, MESSAGES)?;
    let (few, _) = filled(&server.recipe, 1, CACHE_FULL)?;
    let bytes = large.0.join("switchboard.db").metadata()?.len();
    let begin = |folder| Server::start_on(&server.recipe, Rc::clone(folder));
    let again = begin(&large)?;
    let memory = again.anonymous_bytes().saturating_sub(begin(&few)?.anonymous_bytes());
    Ok(vec![
        figure("from the start until it listens", "s", again.started_in.as_secs_f64()),
        figure("without data", "s", server.started_in.as_secs_f64()),
        figure("the database", "MB", bytes as f64 / 1e6),
        figure("memory of 20,000 users", "MB", memory as f64 / 1e6),
    ])
}

fn messages_in(swarm: &mut Swarm) -> usize {
    let is_message = |arrival: &Arrival| matches!(arrival, Arrival::Message { .. });
    swarm.arrivals.drain(..).filter(is_message).count()
}
