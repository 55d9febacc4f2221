//! [`List`] and [`Delta`]: the phones that are online, and those that have come and gone, as the JSON that
//! came.
//!
//! A thousand phones that hear of each other get a thousand lists for each phone that comes. So a list is
//! recognised by how it begins, and is looked into only if its content is needed.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::quick::string;

/// How a list begins in the usual spelling.
const USUAL: &str = r#"{"type":"online_users","users":["#;

/// The phones that are online, as the JSON that came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct List<'a>(Cow<'a, str>);

/// The phones that have come and gone, as the JSON that came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Delta<'a>(Cow<'a, str>);

impl<'a> Delta<'a> {
    pub(super) fn new(json: Cow<'a, str>) -> Self {
        Delta(json)
    }

    /// The JSON.
    pub(crate) fn json(&self) -> &str {
        &self.0
    }

    /// The numbers that have come, and those that have gone. Reads every byte.
    pub(crate) fn touched(&self) -> (Vec<Cow<'_, str>>, Vec<Cow<'_, str>>) {
        #[derive(Deserialize)]
        struct Touched<'a> {
            #[serde(borrow)]
            joined: Option<&'a RawValue>,
            left: Option<&'a RawValue>,
        }

        let numbers = |raw: Option<&RawValue>| {
            let found = raw.map(|raw| serde_json::from_str::<Vec<Cow<'_, str>>>(raw.get()));
            // A field that is no list of numbers counts as an empty one.
            found.and_then(Result::ok).unwrap_or_default()
        };
        match serde_json::from_str::<Touched<'_>>(&self.0) {
            Ok(Touched { joined, left }) => (numbers(joined), numbers(left)),
            Err(_) => (Vec::new(), Vec::new()),
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn new(json: Cow<'a, str>) -> Self {
        List(json)
    }

    /// The JSON.
    pub(crate) fn json(&self) -> &str {
        &self.0
    }

    /// Its numbers; `None` if it is no list of strings. Reads every byte.
    pub(crate) fn numbers(&self) -> Option<Vec<Cow<'_, str>>> {
        /// The list in any spelling, with escapes if need be.
        #[derive(Deserialize)]
        struct Users {
            users: Vec<String>,
        }

        let plain = usual(&self.0).map(|numbers| numbers.into_iter().map(Cow::Borrowed).collect());
        plain.or_else(|| {
            let Users { users } = serde_json::from_str(&self.0).ok()?;
            Some(users.into_iter().map(Cow::Owned).collect())
        })
    }

    /// How many numbers it has. Reads every byte.
    pub(crate) fn count(&self) -> usize {
        self.numbers().map_or(0, |numbers| numbers.len())
    }
}

/// The numbers of a list in the usual spelling, without escapes, to its end.
fn usual(json: &str) -> Option<Vec<&str>> {
    let mut rest = json.strip_prefix(USUAL)?;
    let mut numbers = Vec::new();
    while rest != "]}" {
        rest = if numbers.is_empty() { rest } else { rest.strip_prefix(',')? };
        let (number, after) = string(rest.strip_prefix('"')?)?;
        numbers.push(number);
        rest = after;
    }
    Some(numbers)
}
