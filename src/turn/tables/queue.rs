//! [`Queue`]: a first-in-first-out queue of slots, from whose middle a member can be removed.
//!
//! It is an intrusive, doubly linked list: the links of all queues stand in one array, indexed by the
//! member itself. So every operation is O(1) and allocates nothing; a link has 8 bytes. (A `VecDeque` was
//! rejected: to remove a member from its middle is O(members).) A member stands in one queue at a time;
//! the caller keeps track of which one.

/// No member: the end of a queue.
const NONE: u32 = u32::MAX;

/// A queue: its first and its last member. The links stand elsewhere.
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Queue {
    head: u32,
    tail: u32,
}

/// The neighbours of a member in its queue.
#[derive(Clone, Copy, Debug)]
pub(in crate::turn) struct Link {
    prev: u32,
    next: u32,
}

impl Link {
    /// No neighbours.
    pub(in crate::turn) const NONE: Link = Link { prev: NONE, next: NONE };
}

impl Queue {
    /// A queue without members.
    pub(in crate::turn) const EMPTY: Queue = Queue { head: NONE, tail: NONE };

    /// The first member.
    pub(in crate::turn) fn first(self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// All members, in order.
    pub(in crate::turn) fn members(self, links: &[Link]) -> impl Iterator<Item = u32> {
        let mut next = self.first();
        std::iter::from_fn(move || {
            let member = next?;
            let behind = links[member as usize].next;
            next = (behind != NONE).then_some(behind);
            Some(member)
        })
    }

    /// Appends `member`, which must stand in no queue.
    pub(in crate::turn) fn push_back(&mut self, links: &mut [Link], member: u32) {
        links[member as usize] = Link { prev: self.tail, next: NONE };
        match self.tail {
            NONE => self.head = member,
            tail => links[tail as usize].next = member,
        }
        self.tail = member;
    }

    /// Puts `member`, which must stand in no queue, before all others.
    pub(in crate::turn) fn push_front(&mut self, links: &mut [Link], member: u32) {
        links[member as usize] = Link { prev: NONE, next: self.head };
        match self.head {
            NONE => self.tail = member,
            head => links[head as usize].prev = member,
        }
        self.head = member;
    }

    /// Removes `member`, which must stand in this queue.
    pub(in crate::turn) fn remove(&mut self, links: &mut [Link], member: u32) {
        let Link { prev, next } = std::mem::replace(&mut links[member as usize], Link::NONE);
        match prev {
            NONE => self.head = next,
            prev => links[prev as usize].next = next,
        }
        match next {
            NONE => self.tail = prev,
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
