//! Looking at JSON no further than needed: what the decoders of the dialects share.
//!
//! A frame is taken apart by serde into raw values, and each of them is looked at when it is its turn.
//! What is wrong is said in the dialect's own words: every function is given the *flaw* to answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Takes an object apart, all of whose fields are raw values. A key that means something may be there
/// once only: of two readers, one would take the first, the other the last. What is ignored may
/// repeat: nobody reads it, and remembering which keys there were would cost memory that a stranger
/// chooses.
pub(super) fn object<'a, T: Deserialize<'a>, F>(json: &'a str, flaw: F, twice: F) -> Result<T, F> {
    // serde would take an array for an object without keys, its values in the order of the fields.
    if !json.trim_ascii_start().starts_with('{') {
        return Err(flaw);
    }
    serde_json::from_str(json).map_err(|error| match error.classify() {
        // All values are raw: the only thing that serde itself can object to is a key.
        Category::Data => twice,
        Category::Syntax | Category::Eof | Category::Io => flaw,
    })
}

/// A field that has to be there.
pub(super) fn required<F>(field: Option<&RawValue>, flaw: F) -> Result<&RawValue, F> {
    field.ok_or(flaw)
}

/// What a string says, in which half a surrogate pair is a flaw, for it is no character. Only one
/// that has escapes costs an allocation.
pub(super) fn word<F>(raw: &RawValue, flaw: F) -> Result<Cow<'_, str>, F> {
    match contents(raw.get()) {
        Some(contents) if !contents.contains('\\') => Ok(Cow::Borrowed(contents)),
        Some(_) => serde_json::from_str(raw.get()).map(Cow::Owned).map_err(|_| flaw),
        None => Err(flaw),
    }
}

/// What stands between the quotes of a string; none if the JSON is something else.
pub(super) fn contents(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// Whether it is true or false.
pub(super) fn boolean<F>(raw: &RawValue, flaw: F) -> Result<bool, F> {
    match raw.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(flaw),
    }
}
