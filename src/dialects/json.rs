//! JSON as the dialects read and write it. All JSON dialects share this file.
//!
//! *Reading* parses only what is needed: serde splits a frame into raw values, and a decoder parses a
//! value when it needs it. A function that may find a flaw takes the [`Flaw`] to return as an argument,
//! so the dialect chooses the sentence.
//!
//! *Writing* is by hand, and not by serde, because much of a frame is raw JSON already. serde would
//! check that JSON again before it wrote it.

use std::borrow::Cow;
use std::io::Write;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::Incoming;
use super::flaw::{DUPLICATE_KEY, Flaw, NOT_AN_OBJECT, TYPE};

/// Decodes a frame that is an object with a `type`: splits it into `F`, and calls `understand` with the
/// type and the fields. `chat_message` is the type of the frames that the books count. `id` finds the
/// frame's id again if the frame has a flaw, whatever the flaw is.
pub(super) fn read<'a, F: Deserialize<'a>>(
    text: &'a str,
    chat_message: &str,
    kind: impl FnOnce(&F) -> Option<&'a RawValue>,
    id: impl FnOnce(&'a str) -> Option<Cow<'a, str>>,
    understand: impl FnOnce(&str, &F) -> Result<Incoming<'a>, Flaw>,
) -> Incoming<'a> {
    let fields: F = match object(text, NOT_AN_OBJECT) {
        Ok(fields) => fields,
        Err(flaw) => return flaw.incoming(id(text), false),
    };
    match required(kind(&fields), TYPE).and_then(|raw| word(raw, TYPE)) {
        Ok(kind) => understand(&kind, &fields)
            .unwrap_or_else(|flaw| flaw.incoming(id(text), kind == chat_message)),
        Err(flaw) => flaw.incoming(id(text), false),
    }
}

/// Splits an object into its fields, which are all raw values. A known key may appear only once,
/// because one reader would take the first value, and another reader the last. An unknown key may
/// repeat: nobody reads it, and to remember all keys would cost as much memory as the client likes.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str, flaw: Flaw) -> Result<T, Flaw> {
    // serde would accept an array in place of an object, with its values in the order of the fields.
    if !json.trim_ascii_start().starts_with('{') {
        return Err(flaw);
    }
    serde_json::from_str(json).map_err(|error| match error.classify() {
        // All values are raw, so a duplicate key is the only error that serde itself can find here.
        Category::Data => DUPLICATE_KEY,
        Category::Syntax | Category::Eof | Category::Io => flaw,
    })
}

/// Returns a field that has to be present.
pub(super) fn required(field: Option<&RawValue>, flaw: Flaw) -> Result<&RawValue, Flaw> {
    field.ok_or(flaw)
}

/// Returns the characters of a string. Half a surrogate pair is a flaw, because it is no character.
/// Only a string with escapes costs an allocation.
pub(super) fn word(raw: &RawValue, flaw: Flaw) -> Result<Cow<'_, str>, Flaw> {
    match contents(raw.get()) {
        Some(contents) if !contents.contains('\\') => Ok(Cow::Borrowed(contents)),
        Some(_) => serde_json::from_str(raw.get()).map(Cow::Owned).map_err(|_| flaw),
        None => Err(flaw),
    }
}

/// Returns what stands between the quotes of a string. `None` if the JSON is not a string.
pub(super) fn contents(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// Returns the value of a `true` or `false`.
pub(super) fn boolean(raw: &RawValue, flaw: Flaw) -> Result<bool, Flaw> {
    match raw.get() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(flaw),
    }
}

/// Appends a frame piece by piece. The name of each method says how it encodes its piece.
pub(super) struct Writer<'o>(pub(super) &'o mut Vec<u8>);

impl Writer<'_> {
    /// Appends JSON as it is: our own keys and punctuation, or a value that arrived as JSON.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Appends a string of any characters, quoted and escaped.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        serde_json::to_writer(&mut *self.0, text).expect("a str always has a JSON form");
        self
    }

    /// Appends a string, quoted. It must contain nothing that needs an escape.
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

/// Appends a list. `write` appends one of its items.
pub(super) fn list<T>(items: &[T], out: &mut Writer<'_>, write: impl Fn(&T, &mut Writer<'_>)) {
    out.raw("[");
    for (position, item) in items.iter().enumerate() {
        out.raw(if position == 0 { "" } else { "," });
        write(item, out);
    }
    out.raw("]");
}
