//! JSON as the dialects read and write it. All of them share this file.
//!
//! *Reading* looks no further than needed: serde takes a frame apart into raw values, and a decoder
//! looks at each value when it needs it. A function that may find something wrong is given the
//! [`Flaw`] to answer, so the words are the dialect's own.
//!
//! *Writing* is by hand rather than by serde, because much of a frame is raw JSON already: serde
//! would have to check it again to accept it.

use std::borrow::Cow;
use std::io::Write;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::Incoming;
use super::flaw::{DUPLICATE_KEY, Flaw, NOT_AN_OBJECT, TYPE};

/// Understands a frame that is an object with a `type`: takes it apart into `F`, and hands the type
/// and the fields to `understand`. `chat_message` is the type of the frames that the ledger counts.
pub(super) fn read<'a, F: Deserialize<'a>>(
    text: &'a str,
    chat_message: &str,
    kind: impl FnOnce(&F) -> Option<&'a RawValue>,
    understand: impl FnOnce(&str, &F) -> Result<Incoming<'a>, Flaw>,
) -> Incoming<'a> {
    let fields: F = match object(text, NOT_AN_OBJECT) {
        Ok(fields) => fields,
        Err(flaw) => return flaw.incoming(false),
    };
    match required(kind(&fields), TYPE).and_then(|raw| word(raw, TYPE)) {
        Ok(kind) => {
            understand(&kind, &fields).unwrap_or_else(|flaw| flaw.incoming(kind == chat_message))
        }
        Err(flaw) => flaw.incoming(false),
    }
}

/// Takes an object apart, all of whose fields are raw values. A key that means something may be there
/// once only: of two readers, one would take the first, the other the last. What is ignored may
/// repeat: nobody reads it, and remembering which keys there were would cost memory that a stranger
/// chooses.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str, flaw: Flaw) -> Result<T, Flaw> {
    // serde would take an array for an object without keys, its values in the order of the fields.
    if !json.trim_ascii_start().starts_with('{') {
        return Err(flaw);
    }
    serde_json::from_str(json).map_err(|error| match error.classify() {
        // All values are raw: the only thing that serde itself can object to is a key.
        Category::Data => DUPLICATE_KEY,
        Category::Syntax | Category::Eof | Category::Io => flaw,
    })
}

/// A field that has to be there.
pub(super) fn required(field: Option<&RawValue>, flaw: Flaw) -> Result<&RawValue, Flaw> {
    field.ok_or(flaw)
}

/// What a string says, in which half a surrogate pair is a flaw, for it is no character. Only one
/// that has escapes costs an allocation.
pub(super) fn word(raw: &RawValue, flaw: Flaw) -> Result<Cow<'_, str>, Flaw> {
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
pub(super) fn boolean(raw: &RawValue, flaw: Flaw) -> Result<bool, Flaw> {
    match raw.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(flaw),
    }
}

/// Appends a frame piece by piece. Each piece's name says what is done to it.
pub(super) struct Writer<'o>(pub(super) &'o mut Vec<u8>);

impl Writer<'_> {
    /// Appends JSON as it is: keys and punctuation of ours, or a value that came in as JSON.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Appends a string that may hold anything, quoted and escaped.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        serde_json::to_writer(&mut *self.0, text).expect("a str always has a JSON form");
        self
    }

    /// Appends a string in which there is nothing to escape, quoted.
    pub(super) fn word(&mut self, word: &str) -> &mut Self {
        self.raw("\"").raw(word).raw("\"")
    }

    /// Appends true or false.
    pub(super) fn boolean(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    /// Appends a number.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        write!(self.0, "{number}").expect("writing to a Vec cannot fail");
        self
    }
}
