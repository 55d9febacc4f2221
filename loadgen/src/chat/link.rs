//! [`Link`]: one connection, sans-IO, from its first request to its end: bytes in, texts out.
//!
//! A user with a name logs in first, on the same connection, and gets a token. Then both ask for the upgrade.
//! Answers pings and close frames by itself. Unlike loadgen's phone it keeps what the server says at the end, a
//! close frame's reason or the body of a refusal: a person wants to read it. Knows neither frames nor sockets.

use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;

use serde::Serialize;
use serde_json::json;
use switchboard::ws::handshake::ClientKey;
use switchboard::ws::{CloseCode, Frame, Item, Limits, Reader, Role};

use super::answer::{Answer, Outcome};
use super::ending::Ending;
use super::place::Kind;
use crate::client::Pen;

/// The longest message that is read. A list of a million numbers has 16 MB.
const LIMITS: Limits = Limits { message_bytes: 32 << 20, binary: true };
/// The subprotocol of those with a name.
const PROTOCOL: &str = "switchboard.v1";

/// Where and as which person to connect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Door {
    /// The value of `Host`.
    pub(crate) authority: String,
    /// What stands before every path; usually nothing.
    pub(crate) prefix: String,
    /// The person.
    pub(crate) pass: Pass,
}

/// Who a person is.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Pass {
    /// A number.
    Number {
        /// The number.
        number: String,
        /// What proves that it is theirs, if the server wants proof.
        token: Option<String>,
    },
    /// The user of this name.
    Name {
        /// The name.
        name: String,
        /// The password.
        password: String,
        /// Whether the user is to be registered first.
        is_new: bool,
        /// What the last login has given.
        token: Option<String>,
    },
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    stage: Stage,
    door: Door,
    pen: Pen,
}

/// What the link waits for.
#[derive(Debug)]
enum Stage {
    /// The answer to the registration.
    Registration(Answer),
    /// The answer to the login.
    Login(Answer),
    /// The answer to the request for an upgrade.
    Upgrade(ClientKey, Answer),
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

impl Pass {
    /// Which protocol goes with it.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Pass::Number { .. } => Kind::Numbers,
            Pass::Name { .. } => Kind::Names,
        }
    }

    /// The number or the name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Pass::Number { number: name, .. } | Pass::Name { name, .. } => name,
        }
    }

    /// The server does not take the token, or has ended the login.
    pub(super) fn forget_token(&mut self) {
        match self {
            Pass::Name { token, .. } => *token = None,
            // There is no other one.
            Pass::Number { .. } => {}
        }
    }
}

/// Debug output never shows a password or a token.
impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pass").field(&self.name()).finish()
    }
}

impl Link {
    /// Makes the first request.
    pub(super) fn call(door: Door, pen: Pen, out: &mut Vec<u8>) -> Self {
        let mut link = Link { stage: Stage::Nothing, door, pen };
        link.stage = match &link.door.pass {
            Pass::Name { is_new: true, token: None, .. } => {
                link.post("/register", out);
                Stage::Registration(Answer::default())
            }
            Pass::Name { is_new: false, token: None, .. } => {
                link.post("/login", out);
                Stage::Login(Answer::default())
            }
            Pass::Name { token: Some(_), .. } | Pass::Number { .. } => link.ask(out),
        };
        link
    }

    /// Who the person is: with the token of a login, if there was one.
    pub(super) fn pass(&self) -> &Pass {
        &self.door.pass
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
                Stage::Registration(_) | Stage::Login(_) | Stage::Upgrade(..) => {
                    match self.read_answer(input, out) {
                        Some(event) => return Some(event),
                        // The next request has been made, or the answer is incomplete.
                        None if input.is_empty() => return None,
                        None => continue,
                    }
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
        Event::Ended(match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Registration(answer) | Stage::Login(answer) | Stage::Upgrade(_, answer) => {
                Some(answer.finish())
            }
            Stage::Frames(_) => Some(Ending::Lost),
            Stage::Goodbye(_) | Stage::Nothing => None,
        })
    }

