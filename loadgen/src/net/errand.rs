//! [`Errand`]: what a phone answers to what it has just heard. The desk notes it, since it has no line; the
//! exchange says it.

use crate::client::{MessengerWords, Pen};
use crate::workload::Names;

/// What a phone answers to what it has heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// It has read this message.
    Read(u64),
    /// It accepts this invitation, or declines it.
    Answer { invitation: u64, accepts: bool },
}

impl Errand {
    /// Says it.
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
