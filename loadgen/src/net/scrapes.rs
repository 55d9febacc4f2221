//! [`Scrapes`]: answers those that ask for loadgen's own metrics (`--listen`) while a plan is played, on the loop
//! that plays it. A *scrape* is one connection: it asks once, gets its answer, and is closed.
//!
//! Nothing waits here. A peer that is slow or says nothing keeps its place until another needs it: there are
//! [`SCRAPES`], and the oldest makes room. What is on the page is `published`'s affair.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, SystemTime};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use switchboard::http::{self, Limits, Request, Response, Status};
use switchboard::metrics::CONTENT_TYPE;

use super::clock::date;
use super::published::page;
use super::publisher::Publisher;
use super::run::Run;

/// The tokens of the listener, and of the connections: below it. Phones never get this far.
pub(super) const LISTENER: Token = Token(usize::MAX - 2);
pub(super) const LAST_SCRAPE: Token = Token(LISTENER.0 - SCRAPES);

/// The most connections at the same time. They fit into the descriptors that are kept free beside phones.
const SCRAPES: usize = 8;
/// The most connections that are accepted in one turn of the loop: a flood of them must not stop the phones.
const ACCEPTS: usize = 8;
/// The most bytes of a request, and the most header lines.
const LIMITS: Limits = Limits { head_bytes: 4096, headers: 32 };

/// The connections of those that ask.
#[derive(Debug)]
pub(super) struct Scrapes<'p> {
    publisher: &'p Publisher,
    listener: TcpListener,
    registry: Registry,
    scrapes: [Option<Scrape>; SCRAPES],
    /// How many connections there were.
    accepted: u64,
}

/// One connection.
#[derive(Debug)]
struct Scrape {
    stream: TcpStream,
    /// It is this connection, counted from the first.
    number: u64,
    heard: Vec<u8>,
    /// What is still to be written of the answer; `None` while the request is not complete.
    answer: Option<Vec<u8>>,
    written: usize,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Goes {
    On,
    Away,
}

impl<'p> Scrapes<'p> {
    /// Begins to answer.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(super) fn start(publisher: &'p Publisher, registry: Registry) -> io::Result<Self> {
        let mut listener = TcpListener::from_std(publisher.listener()?);
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        let scrapes = [const { None }; SCRAPES];
        Ok(Scrapes { publisher, listener, registry, scrapes, accepted: 0 })
    }

    /// Something has happened to the listener or to a connection.
    pub(super) fn happens(&mut self, token: Token, run: &Run<'_>) {
        if token == LISTENER {
            return self.accept();
        }
        let place = token.0 - LAST_SCRAPE.0;
        let Some(scrape) = &mut self.scrapes[place] else { return };
        let publisher = self.publisher;
        if scrape.go_on(|| page(run, publisher)) == Goes::Away {
            self.scrapes[place] = None;
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Ok((stream, _)) => self.add(stream),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // There are no more. If the machine has no descriptor left, the next connection tries again.
                Err(_) => return,
            }
        }
        // There may be more. Readiness is edge-triggered: registering again tells of it once more. Should that
        // fail, the next connection tells of it.
        let _ = self.registry.reregister(&mut self.listener, LISTENER, Interest::READABLE);
    }

    fn add(&mut self, mut stream: TcpStream) {
        let age = |scrape: &Option<Scrape>| scrape.as_ref().map(|scrape| scrape.number);
        // A free place comes before the oldest connection.
        let places = 0..SCRAPES;
        let place = places.min_by_key(|&place| age(&self.scrapes[place])).unwrap_or(0);
        self.scrapes[place] = None;
        let both = Interest::READABLE | Interest::WRITABLE;
        if self.registry.register(&mut stream, Token(LAST_SCRAPE.0 + place), both).is_err() {
            return;
        }
        let number = self.accepted;
        self.accepted += 1;
        self.scrapes[place] =
            Some(Scrape { stream, number, heard: Vec::new(), answer: None, written: 0 });
    }
}

impl Scrape {
    /// Reads and writes what goes without waiting.
    fn go_on(&mut self, page: impl FnOnce() -> String) -> Goes {
        if self.answer.is_none() {
            match self.read() {
                Ok(is_over) => {
                    self.answer = answer(&self.heard, page);
                    if is_over && self.answer.is_none() {
                        return Goes::Away;
                    }
                }
                Err(_) => return Goes::Away,
            }
        }
        let Some(answer) = &self.answer else { return Goes::On };
        while self.written < answer.len() {
            match self.stream.write(&answer[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Goes::On,
                Err(_) => return Goes::Away,
            }
        }
        // If the peer has gone, there is nobody to say goodbye to.
        let _ = self.stream.shutdown(Shutdown::Write);
        Goes::Away
    }

    /// Reads what is there, up to the most that a request may have. Returns whether the peer has ended.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        while self.heard.len() < LIMITS.head_bytes {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(count) => self.heard.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// The answer to what was heard; `None` if the request is not complete.
fn answer(heard: &[u8], page: impl FnOnce() -> String) -> Option<Vec<u8>> {
    let read = http::parse(heard, &LIMITS).transpose()?;
    let is_head = read.as_ref().is_ok_and(|(request, _)| request.method == "HEAD");
    let response = match read {
        Ok((request, _)) => response(&request, page),
        Err(bad) => Response::new(bad.status()).json_detail("this is no request that can be read"),
    };
    let mut out = Vec::new();
    let date = date().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    response.uncached().close().write(&mut out, date, is_head);
    Some(out)
}

fn response(request: &Request<'_>, page: impl FnOnce() -> String) -> Response<'static> {
    if !matches!(request.method, "GET" | "HEAD") {
        let refused = Response::new(Status::MethodNotAllowed).header("Allow", "GET, HEAD");
        return refused.json_detail("only GET and HEAD");
    }
    match request.path {
        "/metrics" => Response::new(Status::Ok).body(CONTENT_TYPE, page().into_bytes()),
        "/health" => {
            Response::new(Status::Ok).body("application/json", br#"{"status":"ok"}"#.as_slice())
        }
        _ => Response::new(Status::NotFound).json_detail("there are /metrics and /health"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(heard: &str) -> Option<String> {
        answer(heard.as_bytes(), || "up 1\n".to_owned())
            .map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn a_request_is_answered_when_it_is_complete_and_garbage_at_once() {
        let scrape = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(answered(&scrape[..30]), None);
        let page = answered(scrape).expect("it is complete");
        assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("\r\n\r\nup 1\n"), "{page}");
        assert!(page.contains("\r\nConnection: close\r\n"), "{page}");
        for (request, status) in [
            ("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405),
            ("\u{16}\u{3}\u{1}", 400),
        ] {
            let answer = answered(request).unwrap_or_default();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        }
    }

    #[test]
    fn a_request_is_not_read_beyond_its_limit() {
        let endless = format!("GET /metrics HTTP/1.1\r\nHost: {}", "a".repeat(LIMITS.head_bytes));
        let answer = answered(&endless).expect("it is too long");
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        let head = answered("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is complete");
        assert!(head.contains("Content-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }
}
