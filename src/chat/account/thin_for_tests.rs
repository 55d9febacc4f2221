//! [`Thin`]: a realm for the unit tests of the session and the turn. It has just enough to do for them.
//!
//! A call without a token is answered at once. A call with one asks whose it is, as the job of a ticket of
//! its own, and is answered with the result. Tests say which connections may not speak, and which hear a
//! pong at each message that was stored.

use std::collections::{HashMap, HashSet};

use super::{
    Asker, Call, Guest, Job, JobResult, Output, Refusal, Reply, Ticket, TokenDigest, Work,
};
use crate::chat::{ConnectionId, Event, Farewell, Sink};
use crate::limiter::Block;
use crate::timer::Now;

/// The realm.
#[derive(Debug, Default)]
pub struct Thin {
    /// Connections that may not speak. The next news ends them.
    pub(crate) muted: HashSet<ConnectionId>,
    /// Connections that hear of each message that is stored.
    pub(crate) hearers: Vec<ConnectionId>,
    /// The address blocks that the calls came from.
    pub(crate) blocks: Vec<Block>,
    waiting: HashMap<u32, (Asker, TokenDigest)>,
    tickets: u32,
}

impl Thin {
    pub(in crate::chat) fn new() -> Self {
        Thin::default()
    }

    pub(in crate::chat) fn call(
        &mut self,
        _: Now,
        from: Block,
        asker: Asker,
        call: &Call,
        sink: &mut impl Sink,
    ) {
        self.blocks.push(from);
        match call {
            Call::Identify(Some(token)) | Call::Users(Some(token)) => {
                let digest = token.digest();
                self.waiting.insert(self.tickets, (asker, digest));
                sink.ask(Job { ticket: Ticket(self.tickets), work: Work::Login(digest) });
                self.tickets += 1;
            }
            Call::LogOut(_) => sink.reply(asker, &Reply::LoggedOut),
            _ => sink.reply(asker, &Reply::Refused(Refusal::NotSignedIn)),
        }
    }

    pub(in crate::chat) fn done(&mut self, _: Now, result: JobResult, sink: &mut impl Sink) {
        match result.outcome {
            Ok(Output::News(_)) => {
                self.muted.drain().for_each(|id| sink.end(id, Farewell::LoggedOut));
            }
            Ok(Output::Said { .. }) => sink.fan_out(&self.hearers, &Event::Pong),
            outcome => {
                let Some((asker, login)) = self.waiting.remove(&result.ticket.0) else { return };
                match outcome {
                    Ok(Output::Login(Some((user, expires)))) => {
                        sink.reply(asker, &Reply::Known(Guest { user, login, expires }));
                    }
                    Err(failure) => sink.reply(asker, &Reply::Refused(Refusal::Failed(failure))),
                    Ok(_) => sink.reply(asker, &Reply::Refused(Refusal::NotSignedIn)),
                }
            }
        }
    }

    pub(in crate::chat) fn may_speak(&self, id: ConnectionId) -> bool {
        !self.muted.contains(&id)
    }
}
