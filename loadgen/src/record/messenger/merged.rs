//! [`MessengerPart`]: what a shard tells `merge` of its sessions. These write only to sessions of their own process, so
//! everything is a sum.

use serde::{Deserialize, Serialize};

use super::copies::Tally;
use super::{Breach, Messenger};
use crate::phone_id::PhoneId;
use crate::record::measure::Measure;
use crate::record::times::Times;
use crate::workload::{Devices, Manners};

/// What a shard has to tell of its sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::record) struct MessengerPart {
    tally: Tally,
    invitations_sent: u64,
    accepted: u64,
    declined: u64,
    typing_sent: u64,
    typing_seen: u64,
    read: Measure,
    invitation: Times,
    /// How often each breach was found, in the order of [`Breach::ALL`].
    breaches: Vec<u64>,
    /// Whether every connection was closed in good order.
    is_steady: bool,
}

impl MessengerPart {
    pub(in crate::record) fn of(messenger: &Messenger) -> Self {
        let Messenger { copies, invitations, typing, breaches, read, invitation, .. } = messenger;
        MessengerPart {
            tally: copies.tally,
            invitations_sent: invitations.sent(),
            accepted: invitations.accepted,
            declined: invitations.declined,
            typing_sent: typing.sent,
            typing_seen: typing.seen,
            read: read.clone(),
            invitation: invitation.clone(),
            breaches: Breach::ALL.map(|breach| breaches.count(breach)).to_vec(),
            is_steady: messenger.is_steady(),
        }
    }
}

impl Messenger {
    /// The sessions of several processes, whose runs are over.
    pub(in crate::record) fn merged<'p>(
        parts: impl Iterator<Item = &'p MessengerPart>,
        convergence: Measure,
        changes: u32,
    ) -> Self {
        let mut all = Messenger::new(Devices::new(0, 1), &Manners::NONE);
        all.contacts.absorb(convergence, changes);
        for part in parts {
            all.copies.tally.absorb(part.tally);
            all.invitations.add_merged(part.invitations_sent, part.accepted, part.declined);
            all.typing.sent += part.typing_sent;
            all.typing.seen += part.typing_seen;
            all.read.absorb(&part.read);
            all.invitation.absorb(&part.invitation);
            for (breach, &count) in Breach::ALL.into_iter().zip(&part.breaches) {
                all.breaches.add_many(breach, count);
            }
            if !part.is_steady {
                // Whose connection it was does not matter any more.
                all.shaky.insert(PhoneId(0));
            }
        }
        all
    }
}
