//! The tool `switchboard token`: makes keys, and tokens for people who try a server out.
//!
//! A key that is written to a file is for its owner's eyes only, and replaces no other file: the tokens of an
//! older key would be worth nothing.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clock::Clock;
use super::key_file::read_text;
use crate::auth::{Algorithm, TokenMaker, new_key, public_part};

/// What is to be made.
#[derive(Clone, Debug)]
pub enum TokenTool {
    /// A private key.
    NewKey {
        /// How it signs.
        algorithm: Algorithm,
        /// The file for it; standard output without one.
        out: Option<PathBuf>,
    },
    /// The public part of the keys in a file.
    Public {
        /// The file with the private ones.
        key_file: PathBuf,
    },
    /// A token.
    Token {
        /// The file with the private key.
        key_file: PathBuf,
        /// Whose number it proves.
        subject: String,
        /// How long it is valid.
        ttl: Duration,
        /// The audience that it is for.
        audience: Option<String>,
    },
}

/// Runs the tool, and returns what it prints.
///
/// # Errors
///
/// A line that says what is wrong, and quotes no key.
pub(super) fn run(tool: &TokenTool) -> Result<String, String> {
    match tool {
        TokenTool::NewKey { algorithm, out } => {
            let key = random_key(*algorithm) + "\n";
            let Some(path) = out else { return Ok(key) };
            write(path, &key).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(about(*algorithm, path))
        }
        TokenTool::Public { key_file } => public_part(&text_of(key_file)?)
            .map(|set| set + "\n")
            .map_err(|why| blame(key_file, &why)),
        TokenTool::Token { key_file, subject, ttl, audience } => {
            let maker = TokenMaker::parse(&text_of(key_file)?, audience.clone());
            let maker = maker.map_err(|why| blame(key_file, &why))?;
            Ok(maker.make(subject, Clock::start().now().unix, *ttl) + "\n")
        }
    }
}

fn random_key(algorithm: Algorithm) -> String {
    loop {
        let (mut secret, mut name) = ([0; 32], [0; 8]);
        for bytes in [&mut secret[..], &mut name[..]] {
            getrandom::fill(bytes).expect("the kernel has random bytes (getrandom(2))");
        }
        let name = format!("{:016x}", u64::from_be_bytes(name));
        if let Some(key) = new_key(algorithm, &name, &secret) {
            return key;
        }
    }
}

fn write(path: &Path, key: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()
}

/// What is to be done with a new key.
fn about(algorithm: Algorithm, path: &Path) -> String {
    let (name, path) = (algorithm.name(), path.display());
    match algorithm {
        Algorithm::Hs256 => format!(
            "{path}: a secret for {name}. The server and what makes tokens need it: \
             switchboard --auth-key-file {path}\n"
        ),
        Algorithm::EdDsa | Algorithm::Es256 => format!(
            "{path}: a private key for {name}, for what makes tokens. The server needs its public part only: \
             switchboard token --public --key-file {path} > public.jwk\n"
        ),
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    read_text(path).map_err(|error| blame(path, &error))
}

fn blame(path: &Path, why: &str) -> String {
    format!("--key-file {}: {why}", path.display())
}
