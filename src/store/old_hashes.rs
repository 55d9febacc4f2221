//! [`OldHash`]: how an app that this server replaces hashed a password.
//!
//! Chatterbox hashed it once, without a salt; WebSocket Chat 100,000 times, which is little today. So an old
//! *digest* is never stored. The import hashes it with Argon2id, as if it were the password, and the result
//! is stored with the kind in front of it: `KIND $argon2id$…`. A login computes the old digest of the
//! password first, and compares that. Then the plain hash of the password replaces the old one.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use sha2::{Digest as _, Sha256};

use crate::chat::account::Secret;

/// What an old app stored of a password, apart from the salt.
pub(super) type OldDigest = [u8; 32];

/// The passes of WebSocket Chat's PBKDF2.
const PASSES: u32 = 100_000;

/// The bytes of WebSocket Chat's salt.
const SALT_BYTES: usize = 32;

// What stands in front of the Argon2id hash.
const SHA256: &str = "sha256";
const PBKDF2: &str = "pbkdf2-sha256:";

/// How a password was hashed, with all that is needed to do it again.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum OldHash {
    /// Chatterbox: SHA-256.
    Sha256,
    /// WebSocket Chat: PBKDF2 with HMAC-SHA256 (RFC 8018 §5.2) and this salt.
    Pbkdf2([u8; SALT_BYTES]),
}

impl OldHash {
    /// Takes a hash of Chatterbox's apart: SHA-256 in hexadecimal digits.
    pub(super) fn of_chatterbox(text: &str) -> Option<(OldHash, OldDigest)> {
        let digest = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        Some((OldHash::Sha256, digest.try_into().ok()?))
    }

    /// Takes a hash of WebSocket Chat's apart: the salt and the digest, together in base64.
    pub(super) fn of_websocket_chat(text: &str) -> Option<(OldHash, OldDigest)> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        let (salt, digest) = bytes.split_first_chunk()?;
        Some((OldHash::Pbkdf2(*salt), digest.try_into().ok()?))
    }

    /// The salt. It is empty where the old app used none.
    pub(super) fn salt(&self) -> &[u8] {
        match self {
            OldHash::Sha256 => &[],
            OldHash::Pbkdf2(salt) => salt,
        }
    }

    /// What the old app would have stored of this password.
    pub(super) fn digest(&self, password: &Secret) -> OldDigest {
        let password = password.reveal().as_bytes();
        match self {
            OldHash::Sha256 => Sha256::digest(password).into(),
            OldHash::Pbkdf2(salt) => {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, PASSES)
            }
        }
    }

    /// The text that is stored, with the Argon2id hash of the old digest.
    pub(super) fn write(&self, argon2id: &str) -> String {
        match self {
            OldHash::Sha256 => format!("{SHA256} {argon2id}"),
            OldHash::Pbkdf2(salt) => format!("{PBKDF2}{} {argon2id}", BASE64_NOPAD.encode(salt)),
        }
    }

    /// Takes a stored text apart into its kind and the Argon2id hash. `None`: it is none of an old digest.
    pub(super) fn read(text: &str) -> Option<(OldHash, &str)> {
        let (kind, argon2id) = text.split_once(' ')?;
        if kind == SHA256 {
            return Some((OldHash::Sha256, argon2id));
        }
        let salt = BASE64_NOPAD.decode(kind.strip_prefix(PBKDF2)?.as_bytes()).ok()?;
        Some((OldHash::Pbkdf2(salt.try_into().ok()?), argon2id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both are of "correct horse", made by Python's hashlib. The salt is the bytes from 0 to 31.
    const CHATTERBOX: &str = "4104d36f8da2c254349f85836793ebe029e0c957063a34c91c2e9203187b5631";
    const WEBSOCKET_CHAT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh/rbVyN5fzIULqUgYamVIdM\
        8+VqaDKByV79JGA6DnKQig==";

    #[test]
    fn the_digest_of_the_same_password_is_what_the_old_app_stored() {
        let hashes = [
            OldHash::of_chatterbox(CHATTERBOX).expect("it is one"),
            OldHash::of_websocket_chat(WEBSOCKET_CHAT).expect("it is one"),
        ];
        for (old, digest) in hashes {
            assert_eq!(old.digest(&Secret::new("correct horse")), digest);
            assert_ne!(old.digest(&Secret::new("correct horsE")), digest);
        }
        assert!(OldHash::of_chatterbox(&CHATTERBOX.to_uppercase()) == Some(hashes[0]));
    }

    #[test]
    fn what_is_stored_names_the_kind_and_keeps_the_salt() {
        for old in [OldHash::Sha256, OldHash::Pbkdf2(std::array::from_fn(|at| at as u8))] {
            let text = old.write("$argon2id$…");
            assert!(OldHash::read(&text) == Some((old, "$argon2id$…")), "{text}");
        }
        for text in
            ["", "$argon2id$…", "sha256", "md5 $argon2id$…", "pbkdf2-sha256:AAAA $argon2id$…"]
        {
            assert!(OldHash::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_hash_of_another_form_is_none_of_the_apps() {
        let short = &CHATTERBOX[2..];
        for text in ["", short, "zz", &format!("{CHATTERBOX}00"), WEBSOCKET_CHAT, "$2b$12$abc"] {
            assert!(OldHash::of_chatterbox(text).is_none(), "{text}");
        }
        for text in ["", "AAAA", CHATTERBOX, &WEBSOCKET_CHAT[4..], "$2b$12$abc"] {
            assert!(OldHash::of_websocket_chat(text).is_none(), "{text}");
        }
    }
}
