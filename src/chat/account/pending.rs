//! [`Waiting`]: all jobs that are under way, and what to do with the result of each.
//!
//! A job's ticket is its place in a slab: the result is found in O(1), and the place serves again. That is
//! safe, because each job has exactly one result. The table does nothing itself.

use std::sync::Arc;

use slab::Slab;

use super::{Asker, Secret, Ticket, TokenDigest, UnixMs, UserKey, UserName};
use crate::chat::ConnectionId;
use crate::limiter::Block;

/// What waits for the result of a job.
pub(super) enum Pending {
    /// A message waits to be stored.
    Message(Unstored),
    /// A call waits for the store to say whose token this is.
    Login { token: TokenDigest, asker: Asker, wants: Wants },
    /// The sockets of a doubtful login wait to hear whether it still exists.
    Recheck(TokenDigest),
    /// A call waits for a login to be revoked.
    LogOut { token: TokenDigest, asker: Asker },
    /// A registration waits for an account that makes room.
    Room { asker: Asker, from: Block, name: UserName, password: Secret },
    /// A registration waits for the hash of the password.
    Hash { asker: Asker, from: Block, name: UserName },
    /// A registration waits to be stored.
    Register { asker: Asker },
    /// A login waits for the user's hash.
    Credentials(Box<LoggingIn>),
    /// A login waits for the password to be compared with the hash.
    Verify(Box<LoggingIn>),
    /// A login waits to be stored.
    Admit(Box<LoggingIn>),
}

/// A message that the store has in hand.
pub(super) struct Unstored {
    /// The connection that it came from. It may have ended.
    pub(super) seat: ConnectionId,
    pub(super) from: UserKey,
    pub(super) from_name: UserName,
    /// The recipient. `None`: everybody.
    pub(super) to: Option<(UserKey, UserName)>,
    pub(super) at: UnixMs,
    pub(super) text: Arc<str>,
}

/// What a call wants that needs a valid token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wants {
    /// The list of all users.
    Users,
    /// The last global messages.
    Recent,
    /// To know whose token it is.
    Identity,
}

/// A login on its way.
pub(super) struct LoggingIn {
    pub(super) asker: Asker,
    /// Where it comes from.
    pub(super) from: Block,
    /// The name, as the client sent it, without the spaces around it.
    pub(super) name: Box<str>,
    pub(super) password: Secret,
    /// The user of this name, once the store has said so. `None`: there is none.
    pub(super) user: Option<UserKey>,
    /// When it ends, once it has begun.
    pub(super) expires: UnixMs,
}

/// All that waits.
#[derive(Default)]
pub(super) struct Waiting {
    all: Slab<Pending>,
    /// How many of them are calls.
    calls: usize,
    /// How many of them register a user.
    registrations: usize,
}

impl Waiting {
    /// Keeps what waits for a job, and names the job.
    pub(super) fn add(&mut self, pending: Pending) -> Ticket {
        self.calls += usize::from(is_call(&pending));
        self.registrations += usize::from(is_registration(&pending));
        Ticket(u32::try_from(self.all.insert(pending)).expect("their number is limited"))
    }

    /// Takes out what waited for a job.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Pending> {
        let pending = self.all.try_remove(ticket.0 as usize)?;
        self.calls -= usize::from(is_call(&pending));
        self.registrations -= usize::from(is_registration(&pending));
        Some(pending)
    }

    /// How many calls wait.
    pub(super) fn calls(&self) -> usize {
        self.calls
    }

    /// How many users are being registered.
    pub(super) fn registrations(&self) -> usize {
        self.registrations
    }

    /// All that waits, in no order. Only checks call it.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.all.iter().map(|(_, pending)| pending)
    }

    /// Panics if something is miscounted.
    pub(super) fn check_invariants(&self) {
        let calls = self.iter().filter(|pending| is_call(pending)).count();
        let registrations = self.iter().filter(|pending| is_registration(pending)).count();
        assert_eq!((self.calls, self.registrations), (calls, registrations), "calls are counted");
    }
}

fn is_call(pending: &Pending) -> bool {
    !matches!(pending, Pending::Message(_) | Pending::Recheck(_))
}

fn is_registration(pending: &Pending) -> bool {
    matches!(pending, Pending::Room { .. } | Pending::Hash { .. } | Pending::Register { .. })
}
