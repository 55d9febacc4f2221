//! [`Asker`]: asks a server over plain HTTP, one request after the other on one connection.

use std::io::{self, ErrorKind};
use std::time::Duration;

use switchboard::http::{Limits, parse_response};

use super::patience::{Patience, Refusal};
use super::talk::Talk;
use crate::signals::Signals;
use crate::target::Target;

/// How long a server may take for an answer. A login waits for a hash, and for those before it.
const FOR_AN_ANSWER: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 16 << 20;
/// How often a request is made again whose connection was closed before an answer: the server may have closed it
/// because it was idle.
const ATTEMPTS: u32 = 3;

/// Asks a server.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    target: &'a Target,
    signals: Option<&'a Signals>,
    talk: Option<Talk<'a>>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// After the target's prefix.
    pub(super) path: &'a str,
    /// Header lines, each with its end of line.
    pub(super) headers: &'a str,
    pub(super) body: &'a str,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// For how long the server asks to wait (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<Duration>,
    /// Names and values of the cookies that it sets.
    pub(super) cookies: Vec<(String, String)>,
    pub(super) body: String,
}

impl Answer {
    /// Whether the server asks to come again later: 429 (RFC 6585 §4) or 503 (RFC 9110 §15.6.4).
    pub(super) fn is_too_early(&self) -> bool {
        matches!(self.status, 429 | 503)
    }
}

impl<'a> Asker<'a> {
    /// Asks this server. It connects with the first request. `signals` end a wait.
    pub(super) fn new(target: &'a Target, signals: Option<&'a Signals>) -> Self {
        Asker { target, signals, talk: None }
    }

    /// Makes a request, and waits for the answer.
    ///
    /// # Errors
    ///
    /// One sentence, if there is none; or that a signal came first. Neither shows the request.
    pub(super) fn ask(&mut self, request: &Request<'_>) -> Result<Answer, Refusal> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let patience = Patience::new(FOR_AN_ANSWER, self.signals);
            let is_new = self.talk.is_none();
            let mut talk = match self.talk.take() {
                Some(mut talk) => {
                    talk.extend(patience);
                    talk
                }
                None => Talk::begin(self.target, patience, FOR_AN_ANSWER)?,
            };
            match exchange(&mut talk, self.target, request) {
                Ok((answer, stays)) => {
                    self.talk = stays.then_some(talk);
                    return Ok(answer);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    return Err(Refusal::Interrupted);
                }
                Err(_) if !is_new && attempt < ATTEMPTS => {}
                Err(error) => {
                    let (url, path) = (self.target.url(), request.path);
                    return Err(format!("{url}: no answer to {path}: {}", error.kind()).into());
                }
            }
        }
    }
}

/// Returns the answer, and whether the connection stays.
fn exchange(
    talk: &mut Talk<'_>,
    target: &Target,
    request: &Request<'_>,
) -> io::Result<(Answer, bool)> {
    let Target { authority, prefix, .. } = target;
    let Request { method, path, headers, body } = request;
    let length = match body.len() {
        // RFC 9110 §8.6: a request that usually has a body says so if it has none.
        0 if *method != "POST" => String::new(),
        bytes => format!("Content-Length: {bytes}\r\n"),
    };
    let bytes = format!(
        "{method} {prefix}{path} HTTP/1.1\r\nHost: {authority}\r\n{headers}{length}\r\n{body}"
    );
    talk.write(bytes.as_bytes())?;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let mut has_ended = false;
    loop {
        if let Some(found) = answer(&bytes, has_ended)? {
            return Ok(found);
        }
        if has_ended || bytes.len() > LONGEST {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match talk.read(&mut buffer)? {
            0 => has_ended = true,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The answer in these bytes, if it is complete, and whether the connection stays.
fn answer(bytes: &[u8], has_ended: bool) -> io::Result<Option<(Answer, bool)>> {
    let head = parse_response(bytes, &Limits::default());
    let Some((head, head_bytes)) = head.map_err(|_| ErrorKind::InvalidData)? else {
        return Ok(None);
    };
    let number = |name| -> Option<usize> {
        str::from_utf8(head.headers.first(name)?).ok()?.trim().parse().ok()
    };
    let body = &bytes[head_bytes..];
    let length = number("content-length");
    let body = match length {
        Some(length) if body.len() >= length => &body[..length],
        // Without a length, the body ends where the connection does (RFC 9112 §6.3).
        None if has_ended => body,
        Some(_) | None => return Ok(None),
    };
    let body = String::from_utf8(body.to_vec()).map_err(|_| ErrorKind::InvalidData)?;
    let retry_after = number("retry-after").map(|seconds| Duration::from_secs(seconds as u64));
    let cookies = head.headers.all("set-cookie").filter_map(cookie).collect();
    let stays = length.is_some() && !head.headers.has_token("connection", "close");
    Ok(Some((Answer { status: head.status, retry_after, cookies, body }, stays)))
}

/// The name and the value in a header `Set-Cookie`, without its attributes (RFC 6265 §5.2).
fn cookie(header: &[u8]) -> Option<(String, String)> {
    let pair = str::from_utf8(header).ok()?.split(';').next()?;
    let (name, value) = pair.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_length_or_with_the_end_of_the_connection() {
        let head = "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n";
        let whole = format!("{head}Content-Length: 2\r\n\r\n{{}}");
        for cut in 0..whole.len() {
            assert!(answer(&whole.as_bytes()[..cut], false).expect("HTTP").is_none(), "{cut}");
        }
        let (found, stays) = answer(whole.as_bytes(), false).expect("HTTP").expect("complete");
        assert_eq!((found.status, found.retry_after), (429, Some(Duration::from_secs(7))));
        assert!(stays && found.body == "{}");
        let endless = format!("{head}\r\nabc");
        assert!(answer(endless.as_bytes(), false).expect("HTTP").is_none());
        let (found, stays) = answer(endless.as_bytes(), true).expect("HTTP").expect("complete");
        assert!(!stays && found.body == "abc");
        let with = format!("{head}Set-Cookie: a=b; Path=/\r\nset-cookie: c=d=\r\n\r\n");
        let (found, _) = answer(with.as_bytes(), true).expect("HTTP").expect("complete");
        let cookies: Vec<_> = found.cookies.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(cookies, [("a", "b"), ("c", "d=")]);
        assert!(answer(b"SSH-2.0\r\n\r\n", false).is_err());
    }
}
