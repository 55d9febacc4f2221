//! [`OwnServer`]: a server that loadgen starts in a process of its own, for as long as a run takes.
//!
//! It listens on a free port of the loopback, and says on stderr which one, as our server does. It never
//! outlives loadgen: dropping it kills the process, and the kernel kills it if loadgen is killed.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{env, process, thread};

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::net::Refusal;
use crate::serve;
use crate::signals::Signals;

/// Limits on what one client may send are off: a few phones may have to send more, to show what the server
/// can do. These variables can set the limits.
const LIFTED: [(&str, &str); 2] =
    [("SWITCHBOARD_MESSAGE_RATE", "off"), ("SWITCHBOARD_BYTE_RATE", "off")];

/// How long the server may take to say where it listens.
const START: Duration = Duration::from_secs(10);
/// How long the server may take to drain, with no client connected.
const DRAIN: Duration = Duration::from_secs(10);
/// How often a wait looks whether there is something.
const STEP: Duration = Duration::from_millis(10);
/// The address of the operator's pages is another server's, too: its own are asked for at its only address.
const OF_ANOTHER: &str = "SWITCHBOARD_ADMIN_LISTEN";
/// What the service manager has set for loadgen alone (sd_listen_fds(3), sd_notify(3),
/// sd_watchdog_enabled(3)). A server that inherited it would take loadgen's sockets, or report loadgen as
/// ready, or as alive when it hangs.
const FOR_LOADGEN: [&str; 7] = [
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_PIDFDID",
    "LISTEN_FDNAMES",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
];
/// The variable that limits a server of ours to fewer connections than its descriptors allow.
const MOST: &str = "SWITCHBOARD_MAX_CONNECTIONS";
/// How many of its last lines are kept.
const LINES: usize = 20;

/// What stands before the address on stderr.
const LISTENING: &str = "listening on http://";
/// What stands before the number of connections, in the same line.
const ROOM: &str = " for up to ";

/// A server in a process of its own.
#[derive(Debug)]
pub(crate) struct OwnServer {
    child: Child,
    place: Place,
    said: Said,
}

/// Where a server listens, and how many connections it can hold, if it says so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Place {
    address: SocketAddr,
    room: Option<u64>,
}

/// The last lines that the server has written to stderr.
type Said = Arc<Mutex<VecDeque<String>>>;

impl OwnServer {
    /// Starts this program, or the server that is built into loadgen. `data`: the folder with its users, if there
    /// are to be any. `times`: variables of the server that the plan knows better.
    ///
    /// # Errors
    ///
    /// One sentence, if it cannot be started or does not say where it listens; or that a signal came first.
    pub(crate) fn start(
        program: Option<&Path>,
        data: Option<&Path>,
        times: &[(&str, Duration)],
        signals: &Signals,
    ) -> Result<Self, Refusal> {
        let mut command = program_of(program)?;
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        command
            .args(["--listen", "127.0.0.1:0"])
            .envs(LIFTED.iter().filter(|(name, _)| !is_set(name)).copied())
            .envs(times.iter().map(|(name, time)| (name, format!("{}ms", time.as_millis()))))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C goes to all processes in the terminal's process group. This one is stopped by loadgen.
            .process_group(0);
        for name in FOR_LOADGEN.into_iter().chain([OF_ANOTHER]) {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| {
            format!("cannot start {}: {error}", command.get_program().display())
        })?;
        let stderr = child.stderr.take().expect("stderr is piped");
        let said = Said::default();
        let (sender, place) = mpsc::channel();
        let lines = Arc::clone(&said);
        // A pipe that is not read would fill up. The thread ends with the server.
        thread::spawn(move || listen(stderr, &lines, &sender));
        let unknown = Place { address: SocketAddr::from(([0; 4], 0)), room: None };
        let mut server = OwnServer { child, place: unknown, said };
        let mut waited = Duration::ZERO;
        loop {
            if signals.is_hurried() {
                return Err(Refusal::Interrupted);
            }
            match place.recv_timeout(STEP) {
                Ok(place) => {
                    server.place = place;
                    return Ok(server);
                }
                Err(RecvTimeoutError::Timeout) if waited < START => waited += STEP,
                Err(_) => {
                    return Err(format!("the server did not start{}", server.last_words()).into());
                }
            }
        }
    }

