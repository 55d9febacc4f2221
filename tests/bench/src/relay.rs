//! Scenarios about messages: the cost of a message, its latency, and the memory of a connection.

use std::io;
use std::thread;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::server::Server;
use super::swarm::{Arrival, Realm, Swarm, encode_message};
use super::{Args, Figure, figure};

/// How many clients a scenario has by default.
const CLIENTS: usize = 1_000;
/// The length of a text, in bytes.
const TEXT: usize = 64;
/// No client here asks for presence: other scenarios measure it, and the floor has none.
const QUIET: &str = "?presence=none";

/// What a run of messages cost, and how long they took.
pub(crate) struct Run {
    pub(crate) micros_per_message: f64,
    pub(crate) latency: Histogram<u64>,
}

/// 1,000 clients, 100 messages in flight between random pairs.
pub(crate) fn random_pairs(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::new(server.address)?;
    swarm.join(CLIENTS, QUIET, 200)?;
    let pair = || (fastrand::usize(..CLIENTS), fastrand::usize(..CLIENTS));
    closed_loop(server, &mut swarm, 20_000, 100, pair)?;
    let run = closed_loop(server, &mut swarm, 150_000, 100, pair)?;
    Ok(vec![
        figure("CPU a message", "µs", run.micros_per_message),
        figure("p50", "µs", micros(&run.latency, 0.5)),
        figure("p99", "µs", micros(&run.latency, 0.99)),
    ])
}

/// 1,000 clients write to 10, 500 messages in flight.
pub(crate) fn many_to_few(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::new(server.address)?;
    swarm.join(CLIENTS, QUIET, 200)?;
    let pair = || (fastrand::usize(10..CLIENTS), fastrand::usize(..10));
    closed_loop(server, &mut swarm, 20_000, 500, pair)?;
    let run = closed_loop(server, &mut swarm, 150_000, 500, pair)?;
    Ok(vec![figure("CPU a message", "µs", run.micros_per_message)])
}

pub(crate) fn open_loop_5k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    open_loop_figures(server, 5_000)
}

pub(crate) fn open_loop_40k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    open_loop_figures(server, 40_000)
}

fn open_loop_figures(server: &Server, rate: u64) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::new(server.address)?;
    swarm.join(CLIENTS, QUIET, 200)?;
    let pair = || (fastrand::usize(..CLIENTS), fastrand::usize(..CLIENTS));
    open_loop(server, &mut swarm, rate, Duration::from_secs(1), pair)?;
    let run = open_loop(server, &mut swarm, rate, Duration::from_secs(4), pair)?;
    Ok(vec![
        figure("p50", "µs", micros(&run.latency, 0.5)),
        figure("p99", "µs", micros(&run.latency, 0.99)),
        figure("CPU a message", "µs", run.micros_per_message),
    ])
}

/// The cost to accept and upgrade a connection, and to send it its first list.
pub(crate) fn sign_in(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const JOINS: usize = 5_000;
    let mut swarm = Swarm::new(server.address)?;
    let before = server.cpu_nanos();
    swarm.join(JOINS, QUIET, 100)?;
    let nanos = server.cpu_nanos() - before;
    Ok(vec![figure("CPU a sign-in", "µs", nanos as f64 / 1e3 / JOINS as f64)])
}

