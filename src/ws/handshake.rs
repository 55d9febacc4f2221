//! The opening handshake (RFC 6455 §4): [`check`] for the server, [`ClientKey`] for a client.
//!
//! A browser's request names a random *key*, and the server answers with the *accept key*, a digest
//! of it. That proves only that the server knows what a WebSocket is, and does not answer by chance,
//! or from a cache. Knows no HTTP: the session fills in an [`Offer`] from a request, and makes a
//! response of the answer.

use std::fmt;

use tungstenite::handshake::derive_accept_key;

/// What a request has said, as far as a handshake is concerned (RFC 6455 §4.2.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offer<'a> {
    /// The method is GET.
    pub get: bool,
    /// The version is HTTP/1.1 or higher.
    pub http_1_1: bool,
    /// `Host` names the server that the client wants. HTTP lets it be empty, RFC 6455 does not.
    pub host: bool,
    /// `Connection` has the token `upgrade`, in whatever case.
    pub connection_upgrade: bool,
    /// `Upgrade` has the token `websocket`, in whatever case.
    pub upgrade_websocket: bool,
    /// `Sec-WebSocket-Key`.
    pub key: Once<'a>,
    /// `Sec-WebSocket-Version`.
    pub version: Once<'a>,
}

/// A header field that must not stand twice in a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Once<'a> {
    /// It is not there.
    #[default]
    Absent,
    /// Its value, without the white space around it.
    Value(&'a [u8]),
    /// It is there more than once.
    Repeated,
}

impl<'a> Once<'a> {
    /// Notes one more occurrence of the field.
    pub fn add(&mut self, value: &'a [u8]) {
        *self = match self {
            Once::Absent => Once::Value(value.trim_ascii()),
            Once::Value(_) | Once::Repeated => Once::Repeated,
        };
    }
}

/// Checks an offer, and computes the proof for the answer.
///
/// # Errors
///
/// The first of these that applies: no upgrade is wanted, not a GET, no host, not version 13, no
/// proper key.
pub fn check(offer: &Offer<'_>) -> Result<AcceptKey, HandshakeError> {
    // Before HTTP/1.1, and without `Connection: upgrade`, an `Upgrade` is to be ignored (RFC 9110 §7.8).
    if !(offer.http_1_1 && offer.connection_upgrade && offer.upgrade_websocket) {
        return Err(HandshakeError::NotAnUpgrade);
    }
    if !offer.get {
        return Err(HandshakeError::Malformed { why: "a WebSocket is opened with GET" });
    }
    if !offer.host {
        return Err(HandshakeError::Malformed { why: "Host must name the server" });
    }
    match offer.version {
        Once::Value(VERSION) => {}
        // Older drafts had other keys, so this comes before a look at the key.
        Once::Absent | Once::Value(_) => return Err(HandshakeError::WrongVersion),
        Once::Repeated => {
            return Err(HandshakeError::Malformed { why: "two Sec-WebSocket-Version fields" });
        }
    }
    match offer.key {
        Once::Value(key) if is_key(key) => Ok(AcceptKey::of(key)),
        Once::Value(_) => {
            Err(HandshakeError::Malformed { why: "Sec-WebSocket-Key must be 16 bytes in base64" })
        }
        Once::Absent => Err(HandshakeError::Malformed { why: "no Sec-WebSocket-Key" }),
        Once::Repeated => Err(HandshakeError::Malformed { why: "two Sec-WebSocket-Key fields" }),
    }
}

/// The one version there is, after the drafts (RFC 6455 §4.1).
pub const VERSION: &[u8] = b"13";

/// Why a request does not open a WebSocket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandshakeError {
    /// It does not ask for one: 426 with `Upgrade: websocket` (RFC 9110 §15.5.22).
    NotAnUpgrade,
    /// It asks for a version that we do not speak: 426 with `Sec-WebSocket-Version: 13` (RFC 6455 §4.4).
    WrongVersion,
    /// It asks in a way that RFC 6455 §4.2.1 forbids: 400.
    Malformed {
        /// A few words for the answer. Never anything from the request.
        why: &'static str,
    },
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::NotAnUpgrade => f.pad("this address speaks WebSocket"),
            HandshakeError::WrongVersion => f.pad("only version 13 of WebSocket is spoken here"),
            HandshakeError::Malformed { why } => f.pad(why),
        }
    }
}

impl std::error::Error for HandshakeError {}

/// The value of `Sec-WebSocket-Accept` (RFC 6455 §4.2.2): a SHA-1 digest, 20 bytes in base64.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AcceptKey([u8; 28]);

impl AcceptKey {
    /// For the header field.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("base64 is ASCII")
    }

    fn of(key: &[u8]) -> Self {
        let digest = derive_accept_key(key);
        AcceptKey(digest.as_bytes().try_into().expect("20 bytes are 28 characters of base64"))
    }
}

/// The value of a client's `Sec-WebSocket-Key`: 16 random bytes in base64.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClientKey([u8; KEY_CHARACTERS]);