    /// Whether it can hold this many connections.
    ///
    /// # Errors
    ///
    /// One sentence that says what to do, if it cannot.
    pub(crate) fn has_room(&self, phones: u32) -> Result<(), String> {
        let Some(room) = self.place.room.filter(|&room| room < u64::from(phones)) else {
            return Ok(());
        };
        let so = format!("the plan has {phones} phones, and loadgen's own server can hold {room}");
        if env::var_os(MOST).is_some_and(|value| !value.is_empty()) {
            return Err(format!("{so}: {MOST} says so"));
        }
        let limit = descriptors();
        // A server keeps a part of its descriptors, up to a fifteenth of its connections, for plain HTTP.
        let missing = u64::from(phones) - room;
        let needed = limit + missing + missing / 15 + 1;
        Err(format!(
            "{so}, with the {limit} descriptors that this machine allows a process: ulimit -n {needed}, or fewer --clients"
        ))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.place.address
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it with SIGTERM, as an operator would, and waits until it has drained. Returns how it ended:
    /// `None` if that is not known, because a signal came first.
    ///
    /// # Errors
    ///
    /// One sentence, if it does not end in time, or with an error.
    pub(crate) fn stop(mut self, signals: &Signals) -> Option<Result<(), String>> {
        let pid = i32::try_from(self.child.id()).map(Pid::from_raw);
        let _ = pid.map(|pid| kill(pid, Signal::SIGTERM));
        let mut waited = Duration::ZERO;
        while waited < DRAIN {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Some(Ok(())),
                Ok(Some(status)) => {
                    let words = self.last_words();
                    return Some(Err(format!("the server ended with {status}{words}")));
                }
                Ok(None) => {
                    if signals.pause(STEP) {
                        return None;
                    }
                }
                Err(error) => return Some(Err(format!("cannot wait for the server: {error}"))),
            }
            waited += STEP;
        }
        let words = self.last_words();
        Some(Err(format!("the server did not drain within {DRAIN:?} of SIGTERM{words}")))
    }

    /// The last lines of the server, to stand after a sentence.
    fn last_words(&self) -> String {
        let lines = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if lines.is_empty() { String::new() } else { format!("; it said: {}", lines.join(" / ")) }
    }
}

/// Registers these users in the data folder of a server, before it starts, and logs them in. Returns a line each, as
/// `switchboard user add --stdin --tokens` prints it.
///
/// # Errors
///
/// One sentence, with what the tool says.
pub(crate) fn add_users(
    program: Option<&Path>,
    data: &Path,
    names: impl Iterator<Item = String>,
) -> Result<String, Refusal> {
    let mut command = program_of(program)?;
    command.args(["user", "add", "--stdin", "--tokens", "--data"]).arg(data);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed =
        |what: String| Refusal::Server(format!("the server's users could not be made: {what}"));
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let names: String = names.map(|name| name + "\n").collect();
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // It may end without having read all. Then it says why.
    drop(stdin.write_all(names.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("what it prints is not text".to_owned()))
}

/// This program, or the one that is built into loadgen.
fn program_of(program: Option<&Path>) -> Result<Command, Refusal> {
    Ok(match program {
        Some(program) => Command::new(program),
        None => {
            let own = env::current_exe().map_err(|e| format!("cannot find myself: {e}"))?;
            let mut command = Command::new(own);
            command.args([serve::ARGUMENT, &process::id().to_string()]);
            command
        }
    })
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

fn listen(stderr: ChildStderr, lines: &Said, place: &Sender<Place>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(found) = place_in(&line) {
            // Only the first address is waited for.
            let _ = place.send(found);
        }
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > LINES {
            lines.pop_front();
        }
    }
}

fn place_in(line: &str) -> Option<Place> {
    let (_, rest) = line.split_once(LISTENING)?;
    let address = rest.split_whitespace().next()?.parse().ok()?;
    let room = rest.split_once(ROOM).and_then(|(_, room)| room.split(' ').next()?.parse().ok());
    Some(Place { address, room })
}

/// The limit on descriptors, which loadgen has raised and its server inherits.
fn descriptors() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_room_are_found_in_the_line_that_has_them() {
        let line = "switchboard: listening on http://127.0.0.1:4711 for up to 9 connections";
        let address = SocketAddr::from(([127, 0, 0, 1], 4711));
        assert_eq!(place_in(line), Some(Place { address, room: Some(9) }));
        let line = "listening on http://127.0.0.1:4711";
        assert_eq!(place_in(line), Some(Place { address, room: None }), "another server");
        assert_eq!(place_in("switchboard: listening on http://nowhere"), None);
        assert_eq!(place_in("switchboard: signal 15: draining"), None);
    }

    #[test]
    fn a_program_that_is_no_server_is_a_clear_error() {
        let mut signals = Signals::open().expect("the kernel has them");
        let start = |path: &str, signals: &Signals| {
            OwnServer::start(Some(Path::new(path)), None, &[], signals).expect_err("no server")
        };
        let sentence = "the server did not start".to_owned();
        assert_eq!(start("/bin/false", &signals), Refusal::Server(sentence));
        let Refusal::Server(error) = start("/nowhere/at/all", &signals) else {
            panic!("no signal")
        };
        assert!(error.starts_with("cannot start /nowhere/at/all: "), "{error}");
        signals.hurry();
        assert_eq!(start("/bin/false", &signals), Refusal::Interrupted);
    }
}
