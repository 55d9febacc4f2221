//! WebSocket Chat: users of the account realm, who write to everyone and to each other.
//!
//! It shares its address with Chatterbox, and every connection begins with that: the first frame from the server
//! is Chatterbox's history. The first frame of the phone has a `type`, and so makes it a connection of this
//! protocol.

mod read;

use std::borrow::Cow;

use switchboard::dialects::websocket_chat::wire::ClientFrame;

use super::dialect::{AccountWords, Archive, Dialect, Draft, Names, Realm, Skills};
use super::door::{Caller, Door};
use super::news::{News, Spot};
use super::pen::Pen;
use super::said::{self, Said};
use super::switchboard_v1::SwitchboardV1;

/// The protocol.
#[derive(Debug)]
pub(super) struct WebsocketChat;

impl Dialect for WebsocketChat {
    fn names(&self) -> Names {
        Names {
            word: "websocket-chat",
            title: "WebSocket Chat",
            bad_greeting: "is neither a history nor a list of users",
            bad_greetings: "were neither a history nor a list of users",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Account(&WebsocketChat)
    }

    fn door(&self, caller: &Caller<'_>) -> Door {
        let sign_in = serde_json::to_string(&ClientFrame::RequestUserList);
        let sign_in = sign_in.expect("a word always has a JSON form");
        Door { sign_in: Some(sign_in), ..Door::at(format!("/ws?token={}", caller.token)) }
    }

    /// The protocol has no heartbeat of its own.
    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_control_ping(out);
    }

    /// The list that it has asked for. What comes before may be of Chatterbox, or be typing, which waits for nothing.
    fn lets_in(&self, said: &Said<'_>) -> bool {
        let is_other = |news: &News<'_>| {
            matches!(news, News::History(_) | News::Post(_) | News::Typing { .. } | News::Known)
        };
        !matches!(said, Said::News(news) if is_other(news))
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        said::understand(json, read::read)
    }
}

impl AccountWords for WebsocketChat {
    fn skills(&self) -> Skills {
        Skills { is_private: true, types: true, shows_online: true, ..Skills::default() }
    }

    /// The server may speak `switchboard.v1` as well, at the same address. Then it shows all messages.
    fn archives(&self) -> &'static [Archive] {
        &[Archive::Pages(&SwitchboardV1), Archive::LastToEveryone]
    }

    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        let recipient = draft.place.user();
        pen.write_json(&ClientFrame::Chat { content: draft.text, recipient }, out);
    }

    fn type_to(&self, place: &Spot<'_>, is_typing: bool, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::Typing { is_typing, recipient: place.user() }, out);
    }

    fn ask_for_history(&self, _: &Spot<'_>, _: Option<&str>, _: &mut Pen, _: &mut Vec<u8>) {}

    fn mark_read(&self, _: &Spot<'_>, _: &str, _: &mut Pen, _: &mut Vec<u8>) {}
}
