//! [`Errand`]: what a device answers to what it has just heard. The desk notes it, since the desk has no
//! line; the exchange writes it.

use crate::client::{MessengerWords, Pen};
use crate::workload::Names;

/// What a device answers to what it has heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// It has read the message with this number.
    Read(u64),
    /// It accepts the invitation with this number, or declines it.
    Answer { invitation: u64, accepts: bool },
}

impl Errand {
    /// Writes it.
    pub(super) fn run(
        self,
        words: &dyn MessengerWords,
        names: &Names,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) {
        match self {
            Errand::Read(message) => words.mark_read(names.message(message).as_str(), pen, out),
            Errand::Answer { invitation, accepts } => {
                words.answer(names.invitation(invitation).as_str(), accepts, pen, out);
            }
        }
    }
}
