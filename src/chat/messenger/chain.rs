//! [`Chain`]: things of a slab in the order in which they came, each of which may leave from the
//! middle. A thing carries [`Links`], the keys of its neighbours, for each chain that it can be in.
//!
//! A queue that is searched would cost its length, and an attacker chooses that. This costs the same
//! few steps however long it is. Which links are meant, the caller says with a function. Used for
//! messages by age, messages by sender, and people who are offline.

use slab::Slab;

/// Things in the order in which they came.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    first: u32,
    last: u32,
    len: u32,
}

/// The neighbours of a thing in a chain; without meaning while it is in none.
#[derive(Clone, Copy)]
pub(super) struct Links {
    previous: u32,
    next: u32,
}

/// Who stands beside the first and the last.
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
    /// The one that has been in here for longest.
    pub(super) fn first(&self) -> Option<u32> {
        (self.first != NOBODY).then_some(self.first)
    }

    /// How many are in here.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Puts a thing that is not in the chain at its end.
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

    /// Takes a thing out that is in the chain.
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

    /// The keys of all that are in here, oldest first.
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
