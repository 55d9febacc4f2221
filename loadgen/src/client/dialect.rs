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
}

/// What a phone with a number says.
pub(crate) trait MobileWords: Debug + Sync {
    /// Writes to a number.
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

/// A message or an invitation of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) id: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) text: &'a str,
}
