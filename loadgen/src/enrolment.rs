//! [`prepare`]: the users of a run, before it: from the pool's file, and made on loadgen's own server or
//! registered on another. The file is written again with what has changed, for later runs. If several processes share
//! the users, all must find all of them in it, and none writes it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::client::Skills;
use crate::complain::warn;
use crate::net::{self, Refusal};
use crate::pool::{Account, Pool};
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Shard;

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

/// Reads the pool's file, makes its users ready, and writes the file again: also if not all could be made ready. A shard
/// makes only its own users ready, and does not write the file.
///
/// # Errors
///
/// One sentence, or that a signal came first.
pub(crate) fn prepare(
    path: &Path,
    (users, shard): (u32, Option<Shard>),
    target: &Target,
    signals: &Signals,
    (skills, is_quiet): (Skills, bool),
) -> Result<Pool, Refusal> {
    let mut pool = read(path)?;
    if shard.is_some() {
        pool = pool.of_first(users);
        check_shared(path, &pool, users, skills)?;
        net::enrol(&mut pool, (users, shard), target, signals, (skills, is_quiet))?;
        return Ok(pool);
    }
    let before = pool.text();
    let missing = users.saturating_sub(u32::try_from(pool.accounts().len()).unwrap_or(u32::MAX));
    for name in new_names(missing) {
        let password = (0..PASSWORD_LETTERS).map(|_| fastrand::alphanumeric()).collect();
        pool.put(Account { name, password: Some(password), ..Account::default() });
    }
    let beside = Beside::create(path)?;
    let enrolled = net::enrol(&mut pool, (users, None), target, signals, (skills, is_quiet));
    // Users that are registered must not be lost with their passwords.
    pool.keep_known();
    if pool.text() != before {
        beside.replace(&pool.text())?;
    }
    enrolled.map(|()| pool.of_first(users))
}

/// Whether a pool has all that a shard has to know of the users of others, who are written to.
fn check_shared(path: &Path, pool: &Pool, users: u32, skills: Skills) -> Result<(), Refusal> {
    let needs = |what: String| {
        wrong(
            path,
            &format!(
                "{what}; with --shard, all of the plan's users have to be in it: make them with `switchboard user add --stdin --tokens`, or let one loadgen without --shard do so"
            ),
        )
    };
    let count = pool.accounts().len();
    if count < users as usize {
        return Err(needs(format!("it has {count} users of {users}")));
    }
    // The address of a page has the id of the other user.
    let is_unknown = |account: &&Account| skills.has_pages && account.id.is_empty();
    if let Some(Account { name, .. }) = pool.accounts().iter().find(is_unknown) {
        return Err(needs(format!("it does not have the id of the user {name}")));
    }
    Ok(())
}

fn wrong(path: &Path, what: &str) -> Refusal {
    Refusal::File(format!("--accounts {}: {what}", path.display()))
}

fn read(path: &Path) -> Result<Pool, Refusal> {
    let wrong = |what: String| wrong(path, &what);
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

/// The file beside the pool's, which takes its place when it is complete: so there is the old pool, or the new
/// one.
struct Beside {
    file: File,
    path: PathBuf,
    place: PathBuf,
}

impl Beside {
    /// Makes sure that the pool can be written: what is registered must not be lost.
    fn create(path: &Path) -> Result<Self, Refusal> {
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let invalid = || unwritable(path, &io::ErrorKind::InvalidFilename.into());
        let name = place.file_name().ok_or_else(invalid)?.to_string_lossy().into_owned();
        let beside = place.with_file_name(format!(".{name}.{}.part", process::id()));
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&beside);
        let file = file.map_err(|error| unwritable(path, &error))?;
        Ok(Beside { file, path: beside, place })
    }

    fn replace(mut self, text: &str) -> Result<(), Refusal> {
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.path, &self.place));
        written.map_err(|error| unwritable(&self.place, &error))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It fails if the file has its final name.
        drop(fs::remove_file(&self.path));
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Refusal {
    Refusal::File(format!("--accounts {}: it cannot be written: {error}", path.display()))
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
