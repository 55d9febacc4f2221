//! [`Server`]: the binary in its own process, and everything that a test can ask of it.
//!
//! The kernel chooses its port, and the test reads it from the first line of the log. Dropping a
//! [`Server`] drains it, and checks that it ends well. So every test also tests that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use nix::libc::EPOLLOUT;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use super::log::Log;
use super::{PATIENCE, Phone, Response, Wire, eventually};

/// All samples on `/metrics`: `name{label="value"}` and its number.
pub(crate) type Metrics = BTreeMap<String, f64>;

/// A running server.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    /// The path of its Unix socket, if it listens at one. Then it has no address.
    unix: Option<PathBuf>,
    log: Log,
    /// Whether the test has seen the server end, and has checked that itself.
    over: bool,
}

/// The command for the server's binary, with no settings from our own environment. On a busy machine any
/// turn may be slow. Such turns are not logged by default, because some tests check every line of the log.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.env_clear().env("SWITCHBOARD_SLOW_TURN", "1h");
    command
}

impl Server {
    /// Starts a server with these flags, on a free port of the loopback.
    pub(crate) fn start(flags: &[&str]) -> Server {
        Server::spawn(binary().args(["--listen", "127.0.0.1:0"]).args(flags))
    }

    /// Starts a server with this command. It logs on stderr where it listens.
    pub(crate) fn spawn(command: &mut Command) -> Server {
        let mut process =
            command.stderr(Stdio::piped()).spawn().expect("the binary has been built");
        let log = Log::of(process.stderr.take().expect("it is piped"));
        let place = eventually("the server says where it listens", || {
            let lines = log.lines();
            let (_, after) = lines.first()?.split_once("listening on ")?;
            after.split(' ').next().map(str::to_owned)
        });
        let unix = place.strip_prefix("unix:").map(PathBuf::from);
        let address = place.strip_prefix("http://").and_then(|address| address.parse().ok());
        assert!(address.is_some() || unix.is_some(), "{place}");
        let address = address.unwrap_or_else(|| SocketAddr::from(([0; 4], 0)));
        Server { process, address, unix, log, over: false }
    }

    /// Starts a server that cannot log where it listens. The kernel says it instead.
    pub(crate) fn spawn_mute(command: &mut Command) -> Server {
        let process = command.spawn().expect("the binary has been built");
        let port = eventually("the server listens", || listening_port(process.id()));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Server { process, address, unix: None, log: Log::default(), over: false }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the operator's listener, if a flag has started one.
    pub(crate) fn admin_address(&self) -> SocketAddr {
        eventually("the server says where it answers the operator", || {
            self.log().iter().find_map(|line| {
                line.split_once("pages are at http://")?.1.split('"').next()?.parse().ok()
            })
        })
    }

    /// Opens a bare connection to the operator's listener.
    pub(crate) fn admin_wire(&self) -> Wire {
        Wire::new(connect(self.admin_address()))
    }

    /// Sends a plain GET to the operator's listener, and returns the answer.
    pub(crate) fn admin_get(&self, path: &str) -> Response {
        let mut wire = self.admin_wire();
        wire.send(get(path));
        wire.response()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The state of the process according to the kernel: `T` is stopped (proc(5), stat).
    fn state(&self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        state.expect("it follows the name")
    }

    /// How many open descriptors the server has.
    pub(crate) fn descriptors(&self) -> usize {
        self.open_files().len()
    }

    /// How many open sockets the server has. It may open other files for a moment at any time.
    pub(crate) fn sockets(&self) -> usize {
        self.open_files().iter().filter(|file| file.starts_with("socket:")).count()
    }

    /// The kernel's names for the open descriptors; empty for one that was closed meanwhile.
    fn open_files(&self) -> Vec<String> {
        let entries = fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs");
        let file = |path| fs::read_link(path).map(|file| file.to_string_lossy().into_owned());
        entries.flatten().map(|entry| file(entry.path()).unwrap_or_default()).collect()
    }

    /// The descriptors for which the server waits until the kernel has room to write. Their lines in
    /// the file of the epoll descriptor have that event (proc(5), fdinfo).
    pub(crate) fn watched_for_room(&self) -> BTreeSet<String> {
        let folder = fs::read_dir(format!("/proc/{}/fdinfo", self.pid())).expect("it runs");
        // There may be two descriptors for the same epoll set.
        folder
            .filter_map(|file| fs::read_to_string(file.ok()?.path()).ok())
            .flat_map(|text| text.lines().filter_map(watched_for_room).collect::<Vec<_>>())
            .collect()
    }

    /// All lines on stderr so far. The server writes what happens in a turn at the turn's end, after its answers. The
    /// answer to a later request shows that the lines are there.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Many clients that come at once: the server finds all of them, and their requests, when it wakes up. `path` says
    /// where each is upgraded.
    #[track_caller]
    pub(crate) fn crowd(&self, count: usize, path: impl Fn(usize) -> String) -> Vec<Wire> {
        self.freeze();
        let mut crowd: Vec<Wire> = (0..count).map(|_| self.wire()).collect();
        for (n, wire) in crowd.iter_mut().enumerate() {
            wire.send(Wire::upgrade_request(&path(n), ""));
        }
        self.thaw();
        crowd.iter_mut().for_each(Wire::expect_switch);
        crowd
    }

    /// Connects a phone with this number, which gets no presence unless it asks.
    pub(crate) fn quiet(&self, mobile: &str) -> Phone {
        self.connect(&format!("{mobile}?presence=none"))
    }

    /// Connects a phone with this number, perhaps followed by a query. The test still has to read its
    /// first list.
    pub(crate) fn connect(&self, mobile: &str) -> Phone {
        self.visit(&format!("/ws/{mobile}"))
    }

    /// Opens a WebSocket at this path.
    pub(crate) fn visit(&self, path: &str) -> Phone {
        Phone::open(self.stream(), self.address, path)
    }

    /// Opens a WebSocket at another path, with a subprotocol and further header lines.
    #[cfg(feature = "accounts")]
    pub(crate) fn visit_with(
        &self,
        path: &str,
        subprotocol: &str,
        headers: &[(&str, String)],
    ) -> Phone {
        Phone::open_with(self.stream(), (self.address, path), subprotocol, headers)
    }

    /// Opens a bare connection.
    pub(crate) fn wire(&self) -> Wire {
        Wire::new(self.stream())
    }

    /// Opens a bare connection from this address of the machine.
    pub(crate) fn wire_from(&self, address: [u8; 4]) -> Wire {
        Wire::new(self.stream_from(address))
    }

    /// Opens a bare connection whose receive buffer is as small as the kernel allows.
    pub(crate) fn narrow_wire(&self) -> Wire {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("before connecting");
        socket.connect(&self.address.into()).expect("the server listens");
        Wire::new(socket.into())
    }

    /// Sends a request as it is, on a new connection, and returns the answer.
    pub(crate) fn http(&self, request: impl AsRef<[u8]>) -> Response {
        let mut wire = self.wire();
        wire.send(request);
        wire.response()
    }

    /// Sends a plain GET, and returns the answer.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.http(get(path))
    }

    /// The answer to `GET /health`, if there is one: a full server may close before it has answered.
    pub(crate) fn health_or_none(&self) -> Option<Response> {
        let mut wire = self.wire();
        wire.try_send("GET /health HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n");
        wire.response_or_none()
    }

    pub(crate) fn health(&self) -> Value {
        self.get("/health").json()
    }

    /// How many WebSockets are open.
    pub(crate) fn connections(&self) -> u64 {
        self.health()["connections"].as_u64().expect("a number")
    }

    pub(crate) fn metrics(&self) -> Metrics {
        parse_metrics(&self.get("/metrics").text())
    }

    /// The metrics, as the operator's listener shows them.
    pub(crate) fn admin_metrics(&self) -> Metrics {
        parse_metrics(&self.admin_get("/metrics").text())
    }

    /// Stops the process, and returns once it has stopped. The server sees all at once what is sent to
    /// it from then on. (A signal takes effect some time after kill(2). Until then the server serves.)
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        eventually("it is stopped", || self.is_stopped().then_some(()));
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state() == 'T'
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().try_into().expect("pids are small"));
        kill(pid, signal).expect("it is our child, and not reaped yet");
    }

    /// Waits for the process to end by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.over = true;
        let status =
            eventually("the server ends", || self.process.try_wait().expect("it is our child"));
        self.log.ended();
        status
    }

    fn stream(&self) -> TcpStream {
        match &self.unix {
            Some(path) => unix_stream(path),
            None => connect(self.address),
        }
    }

    pub(super) fn stream_from(&self, address: [u8; 4]) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((address, 0)).into()).expect("it is of this machine");
        socket.connect(&self.address.into()).expect("the server listens");
        patient(socket.into())
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(address).expect("the server listens"))
}

