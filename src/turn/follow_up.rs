//! [`Turn::follow_up`]: what the chat has asked for while it ran, and what had to wait until it was done.
//!
//! A reply resumes a session, and a session may call the chat; a farewell ends a connection, and its seat
//! leaves the chat. Neither can happen inside of a call to the chat. So the sink notes both, and each phase
//! that runs the chat ends with this. Called by *answer*, *receive*, *expire* and *leave*.

use std::rc::Rc;

use super::Turn;
use crate::chat::account::Asker;
use crate::session::{End, Resolution};

impl Turn {
    /// Resumes the requests whose replies have come, and ends the connections that the chat has ended.
    pub(super) fn follow_up(&mut self) {
        while let Some((asker, resolution)) = self.parked.next_resolved() {
            self.resume(asker, resolution);
        }
        while let Some((id, why)) = self.farewells.pop_front() {
            self.end(id, End::Farewell(why));
        }
    }

    /// Goes on with a request. Its connection may have ended meanwhile, and its slot may have another
    /// tenant: then the id finds no connection, or the number no request.
    fn resume(&mut self, asker: Asker, resolution: Resolution) {
        let id = asker.id;
        let Some(connection) = self.connections.get(id) else { return };
        if connection.session.parked() != Some(asker.request) {
            return;
        }
        let limits = Rc::clone(&self.session_limits);
        let flow = self.with_session(id, |session, host| session.resume(resolution, &limits, host));
        self.after_session(id, flow, false, false);
        // Whatever has come while the request waited was not read, the end of the input included, and no
        // edge reports it again.
        self.mark_readable(id);
    }
}
