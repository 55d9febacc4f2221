//! The operator's orders about bans. What changes is handed to the driver as a [`BanChange`], too: it has the file.

use super::answered;
use crate::chat::{Ban, Banned, ConnectionId};
use crate::dialects::operator::{MOST_LISTED, shown_ban, until_is_over, wire};
use crate::http::{Response, Status};
use crate::session::Operated;
use crate::turn::Turn;

/// What the operator has changed of who is banned.
#[derive(Clone, Debug)]
pub enum BanChange {
    /// A ban begins, or its term changes.
    Banned(Ban),
    /// A ban was lifted.
    Lifted(Banned),
}

impl BanChange {
    /// Who was banned, or is no longer.
    pub fn who(&self) -> &Banned {
        match self {
            BanChange::Banned(ban) => &ban.who,
            BanChange::Lifted(who) => who,
        }
    }
}

impl Turn {
    /// Says that there is a file that keeps bans.
    pub fn keep_bans(&mut self, keeps: bool) {
        self.operator.keeps_bans = keeps;
    }

    /// The changes that are not in the file yet.
    pub fn take_ban_changes(&mut self) -> Vec<BanChange> {
        std::mem::take(&mut self.operator.ban_changes)
    }

    /// Carries out changes that a reload has undone, since they were not in the file yet.
    pub fn repeat_ban_changes(&mut self, changes: &[BanChange]) {
        for change in changes {
            match change.clone() {
                // There was room for it before.
                BanChange::Banned(ban) => drop(self.ban(ban)),
                BanChange::Lifted(who) => drop(self.unban(&who)),
            }
        }
    }

    pub(super) fn show_bans(&mut self) -> Operated {
        let (bans, total) = self.some_bans(MOST_LISTED);
        answered(&wire::Bans { bans: bans.iter().map(shown_ban).collect(), total })
    }

    pub(super) fn order_ban(&mut self, id: ConnectionId, ban: Ban) -> Operated {
        if !ban.term.holds(self.now.unix) {
            return Operated::Answer(until_is_over());
        }
        let on = ban.who.shown().0;
        let was_banned = match self.ban(ban.clone()) {
            Ok(was_banned) => was_banned,
            Err(full) => {
                return Operated::Answer(Response::new(Status::Conflict).json_detail(&full));
            }
        };
        self.note_order(id, ("ban", on), 1);
        self.changed(BanChange::Banned(ban), was_banned)
    }

    pub(super) fn order_unban(&mut self, id: ConnectionId, who: Banned) -> Operated {
        let was_banned = self.unban(&who);
        self.note_order(id, ("unban", who.shown().0), usize::from(was_banned));
        self.changed(BanChange::Lifted(who), was_banned)
    }

    fn changed(&mut self, change: BanChange, was_banned: bool) -> Operated {
        let kept = self.operator.keeps_bans;
        if kept {
            self.operator.ban_changes.push(change);
        }
        answered(&wire::BansChanged { was_banned, bans: self.count_bans(), kept })
    }
}
