//! [`Job`]: work that the realm cannot do itself, and [`JobResult`], what became of it.
//!
//! There are two lanes. Jobs of the *store* lane are done in the order in which they were handed over, and
//! their results come back in that order. Jobs of the *hash* lane take milliseconds of a processor each and
//! have an order of their own. A job owns all that it holds, since another thread does it. It knows no SQL
//! and no JSON. Debug output shows no text, password or token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{
    MessageId, PasswordHash, Place, Quote, RoomId, RoomKey, Secret, Seq, Token, TokenDigest,
    UnixMs, UserId, UserKey, UserName,
};

/// The number by which the realm recognises a result. It is given anew once its result has come.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ticket(pub u32);

impl Ticket {
    /// The number of a result that no job asked for: [`Output::News`] and [`Output::Report`].
    pub const NEWS: Ticket = Ticket(u32::MAX);
}

/// A piece of work, and the number under which its result comes back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Job {
    /// The number.
    pub ticket: Ticket,
    /// The work.
    pub work: Work,
}

/// What is to be done.
#[derive(Clone, Eq, PartialEq)]
pub enum Work {
    /// Store lane: store a message as the next of its conversation. → [`Output::Said`]; or
    /// [`Output::SaidBefore`] or [`Output::IdReused`] if its sender has used the id before,
    /// [`Output::NotAMember`] if it is for a room of which the sender is no member, and
    /// [`Output::NoSuchMessage`] if what it replies to is not in the conversation
    Say {
        /// The conversation.
        place: Place,
        /// The sender.
        from: UserKey,
        /// When the server received it.
        at: UnixMs,
        /// The text.
        text: Arc<str>,
        /// What it replies to.
        reply: Option<ReplyTo>,
        /// The id that the sender's client has given it.
        client_id: Option<Arc<str>>,
    },
    /// Store lane: give a message another text, or delete it, if `by` is its author. → [`Output::Changed`];
    /// [`Output::NotYours`] if it is another user's, and [`Output::NoSuchMessage`] if it is gone, or `by` may
    /// not see it
    Change {
        /// The message.
        mid: MessageId,
        /// The user who asks for it.
        by: UserKey,
        /// When.
        at: UnixMs,
        /// The new text. `None`: the message is to be deleted.
        text: Option<Arc<str>>,
    },
    /// Store lane: the last messages of a conversation. → [`Output::History`]
    History {
        /// The conversation.
        place: Place,
        /// The most messages.
        limit: u16,
    },
    /// Store lane: messages of a conversation, the deleted ones included. → [`Output::Page`], or
    /// [`Output::NoSuchMessage`] if `before` is of another conversation
    Page {
        /// The conversation.
        place: Place,
        /// Those before this message. `None`: the newest.
        before: Option<MessageId>,
        /// The most messages.
        limit: u16,
        /// The most bytes of texts. One message is in the page in any case.
        bytes: usize,
    },
    /// Store lane: all conversations of a user. → [`Output::Inbox`]
    Inbox {
        /// The user.
        user: UserKey,
        /// The rooms of the user.
        rooms: Box<[RoomKey]>,
        /// What is cut off.
        most: Most,
    },
    /// Store lane: note that a user has read a conversation up to a message. → [`Output::ReadUpTo`], or
    /// [`Output::NoSuchMessage`] if the message is of another conversation
    ReadUpTo {
        /// The reader.
        user: UserKey,
        /// The conversation.
        place: Place,
        /// The message.
        up_to: MessageId,
    },
    /// Store lane: how many private messages of each other user this user has not read.
    /// → [`Output::Unread`]
    Unread(UserKey),
    /// Store lane: note that a user has read all that another one has written to them so far.
    /// → [`Output::Read`]
    MarkRead {
        /// The reader.
        user: UserKey,
        /// The writer.
        other: UserKey,
    },
    /// Store lane: make a room. → [`Output::RoomCreated`]
    CreateRoom {
        /// The creator, who is its first member.
        creator: UserKey,
        /// Its name.
        name: Arc<str>,
        /// Its description.
        description: Arc<str>,
        /// When.
        at: UnixMs,
    },
    /// Store lane: change a room, if it is there and `by` is its creator, or leaves it. → [`Output::RoomChanged`]
    ChangeRoom {
        /// The room.
        room: RoomKey,
        /// The user who asks for it.
        by: UserKey,
        /// What is to be changed.
        change: RoomChange,
        /// When.
        at: UnixMs,
    },
    /// Store lane: the user and the password hash under this name. → [`Output::Credentials`]
    Credentials {
        /// The name, exactly as it was registered.
        name: UserName,
    },
    /// Store lane: register a user, unless the name, or one that looks like it, is taken.
    /// → [`Output::Registered`]
    Register {
        /// The name.
        name: UserName,
        /// The hash of the password.
        hash: PasswordHash,
        /// When.
        at: UnixMs,
    },
    /// Store lane: remove an account whose user never came back after the first day, and has written nothing.
    /// → [`Output::Room`]
    MakeRoom {
        /// The users that are online, who stay in any case.
        online: Box<[UserKey]>,
        /// When.
        at: UnixMs,
    },
    /// Store lane: make a token for a user, and revoke the user's oldest logins beyond a number.
    /// → [`Output::Admitted`]
    Admit {
        /// The user.
        user: UserKey,
        /// When the login began.
        at: UnixMs,
        /// When the token expires.
        expires: UnixMs,
        /// The password's hash with today's parameters, if the one in the store is to be replaced.
        rehash: Option<PasswordHash>,
    },
    /// Store lane: whose token this is. → [`Output::Login`]
    Login(TokenDigest),
    /// Store lane: forget a token. → [`Output::Revoked`]
    Revoke(TokenDigest),
    /// Hash lane: hash a password. → [`Output::Hashed`]
    Hash(Secret),
    /// Hash lane: compare a password with a hash; without a hash (no such user) with a dummy, so that both
    /// take the same time. → [`Output::Verified`]
    Verify {
        /// The password.
        password: Secret,
        /// The hash. `None`: there is no such user.
        hash: Option<PasswordHash>,
    },
}

