//! JSON as somebody reads it who knows no dialect: keys, and values as they are written.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Whether a strict decoder takes the text: one that refuses half a surrogate pair, an infinite number, and
/// nesting of over 128 levels.
pub(crate) fn is_strict(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// All keys and their values, the latter as they are written; None if it is no JSON object.
pub(crate) fn fields(text: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

/// The value of a key, as it is written.
pub(crate) fn field<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    Some(fields(object).expect("an object").get(name)?.get())
}

/// The value of a key whose value is a string, unescaped.
pub(crate) fn word(object: &str, name: &str) -> Option<String> {
    serde_json::from_str(field(object, name)?).ok()
}
