//! [`Queue`]: a first-in-first-out queue of small numbers from whose middle anyone can step out.
//!
//! It is intrusive: the links stand in one array beside the queues, indexed by the member itself,
//! so joining, leaving and jumping the queue are a few assignments and never allocate. A member
//! stands in one queue at a time; keeping track of which one is its owner's business.

/// Nobody: the end of a queue.
const NOBODY: u32 = u32::MAX;

/// A queue; the members' links stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Queue {
    head: u32,
    tail: u32,
}

/// A member's neighbours.
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Link {
    prev: u32,
    next: u32,
}

impl Link {
    /// No neighbours.
    pub(in crate::turn) const NONE: Link = Link { prev: NOBODY, next: NOBODY };
}

impl Queue {
    /// A queue in which nobody stands.
    pub(in crate::turn) const EMPTY: Queue = Queue { head: NOBODY, tail: NOBODY };

    /// Who is first.
    pub(in crate::turn) fn first(self) -> Option<u32> {
        (self.head != NOBODY).then_some(self.head)
    }

    /// Everyone in it, in order.
    pub(in crate::turn) fn members(self, links: &[Link]) -> impl Iterator<Item = u32> {
        let mut next = self.first();
        std::iter::from_fn(move || {
            let member = next?;
            let behind = links[member as usize].next;
            next = (behind != NOBODY).then_some(behind);
            Some(member)
        })
    }

    /// `member`, who stands in no queue, joins behind everyone.
    pub(in crate::turn) fn push_back(&mut self, links: &mut [Link], member: u32) {
        links[member as usize] = Link { prev: self.tail, next: NOBODY };
        match self.tail {
            NOBODY => self.head = member,
            tail => links[tail as usize].next = member,
        }
        self.tail = member;
    }

    /// `member`, who stands in no queue, goes before everyone.
    pub(in crate::turn) fn push_front(&mut self, links: &mut [Link], member: u32) {
        links[member as usize] = Link { prev: NOBODY, next: self.head };
        match self.head {
            NOBODY => self.tail = member,
            head => links[head as usize].prev = member,
        }
        self.head = member;
    }

    /// `member`, who stands in this queue, steps out.
    pub(in crate::turn) fn remove(&mut self, links: &mut [Link], member: u32) {
        let Link { prev, next } = std::mem::replace(&mut links[member as usize], Link::NONE);
        match prev {
            NOBODY => self.head = next,
            prev => links[prev as usize].next = next,
        }
        match next {
            NOBODY => self.tail = prev,
            next => links[next as usize].prev = prev,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(queue: Queue, links: &[Link]) -> Vec<u32> {
        queue.members(links).collect()
    }

    #[test]
    fn members_can_join_at_both_ends_and_leave_from_anywhere() {
        let mut links = [Link::NONE; 4];
        let mut queue = Queue::EMPTY;
        queue.push_back(&mut links, 1);
        queue.push_back(&mut links, 2);
        queue.push_front(&mut links, 0);
        queue.push_back(&mut links, 3);
        assert_eq!(members(queue, &links), [0, 1, 2, 3]);
        for (leaves, left) in [(2, vec![0, 1, 3]), (0, vec![1, 3]), (3, vec![1]), (1, vec![])] {
            queue.remove(&mut links, leaves);
            assert_eq!(members(queue, &links), left);
        }
        assert_eq!(queue.first(), None);
    }
}