/// The server's own memory for an idle connection, before and after it was busy.
pub(crate) fn idle_memory(server: &Server, args: &Args) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::new(server.address)?;
    let empty = server.anonymous_bytes();
    let empty_slab = slab_bytes();
    swarm.join(args.idle, QUIET, 200)?;
    let each = |rss: u64| rss.saturating_sub(empty) as f64 / args.idle as f64;
    let idle = each(server.anonymous_bytes());
    // The clients' ends of the connections are in the same kernel, so half of the memory is theirs.
    let kernel = slab_bytes().saturating_sub(empty_slab) as f64 / args.idle as f64 / 2.0;
    // Each client writes a large message to itself, a few clients at a time.
    let mut frame = Vec::new();
    for first in (0..args.idle).step_by(50) {
        let last = (first + 50).min(args.idle);
        for phone in first..last {
            frame.clear();
            encode_message(swarm.number(phone), 1, 16_000, &mut frame);
            swarm.write(phone, &frame)?;
        }
        let mut missing = last - first;
        while missing > 0 {
            swarm.pump(Some(Duration::from_secs(1)))?;
            missing = missing.saturating_sub(swarm.arrivals.len());
            swarm.arrivals.clear();
        }
    }
    Ok(vec![
        figure("memory a connection", "bytes", idle),
        figure("after 16 kB each way", "bytes", each(server.anonymous_bytes())),
        figure("kernel memory a socket, about", "bytes", kernel),
    ])
}

