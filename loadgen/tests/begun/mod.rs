//! [`Begun`]: a program that runs while the test does something to it; [`serve`]: its built-in server, in a
//! process of its own; [`closed`], an address without a server; [`until`], which waits for a file of the system to say
//! something; and [`a_few_at_a_time`], for runs that mostly wait.

#![allow(dead_code, reason = "each of the tests needs a part of it")]

pub(crate) mod folder;
pub(crate) mod shards;

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::{self, Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use std::{fs, iter, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socket2::{Domain, Socket, Type};

/// Time between two looks.
const STEP: Duration = Duration::from_millis(10);
/// Runs that are played at the same time. With more of them, a slow machine is too busy for runs that have to be on time.
const A_FEW: usize = 4;

/// loadgen with these arguments, split at spaces.
pub(crate) fn loadgen(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(args.split_whitespace()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `switchboard-chat` with these arguments, split at spaces.
pub(crate) fn chat(args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard-chat"));
    command.args(args.split_whitespace()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A program that runs. It is killed if the test fails first.
pub(crate) struct Begun(Option<Child>);

impl Begun {
    pub(crate) fn new(mut command: Command) -> Self {
        Begun(Some(command.spawn().expect("it starts")))
    }

    /// The same of one that runs already.
    pub(crate) fn of(child: Child) -> Self {
        Begun(Some(child))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }

    pub(crate) fn id(&mut self) -> u32 {
        self.child().id()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("a process");
        kill(Pid::from_raw(id), signal).expect("it is there");
    }

    /// Its stdin and stdout.
    pub(crate) fn pipes(&mut self) -> (ChildStdin, ChildStdout) {
        let child = self.child();
        let pipes = (child.stdin.take(), child.stdout.take());
        (pipes.0.expect("it is piped"), pipes.1.expect("it is piped"))
    }

    /// Waits until a line of its progress has this word. What follows on stderr is read, and forgotten.
    pub(crate) fn until_it_is(&mut self, stage: &str) {
        let stderr = self.child().stderr.take().expect("it is piped");
        until_a_line_has(stage, stderr);
    }

    /// The same for a line of its report, on stdout.
    pub(crate) fn until_it_reports(&mut self, word: &str) {
        let stdout = self.child().stdout.take().expect("it is piped");
        until_a_line_has(word, stdout);
    }

    /// What it comes to, which must be within this time.
    pub(crate) fn ends_within(&mut self, time: Duration) -> Output {
        let mut waited = Duration::ZERO;
        while self.child().try_wait().expect("it is ours").is_none() {
            assert!(waited < time, "it does not end within {time:?}");
            thread::sleep(STEP);
            waited += STEP;
        }
        self.0.take().expect("it ran").wait_with_output().expect("it has ended")
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn until_a_line_has(word: &str, from: impl Read + Send + 'static) {
    let mut lines = BufReader::new(from).lines().map_while(Result::ok);
    let has_it = lines.any(|line| line.contains(word));
    assert!(has_it, "it never says `{word}`");
    // A pipe that is not read would fill up.
    thread::spawn(move || lines.for_each(drop));
}

/// Starts the server that is built into loadgen. Returns it with the address that it listens on.
pub(crate) fn serve(listen: &str) -> (Begun, String) {
    let mut command = loadgen(&format!("--be-the-server-of {} --listen {listen}", process::id()));
    command.stdout(Stdio::null()).envs([("SWITCHBOARD_MESSAGE_RATE", "off")]);
    let mut server = Begun::new(command);
    let stderr = server.child().stderr.take().expect("it is piped");
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let address = lines.find_map(|line| {
        let (_, rest) = line.split_once("listening on http://")?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    // A pipe that is not read would fill up.
    thread::spawn(move || lines.for_each(drop));
    (server, address.expect("it says where it listens"))
}

/// An address at which nobody listens as long as the socket is there: nobody else can get the port meanwhile.
pub(crate) fn closed() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let address = socket.local_addr().ok().and_then(|found| found.as_socket()).expect("IPv4");
    (socket, address)
}

/// A moment in two to three seconds, in seconds since the Unix epoch: for `--start-at`.
#[expect(clippy::disallowed_methods, reason = "several processes are to begin at the same moment")]
pub(crate) fn soon() -> u64 {
    let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    today.as_secs() + 3
}

/// Looks at a file, for up to ten seconds, until it says what is looked for.
pub(crate) fn until<T>(path: &str, look: impl Fn(&str) -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = fs::read_to_string(path).ok().and_then(|text| look(&text)) {
            return found;
        }
        thread::sleep(STEP);
    }
    panic!("{path} never says so");
}

/// Calls `play` with each of these, in a few threads, and returns what it returned, in no particular order. It is for runs
/// that mostly wait.
pub(crate) fn a_few_at_a_time<T: Sync, R: Send>(
    all: &[T],
    play: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let queue = Mutex::new(all.iter());
    let next = || queue.lock().expect("to take one never panics").next();
    let work = || iter::from_fn(next).map(&play).collect::<Vec<_>>();
    thread::scope(|scope| {
        let begun: Vec<_> = iter::repeat_with(|| scope.spawn(work)).take(A_FEW).collect();
        begun.into_iter().flat_map(|one| one.join().expect("it is as expected")).collect()
    })
}

/// What was printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}
