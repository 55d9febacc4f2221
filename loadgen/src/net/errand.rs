//! [`Errand`]: what a phone answers to what it has just heard. The desk notes it, since it has no line; the
//! exchange says it.

use crate::client::{Pen, Phone};
use crate::workload::Names;

/// What a phone has to say to what it has heard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Errand {
    /// It has read this message.
    Read(u64),
    /// It accepts this invitation, or declines it.
    Answer { invitation: u64, accepts: bool },
}

impl Errand {
    /// Says it.
    pub(super) fn run(self, phone: &Phone, names: &Names, pen: &mut Pen, out: &mut Vec<u8>) {
        match self {
            Errand::Read(message) => phone.mark_read(names.message(message).as_str(), pen, out),
            Errand::Answer { invitation, accepts } => {
                phone.answer(names.invitation(invitation).as_str(), accepts, pen, out);
            }
        }
    }
}
