//! [`Keys`]: the keys of the operator, and the check of a token against them.
//!
//! The order of a check: the length, the header, the key, the signature, and only then what the token says. So
//! who has no key learns nothing but that. One check costs one signature: 1 µs for HS256, 35 µs for EdDSA, 150
//! µs for ES256, and a token without a `kid` as much for each key of its algorithm.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{self as jwt, DecodingKey, Validation};
use serde::Deserialize;

use super::jwk::{self, Algorithm, Jwk, Unfit};
use super::{Flaw, KEYS, LEEWAY, TOKEN_BYTES, provider};

/// The keys that tokens are checked with, and the audience that tokens have to be for. A clone shares them. They
/// are one value, so that other keys can take their place while the server runs.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    keys: Vec<Key>,
    audience: Option<String>,
    is_secret: bool,
    /// The text of the file, to see whether another one is the same.
    text: String,
}

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Keys are secret: debug output shows how many there are.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.0.keys.len()).finish()
    }
}

/// Keys of the same text for the same audience are the same.
impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text && self.0.audience == other.0.audience
    }
}

/// What a token claims (RFC 7519 §4.1). A claim twice is an error, as the RFC allows.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since the Unix epoch, perhaps with a fraction.
    exp: f64,
    nbf: Option<f64>,
    aud: Option<Audience>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, name: &str) -> bool {
        match self {
            Audience::One(one) => one == name,
            Audience::Several(all) => all.iter().any(|one| one == name),
        }
    }
}

impl Keys {
    /// Reads the keys of a file with a JWK or a JWK Set (RFC 7517). With an `audience`, tokens have to name it
    /// in `aud`; without one they must have none. Returns warnings beside the keys: a line each.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong, and quotes nothing of the file.
    pub fn parse(text: &str, audience: Option<String>) -> Result<(Keys, Vec<String>), String> {
        provider::install();
        let all = jwk::read(text)?;
        let (mut keys, mut warnings, mut is_secret) = (Vec::new(), Vec::new(), false);
        let is_one = all.len() == 1;
        for (place, jwk) in all.into_iter().enumerate() {
            let is_private = jwk.as_ref().is_ok_and(|jwk| jwk.d.is_some());
            let is_shared = jwk.as_ref().is_ok_and(|jwk| jwk.algorithm() == Ok(Algorithm::Hs256));
            match jwk.and_then(|jwk| Key::of(&jwk)) {
                Ok(key) => {
                    is_secret |= is_private || key.algorithm == Algorithm::Hs256;
                    keys.push(key);
                }
                Err(why) if is_one => return Err(why.to_owned()),
                // Such a key is the operator's own, and no strange one of a provider: the operator counts on it.
                Err(why) if is_shared => {
                    return Err(format!("key {}: {why}", place + 1));
                }
                Err(why) => warnings.push(format!("key {} is left out: {why}", place + 1)),
            }
            if is_private {
                let sentence = "is private, and the public part would do: who reads this file can make \
                    tokens for every number (switchboard token --public prints the public part)";
                warnings.push(format!("key {} {sentence}", place + 1));
            }
        }
        match keys.len() {
            0 => Err("it has no key for HS256, EdDSA or ES256".to_owned()),
            1..=KEYS => Ok((
                Keys(Arc::new(Inner { keys, audience, is_secret, text: text.to_owned() })),
                warnings,
            )),
            more => Err(format!("it has {more} keys, and at most {KEYS} are used")),
        }
    }

    /// Whether the file has to be kept secret: a key of it makes tokens, too.
    pub fn is_secret(&self) -> bool {
        self.0.is_secret
    }

