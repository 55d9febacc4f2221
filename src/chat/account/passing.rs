//! What users pass on to each other without the store: typing notices, receipts and signals. They go to others
//! at once, never to the sender's own sockets, and are not kept.
//!
//! An unknown recipient is nobody, and a room of which the sender is no member has nobody in it: the message that
//! may follow is answered. All streams that speak have words for typing, and devices for the rest.

use super::pending::To;
use super::{Event, Realm, Target, UserKey, tell};
use crate::chat::{ConnectionId, Sink};

/// What is passed on.
#[derive(Clone, Copy)]
pub(super) enum Passed<'a> {
    /// Whether the user is typing.
    Typing(bool),
    /// The id of a message that the user has read.
    Receipt(&'a str),
    /// JSON for other apps.
    Signal(&'a str),
}

impl Realm {
    /// Tells the others in a conversation what the user of a connection passes on.
    pub(super) fn pass_on(
        &mut self,
        id: ConnectionId,
        target: &Target<'_>,
        passed: Passed<'_>,
        sink: &mut impl Sink,
    ) {
        let Some(seat) = self.seats.get(id) else { return };
        let user = seat.user;
        let Some(sender) = self.users.get(user) else { return };
        let others = self.others_in(user, target, passed);
        let (from, place) = (sender.user.name.as_str(), target.spot());
        let event = match passed {
            Passed::Typing(is_typing) => Event::Typing { from, to: place, is_typing },
            Passed::Receipt(id) => Event::Receipt { from, place, id },
            Passed::Signal(data) => Event::Signal { from, place, data },
        };
        tell(sink, &others, event);
        let Realm { counters, .. } = self;
        match (passed, others.is_empty()) {
            (Passed::Typing(_), false) => counters.typing_relayed += 1,
            (Passed::Typing(_), true) => counters.typing_dropped += 1,
            (Passed::Receipt(_) | Passed::Signal(_), _) => {}
        }
    }

    /// The sockets of others in a conversation that have words for it.
    fn others_in(
        &self,
        user: UserKey,
        target: &Target<'_>,
        passed: Passed<'_>,
    ) -> Vec<ConnectionId> {
        let Ok(to) = self.conversation(user, target) else { return Vec::new() };
        let speaking = match (passed, &to) {
            (Passed::Typing(_), To::Everybody) => self.seats.speaking().to_vec(),
            (Passed::Typing(_), To::User(other, _)) => self.speaking_of(*other),
            (_, To::Everybody | To::User(..) | To::Room(_)) => self.devices_in(user, &to),
        };
        let own = self.users.get(user).map_or(&[][..], |one| one.seats());
        speaking.into_iter().filter(|id| !own.contains(id)).collect()
    }
}
