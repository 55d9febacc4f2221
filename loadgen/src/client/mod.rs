//! A phone, sans-IO: the code here gets bytes and the time as arguments, and returns bytes and events. It
//! neither reads a socket nor looks at a clock.
//!
//! [`Phone`] is one connection, from its request to its end. [`Dialect`](dialect::Dialect) is what differs
//! from one protocol to the next: each protocol is a folder here (`sca`, `messenger`) and a line in
//! `protocol`.

mod chatterbox;
mod dialect;
mod door;
mod ending;
mod frames;
mod halves;
mod messenger;
mod mychat;
mod news;
mod pen;
mod phone;
mod protocol;
mod quick;
mod said;
mod sca;
mod switchboard_v1;
#[cfg(test)]
mod tests;
mod told;
mod upgrade;
mod websocket_chat;

pub(crate) use dialect::{
    AccountWords, Archive, Dialect, Draft, Letter, MessengerWords, MobileWords, Realm, Skills,
};
pub(crate) use door::{Address, Caller, OpenPage, Presence};
pub(crate) use ending::{Ending, hint};
pub(crate) use halves::Halves;
pub(crate) use mychat::{App, AppRequest};
pub(crate) use news::{Change, History, Listed, News, Online, Post, RoomEvent, Spot};
pub(crate) use pen::Pen;
pub(crate) use phone::{Event, Phone};
pub(crate) use protocol::Protocol;
pub(crate) use said::{Message, Said};
pub(crate) use sca::{Delta, List};
pub(crate) use told::{Answer, Status, Told};
