//! The second stage of a session: WebSocket messages, each decoded by the session's dialect.

use super::allowance::Measure;
use super::{End, Flow, Host, Limits, WebSocket, identity};
use crate::auth;
use crate::chat::{self, Entrant, Event};
use crate::dialects::flaw::{Flaw, SIGNED_IN_ALREADY};
use crate::dialects::{Allowance, Entry, Incoming, Message};
use crate::limiter::Bucket;
use crate::ws::{self, Frame, Item};

impl WebSocket {
    pub(super) fn new(Entry { dialect, pings, .. }: Entry) -> Self {
        let signed_in = dialect.manners().sign_in_sentence.is_none();
        WebSocket {
            reader: ws::Reader::new(ws::Role::Server),
            dialect,
            pings,
            signed_in,
            strikes: 0,
            frames: Bucket::default(),
            bytes: Bucket::default(),
            warned_of_frames: false,
            warned_of_bytes: false,
        }
    }

    /// Handles the next bytes of the stream of frames.
    pub(super) fn receive(
        &mut self,
        mut input: &mut [u8],
        limits: &Limits,
        host: &mut impl Host,
        progressed: &mut bool,
    ) -> Flow {
        let size = match self.dialect.manners().allowance {
            Allowance::Chat => &limits.ws,
            Allowance::Conformance => &limits.echo_ws,
        };
        if let finish @ Flow::Finish(_) = self.charge(Measure::Bytes, input.len(), limits, host) {
            return finish;
        }
        loop {
            let outcome = self.reader.read(&mut input, size);
            // A close frame does not count: a client that leaves needs no warning. All other frames count,
            // and so do fragments, whether their message is complete or not.
            let is_close = matches!(outcome, Ok(Some(Item::Close(_))));
            let frames = self.reader.take_frames() - usize::from(is_close);
            if let finish @ Flow::Finish(_) = self.charge(Measure::Frames, frames, limits, host) {
                return finish;
            }
            let item = match outcome {
                Ok(Some(item)) => item,
                Ok(None) => return Flow::Open,
                // Before the sign-in, any other frame has the same answer: this client has not signed in.
                Err(ws::Violation::Binary) if !self.signed_in => {
                    return Flow::Finish(self.not_signed_in());
                }
                Err(ws::Violation::Binary) => return Flow::Finish(End::Unacceptable),
                Err(violation) => {
                    let code = violation.code().into();
                    return Flow::Finish(End::Violation(code, violation.sentence()));
                }
            };
            let message = match &item {
                Item::Text(text) => Message::Text(text),
                Item::Binary(data) => Message::Binary(data),
                Item::Ping(data) => {
                    host.write(|out| Frame::Pong(data).encode(out));
                    continue;
                }
                // That it has come is all that a pong says, be it an answer or not (RFC 6455 §5.5.3).
                Item::Pong(_) => continue,
                Item::Close(close) => {
                    let code = close.as_ref().map(|(code, _)| (*code).into());
                    return Flow::Finish(End::ClosedByClient(code));
                }
            };
            *progressed = true;
            let incoming = self.in_its_dialect(self.dialect.read(message), message, host);
            let flow = match self.signed_in {
                true => self.take(incoming, limits, host),
                false => self.take_first(&incoming, host),
            };
            if let Flow::Finish(_) = flow {
                return flow;
            }
        }
    }

