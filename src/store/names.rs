//! [`folded`]: when two names look alike.
//!
//! Names are stored and looked up exactly as they were registered. Only the registration compares more
//! loosely, so that nobody can pass for another user by a capital letter.

use unicase::UniCase;
use unicode_normalization::UnicodeNormalization as _;

use crate::chat::account::UserName;

/// The name without the difference between capital and small letters, and with one form for each
/// character that Unicode can write in several (Unicode §3.13, canonical caseless matching).
pub(super) fn folded(name: &UserName) -> String {
    let decomposed: String = name.as_str().nfd().collect();
    UniCase::unicode(decomposed).to_folded_case().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_fold_to_the_same() {
        let same = [("Anna", "aNNA"), ("Zoë", "ZOE\u{308}"), ("Straße", "STRASSE"), ("ΣΑΣ", "σας")];
        for (one, other) in same {
            let [one, other] = [one, other].map(UserName::registered);
            assert_eq!(folded(&one), folded(&other));
        }
        let [plain, accented] = ["Zoe", "Zoë"].map(UserName::registered);
        assert_ne!(folded(&plain), folded(&accented));
    }
}
