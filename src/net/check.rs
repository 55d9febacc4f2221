//! [`check`]: whether a start would succeed, as far as that can be said without one.
//!
//! It opens no socket and writes nothing. So it cannot know whether an address is free.

use std::path::Path;

use super::descriptors::{self, Room};
use super::{ListenAddress, Settings, bans_file, key_file, page_files, secret, unix_socket};

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
    checked.mistakes.extend(room(settings).err());
    for (flag, address) in
        [("--listen", Some(&settings.listen)), ("--admin-listen", settings.admin_listen.as_ref())]
    {
        if let Some(ListenAddress::Unix(path)) = address
            && let Some(flaw) = unix_socket::flaw(path)
        {
            checked.mistakes.push(format!("{flag} unix:{}: {flaw}", path.display()));
        }
    }
    if let Some(path) = &settings.admin_token_file {
        checked.mistakes.extend(secret::read_token(path).err());
        checked.warnings.extend(secret::exposure("--admin-token-file", path));
    }
    if let Some(path) = &settings.auth_key_file {
        match key_file::read(path, settings.auth_audience.as_deref()) {
            Ok((_, warnings)) => checked.warnings.extend(warnings),
            Err(mistake) => checked.mistakes.push(mistake),
        }
    }
    if let Some(path) = &settings.bans_file {
        checked.mistakes.extend(bans_file::read(path).err().unwrap_or_default());
    }
    if let Some(folder) = &settings.pages {
        checked.mistakes.extend(page_files::read(folder).err());
    }
    checked.mistakes.extend(no_trace_file(settings));
    checked.warnings.extend_from_slice(&settings.warnings);
    checked
}

/// The most WebSockets that a server with these settings would have open.
///
/// # Errors
///
/// A sentence, if the limit on descriptors is too low for what the settings ask for.
pub fn most_connections(settings: &Settings) -> Result<usize, String> {
    room(settings).map(|room| room.websockets)
}

/// The room for connections that the limit on descriptors leaves.
pub(super) fn room(settings: &Settings) -> Result<Room, String> {
    let admins =
        settings.admin_listen.as_ref().map_or(0, |_| settings.limits.admin_connections + 1);
    descriptors::make_room(settings.max_connections, admins)
}

/// Why a trace can never be written there, or must not. (Its folder may not exist yet, and a start makes no
/// trace.)
pub(super) fn no_trace_file(settings: &Settings) -> Option<String> {
    let path = settings.trace_file.as_deref()?;
    let same = |other: &Path| Some(path.canonicalize().ok()? == other.canonicalize().ok()?);
    let token = settings.admin_token_file.as_deref();
    let keys = settings.auth_key_file.as_deref();
    let why = if path.is_dir() {
        format!("it is a folder; write {}", path.join("trace.json").display())
    } else if path.parent().is_some_and(|folder| folder.exists() && !folder.is_dir()) {
        "the folder before its name is a file".to_owned()
    } else if path.exists() && !path.is_file() {
        // A new file takes its place. Nobody wants that of /dev/null.
        "it is a device or a pipe, which a trace would replace; name a file".to_owned()
    } else if token.and_then(same) == Some(true) {
        "it is the --admin-token-file too, and a trace would replace the token".to_owned()
    } else if keys.and_then(same) == Some(true) {
        "it is the --auth-key-file too, and a trace would replace the keys".to_owned()
    } else {
        return None;
    };
    Some(format!("--trace-file {}: {why}", path.display()))
}
