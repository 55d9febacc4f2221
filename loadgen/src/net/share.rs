//! What a shard does of the plan's messages: all shards draw the same ones, and each sends those of its own
//! phones.
//!
//! So that all draw the same, nothing may depend on what only one shard knows: a phone counts as connected when
//! it had its time to connect, whether or not it is. A message whose sender is not there is not sent, and the
//! shard of its recipient will wait in vain: `record/books/crossing.rs` has the account of that.

use std::time::Duration;

use switchboard::timer::Moment;

use super::run::Run;
use crate::client::{AccountWords, Realm};
use crate::phone_id::PhoneId;
use crate::schedule::Timing;
use crate::workload::Shard;

/// The time that a phone has to connect, unless half the ramp is shorter.
const TO_CONNECT: Duration = Duration::from_secs(1);

/// Whether all shards take a phone to be connected at this moment.
fn is_taken_to_be_there(timing: &Timing, phone: PhoneId, at: Moment) -> bool {
    let share = f64::from(phone.0) / f64::from(timing.clients);
    let comes = Moment::START + timing.ramp.mul_f64(share);
    comes + TO_CONNECT.min(timing.ramp / 2) <= at
}

impl Run<'_> {
    /// Draws the next message of the plan, and does what this shard has to do with it.
    pub(super) fn take_share(&mut self, shard: Shard, planned: Moment) {
        let timing = &self.plan.timing;
        let pair = self.cursor.peers.next(|id| is_taken_to_be_there(timing, id, planned));
        let record = &mut self.desk.record;
        let Some((sender, recipient)) = pair else {
            // All shards leave it out, and one counts it.
            record.skipped_sends += u64::from(shard.number == 1);
            return record.pass(None, planned);
        };
        if let Realm::Account(words) = self.realm {
            return self.take_share_of_users(words, shard, (sender, recipient), planned);
        }
        let is_there = self.lines.are_ready(sender);
        match (shard.has(sender), shard.has(recipient)) {
            (true, true) if is_there && self.lines.are_ready(recipient) => {
                let now = self.clock.now();
                self.send(sender, recipient, planned, now);
            }
            (true, false) if is_there => {
                self.send_across((sender, recipient), planned);
                self.note_if_late(planned);
            }
            (true, false) => {
                record.skipped_sends += 1;
                record.books.leave_out(sender, recipient, planned);
            }
            (true, true) => {
                record.skipped_sends += 1;
                record.pass(pair, planned);
            }
            (false, true) => {
                let slot = self.lines.slot(recipient);
                let line = slot.line.as_ref().filter(|_| slot.is_ready);
                // This process may be behind with connecting, and the sender's with nothing.
                let was_there = line.is_some_and(|line| line.ready + Shard::APART <= planned);
                record.books.expect(sender, (self.lines.party(recipient), was_there), planned);
            }
            (false, false) => record.pass(pair, planned),
        }
    }

    /// The same of a message between users, which may be for phones of all shards. Only its sender must be there.
    fn take_share_of_users(
        &mut self,
        words: &dyn AccountWords,
        shard: Shard,
        (sender, recipient): (PhoneId, PhoneId),
        planned: Moment,
    ) {
        match (shard.has(sender), self.lines.are_ready(sender)) {
            (true, true) => {
                let now = self.clock.now();
                self.post(words, (sender, recipient), planned, now);
                self.note_if_late(planned);
            }
            (is_ours, _) => {
                let recipient = self.desk.place(sender, recipient).recipient();
                self.desk.record.leave_to_others((sender, recipient), planned, is_ours);
            }
        }
    }

    /// Other shards wait for what is sent to them for as long as the plan says after the last message was due. Half of
    /// that is for the server.
    fn note_if_late(&mut self, planned: Moment) {
        if self.clock.now().since(planned) > self.plan.settle / 2 {
            self.desk.record.books.note_late();
        }
    }

    /// A phone writes to a phone of another shard.
    fn send_across(&mut self, (from, to): (PhoneId, PhoneId), planned: Moment) {
        // Sessions write only to sessions of their own process, and users have gone another way.
        let Realm::Mobile(words) = self.realm else { return };
        let now = self.clock.now();
        let stamp = self.desk.record.books.send_across(from, to, planned);
        self.write_message(words, &stamp);
        self.desk.record.sent(stamp.number, planned, now, false);
        self.write(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Arrivals, Stage};

    #[test]
    fn a_phone_is_there_for_all_shards_when_it_had_its_time_to_connect() {
        let there = |ramp: u64, phone, millis| {
            let ramp = Duration::from_secs(ramp);
            let stages = Stage::ramp_and_hold(10, ramp, Duration::from_secs(5), 1.0);
            let timing = Timing::of(stages, Arrivals::Constant, Duration::ZERO, 1);
            let at = Moment::START + Duration::from_millis(millis);
            is_taken_to_be_there(&timing, PhoneId(phone), at)
        };
        assert_eq!((there(10, 0, 999), there(10, 0, 1000)), (false, true));
        assert_eq!((there(10, 9, 9_999), there(10, 9, 10_000)), (false, true));
        assert_eq!((there(1, 5, 999), there(1, 5, 1000)), (false, true));
    }
}
