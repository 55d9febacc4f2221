//! [`Server`]: one server under test, in its own process on its own core; and its CPU time and memory,
//! according to the kernel. [`Folder`]: what it stores, until the bench ends.

use std::fs;
use std::io::{self, BufRead as _, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::swarm::now;

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The server's name in the tables.
    pub(crate) name: String,
    /// Program and arguments; `{port}` becomes a free port, and `{data}` a folder. Without a port, the
    /// server must log on stderr where it listens: `… listening on http://ADDRESS …`.
    pub(crate) command: Vec<String>,
    /// The cores on which it may run.
    pub(crate) cores: &'static [usize],
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// How it was started.
    pub(crate) recipe: Recipe,
    /// What it stores, if it stores anything.
    pub(crate) folder: Rc<Folder>,
    /// The time from its start until it listened.
    pub(crate) started_in: Duration,
}

/// A folder for a server's data. It is empty at first, and removed at the end.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> io::Result<Rc<Folder>> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let parent = DATA_IN.get().ok_or(ErrorKind::NotFound)?;
        let path = parent.join(format!("bench-data-{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Rc::new(Folder(path)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

static DATA_IN: OnceLock<PathBuf> = OnceLock::new();

/// Says where the folders are. It counts once.
pub(crate) fn keep_data_in(folder: PathBuf) {
    DATA_IN.get_or_init(|| folder);
}

/// The folder where cargo puts its results. This program is in it.
pub(crate) fn target() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().ok_or(ErrorKind::NotFound)?.to_owned())
}

/// Moves the calling thread, and all that it starts from now on, to these cores.
pub(crate) fn pin(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &core in cores {
        set.set(core)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

impl Server {
    /// Starts the server with an empty folder, and waits until it can be reached.
    pub(crate) fn start(recipe: &Recipe) -> io::Result<Self> {
        Server::start_on(recipe, Folder::new()?)
    }

    /// Starts the server with this folder, and waits until it can be reached.
    pub(crate) fn start_on(recipe: &Recipe, folder: Rc<Folder>) -> io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let data = folder.0.to_string_lossy();
        let fill = |word: &String| word.replace("{port}", &port).replace("{data}", &data);
        let words: Vec<String> = recipe.command.iter().map(fill).collect();
        let names_port = recipe.command.iter().any(|word| word.contains("{port}"));
        pin(recipe.cores)?;
        let begun = now();
        let child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        pin(&[1])?;
        let mut child = child?;
        let stderr = child.stderr.take().ok_or(ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(stderr).lines();
        let address = if names_port {
            format!("127.0.0.1:{port}").parse().map_err(io::Error::other)?
        } else {
            let mut said = lines.by_ref().map_while(Result::ok);
            said.find_map(|line| address_in(&line)).ok_or(ErrorKind::NotFound)?
        };
        let started_in = now().duration_since(begun);
        // A pipe that nobody reads fills up, and might block the server.
        thread::spawn(move || lines.for_each(drop));
        let server = Server { child, address, recipe: recipe.clone(), folder, started_in };
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
        threads.map(|thread| cpu_nanos_in(&thread.path())).sum()
    }

    /// The CPU time of its first thread alone: the loop's, without those of the store and the hashes.
    pub(crate) fn loop_cpu_nanos(&self) -> u64 {
        cpu_nanos_in(&self.proc(&format!("task/{}", self.child.id())))
    }

    /// Its memory, in bytes (proc(5): status, VmRSS).
    pub(crate) fn rss_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    /// Its memory without the pages of the program's file, in bytes (proc(5): status, RssAnon). The kernel reads those
    /// and drops them as it likes: in VmRSS they make an idle connection 30 bytes larger or smaller.
    pub(crate) fn anonymous_bytes(&self) -> u64 {
        self.status_bytes("RssAnon:")
    }

    fn status_bytes(&self, key: &str) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(key));
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

fn cpu_nanos_in(folder: &Path) -> u64 {
    let line = fs::read_to_string(folder.join("schedstat")).unwrap_or_default();
    line.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split_whitespace().next()?.parse().ok()
}
