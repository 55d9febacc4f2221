//! [`Turns`]: how long the turns of the server's loop took, as its page `/metrics` counts them.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use super::server::Server;

/// The server's histogram at some moment.
#[derive(Debug)]
pub(crate) struct Turns {
    /// For each bound in milliseconds, the turns that took at most as long. The bounds grow.
    up_to: Vec<(f64, u64)>,
}

impl Turns {
    /// Asks the server.
    pub(crate) fn of(server: &Server) -> io::Result<Turns> {
        let mut stream = TcpStream::connect(server.address)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        let buckets = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("switchboard_turn_seconds_bucket{le=\"")?;
            let (bound, turns) = rest.split_once("\"} ")?;
            Some((bound.parse().unwrap_or(f64::INFINITY) * 1e3, turns.parse().ok()?))
        });
        Ok(Turns { up_to: buckets.collect() })
    }

    /// The upper bound of the bucket with the longest turn, in milliseconds.
    pub(crate) fn longest(&self) -> f64 {
        self.longest_since(&Turns { up_to: Vec::new() })
    }

    /// The same, of the turns since an earlier moment.
    pub(crate) fn longest_since(&self, earlier: &Turns) -> f64 {
        let before = |bound| {
            let bucket = earlier.up_to.iter().find(|(other, _)| *other == bound);
            bucket.map_or(0, |(_, turns)| *turns)
        };
        let since: Vec<(f64, u64)> =
            self.up_to.iter().map(|&(bound, turns)| (bound, turns - before(bound))).collect();
        let all = since.last().map_or(0, |(_, turns)| *turns);
        since.iter().find(|(_, turns)| *turns == all).map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}
