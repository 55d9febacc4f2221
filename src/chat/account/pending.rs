//! [`Waiting`]: all jobs that are under way, and what to do with the result of each.
//!
//! A job's ticket is its place in a slab: the result is found in O(1), and the place serves again. That is
//! safe, because each job has exactly one result. The table does nothing itself.

use std::sync::Arc;

use slab::Slab;

use super::{
    Asker, Place, ReplyTo, RoomChange, RoomKey, Secret, Ticket, TokenDigest, UnixMs, UserId,
    UserKey, UserName, Wants,
};
use crate::chat::ConnectionId;
use crate::limiter::Block;

/// What waits for the result of a job.
pub(super) enum Pending {
    /// A message waits to be stored.
    Message(Unstored),
    /// A call waits for the store to say whose token this is.
    Login { token: TokenDigest, asker: Asker, claims: Option<UserId>, wants: Wants },
    /// The sockets of a doubtful login wait to hear whether it still exists.
    Recheck(TokenDigest),
    /// A call waits for a login to be revoked.
    LogOut { token: TokenDigest, asker: Asker },
    /// A registration waits for an account that makes room.
    Room { asker: Asker, from: Block, name: UserName, password: Secret, then: AndThen },
    /// A registration waits for the hash of the password.
    Hash { asker: Asker, from: Block, name: UserName, then: AndThen },
    /// A registration waits to be stored.
    Register { asker: Asker, from: Block, then: AndThen },
    /// A login waits for the user's hash.
    Credentials(Box<LoggingIn>),
    /// A login waits for the password to be compared with the hash.
    Verify(Box<LoggingIn>),
    /// A login waits to be stored.
    Admit(Box<LoggingIn>),
    /// A user waits for the last messages of a conversation.
    History { asker: Asker, user: UserKey, place: Place },
    /// A user waits for the numbers of unread messages.
    Unread { asker: Asker },
    /// A user waits for a mark to be stored: the messages of `other` are read.
    MarkRead { asker: Asker, user: UserKey, other: UserKey },
    /// A room waits to be stored.
    CreateRoom { by: By, creator: UserKey },
    /// A change of a room waits to be stored.
    ChangeRoom { by: By, room: RoomKey, change: RoomChange },
    /// A change of a message waits to be stored, at this time.
    Change { errand: Errand, at: UnixMs },
    /// A device waits for messages of a conversation.
    Page { errand: Errand, user: UserKey, to: To },
    /// A device waits for the conversations of its user.
    Inbox { errand: Errand, user: UserKey },
    /// A device waits for a mark to be stored.
    ReadUpTo { errand: Errand, user: UserKey, to: To },
}

/// Who waits for an answer.
pub(super) enum By {
    /// A request.
    Request(Asker),
    /// A device.
    Device(Errand),
}

/// A command of a device that the store has in hand.
pub(super) struct Errand {
    /// The connection that it came from. It may have ended.
    pub(super) seat: ConnectionId,
    /// The id that the client has given it.
    pub(super) id: Option<Box<str>>,
}

impl Pending {
    /// The command that it is, if it is one of a device.
    pub(super) fn errand(&self) -> Option<&Errand> {
        match self {
            Pending::CreateRoom { by: By::Device(errand), .. }
            | Pending::ChangeRoom { by: By::Device(errand), .. }
            | Pending::Change { errand, .. }
            | Pending::Page { errand, .. }
            | Pending::Inbox { errand, .. }
            | Pending::ReadUpTo { errand, .. } => Some(errand),
            Pending::Message(_)
            | Pending::Login { .. }
            | Pending::Recheck(_)
            | Pending::LogOut { .. }
            | Pending::Room { .. }
            | Pending::Hash { .. }
            | Pending::Register { .. }
            | Pending::Credentials(_)
            | Pending::Verify(_)
            | Pending::Admit(_)
            | Pending::History { .. }
            | Pending::Unread { .. }
            | Pending::MarkRead { .. }
            | Pending::CreateRoom { by: By::Request(_), .. }
            | Pending::ChangeRoom { by: By::Request(_), .. } => None,
        }
    }
}

/// A message that the store has in hand.
pub(super) struct Unstored {
    /// The connection that it came from. It may have ended.
    pub(super) seat: ConnectionId,
    pub(super) from: UserKey,
    pub(super) from_name: UserName,
    pub(super) to: To,
    pub(super) at: UnixMs,
    pub(super) text: Arc<str>,
    /// What it replies to.
    pub(super) reply: Option<ReplyTo>,
    /// The id that the sender's client has given it.
    pub(super) client_id: Option<Arc<str>>,
}

/// A conversation of a user: who is to get what the user says there.
#[derive(Clone, Debug)]
pub(super) enum To {
    Everybody,
    User(UserKey, UserName),
    Room(RoomKey),
}

impl Unstored {
    /// The bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let id = self.client_id.as_ref().map_or(0, |id| id.len());
        self.text.len() + id + self.reply.as_ref().map_or(0, |reply| reply.bytes())
    }
}

impl To {
    /// The conversation, as the store has it.
    pub(super) fn place(&self, of: UserKey) -> Place {
        match *self {
            To::Everybody => Place::Global,
            To::User(to, _) => Place::Private(of, to),
            To::Room(room) => Place::Room(room),
        }
    }
}

/// What follows a registration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum AndThen {
    /// The reply.
    Nothing,
    /// A login of the new user, whose password need not be compared.
    LogIn,
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
    /// Whether it counts as an attempt to guess a password, until it succeeds.
    pub(super) is_attempt: bool,
}

impl LoggingIn {
    /// A login of which only the name and the password are known.
    pub(super) fn begin(asker: Asker, from: Block, name: Box<str>, password: Secret) -> Self {
        let (user, expires) = (None, UnixMs(0));
        LoggingIn { asker, from, name, password, user, expires, is_attempt: true }
    }
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
    !matches!(pending, Pending::Message(_) | Pending::Recheck(_)) && pending.errand().is_none()
}

fn is_registration(pending: &Pending) -> bool {
    matches!(pending, Pending::Room { .. } | Pending::Hash { .. } | Pending::Register { .. })
}
