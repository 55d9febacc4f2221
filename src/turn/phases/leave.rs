//! The phase *leave*: ended connections leave the chat, and the senders of messages that came back are told.

use crate::chat::Outcome;
use crate::turn::Turn;

impl Turn {
    /// Takes ended connections out of the chat, then tells the senders of returned messages, up to a
    /// budget. Returns the number of both together.
    pub(in crate::turn) fn leave(&mut self) -> usize {
        self.follow_up();
        self.end_the_overflowed();
        let left = self.take_out_of_the_chat();
        for returned in 0..self.limits.budgets.returns {
            let Some((parcel, reason)) = self.outboxes.next_returned() else {
                return left + returned;
            };
            self.settle(&parcel, Outcome::Undelivered(reason));
        }
        left + self.limits.budgets.returns
    }

    /// Takes all connections that have ended out of the chat, and returns their number. It needs no budget:
    /// the phases that end connections have budgets.
    pub(super) fn take_out_of_the_chat(&mut self) -> usize {
        let departed = self.leaving.len();
        self.may_hear |= departed > 0;
        while let Some(id) = self.leaving.pop_front() {
            let (now, from) = (self.now, self.block_of(id));
            let (chat, mut sink) = self.chat_and_sink();
            chat.leave(now, (id, from), &mut sink);
        }
        departed
    }
}
