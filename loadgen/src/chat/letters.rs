//! [`Letters`]: the messages that have no final answer yet, in the order in which they were written.
//!
//! A message waits until it may be sent: the connection stands, its recipient is not known to be offline, and the
//! server's rate allows it. Then it waits for its answer. After a reconnect what has no answer is sent again,
//! with the same id, so that the recipient can tell (`src/dialects/CLIENTS.md`). Knows no frames.

use std::collections::VecDeque;
use std::time::Duration;

use switchboard::timer::Moment;

use super::place::Place;

/// One message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Letter {
    /// Random, and never used again.
    pub(super) id: String,
    pub(super) to: Place,
    pub(super) text: String,
    state: State,
}

/// What a message waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// To be sent.
    Ready,
    /// The answer.
    Sent,
    /// The recipient, who is offline.
    Away,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Letters {
    queue: VecDeque<Letter>,
    /// When a message may be sent, if none had gone out in a burst before.
    next: Moment,
}

/// The most messages that may wait.
pub(super) const MOST: usize = 1000;
/// Messages are sent at this distance: 100 a second, half of what the server allows by default.
const DISTANCE: Duration = Duration::from_millis(10);
/// A burst of this many is sent at once.
const BURST: u32 = 50;

impl Letters {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Adds a message. `false`: too many wait already.
    pub(super) fn add(&mut self, id: String, to: Place, text: String) -> bool {
        if self.queue.len() >= MOST {
            return false;
        }
        // It must not overtake an earlier one.
        let waits = self.queue.iter().any(|one| one.to == to && one.state == State::Away);
        let state = if waits { State::Away } else { State::Ready };
        self.queue.push_back(Letter { id, to, text, state });
        true
    }

    /// The next message to be sent now, if there is one and the rate allows it. It then counts as sent.
    pub(super) fn next(&mut self, now: Moment) -> Option<&Letter> {
        let letter = self.queue.iter_mut().find(|one| one.state == State::Ready)?;
        if now < self.next {
            return None;
        }
        // A pause saves up a burst, and not more.
        let saved = now.since(self.next).min(DISTANCE * (BURST - 1));
        self.next = Moment::START + (now.since(Moment::START).saturating_sub(saved)) + DISTANCE;
        letter.state = State::Sent;
        Some(letter)
    }

    /// When [`Letters::next`] has one; `None` if none is to be sent.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.queue.iter().any(|one| one.state == State::Ready).then_some(self.next)
    }

    /// A message has its final answer. Returns it, if it was there.
    pub(super) fn take(&mut self, id: &str) -> Option<Letter> {
        let at = self.queue.iter().position(|one| one.id == id)?;
        self.queue.remove(at)
    }

    /// The recipient of a message is offline: this one waits, and so do those that were not sent yet. Returns the
    /// recipient, if this is new.
    pub(super) fn put_off(&mut self, id: &str) -> Option<Place> {
        let letter = self.queue.iter_mut().find(|one| one.id == id)?;
        letter.state = State::Away;
        let to = letter.to.clone();
        let mut is_new = true;
        for other in self.queue.iter_mut().filter(|one| one.to == to && one.id != id) {
            is_new &= other.state != State::Away;
            if other.state == State::Ready {
                other.state = State::Away;
            }
        }
        is_new.then_some(to)
    }

    /// The connection is new: what had no answer is sent again, if its recipient is online.
    pub(super) fn begin_again(&mut self, is_online: impl Fn(&Place) -> bool) {
        for letter in &mut self.queue {
            letter.state = if is_online(&letter.to) { State::Ready } else { State::Away };
        }
    }

    /// These may have come: what waits for them is sent.
    pub(super) fn come(&mut self, is_online: impl Fn(&Place) -> bool) {
        for letter in self.queue.iter_mut().filter(|one| one.state == State::Away) {
            if is_online(&letter.to) {
                letter.state = State::Ready;
            }
        }
    }

    /// Whether there are messages that are neither answered nor wait for a recipient.
    pub(super) fn any_under_way(&self) -> bool {
        self.queue.iter().any(|one| one.state != State::Away)
    }

    /// Those that wait for a recipient who is offline.
    pub(super) fn put_off_ones(&self) -> impl Iterator<Item = &Letter> {
        self.queue.iter().filter(|one| one.state == State::Away)
    }

    /// Throws all away that are not under way.
    pub(super) fn discard(&mut self) -> usize {
        let before = self.queue.len();
        self.queue.retain(|one| one.state == State::Sent);
        before - self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Place {
        Place::Person(name.to_owned())
    }

    fn letters(of: &[(&str, &str)]) -> Letters {
        let mut letters = Letters::default();
        for &(id, to) in of {
            assert!(letters.add(id.to_owned(), person(to), String::new()));
        }
        letters
    }

    fn sent(letters: &mut Letters, now: Moment) -> Vec<String> {
        std::iter::from_fn(|| letters.next(now).map(|letter| letter.id.clone())).collect()
    }

    const LATER: Moment = Moment::from_nanos(60_000_000_000);

    #[test]
    fn a_message_to_an_absent_person_waits_and_none_overtakes_it() {
        let mut letters = letters(&[("1", "ann"), ("2", "bob"), ("3", "ann")]);
        assert_eq!(letters.next(LATER).map(|letter| &*letter.id), Some("1"));
        assert_eq!(letters.put_off("1"), Some(person("ann")));
        letters.add("4".to_owned(), person("ann"), String::new());
        assert_eq!(sent(&mut letters, LATER), ["2"]);
        letters.come(|who| *who == person("ann"));
        assert_eq!(sent(&mut letters, LATER), ["1", "3", "4"]);
    }

    #[test]
    fn a_person_is_said_to_be_absent_once() {
        let mut letters = letters(&[("1", "ann"), ("2", "ann")]);
        sent(&mut letters, LATER);
        assert!(letters.put_off("1").is_some());
        assert_eq!(letters.put_off("2"), None);
        assert_eq!(letters.put_off("no such id"), None);
    }

    #[test]
    fn after_a_reconnect_what_has_no_answer_is_sent_again_with_the_same_id_and_in_order() {
        let mut letters = letters(&[("1", "ann"), ("2", "ann"), ("3", "bob")]);
        sent(&mut letters, LATER);
        assert!(letters.take("1").is_some());
        letters.begin_again(|who| *who == person("ann"));
        assert_eq!(sent(&mut letters, LATER), ["2"]);
        assert_eq!(letters.put_off_ones().count(), 1);
        assert_eq!(letters.discard(), 1);
        assert_eq!(letters.len(), 1);
    }

    #[test]
    fn fifty_go_at_once_and_then_a_hundred_a_second() {
        let ids: Vec<String> = (0..200).map(|id| id.to_string()).collect();
        let all: Vec<(&str, &str)> = ids.iter().map(|id| (&**id, "ann")).collect();
        let mut letters = letters(&all);
        assert_eq!(sent(&mut letters, LATER).len(), 50);
        assert!(letters.deadline().is_some_and(|at| at > LATER));
        assert_eq!(sent(&mut letters, LATER + Duration::from_millis(100)).len(), 10);
        assert_eq!(sent(&mut letters, LATER + Duration::from_millis(101)).len(), 0);
    }

    #[test]
    fn the_queue_has_an_end() {
        let mut letters = Letters::default();
        let add = |letters: &mut Letters| letters.add("x".into(), person("ann"), String::new());
        assert!((0..MOST).all(|_| add(&mut letters)));
        assert!(!add(&mut letters));
    }
}
