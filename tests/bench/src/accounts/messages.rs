//! Messages that are stored before anybody hears of them: how many, how fast, and at what cost.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use super::super::relay::{Run, closed_loop, micros, open_loop};
use super::super::server::Server;
use super::super::swarm::Swarm;
use super::super::{Args, Figure, figure};
use super::disk::fdatasync;
use super::people::{register, shared};

/// The users who write, and who read everything: the few readers of the scenarios about the store.
pub(super) const WRITERS: usize = 4;
/// Messages that are always on their way: as many as four clients may have unstored.
const PIPELINED: usize = 256;
/// The most sockets of one user.
const SOCKETS_EACH: usize = 32;

/// As many messages as the server takes.
pub(super) fn pipelined(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    let mut figures = flood(server, 100_000)?;
    figures.extend(fdatasync(server)?);
    Ok(figures)
}

pub(super) fn at_1k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    at_rate(server, 1_000)
}

pub(super) fn at_5k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    at_rate(server, 5_000)
}

pub(super) fn at_20k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    at_rate(server, 20_000)
}

pub(super) fn fan_out_100(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    fan_out(server, 100, 500)
}

pub(super) fn fan_out_1000(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    fan_out(server, 1_000, 50)
}

/// The same work for the server and for one that people would otherwise write.
pub(super) fn peers(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    let mut figures = flood(server, 10_000)?;
    let mut swarm = writers(server, WRITERS)?;
    let (run, _) = steady(server, &mut swarm, 300)?;
    figures.extend([
        figure("p50 at 300 a second", "ms", millis(&run, 0.5)),
        figure("p99 at 300 a second", "ms", millis(&run, 0.99)),
        figure("CPU a message at 300 a second", "µs", run.micros_per_message),
        figure("memory", "MB", server.rss_bytes() as f64 / 1e6),
    ]);
    Ok(figures)
}

fn flood(server: &Server, messages: usize) -> io::Result<Vec<Figure>> {
    let mut swarm = writers(server, WRITERS)?;
    closed_loop(server, &mut swarm, messages / 10, PIPELINED, round_robin(WRITERS))?;
    let (begun, in_loop) = (swarm.elapsed(), server.loop_cpu_nanos());
    let run = closed_loop(server, &mut swarm, messages, PIPELINED, round_robin(WRITERS))?;
    let seconds = (swarm.elapsed() - begun) as f64 / 1e9;
    let in_loop = (server.loop_cpu_nanos() - in_loop) as f64 / 1e3 / messages as f64;
    Ok(vec![
        figure("stored messages a second", "", messages as f64 / seconds),
        figure("CPU a message", "µs", run.micros_per_message),
        figure("of it the loop's thread", "µs", in_loop),
    ])
}

fn at_rate(server: &Server, rate: u64) -> io::Result<Vec<Figure>> {
    let mut swarm = writers(server, WRITERS)?;
    let (run, in_loop) = steady(server, &mut swarm, rate)?;
    let mut figures = vec![
        figure("p50 from plan to delivery", "ms", millis(&run, 0.5)),
        figure("p99 from plan to delivery", "ms", millis(&run, 0.99)),
        figure("the longest", "ms", millis(&run, 1.0)),
        figure("CPU a message", "µs", run.micros_per_message),
        figure("of it the loop's thread", "µs", in_loop),
    ];
    figures.extend(fdatasync(server)?);
    Ok(figures)
}

fn fan_out(server: &Server, readers: usize, rate: u64) -> io::Result<Vec<Figure>> {
    let users = register(server, readers.div_ceil(SOCKETS_EACH))?;
    let mut swarm = Swarm::of_accounts(shared(&users, readers, SOCKETS_EACH), server.address)?;
    swarm.join_all()?;
    swarm.speak_all()?;
    let (run, in_loop) = steady(server, &mut swarm, rate)?;
    let each = |micros: f64| micros / readers as f64;
    Ok(vec![
        figure("CPU a delivery, the loop's thread", "µs", each(in_loop)),
        figure("the same, with the store", "µs", each(run.micros_per_message)),
        figure("p50", "ms", millis(&run, 0.5)),
        figure("p99", "ms", millis(&run, 0.99)),
    ])
}

/// Sends at this rate for a second, and then for four that count. Returns what they cost, in all and in the
/// loop's thread alone, in microseconds a message.
pub(super) fn steady(server: &Server, swarm: &mut Swarm, rate: u64) -> io::Result<(Run, f64)> {
    let phones = swarm.phones.len();
    steady_from(server, swarm, rate, round_robin(phones))
}

/// The same. `next` says from which phone to which each message goes.
pub(super) fn steady_from(
    server: &Server,
    swarm: &mut Swarm,
    rate: u64,
    next: impl Fn() -> (usize, usize),
) -> io::Result<(Run, f64)> {
    let time = Duration::from_secs(4);
    open_loop(server, swarm, rate, Duration::from_secs(1), &next)?;
    let before = server.loop_cpu_nanos();
    let run = open_loop(server, swarm, rate, time, next)?;
    let in_loop = server.loop_cpu_nanos() - before;
    Ok((run, in_loop as f64 / 1e3 / (rate * time.as_secs()) as f64))
}

/// Users who are connected, with one socket each.
pub(super) fn writers(server: &Server, count: usize) -> io::Result<Swarm> {
    // A scenario may call this twice: then they exist already.
    let tokens = register(server, count).or_else(|_| {
        (0..count).map(|number| super::people::log_in(server.address, number)).collect()
    })?;
    let mut swarm = Swarm::of_accounts(tokens, server.address)?;
    swarm.join_all()?;
    swarm.speak_all()?;
    Ok(swarm)
}

/// Who writes next. The recipient does not matter: all hear it.
pub(super) fn round_robin(writers: usize) -> impl Fn() -> (usize, usize) {
    let next = Cell::new(0);
    move || {
        next.set((next.get() + 1) % writers);
        (next.get(), 0)
    }
}

pub(super) fn millis(run: &Run, quantile: f64) -> f64 {
    micros(&run.latency, quantile) / 1e3
}
