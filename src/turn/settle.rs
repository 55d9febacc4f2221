//! [`Turn::settle`]: tells the chat what became of a message that was queued.
//!
//! The send phase calls it for each message that the kernel has taken, and the leave phase for each one
//! that came back. The chat counts the message and tells its sender.

use super::Turn;
use super::tables::parcel::Parcel;
use crate::chat::{Kind, Outcome, Receipt};

impl Turn {
    /// Tells the chat what became of a parcel, if the parcel is a message.
    pub(super) fn settle(&mut self, parcel: &Parcel, outcome: Outcome) {
        let (chat, mut sink) = self.chat_and_sink();
        match parcel.kind {
            Kind::Message(receipt) => {
                chat.settle(receipt, parcel.message_id(), outcome, &mut sink);
                if let Receipt::Backend { asker } = receipt {
                    self.tell_backend(asker, outcome);
                }
            }
            Kind::ForConnection | Kind::ForPerson => {}
        }
    }
}
