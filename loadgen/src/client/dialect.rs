//! [`Dialect`]: one protocol, as a client speaks it; and [`Realm`]: the words that only some protocols have.
//!
//! Each protocol is a folder of this room, with a type that implements [`Dialect`] and the trait of its realm.
//! Protocols of one realm say the same things in other words: so the rest of loadgen knows realms, and no
//! protocol by name. Nothing here is done for each byte: the indirect call is one for each frame.

use std::borrow::Cow;
use std::fmt::Debug;

use super::door::{Caller, Door};
use super::pen::Pen;
use super::said::Said;

/// One protocol, as a client speaks it.
pub(crate) trait Dialect: Debug + Sync {
    /// What it is called.
    fn names(&self) -> Names;

    /// What kind of people it is for.
    fn realm(&self) -> Realm;

    /// Where this caller asks for a WebSocket, and how it gets in.
    fn door(&self, caller: &Caller<'_>) -> Door;

    /// Writes the heartbeat.
    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>);

    /// Understands a frame of the server.
    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a>;
}

/// What a protocol is called, and its part of some sentences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// On the command line and in the report.
    pub(crate) word: &'static str,
    /// In a sentence.
    pub(crate) title: &'static str,
    /// Why a first frame is wrong, after "its first frame".
    pub(crate) bad_greeting: &'static str,
    /// The same of several, after "first frames that".
    pub(crate) bad_greetings: &'static str,
}

/// The kinds of people that there are, each with the words of a protocol for them.
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

    /// Says that its owner types, or has stopped.
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
