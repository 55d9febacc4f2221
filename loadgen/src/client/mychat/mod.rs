//! MyChat: a socket for each conversation, and cookies.
//!
//! The app's page of a private conversation is played: a phone has the socket of its conversation with one other
//! phone, its partner. What it writes comes back to it as to the partner, and so is acknowledged.

mod read;

use std::borrow::Cow;

use switchboard::ws::Frame;

use super::dialect::{AccountWords, Archive, Dialect, Draft, Names, Realm, Skills};
use super::door::{Caller, Door};
use super::news::Spot;
use super::pen::Pen;
use super::said::{self, Said};
use super::switchboard_v1::SwitchboardV1;

/// The protocol.
#[derive(Debug)]
pub(super) struct MyChat;

impl Dialect for MyChat {
    fn names(&self) -> Names {
        Names {
            word: "mychat",
            title: "MyChat",
            bad_greeting: "is not of it",
            bad_greetings: "were not of it",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Account(&MyChat)
    }

    /// Nothing is said on a socket of a conversation before somebody writes.
    fn door(&self, caller: &Caller<'_>) -> Door {
        let Caller { user_id, partner_id, token, .. } = caller;
        let headers = format!("Cookie: session={token}; user_id={user_id}\r\n");
        Door { headers, is_greeted: false, ..Door::at(format!("/ws/{user_id}/{partner_id}")) }
    }

    /// The protocol has no heartbeat of its own.
    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_control_ping(out);
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        said::understand(json, read::read)
    }
}

impl AccountWords for MyChat {
    fn skills(&self) -> Skills {
        Skills { has_partner: true, ..Skills::default() }
    }

    /// The app's own history has no ids and no pages. A server of all these protocols has both in `switchboard.v1`.
    fn archives(&self) -> &'static [Archive] {
        &[Archive::Pages(&SwitchboardV1)]
    }

    /// The text alone, which is no JSON.
    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write(&Frame::Text(draft.text), out);
    }

    fn type_to(&self, _: &Spot<'_>, _: bool, _: &mut Pen, _: &mut Vec<u8>) {}

    fn ask_for_history(&self, _: &Spot<'_>, _: Option<&str>, _: &mut Pen, _: &mut Vec<u8>) {}

    fn mark_read(&self, _: &Spot<'_>, _: &str, _: &mut Pen, _: &mut Vec<u8>) {}
}
