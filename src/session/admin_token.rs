//! [`AdminToken`]: the operator's secret, and whether a request bears it.
//!
//! Called by the routes.

use std::fmt;
use std::hint::black_box;

use super::Limits;
use crate::http::Request;

/// The operator's secret. It does not show itself in debug output.
#[derive(Clone, Eq, PartialEq)]
pub struct AdminToken(String);

impl AdminToken {
    /// The most characters a token has.
    pub const MAX_CHARS: usize = 1024;

    /// Takes 1 to 1,024 printable ASCII characters without spaces, and drops what surrounds them.
    ///
    /// # Errors
    ///
    /// One sentence that does not quote the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let token = text.trim();
        let fits = (1..=Self::MAX_CHARS).contains(&token.len());
        if fits && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(AdminToken(token.to_owned()))
        } else {
            Err("a token is 1 to 1024 printable ASCII characters without a space")
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// Whether the request bears the operator's token (RFC 6750 §2.1).
pub(super) fn is_admin(request: &Request<'_>, limits: &Limits) -> bool {
    let Some(token) = &limits.admin_token else { return false };
    let mut all = request.headers.all("authorization");
    match (all.next().and_then(bearer), all.next()) {
        (Some(given), None) => same(given, token.as_bytes()),
        _ => false,
    }
}

fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token.trim_ascii())
}

/// Compares in a time that does not tell how much of a guess was right.
fn same(guess: &[u8], secret: &[u8]) -> bool {
    let differences = guess.iter().zip(secret).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    guess.len() == secret.len() && differences == 0
}
