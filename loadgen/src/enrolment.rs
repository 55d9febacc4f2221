//! [`Users`]: the users of a run, before it: from the pool's file, and made on loadgen's own server or
//! registered on another. The file is written again with what has changed, for later runs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::complain::warn;
use crate::net::{self, Refusal};
use crate::pool::{Account, Pool};
use crate::signals::Signals;
use crate::target::Target;

/// How the names of users begin that loadgen makes.
const PREFIX: &str = "lg";
/// Nobody but the owner may read the file.
const MODE: u32 = 0o600;
/// Letters of a password that loadgen makes.
const PASSWORD_LETTERS: usize = 24;

/// The names of users that nobody has. They begin alike, so that an operator can find them.
pub(crate) fn new_names(count: u32) -> impl Iterator<Item = String> {
    let run = fastrand::u32(..);
    (0..count).map(move |number| format!("{PREFIX}-{run:08x}-{number}"))
}

/// Reads the pool's file, makes its users ready, and writes the file again: also if not all could be made ready.
///
/// # Errors
///
/// One sentence, or that a signal came first.
pub(crate) fn prepare(
    path: &Path,
    users: u32,
    target: &Target,
    signals: &Signals,
    is_quiet: bool,
) -> Result<Pool, Refusal> {
    let mut pool = read(path)?;
    let before = pool.text();
    let missing = users.saturating_sub(u32::try_from(pool.accounts().len()).unwrap_or(u32::MAX));
    for name in new_names(missing) {
        let password = (0..PASSWORD_LETTERS).map(|_| fastrand::alphanumeric()).collect();
        pool.put(Account { name, password: Some(password), ..Account::default() });
    }
    let enrolled = net::enrol(&mut pool, users, target, signals, is_quiet);
    // Users that are registered must not be lost with their passwords.
    pool.keep_known();
    if pool.text() != before {
        write(path, &pool)?;
    }
    enrolled.map(|()| pool)
}

fn read(path: &Path) -> Result<Pool, Refusal> {
    let wrong = |what: String| Refusal::Server(format!("--accounts {}: {what}", path.display()));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Pool::default()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let is_open = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0);
    if is_open {
        warn(&format!(
            "{}: others can read the tokens in it; it should have mode 0600",
            path.display()
        ));
    }
    Pool::read(&text).map_err(wrong)
}

/// Writes beside the file, and renames: so there is the old pool, or the new one.
fn write(path: &Path, pool: &Pool) -> Result<(), Refusal> {
    let wrong = |error: io::Error| {
        Refusal::Server(format!("--accounts {}: it cannot be written: {error}", path.display()))
    };
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().ok_or_else(|| wrong(io::ErrorKind::InvalidFilename.into()))?;
    let beside = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(pool.text().as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // It may not be there.
        drop(fs::remove_file(&beside));
    }
    written.map_err(wrong)
}

/// A folder for the data of loadgen's own server, which is removed in the end.
#[derive(Debug)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// A new folder, which only its owner may look into.
    ///
    /// # Errors
    ///
    /// One sentence, if there can be none.
    pub(crate) fn new() -> Result<Self, Refusal> {
        use std::os::unix::fs::DirBuilderExt as _;
        let name = format!("loadgen-{}-{:016x}", process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| {
            format!("no folder {} for the server's data: {error}", path.display())
        })?;
        Ok(DataFolder(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // What is left, the system removes one day.
        drop(fs::remove_dir_all(&self.0));
    }
}
