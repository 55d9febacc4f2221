//! The phase *leave*: the departed leave the chat, and who wrote to them in vain is told.

use crate::chat::Outcome;
use crate::turn::Turn;

impl Turn {
    /// The phase *leave*: the departed leave the chat, and who wrote to them in vain is told. Returns
    /// how many left and how many messages came back, together.
    pub(in crate::turn) fn leave(&mut self) -> usize {
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

    /// Needs no budget of its own: no phase ends more connections in a turn than its budget allows.
    pub(super) fn take_out_of_the_chat(&mut self) -> usize {
        let departed = self.leaving.len();
        while let Some(id) = self.leaving.pop_front() {
            let (now, from) = (self.now, self.block_of(id));
            let (chat, mut sink) = self.chat_and_sink();
            chat.leave(now, (id, from), &mut sink);
        }
        departed
    }
}
