//! Scenarios about presence: all phones connect at once, or some connect and leave all the time.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::relay::histogram;
use super::server::Server;
use super::swarm::{Arrival, BASE, Swarm, encode_message, now};
use super::turns::Turns;
use super::{Args, Figure, figure};

pub(crate) fn storm_1k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    storm(server, 1_000, "")
}

pub(crate) fn storm_10k(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    storm(server, 10_000, "")
}

/// With deltas, a phone is right if the number of people in its last delta is right.
pub(crate) fn storm_10k_delta(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    storm(server, 10_000, "?presence=delta")
}

/// All phones join as fast as the server lets them. Measures when every phone knows of all others. Two
/// older phones chat meanwhile.
fn storm(server: &Server, people: usize, query: &str) -> io::Result<Vec<Figure>> {
    let mut swarm = Swarm::new(server.address)?;
    let mut couple = Couple::new(server)?;
    let before = server.cpu_nanos();
    let begun = swarm.elapsed();
    let mut up = 0;
    for index in 0..people {
        swarm.dial(query)?;
        if index % 32 == 31 {
            couple.chat()?;
            swarm.pump(Some(Duration::ZERO))?;
        }
        // The backlog is limited.
        while index - up > 2_000 {
            couple.chat()?;
            swarm.pump(Some(Duration::from_millis(1)))?;
            up = (0..=index).filter(|&phone| swarm.is_up(phone)).count();
        }
    }
    while !(0..people).all(|phone| swarm.is_up(phone)) {
        couple.chat()?;
        swarm.pump(Some(Duration::from_millis(1)))?;
    }
    let connected = swarm.elapsed();
    let couples_numbers = couple.swarm.number(0) + couple.swarm.number(1);
    let all: u64 = (0..people).map(|phone| swarm.number(phone)).sum();
    let everybody = (people as u64 + 2, all + couples_numbers);
    let is_right = |list: (u64, u64)| list == everybody || list == (everybody.0, 0);
    let deadline = now() + Duration::from_secs(120);
    while !swarm.phones.iter().all(|phone| is_right(phone.list)) && now() < deadline {
        couple.chat()?;
        swarm.pump(Some(Duration::from_millis(1)))?;
        swarm.arrivals.clear();
    }
    let converged = swarm.elapsed();
    let bytes: u64 = swarm.phones.iter().map(|phone| phone.bytes).sum();
    let right = swarm.phones.iter().filter(|phone| is_right(phone.list)).count();
    let cpu = server.cpu_nanos() - before;
    let meanwhile = |quantile| couple.latency.value_at_quantile(quantile) as f64 / 1e6;
    Ok(vec![
        figure("all connected after", "s", seconds(connected - begun)),
        figure("all right after the last", "s", seconds(converged - connected)),
        figure("right in the end", "phones", right as f64),
        figure("sent in all", "MB", bytes as f64 / 1e6),
        figure("server CPU in all", "s", seconds(cpu)),
        figure("no turn was over", "ms", Turns::of(server)?.longest()),
        figure("messages meanwhile, p50", "ms", meanwhile(0.5)),
        figure("messages meanwhile, p99", "ms", meanwhile(0.99)),
    ])
}

/// Two phones that connected before, and write to each other every 5 ms, whatever happens.
struct Couple {
    swarm: Swarm,
    latency: Histogram<u64>,
    next: u64,
}

impl Couple {
    const PACE: u64 = 5_000_000;

    fn new(server: &Server) -> io::Result<Self> {
        let mut swarm = Swarm::of_numbers_from(BASE + 60_000, server.address)?;
        swarm.join(2, "?presence=none", 2)?;
        let next = swarm.elapsed();
        Ok(Couple { swarm, latency: histogram(), next })
    }

    /// Sends what is due, and reads what has arrived.
    fn chat(&mut self) -> io::Result<()> {
        let mut frame = Vec::new();
        while self.next <= self.swarm.elapsed() {
            let from = usize::from((self.next / Self::PACE).is_multiple_of(2));
            frame.clear();
            encode_message(self.swarm.number(1 - from), self.next, 64, &mut frame);
            self.swarm.write(from, &frame)?;
            self.next += Self::PACE;
        }
        self.swarm.pump(Some(Duration::ZERO))?;
        let now = self.swarm.elapsed();
        for arrival in self.swarm.arrivals.drain(..) {
            if let Arrival::Message { stamp, .. } = arrival {
                self.latency.saturating_record(now - stamp);
            }
        }
        Ok(())
    }
}

/// 500 phones stay. Every 50 ms another one connects, or one of those leaves.
pub(crate) fn churn(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    const STAY: usize = 500;
    const COMERS: usize = 10;
    const CHANGES: usize = 200;
    const PACE: u64 = 50_000_000;
    let mut swarm = Swarm::new(server.address)?;
    swarm.join(STAY, "", 100)?;
    swarm.settle(Duration::from_secs(1))?;
    let mut sum: u64 = (0..STAY).map(|phone| swarm.number(phone)).sum();
    let mut online = STAY as u64;
    // Which changes lead to a list, and when they were made; and which change each phone has seen.
    let mut change_of = HashMap::new();
    let mut made_at: Vec<u64> = Vec::new();
    let mut seen = vec![0; STAY];
    let (mut worst, mut lists) = (0, 0);
    let before = server.cpu_nanos();
    let start = swarm.elapsed();
    let end = start + (CHANGES as u64 + 20) * PACE;
    while swarm.elapsed() < end {
        let due = start + made_at.len() as u64 * PACE;
        if made_at.len() < CHANGES && swarm.elapsed() >= due {
            let who = STAY + made_at.len() / 2 % COMERS;
            if made_at.len().is_multiple_of(2) {
                if swarm.phones.len() <= who {
                    swarm.dial("")?
                } else {
                    swarm.redial(who, "")?
                }
                (sum, online) = (sum + swarm.number(who), online + 1);
            } else {
                swarm.hang_up(who);
                (sum, online) = (sum - swarm.number(who), online - 1);
            }
            made_at.push(swarm.elapsed());
            change_of.entry((online, sum)).or_insert_with(Vec::new).push(made_at.len());
        }
        swarm.pump(Some(Duration::from_millis(1)))?;
        let time = swarm.elapsed();
        let arrivals: Vec<Arrival> = swarm.arrivals.drain(..).collect();
        for arrival in arrivals {
            let Arrival::List { to } = arrival else { continue };
            let Some(seen) = seen.get_mut(to) else { continue };
            lists += 1;
            // The same set of numbers appears again and again. It counts for the latest change that
            // leads to it.
            let shown = change_of.get(&swarm.phones[to].list).and_then(|c| c.last()).copied();
            let shown = shown.unwrap_or(0).max(*seen);
            // The oldest change that this list shows for the first time has waited longest.
            if shown > *seen {
                worst = worst.max(time - made_at[*seen]);
            }
            *seen = shown;
        }
    }
    let cpu = server.cpu_nanos() - before;
    let right = seen.iter().filter(|&&seen| seen == CHANGES).count();
    Ok(vec![
        figure("CPU a change", "ms", cpu as f64 / 1e6 / CHANGES as f64),
        figure("lists a change", "", f64::from(lists) / CHANGES as f64),
        figure("worst lag of anybody", "ms", worst as f64 / 1e6),
        figure("right in the end", "phones", right as f64),
    ])
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
