//! [`Dialect`]: one protocol, as a client speaks it; and [`Realm`]: the words that only some protocols
//! have.
//!
//! Each protocol is a folder in this room, with a type that implements [`Dialect`] and the trait of its
//! realm. Protocols of the same realm say the same things in other words. So the rest of loadgen knows
//! realms, and no protocol by its name. The indirect calls cost nanoseconds, and there is one for each
//! frame.

use std::borrow::Cow;
use std::fmt::Debug;

use super::door::{Caller, Door};
use super::news::Spot;
use super::pen::Pen;
use super::said::Said;

/// One protocol, as a client speaks it.
pub(crate) trait Dialect: Debug + Sync {
    /// What it is called.
    fn names(&self) -> Names;

    /// The realm that its phones belong to.
    fn realm(&self) -> Realm;

    /// The address at which this caller asks for a WebSocket, and how it signs in.
    fn door(&self, caller: &Caller<'_>) -> Door;

    /// Writes the heartbeat.
    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>);

    /// Whether a frame shows that the phone is in. Until then it hears what comes, and is not ready.
    fn lets_in(&self, _said: &Said<'_>) -> bool {
        true
    }

    /// Understands a frame of the server.
    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a>;
}

/// The names of a protocol, and its part of some sentences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// On the command line and in the report.
    pub(crate) word: &'static str,
    /// In a sentence.
    pub(crate) title: &'static str,
    /// What is wrong with a first frame, after "its first frame".
    pub(crate) bad_greeting: &'static str,
    /// What is wrong with several of them, after "first frames that".
    pub(crate) bad_greetings: &'static str,
}

/// The kinds of people that there are, each with a protocol's words for them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Realm {
    /// Phone numbers, which see each other in lists.
    Mobile(&'static dyn MobileWords),
    /// Sessions, which know each other by invitation, each on one device or several.
    Messenger(&'static dyn MessengerWords),
    /// Users with accounts, whose messages the server keeps.
    Account(&'static dyn AccountWords),
}

/// What a phone with a number says.
pub(crate) trait MobileWords: Debug + Sync {
    /// Writes to a number. Neither the number nor the text needs an escape in JSON.
    fn message(&self, to: &str, text: &str, pen: &mut Pen, out: &mut Vec<u8>);

    /// Asks who is online.
    fn ask_for_list(&self, pen: &mut Pen, out: &mut Vec<u8>);
}

/// What a device of a session says.
pub(crate) trait MessengerWords: Debug + Sync {
    /// Writes to a session.
    fn message(&self, letter: &Letter<'_>, pen: &mut Pen, out: &mut Vec<u8>);

    /// Says that a message was read.
    fn mark_read(&self, message: &str, pen: &mut Pen, out: &mut Vec<u8>);

    /// Says that the user types, or has stopped.
    fn type_to(&self, to: &str, is_typing: bool, pen: &mut Pen, out: &mut Vec<u8>);

    /// Asks a session to become a contact.
    fn invite(&self, letter: &Letter<'_>, pen: &mut Pen, out: &mut Vec<u8>);

    /// Accepts an invitation, or declines it.
    fn answer(&self, invitation: &str, accepts: bool, pen: &mut Pen, out: &mut Vec<u8>);
}

/// What a user with an account says. What a protocol has no word for is said by writing nothing.
pub(crate) trait AccountWords: Debug + Sync {
    /// What the protocol has words for, beside messages to everyone.
    fn skills(&self) -> Skills;

    /// Where the messages can be read that the server keeps, the best way first.
    fn archives(&self) -> &'static [Archive];

    /// Writes a message.
    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>);

    /// Says that the user types, or has stopped.
    fn type_to(&self, place: &Spot<'_>, is_typing: bool, pen: &mut Pen, out: &mut Vec<u8>);

    /// Asks for the newest page of a history, or for the page before the message with this id of the server.
    fn ask_for_history(
        &self,
        place: &Spot<'_>,
        before: Option<&str>,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    );

    /// Makes a room, whose server's id the answer says.
    fn make_room(&self, _name: &str, _pen: &mut Pen, _out: &mut Vec<u8>) {}

    /// Makes a user a member of the room with this id.
    fn add_to_room(&self, _room: &str, _user: &str, _pen: &mut Pen, _out: &mut Vec<u8>) {}

    /// Deletes the room with this id.
    fn delete_room(&self, _room: &str, _pen: &mut Pen, _out: &mut Vec<u8>) {}

    /// Asks how many messages of each place are unread.
    fn ask_for_unread(&self, _pen: &mut Pen, _out: &mut Vec<u8>) {}

    /// Answers the server, which has asked whether the page is there.
    fn answer_ping(&self, _pen: &mut Pen, _out: &mut Vec<u8>) {}

    /// Says that the user has read a place up to the message with this id of the server.
    fn mark_read(&self, place: &Spot<'_>, up_to: &str, pen: &mut Pen, out: &mut Vec<u8>);
}

/// Where the messages can be read that a server keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Archive {
    /// All of them, page by page, over a socket of this protocol.
    Pages(&'static dyn Dialect),
    /// The last messages to everyone, over HTTP: `GET /messages/global`.
    LastToEveryone,
    /// The last messages of each place, over HTTP, at the addresses of [`App`](super::App). What is older may be in the
    /// pages of another protocol.
    LastOfEach { older: &'static dyn Dialect },
}

/// What a protocol of users with accounts has words for, beside messages to everyone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Skills {
    /// Messages to one user.
    pub(crate) is_private: bool,
    /// A socket for each page of the app: where a phone writes, and what it hears, depends on the page that it has
    /// open. The rest is done over HTTP.
    pub(crate) has_pages: bool,
    /// Messages to rooms.
    pub(crate) has_rooms: bool,
    /// Messages that answer others.
    pub(crate) has_replies: bool,
    /// Typing.
    pub(crate) types: bool,
    /// Pages of histories, over the socket.
    pub(crate) has_history: bool,
    /// Marks of what was read.
    pub(crate) marks_read: bool,
    /// Phones are shown who is online: all of them or, where there are pages, those that have the page for it open.
    pub(crate) shows_online: bool,
    /// A phone chooses whether it is shown all who are online, only who comes and goes, or nothing.
    pub(crate) shows_changes: bool,
}

/// A message that a user with an account writes.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    /// The user's own id for it, which is another one for each message of all runs.
    pub(crate) id: &'a str,
    pub(crate) place: Spot<'a>,
    pub(crate) text: &'a str,
    /// The server's id of the message that it answers.
    pub(crate) reply_to: Option<&'a str>,
}

/// A message or an invitation of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) id: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) text: &'a str,
}
