//! [`Link`]: one connection, sans-IO, from the request for an upgrade to its end: bytes in, texts out.
//!
//! Answers pings and close frames by itself. Unlike loadgen's phone it keeps what the server says at the end, a
//! close frame's reason or the body of a refusal: a person wants to read it. Knows neither JSON nor sockets.

use std::borrow::Cow;
use std::io::Write as _;
use std::time::Duration;

use serde::Serialize;
use switchboard::http::{Limits as HttpLimits, ResponseHead, parse_response};
use switchboard::ws::handshake::ClientKey;
use switchboard::ws::{CloseCode, Frame, Item, Limits, Reader, Role};

use super::ending::Ending;
use crate::client::Pen;

/// The longest message that is read. A list of a million numbers has 16 MB.
const LIMITS: Limits = Limits { message_bytes: 32 << 20, binary: true };
/// The most bytes of a refusal's body that are read.
const BODY_BYTES: usize = 4096;
const SWITCHING_PROTOCOLS: u16 = 101;

/// What is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Door {
    /// The value of `Host`.
    pub(crate) authority: String,
    /// The path, and a query.
    pub(crate) path: String,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    stage: Stage,
    pen: Pen,
}

/// What the link waits for.
#[derive(Debug)]
enum Stage {
    /// The head of the answer; `head` has its beginning.
    Head { key: ClientKey, head: Vec<u8> },
    /// The body of a refusal; `left` bytes of it are missing.
    Body { refusal: Ending, body: Vec<u8>, left: usize },
    /// Frames.
    Frames(Reader),
    /// The server's close frame, which answers ours.
    Goodbye(Reader),
    /// Nothing more.
    Nothing,
}

/// What has happened.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Event<'a> {
    /// The server speaks WebSocket now.
    Opened,
    /// It says this.
    Said(Cow<'a, str>),
    /// The connection is over. `None`: we had hung up.
    Ended(Option<Ending>),
}

impl Link {
    /// Asks for the upgrade.
    pub(super) fn call(door: &Door, mut pen: Pen, out: &mut Vec<u8>) -> Self {
        let key = ClientKey::new(pen.key());
        let Door { authority, path } = door;
        write!(
            out,
            "GET {path} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n",
            key.as_str()
        )
        .expect("writing to a vector never fails");
        Link { stage: Stage::Head { key, head: Vec::new() }, pen }
    }

    /// Says something to the server.
    pub(super) fn say(&mut self, frame: &impl Serialize, out: &mut Vec<u8>) {
        self.pen.write_json(frame, out);
    }

    /// Hangs up. The server's answer is [`Event::Ended`].
    pub(super) fn hang_up(&mut self, out: &mut Vec<u8>) {
        if let Stage::Frames(reader) = std::mem::replace(&mut self.stage, Stage::Nothing) {
            self.pen.write(&Frame::Close(Some((CloseCode::Normal, ""))), out);
            self.stage = Stage::Goodbye(reader);
        }
    }

