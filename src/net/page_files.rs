//! Reads the files of an app's own pages (`--pages`), once, at the start. Requests never reach the disk.
//!
//! Only what lies in the folder itself is read: a link that leads out of it is a mistake that ends the start,
//! and so is a file that is too much. Links between folders are refused, since they could form a circle.
//! Names that begin with a dot are left out: editors and version control leave such files behind.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::session::{NotUtf8, Pages};

/// The most bytes of all files together.
const PAGES_BYTES: usize = 16 << 20;
/// The most files.
const PAGE_FILES: usize = 256;
/// The most folders, those without files included.
const FOLDERS: usize = 256;

/// The folders that are read, with all that they contain.
const PARTS: [&str; 3] = ["templates", "static", "favicon"];

/// Reads all files.
///
/// # Errors
///
/// A sentence that names the folder or the file.
pub(super) fn read(folder: &Path) -> Result<Pages, String> {
    let complain = |path: &Path, why: &str| format!("--pages {}: {why}", path.display());
    let root = folder.canonicalize().map_err(|error| complain(folder, &error.to_string()))?;
    let mut reading = Reading { root, ..Reading::default() };
    for part in PARTS {
        let path = reading.root.join(part);
        if path.exists() {
            reading.folders.push((part.to_owned(), path));
        }
    }
    if reading.folders.is_empty() {
        return Err(complain(folder, "it has neither templates nor static"));
    }
    let mut folders = 0;
    while let Some((name, path)) = reading.folders.pop() {
        folders += 1;
        if folders > FOLDERS {
            return Err(complain(folder, &format!("it has more than {FOLDERS} folders")));
        }
        reading.folder(&name, &path).map_err(|(path, why)| complain(&path, &why))?;
    }
    Pages::new(reading.files).map_err(|NotUtf8 { name }| {
        complain(&folder.join(name), "a template must be text in UTF-8")
    })
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    /// The folder that everything has to lie in, without links in its path.
    root: PathBuf,
    /// The folders that are still to be read, each with its name below the root.
    folders: Vec<(String, PathBuf)>,
    files: Vec<(String, Vec<u8>)>,
    bytes: usize,
}

/// Which file is a mistake, and why.
type Mistake = (PathBuf, String);

impl Reading {
    /// Reads the files of a folder, and notes the folders in it.
    fn folder(&mut self, name: &str, path: &Path) -> Result<(), Mistake> {
        let about = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| (path, error.to_string())
        };
        if path.symlink_metadata().map_err(about(path))?.is_symlink() {
            return Err((path.to_owned(), "a folder must not be a link".to_owned()));
        }
        for entry in fs::read_dir(path).map_err(about(path))? {
            let entry = entry.map_err(about(path))?;
            let inside = entry.path();
            let Ok(file_name) = entry.file_name().into_string() else {
                return Err((inside, "its name must be UTF-8".to_owned()));
            };
            if file_name.starts_with('.') {
                continue;
            }
            let name = format!("{name}/{file_name}");
            // With links, this is what stands at their end.
            let found = fs::metadata(&inside).map_err(about(&inside))?;
            if found.is_dir() {
                self.folders.push((name, inside));
            } else if !found.is_file() {
                // A pipe would be read for ever.
                return Err((inside, "it is neither a file nor a folder".to_owned()));
            } else {
                self.file(name, &inside)?;
            }
        }
        Ok(())
    }

    /// Reads a file.
    fn file(&mut self, name: String, path: &Path) -> Result<(), Mistake> {
        let about = |error: std::io::Error| (path.to_owned(), error.to_string());
        if !path.canonicalize().map_err(about)?.starts_with(&self.root) {
            return Err((path.to_owned(), "it is a link that leads out of the folder".to_owned()));
        }
        if self.files.len() == PAGE_FILES {
            let sentence = format!("there are more than {PAGE_FILES} files");
            return Err((self.root.clone(), sentence));
        }
        let mut bytes = Vec::new();
        let most = PAGES_BYTES - self.bytes;
        // The file may grow meanwhile.
        File::open(path)
            .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
            .map_err(about)?;
        if bytes.len() > most {
            let sentence = format!("the files have more than {} MiB together", PAGES_BYTES >> 20);
            return Err((self.root.clone(), sentence));
        }
        self.bytes += bytes.len();
        self.files.push((name, bytes));
        Ok(())
    }
}
