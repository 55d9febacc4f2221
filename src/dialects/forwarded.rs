//! What the server forwards as the JSON that it was: is it JSON that every client can decode?
//!
//! serde checks the grammar of JSON, and no more. Some values pass the grammar, but strict decoders refuse
//! them, and a client then loses the whole frame or its connection. RFC 7493 (I-JSON) names them: half of a
//! surrogate pair, a key that appears twice, a number that is infinite as a double. Deep nesting is a fourth
//! kind: many decoders are recursive and have a limit.
//!
//! A string is scanned in O(n), and without a backslash that is one search. A value of any other kind is
//! parsed too, in O(n log n), with memory for its keys; the caller has limited its length. (A table of
//! hashes for the keys was rejected: sorting needs no hash that a client could attack.) Called by the
//! decoders.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::flaw::{DUPLICATE_KEY, Flaw, LONE_SURROGATE, NUMBER_OUT_OF_RANGE};

/// Checks a string that is to be forwarded.
pub(super) fn string(json: &str) -> Result<(), Flaw> {
    if has_lone_surrogate(json) { Err(LONE_SURROGATE) } else { Ok(()) }
}

/// Checks a value of any kind that is to be forwarded. Its objects and lists may be nested `most_levels`
/// deep, the outermost one included.
pub(super) fn value(json: &str, most_levels: usize, too_deep: Flaw) -> Result<(), Flaw> {
    string(json)?;
    if json.starts_with('"') {
        return Ok(());
    }
    // This comes first, because the parser below is recursive.
    if is_deeper_than(most_levels, json) {
        return Err(too_deep);
    }
    serde_json::from_str(json).map(|Decodable| ()).map_err(|error| match error.classify() {
        Category::Data => DUPLICATE_KEY,
        // The grammar was checked before, and so were the surrogates. Only a number is left.
        Category::Syntax | Category::Eof | Category::Io => NUMBER_OUT_OF_RANGE,
    })
}

/// Whether valid JSON has half of a surrogate pair in one of its strings. Only a string has backslashes,
/// and UTF-8 itself has no surrogates.
fn has_lone_surrogate(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let escape = &rest.as_bytes()[at..];
        let len = match code_unit(escape) {
            Some(0xD800..=0xDBFF) => match escape.get(6..).and_then(code_unit) {
                Some(0xDC00..=0xDFFF) => 12,
                Some(_) | None => return true,
            },
            Some(0xDC00..=0xDFFF) => return true,
            Some(_) => 6,
            // Such as `\n`: two bytes of ASCII.
            None => 2,
        };
        rest = &rest[at + len..];
    }
    false
}

/// The code unit of UTF-16 at the start of the text, if the text starts with an escape such as `\u00e9`.
fn code_unit(text: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = text else { return None };
    let digits = str::from_utf8(digits.get(..4)?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether objects and lists are nested deeper than `limit`. The text is valid JSON, so every bracket
/// has its counterpart. Brackets in strings do not count.
fn is_deeper_than(limit: usize, json: &str) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// A value that was parsed and is not kept. To parse it is an error if a key appears twice in an object,
/// or if a number is out of range.
struct Decodable;

/// A key of an object. It is borrowed if it has no escapes.
#[derive(Deserialize, Eq, Ord, PartialEq, PartialOrd)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Decodable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Decodable)
    }
}

impl<'de> Visitor<'de> for Decodable {
    type Value = Decodable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while let Some(Decodable) = list.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        let mut keys: Vec<Key<'de>> = Vec::new();
        while let Some((key, Decodable)) = object.next_entry()? {
            keys.push(key);
        }
        keys.sort_unstable();
        match keys.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(A::Error::custom("a key appears twice")),
            false => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    use super::*;

    const TOO_DEEP: Flaw = Flaw::malformed("too_deep", "too deep");

