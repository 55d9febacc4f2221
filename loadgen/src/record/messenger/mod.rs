//! [`Messenger`]: what happened among sessions, beside what happens in any realm: copies, statuses of
//! messages, invitations, typing, and contacts.
//!
//! It is told, as the [`Record`](super::Record) that it belongs to; what is wrong it counts as a
//! [`Breach`].

mod breach;
mod checks;
mod contacts;
mod copies;
mod invitations;
mod merged;
#[cfg(test)]
mod tests;
mod typing;

pub(crate) use breach::{Breach, Breaches};
pub(crate) use copies::{Copies, Posted, Tally};
pub(crate) use invitations::number as invitation_number;
pub(in crate::record) use merged::MessengerPart;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use switchboard::timer::Moment;

use super::books::{Books, Fault, Party, Receipt};
use super::measure::Measure;
use super::times::Times;
use crate::client::{Answer, Status};
use crate::phone_id::PhoneId;
use crate::workload::{Devices, Manners, Stamp};
use contacts::Contacts;
use copies::{Copy, News};
use invitations::Invitations;
use typing::Typing;

/// What happened among sessions.
#[derive(Debug)]
pub(crate) struct Messenger {
    pub(crate) devices: Devices,
    pub(crate) copies: Copies,
    pub(crate) invitations: Invitations,
    pub(crate) typing: Typing,
    pub(crate) contacts: Contacts,
    pub(crate) breaches: Breaches,
    /// From sending a message to hearing that it was read.
    pub(crate) read: Measure,
    /// From the moment at which an invitation could be answered to the moment at which its sender is told
    /// the answer.
    pub(crate) invitation: Times,
    /// By session: how often one of its devices has dialled. A message is under way between two such
    /// generations.
    generations: Vec<u32>,
    /// By device: its latest stay; `None` if it never came.
    stays: Vec<Option<Stay>>,
    /// Parties of which a device has gone, and when the first one did.
    gone: HashMap<Party, Moment>,
    /// Sessions of which a connection was not closed in good order.
    shaky: HashSet<PhoneId>,
    /// When something last came that was waited for.
    last_news: Moment,
}

/// A time in which a device was there.
#[derive(Clone, Copy, Debug)]
struct Stay {
    came: Moment,
    /// `None` if it is still there.
    went: Option<Moment>,
}

/// A device that leaves sooner than this after something was sent to it may miss it: the server may be slow.
const PATIENCE: Duration = Duration::from_secs(5);

impl Stay {
    /// Whether the device was still there when something that was on its way to it since `since` should have come.
    fn had_time(&self, since: Moment) -> bool {
        self.went.is_none_or(|went| since.max(self.came) + PATIENCE <= went)
    }

    /// Whether it was there at this moment, and had time for what was then sent to it.
    fn saw(&self, sent: Moment) -> bool {
        self.came <= sent && self.had_time(sent)
    }
}

/// A copy of a message, as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) by: PhoneId,
    /// What the text says of itself; `None` if it makes no sense.
    pub(crate) stamp: Option<Stamp>,
    /// The sender, as the server says.
    pub(crate) from: Option<PhoneId>,
    pub(crate) is_outgoing: bool,
}

impl Messenger {
    /// Nothing has happened yet.
    pub(crate) fn new(devices: Devices, manners: &Manners) -> Self {
        Messenger {
            devices,
            copies: Copies::new(devices, manners.receipts),
            invitations: Invitations::new(devices),
            typing: Typing::default(),
            contacts: Contacts::new(devices, manners.grace),
            breaches: Breaches::default(),
            read: Measure::default(),
            invitation: Times::default(),
            generations: vec![0; PhoneId(devices.sessions()).index()],
            stays: vec![None; PhoneId(devices.phones()).index()],
            gone: HashMap::new(),
            shaky: HashSet::new(),
            last_news: Moment::START,
        }
    }

    /// A session on the connections that it has.
    pub(crate) fn party(&self, session: PhoneId) -> Party {
        Party { phone: session, generation: self.generations[session.index()] }
    }

