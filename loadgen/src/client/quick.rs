//! [`strings`]: a fast path for frames in the usual spelling. A message to everyone comes once to each phone, so
//! these frames are most of what loadgen reads. Any other spelling goes through serde, with the same result.

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
        let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?;
        (*value, rest) = (&rest[..end], &rest[end..]);
        rest = rest.strip_prefix('"')?;
    }
    Some((values, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

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
