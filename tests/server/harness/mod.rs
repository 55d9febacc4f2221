//! What all tests share: a [`Server`] process, and its clients.
//!
//! A [`Phone`] is a well-behaved client (by tungstenite) of the mobile realm, and a [`Device`] one of the
//! messenger realm. A [`Wire`] is a bare TCP connection, which may send anything. A [`Response`] is an
//! answer over HTTP. None of them belongs to one topic.

use std::time::Duration;

mod device;
mod door;
#[cfg(target_arch = "x86_64")]
mod fault;
mod log;
mod pace;
mod phone;
mod process;
mod wire;

pub(crate) use device::{Device, befriend};
pub(crate) use door::{Door, passing};
#[cfg(target_arch = "x86_64")]
pub(crate) use fault::overstate_the_next_read;
pub(crate) use pace::{PATIENCE, again, eventually, pause};
pub(crate) use phone::{Heartbeat, Phone, message, users};
pub(crate) use process::{Metrics, Server, binary, raise_descriptor_limit, unix_stream};
pub(crate) use wire::{BINARY, CLOSE, CONTINUATION, PONG, Response, TEXT, Wire, frame, masked};

/// How long a client is to stay away, from the reason of a drain's close frame.
#[track_caller]
pub(crate) fn time_to_stay_away(reason: &str) -> Duration {
    let millis = reason.strip_prefix("the server is shutting down retry_after_ms=");
    let millis = millis.and_then(|digits| digits.parse().ok());
    Duration::from_millis(millis.unwrap_or_else(|| panic!("no goodbye: {reason}")))
}

/// The numbers of three people, which a reader can tell apart at a glance.
pub(crate) const ALICE: &str = "0000000001";
pub(crate) const BOB: &str = "0000000002";
pub(crate) const CAROL: &str = "00000000000000000000000000000003";