    /// A copy has come. Returns a receipt if it is the first copy of a message, and as it should be.
    pub(crate) fn receive(
        &mut self,
        arrival: &Arrival,
        books: &mut Books,
        now: Moment,
    ) -> Option<Receipt> {
        let Arrival { by, stamp, from, is_outgoing } = *arrival;
        let session = self.devices.session(by);
        self.last_news = now;
        let Some(stamp) = stamp.filter(|stamp| books.knows(stamp)) else {
            return books.receive(session, from, None);
        };
        if stamp.sender == session {
            self.copies.mirror(by, &stamp, is_outgoing, &mut self.breaches);
            return None;
        }
        if is_outgoing {
            self.breaches.add(Breach::MirrorWrong);
        }
        if stamp.recipient != session {
            return books.receive(session, from, Some(stamp));
        }
        let copy = self.copies.receive(by, &stamp, &mut self.breaches);
        match copy {
            Copy::First => {
                self.contacts.exchange(stamp.sender, stamp.recipient, now);
                return books.receive(session, from, Some(stamp));
            }
            Copy::Another if from == Some(stamp.sender) => {}
            Copy::Another => books.note(Fault::Misattributed),
            Copy::Late => books.note(Fault::Reordered),
            Copy::Twice => books.note(Fault::Duplicated),
        }
        None
    }

    /// A device is told what has become of a message.
    pub(crate) fn hear_status(
        &mut self,
        by: PhoneId,
        message: Option<u64>,
        status: Status,
        books: &mut Books,
        now: Moment,
    ) {
        self.last_news = now;
        let Some(number) = message else { return self.breaches.add(Breach::StatusUncalled) };
        match self.copies.hear(by, number, status, &mut self.breaches) {
            Some(News::Read(begun)) => self.read.add(begun, now),
            Some(News::Undelivered) => books.give_back(number),
            None => {}
        }
    }

    /// A session invites another.
    pub(crate) fn invite(&mut self, from: PhoneId, to: PhoneId, now: Moment) {
        let is_there =
            |device: PhoneId| self.stays[device.index()].is_some_and(|stay| stay.went.is_none());
        let from = self.party(from);
        self.invitations.send(from, to, is_there, now);
    }

    /// A device is shown an invitation, on this connection. Returns whether it should answer.
    pub(crate) fn show_invitation(
        &mut self,
        by: Party,
        invitation: Option<u64>,
        ready: Moment,
        now: Moment,
    ) -> bool {
        self.last_news = now;
        // A number that no invitation has.
        let invitation = invitation.unwrap_or(u64::MAX);
        self.invitations.show(by, invitation, ready, &mut self.breaches)
    }

    /// A device is shown an invitation of a quota hog to the session `to`. It must be the device's own
    /// session. The device does not answer.
    pub(crate) fn show_hogs_invitation(&mut self, by: PhoneId, to: Option<PhoneId>) {
        if to != Some(self.devices.session(by)) {
            self.breaches.add(Breach::InvitationWrong);
        }
    }

    /// A device is told of the end of such an invitation. It can only have expired: no device answers it.
    pub(crate) fn hear_of_hogs_invitation(
        &mut self,
        by: PhoneId,
        to: Option<PhoneId>,
        answer: Answer,
    ) {
        if to != Some(self.devices.session(by)) || answer != Answer::Expired {
            self.breaches.add(Breach::AnswerWrong);
        }
    }

    /// A device is told of the answer to an invitation of the session `from` to the session `to`.
    pub(crate) fn hear_answer(
        &mut self,
        by: PhoneId,
        invitation: Option<u64>,
        (from, to): (Option<PhoneId>, Option<PhoneId>),
        answer: Answer,
        now: Moment,
    ) {
        self.last_news = now;
        let ends =
            from.zip(to).filter(|&(from, to)| invitation == Some(invitation_number(from, to)));
        let Some((from, to)) = ends else { return self.breaches.add(Breach::AnswerWrong) };
        let number = invitation_number(from, to);
        if let Some(since) = self.invitations.hear(by, number, answer, &mut self.breaches) {
            self.invitation.add(now.since(since));
        }
        if answer == Answer::Accepted {
            self.contacts.befriend(from, to, now);
        }
    }

    /// A device is told that a session types, or has stopped.
    pub(crate) fn see_typing(
        &mut self,
        by: PhoneId,
        from: Option<PhoneId>,
        is_typing: bool,
        now: Moment,
    ) {
        self.last_news = now;
        match from {
            Some(from) => self.typing.see(by, from, is_typing, &mut self.breaches),
            None => self.breaches.add(Breach::TypingUncalled),
        }
    }

    /// A device is told that a contact is online, or no longer.
    pub(crate) fn hear_contact(
        &mut self,
        by: PhoneId,
        about: Option<PhoneId>,
        is_online: bool,
        now: Moment,
    ) {
        self.last_news = now;
        match about {
            Some(about) => self.contacts.hear(by, about, is_online, now, &mut self.breaches),
            None => self.breaches.add(Breach::Stranger),
        }
    }

    /// How many frames of each kind have come.
    pub(crate) fn tally(&self) -> Tally {
        self.copies.tally
    }

    /// Whether every connection was closed in good order.
    pub(crate) fn is_steady(&self) -> bool {
        self.shaky.is_empty()
    }
}