    fn read_answer(&mut self, input: &mut &mut [u8], out: &mut Vec<u8>) -> Option<Event<'static>> {
        let protocol = match self.door.pass.kind() {
            Kind::Numbers => None,
            Kind::Names => Some(PROTOCOL),
        };
        let outcome = match &mut self.stage {
            Stage::Registration(answer) | Stage::Login(answer) => answer.read(input, None, None)?,
            Stage::Upgrade(key, answer) => answer.read(input, Some(key), protocol)?,
            Stage::Frames(_) | Stage::Goodbye(_) | Stage::Nothing => return None,
        };
        let json = match outcome {
            Outcome::Switched => {
                self.stage = Stage::Frames(Reader::new(Role::Client));
                return Some(Event::Opened);
            }
            Outcome::Failed(ending) => return Some(self.end(Some(ending))),
            Outcome::Fine(json) => json,
        };
        let Pass::Name { is_new, token, .. } = &mut self.door.pass else {
            return Some(self.end(Some(Ending::NotOurs("it answers 200 to an upgrade"))));
        };
        match self.stage {
            Stage::Registration(_) => {
                *is_new = false;
                self.post("/login", out);
                self.stage = Stage::Login(Answer::default());
                None
            }
            Stage::Login(_) if json["token"].is_string() => {
                *token = json["token"].as_str().map(str::to_owned);
                self.stage = self.ask(out);
                None
            }
            Stage::Login(_)
            | Stage::Upgrade(..)
            | Stage::Frames(_)
            | Stage::Goodbye(_)
            | Stage::Nothing => Some(self.end(Some(Ending::NotOurs("it gives no token")))),
        }
    }

    /// Sends the name and the password.
    fn post(&self, path: &str, out: &mut Vec<u8>) {
        let Pass::Name { name, password, .. } = &self.door.pass else { return };
        let body = json!({"username": name, "password": password}).to_string();
        let Door { authority, prefix, .. } = &self.door;
        write!(
            out,
            "POST {prefix}{path} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("writing to a vector never fails");
    }

    /// Asks for the upgrade.
    fn ask(&mut self, out: &mut Vec<u8>) -> Stage {
        let key = ClientKey::new(self.pen.key());
        let (path, header) = match &self.door.pass {
            Pass::Number { number, token } => {
                let proof = |token| format!("Authorization: Bearer {token}\r\n");
                let header = token.as_ref().map(proof).unwrap_or_default();
                (format!("/ws/{number}?presence=delta"), header)
            }
            Pass::Name { token, .. } => {
                let token = token.as_deref().unwrap_or_default();
                let header = format!("Sec-WebSocket-Protocol: {PROTOCOL}\r\n");
                (format!("/ws?token={token}&presence=delta"), header)
            }
        };
        let Door { authority, prefix, .. } = &self.door;
        write!(
            out,
            "GET {prefix}{path} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Key: {}\r\n\
             {header}\
             Sec-WebSocket-Version: 13\r\n\r\n",
            key.as_str()
        )
        .expect("writing to a vector never fails");
        Stage::Upgrade(key, Answer::default())
    }

    fn end(&mut self, ending: Option<Ending>) -> Event<'static> {
        self.stage = Stage::Nothing;
        Event::Ended(ending)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::acceptance;
    use super::*;

    fn call(pass: Pass) -> (Link, Vec<u8>) {
        let door = Door { authority: "h:1".to_owned(), prefix: "/a".to_owned(), pass };
        let mut out = Vec::new();
        let link = Link::call(door, Pen::new(7), &mut out);
        (link, out)
    }

    fn number() -> Pass {
        Pass::Number { number: "0012345678".to_owned(), token: None }
    }

    fn name(is_new: bool) -> Pass {
        let (name, password) = ("ada".to_owned(), "correct \"horse\"".to_owned());
        Pass::Name { name, password, is_new, token: None }
    }

    /// Reads in pieces of this many bytes. Returns the events, and what the link has written.
    fn read(link: &mut Link, bytes: &[u8], piece: usize) -> (Vec<String>, String) {
        let (mut said, mut out) = (Vec::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            while let Some(event) = link.read(&mut input, &mut out) {
                said.push(format!("{event:?}"));
            }
        }
        (said, String::from_utf8_lossy(&out).into_owned())
    }

    fn http(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn texts_and_the_close_frame_are_heard_however_the_bytes_are_cut() {
        for piece in 1..64 {
            let (mut link, request) = call(number());
            let mut bytes = acceptance(&request, "");
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
            let said = read(&mut link, &bytes, piece).0;
            assert_eq!(said, events.map(|event| format!("{event:?}")));
        }
    }

    #[test]
    fn a_name_logs_in_first_and_a_new_one_is_registered_before_that() {
        for piece in 1..40 {
            let (mut link, request) = call(name(true));
            let request = String::from_utf8(request).expect("text");
            assert!(request.starts_with("POST /a/register HTTP/1.1\r\n"), "{request}");
            assert!(request.ends_with(r#"{"password":"correct \"horse\"","username":"ada"}"#));
            let (said, out) = read(&mut link, http("200 OK", "{}").as_bytes(), piece);
            assert!(said.is_empty() && out.starts_with("POST /a/login HTTP/1.1\r\n"), "{out}");
            let answer = http("200 OK", r#"{"token":"abc"}"#);
            let (said, out) = read(&mut link, answer.as_bytes(), piece);
            assert!(said.is_empty(), "{said:?}");
            assert!(out.starts_with("GET /a/ws?token=abc&presence=delta HTTP/1.1\r\n"), "{out}");
            let protocol = "Sec-WebSocket-Protocol: switchboard.v1\r\n";
            assert!(out.contains(protocol), "{out}");
            let answer = acceptance(out.as_bytes(), protocol);
            assert_eq!(read(&mut link, &answer, piece).0, ["Opened"]);
            // The next connection needs neither.
            let (_, request) = call(link.pass().clone());
            assert!(request.starts_with(b"GET /a/ws?token=abc"));
        }
    }

    #[test]
    fn a_server_that_does_not_agree_to_the_protocol_is_not_spoken_to() {
        let (mut link, _) = call(name(false));
        let (_, out) = read(&mut link, http("200 OK", r#"{"token":"abc"}"#).as_bytes(), 999);
        let (said, _) = read(&mut link, &acceptance(out.as_bytes(), ""), 999);
        assert!(said.concat().contains("switchboard.v1"), "{said:?}");
    }

    #[test]
    fn a_wrong_password_has_its_sentence_and_debug_output_has_no_password() {
        let (mut link, _) = call(name(false));
        let answer = http("401 Unauthorized", r#"{"detail":"Invalid credentials"}"#);
        let (said, _) = read(&mut link, answer.as_bytes(), 7);
        assert!(said.concat().contains("Invalid credentials"), "{said:?}");
        assert!(!format!("{link:?}{:?}", name(true)).contains("horse"));
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
            let (mut link, _) = call(number());
            let ended = format!("{:?}", Event::Ended(Some(ending.clone())));
            assert_eq!(read(&mut link, answer.as_bytes(), piece).0, [ended]);
        }
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection_and_one_that_is_too_long_is_cut() {
        let (mut link, _) = call(number());
        assert!(read(&mut link, b"HTTP/1.1 503 No\r\n\r\n{\"detail\":\"full\"}", 9).0.is_empty());
        let Event::Ended(Some(Ending::Refused { detail, .. })) = link.finish() else {
            panic!("it is refused")
        };
        assert_eq!(detail, "full");
        let (mut link, _) = call(number());
        let long = format!("HTTP/1.1 503 No\r\n\r\n{}", "x".repeat(5000));
        assert_eq!(read(&mut link, long.as_bytes(), 1 << 20).0.len(), 1);
    }

    #[test]
    fn what_is_no_chat_server_is_said_to_be_none() {
        for answer in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        ] {
            let (mut link, _) = call(number());
            let said = read(&mut link, answer.as_bytes(), 1 << 20).0.concat();
            assert!(said.contains("NotOurs"), "{answer}: {said}");
        }
    }
}
