//! [`Rings`]: many doubly linked lists in one vector. A *member* is a number that is in one list at
//! a time; it can leave from the middle without anybody looking for it.
//!
//! Each list is closed into a ring by a *head*, a node that is no member:
//!
//! ```text
//!   ┌─▶ head ◀─▶ member ◀─▶ member ◀─┐        an empty ring:  ┌─▶ head ◀─┐
//!   └────────────────────────────────┘                        └──────────┘
//! ```
//!
//! So every member has a neighbour on both sides, always, and no step needs to ask whether it is at
//! an end, nor which ring it is in. Links are indices of four bytes, half a pointer, and `unsafe`
//! has no part in it. Knows nothing of timers. Called by the wheel only.

/// A fixed number of rings, and a growing number of members.
pub(super) struct Rings {
    /// The heads first, then the members.
    nodes: Vec<Node>,
    heads: u32,
}

/// A head or a member, and its two neighbours.
#[derive(Clone, Copy)]
pub(super) struct Node {
    previous: u32,
    next: u32,
}

impl Rings {
    /// Rings number 0 to `rings - 1`, all empty; there are no members yet.
    pub(super) fn new(rings: u32) -> Self {
        Rings { nodes: (0..rings).map(alone).collect(), heads: rings }
    }

    /// Makes one more member, which is in no ring yet. The first is number 0.
    pub(super) fn grow(&mut self) -> u32 {
        let node = u32::try_from(self.nodes.len()).expect("no limit allows four billion timers");
        self.nodes.push(alone(node));
        node - self.heads
    }

    /// The member that has been in the ring for longest.
    pub(super) fn first(&self, ring: u32) -> Option<u32> {
        let next = self.nodes[ring as usize].next;
        (next != ring).then(|| next - self.heads)
    }

    /// Puts a member that is in no ring at the end of this one.
    pub(super) fn append(&mut self, ring: u32, member: u32) {
        let node = self.heads + member;
        debug_assert_eq!(self.nodes[node as usize].next, node, "a member is in one ring at a time");
        let last = self.nodes[ring as usize].previous;
        self.link(last, node);
        self.link(node, ring);
    }

    /// Takes a member out of the ring it is in; returns that ring if it is empty now.
    pub(super) fn remove(&mut self, member: u32) -> Option<u32> {
        let node = self.heads + member;
        let Node { previous, next } = self.nodes[node as usize];
        debug_assert_ne!(next, node, "only a member of a ring can leave it");
        self.link(previous, next);
        self.nodes[node as usize] = alone(node);
        // With the same neighbour on both sides it was the only member: that neighbour is the head.
        (previous == next).then_some(next)
    }

    /// Puts all members of one ring at the end of another, however many there are.
    pub(super) fn move_all(&mut self, from: u32, to: u32) {
        let Node { previous: last, next: first } = self.nodes[from as usize];
        if first == from {
            return;
        }
        self.nodes[from as usize] = alone(from);
        let before = self.nodes[to as usize].previous;
        self.link(before, first);
        self.link(last, to);
    }

    /// All members of a ring, in order. For tests and the simulator.
    pub(super) fn members(&self, ring: u32) -> impl Iterator<Item = u32> {
        let mut node = ring;
        std::iter::from_fn(move || {
            node = self.nodes[node as usize].next;
            (node != ring).then(|| node - self.heads)
        })
    }

    /// Makes two nodes neighbours.
    fn link(&mut self, left: u32, right: u32) {
        self.nodes[left as usize].next = right;
        self.nodes[right as usize].previous = left;
    }

    /// How many nodes there is memory for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.nodes.capacity()
    }
}

/// A node that is its own neighbour: a head without members, or a member without a ring.
fn alone(node: u32) -> Node {
    Node { previous: node, next: node }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: u32 = 0;
    const BLUE: u32 = 1;

    /// Members 0, 1 and 2 in the red ring; the blue one is empty.
    fn three_red() -> Rings {
        let mut rings = Rings::new(2);
        for expected in 0..3 {
            let member = rings.grow();
            assert_eq!(member, expected);
            rings.append(RED, member);
        }
        rings
    }

    fn drain(rings: &mut Rings, ring: u32) -> Vec<u32> {
        std::iter::from_fn(|| {
            let member = rings.first(ring)?;
            rings.remove(member);
            Some(member)
        })
        .collect()
    }

    #[test]
    fn members_stand_in_the_order_of_their_arrival() {
        assert_eq!(drain(&mut three_red(), RED), [0, 1, 2]);
    }

    #[test]
    fn a_member_leaves_from_the_middle_and_may_join_another_ring() {
        let mut rings = three_red();
        assert_eq!(rings.remove(1), None);
        rings.append(BLUE, 1);
        assert_eq!(drain(&mut rings, RED), [0, 2]);
        assert_eq!(drain(&mut rings, BLUE), [1]);
    }

    #[test]
    fn the_last_to_leave_tells_which_ring_is_empty_now() {
        let mut rings = three_red();
        assert_eq!([2, 0, 1].map(|member| rings.remove(member)), [None, None, Some(RED)]);
        assert_eq!(rings.first(RED), None);
    }

    #[test]
    fn a_whole_ring_moves_behind_what_is_in_the_other_already() {
        let mut rings = three_red();
        rings.remove(2);
        rings.append(BLUE, 2);
        rings.move_all(RED, BLUE);
        assert_eq!(rings.first(RED), None);
        assert_eq!(drain(&mut rings, BLUE), [2, 0, 1]);
    }

    #[test]
    fn moving_an_empty_ring_changes_nothing() {
        let mut rings = three_red();
        rings.move_all(BLUE, RED);
        assert_eq!(rings.first(BLUE), None);
        assert_eq!(drain(&mut rings, RED), [0, 1, 2]);
    }
}
