//! [`strings`] and [`string`]: a fast path for frames in the usual spelling, which are nearly all that loadgen reads.
//! Any other spelling goes through serde, with the same result.

use memchr::memchr2;

/// The values of the first keys of a JSON object, if these are its keys, in this order, without spaces, and the values
/// strings without escapes. Also returns what follows the last value.
pub(super) fn strings<'a, const N: usize>(
    json: &'a str,
    keys: [&str; N],
) -> Option<([&'a str; N], &'a str)> {
    let mut rest = json.strip_prefix('{')?;
    let mut values = [""; N];
    for (position, (key, value)) in keys.into_iter().zip(&mut values).enumerate() {
        rest = if position > 0 { rest.strip_prefix(',')? } else { rest };
        rest = rest.strip_prefix('"')?.strip_prefix(key)?.strip_prefix("\":\"")?;
        (*value, rest) = string(rest)?;
    }
    Some((values, rest))
}

/// A string without escapes, whose opening quote has been read, and what follows its closing quote.
pub(super) fn string(json: &str) -> Option<(&str, &str)> {
    let end = memchr2(b'"', b'\\', json.as_bytes())?;
    Some((&json[..end], json[end..].strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_quote_and_one_with_an_escape_is_not_read() {
        assert_eq!(string(r#"ä b","c":"d"}"#), Some(("ä b", r#","c":"d"}"#)));
        assert_eq!(string("\""), Some(("", "")));
        for other in ["", "no end", r#"\"a""#, r#"a\\""#, r#"a\u0041""#] {
            assert_eq!(string(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_usual_spelling_is_read_and_the_rest_is_left() {
        let keys = ["type", "text"];
        let read = |json| strings(json, keys);
        assert_eq!(read(r#"{"type":"a","text":"b c","n":1}"#), Some((["a", "b c"], r#","n":1}"#)));
        for other in [
            "",
            "{}",
            r#"{"type":"a"}"#,
            r#"{"type":"a","text":"b"#,
            r#"{"type": "a","text":"b"}"#,
            r#"{"text":"b","type":"a"}"#,
            r#"{"type":"a","text":"\"b"}"#,
            r#"{"type":"a","text":7}"#,
            r#"{"type":"ä","texts":"b"}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
