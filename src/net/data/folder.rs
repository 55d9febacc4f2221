//! The folder with the data: its lock, its database, and copies of that.
//!
//! | file | what it is |
//! |---|---|
//! | `switchboard.db` | the database; beside it SQLite keeps its log and the log's index |
//! | `lock` | locked while a server uses the folder (flock(2)), empty |
//! | `before-vN.db` | a copy that was made before a migration from version N |

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::libc::c_ulong;
use nix::sys::statvfs::statvfs;

use super::Settings;
use crate::net::replace_file::sync_name;
use crate::store::{Database, Found, VERSION};

/// The permissions of every file: only the server's user may read what people write.
const MODE: u32 = 0o600;

/// The room, in bytes, that a disk that was full must have before the operator is told that it has some. It is
/// the most that one transaction takes.
const ROOM: c_ulong = 4 << 20;

/// Takes the folder for a server, opens its database, and brings that to today's schema. The folder is
/// free again when the lock is dropped.
///
/// # Errors
///
/// One line that names the folder or the file.
pub(super) fn open(settings: &Settings) -> Result<(File, Database), String> {
    let folder = &settings.folder;
    let lock = lock(folder)?;
    let path = database(folder);
    create(&path)
        .and_then(|_| give_to_owner(&path, folder))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    let found = Found::open(&path).map_err(|error| about(folder, &error))?;
    if (1..VERSION).contains(&found.version()) {
        copy(&found, &folder.join(format!("before-v{}.db", found.version())))?;
    }
    let database = found.migrate(settings.store).map_err(|error| about(folder, &error))?;
    Ok((lock, database))
}

/// Opens the database of a folder that a server may be using, and changes nothing about it.
///
/// # Errors
///
/// One line that names the folder or the file.
pub(super) fn look_into(folder: &Path) -> Result<Found, String> {
    exists(folder)?;
    let path = database(folder);
    if !path.exists() {
        return Err(format!("{}: there is no database", folder.display()));
    }
    Found::open(&path).map_err(|error| about(folder, &error))
}

/// Locks the folder until the file is dropped.
///
/// # Errors
///
/// One line that names the folder.
pub(super) fn lock(folder: &Path) -> Result<File, String> {
    exists(folder)?;
    let name = folder.display();
    let path = folder.join("lock");
    let file = create(&path).and_then(|file| give_to_owner(&path, folder).map(|()| file));
    let file = file.map_err(|error| format!("{name} cannot be written: {error}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!("another server uses {name}")),
        Err(TryLockError::Error(error)) => Err(format!("{name} cannot be locked: {error}")),
    }
}

/// Writes a copy of a database to a file, and replaces the file if there is one. After a crash there is
/// the whole copy or none.
///
/// # Errors
///
/// One line that names the file.
pub(super) fn copy(found: &Found, path: &Path) -> Result<(), String> {
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    let name = path.display();
    let io = |error: io::Error| format!("{name} cannot be written: {error}");
    remove(&beside).and_then(|()| create(&beside)).map_err(io)?;
    let copied = found
        .copy_to(&beside)
        .map_err(|error| format!("the copy {name} {error}"))
        .and_then(|()| replace(&beside, path).map_err(io));
    if copied.is_err() {
        // The disk may be full. Half a copy must not keep it full.
        let _ = remove(&beside);
    }
    copied
}

/// Replaces the folder's database by a copy of another one. The folder must be locked.
///
/// # Errors
///
/// One line that names the file.
pub(super) fn restore(found: &Found, folder: &Path) -> Result<(), String> {
    let (path, restored) = (database(folder), folder.join("restored.db"));
    copy(found, &restored)?;
    // Opened and closed, SQLite brings the log into the old database. So if the process ends before the
    // old one is replaced, it is whole. If it is damaged, there is nothing to save.
    drop(Found::open(&path));
    let swap = || {
        for end in ["-wal", "-shm"] {
            let mut name = OsString::from(&path);
            name.push(end);
            // The old log must never meet the new database.
            remove(Path::new(&name))?;
        }
        give_to_owner(&restored, folder)?;
        replace(&restored, &path)
    };
    swap().map_err(|error| format!("{} cannot be replaced: {error}", path.display()))
}

/// The file with the database.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("switchboard.db")
}

/// The bytes of the files with the database and with SQLite's log. A file that is not there has none.
pub(super) fn sizes(folder: &Path) -> (u64, u64) {
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let database = database(folder);
    (size(&database), size(&log_of(&database)))
}

/// What tells a file from all others: its number on its disk, and that of the disk. The number is not given to
/// another file while this one is open.
pub(super) type FileId = (u64, u64);

/// The file that has the name of the folder's database now.
///
/// # Errors
///
/// The kernel's error: of kind `NotFound` if there is none.
pub(super) fn database_id(folder: &Path) -> io::Result<FileId> {
    fs::metadata(database(folder)).map(|found| (found.dev(), found.ino()))
}

/// The file with SQLite's log of a database.
pub(super) fn log_of(database: &Path) -> PathBuf {
    let mut log = OsString::from(database);
    log.push("-wal");
    log.into()
}

/// A sentence about the folder's database.
pub(super) fn about(folder: &Path, what: &dyn fmt::Display) -> String {
    format!("{} {what}", database(folder).display())
}

/// Whether the disk of the folder has room for any transaction. A disk that does not say so counts as one that has.
pub(super) fn has_room(folder: &Path) -> bool {
    let Ok(disk) = statvfs(folder) else { return true };
    disk.blocks_available().saturating_mul(disk.fragment_size()) >= ROOM
}

fn exists(folder: &Path) -> Result<(), String> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!("{} is no folder", folder.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("there is no folder {}", folder.display()))
        }
        Err(error) => Err(format!("{} cannot be opened: {error}", folder.display())),
    }
}

/// Gives a file of the folder to the folder's owner. A tool that root runs would else leave files behind that
/// the server cannot open. (SQLite does the same for its own files.)
fn give_to_owner(path: &Path, folder: &Path) -> io::Result<()> {
    let (owner, now) = (fs::metadata(folder)?, fs::metadata(path)?);
    if (owner.uid(), owner.gid()) != (now.uid(), now.gid()) {
        // Only root can. Another account has made the file for itself.
        let _ = chown(path, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(())
}

/// Opens a file for writing, and creates it if there is none.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Renames a file so that a power cut leaves the old or the new one (fsync(2), rename(2)).
fn replace(beside: &Path, path: &Path) -> io::Result<()> {
    File::open(beside)?.sync_all()?;
    fs::rename(beside, path)?;
    sync_name(path)
}
