//! [`token`]: the kernel's name for a connection.

use mio::Token;

use crate::phone_id::PhoneId;
use crate::record::Party;

/// The token of a connection. The generation is part of it, so that an event of an earlier connection of
/// the phone does not hit the present one.
pub(super) fn token(party: Party) -> Token {
    Token((party.generation as usize) << 32 | party.phone.index())
}

/// The connection with this token.
pub(super) fn party(token: Token) -> Party {
    let low = |bits: usize| u32::try_from(bits & 0xffff_ffff).expect("32 bits");
    Party { phone: PhoneId(low(token.0)), generation: low(token.0 >> 32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_the_phone_and_the_connection() {
        let ours = Party { phone: PhoneId(999_999), generation: 70_000 };
        assert_eq!(party(token(ours)), ours);
        let next = Party { generation: 70_001, ..ours };
        assert_ne!(token(next), token(ours));
    }
}