    /// Takes from the front of `input` what the next event needs. `None`: all of it has been taken.
    pub(super) fn read<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        out: &mut Vec<u8>,
    ) -> Option<Event<'a>> {
        loop {
            let reader = match &mut self.stage {
                Stage::Head { .. } => match self.read_head(input)? {
                    Ok(()) => return Some(Event::Opened),
                    Err(Some(ending)) => return Some(self.end(Some(ending))),
                    // The body of a refusal is still to come.
                    Err(None) => continue,
                },
                Stage::Body { body, left, .. } => {
                    let taken = input.len().min(*left);
                    body.extend_from_slice(&input[..taken]);
                    *left -= taken;
                    let is_whole = *left == 0;
                    *input = &mut [];
                    return is_whole.then(|| self.finish());
                }
                Stage::Frames(reader) | Stage::Goodbye(reader) => reader,
                Stage::Nothing => {
                    *input = &mut [];
                    return None;
                }
            };
            let item = match reader.read(input, &LIMITS) {
                Ok(None) => return None,
                Ok(Some(item)) => item,
                Err(violation) => {
                    let sentence = violation.sentence();
                    self.pen.write(&Frame::Close(Some((violation.code(), sentence))), out);
                    return Some(self.end(Some(Ending::NotOurs(sentence))));
                }
            };
            if let Item::Close(reason) = &item {
                if matches!(self.stage, Stage::Goodbye(_)) {
                    return Some(self.end(None));
                }
                let code = reason.as_ref().map(|(code, _)| u16::from(*code));
                let reason = reason.as_ref().map_or(String::new(), |(_, text)| text.to_string());
                item.answer().inspect(|answer| self.pen.write(answer, out));
                return Some(self.end(Some(Ending::Closed { code, reason })));
            }
            if let Some(answer) = item.answer() {
                self.pen.write(&answer, out);
            }
            match item {
                Item::Text(text) => return Some(Event::Said(text)),
                Item::Binary(_) | Item::Ping(_) | Item::Pong(_) | Item::Close(_) => {}
            }
        }
    }

    /// The stream is at its end, or has failed.
    pub(super) fn finish(&mut self) -> Event<'static> {
        match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Body { refusal, body, .. } => Event::Ended(Some(with_detail(refusal, &body))),
            Stage::Head { head, .. } if !head.is_empty() => {
                Event::Ended(Some(Ending::NotOurs("its answer is incomplete")))
            }
            Stage::Head { .. } | Stage::Frames(_) => Event::Ended(Some(Ending::Lost)),
            Stage::Goodbye(_) | Stage::Nothing => Event::Ended(None),
        }
    }

    /// Reads the head. `Err(None)`: it refuses, and a body follows.
    fn read_head(&mut self, input: &mut &mut [u8]) -> Option<Result<(), Option<Ending>>> {
        let Stage::Head { key, head } = &mut self.stage else { return None };
        if input.is_empty() {
            return None;
        }
        let before = head.len();
        head.extend_from_slice(input);
        let (outcome, length) = match parse_response(head, &HttpLimits::default()) {
            Ok(None) => {
                *input = &mut [];
                return None;
            }
            Ok(Some((answer, length))) => (judge(key, &answer), length),
            Err(_) => return Some(Err(Some(Ending::NotOurs("its answer is not HTTP")))),
        };
        let rest = std::mem::take(input);
        *input = rest.get_mut(length - before..).unwrap_or_default();
        self.stage = match outcome {
            Judged::Opened => Stage::Frames(Reader::new(Role::Client)),
            Judged::NotOurs(why) => return Some(Err(Some(Ending::NotOurs(why)))),
            Judged::Refused(refusal, 0) => return Some(Err(Some(refusal))),
            Judged::Refused(refusal, left) => Stage::Body { refusal, body: Vec::new(), left },
        };
        Some(match &self.stage {
            Stage::Body { .. } => Err(None),
            Stage::Head { .. } | Stage::Frames(_) | Stage::Goodbye(_) | Stage::Nothing => Ok(()),
        })
    }

    fn end(&mut self, ending: Option<Ending>) -> Event<'static> {
        self.stage = Stage::Nothing;
        Event::Ended(ending)
    }
}

