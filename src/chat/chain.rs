//! [`Chain`]: entries of a slab in the order of their arrival, as a doubly linked list. An entry carries
//! [`Links`], the keys of its neighbours, for each chain that it can be in.
//!
//! Adding and removing are O(1), also in the middle. Rejected: a queue, where a removal is O(n), and an
//! attacker chooses n. The caller passes a function that selects the links of an entry. The realms use it
//! for messages by age, messages by sender, people who are offline, and logins that have no socket.

use slab::Slab;

/// Entries in the order of their arrival.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    first: u32,
    last: u32,
    len: u32,
}

/// The neighbours of an entry in a chain. They have no meaning while it is in none.
#[derive(Clone, Copy)]
pub(super) struct Links {
    previous: u32,
    next: u32,
}

/// No neighbour: the first entry has none before it, the last none after it.
const NOBODY: u32 = u32::MAX;

impl Default for Chain {
    fn default() -> Self {
        Chain { first: NOBODY, last: NOBODY, len: 0 }
    }
}

impl Default for Links {
    fn default() -> Self {
        Links { previous: NOBODY, next: NOBODY }
    }
}

impl Chain {
    /// The entry that has been in the chain for longest.
    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NOBODY).then_some(self.first)
    }

    /// How many entries are in the chain.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Appends an entry that is not in the chain.
    pub(super) fn push<T>(
        &mut self,
        all: &mut Slab<T>,
        links: impl Fn(&mut T) -> &mut Links,
        key: u32,
    ) {
        *links(&mut all[key as usize]) = Links { previous: self.last, next: NOBODY };
        match self.last {
            NOBODY => self.first = key,
            last => links(&mut all[last as usize]).next = key,
        }
        self.last = key;
        self.len += 1;
    }

    /// Removes an entry that is in the chain.
    pub(super) fn remove<T>(
        &mut self,
        all: &mut Slab<T>,
        links: impl Fn(&mut T) -> &mut Links,
        key: u32,
    ) {
        let Links { previous, next } = std::mem::take(links(&mut all[key as usize]));
        match previous {
            NOBODY => self.first = next,
            previous => links(&mut all[previous as usize]).next = next,
        }
        match next {
            NOBODY => self.last = previous,
            next => links(&mut all[next as usize]).previous = previous,
        }
        self.len -= 1;
    }

    /// The keys of all entries, the oldest first.
    pub(super) fn keys<'a, T>(
        &self,
        all: &'a Slab<T>,
        links: impl Fn(&'a T) -> &'a Links,
    ) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first(), move |&key| {
            Some(links(&all[key as usize]).next).filter(|&next| next != NOBODY)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(chain: &Chain, all: &Slab<Links>) -> Vec<u32> {
        chain.keys(all, |links| links).collect()
    }

    #[test]
    fn what_is_in_a_chain_keeps_its_order_wherever_one_leaves() {
        for leaves in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
            let mut all: Slab<Links> = Slab::new();
            let mut chain = Chain::default();
            for key in 0..3 {
                all.insert(Links::default());
                chain.push(&mut all, |links| links, key);
            }
            let mut expected = vec![0, 1, 2];
            assert_eq!(keys(&chain, &all), expected);
            for key in leaves {
                chain.remove(&mut all, |links| links, key);
                expected.retain(|&one| one != key);
                assert_eq!(keys(&chain, &all), expected);
                assert_eq!(
                    (chain.len(), chain.first()),
                    (expected.len(), expected.first().copied())
                );
            }
        }
    }
}
