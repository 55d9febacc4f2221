//! `switchboard.v1`: protocol 1 for users with accounts, with acknowledgements, replies, rooms and histories.

mod read;

use std::borrow::Cow;

use switchboard::dialects::switchboard_v1::wire::{ClientBody, ClientFrame};

use super::dialect::{AccountWords, Archive, Dialect, Draft, Names, Realm, Skills};
use super::door::{Caller, Door, Presence};
use super::news::Spot;
use super::pen::Pen;
use super::said::{self, Said};

/// The subprotocol of the WebSocket, which chooses this protocol.
const SUBPROTOCOL: &str = "switchboard.v1";
/// Messages of a page of a history: the most that the protocol allows.
const PAGE: u16 = 100;

/// The protocol.
#[derive(Debug)]
pub(super) struct SwitchboardV1;

impl Dialect for SwitchboardV1 {
    fn names(&self) -> Names {
        Names {
            word: "v1",
            title: "switchboard.v1",
            bad_greeting: "is no welcome",
            bad_greetings: "were no welcome",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Account(&SwitchboardV1)
    }

    fn door(&self, caller: &Caller<'_>) -> Door {
        let query = match caller.presence {
            Presence::Full => String::new(),
            mode @ (Presence::Delta | Presence::None) => format!("&presence={}", mode.word()),
        };
        let path = format!("/ws?token={}{query}", caller.token);
        Door { subprotocol: Some(SUBPROTOCOL), ..Door::at(path) }
    }

    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&frame(ClientBody::Ping, &Spot::Everyone, None), out);
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        said::understand(json, read::read)
    }
}

impl AccountWords for SwitchboardV1 {
    fn skills(&self) -> Skills {
        Skills {
            is_private: true,
            has_pages: false,
            has_rooms: true,
            has_replies: true,
            types: true,
            has_history: true,
            marks_read: true,
            shows_online: true,
            shows_changes: true,
        }
    }

    fn archives(&self) -> &'static [Archive] {
        &[Archive::Pages(&SwitchboardV1)]
    }

    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        let body = ClientBody::Message { text: draft.text, reply_to: draft.reply_to };
        pen.write_json(&frame(body, &draft.place, Some(draft.id)), out);
    }

    fn type_to(&self, place: &Spot<'_>, is_typing: bool, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&frame(ClientBody::Typing { is_typing }, place, None), out);
    }

    fn ask_for_history(
        &self,
        place: &Spot<'_>,
        before: Option<&str>,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) {
        let body = ClientBody::History { before, limit: Some(PAGE) };
        pen.write_json(&frame(body, place, None), out);
    }

    fn make_room(&self, name: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        let body = ClientBody::RoomCreate { name, description: "made by loadgen" };
        pen.write_json(&frame(body, &Spot::Everyone, None), out);
    }

    fn add_to_room(&self, room: &str, user: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        let place = Spot::Room(room.into());
        pen.write_json(&frame(ClientBody::RoomAdd { user }, &place, None), out);
    }

    fn delete_room(&self, room: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        let place = Spot::Room(room.into());
        pen.write_json(&frame(ClientBody::RoomDelete, &place, None), out);
    }

    fn ask_for_unread(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&frame(ClientBody::Conversations, &Spot::Everyone, None), out);
    }

    fn mark_read(&self, place: &Spot<'_>, up_to: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&frame(ClientBody::Read { up_to }, place, None), out);
    }
}

/// A frame about a place.
fn frame<'a>(body: ClientBody<'a>, place: &'a Spot<'_>, id: Option<&'a str>) -> ClientFrame<'a> {
    let (to, room) = match place {
        Spot::Everyone | Spot::Here => (None, None),
        Spot::User(name) => (Some(&**name), None),
        Spot::Room(room) => (None, Some(&**room)),
    };
    ClientFrame { body, to, room, id }
}
