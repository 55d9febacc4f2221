//! Chatterbox: one room for all users of the account realm.

pub(super) mod read;

use std::borrow::Cow;

use switchboard::dialects::chatterbox::wire::ClientFrame;

use super::dialect::{AccountWords, Archive, Dialect, Draft, Names, Realm, Skills};
use super::door::{Caller, Door};
use super::news::Spot;
use super::pen::Pen;
use super::said::{self, Said};
use super::switchboard_v1::SwitchboardV1;

/// The protocol.
#[derive(Debug)]
pub(super) struct Chatterbox;

impl Dialect for Chatterbox {
    fn names(&self) -> Names {
        Names {
            word: "chatterbox",
            title: "Chatterbox",
            bad_greeting: "is no history",
            bad_greetings: "were no history",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Account(&Chatterbox)
    }

    fn door(&self, caller: &Caller<'_>) -> Door {
        Door::at(format!("/ws?token={}", caller.token))
    }

    /// The protocol has no heartbeat of its own.
    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_control_ping(out);
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        said::understand(json, read::read)
    }
}

impl AccountWords for Chatterbox {
    fn skills(&self) -> Skills {
        Skills::default()
    }

    /// The server may speak `switchboard.v1` as well, at the same address. Then it shows all messages.
    fn archives(&self) -> &'static [Archive] {
        &[Archive::Pages(&SwitchboardV1), Archive::LastToEveryone]
    }

    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame { content: draft.text }, out);
    }

    fn type_to(&self, _: &Spot<'_>, _: bool, _: &mut Pen, _: &mut Vec<u8>) {}

    fn ask_for_history(&self, _: &Spot<'_>, _: Option<&str>, _: &mut Pen, _: &mut Vec<u8>) {}

    fn mark_read(&self, _: &Spot<'_>, _: &str, _: &mut Pen, _: &mut Vec<u8>) {}
}
