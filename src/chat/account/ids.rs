//! How the realm names things: [`UserKey`], [`UserId`] and [`UserName`] for a user, [`RoomKey`] and
//! [`RoomId`] for a room, [`Place`] for a conversation, [`Seq`] for a message in it and [`MessageId`] for one
//! among all, [`UnixMs`] for a time that people see. [`Role`]: what a socket is for.
//!
//! All are valid by construction. A name is personal, but not secret: every user of the realm sees it.

use std::fmt;
use std::sync::Arc;

use crate::chat::PresenceMode;

/// A user, as the store counts them: from 1, in the order of registration. Never given twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserKey(pub u32);

/// A user, as clients name it: a UUID. It is random (RFC 9562 §5.4), or was given by an app that was imported.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct UserId(pub [u8; 16]);

/// A room, as the store counts conversations. Never given twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomKey(pub u32);

/// A room, as clients name it: a random UUID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoomId(pub [u8; 16]);

macro_rules! uuid {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            /// The usual form: 32 hexadecimal digits in five groups (RFC 9562 §4).
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(&self.0, f)
            }
        }

        impl $id {
            /// Parses the usual form. Capital digits are as good as small ones (RFC 9562 §4). `None` for
            /// any other text.
            pub fn parse(text: &str) -> Option<Self> {
                parse_uuid(text.as_bytes()).map(Self)
            }
        }
    )*};
}

uuid!(UserId, RoomId);

fn write_uuid(id: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, byte) in id.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            f.write_str("-")?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let is_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, &byte): (usize, &u8)| is_hyphen(at) == (byte == b'-');
    if text.len() != 36 || !text.iter().enumerate().all(fits) {
        return None;
    }
    let mut digits = text.iter().filter(|&&byte| byte != b'-');
    let mut id = [0; 16];
    for byte in &mut id {
        let mut digit = || char::from(*digits.next()?).to_digit(16);
        *byte = u8::try_from(digit()? << 4 | digit()?).ok()?;
    }
    Some(id)
}

/// The place of a message in its conversation: 1, 2, 3 without a gap, in the order of the commits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Seq(pub u32);

/// A message, as the store and clients name it: its conversation × 2³² + its place there. In one conversation,
/// a later message has a greater one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(pub i64);

impl MessageId {
    /// The id of the message at this place of a conversation.
    pub const fn of(conversation: i64, seq: Seq) -> Self {
        MessageId(conversation << 32 | seq.0 as i64)
    }

    /// The conversation, as the store counts them.
    pub const fn conversation(self) -> i64 {
        self.0 >> 32
    }

    /// The place in the conversation.
    pub const fn seq(self) -> Seq {
        // The lower half.
        Seq(self.0 as u32)
    }

    /// Parses decimal digits. `None` for any other text, and for a number that no message has.
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|&number| is_number && number > 0)?;
        Some(MessageId(number))
    }
}

impl fmt::Display for MessageId {
    /// Decimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Milliseconds since the Unix epoch, by the wall clock. For people to see; nothing is ordered by it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixMs(pub i64);

/// A conversation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Place {
    /// The one that every user takes part in.
    Global,
    /// The one between two users. A user may write to themselves.
    Private(UserKey, UserKey),
    /// The one of the members of a room.
    Room(RoomKey),
}

/// What a socket is for. The address where it was opened says so, and it stays so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// For everything: `/ws?token=`.
    Stream,
    /// For everything, in a dialect with words for all of it: it speaks from the start. It hears who is online
    /// in this form.
    Switchboard(PresenceMode),
    /// The private conversation with this user.
    Pair(UserId),
    /// Notices of private messages.
    Notices,
    /// Who is online.
    Status,
    /// A room.
    Room(RoomId),
}

/// The name of a user, as it was registered. It is compared exactly.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UserName(Arc<str>);

