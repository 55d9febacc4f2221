//! What devices of sessions do: they write messages and invitations.

use std::mem;

use switchboard::timer::Moment;

use super::desk::Desk;
use super::lines::Lines;
use super::run::Run;
use crate::client::{Letter, MessengerWords, Realm};
use crate::phone_id::PhoneId;
use crate::record::{Begun, Party, Posted, invitation_number};
use crate::workload::Names;
use crate::workload::conduct::HOG_INVITATIONS;

impl Run<'_> {
    /// A session writes to another.
    pub(super) fn send_letter(
        &mut self,
        words: &dyn MessengerWords,
        (from, to): (PhoneId, PhoneId),
        planned: Moment,
        now: Moment,
    ) -> u64 {
        let way = self.lines.way(from, to);
        let Lines { slots, devices, pen, out, text, .. } = &mut self.lines;
        let is_sociable = slots[to.index()].persona.is_sociable();
        let Desk { record, texts, names, manners, seed, .. } = &mut self.desk;
        let Some(messenger) = record.checked.messenger_mut() else { return 0 };
        let parties = (messenger.party(from), messenger.party(to));
        let stamp = record.books.send(parties.0, parties.1, way, planned, now);
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
            others.for_each(|device| messenger.typing.expect(parties.0, parties.1, device, now));
        }
        let device = devices.device(from, written_on);
        let [id, sender, recipient] =
            [names.message(number), names.session(from), names.session(to)];
        let letter =
            Letter { id: id.as_str(), from: sender.as_str(), to: recipient.as_str(), text };
        if slots[device.index()].line.as_ref().is_some_and(|line| line.phone.is_some()) {
            if is_typed {
                words.type_to(letter.to, true, pen, out);
            }
            words.message(&letter, pen, out);
            if is_typed {
                words.type_to(letter.to, false, pen, out);
            }
        }
        record.sent(number, planned, now, is_sociable);
        self.write(device);
        number
    }

    /// A session whose devices are all ready for the first time invites its circle.
    pub(super) fn invite_circle(&mut self, from: PhoneId, now: Moment) {
        let Realm::Messenger(words) = self.realm else { return };
        if !self.lines.are_ready(from) {
            return;
        }
        let Lines { slots, pen, out, .. } = &mut self.lines;
        let slot = &mut slots[from.index()];
        let is_first = !mem::replace(&mut slot.has_invited, true);
        let has_phone = slot.line.as_ref().is_some_and(|line| line.phone.is_some());
        if !is_first || !has_phone || !slot.persona.is_sociable() {
            return;
        }
        // A slow reader would answer much later.
        let mut circle = self.cursor.peers.circle(from);
        circle.retain(|peer| slots[peer.index()].persona.is_sociable());
        let Desk { record, names, .. } = &mut self.desk;
        let Some(messenger) = record.checked.messenger_mut() else { return };
        let sender = names.session(from);
        for to in circle {
            messenger.invite(from, to, now);
            let id = names.invitation(invitation_number(from, to));
            let recipient = names.session(to);
            let (id, from, to) = (id.as_str(), sender.as_str(), recipient.as_str());
            words.invite(&Letter { id, from, to, text: "Shall we be contacts?" }, pen, out);
        }
        self.write(from);
    }

    /// A quota hog invites sociable sessions, one after the other. Each of its connections goes on after the
    /// last session of the connection before.
    pub(super) fn hog(&mut self, party: Party) {
        let Realm::Messenger(words) = self.realm else { return };
        let Lines { slots, devices, pen, out, .. } = &mut self.lines;
        let is_sociable =
            |&id: &PhoneId| devices.session(id) == id && slots[id.index()].persona.is_sociable();
        let sociable: Vec<_> = (0..devices.phones()).map(PhoneId).filter(is_sociable).collect();
        let (names, Party { phone, generation }) = (&self.desk.names, party);
        let sender = names.hog(phone, generation);
        let first = phone.0.wrapping_add(generation).wrapping_mul(HOG_INVITATIONS);
        let recipients = sociable.iter().cycle().skip(first as usize % sociable.len().max(1));
        for (number, &to) in (0..HOG_INVITATIONS).zip(recipients) {
            let (id, to) = (Names::hogs_invitation(phone, generation, number), names.session(to));
            let (id, from, to) = (id.as_str(), sender.as_str(), to.as_str());
            words.invite(&Letter { id, from, to, text: "Buy now!" }, pen, out);
        }
        self.write(phone);
    }
}