    fn code(json: &str) -> Result<(), &'static str> {
        value(json, 3, TOO_DEEP).map_err(|flaw| flaw.code)
    }

    #[test]
    fn a_string_is_forwarded_unless_it_has_half_of_a_pair() {
        let whole = [
            r#""""#,
            r#""😀 \u00e9 \ud83d\ude00 \uD83D\uDE00 \n\\""#,
            r#""\\ud800""#,
            r#""\\\\udc00""#,
            r#""\u0000\uffff\ud7ff\ue000""#,
        ];
        for json in whole {
            assert_eq!(string(json), Ok(()), "{json}");
            assert_eq!(value(json, 0, TOO_DEEP), Ok(()), "{json}");
        }
        let halves = [
            r#""\ud800""#,
            r#""\uD800""#,
            r#""\udfff""#,
            r#""\\\ud800""#,
            r#""\ude00\ud83d""#,
            r#""\ud83d\ud83d\ude00""#,
            r#""\ud83d\\ude00""#,
            r#""\ud83d \ude00""#,
            r#""\ud83dude00""#,
            r#""\ud83d\n""#,
        ];
        for json in halves {
            assert_eq!(string(json), Err(LONE_SURROGATE), "{json}");
            for json in [json.to_owned(), format!("[[{json}]]"), format!("{{{json}:1}}")] {
                assert_eq!(code(&json), Err("lone_surrogate"), "{json}");
            }
        }
    }

    #[test]
    fn an_object_has_each_key_once_however_it_is_written() {
        for json in [r#"{"a":{"a":[{"a":1}]},"b":"a"}"#, r#"[{"a":1},{"a":1}]"#, r#"{"":0}"#] {
            assert_eq!(value(json, 9, TOO_DEEP), Ok(()), "{json}");
        }
        let twice = [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":1}"#,
            r#"[{"x":{"":1,"":2}}]"#,
            r#"{"é":1,"\u00e9":1}"#,
        ];
        for json in twice {
            assert_eq!(code(json), Err("duplicate_key"), "{json}");
        }
    }

    #[test]
    fn a_number_is_finite_as_a_double() {
        let digits = |count| format!("1{}", "0".repeat(count));
        let finite =
            ["1e308", "-1.7976931348623157e308", "1e-999", "-0.0", "0e999", "18446744073709551616"];
        for json in finite.map(str::to_owned).into_iter().chain([digits(308)]) {
            assert_eq!(code(&json), Ok(()), "{json}");
            assert_eq!(code(&format!("[{json}]")), Ok(()), "{json}");
        }
        for json in ["1e999", "-1e309", "1.8e308"].map(str::to_owned).iter().chain([&digits(309)]) {
            assert_eq!(code(json), Err("number_out_of_range"), "{json}");
            assert_eq!(code(&format!(r#"{{"a":{json}}}"#)), Err("number_out_of_range"), "{json}");
        }
    }

    #[test]
    fn nesting_is_counted_without_recursion() {
        for json in ["[[[]]]", r#"{"a":[{}]}"#, r#"["[[[[", "\"[[[["]"#] {
            assert_eq!(code(json), Ok(()), "{json}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for json in ["[[[[]]]]", r#"{"a":[{"b":[]}]}"#, &deep] {
            assert_eq!(code(json), Err("too_deep"), "{json:.40}");
        }
    }

    /// Whether serde makes text of a string, numbers of numbers, and finds each key once: by itself, and by
    /// another way than the code above.
    fn is_decodable(json: &str) -> bool {
        if serde_json::from_str::<Value>(json).is_err() {
            return false;
        }
        if let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
            // Each field is one colon that stands outside of strings and at the first level.
            return fields.len() == colons(json)
                && fields.values().all(|it| is_decodable(it.get()));
        }
        let items = serde_json::from_str::<Vec<&RawValue>>(json).unwrap_or_default();
        items.iter().all(|item| is_decodable(item.get()))
    }

    fn colons(json: &str) -> usize {
        let (mut depth, mut in_string, mut count) = (0, false, 0);
        let mut bytes = json.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' => _ = bytes.next(),
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth -= 1,
                b':' if !in_string && depth == 1 => count += 1,
                _ => {}
            }
        }
        count
    }

    const PIECES: &[&str] = &[
        "a", "é", "\\ud83d", "\\ude00", "\\uD800", "\\u0061", "\\\\", "\\\"", "u", "d83d", ":", "[",
    ];

    fn a_string() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(PIECES), 0..5)
            .prop_map(|pieces| format!("\"{}\"", pieces.concat()))
    }

    fn a_value() -> impl Strategy<Value = String> {
        let numbers = prop::sample::select(&["0", "-1.5e3", "1e308", "1e309", "true", "null"][..]);
        let leaf = prop_oneof![numbers.prop_map(str::to_owned), a_string()];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4);
            let fields = prop::collection::vec((a_string(), inner), 0..4);
            prop_oneof![
                list.prop_map(|items| format!("[{}]", items.join(","))),
                fields.prop_map(|fields| {
                    let fields = fields.iter().map(|(key, value)| format!("{key}:{value}"));
                    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_forwarded_is_what_a_strict_decoder_takes(json in a_value()) {
            prop_assume!(serde_json::from_str::<&RawValue>(&json).is_ok());
            prop_assert_eq!(value(&json, 64, TOO_DEEP).is_ok(), is_decodable(&json), "{}", json);
        }
    }
}
