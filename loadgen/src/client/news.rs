//! [`News`]: what the server says to a user with an account, in any of the protocols for those.

use std::borrow::Cow;

use serde::Deserialize;
use switchboard::dialects::mychat::wire::Status;

/// What the server says to a user with an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum News<'a> {
    /// The socket is signed in, as this user.
    Welcome { user: Cow<'a, str> },
    /// A message: another user's, or the user's own as an echo, which acknowledges it.
    Post(Post<'a>),
    /// The user's own private message, which is stored. `is_delivered`: whether the server has told the recipient.
    Sent { post: Post<'a>, is_delivered: bool },
    /// A private message, of which the user is told because another page than its conversation is open.
    Notice(Post<'a>),
    /// The messages of the user with this id are no longer unread.
    UnreadReset { from_id: Cow<'a, str> },
    /// The server asks whether the page is there.
    Ping,
    /// The message to which the user gave this id is stored, and has this id of the server.
    Acknowledged { id: Cow<'a, str>, mid: Cow<'a, str> },
    /// Messages of a place, the oldest first.
    History(History<'a>),
    /// A user types in this place, or has stopped.
    Typing { from: Cow<'a, str>, place: Spot<'a>, is_typing: bool },
    /// How many messages of each place are unread.
    Unread(Vec<Unread<'a>>),
    /// A room has changed.
    Room { room: Cow<'a, str>, event: RoomEvent },
    /// Who is online, or who has come and gone.
    Online(Online<'a>),
    /// Something else that loadgen knows, and has no use for.
    Known,
}

/// The users who are online, or those who have come and gone, as the JSON that came: every user gets the same list,
/// so that few of them need to be looked into.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Online<'a> {
    /// Bytes of the frame.
    pub(crate) bytes: usize,
    /// A list of those who are online, or of all users with whether each is online; in a change, of those who have come.
    pub(crate) names: Cow<'a, str>,
    /// What else there is in a change.
    pub(crate) change: Option<Change<'a>>,
}

/// Who has gone, and how many are online now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change<'a> {
    /// A list of those who have gone.
    pub(crate) left: Cow<'a, str>,
    /// How many users are online.
    pub(crate) online: u64,
}

/// What has happened to a room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RoomEvent {
    Created,
    Deleted,
    /// A user is a member now.
    Added,
    /// A user is no longer a member.
    Gone,
}

/// Where a message is said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Spot<'a> {
    /// To everyone.
    Everyone,
    /// In the conversation of two users. In what is sent, this is the other user; in what is heard, it is the
    /// recipient, if the protocol says who that is.
    User(Cow<'a, str>),
    /// In the conversation that the socket is of, where the protocol does not say which one it is.
    Here,
    /// In the room with this id of the server.
    Room(Cow<'a, str>),
}

/// A message that is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Post<'a> {
    /// The id that the server has given it, if the protocol shows it.
    pub(crate) mid: Option<Cow<'a, str>>,
    /// The author's name, as the server says.
    pub(crate) from: Cow<'a, str>,
    /// The author's id, if the protocol shows it.
    pub(crate) from_id: Option<Cow<'a, str>>,
    pub(crate) place: Spot<'a>,
    pub(crate) text: Cow<'a, str>,
    /// The id of the message that it answers.
    pub(crate) reply_to: Option<Cow<'a, str>>,
}

/// How many messages of a place are unread, as the server counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unread<'a> {
    pub(crate) place: Spot<'a>,
    pub(crate) count: u64,
}

/// A page of a place's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct History<'a> {
    pub(crate) place: Spot<'a>,
    /// The oldest first.
    pub(crate) posts: Vec<Post<'a>>,
    /// Whether there are older ones.
    pub(crate) has_more: bool,
}

/// A user in a list of who is online.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Listed<'a> {
    pub(crate) name: Cow<'a, str>,
    /// The user's id, if the protocol shows it.
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) is_online: bool,
}

impl Online<'_> {
    /// The users of a list. What is no such list counts as an empty one.
    pub(crate) fn read(list: &str) -> Vec<Listed<'_>> {
        /// A name, or more than that. A name is borrowed where it has no escapes.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Entry<'a> {
            Name(#[serde(borrow)] Cow<'a, str>),
            User(#[serde(borrow)] Status<'a>),
        }

        let entries: Vec<Entry<'_>> = serde_json::from_str(list).unwrap_or_default();
        let listed = entries.into_iter().map(|entry| match entry {
            Entry::Name(name) => Listed { name, id: None, is_online: true },
            Entry::User(Status { id, name, online }) => {
                Listed { name, id: Some(id), is_online: online }
            }
        });
        listed.collect()
    }
}

impl News<'_> {
    /// The same, in memory of its own.
    pub(super) fn into_owned(self) -> News<'static> {
        match self {
            News::Welcome { user } => News::Welcome { user: owned(user) },
            News::Post(post) => News::Post(post.into_owned()),
            News::Sent { post, is_delivered } => {
                News::Sent { post: post.into_owned(), is_delivered }
            }
            News::Notice(post) => News::Notice(post.into_owned()),
            News::UnreadReset { from_id } => News::UnreadReset { from_id: owned(from_id) },
            News::Ping => News::Ping,
            News::Acknowledged { id, mid } => News::Acknowledged { id: owned(id), mid: owned(mid) },
            News::History(History { place, posts, has_more }) => News::History(History {
                place: place.into_owned(),
                posts: posts.into_iter().map(Post::into_owned).collect(),
                has_more,
            }),
            News::Typing { from, place, is_typing } => {
                News::Typing { from: owned(from), place: place.into_owned(), is_typing }
            }
            News::Unread(all) => News::Unread(all.into_iter().map(Unread::into_owned).collect()),
            News::Room { room, event } => News::Room { room: owned(room), event },
            News::Online(Online { bytes, names, change }) => {
                let change =
                    change.map(|Change { left, online }| Change { left: owned(left), online });
                News::Online(Online { bytes, names: owned(names), change })
            }
            News::Known => News::Known,
        }
    }
}

impl Spot<'_> {
    /// The other user, in a conversation of two.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Spot::User(name) => Some(name),
            Spot::Everyone | Spot::Here | Spot::Room(_) => None,
        }
    }

    fn into_owned(self) -> Spot<'static> {
        match self {
            Spot::Everyone => Spot::Everyone,
            Spot::Here => Spot::Here,
            Spot::User(name) => Spot::User(owned(name)),
            Spot::Room(room) => Spot::Room(owned(room)),
        }
    }
}

impl Unread<'_> {
    fn into_owned(self) -> Unread<'static> {
        Unread { place: self.place.into_owned(), count: self.count }
    }
}

impl<'a> Post<'a> {
    /// A message without ids, which answers none.
    pub(crate) fn new(from: Cow<'a, str>, place: Spot<'a>, text: Cow<'a, str>) -> Self {
        Post { mid: None, from, from_id: None, place, text, reply_to: None }
    }
}

impl Post<'_> {
    fn into_owned(self) -> Post<'static> {
        Post {
            mid: self.mid.map(owned),
            from: owned(self.from),
            from_id: self.from_id.map(owned),
            place: self.place.into_owned(),
            text: owned(self.text),
            reply_to: self.reply_to.map(owned),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
