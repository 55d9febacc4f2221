//! A session goes on with the request that was parked, or gives it up. Called by the turn, through the
//! session.

use super::framing::Sent;
use super::parked::{Parked, Resolution, Wanted};
use super::request::{Begun, Caller, note_refused};
use super::site;
use super::{End, Flow, Host, Limits, Pages, Session, Stage};
use crate::chat::account::{Refusal, Reply};
use crate::timer::Zone;

impl Session {
    /// The number of the request that waits for its reply, if one does.
    pub fn parked(&self) -> Option<u16> {
        match &self.stage {
            Stage::Parked(parked) => Some(parked.number),
            Stage::ProxyHeader(_)
            | Stage::Request(_)
            | Stage::Stream
            | Stage::Frames(_)
            | Stage::Over => None,
        }
    }

    /// Goes on with the parked request, whose reply has come. The caller then has to look for more input:
    /// what has come meanwhile was not read.
    pub fn resume(
        &mut self,
        resolution: Resolution,
        limits: &Limits,
        host: &mut impl Host,
    ) -> Flow {
        let Some(parked) = self.unpark() else { return Flow::Open };
        self.progressed = true;
        let (response, is_page) = match resolution {
            Resolution::Answer(response) => (response, false),
            Resolution::Visit(visit) => (site::welcome(&visit, limits), true),
            Resolution::Caller(guest) => {
                let mut bytes = parked.raw;
                bytes.extend_from_slice(&parked.rest);
                self.stage = Stage::Request(Begun::new(bytes));
                return self.handle_requests(&mut [], Caller::Known(guest), limits, host);
            }
        };
        note_refused(parked.opens, &response, host);
        let framing = parked.framing.closing_if(is_page && Pages::is_large(&response));
        match framing.respond(response, host) {
            Sent::Last => Flow::Finish(End::Http),
            Sent::Open { .. } => {
                self.has_more = !parked.rest.is_empty();
                self.stage = Stage::Request(Begun::new(parked.rest));
                Flow::Open
            }
        }
    }

    /// Gives the parked request up: answers that its reply is late, and ends the connection. So the reply,
    /// if it comes after all, cannot answer a later request.
    pub fn give_up_waiting(&mut self, wanted: Wanted, host: &mut impl Host) -> End {
        if let Some(parked) = self.unpark() {
            let reply = Reply::Refused(Refusal::Late);
            let Resolution::Answer(response) = wanted.of(&reply, &Zone::default()) else {
                return End::AnswerTimeout;
            };
            note_refused(parked.opens, &response, host);
            parked.framing.closing().respond(response, host);
        }
        End::AnswerTimeout
    }

    fn unpark(&mut self) -> Option<Box<Parked>> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Parked(parked) => Some(parked),
            other => {
                self.stage = other;
                None
            }
        }
    }
}
