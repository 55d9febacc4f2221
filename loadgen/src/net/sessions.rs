//! What phones do and hear in the protocol of sessions: [`Desk`] enters it, and notes as an [`Errand`]
//! what is to be answered; [`Run`] writes messages and invitations.

use std::mem;

use switchboard::timer::Moment;

use super::desk::Desk;
use super::run::Run;
use crate::client::{Letter, Pen, Phone, Told};
use crate::phone_id::PhoneId;
use crate::record::{Arrival, Begun, Messenger, Party, Posted, invitation_number};
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

impl Desk {
    /// A sociable phone has heard something.
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
            Told::Contact { session, is_online } if self.follows => {
                let Some((messenger, _)) = self.messenger() else { return };
                messenger.hear_contact(by, names.read_session(session), *is_online, now);
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
            // In the end all hang up, and who hears of whom is nobody's concern.
            Told::Contact { .. } | Told::Authenticated => {}
        }
    }

    /// A phone has heard something of which anything may be thought.
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
        // The id and the recipient that the server names have to be those in the text.
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
            messenger.invitations.answer(by.phone, invitation, accepts);
            if accepts {
                messenger.contacts.meet(from, to);
            }
            self.errands.push(Errand::Answer { invitation, accepts });
        }
    }

    fn messenger(&mut self) -> Option<(&mut Messenger, &mut crate::record::Books)> {
        let record = &mut self.record;
        record.messenger.as_deref_mut().map(|messenger| (messenger, &mut record.books))
    }
}

impl Run<'_> {
    /// A session writes to another.
    pub(super) fn send_letter(
        &mut self,
        from: PhoneId,
        to: PhoneId,
        planned: Moment,
        now: Moment,
    ) -> u64 {
        let devices = self.devices;
        let is_sociable = self.slots[to.index()].persona.is_sociable();
        let Run { desk, slots, pen, out, text, .. } = self;
        let Desk { record, texts, names, manners, seed, .. } = desk;
        let Some(messenger) = record.messenger.as_deref_mut() else { return 0 };
        let parties = (messenger.party(from), messenger.party(to));
        let stamp = record.books.send(parties.0, parties.1, planned, now);
        let number = stamp.number;
        texts.write(&stamp, text);
        let written_on = devices.writes(from, to);
        let is_read = is_sociable && manners.is_read(number, *seed);
        messenger.copies.send(Posted {
            from: parties.0,
            to: parties.1,
            begun: Begun { planned, actual: now },
            written_on,
            read_on: is_read.then(|| devices.handles(number)),
        });
        messenger.contacts.meet(from, to);
        let is_typed = is_sociable && manners.is_typed(number, *seed);
        if is_typed {
            let others = devices.of(to);
            others.for_each(|device| messenger.typing.expect(parties.0, parties.1, device));
        }
        let device = devices.device(from, written_on);
        let [id, sender, recipient] =
            [names.message(number), names.session(from), names.session(to)];
        let (to_name, text) = (recipient.as_str(), str::from_utf8(text).expect("a text is ASCII"));
        let letter = Letter { id: id.as_str(), from: sender.as_str(), to: to_name, text };
        if let Some(line) = &slots[device.index()].line
            && let Some(phone) = &line.phone
        {
            if is_typed {
                phone.type_to(to_name, true, pen, out);
            }
            phone.send_letter(&letter, pen, out);
            if is_typed {
                phone.type_to(to_name, false, pen, out);
            }
        }
        record.sent(number, planned, now, is_sociable);
        self.write(device);
        number
    }

    /// If a session has all its devices for the first time, it invites its circle.
    pub(super) fn invite_circle(&mut self, from: PhoneId, now: Moment) {
        if self.desk.record.messenger.is_none() || !self.is_complete(from) {
            return;
        }
        let is_first = !mem::replace(&mut self.slots[from.index()].has_invited, true);
        if !is_first || !self.slots[from.index()].persona.is_sociable() {
            return;
        }
        // Whoever reads slowly would answer when it suits him.
        let mut circle = self.peers.circle(from);
        circle.retain(|peer| self.slots[peer.index()].persona.is_sociable());
        let Run { desk, slots, pen, out, .. } = self;
        let Some(messenger) = desk.record.messenger.as_deref_mut() else { return };
        let Some(line) = &slots[from.index()].line else { return };
        let Some(phone) = &line.phone else { return };
        let sender = desk.names.session(from);
        for to in circle {
            messenger.invitations.send(messenger.party(from), to, now);
            let id = desk.names.invitation(invitation_number(from, to));
            let recipient = desk.names.session(to);
            let (id, from, to) = (id.as_str(), sender.as_str(), recipient.as_str());
            phone.invite(&Letter { id, from, to, text: "Shall we be contacts?" }, pen, out);
        }
        self.write(from);
    }
}
