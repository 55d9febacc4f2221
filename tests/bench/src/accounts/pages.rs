//! Pages of MyChat that are open: what they cost the server, though nobody does anything but chat.
//!
//! A page asks for what is unread every 10 s and for its rooms every 30 s, and then for the members of each;
//! it has two notices sockets, one for the status, and one for the open conversation. Each user writes a
//! message every 10 s, and the page that shows it says that it is read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::super::relay::{histogram, micros};
use super::super::server::Server;
use super::super::swarm::{Arrival, Swarm, now};
use super::super::{Args, Figure, figure};
use super::people::{add_rooms, filled};

const PAGES: usize = 500;
const ROOMS_EACH: usize = 5;
const MEMBERS: usize = 10;
const UNREAD_EVERY: Duration = Duration::from_secs(10);
const ROOMS_EVERY: Duration = Duration::from_secs(30);
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// How long a page's connection may be idle. The server closes one after 10 s, and a browser makes a new one.
const IDLE: Duration = Duration::from_secs(5);
/// A whole number of rounds of each kind.
const TIME: Duration = Duration::from_secs(30);

pub(super) fn polling(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    let (folder, tokens) = filled(&server.recipe, PAGES, 0)?;
    // Each group of ten users has five rooms.
    let group = |room: usize| (0..MEMBERS).map(|one| room / ROOMS_EACH * MEMBERS + one).collect();
    let rooms: Vec<Vec<usize>> = (0..PAGES / MEMBERS * ROOMS_EACH).map(group).collect();
    let (users, rooms) = add_rooms(&folder, &rooms)?;
    let again = Server::start_on(&server.recipe, folder)?;
    let partner = |page: usize| page ^ 1;
    let sockets = [0, 1, 2, 3].map(|kind| {
        let users = &users;
        let path = move |page: usize| match kind {
            0 => format!("/{}/{}", users[page], users[partner(page)]),
            1 => "/status".to_owned(),
            _ => format!("/global/{}", users[page]),
        };
        let tokens = &tokens;
        (0..PAGES).map(move |page| format!("{}?token={}", path(page), tokens[page]))
    });
    let mut swarm = Swarm::of_mychat(sockets.into_iter().flatten().collect(), again.address)?;
    swarm.join_all()?;
    swarm.settle(Duration::from_secs(3))?;
    let pages: Vec<Page> = (0..PAGES)
        .map(|page| {
            let first = page / MEMBERS * ROOMS_EACH;
            let members = rooms[first..first + ROOMS_EACH].iter();
            Page {
                session: tokens[page].clone(),
                unread: format!("GET /api/unread/{}", users[page]),
                members: members.map(|room| format!("GET /api/rooms/{room}/members")).collect(),
                mark_read: format!("POST /api/mark_read/{}/{}", users[page], users[partner(page)]),
            }
        })
        .collect();
    let (marks, marked) = mpsc::channel();
    let address = again.address;
    let begun = now();
    let (before, in_loop) = (again.cpu_nanos(), again.loop_cpu_nanos());
    let polling = thread::spawn(move || poll(address, &pages, &marked, begun));
    let (mut delivery, mut written) = (histogram(), 0);
    while begun.elapsed() < TIME {
        let total = PAGES * TIME.as_secs() as usize / WRITE_EVERY.as_secs() as usize;
        let due = TIME.mul_f64(written as f64 / total as f64);
        if begun.elapsed() >= due && written < total {
            let page = written % PAGES;
            let mut frame = Vec::new();
            swarm.encode(page, 0, swarm.elapsed(), 64, &mut frame);
            swarm.write(page, &frame)?;
            written += 1;
        }
        swarm.pump(Some(Duration::from_millis(1)))?;
        let at = swarm.elapsed();
        for arrival in swarm.arrivals.drain(..) {
            if let Arrival::Message { to, stamp } = arrival {
                delivery.saturating_record(at.saturating_sub(stamp));
                // The page shows the writer's own copy, too, and marks it.
                let _ = marks.send(to);
            }
        }
    }
    drop(marks);
    let (answers, requests) = polling.join().map_err(|_| io::Error::other("it panicked"))??;
    let each = |nanos: u64| nanos as f64 / 1e3 / PAGES as f64 / TIME.as_secs_f64();
    Ok(vec![
        figure("CPU a page and second", "µs", each(again.cpu_nanos() - before)),
        figure("of it the loop's thread", "µs", each(again.loop_cpu_nanos() - in_loop)),
        figure("requests a second", "", requests as f64 / TIME.as_secs_f64()),
        figure("an answer, p50", "ms", micros(&answers, 0.5) / 1e3),
        figure("an answer, p99", "ms", micros(&answers, 0.99) / 1e3),
        figure("a message, p50", "ms", micros(&delivery, 0.5) / 1e3),
        figure("a message, p99", "ms", micros(&delivery, 0.99) / 1e3),
        figure("memory", "MB", again.rss_bytes() as f64 / 1e6),
    ])
}

