//! Reads the keys that check tokens (`--auth-key-file`), and says who else can.

use std::path::Path;

use super::secret::exposure;
use super::text_file;
use crate::auth::{FILE_BYTES, Keys};

/// The flag that names the file.
const FLAG: &str = "--auth-key-file";

/// Reads the keys in a file, and returns warnings beside them: a line each.
///
/// # Errors
///
/// A sentence that names the file, and quotes nothing of its content.
pub(super) fn read(path: &Path, audience: Option<&str>) -> Result<(Keys, Vec<String>), String> {
    let complain = |why: &dyn std::fmt::Display| format!("{FLAG} {}: {why}", path.display());
    let text = read_text(path).map_err(|error| complain(&error))?;
    let keys = Keys::parse(&text, audience.map(str::to_owned));
    let (keys, warnings) = keys.map_err(|why| complain(&why))?;
    let mut warnings: Vec<String> = warnings.iter().map(|line| complain(line)).collect();
    // The public part is no secret.
    if keys.is_secret() {
        warnings.extend(exposure(FLAG, path));
    }
    Ok((keys, warnings))
}

/// Reads the text of a file with keys.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    text_file::read(path, FILE_BYTES as u64)
}
