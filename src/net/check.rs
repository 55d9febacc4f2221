//! [`check`]: whether a start would succeed, as far as that can be said without one.
//!
//! It opens no socket and writes nothing. So it cannot know whether an address is free.

use std::path::Path;

use super::{Settings, descriptors, secret};

/// What a check has found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// A start would end with these.
    pub mistakes: Vec<String>,
    /// A start would log these as warnings.
    pub warnings: Vec<String>,
}

/// Checks the settings against this machine: the files that they name, and the limit on descriptors.
pub fn check(settings: &Settings) -> Checked {
    let mut checked = Checked::default();
    let admins = settings.admin_listen.map_or(0, |_| settings.limits.admin_connections + 1);
    let room = descriptors::make_room(settings.max_connections, admins);
    checked.mistakes.extend(room.err());
    if let Some(path) = &settings.admin_token_file {
        checked.mistakes.extend(secret::read_token(path).err());
        checked.warnings.extend(secret::exposure(path));
    }
    checked.mistakes.extend(no_trace_file(settings.trace_file.as_deref()));
    checked
}

/// Why a trace can never be written there. (Its folder may not exist yet, and a start makes no trace.)
pub(super) fn no_trace_file(path: Option<&Path>) -> Option<String> {
    let folder = path.filter(|path| path.is_dir())?;
    let file = folder.join("trace.json");
    Some(format!("--trace-file {}: it is a folder; write {}", folder.display(), file.display()))
}
