//! The real server, as its clients see it: the binary in its own process, over real sockets.
//!
//! Each test starts its own server on a free port of the loopback. The oracle is the client of
//! tungstenite, which shares no code for frames with the server. A client that has to misbehave is a raw
//! socket. A test never sleeps and hopes that something has happened meanwhile. It waits for the event
//! itself, up to [`harness::PATIENCE`]. So a slow machine only makes a test slow.
//!
//! Each module is a topic, and `harness` is what they share. `pitfalls` has one test for each mistake
//! that event loops are known for.

#[cfg(feature = "accounts")]
mod accounts;
mod addresses;
mod bans;
mod budgets;
mod command_line;
mod configuration;
mod contract;
#[cfg(feature = "accounts")]
mod data;
mod drain;
mod echo;
mod floods;
mod half_open;
mod harness;
mod health;
mod http;
mod ledger;
mod limits;
mod malformed;
mod memory;
mod messenger;
#[cfg(feature = "accounts")]
mod monitoring;
mod observability;
mod operator;
mod origin;
#[cfg(target_arch = "x86_64")]
mod panics;
mod pitfalls;
mod presence;
mod privacy;
mod proxy_protocol;
mod rates;
mod realms;
mod refusals;
mod refused_upgrades;
mod reload;
mod replacement;
mod signals;
mod silence;
mod slow_readers;
mod smuggling;
mod stall;
mod supervised;
#[cfg(feature = "auth")]
mod tokens;
mod trace_file;
mod unix_sockets;
mod upgrade;
#[cfg(feature = "web")]
mod web;