/// What a message replies to.
#[derive(Clone, Eq, PartialEq)]
pub enum ReplyTo {
    /// What the sender's client has said of it. Nobody checks it.
    Quote(Arc<Quote<'static>>),
    /// A message of the same conversation. In a room, the store quotes it.
    Message {
        /// The message.
        mid: MessageId,
        /// The most characters of the quote.
        quote_chars: usize,
    },
}

impl ReplyTo {
    /// The message, if it is known.
    pub fn mid(&self) -> Option<MessageId> {
        match self {
            ReplyTo::Quote(_) => None,
            ReplyTo::Message { mid, .. } => Some(*mid),
        }
    }

    /// What the sender's client has said of it.
    pub fn quote(&self) -> Option<Arc<Quote<'static>>> {
        match self {
            ReplyTo::Quote(quote) => Some(Arc::clone(quote)),
            ReplyTo::Message { .. } => None,
        }
    }

    /// The bytes of its texts.
    pub fn bytes(&self) -> usize {
        match self {
            ReplyTo::Quote(quote) => quote.bytes(),
            ReplyTo::Message { .. } => 0,
        }
    }
}

/// The most of everything in an [`Inbox`](Work::Inbox).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Most {
    /// Private conversations.
    pub conversations: usize,
    /// Unread messages that are counted in a conversation.
    pub unread: u32,
    /// Characters of each last message.
    pub chars: usize,
}

/// A change of a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RoomChange {
    /// Delete it, with its messages.
    Delete,
    /// Make this user a member, if it is none.
    Add(UserKey),
    /// Make this user no member, if it is one.
    Remove(UserKey),
    /// Make this user no member, at its own wish. It must not be the creator.
    Leave(UserKey),
}

impl Work {
    /// Whether the job is for the hash lane.
    pub fn is_hashing(&self) -> bool {
        matches!(self, Work::Hash(_) | Work::Verify { .. })
    }

    /// Whether the job may change the store.
    pub fn writes(&self) -> bool {
        match self {
            Work::Say { .. }
            | Work::Change { .. }
            | Work::MarkRead { .. }
            | Work::ReadUpTo { .. }
            | Work::CreateRoom { .. }
            | Work::ChangeRoom { .. }
            | Work::Register { .. }
            | Work::MakeRoom { .. }
            | Work::Admit { .. }
            | Work::Revoke(_) => true,
            Work::History { .. }
            | Work::Page { .. }
            | Work::Inbox { .. }
            | Work::Unread(_)
            | Work::Credentials { .. }
            | Work::Login(_)
            | Work::Hash(_)
            | Work::Verify { .. } => false,
        }
    }
}

/// What has become of a job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JobResult {
    /// The number of the job.
    pub ticket: Ticket,
    /// Its output, or why there is none. After a failure nothing of it is in the store, except after
    /// [`Failure::Io`], where it may be.
    pub outcome: Result<Output, Failure>,
}

