//! The real server, as its clients see it: the binary in a process of its own, over real sockets.
//!
//! Each test starts its own server on a free port of the loopback. The oracle is tungstenite's
//! client, which shares no frame loop with us; where a client has to misbehave, raw sockets take its
//! place. A test never sleeps in the hope that something has happened by then: it waits for the
//! thing itself, for as long as [`harness::PATIENCE`], so that a slow machine only makes it slow.
//!
//! The modules are the topics; `harness` is what they share. `pitfalls` has one test for each
//! mistake that event loops are known for.

mod addresses;
mod budgets;
mod command_line;
mod contract;
mod drain;
mod echo;
mod floods;
mod half_open;
mod harness;
mod http;
mod ledger;
mod limits;
mod malformed;
mod messenger;
mod observability;
mod origin;
#[cfg(target_arch = "x86_64")]
mod panics;
mod pitfalls;
mod presence;
mod privacy;
mod rates;
mod refusals;
mod replacement;
mod signals;
mod silence;
mod slow_readers;
mod smuggling;
mod stall;
mod supervised;
mod trace_file;
mod upgrade;