/// What an answer's head says.
enum Judged {
    Opened,
    NotOurs(&'static str),
    /// A refusal, whose body has this many bytes.
    Refused(Ending, usize),
}

fn judge(key: &ClientKey, head: &ResponseHead<'_>) -> Judged {
    let headers = &head.headers;
    let number = |name| {
        let value = headers.first(name).and_then(|value| str::from_utf8(value).ok());
        value.and_then(|value| value.trim().parse::<u64>().ok())
    };
    if head.status != SWITCHING_PROTOCOLS {
        let retry_after = Duration::from_secs(number("retry-after").unwrap_or(0));
        let length = number("content-length").and_then(|length| usize::try_from(length).ok());
        let refusal = Ending::Refused { status: head.status, retry_after, detail: String::new() };
        // Without a length the body ends with the connection.
        return Judged::Refused(refusal, length.unwrap_or(BODY_BYTES).min(BODY_BYTES));
    }
    if !headers.has_token("upgrade", "websocket") || !headers.has_token("connection", "upgrade") {
        return Judged::NotOurs("a 101 without Upgrade: websocket and Connection: Upgrade");
    }
    match headers.first("sec-websocket-accept") {
        Some(accept) if key.accepts(accept) => Judged::Opened,
        Some(_) | None => Judged::NotOurs("a 101 whose Sec-WebSocket-Accept is missing or wrong"),
    }
}

/// Adds the sentence that the body of a refusal has: `{"detail":"…"}`.
fn with_detail(mut refusal: Ending, body: &[u8]) -> Ending {
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    if let Ending::Refused { detail, .. } = &mut refusal
        && let Some(text) = json.as_ref().and_then(|json| json["detail"].as_str())
    {
        text.clone_into(detail);
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::super::tests::acceptance;
    use super::*;

    fn call() -> (Link, Vec<u8>) {
        let door = Door { authority: "h:1".to_owned(), path: "/ws/1".to_owned() };
        let mut out = Vec::new();
        let link = Link::call(&door, Pen::new(7), &mut out);
        (link, out)
    }

    /// Reads in pieces of this many bytes.
    fn read(link: &mut Link, bytes: &[u8], piece: usize) -> Vec<String> {
        let (mut said, mut out) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            while let Some(event) = link.read(&mut input, &mut out) {
                said.push(format!("{event:?}"));
            }
        }
        said
    }

    #[test]
    fn texts_and_the_close_frame_are_heard_however_the_bytes_are_cut() {
        for piece in 1..64 {
            let (mut link, request) = call();
            let mut bytes = acceptance(&request);
            Frame::Text("one").encode(&mut bytes);
            Frame::Ping(b"?").encode(&mut bytes);
            Frame::Text("two").encode(&mut bytes);
            let reason = "later retry_after_ms=7";
            Frame::Close(Some((CloseCode::Away, reason))).encode(&mut bytes);
            let ending = Ending::Closed { code: Some(1001), reason: reason.to_owned() };
            let events = [
                Event::Opened,
                Event::Said("one".into()),
                Event::Said("two".into()),
                Event::Ended(Some(ending)),
            ];
            assert_eq!(read(&mut link, &bytes, piece), events.map(|event| format!("{event:?}")));
        }
    }

    #[test]
    fn a_refusal_has_its_sentence_and_its_wait_however_the_bytes_are_cut() {
        let body = r#"{"detail":"too soon"}"#;
        let head = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length";
        let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
        let ending = Ending::Refused {
            status: 429,
            retry_after: Duration::from_secs(5),
            detail: "too soon".to_owned(),
        };
        for piece in 1..answer.len() {
            let (mut link, _) = call();
            let ended = format!("{:?}", Event::Ended(Some(ending.clone())));
            assert_eq!(read(&mut link, answer.as_bytes(), piece), [ended]);
        }
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection_and_one_that_is_too_long_is_cut() {
        let (mut link, _) = call();
        assert!(read(&mut link, b"HTTP/1.1 503 No\r\n\r\n{\"detail\":\"full\"}", 9).is_empty());
        let Event::Ended(Some(Ending::Refused { detail, .. })) = link.finish() else {
            panic!("it is refused")
        };
        assert_eq!(detail, "full");
        let (mut link, _) = call();
        let long = format!("HTTP/1.1 503 No\r\n\r\n{}", "x".repeat(BODY_BYTES + 1));
        assert_eq!(read(&mut link, long.as_bytes(), 1 << 20).len(), 1);
    }

    #[test]
    fn what_is_no_chat_server_is_said_to_be_none() {
        for answer in ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n"] {
            let (mut link, _) = call();
            let said = read(&mut link, answer.as_bytes(), 1 << 20).concat();
            assert!(said.contains("NotOurs"), "{answer}: {said}");
        }
    }
}
