//! What happens around a command of `--at`: it is started, and phones that lose their connection after it come
//! back.

use std::time::Duration;

use switchboard::timer::Moment;

use super::cursor::Stage;
use super::run::Run;
use super::task::{Deed, Task};
use crate::client::Ending;
use crate::phone_id::PhoneId;
use crate::record::Party;
use crate::workload::conduct;

/// The mean time after which a phone comes back: it is half to one and a half of this. It doubles with each attempt that
/// fails, up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Starts the commands whose moment has come, and notes which have ended.
    pub(super) fn run_commands(&mut self, now: Moment) {
        while let Some(at) = self.commands.next_due(now) {
            if !self.cursor.is_playing() {
                continue;
            }
            self.desk.record.commands.began(at, now);
            self.commands.start(at, now);
        }
        self.note_ended_commands();
    }

    /// Notes which commands have ended.
    pub(super) fn note_ended_commands(&mut self) {
        while let Some((at, moment, how)) = self.commands.next_ended() {
            self.desk.record.commands.ended(at, moment, how);
        }
    }

    /// Whether a connection that ends like this may have ended because of a command. That is so until all
    /// phones are back.
    pub(super) fn is_effect(&self, id: PhoneId, ending: Ending, now: Moment) -> bool {
        let is_ours = ending.is_clean() || matches!(ending, Ending::Noticed | Ending::LeftOpen);
        !is_ours && self.is_after_command(now) && self.may_come_back(id)
    }

    /// Whether a command may still have an effect on connections.
    pub(super) fn is_after_command(&self, now: Moment) -> bool {
        self.commands.has_effect(now) || self.desk.record.commands.away() > 0
    }

    /// Whether a phone may dial again. While messages settle, those may that a command has driven away: the plan may
    /// have ended in the middle of their pause.
    pub(super) fn may_come_back(&self, id: PhoneId) -> bool {
        match self.cursor.stage {
            Stage::Playing => true,
            Stage::Settling => self.desk.record.commands.is_away(id),
            Stage::Listening { .. } | Stage::HangingUp { .. } | Stage::Over => false,
        }
    }

    /// Whether phones are waited for that a command has driven away.
    pub(super) fn waits_for_returns(&self, now: Moment) -> bool {
        let until = self.cursor.sending_ended() + self.plan.settle;
        self.desk.record.commands.away() > 0 && now < until
    }

    /// A phone has lost its connection because of a command, or could not get it back. It tries again soon, or when
    /// the server has asked it to.
    pub(super) fn plan_recovery(
        &mut self,
        id: PhoneId,
        party: Party,
        away_for: Option<Duration>,
        now: Moment,
    ) {
        let slot = &mut self.lines.slots[id.index()];
        let mean = PAUSE.saturating_mul(1 << slot.attempts.min(8)).min(LONGEST_PAUSE);
        slot.attempts = slot.attempts.saturating_add(1);
        self.desk.record.commands.lost_phone(id, away_for.map(|time| now + time));
        let pause = conduct::backoff(id, party.generation, mean, self.plan.timing.seed);
        let pause = away_for.unwrap_or_default() + pause;
        self.cursor.add(Task::new(party, now + pause, Deed::Return));
    }

    /// A phone is ready: it may have been away because of a command.
    pub(super) fn note_recovery(&mut self, id: PhoneId, now: Moment) {
        if std::mem::take(&mut self.lines.slots[id.index()].attempts) > 0 {
            self.desk.record.commands.is_back(id, now);
        }
    }
}
