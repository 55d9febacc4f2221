//! What an operator types for a tool, as the realm's own types; and what the store answers, in words.

use super::dice;
use crate::chat::account::{Failure, PasswordHash, Secret, UserName};
use crate::store::Hasher;

/// The name, if it is one.
pub(super) fn name_of(name: &str) -> Result<UserName, String> {
    UserName::new(name).map_err(|_| {
        let (least, most) = (UserName::MIN_CHARS, UserName::MAX_CHARS);
        format!("a name has {least} to {most} characters, and none of < > & \" ' \\ `")
    })
}

/// The password, if it can be one.
pub(super) fn password_of(password: &str) -> Result<Secret, String> {
    let (least, most) = (Secret::MIN_CHARS, Secret::MAX_BYTES);
    match password.chars().count() < least || password.len() > most {
        true => Err(format!(
            "a password has at least {least} characters, and at most {most} bytes; \
             it is read from standard input"
        )),
        false => Ok(Secret::new(password)),
    }
}

/// The hash of a password.
pub(super) fn hash_of(hasher: &mut Hasher, password: &Secret) -> PasswordHash {
    hasher.hash(password, &mut dice)
}

/// Why the store did not do it.
pub(super) fn words(failure: Failure) -> String {
    let words = match failure {
        Failure::Full => "the disk is full",
        Failure::ReadOnly => "the database is read-only, or another program holds its lock",
        Failure::Io => "the disk failed, or the database is damaged",
    };
    words.to_owned()
}
