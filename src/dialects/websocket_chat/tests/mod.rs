//! The frames of a client and of the server, wrong frames, the page about the protocol, and the requests
//! over HTTP. This file holds what all these tests need.

mod client;
mod http;
mod server;

use super::*;
use crate::chat::account::{Command, Event, Said, Spot, Target, UnixMs};
use crate::chat::{self};
use crate::dialects::Fault;
use crate::dialects::page::appended;

const PAGE: &str = include_str!("../PROTOCOL.md");

/// 2026-02-28T23:59:59.007Z.
const AT: UnixMs = UnixMs(1_772_323_199_007);

fn decode(text: &str) -> Incoming<'_> {
    read(Message::Text(text))
}

fn command(text: &str) -> Command<'_> {
    match decode(text) {
        Incoming::Command(chat::Command::Account(command)) => command,
        other => panic!("not a command: {other:?}: {text}"),
    }
}

fn say<'a>(to: Option<&'a str>, text: &'a str) -> Command<'a> {
    Command::Say { to: target(to), text: text.into(), id: None, reply_to: None }
}

fn typing(to: Option<&str>, is_typing: bool) -> Command<'_> {
    Command::Typing { to: target(to), is_typing }
}

fn target(to: Option<&str>) -> Target<'_> {
    to.map_or(Target::Everybody, |name| Target::User(name.into()))
}

fn spot(to: Option<&str>) -> Spot<'_> {
    to.map_or(Spot::Everybody, Spot::User)
}

/// Asserts that the frame is malformed, and returns how the books account for it.
#[track_caller]
fn fault(text: &str) -> Option<Fault> {
    match decode(text) {
        Incoming::Malformed { detail: "Invalid message format", refused_message, .. } => {
            refused_message
        }
        other => panic!("not malformed: {other:?}: {text}"),
    }
}

fn encode(event: Event<'_>) -> String {
    encode_any(&chat::Event::Account(event))
}

fn encode_any(event: &chat::Event<'_>) -> String {
    appended(|out| encode::write(event, out))
}

fn said<'a>(to: Option<&'a str>, text: &'a str) -> Said<'a> {
    Said::plain("ada", spot(to), text, AT)
}