    /// What the message is in the dialect that the client speaks, of those that share its address. Once the
    /// client has shown which that is, it stays so.
    fn in_its_dialect<'m>(
        &mut self,
        incoming: Incoming<'m>,
        message: Message<'m>,
        host: &mut impl Host,
    ) -> Incoming<'m> {
        let Incoming::Speaks(dialect) = incoming else { return incoming };
        self.dialect = dialect;
        host.speaks(dialect);
        dialect.read(message)
    }

    /// Handles a message of a client that is signed in.
    fn take(&mut self, incoming: Incoming<'_>, limits: &Limits, host: &mut impl Host) -> Flow {
        let (detail, code, id, refused_message) = match incoming {
            Incoming::Command(command) => {
                host.command(&command);
                self.strikes = self.strikes.saturating_sub(1);
                return Flow::Open;
            }
            Incoming::Reply(event) => {
                host.tell(&event);
                self.strikes = self.strikes.saturating_sub(1);
                return Flow::Open;
            }
            Incoming::Echo(message) => {
                host.write(|out| encode(message, out));
                return Flow::Open;
            }
            Incoming::Token(token) => match self.take_token(&token, limits, host) {
                Ok(()) => return Flow::Open,
                Err(flaw) => (flaw.sentence(), flaw.code(), None, None),
            },
            Incoming::Nothing => return Flow::Open,
            Incoming::Unacceptable => return Flow::Finish(End::Unacceptable),
            Incoming::Malformed { detail, code, id, refused_message } => {
                (detail, code, id, refused_message)
            }
            // A client that has changed its dialect stays with it: no dialect that it may change to
            // speaks of a third one.
            Incoming::SignIn(_) | Incoming::Speaks(_) => {
                let Flaw { detail, code, .. } = SIGNED_IN_ALREADY;
                (detail, code, None, None)
            }
        };
        if let Some(reason) = refused_message {
            host.message_refused(reason);
        }
        host.tell(&Event::Error { detail, code, id: id.as_deref() });
        self.strikes += 1;
        if self.strikes > limits.strikes {
            return Flow::Finish(End::Strikes);
        }
        Flow::Open
    }

    /// Handles a newer token. A good one has no answer; a bad one leaves the connection with the older.
    fn take_token(
        &mut self,
        token: &str,
        limits: &Limits,
        host: &mut impl Host,
    ) -> Result<(), auth::Flaw> {
        let Some(mobile) = host.mobile() else { return Ok(()) };
        if let Some(until) = identity::check(token, mobile, limits, host)? {
            host.prove(until);
        }
        self.strikes = self.strikes.saturating_sub(1);
        Ok(())
    }

    /// Handles the first message of a client that has to sign in. Any other message ends the connection.
    fn take_first(&mut self, incoming: &Incoming<'_>, host: &mut impl Host) -> Flow {
        match incoming {
            Incoming::SignIn(who) => match host.sign_in(Entrant::Messenger(who)) {
                Ok(()) => {
                    self.signed_in = true;
                    return Flow::Open;
                }
                Err(refusal) => {
                    let chat::Refusal { sentence: detail, code, is_ban, .. } = refusal;
                    host.tell(&Event::Error { detail, code, id: None });
                    let end = if is_ban { End::Banned } else { End::SignInRefused(detail) };
                    return Flow::Finish(end);
                }
            },
            Incoming::Malformed { detail, code, id, .. } => {
                host.tell(&Event::Error { detail, code, id: id.as_deref() });
            }
            Incoming::Command(_)
            | Incoming::Reply(_)
            | Incoming::Token(_)
            | Incoming::Echo(_)
            | Incoming::Nothing
            | Incoming::Speaks(_)
            | Incoming::Unacceptable => {}
        }
        Flow::Finish(self.not_signed_in())
    }

    /// How a connection ends that has not signed in.
    pub(super) fn not_signed_in(&self) -> End {
        End::NotSignedIn(self.dialect.manners().sign_in_sentence.unwrap_or_default())
    }
}

fn encode(message: Message<'_>, out: &mut Vec<u8>) {
    match message {
        Message::Text(text) => Frame::Text(text).encode(out),
        Message::Binary(data) => Frame::Binary(data).encode(out),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Recorder;
    use super::*;
    use crate::chat::Command;
    use crate::dialects::Dialect;

    /// No two dialects share an address yet, so one is made to say that the client speaks the other.
    #[test]
    fn a_client_that_shows_another_dialect_is_read_in_it_from_that_message_on() {
        let mut host = Recorder::default();
        let mut open = WebSocket::new(Entry::new(Dialect::Echo, None));
        let first = Message::Text(r#"{"type":"get_online_users"}"#);
        let echoed = open.in_its_dialect(open.dialect.read(first), first, &mut host);
        assert_eq!((echoed, open.dialect), (Incoming::Echo(first), Dialect::Echo));
        assert!(host.spoken.is_empty());

        let incoming = open.in_its_dialect(Incoming::Speaks(Dialect::Sca), first, &mut host);
        let Incoming::Command(Command::Mobile(_)) = incoming else { panic!("{incoming:?}") };
        let next = Message::Text("nonsense");
        let incoming = open.in_its_dialect(open.dialect.read(next), next, &mut host);
        assert!(matches!(incoming, Incoming::Malformed { .. }), "{incoming:?}");
        assert_eq!((open.dialect, host.spoken.as_slice()), (Dialect::Sca, &[Dialect::Sca][..]));
    }
}
