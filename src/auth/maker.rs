//! [`TokenMaker`]: a private key that makes tokens, for people who try a server out, and for `loadgen`. An
//! app's own backend makes its tokens itself. [`new_key`] makes keys.
//!
//! Random bytes and the time are arguments.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::{self as jwt, EncodingKey, Header};
use serde::Serialize;

use super::jwk::{self, Algorithm, Jwk};
use super::{keys, provider};

/// A private key, and the audience of its tokens.
pub struct TokenMaker {
    header: Header,
    key: EncodingKey,
    audience: Option<String>,
}

/// The key is secret: debug output shows its algorithm.
impl fmt::Debug for TokenMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenMaker").field(&self.header.alg).finish()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
}

impl TokenMaker {
    /// Takes the first key of a file that can sign.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong, and quotes nothing of the file.
    pub fn parse(text: &str, audience: Option<String>) -> Result<Self, String> {
        provider::install();
        let mut why = "it has no key for HS256, EdDSA or ES256";
        for jwk in jwk::read(text)? {
            match jwk.and_then(|jwk| Ok((signing(&jwk)?, jwk))) {
                Ok(((algorithm, key), jwk)) => {
                    let mut header = Header::new(keys::jwt_name(algorithm));
                    header.kid = jwk.kid;
                    return Ok(TokenMaker { header, key, audience });
                }
                Err(unfit) => why = unfit,
            }
        }
        Err(why.to_owned())
    }

    /// Makes a token that proves for `ttl` from `now` on, since the Unix epoch, that its bearer is `subject`.
    pub fn make(&self, subject: &str, now: Duration, ttl: Duration) -> String {
        let claims = Claims {
            sub: subject,
            iat: now.as_secs(),
            exp: now.saturating_add(ttl).as_secs(),
            aud: self.audience.as_deref(),
        };
        jwt::encode(&self.header, &claims, &self.key).expect("the key was checked when it was read")
    }
}

fn signing(jwk: &Jwk) -> Result<(Algorithm, EncodingKey), jwk::Unfit> {
    let algorithm = jwk.algorithm()?;
    let key = match algorithm {
        Algorithm::Hs256 => {
            EncodingKey::from_secret(&jwk.secret()?).map_err(|_| "k is too short")?
        }
        Algorithm::EdDsa => EncodingKey::from_ed_der(&jwk.private()?),
        Algorithm::Es256 => {
            let private = jwk.private()?;
            p256::ecdsa::SigningKey::from_slice(&private)
                .map_err(|_| "d is no key of the curve")?;
            EncodingKey::from_ec_der(&private)
        }
    };
    Ok((algorithm, key))
}

/// A new private key of 32 random bytes, as a JWK in one line, under a name. `None`: these bytes are none of the
/// curve's keys, which are nearly all (of 2³², one is not).
pub fn new_key(algorithm: Algorithm, kid: &str, random: &[u8; 32]) -> Option<String> {
    let mut jwk = Jwk {
        alg: Some(algorithm.name().to_owned()),
        kid: Some(kid.to_owned()),
        for_use: Some("sig".to_owned()),
        ..Jwk::default()
    };
    let private = jwk::base64url(random);
    match algorithm {
        Algorithm::Hs256 => (jwk.kty, jwk.k) = ("oct".to_owned(), Some(private)),
        Algorithm::EdDsa => {
            let public = ed25519_dalek::SigningKey::from_bytes(random).verifying_key();
            (jwk.kty, jwk.crv) = ("OKP".to_owned(), Some("Ed25519".to_owned()));
            (jwk.x, jwk.d) = (Some(jwk::base64url(public.as_bytes())), Some(private));
        }
        Algorithm::Es256 => {
            let key = p256::ecdsa::SigningKey::from_slice(random).ok()?;
            let point = key.verifying_key().to_sec1_point(false);
            let (x, y) = point.as_bytes()[1..].split_at(32);
            (jwk.kty, jwk.crv) = ("EC".to_owned(), Some("P-256".to_owned()));
            (jwk.x, jwk.y) = (Some(jwk::base64url(x)), Some(jwk::base64url(y)));
            jwk.d = Some(private);
        }
    }
    Some(serde_json::to_string(&jwk).expect("strings are JSON"))
}

/// The public part of the keys in a file, as a JWK Set: all that a server needs.
///
/// # Errors
///
/// One line that says what is wrong, and quotes nothing of the file.
pub fn public_part(text: &str) -> Result<String, String> {
    let mut keys = Vec::new();
    for jwk in jwk::read(text)? {
        let jwk = jwk.and_then(|jwk| jwk.algorithm().map(|_| jwk))?;
        let public = jwk.public().ok_or("a key for HS256 is one secret, and has no public part")?;
        keys.push(public);
    }
    #[derive(Serialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    Ok(serde_json::to_string(&Set { keys }).expect("strings are JSON"))
}
