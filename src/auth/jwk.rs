//! [`Jwk`]: a key as RFC 7517 writes it, in JSON, public or private. [`read`] reads a file of them.
//!
//! | kty | crv | algorithm | public | private |
//! |---|---|---|---|---|
//! | `oct` | | HS256 | | `k` |
//! | `OKP` | Ed25519 | `EdDSA` | `x` | `d` |
//! | `EC` | P-256 | `ES256` | `x` `y` | `d` |
//!
//! The type of a key decides its algorithm, and never a token. A key of another type, or for another use, is
//! left out of a set, as RFC 7517 §5 wants: identity providers publish theirs side by side. Knows no token.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FILE_BYTES, SECRET_BYTES};

/// How a key signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// HMAC with SHA-256: who can check a token can make one, too.
    Hs256,
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256];

    /// Its name in a JWK and in the header of a token (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
        }
    }

    fn of(kty: &str, crv: Option<&str>) -> Option<Self> {
        match (kty, crv) {
            ("oct", _) => Some(Algorithm::Hs256),
            ("OKP", Some("Ed25519")) => Some(Algorithm::EdDsa),
            ("EC", Some("P-256")) => Some(Algorithm::Es256),
            _ => None,
        }
    }
}

/// The fields of a key that are read and written here. The rest, such as `x5c`, is ignored.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Jwk {
    pub(super) kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub(super) for_use: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) d: Option<String>,
}

/// A key may be secret: debug output shows its type.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk").field("kty", &self.kty).finish_non_exhaustive()
    }
}

/// Why a key cannot be used.
pub(super) type Unfit = &'static str;

impl Jwk {
    /// The algorithm of the key.
    pub(super) fn algorithm(&self) -> Result<Algorithm, Unfit> {
        let algorithm = Algorithm::of(&self.kty, self.crv.as_deref());
        let algorithm = algorithm.ok_or("it is not for HS256, EdDSA (Ed25519) or ES256 (P-256)")?;
        if self.alg.as_ref().is_some_and(|alg| alg != algorithm.name()) {
            return Err("its alg is not that of its kty and crv");
        }
        let signs = self.for_use.as_ref().is_none_or(|word| word == "sig");
        let is_op = |op: &String| op == "verify" || op == "sign";
        if !signs || self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(is_op)) {
            return Err("its use or key_ops is not that of signatures");
        }
        Ok(algorithm)
    }

    /// The secret of a key for HS256.
    pub(super) fn secret(&self) -> Result<Vec<u8>, Unfit> {
        let secret = bytes(self.k.as_deref(), "k is missing, or is no base64url")?;
        if secret.len() < SECRET_BYTES {
            return Err("k is too short: HS256 needs 32 random bytes (RFC 7518 section 3.2)");
        }
        Ok(secret)
    }

    /// The public part of a key for EdDSA.
    pub(super) fn point(&self) -> Result<[u8; 32], Unfit> {
        coordinate(self.x.as_deref())
    }

    /// The public part of a key for ES256, as SEC 1 writes a point that is not compressed.
    pub(super) fn sec1(&self) -> Result<[u8; 65], Unfit> {
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&coordinate(self.x.as_deref())?);
        point[33..].copy_from_slice(&coordinate(self.y.as_deref())?);
        Ok(point)
    }

    /// The private part of a key for EdDSA or ES256.
    pub(super) fn private(&self) -> Result<[u8; 32], Unfit> {
        let d = bytes(self.d.as_deref(), "d is missing: the key is public, and signs nothing")?;
        d.try_into().map_err(|_| "d is not 32 bytes in base64url")
    }

    /// The key without its private part. `None`: it has no public one.
    pub(super) fn public(&self) -> Option<Jwk> {
        (self.kty != "oct").then(|| Jwk { d: None, k: None, ..self.clone() })
    }
}

fn coordinate(text: Option<&str>) -> Result<[u8; 32], Unfit> {
    let wrong = "x or y is missing, or is not 32 bytes in base64url";
    bytes(text, wrong)?.try_into().map_err(|_| wrong)
}

fn bytes(text: Option<&str>, wrong: Unfit) -> Result<Vec<u8>, Unfit> {
    BASE64URL_NOPAD.decode(text.ok_or(wrong)?.as_bytes()).map_err(|_| wrong)
}

/// The text of some bytes in a JWK.
pub(super) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// The keys of a file with a JWK or a JWK Set. Each is an object of its own, so that a strange one beside the
/// others does no harm.
pub(super) fn read(text: &str) -> Result<Vec<Result<Jwk, Unfit>>, String> {
    if text.len() > FILE_BYTES {
        return Err(format!("it has more than {FILE_BYTES} bytes"));
    }
    let hint = "a JWK is a JSON object with kty, a JWK Set one with a list of them in keys";
    if text.trim_start().starts_with("-----BEGIN") {
        return Err(format!("it is a PEM file: {hint} (RFC 7517)"));
    }
    // The errors of serde_json quote nothing but the place, for a value that is no JSON at all.
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("it is no JSON, at line {}: {hint}", error.line()))?;
    let Value::Object(mut object) = value else { return Err(hint.to_owned()) };
    let list = match object.remove("keys") {
        Some(Value::Array(list)) => list,
        Some(_) => return Err(format!("keys is no list: {hint}")),
        None if object.contains_key("kty") => vec![Value::Object(object)],
        None => return Err(format!("it has neither kty nor keys: {hint}")),
    };
    let parse = |value| serde_json::from_value(value).map_err(|_| "it is no JWK (RFC 7517)");
    Ok(list.into_iter().map(parse).collect())
}
