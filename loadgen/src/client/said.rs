//! [`Said`]: a frame of the server, understood as far as a measurement needs it. Each dialect reads its own
//! frames, and says the same thing of what means the same.

use std::borrow::Cow;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::news::News;
use super::sca::{Delta, List};
use super::told::Told;

/// What a frame of the server says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Said<'a> {
    /// The answer to a ping.
    Pong,
    /// The phones that are online.
    List(List<'a>),
    /// The phones that have come and gone.
    Delta(Delta<'a>),
    /// A message from another phone.
    Message(Message<'a>),
    /// What only the Session Messenger protocol says.
    Told(Told<'a>),
    /// What only the protocols of users with accounts say.
    News(News<'a>),
    /// A message of this phone could not be delivered.
    Undelivered {
        /// The recipient, as the server says.
        to: Option<Cow<'a, str>>,
    },
    /// The server did not understand a frame of this phone.
    Error,
    /// Something else from the protocol, or from a later version of it.
    Other,
    /// Something that is not of the protocol.
    Nonsense,
}

/// What a frame is that is no news.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoNews {
    /// The answer to a ping.
    Pong,
    /// The server did not understand a frame.
    Error,
    /// Something else from the protocol, or from a later version of it.
    Other,
    /// Something that is not of the protocol.
    Nonsense,
}

impl From<NoNews> for Said<'_> {
    fn from(what: NoNews) -> Self {
        match what {
            NoNews::Pong => Said::Pong,
            NoNews::Error => Said::Error,
            NoNews::Other => Said::Other,
            NoNews::Nonsense => Said::Nonsense,
        }
    }
}

/// A message from another phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message<'a> {
    /// The sender, as the server says.
    pub(crate) from: Cow<'a, str>,
    /// The text.
    pub(crate) text: Cow<'a, str>,
}

impl Said<'_> {
    /// Whether it is what a server should say first: a list, a history, or that the phone is in.
    pub(crate) fn is_greeting(&self) -> bool {
        let is_news =
            matches!(self, Said::News(News::Welcome { .. } | News::History(_) | News::Online(_)));
        is_news || matches!(self, Said::List(_) | Said::Told(Told::Authenticated))
    }
}

/// Understands a frame by a function that reads text in place. `Err`: it is no news.
pub(super) fn understand(
    json: Cow<'_, str>,
    read: impl for<'a> Fn(&'a str) -> Result<News<'a>, NoNews>,
) -> Said<'_> {
    let copy =
        |json: &str| read(json).map_or_else(Said::from, |news| Said::News(news.into_owned()));
    match json {
        Cow::Borrowed(json) => match read(json) {
            Ok(news) => Said::News(news),
            Err(NoNews::Nonsense) => in_any_spelling(json, copy),
            Err(other) => other.into(),
        },
        // It came in pieces, which is rare.
        Cow::Owned(json) => in_any_spelling(&json, copy),
    }
}

/// Understands a frame by a function that takes words such as the type or an id only as they stand in the JSON. What that
/// finds to be nonsense may have escapes in such a word, as other servers write `/` or `+`. It may also be of a type that
/// is not known yet, with fields that mean something else there.
pub(super) fn in_any_spelling(json: &str, read: impl Fn(&str) -> Said<'static>) -> Said<'static> {
    let said = read(json);
    if said != Said::Nonsense {
        return said;
    }
    let Ok(frame) = serde_json::from_str::<Value>(json) else { return said };
    // As serde writes it, only what has to be is escaped.
    let said = read(&frame.to_string());
    match frame.get("type").map(|kind| read(&json!({ "type": kind }).to_string())) {
        Some(Said::Other) if said == Said::Nonsense => Said::Other,
        _ => said,
    }
}

/// The text of a JSON string, in any spelling.
pub(super) fn word(raw: Option<&RawValue>) -> Option<Cow<'static, str>> {
    serde_json::from_str::<String>(raw?.get()).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Protocol;

    fn understand(protocol: Protocol, json: &str) -> Said<'static> {
        protocol.dialect().understand(Cow::Owned(json.to_owned()))
    }

    #[test]
    fn every_word_of_a_frame_may_have_escapes() {
        let frames = [
            (Protocol::Sca, r#"{"type":"message","from":"4000","text":"Hi"}"#),
            (Protocol::Sca, r#"{"type":"undelivered","to":"4000","reason":"offline"}"#),
            (Protocol::Session, r#"{"type":"authenticated","data":{"sessionId":"s"}}"#),
            (
                Protocol::WebsocketChat,
                r#"{"type":"chat","content":"Hi","sender":"ada","timestamp":"t+0","is_global":true,"recipient":null}"#,
            ),
            (
                Protocol::Chatterbox,
                r#"{"type":"message","username":"ada","content":"Hi","timestamp":"t+0"}"#,
            ),
            (
                Protocol::V1,
                r#"{"type":"message","mid":"7/+","from":"ada","room":"r","text":"Hi","ts":1,"reply_to":"5"}"#,
            ),
            (
                Protocol::Mychat,
                r#"{"user":"ada","text":"Hi","time":"23:59","sender_id":"u","room_id":"r"}"#,
            ),
        ];
        for (protocol, json) in frames {
            let plain = understand(protocol, json);
            assert_ne!(plain, Said::Nonsense, "{json}");
            // Each character of each value, as long as it is one.
            let mut escaped = String::new();
            let mut is_value = false;
            for part in json.split_inclusive('"') {
                let word = part.trim_end_matches('"');
                match is_value {
                    true => escaped.extend(word.chars().map(|c| format!("\\u{:04x}", c as u32))),
                    false => escaped.push_str(word),
                }
                escaped.push_str(&part[word.len()..]);
                is_value = word == ":";
            }
            assert_eq!(understand(protocol, &escaped), plain, "{escaped}");
            assert_eq!(understand(protocol, &format!(" \n{json}\t")), plain, "{json}");
        }
    }

    #[test]
    fn a_type_that_is_not_known_may_have_any_fields() {
        for protocol in [Protocol::Sca, Protocol::Session, Protocol::WebsocketChat, Protocol::V1] {
            let later = r#"{"type":"later","data":7,"from":{},"room":3,"users":"all","mid":[1]}"#;
            assert_eq!(understand(protocol, later), Said::Other, "{protocol:?}");
            for nonsense in [r#"{"type":7}"#, r#"{"kind":"later","mid":[1]}"#, "[7]", "later"] {
                assert_eq!(understand(protocol, nonsense), Said::Nonsense, "{nonsense}");
            }
        }
    }
}
