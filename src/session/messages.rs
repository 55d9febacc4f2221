//! The second stage of a session: WebSocket messages, each understood by the session's dialect.

use super::{End, Flow, Host, Limits, WebSocket};
use crate::chat::Event;
use crate::dialects::{Dialect, Incoming, Message};
use crate::ws::{self, Frame, Item};

impl WebSocket {
    pub(super) fn new(dialect: Dialect) -> Self {
        WebSocket { reader: ws::Reader::new(ws::Role::Server), dialect, strikes: 0 }
    }

    /// Takes the next bytes of the stream of frames.
    pub(super) fn receive(
        &mut self,
        mut input: &mut [u8],
        limits: &Limits,
        host: &mut impl Host,
        progressed: &mut bool,
    ) -> Flow {
        let size = match self.dialect {
            Dialect::Echo => &limits.echo_ws,
            Dialect::Sca => &limits.ws,
        };
        loop {
            let item = match self.reader.read(&mut input, size) {
                Ok(Some(item)) => item,
                Ok(None) => return Flow::Open,
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
                // Nobody pinged; a pong is a sign of life and no more (RFC 6455 §5.5.3).
                Item::Pong(_) => continue,
                Item::Close(close) => {
                    let code = close.as_ref().map(|(code, _)| (*code).into());
                    return Flow::Finish(End::ClosedByClient(code));
                }
            };
            *progressed = true;
            match incoming {
                Incoming::Command(command) => {
                    host.command(command);
                    self.strikes = self.strikes.saturating_sub(1);
                }
                Incoming::Reply(event) => {
                    host.tell(&event);
                    self.strikes = self.strikes.saturating_sub(1);
                }
                Incoming::Echo(message) => host.write(|out| encode(message, out)),
                Incoming::Unacceptable => return Flow::Finish(End::Unacceptable),
                Incoming::Malformed { detail, refused_message } => {
                    if let Some(reason) = refused_message {
                        host.message_refused(reason);
                    }
                    host.tell(&Event::Error { detail });
                    self.strikes += 1;
                    if self.strikes > limits.strikes {
                        return Flow::Finish(End::Strikes);
                    }
                }
            }
        }
    }
}

/// Appends what an event is to somebody who speaks `dialect`: one text frame.
pub fn event_frame(dialect: Dialect, event: &Event<'_>, out: &mut Vec<u8>) {
    ws::text_frame(out, |payload| dialect.write(event, payload));
}

fn encode(message: Message<'_>, out: &mut Vec<u8>) {
    match message {
        Message::Text(text) => Frame::Text(text).encode(out),
        Message::Binary(data) => Frame::Binary(data).encode(out),
    }
}
