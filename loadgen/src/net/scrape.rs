//! [`Scrape`]: one connection to loadgen's own metrics: it asks once, gets its answer, and is
//! closed. Knows nothing of what is on the page. `scrapes` holds all of them while a plan is played.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, SystemTime};

use mio::net::TcpStream;
use switchboard::http::{self, Limits, Request, Response, Status};
use switchboard::metrics::CONTENT_TYPE;

use super::clock::date;

/// The most bytes of a request, and the most header lines.
const LIMITS: Limits = Limits { head_bytes: 4096, headers: 32 };

/// One connection.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) stream: TcpStream,
    heard: Vec<u8>,
    /// What is still to be written of the answer; `None` while the request is not complete.
    answer: Option<Vec<u8>>,
    written: usize,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Goes {
    On,
    Away,
}

impl Scrape {
    /// A connection that has just been accepted.
    pub(super) fn new(stream: TcpStream) -> Self {
        Scrape { stream, heard: Vec::new(), answer: None, written: 0 }
    }

    /// Reads and writes what goes without waiting.
    pub(super) fn go_on(&mut self, page: impl FnOnce() -> String) -> Goes {
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
