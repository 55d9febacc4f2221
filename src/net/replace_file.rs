//! [`replace_file`]: another content for a file. Who reads it finds the old content or the new, and never a part.
//! [`sync_name`] makes that last.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Writes the content beside the file `path`, lets `finish` do the rest to what was written, and renames it to `path`.
///
/// # Errors
///
/// Whatever the system says; then the old file is as it was, and nothing is left beside it.
pub(super) fn replace_file(
    path: &Path,
    content: &[u8],
    finish: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".tmp");
    let beside = PathBuf::from(beside);
    // An old file is removed, and not written to: it may be a symbolic link of an attacker.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let replaced = file
        .write_all(content)
        .and_then(|()| finish(&file))
        .and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The disk may be full. Half a file must not keep it full.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// Brings the name of a file to the disk: a power cut could otherwise bring back the file that it has replaced
/// (fsync(2)).
pub(super) fn sync_name(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}
