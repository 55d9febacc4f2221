//! [`body`]: the JSON object in a request of the operator's API.

use serde::Deserialize;

use super::answers::wrong;
use crate::http::{Call, Response};

/// Reads a body.
pub(super) fn body<T: for<'de> Deserialize<'de>>(call: &Call<'_>) -> Result<T, Response<'static>> {
    // serde would accept an array in place of an object, with its values in the order of the fields.
    if !call.body.trim_ascii_start().starts_with(b"{") {
        return Err(wrong("the body must be one JSON object"));
    }
    serde_json::from_slice(call.body).map_err(|error| wrong(&format!("the body: {error}")))
}
