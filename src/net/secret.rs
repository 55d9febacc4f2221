//! Secrets from files. Other users could read an argument, and child processes a variable (proc(5)).

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::start_watch::interruptible;
use crate::session::AdminToken;

/// The most bytes that are read: more than a token with a line break has.
const FILE_BYTES: u64 = AdminToken::MAX_CHARS as u64 + 64;

/// Reads the token in a file.
///
/// # Errors
///
/// A sentence that names the file, and quotes nothing of its content.
pub(super) fn read_token(path: &Path) -> Result<AdminToken, String> {
    read(path).map_err(|why| format!("--admin-token-file {}: {why}", path.display()))
}

/// The operator's token, for a client of the operator's API.
///
/// # Errors
///
/// A sentence that names the file, and quotes nothing of its content.
pub fn operators_token(path: &Path) -> Result<String, String> {
    let token = read(path).map_err(|why| format!("--token-file {}: {why}", path.display()))?;
    Ok(token.expose().to_owned())
}

/// Reads the token in a file, or says why not.
fn read(path: &Path) -> Result<AdminToken, String> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(FILE_BYTES).read_to_string(&mut text).map(|_| text)
    };
    // Nobody may ever write into a pipe.
    let text = if path.is_file() { read() } else { interruptible(read) };
    let text = text.map_err(|error| error.to_string())?;
    AdminToken::parse(&text).map_err(str::to_owned)
}

/// What other accounts of this machine may do to the file: a bit for each right (inode(7)).
const OTHERS: u32 = 0o007;

/// A sentence, if every account of this machine may read or change the file.
pub(super) fn exposure(flag: &str, path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok().filter(|file| file.is_file())?.permissions().mode();
    let path = path.display();
    (mode & OTHERS != 0).then(|| {
        format!("{flag} {path}: every account of this machine may use it: chmod 600 {path}")
    })
}