    /// The names of the algorithms, each once.
    pub fn algorithms(&self) -> Vec<&'static str> {
        let has = |one: &Algorithm| self.0.keys.iter().any(|key| key.algorithm == *one);
        Algorithm::ALL.into_iter().filter(has).map(Algorithm::name).collect()
    }

    /// Checks that a token proves that its bearer is `subject`, at the time `now` since the Unix epoch. Returns
    /// when the proof ends: [`LEEWAY`] after `exp`, since the epoch.
    ///
    /// # Errors
    ///
    /// [`Flaw`]: why it does not.
    pub fn check(&self, token: &str, subject: &str, now: Duration) -> Result<Duration, Flaw> {
        let Claims { sub, exp, nbf, aud } = self.verified(token)?;
        let ends = since_epoch(exp).saturating_add(LEEWAY);
        if now >= ends {
            return Err(Flaw::Expired);
        }
        if nbf.is_some_and(|nbf| now.saturating_add(LEEWAY) < since_epoch(nbf)) {
            return Err(Flaw::Early);
        }
        let is_for_us = match (&aud, &self.0.audience) {
            (None, None) => true,
            (Some(aud), Some(name)) => aud.names(name),
            // Who does not name itself is nobody's audience (RFC 7519 §4.1.3).
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_for_us {
            return Err(Flaw::Audience);
        }
        if sub == subject { Ok(ends) } else { Err(Flaw::Subject) }
    }

    /// What the token claims, if a key has signed it.
    fn verified(&self, token: &str) -> Result<Claims, Flaw> {
        if token.len() > TOKEN_BYTES {
            return Err(Flaw::TooLong);
        }
        let header = jwt::decode_header(token).map_err(|error| blame(error.kind()))?;
        let fits = |key: &&Key| {
            // A key without a name may be any.
            let is_named = match (&key.kid, &header.kid) {
                (Some(key), Some(token)) => key == token,
                (None, _) | (_, None) => true,
            };
            is_named && jwt_name(key.algorithm) == header.alg
        };
        let mut flaw = Flaw::UnknownKey;
        for key in self.0.keys.iter().filter(fits) {
            match jwt::decode(token, &key.key, &signature_alone(key.algorithm)) {
                Ok(token) => return Ok(token.claims),
                Err(error) => flaw = blame(error.kind()),
            }
            if flaw != Flaw::Signature {
                break;
            }
        }
        Err(flaw)
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Result<Self, Unfit> {
        let algorithm = jwk.algorithm()?;
        let no_point = "x and y are no point of the curve";
        let key = match algorithm {
            Algorithm::Hs256 => {
                DecodingKey::from_secret(&jwk.secret()?).map_err(|_| "k is too short")?
            }
            Algorithm::EdDsa => {
                let point = jwk.point()?;
                let public = ed25519_dalek::VerifyingKey::from_bytes(&point);
                if public.map_err(|_| no_point)?.is_weak() {
                    return Err("x is a weak key");
                }
                DecodingKey::from_ed_der(&point)
            }
            Algorithm::Es256 => {
                let point = jwk.sec1()?;
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| no_point)?;
                DecodingKey::from_ec_der(&point)
            }
        };
        Ok(Key { kid: jwk.kid.clone(), algorithm, key })
    }
}

/// The crate's name of an algorithm.
pub(super) fn jwt_name(algorithm: Algorithm) -> jwt::Algorithm {
    match algorithm {
        Algorithm::Hs256 => jwt::Algorithm::HS256,
        Algorithm::EdDsa => jwt::Algorithm::EdDSA,
        Algorithm::Es256 => jwt::Algorithm::ES256,
    }
}

/// Has the crate check the signature. It would look at a clock for the claims, so those are checked here.
fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(jwt_name(algorithm));
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf) = (false, false);
    validation.validate_aud = false;
    validation
}

fn blame(error: &ErrorKind) -> Flaw {
    match error {
        ErrorKind::InvalidSignature => Flaw::Signature,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => Flaw::UnknownKey,
        _ => Flaw::Malformed,
    }
}

/// A `NumericDate` (RFC 7519 §2). Before the epoch it is the epoch, and what is too far away is never.
fn since_epoch(seconds: f64) -> Duration {
    if seconds <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
