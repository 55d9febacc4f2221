//! Signed tokens (JWT, RFC 7519), which prove that a number is the caller's, and the keys that check them.
//!
//! ```text
//!   key file ─▶ Keys::parse ─▶ Keys ─┐
//!   token of a request ──────────────┴▶ Keys::check ─▶ when the proof ends, or a Flaw
//! ```
//!
//! The room reads no file and no clock, and keeps nothing of a token. [`Flaw`] says what is wrong with one, and
//! quotes nothing of it. The Cargo feature `auth` (on by default) carries the cryptography. Without it nobody
//! can have [`Keys`]. The session checks tokens; `net` reads keys from their file and makes tokens for people.

mod flaw;
#[cfg(feature = "auth")]
mod jwk;
#[cfg(feature = "auth")]
mod keys;
#[cfg(not(feature = "auth"))]
#[path = "no_keys.rs"]
mod keys;
#[cfg(feature = "auth")]
mod maker;
#[cfg(feature = "auth")]
mod provider;
#[cfg(all(test, feature = "auth"))]
mod tests;

use std::time::Duration;

pub use flaw::Flaw;
#[cfg(feature = "auth")]
pub use jwk::Algorithm;
pub use keys::Keys;
#[cfg(feature = "auth")]
pub use maker::{TokenMaker, new_key, public_part};

/// How much later than its `exp` a token still counts, and how much earlier than its `nbf`: the clocks of two
/// machines are never the same (RFC 7519 §4.1.4).
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The longest token that is looked at, in bytes. One of ours has 200; a request's head has 8 KiB.
pub const TOKEN_BYTES: usize = 4096;

/// The most bytes of a key file. A set of [`KEYS`] keys has 2 KiB, with certificates 20 KiB.
pub const FILE_BYTES: usize = 64 * 1024;

/// The most keys of a file that can check tokens. A token without a `kid` is tried with all of its algorithm,
/// so this also bounds what a token costs.
pub const KEYS: usize = 8;

/// The fewest bytes of a key for HS256: the size of the hash (RFC 7518 §3.2). A shorter one can be guessed.
pub const SECRET_BYTES: usize = 32;
