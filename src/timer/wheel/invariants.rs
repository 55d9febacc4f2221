//! What must hold for the wheel between two calls. For tests and the simulator.

use super::tick::Tick;
use super::{DUE, FREE, SLOTS, TimerId, Wheel};
use crate::timer::Moment;

impl<T> Wheel<T> {
    /// Panics if an entry is lost. Returns every timer, with the moment at which it is due;
    /// `None` is "never".
    pub fn check_invariants(&self) -> Vec<(TimerId, &T, Option<Moment>)> {
        let mut timers = Vec::new();
        let mut add = |index: u32, tick: Tick| {
            let entry = &self.entries[index as usize];
            let value = entry.value.as_ref().expect("what is in a slot is a timer");
            timers.push((TimerId { index, generation: entry.generation }, value, tick.moment()));
        };
        // Only the slots that are marked as occupied: a timer elsewhere would never be found.
        let mut slot = SLOTS - 1;
        for turn in 0..SLOTS {
            let Some(next) = self.occupancy.next_after(slot) else { break };
            if turn > 0 && next <= slot {
                break;
            }
            slot = next;
            assert!(self.rings.first(slot).is_some(), "slot {slot} is said to be occupied");
            for index in self.rings.members(slot) {
                add(index, Tick::in_round(self.entries[index as usize].round, slot));
            }
        }
        for index in self.rings.members(DUE) {
            let round = self.entries[index as usize].round;
            add(index, self.cursor.max(Tick::in_round(round, self.cursor.slot())));
        }
        assert_eq!(timers.len(), self.live, "a timer is where nobody looks for it");
        let free = self.rings.members(FREE).count();
        assert_eq!(timers.len() + free, self.entries.len(), "an entry is in no ring");
        timers
    }
}
