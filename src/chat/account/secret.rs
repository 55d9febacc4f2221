//! What must not be seen: [`Secret`], a password; [`Token`], what proves a login; [`PasswordHash`] and
//! [`TokenDigest`], what the store keeps of them. None shows its content in debug output.
//!
//! A password is weak, so its hash is slow and salted (Argon2id, in `store`). A token is 256 random bits:
//! nobody can guess it, so one pass of a fast hash is enough to make a stolen database useless.

use std::fmt;
use std::sync::Arc;

/// A password, as the client sent it.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The fewest characters of a password that is registered.
    pub const MIN_CHARS: usize = 6;
    /// The most bytes of a password.
    pub const MAX_BYTES: usize = 1024;

    /// Keeps a password.
    pub fn new(password: &str) -> Self {
        Secret(password.into())
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The hash of a password with its salt and parameters, in the PHC string format.
#[derive(Clone, Eq, PartialEq)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// Keeps a hash.
    pub fn new(text: &str) -> Self {
        PasswordHash(text.into())
    }

    /// The text of the hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// What a client shows to prove its login: 256 random bits.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Token(pub [u8; 32]);

impl Token {
    /// What is kept of the token.
    #[cfg(feature = "accounts")]
    pub fn digest(&self) -> TokenDigest {
        use blake2::Digest as _;
        TokenDigest(blake2::Blake2b::<blake2::digest::consts::U32>::digest(self.0).into())
    }

    /// What is kept of the token. A build without the feature `accounts` has no store, and so nobody makes
    /// tokens; only tests of the realm do.
    #[cfg(not(feature = "accounts"))]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(self.0)
    }
}

/// The BLAKE2b-256 hash of a token (RFC 7693): all that the store and the realm keep of it.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TokenDigest(pub [u8; 32]);

macro_rules! hidden {
    ($($type:ty),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )*};
}

hidden!(Secret, PasswordHash, Token, TokenDigest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_a_secret() {
        let token = Token([7; 32]);
        let shown = format!(
            "{:?} {:?} {token:?} {:?}",
            Secret::new("hunter2"),
            PasswordHash::new("$x"),
            token.digest()
        );
        assert_eq!(shown, "Secret(…) PasswordHash(…) Token(…) TokenDigest(…)");
    }

    #[cfg(feature = "accounts")]
    #[test]
    fn the_digest_is_blake2b_with_32_bytes() {
        // The test vector of `b2sum -l 256` for 32 zero bytes.
        let hex: String =
            Token([0; 32]).digest().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "89eb0d6a8a691dae2cd15ed0369931ce0a949ecafa5c3f93f8121833646e15c3");
    }
}
