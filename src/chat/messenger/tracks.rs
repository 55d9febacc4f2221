//! [`Tracks`]: what the realm remembers about messages: the id, the sender and the recipient. A *track*
//! lives while copies of its message are in flight, so that their [`Ticket`]s lead to it, and while the
//! message may still be marked as read. A limit can end only the second: the message of a *forgotten*
//! track can no longer be marked as read, but its copies are still settled.
//!
//! It knows no people, only their keys, and no content. `messages.rs` calls it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use slab::Slab;

use super::Ticket;
use super::person_key::PersonKey;
use crate::chat::chain::{Chain, Links};
use crate::timer::Moment;

/// All messages that the realm remembers.
#[derive(Default)]
pub(super) struct Tracks {
    pub(super) all: Slab<Track>,
    /// The tracks that can be marked as read, by recipient and id, hashed with a secret key.
    to_read: HashTable<u32>,
    hasher: RandomState,
    /// The same tracks, the oldest first.
    by_age: Chain,
    /// How many tracks there have been. A ticket contains it, and so differs from all earlier tickets.
    generation: u32,
    /// How many copies are not settled.
    pub(super) copies: u64,
}

/// What the realm remembers about one message.
pub(super) struct Track {
    pub(super) id: Box<str>,
    pub(super) from: PersonKey,
    pub(super) to: PersonKey,
    /// When the server accepted it.
    pub(super) taken: Moment,
    generation: u32,
    /// How many copies are not settled.
    pub(super) copies: u32,
    /// Whether its fate is decided: it has reached its recipient, or never will.
    pub(super) is_decided: bool,
    /// Whether it can be marked as read.
    pub(super) is_readable: bool,
    by_age: Links,
    /// Its neighbours among the tracks of the same sender.
    pub(super) by_sender: Links,
}

impl Tracks {
    /// Adds a track for a message with `copies` copies, which are about to go to the sink.
    pub(super) fn add(
        &mut self,
        taken: Moment,
        (from, to): (PersonKey, PersonKey),
        id: &str,
        copies: u32,
    ) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        let track = Track {
            id: id.into(),
            from,
            to,
            taken,
            generation: self.generation,
            copies,
            is_decided: false,
            is_readable: true,
            by_age: Links::default(),
            by_sender: Links::default(),
        };
        let key = u32::try_from(self.all.insert(track)).expect("memory ends before");
        self.copies += u64::from(copies);
        let Tracks { all, to_read, hasher, by_age, .. } = self;
        let hash = hasher.hash_one((to.0, id));
        to_read.insert_unique(hash, key, |&key| {
            let track = &all[key as usize];
            hasher.hash_one((track.to.0, &*track.id))
        });
        by_age.push(all, |track| &mut track.by_age, key);
        key
    }

    /// Makes a track unreadable. It lives on while it has copies.
    pub(super) fn unindex(&mut self, key: u32) {
        let Tracks { all, to_read, hasher, by_age, .. } = self;
        let track = &mut all[key as usize];
        track.is_readable = false;
        let hash = hasher.hash_one((track.to.0, &*track.id));
        if let Ok(entry) = to_read.find_entry(hash, |&one| one == key) {
            entry.remove();
        }
        by_age.remove(all, |track| &mut track.by_age, key);
    }

    /// The tracks with this id that a recipient can mark as read: one for each sender.
    pub(super) fn readable(&self, to: PersonKey, id: &str) -> impl Iterator<Item = u32> {
        let hash = self.hasher.hash_one((to.0, id));
        let with_hash = self.to_read.iter_hash(hash).copied();
        with_hash.filter(move |&key| {
            let track = &self.all[key as usize];
            track.to == to && *track.id == *id
        })
    }

    /// How many tracks can be marked as read.
    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }

    /// The oldest track that can be marked as read.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.by_age.first()
    }

    /// The ticket of a track.
    pub(super) fn ticket(&self, key: u32) -> Ticket {
        Ticket { index: key, generation: self.all[key as usize].generation }
    }

    /// The track of a ticket. `None` once all its copies are settled.
    pub(super) fn with_ticket(&self, ticket: Ticket) -> Option<u32> {
        let track = self.all.get(ticket.index as usize)?;
        let is_it = track.generation == ticket.generation && track.copies > 0;
        is_it.then_some(ticket.index)
    }

    /// How many messages are in flight. It looks at every track, so only checks call it.
    pub(super) fn in_flight(&self) -> u64 {
        self.all.iter().filter(|(_, track)| !track.is_decided).count() as u64
    }

    /// Panics if the indexes disagree, and says how. It looks at every track, so only tests and the simulator
    /// call it.
    pub(super) fn check_invariants(&self) {
        let tracks = || self.all.iter().map(|(_, track)| track);
        for track in tracks() {
            assert!(track.is_readable || track.copies > 0, "a track has something to wait for");
            assert!(track.is_decided || track.copies > 0, "without copies nothing is in flight");
        }
        let copies: u64 = tracks().map(|track| u64::from(track.copies)).sum();
        assert_eq!(self.copies, copies, "copies in flight are counted");

        let readable = tracks().filter(|track| track.is_readable).count();
        assert_eq!(self.to_read.len(), readable, "a readable track is found by its id");
        assert_eq!(self.len(), readable, "a readable track has an age");
        let mut latest = Moment::START;
        let by_age = self.by_age.keys(&self.all, |track| &track.by_age);
        assert_eq!(by_age.count(), readable, "the chain of ages is whole");
        for key in self.by_age.keys(&self.all, |track| &track.by_age) {
            let track = &self.all[key as usize];
            assert!(track.is_readable, "only what can be read has an age");
            assert!(track.taken >= latest, "the oldest come first");
            latest = track.taken;
            let found = self.readable(track.to, &track.id);
            let of_sender = found.filter(|&one| self.all[one as usize].from == track.from);
            assert_eq!(of_sender.collect::<Vec<_>>(), [key], "one of each sender has that id");
        }
    }
}
