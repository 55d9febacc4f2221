//! [`Server`]: one server under test, in its own process on its own core; and its CPU time and memory,
//! according to the kernel.

use std::fs;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The server's name in the tables.
    pub(crate) name: String,
    /// Program and arguments; `{port}` becomes a free port. Without it, the server must log on stderr
    /// where it listens: `… listening on http://ADDRESS …`.
    pub(crate) command: Vec<String>,
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Moves the calling thread, and all that it starts from now on, to one core.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

impl Server {
    /// Starts the server on the first core, and waits until it can be reached.
    pub(crate) fn start(recipe: &Recipe) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let words = recipe.command.iter().map(|word| word.replace("{port}", &port.to_string()));
        let words: Vec<String> = words.collect();
        let names_port = recipe.command.iter().any(|word| word.contains("{port}"));
        pin(0)?;
        let child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        pin(1)?;
        let mut child = child?;
        let stderr = child.stderr.take().ok_or(ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stderr).lines();
        let address = if names_port {
            SocketAddr::from(([127, 0, 0, 1], port))
        } else {
            let mut said = lines.by_ref().map_while(Result::ok);
            said.find_map(|line| address_in(&line)).ok_or(ErrorKind::NotFound)?
        };
        // A pipe that nobody reads fills up, and might block the server.
        thread::spawn(move || lines.for_each(drop));
        let server = Server { child, address };
        server.wait_until_reachable()?;
        Ok(server)
    }

    fn wait_until_reachable(&self) -> io::Result<()> {
        for _ in 0..500 {
            if TcpStream::connect(self.address).is_ok() {
                thread::sleep(Duration::from_millis(50));
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// The CPU time of all its threads, in nanoseconds (proc(5): schedstat).
    pub(crate) fn cpu_nanos(&self) -> u64 {
        let tasks = self.proc("task");
        let threads = fs::read_dir(tasks).into_iter().flatten().flatten();
        threads
            .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok())
            .sum()
    }

    /// Its memory, in bytes (proc(5): status, VmRSS).
    pub(crate) fn rss_bytes(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // The server may have ended already. In both cases the process is waited for.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            for _ in 0..50 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split_whitespace().next()?.parse().ok()
}
