//! Typing notices. They go to others at once, never to the sender's own sockets, and are not kept.

use super::{Event, Realm, tell};
use crate::chat::{ConnectionId, Sink};

impl Realm {
    /// Tells others that the user of a connection types, or has stopped. An unknown recipient is nobody:
    /// the message that may follow is answered.
    pub(super) fn typing(
        &mut self,
        id: ConnectionId,
        to: Option<&str>,
        is_typing: bool,
        sink: &mut impl Sink,
    ) {
        let Some(seat) = self.seats.get(id) else { return };
        let user = seat.user;
        let Some(sender) = self.users.get(user) else { return };
        let others = match to {
            None => {
                let own = sender.seats();
                let speaking = self.seats.speaking().iter();
                speaking.filter(|id| !own.contains(id)).copied().collect()
            }
            Some(name) => match self.users.find(name) {
                Some(one) if one.user.key != user => self.speaking_of(one.user.key),
                Some(_) | None => Vec::new(),
            },
        };
        let event = Event::Typing { from: sender.user.name.as_str(), to, is_typing };
        tell(sink, &others, event);
        let reaches_somebody = !others.is_empty();
        let Realm { counters, .. } = self;
        *if reaches_somebody {
            &mut counters.typing_relayed
        } else {
            &mut counters.typing_dropped
        } += 1;
    }
}
