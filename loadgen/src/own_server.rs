//! [`OwnServer`]: a server that loadgen starts in a process of its own, for as long as a run takes.
//!
//! It listens on a free port of the loopback, and says on stderr which one, as our server does. It never
//! outlives loadgen: dropping it kills the process, and the kernel kills it if loadgen is killed.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{env, process, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::serve;

/// Limits on what one client may send are off: a few phones may have to send more, to show what the server
/// can do. These variables can set the limits.
const LIFTED: [(&str, &str); 2] =
    [("SWITCHBOARD_MESSAGE_RATE", "off"), ("SWITCHBOARD_BYTE_RATE", "off")];

/// How long the server may take to say where it listens.
const START: Duration = Duration::from_secs(10);
/// How long the server may take to drain, with no client connected.
const DRAIN: Duration = Duration::from_secs(10);
/// How many of its last lines are kept.
const LINES: usize = 20;

/// What stands before the address on stderr.
const LISTENING: &str = "listening on http://";

/// A server in a process of its own.
#[derive(Debug)]
pub(crate) struct OwnServer {
    child: Child,
    address: SocketAddr,
    said: Said,
}

/// The last lines that the server has written to stderr.
type Said = Arc<Mutex<VecDeque<String>>>;

impl OwnServer {
    /// Starts this program, or the server that is built into loadgen.
    ///
    /// # Errors
    ///
    /// One sentence, if it cannot be started or does not say where it listens.
    pub(crate) fn start(program: Option<&Path>) -> Result<Self, String> {
        let mut command = match program {
            Some(program) => Command::new(program),
            None => {
                let own = env::current_exe().map_err(|e| format!("cannot find myself: {e}"))?;
                let mut command = Command::new(own);
                command.args([serve::ARGUMENT, &process::id().to_string()]);
                command
            }
        };
        command
            .args(["--listen", "127.0.0.1:0"])
            .envs(LIFTED.iter().filter(|(name, _)| !is_set(name)).copied())
            // If systemd passed sockets, they are for loadgen (sd_listen_fds(3)).
            .env_remove("LISTEN_FDS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C goes to all processes in the terminal's process group. This one is stopped by loadgen.
            .process_group(0);
        let mut child = command.spawn().map_err(|error| {
            format!("cannot start {}: {error}", command.get_program().display())
        })?;
        let stderr = child.stderr.take().expect("stderr is piped");
        let said = Said::default();
        let (sender, address) = mpsc::channel();
        let lines = Arc::clone(&said);
        // A pipe that is not read would fill up. The thread ends with the server.
        thread::spawn(move || listen(stderr, &lines, &sender));
        let unknown = SocketAddr::from(([0; 4], 0));
        let mut server = OwnServer { child, address: unknown, said };
        match address.recv_timeout(START) {
            Ok(address) => {
                server.address = address;
                Ok(server)
            }
            Err(_) => Err(format!("the server did not start{}", server.last_words())),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it with SIGTERM, as an operator would, and waits until it has drained.
    ///
    /// # Errors
    ///
    /// One sentence, if it does not end in time, or with an error.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        const STEP: Duration = Duration::from_millis(10);
        let pid = i32::try_from(self.child.id()).map(Pid::from_raw);
        let _ = pid.map(|pid| kill(pid, Signal::SIGTERM));
        let mut waited = Duration::ZERO;
        while waited < DRAIN {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(format!("the server ended with {status}{}", self.last_words()));
                }
                Ok(None) => thread::sleep(STEP),
                Err(error) => return Err(format!("cannot wait for the server: {error}")),
            }
            waited += STEP;
        }
        Err(format!("the server did not drain within {DRAIN:?} of SIGTERM{}", self.last_words()))
    }

    /// The last lines of the server, to stand after a sentence.
    fn last_words(&self) -> String {
        let lines = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if lines.is_empty() { String::new() } else { format!("; it said: {}", lines.join(" / ")) }
    }
}

/// Whether a variable is set, and not to nothing.
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Both fail if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stderr: ChildStderr, lines: &Said, address: &Sender<SocketAddr>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(found) = address_in(&line) {
            // Only the first address is waited for.
            let _ = address.send(found);
        }
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > LINES {
            lines.pop_front();
        }
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(LISTENING)?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_has_it() {
        let line = "switchboard: listening on http://127.0.0.1:4711 for up to 9 connections";
        assert_eq!(address_in(line), Some(SocketAddr::from(([127, 0, 0, 1], 4711))));
        assert_eq!(address_in("switchboard: listening on http://nowhere"), None);
        assert_eq!(address_in("switchboard: signal 15: draining"), None);
    }

    #[test]
    fn a_program_that_is_no_server_is_a_clear_error() {
        let error = OwnServer::start(Some(Path::new("/bin/false"))).expect_err("no server");
        assert_eq!(error, "the server did not start");
        let error = OwnServer::start(Some(Path::new("/nowhere/at/all"))).expect_err("no program");
        assert!(error.starts_with("cannot start /nowhere/at/all: "), "{error}");
    }
}
