//! MyChat: a socket for each page of the app, cookies, and the rest over HTTP.
//!
//! A phone plays one socket: that of a private conversation or of a room, or one of the two of the start page, with
//! notices or with who is online. What it writes comes back to it as to the others who have the page open, and so is
//! acknowledged.

mod app;
mod read;

pub(crate) use app::{App, AppRequest};

use std::borrow::Cow;

use switchboard::ws::Frame;

use super::dialect::{AccountWords, Archive, Dialect, Draft, Names, Realm, Skills};
use super::door::{Caller, Door, OpenPage};
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

    /// Nothing is said on a socket before somebody writes.
    fn door(&self, caller: &Caller<'_>) -> Door {
        let Caller { user_id, token, page, .. } = *caller;
        let path = match page {
            OpenPage::Conversation(other_id) => format!("/ws/{user_id}/{other_id}"),
            OpenPage::Room(room) => format!("/ws/room/{room}/{user_id}"),
            OpenPage::Start => format!("/ws/global/{user_id}"),
            OpenPage::Status => "/ws/status".to_owned(),
        };
        let headers = App { user_id, token }.cookies();
        Door { headers, is_greeted: false, ..Door::at(path) }
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
        Skills {
            has_pages: true,
            has_rooms: true,
            has_replies: true,
            shows_online: true,
            ..Skills::default()
        }
    }

    /// The app's own history has no ids, and nothing but the last messages.
    fn archives(&self) -> &'static [Archive] {
        &[Archive::LastOfEach { older: &SwitchboardV1 }]
    }

    /// The text alone, which is no JSON, unless it answers another one.
    fn message(&self, draft: &Draft<'_>, pen: &mut Pen, out: &mut Vec<u8>) {
        match draft.reply_to {
            None => pen.write(&Frame::Text(draft.text), out),
            Some(quote) => {
                let text = serde_json::Value::from(draft.text);
                let json = format!(r#"{{"text":{text},"reply_to":{quote}}}"#);
                pen.write(&Frame::Text(&json), out);
            }
        }
    }

    fn type_to(&self, _: &Spot<'_>, _: bool, _: &mut Pen, _: &mut Vec<u8>) {}

    fn ask_for_history(&self, _: &Spot<'_>, _: Option<&str>, _: &mut Pen, _: &mut Vec<u8>) {}

    fn mark_read(&self, _: &Spot<'_>, _: &str, _: &mut Pen, _: &mut Vec<u8>) {}

    /// The page of notices does so every 60 s.
    fn answer_ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write(&Frame::Text(r#"{"type":"pong"}"#), out);
    }
}