impl ClientKey {
    /// A key of 16 unpredictable bytes, chosen anew for every connection (RFC 6455 §4.1).
    pub fn new(random: [u8; 16]) -> Self {
        // Three bytes make four characters. Sixteen are five times three and one; the missing two
        // are zeros here, and their characters `=`.
        let mut text = [b'='; KEY_CHARACTERS];
        for (three, four) in random.chunks(3).zip(text.chunks_exact_mut(4)) {
            let bits = three.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
            let bits = bits << (8 * (3 - three.len()));
            for (i, character) in four.iter_mut().take(three.len() + 1).enumerate() {
                *character = BASE64[bits >> (18 - 6 * i) & 63];
            }
        }
        ClientKey(text)
    }

    /// For the header field.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("base64 is ASCII")
    }

    /// Whether a server's `Sec-WebSocket-Accept` is the right one for this key (RFC 6455 §4.1).
    pub fn accepts(&self, accept: &[u8]) -> bool {
        AcceptKey::of(&self.0).0 == accept.trim_ascii()
    }
}

/// 16 bytes in base64: 22 characters and `==`.
const KEY_CHARACTERS: usize = 24;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Whether this is 16 bytes in base64.
///
/// The 22nd character has four bits too many. They ought to be 0, but RFC 6455's own example (§4.1,
/// `AQIDBAUGBwgJCgsMDQ4PEC==`) has others, and the digest is over the text anyway.
fn is_key(key: &[u8]) -> bool {
    key.len() == KEY_CHARACTERS
        && key.ends_with(b"==")
        && key[..KEY_CHARACTERS - 2].iter().all(|character| BASE64.contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6455 §1.3.
    const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    const GOOD: Offer<'_> = Offer {
        get: true,
        http_1_1: true,
        host: true,
        connection_upgrade: true,
        upgrade_websocket: true,
        key: Once::Value(KEY),
        version: Once::Value(VERSION),
    };

    fn is_malformed(offer: Offer<'_>) -> bool {
        matches!(check(&offer), Err(HandshakeError::Malformed { .. }))
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted_with_its_answer() {
        assert_eq!(check(&GOOD).unwrap().as_str(), ACCEPT);
    }

    #[test]
    fn a_request_that_asks_for_no_upgrade_is_told_that_it_should() {
        for offer in [
            Offer::default(),
            Offer { http_1_1: false, ..GOOD },
            Offer { connection_upgrade: false, ..GOOD },
            Offer { upgrade_websocket: false, ..GOOD },
        ] {
            assert_eq!(check(&offer), Err(HandshakeError::NotAnUpgrade));
        }
    }

    #[test]
    fn another_version_is_told_ours_whatever_its_key_looks_like() {
        for version in [Once::Absent, Once::Value(b"8"), Once::Value(b"013"), Once::Value(b"")] {
            let offer = Offer { version, key: Once::Absent, ..GOOD };
            assert_eq!(check(&offer), Err(HandshakeError::WrongVersion));
        }
    }

    #[test]
    fn a_handshake_is_a_get_from_a_host_with_one_key_and_one_version() {
        assert!(is_malformed(Offer { get: false, ..GOOD }));
        assert!(is_malformed(Offer { host: false, ..GOOD }));
        assert!(is_malformed(Offer { version: Once::Repeated, ..GOOD }));
        assert!(is_malformed(Offer { key: Once::Repeated, ..GOOD }));
        assert!(is_malformed(Offer { key: Once::Absent, ..GOOD }));
    }

    #[test]
    fn a_key_is_16_bytes_in_base64() {
        let wrong: [&[u8]; 9] = [
            b"",
            b"==",
            b"dGhlIHNhbXBsZSBub25jZQ",    // no padding
            b"dGhlIHNhbXBsZSBub25jZQ=",   // half of it
            b"dGhlIHNhbXBsZSBub25jZQ===", // too much
            b"dGhlIHNhbXBsZSBub25jZWU=",  // 17 bytes
            b"dGhlIHNhbXBsZSBub25j",      // 15 bytes
            b"dGhlIHNhbXBsZSBub2_-ZQ==",  // the alphabet for URLs
            b"dGhlIHNhbXBsZSBu=25jZQ==",  // padding inside
        ];
        for key in wrong {
            assert!(is_malformed(Offer { key: Once::Value(key), ..GOOD }));
        }
    }

    #[test]
    fn the_loose_bits_in_the_rfcs_own_example_are_forgiven() {
        assert!(check(&Offer { key: Once::Value(b"AQIDBAUGBwgJCgsMDQ4PEC=="), ..GOOD }).is_ok());
    }

    #[test]
    fn a_repeated_field_is_noticed_even_with_the_same_value() {
        let mut key = Once::default();
        key.add(b" a ");
        assert_eq!(key, Once::Value(b"a"));
        key.add(b"a");
        assert_eq!(key, Once::Repeated);
        key.add(b"a");
        assert_eq!(key, Once::Repeated);
    }

    #[test]
    fn a_clients_key_is_base64_and_knows_its_answer() {
        let key = ClientKey::new(*b"the sample nonce");
        assert_eq!(key.as_str().as_bytes(), KEY);
        assert!(key.accepts(ACCEPT.as_bytes()));
        assert!(!key.accepts(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo"));
        assert!(!key.accepts(b""));
        assert!(!ClientKey::new([0xff; 16]).accepts(ACCEPT.as_bytes()));
    }

    #[test]
    fn every_key_of_ours_is_a_key() {
        for byte in 0..=u8::MAX {
            assert!(is_key(ClientKey::new([byte; 16]).as_str().as_bytes()));
        }
    }
}
