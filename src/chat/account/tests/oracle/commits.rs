//! Who is told of a message when it is committed, by the model.

use super::super::*;
use super::steps::Kind;
use super::{Message, Model, Seat, To};

impl Model {
    /// The newest notices connection of each login of a user.
    pub(super) fn notices_of(&self, user: usize) -> Vec<ConnectionId> {
        let own = |seat: &&Seat| seat.kind == Kind::Notices && seat.user == user;
        let newest = |login| {
            let own = self.seats.iter().filter(|(_, seat)| own(seat) && seat.login == login);
            own.max_by_key(|(_, seat)| seat.came).map(|(id, _)| *id)
        };
        [0, 1].into_iter().filter_map(newest).collect()
    }

    pub(super) fn commit(&mut self, message: &Message) {
        self.log.push(message.clone());
        let Message { from, to, text } = message.clone();
        let notices = match to {
            To::User(to) if to != from => self.notices_of(to),
            To::User(_) | To::All | To::Room => Vec::new(),
        };
        let hears = |seat: &Seat, user: usize, with: usize| {
            seat.user == user && (seat.speaks || seat.kind == Kind::Pair(with))
        };
        let delivered = match to {
            To::User(to) => {
                self.seats.values().any(|seat| hears(seat, to, from)) || !notices.is_empty()
            }
            To::All | To::Room => false,
        };
        let mut told: Vec<(ConnectionId, Told)> = Vec::new();
        for (&id, seat) in &self.seats {
            let text = text.clone();
            told.extend(match (to, seat.kind) {
                (To::All, Kind::Stream) => Some((id, Told::Said(text))),
                (To::Room, Kind::Room) => Some((id, Told::InRoom(text))),
                (To::User(_), Kind::Stream) if hears(seat, from, from) => {
                    Some((id, Told::Sent { text, delivered }))
                }
                (To::User(to), Kind::Stream | Kind::Pair(_))
                    if hears(seat, to, from) || hears(seat, from, to) =>
                {
                    Some((id, Told::Said(text)))
                }
                _ => None,
            });
        }
        told.extend(notices.into_iter().map(|id| (id, Told::Notice(text.clone()))));
        told.into_iter().for_each(|(id, told)| self.expect(id, told));
    }
}