/// What a job has brought.
#[derive(Clone, Eq, PartialEq)]
pub enum Output {
    /// The message is committed.
    Said {
        /// Its id.
        mid: MessageId,
        /// What the store quotes of the message that it replies to.
        quote: Option<Arc<Quote<'static>>>,
    },
    /// The same message was stored before, under the same id of its sender's client.
    SaidBefore {
        /// Its id.
        mid: MessageId,
        /// When the server received it.
        at: UnixMs,
    },
    /// The message was not stored: its sender has used the id before, for another message.
    IdReused,
    /// There is no such message, or none that the user may see here.
    NoSuchMessage,
    /// The message is another user's.
    NotYours,
    /// The change is committed: the message as it is now.
    Changed(Box<Stored>),
    /// Messages of a conversation, oldest first, and whether there are older ones.
    Page(Vec<Stored>, bool),
    /// The conversations of a user, in no order.
    Inbox(Vec<Entry>),
    /// The mark is committed.
    ReadUpTo {
        /// The message up to which the user has read now. `None`: there is no message yet.
        up_to: Option<MessageId>,
        /// Whether nothing of a private conversation is unread any more, which was before.
        is_reset: bool,
    },
    /// The message was not stored: its sender is no member of the room, or no longer, or the room is gone.
    NotAMember,
    /// The last messages of a conversation.
    History(History),
    /// How many messages of each other user are unread. Users with none are left out.
    Unread(Vec<(UserKey, u32)>),
    /// The mark is committed: the last message that is read now. `None`: there is none.
    Read(Option<MessageId>),
    /// The room is committed. `None`: its creator was deleted.
    RoomCreated(Option<Room>),
    /// Whether the change is committed. If not, the room is gone, or has another creator, or the user to
    /// be added was deleted.
    RoomChanged(bool),
    /// The user under a name, or `None`.
    Credentials(Option<Credentials>),
    /// The user is registered and committed. `None`: the name is taken.
    Registered(Option<User>),
    /// The account that made room, and the logins that ended with it. `None`: every user stays.
    Room(Option<(UserKey, Vec<TokenDigest>)>),
    /// The login is committed.
    Admitted {
        /// The token. The store keeps only its digest.
        token: Token,
        /// Logins of this user that were revoked, because the user had too many.
        revoked: Vec<TokenDigest>,
    },
    /// Whose token it is, and when it expires. `None`: nobody's, or it has expired or was revoked.
    Login(Option<(UserKey, UnixMs)>),
    /// The token is forgotten. Whether it existed.
    Revoked(bool),
    /// Another process has changed users, logins or rooms in the database. Logins have to be asked for
    /// again. Its ticket is [`Ticket::NEWS`].
    News(Changed),
    /// How the store is, for the operator. It comes behind the results of a batch, and now and then without
    /// one. Its ticket is [`Ticket::NEWS`].
    Report(StoreReport),
    /// The hash of a password.
    Hashed(PasswordHash),
    /// Whether the password was right; and if it was, its hash with today's parameters where the hash in
    /// the store has older ones.
    Verified {
        /// Whether it was right.
        right: bool,
        /// The new hash.
        rehash: Option<PasswordHash>,
    },
}

/// Why a job failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// There is no room on the disk. The next job may succeed.
    Full,
    /// The database is read-only.
    ReadOnly,
    /// The disk failed, or the database is damaged or was moved away. Nothing is written until the server is
    /// restarted.
    Io,
}

/// How the store is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StoreReport {
    /// Why it does not write. `None`: it writes.
    pub trouble: Option<Failure>,
    /// The transaction that has just been committed, if it was one that writes.
    pub commit: Option<Commit>,
    /// The bytes of the database's file.
    pub database_bytes: u64,
    /// The bytes of the file with SQLite's log.
    pub log_bytes: u64,
}

/// A transaction that was committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Commit {
    /// The number of its jobs.
    pub jobs: usize,
    /// The time from its first statement to the end of its sync.
    pub time: Duration,
}

/// A user and what a login needs.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    /// The user.
    pub user: UserKey,
    /// The hash of the password.
    pub hash: PasswordHash,
}

/// A registered user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// The key in the store.
    pub key: UserKey,
    /// The id for clients.
    pub id: UserId,
    /// The name.
    pub name: UserName,
    /// When the user was registered.
    pub created: UnixMs,
}

