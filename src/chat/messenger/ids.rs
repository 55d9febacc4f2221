//! [`PersonId`] names a person of the realm. [`ItemId`] names a message or an invitation; its sender
//! chose it.
//!
//! Both are valid by construction: no other code checks them again. Clients choose them, and everybody who
//! knows a person's id may write to that person. So debug output shows neither of them.

use std::borrow::Cow;
use std::fmt;

/// A person's id: a name that only the person's friends know.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct PersonId<'a>(Cow<'a, str>);

/// The id of a message or an invitation. Its sender chose it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct ItemId<'a>(Cow<'a, str>);

/// The text was empty, too long, or had a control character in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotAnId;

impl<'a> PersonId<'a> {
    /// The most characters an id has.
    pub const MAX_CHARS: usize = 256;

    /// Takes 1 to 256 characters, none of which is a control character.
    pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, NotAnId> {
        printable(text.into(), Self::MAX_CHARS).map(PersonId)
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> ItemId<'a> {
    /// The most characters an id has.
    pub const MAX_CHARS: usize = 256;

    /// Takes 1 to 256 characters, none of which is a control character.
    pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, NotAnId> {
        printable(text.into(), Self::MAX_CHARS).map(ItemId)
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id itself, without its type.
    pub fn into_text(self) -> Cow<'a, str> {
        self.0
    }
}

fn printable(text: Cow<'_, str>, max_chars: usize) -> Result<Cow<'_, str>, NotAnId> {
    // A character takes at least one byte. So a text with at most `max_chars` bytes need not be counted.
    let fits = text.len() <= max_chars || text.chars().nth(max_chars).is_none();
    let is_id = !text.is_empty() && fits && !text.chars().any(char::is_control);
    if is_id { Ok(text) } else { Err(NotAnId) }
}

impl fmt::Debug for PersonId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonId(… {} bytes)", self.0.len())
    }
}

impl fmt::Debug for ItemId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemId(… {} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_1_to_256_printable_characters_of_any_script() {
        let longest = "ß".repeat(256);
        for text in ["a", "🦀 and 猫", longest.as_str()] {
            assert_eq!(PersonId::parse(text).expect("an id").as_str(), text);
            assert_eq!(ItemId::parse(text).expect("an id").as_str(), text);
        }
        let too_long = "ß".repeat(257);
        for text in ["", "a\nb", "\u{7f}", "\u{85}", too_long.as_str()] {
            assert_eq!(PersonId::parse(text), Err(NotAnId));
            assert_eq!(ItemId::parse(text), Err(NotAnId));
        }
    }
}