/// What a page asks for.
struct Page {
    session: String,
    unread: String,
    members: Vec<String>,
    mark_read: String,
}

/// What a page asks for next.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Next {
    Unread,
    Rooms,
}

/// Sends the requests of all pages at their moments, and the marks at once, one after the other. Returns the
/// times of the answers, which count from those moments, and how many there were.
fn poll(
    address: SocketAddr,
    pages: &[Page],
    marks: &Receiver<usize>,
    begun: Instant,
) -> io::Result<(Histogram<u64>, usize)> {
    let connect = || TcpStream::connect(address).map(|stream| (BufReader::new(stream), now()));
    let mut streams: Vec<_> = pages.iter().map(|_| connect()).collect::<io::Result<_>>()?;
    let spread = |every: Duration, page: usize| begun + every.mul_f64(page as f64 / PAGES as f64);
    let mut plan: BinaryHeap<Reverse<(Instant, usize, Next)>> = (0..PAGES)
        .flat_map(|page| {
            let unread = Reverse((spread(UNREAD_EVERY, page), page, Next::Unread));
            [unread, Reverse((spread(ROOMS_EVERY, page), page, Next::Rooms))]
        })
        .collect();
    let (mut latency, mut requests) = (histogram(), 0);
    let mut ask = |page: usize, due: Instant, what: &str| {
        if streams[page].1.elapsed() > IDLE {
            streams[page] = connect()?;
        }
        let (stream, used) = &mut streams[page];
        let session = &pages[page].session;
        let body = if what.starts_with("POST") { "Content-Length: 0\r\n" } else { "" };
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {address}\r\nCookie: session={session}\r\n{body}\r\n"
        );
        stream.get_mut().write_all(request.as_bytes())?;
        read_answer(stream)?;
        *used = now();
        latency.saturating_record(now().saturating_duration_since(due).as_nanos() as u64);
        requests += 1;
        io::Result::Ok(())
    };
    while begun.elapsed() < TIME {
        let due = plan.peek().map_or(begun + TIME, |Reverse((due, ..))| *due);
        if let Ok(page) = marks.recv_timeout(due.saturating_duration_since(now())) {
            ask(page, now(), &pages[page].mark_read)?;
            continue;
        }
        let Some(Reverse((due, page, next))) = plan.pop() else { break };
        // The marks' end may be gone already, and then nothing is waited for.
        thread::sleep(due.saturating_duration_since(now()));
        match next {
            Next::Unread => {
                ask(page, due, &pages[page].unread)?;
                plan.push(Reverse((due + UNREAD_EVERY, page, next)));
            }
            Next::Rooms => {
                ask(page, due, "GET /api/rooms")?;
                for members in &pages[page].members {
                    ask(page, now(), members)?;
                }
                plan.push(Reverse((due + ROOMS_EVERY, page, next)));
            }
        }
    }
    Ok((latency, requests))
}

/// Reads an answer to its end. One that is no 200 is an error.
fn read_answer(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    let (mut line, mut length, mut first) = (String::new(), 0, true);
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        if first && !line.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(line));
        }
        first = false;
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            return stream.read_exact(&mut vec![0; length]);
        }
    }
}
