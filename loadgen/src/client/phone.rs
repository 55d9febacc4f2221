//! [`Phone`]: one phone, sans-IO: bytes and the time go in, bytes and [`Event`]s come out.
//!
//! It asks for the upgrade, signs in if its [`Dialect`] wants that, waits for its first frame as the
//! original apps do, understands what the server says, answers pings and close frames, and hangs up in good
//! order. It does not decide when to do what (the plan does), and it does not know the socket (`net` does).
//! So a test can feed it byte by byte.

use std::time::Duration;

use switchboard::timer::Moment;
use switchboard::ws::{CloseCode, Frame, Item};

use super::dialect::Dialect;
use super::door::{Address, Caller};
use super::ending::{Ending, hint};
use super::frames::Frames;
use super::halves::Halves;
use super::pen::Pen;
use super::said::Said;
use super::upgrade::Upgrade;

/// One phone's connection, from its request to its end.
#[derive(Debug)]
pub(crate) struct Phone {
    stage: Stage,
    dialect: &'static dyn Dialect,
    /// Whether the phone is ready only when it has heard a first frame.
    is_greeted: bool,
    /// The heartbeats that have not been answered: when each was due, and when it was sent.
    pinged: Vec<(Moment, Moment)>,
    /// How long the server's close frame has asked it to stay away.
    away_for: Option<Duration>,
}

/// What the phone waits for. What only the way in needs is boxed, and is freed when it is over.
#[derive(Debug)]
enum Stage {
    /// The answer to the upgrade request.
    Answer(Box<Upgrade>),
    /// The first frame.
    Greeting { frames: Frames, since: Moment },
    /// Any frame.
    Talk(Frames),
    /// The server's close frame, which answers ours.
    Goodbye(Frames),
    /// Nothing more.
    Nothing,
}

/// What has happened to a phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Event<'a> {
    /// The server has accepted the upgrade, this long after the request. A phone that is not greeted is
    /// ready now.
    Upgraded(Duration),
    /// The first frame has come: the phone is ready.
    Greeted {
        /// The time since the upgrade.
        after: Duration,
        /// What the frame says. It should be a list, or that the phone is signed in.
        first: Said<'a>,
    },
    /// A heartbeat was answered.
    Pong {
        /// When it was due.
        due: Moment,
        /// When it was sent.
        sent: Moment,
    },
    /// The server says something else.
    Said(Said<'a>),
    /// The connection is over.
    Ended(Ending),
}

impl Phone {
    /// A phone whose TCP connection stands: it asks for the upgrade.
    pub(crate) fn call(
        dialect: &'static dyn Dialect,
        address: &Address<'_>,
        caller: &Caller<'_>,
        now: Moment,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) -> Self {
        let door = dialect.door(caller);
        let is_greeted = door.is_greeted;
        let upgrade = Upgrade::request(address, door, now, pen.key(), out);
        let stage = Stage::Answer(Box::new(upgrade));
        Phone { stage, dialect, is_greeted, pinged: Vec::new(), away_for: None }
    }

