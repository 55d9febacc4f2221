//! Which messages answer which, and what users have marked as read: so that the server's answers to both can be
//! compared.

use super::{Accounts, Lapse, NOWHERE};
use crate::phone_id::PhoneId;
use crate::workload::{Place, Stamp};

/// A conversation: that of everyone, that of a room, or that of two users, whichever of them is asked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Conversation(PhoneId, PhoneId);

impl Conversation {
    /// The conversation that this place of a user is.
    pub(crate) fn of(user: PhoneId, place: Place) -> Self {
        match place {
            Place::Phone(other) => Conversation(user.min(other), user.max(other)),
            Place::Everyone | Place::Room(_) => Conversation(place.recipient(), place.recipient()),
        }
    }
}

/// What comes of marking a place as read in the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reset {
    /// Nothing there is unread any more, and the user was told so.
    Done,
    /// The user was not told.
    Untold,
    /// The user was told more than once.
    Twice,
    /// The server does not do it, or counts messages there as unread afterwards.
    Refused,
}

/// The most messages behind a mark that a server needs to look at, the newest ones: ours looks so far.
const MOST_UNREAD: usize = 1_000;

impl Accounts {
    /// The message with this number answers the one with this id of the server.
    pub(crate) fn answer(&mut self, number: u64, mid: &str) {
        self.answers.insert(number as u32, mid.into());
        self.counts.replies += 1;
    }

    /// Whether a message answers the one with this id of the server, or none. Of a message of another shard that is not
    /// known.
    pub(crate) fn is_answer_right(&self, stamp: &Stamp, mid: Option<&str>) -> bool {
        let answered = self.answers.get(&(stamp.number as u32)).map(|answered| &**answered);
        self.is_of_another(stamp.sender) || answered == mid
    }

    /// A phone has marked a place as read, up to this message.
    pub(crate) fn mark(&mut self, user: PhoneId, place: Place, number: u64) {
        self.marks.insert((user, place), Some(number as u32));
    }

    /// A phone has marked a place as read before the run.
    pub(crate) fn mark_before(&mut self, user: PhoneId, place: Place) {
        self.marks.insert((user, place), None);
    }

    /// Marks of a connection that broke may not have come through.
    pub(super) fn forget_marks(&mut self, user: PhoneId) {
        self.marks.retain(|&(marked_by, _), mark| marked_by != user || mark.is_none());
    }

    /// At most `most` users who have marked something as read, each with the places.
    pub(crate) fn readers(&self, most: usize) -> Vec<(PhoneId, Vec<Place>)> {
        let mut marks: Vec<_> = self.marks.keys().copied().collect();
        marks.sort_unstable_by_key(|&(user, place)| (user, place.recipient()));
        let of_one = marks.chunk_by(|(one, _), (other, _)| one == other);
        of_one
            .take(most)
            .map(|of| (of[0].0, of.iter().map(|&(_, place)| place).collect()))
            .collect()
    }

    /// The server says how many messages of a place a user has not read; `None`: it says nothing. Compares that
    /// with the messages of others behind the mark.
    pub(crate) fn compare_unread(&mut self, user: PhoneId, place: Place, said: Option<u64>) {
        let Some(&mark) = self.marks.get(&(user, place)) else { return };
        let read = match mark.map(|number| self.positions[number as usize]) {
            Some(NOWHERE) => return,
            Some(position) => position as usize + 1,
            None => 0,
        };
        let order = self.logs.at((place, user)).map_or(&[][..], |log| &log.order[..]);
        let behind = order.get(read..).unwrap_or_default();
        let of_others = |numbers: &[u32]| {
            numbers.iter().filter(|&&number| self.senders[number as usize] != user).count() as u64
        };
        let unread = of_others(behind);
        let in_doubt = self.in_doubt.len() as u64;
        // Nobody has seen those in doubt, and the server may have them, also in the place of older ones.
        let least = match behind.len().saturating_sub(MOST_UNREAD) {
            0 => unread,
            older => of_others(&behind[older..]).saturating_sub(in_doubt),
        };
        let is_right = said.is_some_and(|said| (least..=unread + in_doubt).contains(&said));
        self.counts.unread_compared += 1;
        self.lapses.add_many(Lapse::UnreadWrong, u64::from(!is_right));
    }

    /// A user has marked a place as read after the run.
    pub(crate) fn compare_reset(&mut self, reset: Reset) {
        match reset {
            Reset::Done => {}
            Reset::Untold => self.lapses.add(Lapse::ResetLost),
            Reset::Twice => self.lapses.add(Lapse::ResetUncalled),
            Reset::Refused => self.lapses.add(Lapse::UnreadWrong),
        }
    }
}
