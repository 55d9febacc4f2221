//! What phones do in the protocol of sessions: [`Run`] writes messages and invitations.

use std::mem;

use switchboard::timer::Moment;

use super::desk::Desk;
use super::run::Run;
use crate::client::Letter;
use crate::phone_id::PhoneId;
use crate::record::{Begun, Posted, invitation_number};

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
