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
    let (body, length) = (&bytes[head_bytes..], number("content-length"));
    let is_chunked = head.headers.has_token("transfer-encoding", "chunked");
    let body = match length {
        _ if is_chunked => join_chunks(body)?,
        Some(length) => body.get(..length).map(<[u8]>::to_vec),
        // Without a length, the body ends where the connection does (RFC 9112 §6.3).
        None => has_ended.then(|| body.to_vec()),
    };
    let Some(body) = body else { return Ok(None) };
    let body = String::from_utf8(body).map_err(|_| ErrorKind::InvalidData)?;
    let retry_after = number("retry-after").map(|seconds| Duration::from_secs(seconds as u64));
    let cookies = head.headers.all("set-cookie").filter_map(cookie).collect();
    let stays = (is_chunked || length.is_some()) && !head.headers.has_token("connection", "close");
    Ok(Some((Answer { status: head.status, retry_after, cookies, body }, stays)))
}

/// The body that came in these chunks (RFC 9112 §7.1), if it is complete.
fn join_chunks(mut chunks: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let size = str::from_utf8(&chunks[..end]).ok().and_then(|line| line.split(';').next());
        let size = size.and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
        let size = size.filter(|&size| size <= LONGEST).ok_or(ErrorKind::InvalidData)?;
        let rest = &chunks[end + 2..];
        if size == 0 {
            // Header lines may follow, and then an empty one.
            let is_complete =
                rest.starts_with(b"\r\n") || rest.windows(4).any(|four| four == b"\r\n\r\n");
            return Ok(is_complete.then_some(body));
        }
        let Some(chunk) = rest.get(..size + 2) else { return Ok(None) };
        body.extend_from_slice(&chunk[..size]);
        chunks = &rest[size + 2..];
    }
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
        let head_of_chunks = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
        for end in ["\r\n", "Digest: x\r\n\r\n"] {
            let whole = format!("{head_of_chunks}3;x=y\r\na\r\n\r\nA\r\n0123456789\r\n0\r\n{end}");
            for cut in 0..whole.len() {
                assert!(answer(&whole.as_bytes()[..cut], false).expect("HTTP").is_none(), "{cut}");
            }
            let (found, stays) = answer(whole.as_bytes(), false).expect("HTTP").expect("complete");
            assert!(stays && found.body == "a\r\n0123456789", "{}", found.body);
        }
        for wrong in ["x\r\n", "-1\r\n", "fffffffffff\r\n"] {
            assert!(answer(format!("{head_of_chunks}{wrong}").as_bytes(), false).is_err());
        }
        let with = format!("{head}Set-Cookie: a=b; Path=/\r\nset-cookie: c=d=\r\n\r\n");
        let (found, _) = answer(with.as_bytes(), true).expect("HTTP").expect("complete");
        let cookies: Vec<_> = found.cookies.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(cookies, [("a", "b"), ("c", "d=")]);
        assert!(answer(b"SSH-2.0\r\n\r\n", false).is_err());
    }
}
