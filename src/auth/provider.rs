//! The three algorithms that the crate `jsonwebtoken` gets from here. It has none of its own in this build, so no
//! other one, RSA above all, can be reached by any token.
//!
//! The crate asks for a signer or a verifier of an algorithm and a key, for each token. Keys were checked when
//! they were read, so an error here would be a bug, and refuses the token. Called by `jsonwebtoken` alone.

use ed25519_dalek::{Signature as EdSignature, SigningKey as EdKey, VerifyingKey as EdPublic};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use p256::ecdsa::signature::{Error, Signer, Verifier};
use p256::ecdsa::{Signature as EcSignature, SigningKey as EcKey, VerifyingKey as EcPublic};
use sha2::Sha256;

/// Makes these algorithms known to the crate. The first call of the process counts.
pub(super) fn install() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: signer,
        verifier_factory: verifier,
        // It is for keys in other forms than ours.
        key_utils: KeyUtils::new_unimplemented(),
    };
    let _ = PROVIDER.install_default();
}

/// One half of a key. What it holds decides what it signs or checks.
enum Half<S, E, D> {
    Hmac(Box<S>),
    Ec(Box<E>),
    Ed(Box<D>),
}

/// Signs tokens.
type Private = Half<Hmac<Sha256>, EcKey, EdKey>;
/// Checks tokens.
type Public = Half<Hmac<Sha256>, EcPublic, EdPublic>;

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let bytes = key.as_bytes();
    Ok(Box::new(match algorithm {
        Algorithm::HS256 => Private::Hmac(Box::new(hmac(bytes)?)),
        Algorithm::ES256 => {
            let key = EcKey::from_slice(bytes).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Private::Ec(Box::new(key))
        }
        Algorithm::EdDSA => {
            let key = EdKey::try_from(bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Private::Ed(Box::new(key))
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    }))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let bytes = key.try_get_as_bytes()?;
    Ok(Box::new(match algorithm {
        Algorithm::HS256 => Public::Hmac(Box::new(hmac(bytes)?)),
        Algorithm::ES256 => {
            let key = EcPublic::from_sec1_bytes(bytes).map_err(|_| ErrorKind::InvalidEcdsaKey)?;
            Public::Ec(Box::new(key))
        }
        Algorithm::EdDSA => {
            let key = EdPublic::try_from(bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Public::Ed(Box::new(key))
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    }))
}

fn hmac(secret: &[u8]) -> Result<Hmac<Sha256>> {
    Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat.into())
}

impl Signer<Vec<u8>> for Private {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(match self {
            Half::Hmac(key) => {
                key.as_ref().clone().chain_update(message).finalize().into_bytes().to_vec()
            }
            Half::Ec(key) => {
                let signature: EcSignature = key.try_sign(message)?;
                signature.to_bytes().to_vec()
            }
            Half::Ed(key) => key.try_sign(message)?.to_bytes().to_vec(),
        })
    }
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        match self {
            // The comparison takes the same time wherever the two differ.
            Half::Hmac(key) => {
                let code = key.as_ref().clone().chain_update(message);
                code.verify_slice(signature).map_err(|_| Error::new())
            }
            Half::Ec(key) => key.verify(message, &EcSignature::from_slice(signature)?),
            // Strict: a weak key of small order signs nothing (RFC 8032 §5.1.7 leaves that open).
            Half::Ed(key) => key.verify_strict(message, &EdSignature::from_slice(signature)?),
        }
    }
}

impl JwtSigner for Private {
    fn algorithm(&self) -> Algorithm {
        self.name()
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.name()
    }
}

impl<S, E, D> Half<S, E, D> {
    fn name(&self) -> Algorithm {
        match self {
            Half::Hmac(_) => Algorithm::HS256,
            Half::Ec(_) => Algorithm::ES256,
            Half::Ed(_) => Algorithm::EdDSA,
        }
    }
}
