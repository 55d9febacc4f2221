//! [`Turn::settle`]: the chat is told what became of a message.

use super::Turn;
use super::tables::parcel::Parcel;
use crate::chat::{Kind, Outcome};

impl Turn {
    /// Tells a message's sender what became of it.
    pub(super) fn settle(&mut self, parcel: &Parcel, outcome: Outcome) {
        let (chat, mut sink) = self.chat_and_sink();
        match parcel.kind {
            Kind::Message(receipt) => {
                chat.settle(receipt, parcel.message_id(), outcome, &mut sink);
            }
            Kind::ForConnection | Kind::ForPerson => {}
        }
    }
}
