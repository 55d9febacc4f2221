//! [`Log`]: what a server writes to stderr, line by line.
//!
//! A thread reads the pipe, so that it never fills up. It may be late. So a test that looks at the log first reads what
//! is in the pipe itself: it sees each line that the server has written before it looks.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The log of a server.
#[derive(Default)]
pub(super) struct Log {
    pipe: Option<Arc<Mutex<Pipe>>>,
    /// The thread that reads until the end of the pipe.
    reader: Option<JoinHandle<()>>,
}

struct Pipe {
    /// Our end. Reading from it never waits.
    end: File,
    /// The beginning of a line.
    rest: Vec<u8>,
    lines: Vec<String>,
    is_over: bool,
}

impl Log {
    pub(super) fn of(stderr: ChildStderr) -> Log {
        let end = File::from(OwnedFd::from(stderr));
        // The server's end is another file description, and stays as it is (pipe(7)).
        fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("it is a pipe");
        let watched = end.try_clone().expect("a descriptor");
        let pipe = Pipe { end, rest: Vec::new(), lines: Vec::new(), is_over: false };
        let pipe = Arc::new(Mutex::new(pipe));
        let same = Arc::clone(&pipe);
        let reader = thread::spawn(move || {
            while !read(&same).is_over {
                let mut fds = [PollFd::new(watched.as_fd(), PollFlags::POLLIN)];
                // After an error it looks again.
                let _ = poll(&mut fds, PollTimeout::NONE);
            }
        });
        Log { pipe: Some(pipe), reader: Some(reader) }
    }

    /// All lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.pipe.as_deref().map_or_else(Vec::new, |pipe| read(pipe).lines.clone())
    }

    /// Waits for the end of the pipe. From then on the log is complete.
    pub(super) fn ended(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("it only reads");
        }
    }
}

/// Takes what is in the pipe.
fn read(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    let mut pipe = pipe.lock().expect("nobody panics holding it");
    let mut buffer = [0; 4096];
    while !pipe.is_over {
        match pipe.end.read(&mut buffer) {
            Ok(0) => pipe.is_over = true,
            Ok(count) => pipe.take(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("the log cannot be read: {error}"),
        }
    }
    pipe
}

impl Pipe {
    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.lines.push(String::from_utf8_lossy(&line[..end]).into_owned());
        }
    }
}
