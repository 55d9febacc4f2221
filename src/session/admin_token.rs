//! [`AdminToken`]: the operator's secret, and the check whether a request has it.
//!
//! Called by the routes.

use std::fmt;
use std::hint::black_box;

use super::Limits;
use crate::http::Request;

/// The operator's secret. Debug output does not show it.
#[derive(Clone, Eq, PartialEq)]
pub struct AdminToken(String);

impl AdminToken {
    /// The most characters of a token.
    pub const MAX_CHARS: usize = 1024;

    /// Parses a token: 1 to 1,024 printable ASCII characters without spaces. White space around them is
    /// removed.
    ///
    /// # Errors
    ///
    /// A sentence that does not quote the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let token = text.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&token.len());
        if fits && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(AdminToken(token.to_owned()))
        } else {
            Err("a token is 1 to 1024 printable ASCII characters without a space")
        }
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Whether the request has the operator's token as its bearer token (RFC 6750 §2.1).
pub(super) fn is_admin(request: &Request<'_>, limits: &Limits) -> bool {
    let Some(token) = &limits.admin_token else { return false };
    let mut all = request.headers.all("authorization");
    match (all.next().and_then(bearer), all.next()) {
        (Some(given), None) => same(given, token.expose().as_bytes()),
        _ => false,
    }
}

fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token.trim_ascii())
}

/// Compares a guess with the secret. The time that it takes does not depend on how many characters are
/// right, so a client cannot find the token character by character. `black_box` keeps the compiler from
/// adding an early exit.
fn same(guess: &[u8], secret: &[u8]) -> bool {
    let differences = guess.iter().zip(secret).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    guess.len() == secret.len() && differences == 0
}
