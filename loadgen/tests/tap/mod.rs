//! [`Tap`]: a relay between loadgen and a server, which notes what phones send, and when.
//!
//! What makes a persona is seen here, on the wire, and nowhere else.

#![expect(clippy::disallowed_methods, reason = "a tap that notes when has to look at the clock")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use switchboard::ws::{Item, Limits, Reader, Role};

/// A relay that listens on a free port of the loopback until the test is over.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<Line>>>,
}

/// What one connection of a phone sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// What was read at once, and when, counted from the start of the tap.
    pub(crate) chunks: Vec<(Duration, Vec<u8>)>,
    /// How the phone's side ended, and when.
    pub(crate) end: Option<(Duration, End)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Fin,
    Reset,
}

impl Tap {
    /// A tap in front of this server.
    pub(crate) fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (all, begin) = (Arc::clone(&lines), Instant::now());
        thread::spawn(move || {
            for phone in listener.incoming().map_while(Result::ok) {
                let Ok(upstream) = TcpStream::connect(server) else { return };
                let place = {
                    let mut lines = all.lock().unwrap_or_else(PoisonError::into_inner);
                    lines.push(Line::default());
                    lines.len() - 1
                };
                let (mut from, mut to) =
                    (upstream.try_clone().expect("a socket"), phone.try_clone().expect("a socket"));
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    listen(phone, upstream, begin, |note| {
                        let mut lines = all.lock().unwrap_or_else(PoisonError::into_inner);
                        note(&mut lines[place]);
                    })
                });
            }
        });
        Tap { address, lines }
    }

    /// What was sent on each connection, without the first two: the probe, and the question which version the
    /// server is.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(2).cloned().collect()
    }
}

fn listen(
    mut phone: TcpStream,
    mut upstream: TcpStream,
    begin: Instant,
    note: impl Fn(&dyn Fn(&mut Line)),
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = phone.read(&mut buffer);
        let now = begin.elapsed();
        let end = match read {
            Ok(0) => End::Fin,
            Ok(count) => {
                note(&|line| line.chunks.push((now, buffer[..count].to_vec())));
                // A server that has hung up need not keep the phone from sending.
                let _ = upstream.write_all(&buffer[..count]);
                continue;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => End::Reset,
        };
        note(&|line| line.end = Some((now, end)));
        let _ = upstream.shutdown(Shutdown::Write);
        return;
    }
}

impl Line {
    /// All bytes that were sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.chunks.iter().flat_map(|(_, chunk)| chunk.iter().copied()).collect()
    }

    /// The texts of the frames that were sent, and the moment at which each was complete.
    pub(crate) fn texts(&self) -> Vec<(Duration, String)> {
        let (mut reader, mut texts) = (Reader::new(Role::Server), Vec::new());
        let mut head: Vec<u8> = Vec::new();
        let mut is_upgraded = false;
        for (at, chunk) in &self.chunks {
            let mut chunk = chunk.clone();
            if !is_upgraded {
                head.append(&mut chunk);
                let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") else {
                    continue;
                };
                chunk = head.split_off(end + 4);
                is_upgraded = true;
            }
            let mut input = &mut chunk[..];
            while let Ok(Some(item)) = reader.read(&mut input, &Limits::default()) {
                if let Item::Text(text) = item {
                    texts.push((*at, text.into_owned()));
                }
            }
        }
        texts
    }
}
