//! How a token is written: 64 hexadecimal digits, with small letters. The dialects of the account realm
//! share this file.
//!
//! These characters need no escape in a query, a header, a cookie or JSON. (base64url was rejected: it
//! would save 21 characters, and cost a crate.) A token has one text only, so another spelling is no
//! token. Reading need not take the same time for all texts: the realm compares hashes of tokens.

use crate::chat::account::Token;

/// The token of a text. `None` if it cannot be one of ours.
pub(super) fn parse(text: &[u8]) -> Option<Token> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let mut bytes = [0; 32];
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(Token(bytes))
}

/// The text of a token.
pub(super) fn text(token: Token) -> String {
    token
        .0
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xF])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_written_in_hexadecimal() {
        let token = Token(std::array::from_fn(|at| u8::try_from(at).expect("below 32") * 8 + 7));
        let written = "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff";
        assert_eq!(text(token), written);
        assert_eq!(parse(written.as_bytes()), Some(token));
    }

    #[test]
    fn what_is_longer_or_shorter_or_has_another_character_is_no_token() {
        let written = text(Token([0xAB; 32]));
        for cut in 0..written.len() {
            assert_eq!(parse(&written.as_bytes()[..cut]), None, "{cut}");
        }
        assert_eq!(parse(format!("{written}ab").as_bytes()), None);
        assert_eq!(parse(written.to_uppercase().as_bytes()), None);
        for strange in ["g", " ", "%", "\0", "\u{e9}"] {
            let text = format!("{strange}{}", &written[strange.len()..]);
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_token_is_read_as_it_was_written(bytes in any::<[u8; 32]>()) {
            prop_assert_eq!(parse(text(Token(bytes)).as_bytes()), Some(Token(bytes)));
        }

        #[test]
        fn nothing_else_is_read_as_a_token(bytes in prop::collection::vec(any::<u8>(), 60..68)) {
            prop_assert!(parse(&bytes).is_none_or(|token| text(token).as_bytes() == bytes));
        }
    }
}
