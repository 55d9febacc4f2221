//! What all tests share: a [`Server`] process, and its four kinds of client.
//!
//! A [`Phone`] is a well-behaved one (tungstenite's), a [`Device`] one that is signed in to the
//! messenger realm, a [`Wire`] is a bare TCP connection that may do anything, and [`Response`] is what
//! HTTP answers. None of them knows a topic.

mod device;
mod door;
#[cfg(target_arch = "x86_64")]
mod fault;
mod pace;
mod phone;
mod process;
mod wire;

pub(crate) use device::{Device, befriend};
pub(crate) use door::{Door, passing};
#[cfg(target_arch = "x86_64")]
pub(crate) use fault::overstate_the_next_read;
pub(crate) use pace::{PATIENCE, eventually, pause};
pub(crate) use phone::{Heartbeat, Phone, message, users};
pub(crate) use process::{Metrics, Server, binary, raise_descriptor_limit};
pub(crate) use wire::{BINARY, CLOSE, CONTINUATION, PONG, Response, TEXT, Wire, frame, masked};

/// Three people who can be told apart at a glance.
pub(crate) const ALICE: &str = "0000000001";
pub(crate) const BOB: &str = "0000000002";
pub(crate) const CAROL: &str = "00000000000000000000000000000003";