/// The memory of the kernel's own objects, in bytes (proc(5): meminfo, Slab).
fn slab_bytes() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = meminfo.lines().find_map(|line| line.strip_prefix("Slab:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Whether misbehaving clients slow the others down: the same load without, with and without them.
pub(crate) fn hostile(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const GOOD: usize = 200;
    const GARBAGE: usize = 200;
    let mut swarm = Swarm::new(server.address)?;
    swarm.join(GOOD, QUIET, 200)?;
    let pair = || (fastrand::usize(..GOOD), fastrand::usize(..GOOD));
    let time = Duration::from_secs(3);
    open_loop(server, &mut swarm, 5_000, Duration::from_secs(1), pair)?;
    let clean = open_loop(server, &mut swarm, 5_000, time, pair)?;

    // One client never reads, and gets messages all the time. One sends byte by byte. The others send
    // garbage.
    swarm.join(2 + GARBAGE, QUIET, 200)?;
    swarm.phones[GOOD].deaf = true;
    let garbage: Vec<u8> = (0..512).map(|_| fastrand::u8(..)).collect();
    let mut sent = 0;
    let mut misbehave = |swarm: &mut Swarm| {
        sent += 1;
        let mut frame = Vec::new();
        encode_message(swarm.number(GOOD), 0, 1_000, &mut frame);
        let _ = swarm.write_some(sent % GOOD, &frame);
        if sent % 500 == 0 {
            let _ = swarm.write_some(GOOD + 1, &frame[..1]);
        }
        let nasty = GOOD + 2 + sent % GARBAGE;
        if swarm.is_up(nasty) {
            let _ = swarm.write_some(nasty, &garbage);
        } else {
            let _ = swarm.redial(nasty, QUIET);
        }
    };
    let beset = open_loop_with(server, &mut swarm, 5_000, time, pair, &mut misbehave)?;
    let again = open_loop(server, &mut swarm, 5_000, time, pair)?;
    Ok(vec![
        figure("p99 clean", "µs", micros(&clean.latency, 0.99)),
        figure("p99 beset", "µs", micros(&beset.latency, 0.99)),
        figure("p99 clean again", "µs", micros(&again.latency, 0.99)),
    ])
}

/// The cost of a realm: CPU for a message, with 100 in flight between random pairs, and memory for an
/// idle connection.
pub(crate) fn realm(realm: Realm, server: &Server, args: &Args) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::in_realm(realm, server.address)?;
    let empty = server.anonymous_bytes();
    swarm.join(args.idle, QUIET, 200)?;
    let idle = server.anonymous_bytes().saturating_sub(empty) as f64 / args.idle as f64;
    // Each client has ten friends, so that most messages make no new contacts.
    let pair = || {
        let from = fastrand::usize(..CLIENTS);
        (from, (from + fastrand::usize(1..=10)) % CLIENTS)
    };
    closed_loop(server, &mut swarm, 50_000, 100, pair)?;
    let run = closed_loop(server, &mut swarm, 150_000, 100, pair)?;
    Ok(vec![
        figure("CPU a message", "µs", run.micros_per_message),
        figure("memory a connection", "bytes", idle),
    ])
}

/// Keeps `in_flight` messages in flight until `total` messages have arrived at all who hear them.
pub(crate) fn closed_loop(
    server: &Server,
    swarm: &mut Swarm,
    total: usize,
    in_flight: usize,
    pair: impl Fn() -> (usize, usize),
) -> io::Result<Run> {
    let mut latency = histogram();
    let before = server.cpu_nanos();
    let (mut sent, mut arrived) = (0, 0);
    let mut frame = Vec::new();
    while arrived < total * swarm.copies {
        while sent < total && sent - arrived / swarm.copies < in_flight {
            let (from, to) = pair();
            frame.clear();
            swarm.encode(from, to, swarm.elapsed(), TEXT, &mut frame);
            swarm.write(from, &frame)?;
            sent += 1;
        }
        arrived += collect(swarm, Some(Duration::from_secs(5)), &mut latency)?;
    }
    let nanos = server.cpu_nanos() - before;
    Ok(Run { micros_per_message: nanos as f64 / 1e3 / total as f64, latency })
}

pub(crate) fn open_loop(
    server: &Server,
    swarm: &mut Swarm,
    rate: u64,
    time: Duration,
    pair: impl Fn() -> (usize, usize),
) -> io::Result<Run> {
    open_loop_with(server, swarm, rate, time, pair, &mut |_| {})
}

/// Sends at fixed moments, whatever the server does. Latency counts from those moments.
pub(crate) fn open_loop_with(
    server: &Server,
    swarm: &mut Swarm,
    rate: u64,
    time: Duration,
    pair: impl Fn() -> (usize, usize),
    meanwhile: &mut impl FnMut(&mut Swarm),
) -> io::Result<Run> {
    let mut latency = histogram();
    let before = server.cpu_nanos();
    let total = usize::try_from(rate * time.as_millis() as u64 / 1000).unwrap_or(usize::MAX);
    let start = swarm.elapsed();
    let (mut sent, mut arrived) = (0, 0);
    let mut frame = Vec::new();
    while arrived < total * swarm.copies {
        let mut due = start + sent as u64 * 1_000_000_000 / rate;
        while sent < total && due <= swarm.elapsed() {
            let (from, to) = pair();
            frame.clear();
            swarm.encode(from, to, due, TEXT, &mut frame);
            swarm.write(from, &frame)?;
            meanwhile(swarm);
            sent += 1;
            due = start + sent as u64 * 1_000_000_000 / rate;
        }
        // Where the clients have their own core, a busy loop is the most punctual way to wait.
        if let Some(nap) = swarm.nap.filter(|_| sent < total) {
            thread::sleep(nap);
        }
        let wait = if sent < total { Duration::ZERO } else { Duration::from_secs(5) };
        arrived += collect(swarm, Some(wait), &mut latency)?;
    }
    let nanos = server.cpu_nanos() - before;
    Ok(Run { micros_per_message: nanos as f64 / 1e3 / total as f64, latency })
}

/// Reads what has arrived, and returns how many messages it had.
fn collect(
    swarm: &mut Swarm,
    wait: Option<Duration>,
    latency: &mut Histogram<u64>,
) -> io::Result<usize> {
    let begun = swarm.elapsed();
    swarm.pump(wait)?;
    let now = swarm.elapsed();
    // The event that wakes the bench need not be a message.
    let waited = Duration::from_nanos(now - begun);
    let is_over = wait.is_some_and(|wait| wait > Duration::ZERO && waited >= wait);
    if swarm.arrivals.is_empty() && is_over {
        return Err(io::Error::other("messages were lost"));
    }
    let mut count = 0;
    for arrival in swarm.arrivals.drain(..) {
        if let Arrival::Message { stamp, .. } = arrival
            && stamp > 0
        {
            count += 1;
            latency.saturating_record(now.saturating_sub(stamp).max(1));
        }
    }
    Ok(count)
}

pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order")
}

pub(crate) fn micros(latency: &Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1e3
}
