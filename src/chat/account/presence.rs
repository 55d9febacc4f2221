//! [`Online`]: which users are online, and who came and went last.
//!
//! A user is online with at least one socket, in whatever dialect, and counts once. The list is published
//! to those that speak (`Audience::Accounts`). With it goes a sentence, "ada joined the chat". If a
//! client is behind by a few changes, it gets one frame for each of them; if by more, one without a
//! sentence. All these frames have the newest list. Devices (`Audience::Names`) may be told of changes alone.
//!
//! Names stand in their order, so that a publication need not sort them: 16 bytes for each user online.

use std::collections::VecDeque;

use super::logins::unix_ms;
use super::{Event, News, UserName};
use crate::timer::Now;

/// The most changes that are told one by one.
pub(super) const SENTENCES: usize = 4;

/// The users who are online.
#[derive(Default)]
pub(super) struct Online {
    /// Their names, sorted.
    names: Vec<UserName>,
    /// The last changes, the oldest first: at most [`SENTENCES`].
    changes: VecDeque<Change>,
    /// The users who came or went since the last delta, once for each time. A delta names each user once, with
    /// their state then. A user who came and went in between is named too: a list may have shown them meanwhile.
    touched: Vec<UserName>,
}

struct Change {
    name: UserName,
    joined: bool,
}

impl Online {
    /// How many are online.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Notes that the next delta has to name a user, or that no delta will: then none will name an earlier one
    /// either. Otherwise the memory would grow while no device wants deltas.
    pub(super) fn touched(&mut self, name: &UserName, a_delta_will_tell: bool) {
        match a_delta_will_tell {
            true => self.touched.push(name.clone()),
            false => self.touched = Vec::new(),
        }
    }

    /// Calls `tell` with all changes since the last call that a delta has to name.
    pub(super) fn take_changes(&mut self, tell: impl FnOnce(Event<'_>)) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        touched.dedup();
        let (joined, left): (Vec<&str>, Vec<&str>) = touched
            .iter()
            .map(UserName::as_str)
            .partition(|name| self.names.binary_search_by_key(name, UserName::as_str).is_ok());
        tell(Event::UsersChanged { joined: &joined, left: &left, online: self.names.len() });
    }

    /// Notes that a user came online.
    pub(super) fn joined(&mut self, name: &UserName) {
        if let Err(place) = self.place(name) {
            self.names.insert(place, name.clone());
            self.note(name, true);
        }
    }

    /// Notes that a user went offline.
    pub(super) fn left(&mut self, name: &UserName) {
        if let Ok(place) = self.place(name) {
            self.names.remove(place);
            self.note(name, false);
        }
    }

    /// How many sentences a list is published with, for a client that is behind by this many changes.
    pub(super) fn sentences(changes: u64) -> usize {
        usize::try_from(changes).ok().filter(|&changes| changes <= SENTENCES).unwrap_or(0)
    }

    /// Calls `tell` with the list: once for each of the last changes, this many, or once without a sentence.
    pub(super) fn publish(&self, sentences: usize, now: Now, mut tell: impl FnMut(&Event<'_>)) {
        let names: Vec<&str> = self.names.iter().map(UserName::as_str).collect();
        let mut with = |news| tell(&Event::Users { names: &names, news, at: unix_ms(now) });
        if sentences == 0 {
            with(News::Nothing);
        }
        let first = self.changes.len().saturating_sub(sentences);
        for Change { name, joined } in self.changes.iter().skip(first) {
            with(if *joined { News::Joined(name.as_str()) } else { News::Left(name.as_str()) });
        }
    }

    fn note(&mut self, name: &UserName, joined: bool) {
        self.changes.push_back(Change { name: name.clone(), joined });
        if self.changes.len() > SENTENCES {
            self.changes.pop_front();
        }
    }

    fn place(&self, name: &UserName) -> Result<usize, usize> {
        self.names.binary_search_by_key(&name.as_str(), |one| one.as_str())
    }

    /// Panics unless these are the users who are online.
    pub(super) fn check_invariants<'n>(&self, online: impl Iterator<Item = &'n UserName>) {
        let mut online: Vec<&str> = online.map(UserName::as_str).collect();
        online.sort_unstable();
        let names: Vec<&str> = self.names.iter().map(UserName::as_str).collect();
        assert_eq!(names.len(), online.len(), "each user with a socket is listed once");
        assert!(names == online, "the list is of those that have a socket");
        assert!(self.changes.len() <= SENTENCES, "few changes are told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(online: &Online, changes: u64) -> Vec<String> {
        let mut told = Vec::new();
        online.publish(Online::sentences(changes), Now::default(), |event| match event {
            Event::Users { names, news, .. } => told.push(format!("{} {news:?}", names.join(","))),
            other => panic!("a list is published: {other:?}"),
        });
        told
    }

    #[test]
    fn a_delta_names_everybody_who_came_or_went_once_by_their_state_now() {
        let mut online = Online::default();
        let [ada, bob, eve] = ["ada", "bob", "eve"].map(UserName::registered);
        let delta = |online: &mut Online| {
            let mut told = String::new();
            online.take_changes(|event| match event {
                Event::UsersChanged { joined, left, online } => {
                    told = format!("{} | {} | {online}", joined.join(","), left.join(","));
                }
                other => panic!("a delta is told: {other:?}"),
            });
            told
        };
        online.joined(&eve);
        online.touched(&eve, false);
        online.joined(&bob);
        online.touched(&bob, true);
        online.joined(&ada);
        online.touched(&ada, true);
        online.left(&bob);
        online.touched(&bob, true);
        assert_eq!(delta(&mut online), "ada | bob | 2");
        assert_eq!(delta(&mut online), " |  | 2", "each change is told once");
        online.left(&eve);
        online.touched(&eve, true);
        online.touched(&ada, false);
        assert_eq!(delta(&mut online), " |  | 1", "nobody wanted a delta meanwhile");
    }

    #[test]
    fn few_changes_are_told_one_by_one_with_the_newest_list_and_many_in_one() {
        let mut online = Online::default();
        let [ada, bob] = ["ada", "bob"].map(UserName::registered);
        online.joined(&bob);
        online.joined(&ada);
        online.left(&bob);
        assert_eq!(told(&online, 0), ["ada Nothing"]);
        assert_eq!(told(&online, 2), [r#"ada Joined("ada")"#, r#"ada Left("bob")"#]);
        (0..3).for_each(|_| {
            online.joined(&bob);
            online.left(&bob);
        });
        assert_eq!(told(&online, 4).len(), 4);
        assert_eq!(told(&online, 5), ["ada Nothing"]);
    }
}
