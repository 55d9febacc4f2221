//! What the server says to devices of sessions: [`Desk`] enters it into the record, and notes as an
//! [`Errand`] what the device answers.

use switchboard::timer::Moment;

use super::Desk;
use crate::client::Told;
use crate::net::errand::Errand;
use crate::phone_id::PhoneId;
use crate::record::{Arrival, Books, Messenger, Party, invitation_number};
use crate::workload::Names;

impl Desk {
    /// A sociable device has heard something.
    pub(super) fn hear_told(&mut self, by: PhoneId, told: &Told<'_>, now: Moment) {
        let names = self.names;
        match told {
            Told::Message { .. } => self.hear_message(by, told, true, now),
            Told::Status { id, status } => {
                let Some((messenger, books)) = self.messenger() else { return };
                messenger.hear_status(by, names.read_message(id), *status, books, now);
            }
            Told::Typing { from, is_typing } => {
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.see_typing(by, names.read_session(from), *is_typing, now);
            }
            Told::Contact { session, is_online } if self.record.follows => {
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.hear_contact(by, names.read_session(session), *is_online, now);
            }
            Told::Invited { id, to, .. } if Names::is_hogs_invitation(id) => {
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.show_hogs_invitation(by, names.read_session(to));
            }
            Told::Answered { id, to, answer, .. } if Names::is_hogs_invitation(id) => {
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.hear_of_hogs_invitation(by, names.read_session(to), *answer);
            }
            Told::Invited { id, from, to } => {
                let ends = (names.read_session(from), names.read_session(to));
                self.hear_invitation(by, names.read_invitation(id), ends, now);
            }
            Told::Answered { id, from, to, answer } => {
                let ends = (names.read_session(from), names.read_session(to));
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.hear_answer(by, names.read_invitation(id), ends, *answer, now);
            }
            // In the end all hang up, and it no longer matters which contacts are told.
            Told::Contact { .. } | Told::Authenticated => {}
        }
    }

    /// A device that is not sociable has heard something. Only messages count.
    pub(super) fn overhear_told(&mut self, by: PhoneId, told: &Told<'_>, now: Moment) {
        match told {
            Told::Message { .. } => self.hear_message(by, told, false, now),
            Told::Authenticated
            | Told::Status { .. }
            | Told::Typing { .. }
            | Told::Contact { .. }
            | Told::Invited { .. }
            | Told::Answered { .. } => self.record.heard.by_hostile += 1,
        }
    }

    fn hear_message(&mut self, by: PhoneId, told: &Told<'_>, is_sociable: bool, now: Moment) {
        let Told::Message { id, from, to, text, is_outgoing } = told else { return };
        let names = self.names;
        // The id and the recipient that the server names must be those in the text.
        let stamp = self.texts.read(text).filter(|stamp| {
            names.read_message(id) == Some(stamp.number)
                && names.read_session(to) == Some(stamp.recipient)
        });
        let (from, is_outgoing) = (names.read_session(from), *is_outgoing);
        let arrival = Arrival { by, stamp, from, is_outgoing };
        let Some((messenger, books)) = self.messenger() else { return };
        let devices = messenger.devices;
        let receipt = messenger.receive(&arrival, books, now);
        if let Some(receipt) = &receipt {
            self.keep(receipt);
        }
        if !is_sociable {
            return;
        }
        if let Some(receipt) = &receipt {
            self.deliver(receipt, now);
        }
        let is_for = |session| stamp.filter(|stamp| stamp.recipient == session);
        if let Some(stamp) = is_for(devices.session(by))
            && devices.handles(stamp.number) == devices.place(by)
            && self.manners.is_read(stamp.number, self.seed)
        {
            self.errands.push(Errand::Read(stamp.number));
        }
    }

    fn hear_invitation(
        &mut self,
        by: PhoneId,
        invitation: Option<u64>,
        ends: (Option<PhoneId>, Option<PhoneId>),
        now: Moment,
    ) {
        let (manners, seed, connection) = (self.manners, self.seed, self.hearing);
        let by = Party { phone: by, generation: connection.0 };
        let ready = connection.1;
        let Some((messenger, _)) = self.messenger() else { return };
        let ends = match ends {
            (Some(from), Some(to)) => Some((from, to)),
            _ => None,
        };
        let is_it =
            |&(from, to): &(PhoneId, PhoneId)| invitation == Some(invitation_number(from, to));
        let known = ends.filter(is_it);
        let invitation = known.and(invitation);
        let answers = messenger.show_invitation(by, invitation, ready, now);
        if let Some(((from, to), invitation)) = known.zip(invitation).filter(|_| answers) {
            let accepts = !manners.declines(from, to, seed);
            messenger.invitations.answer(by.phone, invitation, accepts, now);
            if accepts {
                messenger.contacts.meet(from, to);
            }
            self.errands.push(Errand::Answer { invitation, accepts });
        }
    }

    fn messenger(&mut self) -> Option<(&mut Messenger, &mut Books)> {
        let record = &mut self.record;
        record.checked.messenger_mut().map(|messenger| (messenger, &mut record.books))
    }
}
