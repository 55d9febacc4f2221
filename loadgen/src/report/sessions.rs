//! [`Sessions`]: what the report says of sessions: copies, statuses, invitations, typing, and breaches.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::cast::Both;
use super::quantiles::Quantiles;
use crate::record::{Breach, Outcome};
use crate::workload::Manners;

/// What happened among sessions.
#[derive(Debug, Serialize)]
pub(super) struct Sessions {
    /// Copies that came to recipients' devices, and mirrors that came to senders' other devices.
    pub(super) copies: u64,
    pub(super) mirrors: u64,
    /// Statuses of messages that came.
    pub(super) statuses: u64,
    /// Messages that were read, as their senders were told, and messages that were undelivered.
    pub(super) read: u64,
    pub(super) undelivered: u64,
    pub(super) invitations_sent: u64,
    pub(super) invitations_accepted: u64,
    pub(super) invitations_declined: u64,
    /// Beginnings and ends of typing, counted once for each device that was to see them.
    pub(super) typing_sent: u64,
    pub(super) typing_seen: u64,
    /// From sending a message to hearing that it was read.
    pub(super) read_time: Both,
    /// From the moment at which an invitation could be answered to hearing the answer.
    pub(super) invitation_ns: Quantiles,
    /// Breaches by name.
    pub(super) breaches: BTreeMap<&'static str, u64>,
}

/// How the plan's sessions behave.
#[derive(Debug, Serialize)]
pub(super) struct SessionPlan {
    pub(super) devices: u32,
    pub(super) receipts: bool,
    pub(super) read: f64,
    pub(super) typing: f64,
    pub(super) decline: f64,
    pub(super) contact_grace_seconds: f64,
}

impl SessionPlan {
    pub(super) fn of(manners: &Manners) -> Self {
        SessionPlan {
            devices: manners.devices,
            receipts: manners.receipts,
            read: manners.read,
            typing: manners.typing,
            decline: manners.decline,
            contact_grace_seconds: manners.grace.as_secs_f64(),
        }
    }

    /// In words, for the line about the plan.
    pub(super) fn words(&self) -> String {
        let receipts = match self.receipts {
            true => format!("receipts on, {} read", self.read),
            false => "receipts off".to_owned(),
        };
        format!(
            "devices {}, {receipts}, {} typed, {} declined, contact grace {} s",
            self.devices, self.typing, self.decline, self.contact_grace_seconds
        )
    }
}

/// The summary, if the run's realm is that of sessions.
pub(super) fn sessions(outcome: &Outcome) -> Option<Sessions> {
    let messenger = outcome.record.messenger()?;
    let tally = messenger.tally();
    let count = |breach: Breach| (breach.word(), messenger.breaches.count(breach));
    Some(Sessions {
        copies: tally.copies,
        mirrors: tally.mirrors,
        statuses: tally.statuses,
        read: tally.read,
        undelivered: outcome.record.books.given_back(),
        invitations_sent: messenger.invitations.sent(),
        invitations_accepted: messenger.invitations.accepted,
        invitations_declined: messenger.invitations.declined,
        typing_sent: messenger.typing.sent,
        typing_seen: messenger.typing.seen,
        read_time: Both::of(&messenger.read),
        invitation_ns: Quantiles::of(&messenger.invitation),
        breaches: Breach::ALL.map(count).into(),
    })
}

/// Writes the summary as text.
pub(super) fn write_sessions(sessions: &Sessions, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "sessions     {} copies, {} mirrored; {} words about messages; {} read, {} undelivered",
        sessions.copies, sessions.mirrors, sessions.statuses, sessions.read, sessions.undelivered
    )?;
    writeln!(
        out,
        "             {} invitations, {} accepted, {} declined; typing seen {} of {} times",
        sessions.invitations_sent,
        sessions.invitations_accepted,
        sessions.invitations_declined,
        sessions.typing_seen,
        sessions.typing_sent
    )?;
    for (name, count) in sessions.breaches.iter().filter(|&(_, &count)| count > 0) {
        writeln!(out, "             {count} {}", name.replace('_', " "))?;
    }
    Ok(())
}
