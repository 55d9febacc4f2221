//! The second stage of a session: WebSocket messages, each decoded by the session's dialect.

use super::allowance::Measure;
use super::{End, Flow, Host, Limits, WebSocket};
use crate::chat::{self, Entrant, Event};
use crate::dialects::flaw::{Flaw, SIGNED_IN_ALREADY};
use crate::dialects::{Allowance, Dialect, Incoming, Message};
use crate::limiter::Bucket;
use crate::ws::{self, Frame, Item};

impl WebSocket {
    pub(super) fn new(dialect: Dialect) -> Self {
        let signed_in = dialect.manners().sign_in_sentence.is_none();
        WebSocket {
            reader: ws::Reader::new(ws::Role::Server),
            dialect,
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
            let incoming = match &item {
                Item::Text(text) => self.dialect.read(Message::Text(text)),
                Item::Binary(data) => self.dialect.read(Message::Binary(data)),
                Item::Ping(data) => {
                    host.write(|out| Frame::Pong(data).encode(out));
                    continue;
                }
                // We send no pings. A pong without a ping is only a heartbeat (RFC 6455 §5.5.3).
                Item::Pong(_) => continue,
                Item::Close(close) => {
                    let code = close.as_ref().map(|(code, _)| (*code).into());
                    return Flow::Finish(End::ClosedByClient(code));
                }
            };
            *progressed = true;
            let flow = match self.signed_in {
                true => self.take(incoming, limits, host),
                false => self.take_first(&incoming, host),
            };
            if let Flow::Finish(_) = flow {
                return flow;
            }
        }
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
            Incoming::Unacceptable => return Flow::Finish(End::Unacceptable),
            Incoming::Malformed { detail, code, id, refused_message } => {
                (detail, code, id, refused_message)
            }
            Incoming::SignIn(_) => {
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

    /// Handles the first message of a client that has to sign in. Any other message ends the connection.
    fn take_first(&mut self, incoming: &Incoming<'_>, host: &mut impl Host) -> Flow {
        match incoming {
            Incoming::SignIn(who) => match host.sign_in(Entrant::Messenger(who)) {
                Ok(()) => {
                    self.signed_in = true;
                    return Flow::Open;
                }
                Err(refusal) => {
                    let chat::Refusal { sentence: detail, code, .. } = refusal;
                    host.tell(&Event::Error { detail, code, id: None });
                    return Flow::Finish(End::SignInRefused(detail));
                }
            },
            Incoming::Malformed { detail, code, id, .. } => {
                host.tell(&Event::Error { detail, code, id: id.as_deref() });
            }
            Incoming::Command(_)
            | Incoming::Reply(_)
            | Incoming::Echo(_)
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