    /// Whether it is ready: it may write, and others may write to it.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Talk(_))
    }

    /// Whether it has hung up, and waits for the server's close frame.
    pub(crate) fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Goodbye(_))
    }

    /// Takes from the front of `input` what the next event needs, and moves `input` past it. Of a long text
    /// that has not come to its end, the beginning goes to `halves`. Appends to `out` what has to be answered
    /// at once. `None`: all of `input` has been taken.
    pub(crate) fn read<'a>(
        &mut self,
        now: Moment,
        input: &mut &'a mut [u8],
        halves: &mut Halves,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) -> Option<Event<'a>> {
        loop {
            let frames = match &mut self.stage {
                Stage::Answer(upgrade) => {
                    return match upgrade.read(input)? {
                        Ok(requested) => {
                            if let Some(sign_in) = upgrade.take_sign_in() {
                                pen.write(&Frame::Text(&sign_in), out);
                            }
                            Some(self.upgraded(now, requested))
                        }
                        Err(ending) => Some(self.end(ending)),
                    };
                }
                Stage::Greeting { frames, .. } | Stage::Talk(frames) | Stage::Goodbye(frames) => {
                    frames
                }
                Stage::Nothing => {
                    *input = &mut [];
                    return None;
                }
            };
            match frames.read(input, halves) {
                Ok(None) => return None,
                Ok(Some(item)) => {
                    if let Some(event) = self.hear(now, item, pen, out) {
                        return Some(event);
                    }
                }
                Err(violation) => {
                    let sentence = violation.sentence();
                    pen.write(&Frame::Close(Some((violation.code(), sentence))), out);
                    return Some(self.end(Ending::Violation(sentence)));
                }
            }
        }
    }

    /// The connection has ended without a close frame: the stream is at its end, or has failed.
    pub(crate) fn hear_the_end(&mut self) -> Ending {
        let ending = match self.stage {
            Stage::Answer(_) => Ending::NotHttp("the connection ended before an answer"),
            Stage::Greeting { .. } | Stage::Talk(_) => Ending::Dropped,
            // The server has ended the connection, as it was asked to, but without a close frame.
            Stage::Goodbye(_) | Stage::Nothing => Ending::HungUp(None),
        };
        self.stage = Stage::Nothing;
        ending
    }

    /// How long the server's close frame has asked the phone to stay away, if it has.
    pub(crate) fn away_for(&self) -> Option<Duration> {
        self.away_for
    }

    /// Sends a heartbeat, which was due at `due`.
    pub(crate) fn ping(&mut self, due: Moment, now: Moment, pen: &mut Pen, out: &mut Vec<u8>) {
        // Servers answer in order, or not at all. So there is no point in remembering more of them.
        const UNANSWERED: usize = 16;
        if self.pinged.len() < UNANSWERED {
            self.pinged.push((due, now));
        }
        self.dialect.ping(pen, out);
    }

    /// Whether all heartbeats have been answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.pinged.is_empty()
    }

    /// How many heartbeats have not been answered that were sent before this moment.
    pub(crate) fn unanswered(&self, before: Moment) -> usize {
        self.pinged.iter().filter(|(_, sent)| *sent < before).count()
    }

    /// Hangs up. If the phone is not ready, nothing is done, and the result is `false`.
    pub(crate) fn hang_up(&mut self, pen: &mut Pen, out: &mut Vec<u8>) -> bool {
        match std::mem::replace(&mut self.stage, Stage::Nothing) {
            Stage::Talk(frames) => {
                pen.write(&Frame::Close(Some((CloseCode::Normal, ""))), out);
                self.stage = Stage::Goodbye(frames);
                true
            }
            other @ (Stage::Answer(_)
            | Stage::Greeting { .. }
            | Stage::Goodbye(_)
            | Stage::Nothing) => {
                self.stage = other;
                false
            }
        }
    }

    fn upgraded(&mut self, now: Moment, requested: Moment) -> Event<'static> {
        let frames = Frames::new();
        self.stage = match self.is_greeted {
            true => Stage::Greeting { frames, since: now },
            false => Stage::Talk(frames),
        };
        Event::Upgraded(now.since(requested))
    }

    fn hear<'a>(
        &mut self,
        now: Moment,
        item: Item<'a>,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) -> Option<Event<'a>> {
        if let Item::Close(reason) = &item {
            let code = reason.as_ref().map(|(code, _)| u16::from(*code));
            self.away_for = reason.as_ref().and_then(|(_, words)| hint(words).1);
            if matches!(self.stage, Stage::Goodbye(_)) {
                return Some(self.end(Ending::HungUp(code)));
            }
            item.answer().inspect(|answer| pen.write(answer, out));
            return Some(self.end(Ending::Closed(code)));
        }
        if let Some(answer) = item.answer() {
            pen.write(&answer, out);
        }
        let said = match item {
            Item::Text(text) => self.dialect.understand(text),
            Item::Binary(_) => Said::Nonsense,
            Item::Pong(payload) if *payload == *Pen::PING => Said::Pong,
            Item::Ping(_) | Item::Pong(_) | Item::Close(_) => return None,
        };
        if let Stage::Greeting { frames, since } = &mut self.stage {
            if !self.dialect.lets_in(&said) {
                return Some(Event::Said(said));
            }
            let after = now.since(*since);
            self.stage = Stage::Talk(std::mem::replace(frames, Frames::new()));
            return Some(Event::Greeted { after, first: said });
        }
        if said == Said::Pong && !self.pinged.is_empty() {
            let (due, sent) = self.pinged.remove(0);
            return Some(Event::Pong { due, sent });
        }
        Some(Event::Said(said))
    }

    fn end(&mut self, ending: Ending) -> Event<'static> {
        self.stage = Stage::Nothing;
        Event::Ended(ending)
    }
}