/// A room.
#[derive(Clone, Eq, PartialEq)]
pub struct Room {
    /// The key in the store: that of its conversation.
    pub key: RoomKey,
    /// The id for clients.
    pub id: RoomId,
    /// The name.
    pub name: Arc<str>,
    /// What it is for. It may be empty.
    pub description: Arc<str>,
    /// The user who may change and delete it. It is a member.
    pub creator: UserKey,
    /// When it was made.
    pub created: UnixMs,
    /// The members, the longest-standing first.
    pub members: Vec<UserKey>,
}

/// All users and rooms, after another process has changed some. One that is missing was deleted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changed {
    /// All users, in the order of their keys.
    pub users: Vec<User>,
    /// All rooms, in the order of their keys.
    pub rooms: Vec<Room>,
}

/// The last messages of a conversation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History {
    /// The messages, oldest first.
    pub messages: Vec<Stored>,
    /// Of a private one: how far each of the two has read. A user that is missing has read nothing.
    pub read: Vec<(UserKey, Seq)>,
}

/// A message that is in the store.
#[derive(Clone, Eq, PartialEq)]
pub struct Stored {
    /// The conversation.
    pub place: Place,
    /// Its id.
    pub mid: MessageId,
    /// The sender.
    pub from: UserKey,
    /// When the server received it.
    pub at: UnixMs,
    /// The text. Empty if it was deleted.
    pub text: Arc<str>,
    /// What it replies to, in words.
    pub quote: Option<Arc<Quote<'static>>>,
    /// The message that it replies to.
    pub reply_to: Option<MessageId>,
    /// When its text was changed last.
    pub edited: Option<UnixMs>,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

/// A conversation of a user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The conversation.
    pub place: Place,
    /// The last message that was not deleted.
    pub last: Option<Stored>,
    /// How many messages of others the user has not read.
    pub unread: u32,
    /// Of a private one: the message up to which the other user has read.
    pub read_by_other: Option<MessageId>,
}

/// What the store holds when the server starts, as far as memory keeps a replica of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// All users, in the order of their keys.
    pub users: Vec<User>,
    /// The users that were deleted, in the order of their keys. Their messages are still there, and so
    /// need a name; and nobody else gets it.
    pub former: Vec<User>,
    /// The last global messages, oldest first.
    pub recent: Vec<Stored>,
    /// All rooms, in the order of their keys.
    pub rooms: Vec<Room>,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::Say { .. } => "Say",
            Work::Change { .. } => "Change",
            Work::Page { .. } => "Page",
            Work::Inbox { .. } => "Inbox",
            Work::ReadUpTo { .. } => "ReadUpTo",
            Work::History { .. } => "History",
            Work::Unread(_) => "Unread",
            Work::MarkRead { .. } => "MarkRead",
            Work::CreateRoom { .. } => "CreateRoom",
            Work::ChangeRoom { .. } => "ChangeRoom",
            Work::Credentials { .. } => "Credentials",
            Work::Register { .. } => "Register",
            Work::MakeRoom { .. } => "MakeRoom",
            Work::Admit { .. } => "Admit",
            Work::Login(_) => "Login",
            Work::Revoke(_) => "Revoke",
            Work::Hash(_) => "Hash",
            Work::Verify { .. } => "Verify",
        })
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Said { .. } => "Said",
            Output::NotAMember => "NotAMember",
            Output::History(_) => "History",
            Output::Unread(_) => "Unread",
            Output::SaidBefore { .. } => "SaidBefore",
            Output::IdReused => "IdReused",
            Output::NoSuchMessage => "NoSuchMessage",
            Output::NotYours => "NotYours",
            Output::Changed(_) => "Changed",
            Output::Page(..) => "Page",
            Output::Inbox(_) => "Inbox",
            Output::ReadUpTo { .. } => "ReadUpTo",
            Output::Read(_) => "Read",
            Output::RoomCreated(_) => "RoomCreated",
            Output::RoomChanged(_) => "RoomChanged",
            Output::Credentials(_) => "Credentials",
            Output::Registered(_) => "Registered",
            Output::Room(_) => "Room",
            Output::Admitted { .. } => "Admitted",
            Output::Login(_) => "Login",
            Output::Revoked(_) => "Revoked",
            Output::News(_) => "News",
            Output::Report(_) => "Report",
            Output::Hashed(_) => "Hashed",
            Output::Verified { .. } => "Verified",
        })
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("place", &self.place)
            .field("mid", &self.mid)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
