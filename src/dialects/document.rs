//! What the tests of the dialects' documents share. `PROTOCOL.md` has examples and a table of codes,
//! `schema.json` has types and fields, and `wire.rs` has fields. The tests compare them with each other and
//! with the code. An *example* is a line of a `json` block.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor, value};
use serde_json::Value;

use super::flaw::Flaw;

/// Defines a function that names the variant of a value, and a list of all names. A new variant does not
/// compile until it has a name here, and a test fails until the name is in the document.
macro_rules! words {
    ($all:ident, $name:ident($type:ty): $($pattern:pat => $word:literal,)*) => {
        pub(super) const $all: &[&str] = &[$($word),*];
        pub(super) fn $name(value: &$type) -> &'static str {
            match value { $($pattern => $word,)* }
        }
    };
}
pub(super) use words;

/// The examples of a section, in their order.
pub(super) fn examples<'p>(page: &'p str, section: &str) -> Vec<&'p str> {
    let heading = format!("\n## {section}\n");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("there is no {section}"));
    let section = rest.split("\n## ").next().unwrap_or_default();
    let blocks = section.split("```json\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let examples: Vec<_> = lines.collect();
    assert!(examples.len() > 5, "{section} has only {examples:?}");
    examples
}

/// Asserts that the tables of codes have exactly these codes, each with its sentence.
pub(super) fn check_codes(page: &str, codes: impl Iterator<Item = (&'static str, &'static str)>) {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows: Vec<_> = rows.filter_map(|row| row.split_once("` | ")).collect();
    let documented: BTreeSet<_> = rows.iter().copied().collect();
    assert_eq!(documented.len(), rows.len(), "a row is there twice");
    assert_eq!(documented, codes.collect());
}

/// The codes and sentences of flaws.
pub(super) fn codes_of(flaws: &[Flaw]) -> impl Iterator<Item = (&'static str, &'static str)> {
    flaws.iter().map(|flaw| (flaw.code, flaw.detail))
}

/// The types of frames.
pub(super) fn types(frames: &[&str]) -> BTreeSet<String> {
    let parsed =
        frames.iter().map(|frame| serde_json::from_str(frame).expect("an example is JSON"));
    parsed.map(|frame: Value| frame["type"].as_str().expect("a type").to_owned()).collect()
}

/// The words of a list.
pub(super) fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The keys in frames; or, with `inside`, the keys of the object at this key of each frame.
pub(super) fn keys(frames: &[&str], inside: Option<&str>) -> BTreeSet<String> {
    let parsed =
        frames.iter().map(|frame| serde_json::from_str(frame).expect("an example is JSON"));
    let objects = parsed.filter_map(|frame: Value| match inside {
        Some(key) => frame.get(key)?.as_object().cloned(),
        None => frame.as_object().cloned(),
    });
    objects.flat_map(|object| object.into_iter().map(|(key, _)| key)).collect()
}

/// The names of a struct's fields on the wire.
pub(super) fn fields<'de, T: Deserialize<'de>>() -> BTreeSet<String> {
    let fields = Cell::new([].as_slice());
    let no_value = T::deserialize(Fields(&fields));
    assert!(no_value.is_err() && !fields.get().is_empty(), "it is a struct");
    set(fields.get())
}

/// What a schema says of one direction: each type, and the names of its fields. With `inside`, the fields
/// of the object at this key.
pub(super) fn schema(
    text: &str,
    direction: &str,
    inside: Option<&str>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema: Value = serde_json::from_str(text).expect("a schema is JSON");
    let definitions = &schema["$defs"];
    let frames = definitions[direction]["oneOf"].as_array().expect("a list of frames");
    let mut types = BTreeSet::new();
    let mut fields = BTreeSet::new();
    for frame in frames {
        let kind = frame["properties"]["type"]["const"].as_str().expect("a type");
        assert!(types.insert(kind.to_owned()), "{kind} is there twice");
        let object = inside.map_or(frame, |key| &frame["properties"][key]);
        // Such as `#/$defs/invitation`.
        let object = match object["$ref"].as_str().and_then(|path| path.rsplit_once('/')) {
            Some((_, name)) => &definitions[name],
            None => object,
        };
        let names = object["properties"].as_object().into_iter().flat_map(|object| object.keys());
        fields.extend(names.cloned());
    }
    (types, fields)
}

/// A deserializer that has no value. It keeps the names of the fields that a struct asks for.
struct Fields<'c>(&'c Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.set(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom(fmt::Error))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
