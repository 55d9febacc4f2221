//! [`Chain`]: a queue of parcels whose links are in a pool that all outboxes share.
//!
//! Most outboxes are idle at any time. So none owns memory for parcels: a chain is two indices, 8 bytes, a
//! singly linked list through the pool. Every operation is O(1). Called by the outboxes, which lend the
//! pool.

use slab::Slab;

use crate::turn::tables::parcel::Parcel;

/// No parcel: the end of a chain.
const NONE: u32 = u32::MAX;

/// All parcels of all chains.
pub(super) type Pool = Slab<Link>;

/// A queue of parcels, linked through the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    head: u32,
    tail: u32,
}

/// A parcel in the pool, and the index of the next one in its chain.
#[derive(Debug)]
pub(super) struct Link {
    parcel: Parcel,
    next: u32,
}

impl Chain {
    /// A chain without parcels.
    pub(super) const EMPTY: Chain = Chain { head: NONE, tail: NONE };

    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }

    /// Whether the chain has at most one parcel.
    pub(super) fn is_single(self) -> bool {
        self.head == self.tail
    }

    pub(super) fn iter(self, pool: &Pool) -> impl Iterator<Item = &Parcel> {
        let mut at = self.head;
        std::iter::from_fn(move || {
            let link = pool.get(usize::try_from(at).ok().filter(|_| at != NONE)?)?;
            at = link.next;
            Some(&link.parcel)
        })
    }

    pub(super) fn first(self, pool: &Pool) -> Option<&Parcel> {
        if self.is_empty() { None } else { Some(&pool[self.head as usize].parcel) }
    }

    pub(super) fn push(&mut self, pool: &mut Pool, parcel: Parcel) {
        let key = pool.insert(Link { parcel, next: NONE });
        let at = u32::try_from(key).expect("the caps on bytes keep parcels far below 4 billion");
        self.append(pool, Chain { head: at, tail: at });
    }

    pub(super) fn append(&mut self, pool: &mut Pool, other: Chain) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = other;
        } else {
            pool[self.tail as usize].next = other.head;
            self.tail = other.tail;
        }
    }

    pub(super) fn pop(&mut self, pool: &mut Pool) -> Option<Parcel> {
        if self.is_empty() {
            return None;
        }
        let Link { parcel, next } = pool.remove(self.head as usize);
        self.head = next;
        if next == NONE {
            self.tail = NONE;
        }
        Some(parcel)
    }
}
