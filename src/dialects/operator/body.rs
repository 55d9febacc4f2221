//! What a request of the operator's API says: [`body`], a JSON object, and [`has_only`], the names in its address.

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

/// Refuses a query with another key, or with one that stands there twice: as in a body, a misspelt key must not
/// change what an order means.
pub(super) fn has_only(call: &Call<'_>, known: &[&str]) -> Result<(), Response<'static>> {
    let mut left = known.to_vec();
    for name in call.request.query_names() {
        match left.iter().position(|one| *one == name) {
            Some(place) => drop(left.swap_remove(place)),
            None => {
                let sentence = format!("the address may have, each once: {}", known.join(", "));
                return Err(wrong(&sentence));
            }
        }
    }
    Ok(())
}
