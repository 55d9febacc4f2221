//! The bodies of the operator's API as structs for serde, in both directions, and nothing else.
//!
//! A key that a body does not have is an error and is named, because a misspelt key must not change what an
//! order means. So is a key that stands there twice.

use serde::{Deserialize, Serialize};

/// `POST /api/disconnect`: exactly one of the first five names the target.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the API, by name")]
pub struct Disconnect {
    pub number: Option<String>,
    pub session: Option<String>,
    pub account: Option<String>,
    pub address: Option<String>,
    pub connection: Option<String>,
    pub reason: Option<String>,
}

/// The answer to `POST /api/disconnect`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Disconnected {
    /// How many connections were ended.
    pub disconnected: usize,
}