/// A text cannot be the name of a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotAName {
    /// It has fewer than [`UserName::MIN_CHARS`] characters.
    TooShort,
    /// It has more than [`UserName::MAX_CHARS`] characters.
    TooLong,
    /// It has a character that is not allowed.
    BadCharacter,
}

impl UserName {
    /// The fewest characters of a name.
    pub const MIN_CHARS: usize = 3;
    /// The most characters of a name.
    pub const MAX_CHARS: usize = 32;

    /// The name that a client asks to register, without the spaces around it.
    ///
    /// Refused are the characters with a meaning in HTML and in scripts, since old pages put names there
    /// unescaped, and those that change what a name looks like: controls, and bidirectional overrides
    /// (Unicode Technical Report 36).
    ///
    /// # Errors
    ///
    /// The reason why it cannot be a name.
    pub fn new(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        if text.chars().any(is_forbidden) {
            return Err(NotAName::BadCharacter);
        }
        match text.chars().count() {
            0..Self::MIN_CHARS => Err(NotAName::TooShort),
            Self::MIN_CHARS..=Self::MAX_CHARS => Ok(UserName(text.into())),
            _ => Err(NotAName::TooLong),
        }
    }

    /// The name of a user that is registered already.
    pub fn registered(text: &str) -> Self {
        UserName(text.into())
    }

    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '<' | '>' | '&' | '"' | '\'' | '\\' | '`') || is_disguise(c)
}

/// Whether a character changes what a text looks like: a control, or a bidirectional override.
pub(super) fn is_disguise(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(UserName::new("  zoë ").map(|name| name.as_str().to_owned()), Ok("zoë".into()));
        assert_eq!(UserName::new(" al "), Err(NotAName::TooShort));
        assert!(UserName::new(&"ß".repeat(32)).is_ok());
        assert_eq!(UserName::new(&"ß".repeat(33)), Err(NotAName::TooLong));
    }

    #[test]
    fn characters_that_could_mislead_a_page_or_a_reader_are_refused() {
        for c in [
            '<', '>', '&', '"', '\'', '\\', '`', '\0', '\n', '\u{7f}', '\u{85}', '\u{202e}',
            '\u{2066}',
        ] {
            assert_eq!(UserName::new(&format!("ann{c}a")), Err(NotAName::BadCharacter), "{c:?}");
        }
    }

    #[test]
    fn the_id_of_a_message_is_its_conversation_and_its_place() {
        let id = MessageId::of(7, Seq(u32::MAX));
        assert_eq!(
            (id.conversation(), id.seq(), id),
            (7, Seq(u32::MAX), MessageId(34_359_738_367))
        );
        assert_eq!(MessageId::parse("34359738367"), Some(id));
        assert_eq!(MessageId::parse(&i64::MAX.to_string()), Some(MessageId(i64::MAX)));
        for text in ["", "0", "00", "-1", "+1", " 1", "1.0", "0x1", "9223372036854775808", "١"] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_user_id_shows_itself_as_a_uuid() {
        let id = UserId(std::array::from_fn(|at| u8::try_from(at).expect("below 16") * 16 + 1));
        assert_eq!(id.to_string(), "01112131-4151-6171-8191-a1b1c1d1e1f1");
        assert_eq!(UserId::parse("01112131-4151-6171-8191-A1B1C1D1E1F1"), Some(id));
    }

    #[test]
    fn a_text_of_another_form_is_no_uuid() {
        let uuid = "01112131-4151-6171-8191-a1b1c1d1e1f1";
        for (at, _) in uuid.char_indices() {
            let mut other = uuid.to_owned();
            other.replace_range(at..=at, if &uuid[at..=at] == "-" { "0" } else { "-" });
            assert_eq!(RoomId::parse(&other), None, "{other}");
            other.replace_range(at..=at, "g");
            assert_eq!(RoomId::parse(&other), None, "{other}");
        }
        for other in ["", &uuid[1..], &format!("{uuid}0"), &uuid.replace('-', "")] {
            assert_eq!(RoomId::parse(other), None, "{other}");
        }
    }
}
