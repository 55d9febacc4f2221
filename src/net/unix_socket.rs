//! [`SocketFile`]: the file of a Unix socket that we listen at. It is made when the server starts, and removed when
//! the server ends.
//!
//! A server that was killed leaves its file behind, and nobody can bind to a name that is there (unix(7)). So a file
//! at which nobody listens is removed first. That is known by connecting to it: the kernel then refuses the
//! connection. What is no socket is never removed.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::sys::stat::{Mode, umask};
use socket2::{Domain, SockAddr, Socket, Type};

use super::replace_file::folder_of;
use super::wait::retry;

/// How often to try to lock the folder of a socket, and the pause between two attempts: a second in all.
const LOCK_ATTEMPTS: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The file of a socket that this process has made. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Which file that is: the numbers of its device and inode. Another process may have replaced it since.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| identity(&file) == self.identity) {
            // If this fails, the next start removes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a socket at a path, with these permissions, that listens.
///
/// # Errors
///
/// The kernel's error, or what is in the way.
pub(super) fn listen(path: &Path, mode: u32, backlog: i32) -> io::Result<(Socket, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Two servers that start at the same time could remove each other's file. The lock ends with its descriptor.
    let _lock = lock(folder_of(path))?;
    remove_stale(path)?;
    // The kernel makes the file with all permissions that the mask leaves. So there is no moment in which it has
    // others. No thread makes files now.
    let before = umask(Mode::from_bits_truncate(!mode & 0o777));
    let bound = socket.bind(&SockAddr::unix(path)?);
    umask(before);
    bound?;
    let file = SocketFile {
        path: std::path::absolute(path)?,
        identity: identity(&fs::symlink_metadata(path)?),
    };
    // Where the folder has default permissions (acl(5)), the kernel ignores the mask.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.listen(backlog)?;
    Ok((socket, file))
}

/// Connects to a Unix socket, in this time at most. The stream can do what a TCP stream can, but has no address.
///
/// # Errors
///
/// The kernel's error: `NotFound` and `ConnectionRefused` mean that nobody listens there, and `WouldBlock` that the
/// listener accepted nobody in this time.
pub fn connect_unix(path: &Path, time: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // While the backlog is full, connect(2) waits for as long as a write may (SO_SNDTIMEO, socket(7)).
    socket.set_write_timeout(Some(time))?;
    let address = SockAddr::unix(path)?;
    retry(|| socket.connect(&address))?;
    Ok(socket.into())
}

/// Why no socket can be made at this path, as far as that can be said without making one.
pub(super) fn flaw(path: &Path) -> Option<&'static str> {
    if !folder_of(path).is_dir() {
        return Some("its folder is not there");
    }
    let there = fs::symlink_metadata(path).ok()?;
    (!there.file_type().is_socket()).then_some(NO_SOCKET)
}

const NO_SOCKET: &str = "a file that is no socket is there, and stays: name another path";

fn identity(file: &fs::Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    for _ in 0..LOCK_ATTEMPTS {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(fs::TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::other("another process keeps its folder locked (flock(2))"))
}

/// Removes the file of a socket at which nobody listens.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => return Err(io::Error::other(NO_SOCKET)),
        Ok(_) => {}
    }
    let caller = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A listener whose backlog is full is not waited for.
    caller.set_nonblocking(true)?;
    match caller.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Ok(()) => Err(in_use()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(in_use()),
        Err(error) => Err(error),
    }
}

fn in_use() -> io::Error {
    io::Error::new(ErrorKind::AddrInUse, "another process listens there")
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[test]
    fn a_listener_that_accepts_nobody_is_not_waited_for_without_end() {
        let path = env::temp_dir().join(format!("switchboard-backlog-{}", process::id()));
        let (_listener, _file) = listen(&path, 0o600, 0).expect("it is ours");
        let time = Duration::from_millis(20);
        // The kernel keeps one more than the backlog.
        let _first = connect_unix(&path, time).expect("it waits to be accepted");
        let second = connect_unix(&path, time).expect_err("there is no place");
        assert_eq!(second.kind(), ErrorKind::WouldBlock);
    }
}
