//! Reads the server's frames in SCA.
//!
//! Frames in the spelling of our own server take a fast path. All other JSON, with spaces, escapes or
//! another order of keys, takes a slow path through serde, with the same result.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lists::{Delta, List};
use crate::client::quick::string;
use crate::client::said::{Message, Said, in_any_spelling, word};

const LIST: &str = r#"{"type":"online_users""#;
const MESSAGE: &str = r#"{"type":"message","from":""#;
const MESSAGE_TEXT: &str = r#","text":""#;
const PONG: &str = r#"{"type":"pong"}"#;

/// Understands a frame.
pub(super) fn understand(json: Cow<'_, str>) -> Said<'_> {
    if json.starts_with(LIST) {
        return Said::List(List::new(json));
    }
    if json == PONG {
        return Said::Pong;
    }
    match json {
        Cow::Borrowed(json) => quick(json).unwrap_or_else(|| in_any_spelling(json, slow)),
        // It came in pieces, which is rare.
        Cow::Owned(json) => in_any_spelling(&json, slow),
    }
}

/// A message in the usual spelling.
fn quick(json: &str) -> Option<Said<'_>> {
    let (from, rest) = string(json.strip_prefix(MESSAGE)?)?;
    let (text, rest) = string(rest.strip_prefix(MESSAGE_TEXT)?)?;
    let message = Message { from: Cow::Borrowed(from), text: Cow::Borrowed(text) };
    (rest == "}").then_some(Said::Message(message))
}

/// What is needed of a frame. All other fields may be anything: the original apps do not look at them.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    from: Option<&'a RawValue>,
    to: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
}

/// Any other spelling. What is needed of it is copied.
fn slow(json: &str) -> Said<'static> {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(json) else {
        return Said::Nonsense;
    };
    let copy = || Cow::Owned(json.to_owned());
    match fields.kind {
        "pong" => Said::Pong,
        "online_users" => Said::List(List::new(copy())),
        "presence" => Said::Delta(Delta::new(copy())),
        "message" => match (word(fields.from), word(fields.text)) {
            (Some(from), Some(text)) => Said::Message(Message { from, text }),
            _ => Said::Nonsense,
        },
        "undelivered" => Said::Undelivered { to: word(fields.to) },
        "error" => Said::Error,
        _ => Said::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(json: &str) -> Said<'static> {
        let said = understand(Cow::Owned(json.to_owned()));
        assert_eq!(said, understand(Cow::Borrowed(json)), "{json}");
        said
    }

    #[test]
    fn the_usual_spelling_and_any_other_come_to_the_same() {
        let message = Said::Message(Message { from: "4000".into(), text: "hi there".into() });
        for json in [
            r#"{"type":"message","from":"4000","text":"hi there"}"#,
            r#"{"type": "message", "from": "4000", "text": "hi there"}"#,
            r#"{"text":"hi\u0020there","timestamp":[1],"from":"4000","type":"message"}"#,
            r#"{"type":"message","from":"4000","text":"hi there","id":"x"}"#,
            r#"{"type":"message","from":"4000","text":"hi there","users":7,"left":{},"online":-1,"status":[3]}"#,
        ] {
            assert_eq!(both_ways(json), message, "{json}");
        }
        assert_eq!(both_ways(r#"{"type":"pong"}"#), Said::Pong);
        assert_eq!(both_ways(r#"{ "type" : "pong" }"#), Said::Pong);
        assert_eq!(both_ways(r#"{"type":"error","detail":"no"}"#), Said::Error);
        assert_eq!(
            both_ways(r#"{"type":"undelivered","to":"4000"}"#),
            Said::Undelivered { to: Some("4000".into()) }
        );
        assert_eq!(both_ways(r#"{"type":"typing","from":"4000"}"#), Said::Other);
    }

    #[test]
    fn a_delta_says_who_has_come_and_gone_and_nonsense_in_it_nobody() {
        let touched = |json: &str| match both_ways(json) {
            Said::Delta(delta) => {
                let (joined, left) = delta.touched();
                (joined.concat(), left.concat())
            }
            other => panic!("{json} is {other:?}"),
        };
        let json = r#"{"type":"presence","joined":["1","2"],"left":["3"],"online":1}"#;
        assert_eq!(touched(json), ("12".to_owned(), "3".to_owned()));
        let json = r#"{"type":"presence","joined":7}"#;
        assert_eq!(touched(json), (String::new(), String::new()));
    }

    #[test]
    fn a_list_counts_its_numbers_only_when_asked() {
        for (json, count) in [
            (r#"{"type":"online_users","users":[]}"#, 0),
            (r#"{"type":"online_users","users":["4000000001"]}"#, 1),
            (r#"{"type": "online_users", "users": ["4000000001", "4000000002"]}"#, 2),
            (r#"{"users":["4000000001","4000000002"],"type":"online_users"}"#, 2),
            (r#"{"at":["5"],"type":"online_users","users":["4000000001"],"of":["6"]}"#, 1),
            (r#"{"type":"online_users","at":["5"],"users":["4000000001"]}"#, 1),
            (r#"{"type":"online_users","users":["\u0034000000001","400000000\u0032"]}"#, 2),
            (r#"{"users":["4\u003000000001"],"type":"online_\u0075sers"}"#, 1),
            (r#"{"type":"online_users","users":["4000000001"],"by":"\u0041nn"}"#, 1),
        ] {
            match both_ways(json) {
                Said::List(list) => {
                    assert_eq!(list.count(), count, "{json}");
                    let numbers = list.numbers().expect("a list");
                    assert!(numbers.iter().all(|number| number.starts_with("400000000")), "{json}");
                    assert!(numbers.iter().all(|number| number.len() == 10), "{json}");
                }
                other => panic!("{json} is {other:?}"),
            }
        }
    }

    #[test]
    fn what_begins_like_a_list_and_is_none_has_no_numbers() {
        for json in [
            r#"{"type":"online_users","users":null}"#,
            r#"{"type":"online_users","users":[4000000001]}"#,
            r#"{"type":"online_users","users":["4000000001""#,
            r#"{"type":"online_users","users":["4000000001"]"#,
            r#"{"type":"online_users","users":["4000000001"]}}"#,
            r#"{"type":"online_users","users":["4000000001",]}"#,
            r#"{"type":"online_users","users":["4000000001" "4000000002"]}"#,
            r#"{"type":"online_users"}"#,
        ] {
            match both_ways(json) {
                Said::List(list) => assert_eq!((list.numbers(), list.count()), (None, 0), "{json}"),
                other => panic!("{json} is {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_sca_is_nonsense_and_never_a_panic() {
        for json in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"message"}"#,
            r#"{"type":"message","from":"4","text":7}"#,
        ] {
            assert_eq!(both_ways(json), Said::Nonsense, "{json}");
        }
    }
}
