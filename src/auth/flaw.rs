//! [`Flaw`]: why a token proves nothing. It quotes nothing of the token.

use std::fmt;

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// There is none.
    Missing,
    /// There is more than one: two parameters, two headers, or one of each (RFC 6750 §2).
    Several,
    /// It is longer than [`TOKEN_BYTES`](super::TOKEN_BYTES).
    TooLong,
    /// It is no JWT with the claims `sub` and `exp`, or a claim has another type than RFC 7519 gives it.
    Malformed,
    /// No key has its `kid`, or none is for its algorithm.
    UnknownKey,
    /// The signature is not that of a key.
    Signature,
    /// Its `exp` is past.
    Expired,
    /// Its `nbf` is yet to come.
    Early,
    /// It is for another audience.
    Audience,
    /// Its `sub` is not the number.
    Subject,
}

impl Flaw {
    /// Every flaw, in the order of the variants.
    pub const ALL: [Flaw; 10] = [
        Flaw::Missing,
        Flaw::Several,
        Flaw::TooLong,
        Flaw::Malformed,
        Flaw::UnknownKey,
        Flaw::Signature,
        Flaw::Expired,
        Flaw::Early,
        Flaw::Audience,
        Flaw::Subject,
    ];

    /// One sentence for the author of a client.
    pub const fn sentence(self) -> &'static str {
        match self {
            Flaw::Missing => {
                "this number needs a token: send Authorization: Bearer, or ?token= in the address"
            }
            Flaw::Several => "a request has one token, in the header or in the address",
            Flaw::TooLong => "a token has at most 4096 bytes",
            Flaw::Malformed => "the token is no signed JWT with the claims sub and exp",
            Flaw::UnknownKey => "no key of this server has signed this token",
            Flaw::Signature => "the signature of the token is wrong",
            Flaw::Expired => "the token has expired",
            Flaw::Early => "the token is not valid yet",
            Flaw::Audience => "the token is for another audience",
            Flaw::Subject => "the token is for another number",
        }
    }

    /// The same as a word for programs. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Flaw::Missing => "token_missing",
            Flaw::Several => "token_repeated",
            Flaw::TooLong => "token_too_long",
            Flaw::Malformed => "token_malformed",
            Flaw::UnknownKey => "token_unknown_key",
            Flaw::Signature => "token_signature",
            Flaw::Expired => "token_expired",
            Flaw::Early => "token_early",
            Flaw::Audience => "token_audience",
            Flaw::Subject => "token_subject",
        }
    }

    /// The challenge of the answer 401 (RFC 6750 §3).
    pub const fn challenge(self) -> &'static str {
        match self {
            Flaw::Missing => "Bearer",
            Flaw::Several => "Bearer error=\"invalid_request\"",
            Flaw::TooLong
            | Flaw::Malformed
            | Flaw::UnknownKey
            | Flaw::Signature
            | Flaw::Expired
            | Flaw::Early
            | Flaw::Audience
            | Flaw::Subject => "Bearer error=\"invalid_token\"",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Flaw {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::TOKEN_BYTES;

    #[test]
    fn every_flaw_has_its_own_word_and_sentence() {
        for (place, flaw) in Flaw::ALL.into_iter().enumerate() {
            assert_eq!(flaw as usize, place, "{flaw:?}");
            let same =
                |other: &&Flaw| other.code() == flaw.code() || other.sentence() == flaw.sentence();
            assert_eq!(Flaw::ALL.iter().filter(same).count(), 1, "{flaw:?}");
            assert!(flaw.code().starts_with("token_"), "{flaw:?}");
        }
        assert!(Flaw::TooLong.sentence().contains(&TOKEN_BYTES.to_string()));
    }
}
