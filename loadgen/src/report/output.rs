//! [`Output`]: a file of the report. It is written beside the old file, and takes that file's place when it is
//! complete. So a report is there as a whole or not at all, and no failure costs the old one. A device or a
//! pipe is written to as it is. [`to_stdout`] does the same for stdout.
//!
//! A reader that does not read can be waited for without end. Such a wait ends with a signal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::PollFlags;

use crate::signals::{Signals, Wait, wait};

/// A file of the report.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    /// The file beside it; `None` if it is written in its place: a device or a pipe.
    beside: Option<Beside>,
}

/// A file that does not have its final name yet. Unless it gets it, it is removed.
#[derive(Debug)]
struct Beside {
    path: PathBuf,
    file: File,
}

/// Time between two attempts to open a pipe that has no reader.
const PAUSE: Duration = Duration::from_millis(20);
/// The most that is written at once. A pipe that is ready takes this much (pipe(7), PIPE_BUF).
const CHUNK: usize = 4096;

impl Output {
    /// Makes sure that the file can be written. The old one is not touched.
    ///
    /// # Errors
    ///
    /// One sentence, if it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let wrong = |error: io::Error| cannot_write(path, &error);
        if path.as_os_str() == "-" {
            return Err(
                "cannot write -: write /dev/stdout for stdout, or ./- for a file of this name"
                    .into(),
            );
        }
        // What a link leads to is replaced, and not the link.
        let place = place_of(path);
        let old = fs::metadata(&place).ok();
        if old.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(wrong(ErrorKind::IsADirectory.into()));
        }
        let is_elsewhere = is_of_the_system(path);
        if is_elsewhere && old.is_none() {
            return Err(wrong(ErrorKind::NotFound.into()));
        }
        if is_elsewhere || old.as_ref().is_some_and(|old| !old.is_file()) {
            return Ok(Output { path: path.to_owned(), beside: None });
        }
        if old.is_some() {
            // A file that was protected is not replaced.
            OpenOptions::new().write(true).open(&place).map_err(wrong)?;
        }
        match Beside::create(&place, old.as_ref()) {
            Ok(beside) => Ok(Output { path: place, beside: Some(beside) }),
            // The file may be written, and its folder not.
            Err(_) if old.is_some() => Ok(Output { path: place, beside: None }),
            Err(error) => Err(wrong(error)),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// One sentence, if it cannot be written. Then the old file is as it was.
    pub(super) fn write(
        self,
        signals: &Signals,
        tell: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), String> {
        let Output { path, beside } = self;
        let written = match beside {
            Some(mut beside) => fill(&mut beside.file, tell).and_then(|()| beside.replace(&path)),
            None => open_in_place(&path, signals)
                .and_then(|file| fill(&mut Stream { file, signals: Some(signals) }, tell)),
        };
        written.map_err(|error| cannot_write(&path, &error))
    }
}

