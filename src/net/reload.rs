//! [`Reload`]: reads the settings again when SIGHUP asks for it.
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::{Settings, text_file};

/// The most bytes of a settings file. One with every flag, and a comment for each, has a tenth of them.
const SETTINGS_FILE_BYTES: u64 = 64 * 1024;

/// Reads a settings file.
///
/// # Errors
///
/// Why it cannot be used: a few words that name neither the file nor its content.
pub fn read_settings_file(path: &Path) -> Result<String, String> {
    text_file::read(path, SETTINGS_FILE_BYTES)
}

/// Reads the settings again, or says what is wrong with them, one line each.
#[derive(Clone)]
#[expect(clippy::type_complexity, reason = "it has this name")]
pub struct Reread(pub Arc<dyn Fn() -> Result<Settings, Vec<String>> + Send + Sync>);

impl fmt::Debug for Reread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reread")
    }
}

/// The value of a flag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The flag, such as `--strikes`.
    pub flag: String,
    /// The value as it was written, or the default.
    pub value: String,
    /// Whether a reload changes it.
    pub at_run_time: bool,
}