/// A stream of a Unix socket, in the type of all streams here: both are only a descriptor.
pub(crate) fn unix_stream(path: &Path) -> TcpStream {
    let stream = UnixStream::connect(path).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    OwnedFd::from(stream).into()
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
}

/// A GET request after which the connection closes.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: switchboard\r\nConnection: close\r\n\r\n")
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() || self.over {
            // The test has failed already, and nothing more is checked.
            let _ = self.process.kill();
            let _ = self.process.wait();
            return;
        }
        self.signal(Signal::SIGTERM);
        let status = self.ended();
        let log = self.log();
        assert!(status.success(), "{status}, after {log:?}");
        assert!(!log.iter().any(|line| line.contains("this is a bug")), "{log:?}");
    }
}

/// The descriptor in a line of an epoll set, if its events include room to write:
/// `tfd: 7 events: 8000201d …`.
fn watched_for_room(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "tfd:").skip(1);
    let (descriptor, events) = (words.next()?, words.nth(1)?);
    let events = u32::from_str_radix(events, 16).expect("it is hexadecimal");
    (events & EPOLLOUT as u32 != 0).then(|| descriptor.to_owned())
}

/// Raises the test's own limit on descriptors as far as possible, for tests with a thousand clients.
pub(crate) fn raise_descriptor_limit() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("it can be read");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard limit anybody may");
}

/// Parses the exposition format, as far as this server uses it.
pub(crate) fn parse_metrics(page: &str) -> Metrics {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    samples.map(sample).collect()
}

/// The port on which a process listens.
fn listening_port(pid: u32) -> Option<u16> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let held: Vec<String> = descriptors
        .filter_map(|entry| {
            fs::read_link(entry.ok()?.path()).ok()?.into_os_string().into_string().ok()
        })
        .collect();
    let sockets = fs::read_to_string("/proc/net/tcp").ok()?;
    sockets.lines().skip(1).find_map(|line| {
        // sl local_address rem_address st … inode (proc(5)); 0A is LISTEN.
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let ours = *state == "0A" && held.contains(&format!("socket:[{inode}]"));
        let (_, port) = local.split_once(':').filter(|_| ours)?;
        u16::from_str_radix(port, 16).ok()
    })
}