/// Whether a path names a device or a descriptor, such as `/dev/stdout`, and not a file of a folder.
pub(super) fn is_of_the_system(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

/// Where a path leads to: two paths of one file have the same place, also before there is a file.
pub(super) fn place_of(path: &Path) -> PathBuf {
    let of_its_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(of_its_folder).unwrap_or_else(|| path.to_owned())
}

impl Beside {
    fn create(path: &Path, old: Option<&fs::Metadata>) -> io::Result<Self> {
        let name = path.file_name().ok_or(ErrorKind::InvalidFilename)?.to_string_lossy();
        let path = path.with_file_name(format!(".{name}.{}.part", process::id()));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let beside = Beside { path, file };
        if let Some(old) = old {
            beside.file.set_permissions(old.permissions())?;
        }
        Ok(beside)
    }

    fn replace(self, place: &Path) -> io::Result<()> {
        match fs::rename(&self.path, place) {
            Ok(()) => Ok(()),
            // A file that is mounted by itself, as containers have it, cannot be replaced. What is copied is
            // complete.
            Err(error) if error.raw_os_error() == Some(Errno::EBUSY as i32) => {
                fs::copy(&self.path, place).map(drop)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It fails if the file has its final name.
        let _ = fs::remove_file(&self.path);
    }
}

fn open_in_place(path: &Path, signals: &Signals) -> io::Result<File> {
    loop {
        // Without O_NONBLOCK, a pipe would wait for its reader here (fifo(7)). /dev/stdout may be a file that
        // has other lines already: those are kept.
        let is_device = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let is_ours = is_of_the_system(path);
        let mut options = OpenOptions::new();
        options.write(true).append(is_ours).truncate(!is_device && !is_ours);
        options.custom_flags(OFlag::O_NONBLOCK.bits());
        match options.open(path) {
            Err(error) if error.raw_os_error() == Some(Errno::ENXIO as i32) => {
                if signals.pause(PAUSE) {
                    return Err(given_up());
                }
            }
            result => return result,
        }
    }
}

/// Writes to stdout. It is no error if the reader has closed it: `head` does that.
///
/// # Errors
///
/// One sentence, if it cannot be written.
pub(super) fn to_stdout(
    signals: Option<&Signals>,
    tell: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), String> {
    let written = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|descriptor| fill(&mut Stream { file: File::from(descriptor), signals }, tell));
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to stdout: {error}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a text.
///
/// # Errors
///
/// As [`to_stdout`].
pub(crate) fn print(text: &str) -> Result<(), String> {
    to_stdout(None, |out| out.write_all(text.as_bytes()))
}

fn fill(
    out: &mut impl Write,
    tell: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let written = tell(&mut out).and_then(|()| out.flush());
    // What is left after a failure is not tried again.
    drop(out.into_parts());
    written
}

/// A pipe or a device, written in pieces that it takes without waiting.
struct Stream<'s> {
    file: File,
    signals: Option<&'s Signals>,
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(CHUNK)];
        loop {
            match wait(&[self.file.as_fd()], PollFlags::POLLOUT, None, self.signals)? {
                Wait::Ready(_) => {}
                Wait::Late | Wait::Signal => return Err(given_up()),
            }
            match self.file.write(piece) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn given_up() -> io::Error {
    io::Error::other("its reader does not read, and a signal came")
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("loadgen-{}-{name}", process::id()));
        fs::create_dir_all(&path).expect("a folder of our own");
        path
    }

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it is there").map_while(Result::ok);
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_replaced_when_the_new_one_is_complete_and_not_before() {
        let (folder, signals) = (folder("replace"), Signals::open().expect("they are there"));
        let path = folder.join("a.json");
        fs::write(&path, "old").expect("ours");
        let link = folder.join("link.json");
        std::os::unix::fs::symlink(&path, &link).expect("ours");

        let output = Output::open(&link).expect("it can be written");
        let failed = output.write(&signals, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.expect_err("it fails").ends_with("a.json: no more"));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
        drop(Output::open(&path).expect("it can be written"));

        let output = Output::open(&link).expect("it can be written");
        output.write(&signals, |out| out.write_all(b"new")).expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "new");
        assert!(link.is_symlink() && files(&folder).len() == 2, "{:?}", files(&folder));
        fs::remove_dir_all(&folder).expect("ours");
    }

    #[test]
    fn devices_and_pipes_are_written_as_they_are_and_a_pipe_without_a_reader_ends_with_a_signal() {
        let (folder, mut signals) = (folder("pipe"), Signals::open().expect("they are there"));
        let full = Output::open(Path::new("/dev/full")).expect("it can be opened");
        let line = full.write(&signals, |out| out.write_all(b"a")).expect_err("it is full");
        assert!(line.starts_with("cannot write /dev/full: No space left"), "{line}");
        let pipe = folder.join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("ours");
        let output = Output::open(&pipe).expect("it can be opened");
        signals.hurry();
        let line = output.write(&signals, |out| out.write_all(b"a")).expect_err("nobody reads");
        assert!(line.ends_with("a signal came"), "{line}");
        assert!(Output::open(&folder).is_err() && files(&folder) == ["pipe"]);
        fs::remove_dir_all(&folder).expect("ours");
    }
}
