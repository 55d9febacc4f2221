//! The frames of a client and of the server, the page about the protocol, and the requests over HTTP. This
//! file holds what all these tests need.

mod client;
mod http;
mod server;

use super::*;
use crate::chat::account::{Quote, RoomId, UnixMs, UserId};
use crate::timer::Zone;

const PAGE: &str = include_str!("../PROTOCOL.md");

/// 2026-02-28T23:59:59.007Z.
const AT: UnixMs = UnixMs(1_772_323_199_007);

const ADA: &str = "01112131-4151-6171-8191-a1b1c1d1e1f1";
const BOB: &str = "11112131-4151-6171-8191-a1b1c1d1e1f1";
const ROOM: &str = "f1e1d1c1-b1a1-4181-8161-514131211101";

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a UUID")
}

fn room() -> RoomId {
    RoomId::parse(ROOM).expect("a UUID")
}

fn quote() -> Quote<'static> {
    Quote { sender_id: ADA.into(), sender_name: "ada".into(), text: "Shall we?".into() }
}

/// Half an hour ahead of UTC.
fn zone() -> Zone {
    Zone::new(|_| 1800)
}
