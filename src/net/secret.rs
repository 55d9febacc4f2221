//! Secrets from files. Other users could read an argument, and child processes a variable (proc(5)).

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::session::AdminToken;

/// The most bytes that are read: more than a token with a line break has.
const FILE_BYTES: u64 = AdminToken::MAX_CHARS as u64 + 64;

/// Reads the token in a file.
///
/// # Errors
///
/// A sentence that names the file, and quotes nothing of its content.
pub(super) fn read_token(path: &Path) -> Result<AdminToken, String> {
    let complain =
        |why: &dyn std::fmt::Display| format!("--admin-token-file {}: {why}", path.display());
    let file = File::open(path).map_err(|error| complain(&error))?;
    let mut text = String::new();
    file.take(FILE_BYTES).read_to_string(&mut text).map_err(|error| complain(&error))?;
    AdminToken::parse(&text).map_err(|error| complain(&error))
}
