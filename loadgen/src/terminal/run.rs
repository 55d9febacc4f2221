//! [`chat`]: the loop: wait for the socket, the keyboard, a signal or a deadline; tell the client; write.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use nix::sys::signal::Signal;
use switchboard::timer::Now;

use super::args::Args;
use super::clock::Clock;
use super::pipe::{Pipe, Settings};
use super::threads::{Dialled, dial, read_stdin};
use super::tty;
use super::window::Window;
use super::wire::{BUFFER_BYTES, Wire};
use crate::chat::{Client, Command, Door, Goal, Notice, Pass};
use crate::signals::Signals;
use crate::target::Target;

const WIRE: Token = Token(0);
const SIGNALS: Token = Token(1);
const THREADS: Token = Token(2);

/// Something was not delivered, or a line was wrong.
const UNDELIVERED: u8 = 1;
/// There was no connection.
const NO_CONNECTION: u8 = 3;

/// How many times the socket is read in one turn.
const READS: usize = 16;
/// How long after Escape the rest of a sequence may come.
const SEQUENCE: Duration = Duration::from_millis(50);

/// Chats. Returns the exit code.
///
/// # Errors
///
/// Only if the terminal, the pipe or this machine fails.
pub(super) fn chat(args: &Args, pass: Pass) -> io::Result<u8> {
    let mut run = Run::new(args, pass)?;
    loop {
        run.advance();
        if run.client.is_gone() || run.is_hurried {
            return run.finish();
        }
        run.face.show(&run.client)?;
        run.wait()?;
    }
}

/// Where a person or a program is.
#[derive(Debug)]
enum Face {
    Window(Box<Window>),
    Pipe(Box<Pipe>),
}

impl Face {
    fn show(&mut self, client: &Client) -> io::Result<()> {
        match self {
            Face::Window(window) => window.show(client),
            Face::Pipe(pipe) => pipe.show(),
        }
    }
}

/// The state of the loop.
struct Run {
    poll: Poll,
    events: Events,
    signals: Signals,
    waker: Arc<Waker>,
    clock: Clock,
    target: Target,
    client: Client,
    wire: Option<Wire>,
    /// Whether the kernel may have more bytes for us than we have read.
    is_readable: bool,
    face: Face,
    /// Where to write first. A room is known by its name only once there is a connection.
    first: Option<Goal>,
    /// What stdin says; `None` after its end.
    stdin: Option<Receiver<Vec<u8>>>,
    dialler: Sender<Dialled>,
    dialled: Receiver<Dialled>,
    buffer: Box<[u8]>,
    out: Vec<u8>,
    /// Whether a signal has come, and whether a second one has.
    is_leaving: bool,
    is_hurried: bool,
}

impl Run {
    fn new(args: &Args, pass: Pass) -> io::Result<Self> {
        // Before any thread begins: threads inherit the mask.
        let signals = Signals::open_with(&[Signal::SIGWINCH, Signal::SIGCONT])?;
        let poll = Poll::new()?;
        let source = signals.as_raw_fd();
        poll.registry().register(&mut SourceFd(&source), SIGNALS, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), THREADS)?);
        let clock = Clock::start();
        let now = clock.now();
        let (authority, prefix) = (args.url.authority.clone(), args.url.prefix.clone());
        let client = Client::new(Door { authority, prefix, pass }, fastrand::Rng::new());
        let face = if args.pipe || !tty::is_there() {
            let Args { stay, wait, give_up, .. } = *args;
            Face::Pipe(Box::new(Pipe::new(Settings { stay, wait, give_up }, now.monotonic)))
        } else {
            Face::Window(Box::new(Window::open(args.bell, clock.clone())?))
        };
        let (dialler, dialled) = channel();
        Ok(Run {
            events: Events::with_capacity(16),
            stdin: Some(read_stdin(Arc::clone(&waker))),
            target: args.url.clone(),
            wire: None,
            is_readable: false,
            buffer: vec![0; BUFFER_BYTES].into(),
            is_leaving: false,
            is_hurried: false,
            poll,
            signals,
            waker,
            clock,
            client,
            face,
            // It was checked with the command line.
            first: args.first().ok().flatten(),
            dialler,
            dialled,
            out: Vec::new(),
        })
    }

    /// Does all that can be done without waiting.
    fn advance(&mut self) {
        let now = self.clock.now();
        if self.client.wants_to_dial(now.monotonic) {
            dial(&self.target, &self.dialler, &self.waker);
        }
        while let Ok(dialled) = self.dialled.try_recv() {
            self.dialled(now, dialled);
        }
        self.read(now);
        self.client.expire(now.monotonic, &mut self.out);
        if let Some(first) = self.first.take_if(|first| !matches!(first, Goal::Room(_))) {
            self.client.command(now.monotonic, Command::To(first, None), &mut self.out);
        }
        self.take_input(now);
        // A first time: what is told to a pipe may be the reason to read on, or to end.
        self.tell(now);
        if let Face::Pipe(pipe) = &mut self.face {
            pipe.advance(now, &mut self.client, &mut self.out);
        }
        self.write(now);
        self.tell(now);
        if !self.client.has_connection() {
            self.wire = None;
        }
    }

    fn tell(&mut self, now: Now) {
        for notice in self.client.take_notices() {
            match &mut self.face {
                Face::Window(window) => window.tell(&notice, now),
                Face::Pipe(pipe) => pipe.tell(&notice, now.monotonic),
            }
            if let (Notice::Connected { .. }, Some(first)) = (&notice, self.first.take()) {
                self.client.command(now.monotonic, Command::To(first, None), &mut self.out);
            }
        }
    }

    fn dialled(&mut self, now: Now, dialled: Dialled) {
        if self.client.is_gone() {
            return;
        }
        let wire = dialled.and_then(|stream| {
            let wire = Wire::new(stream, self.poll.registry(), WIRE);
            wire.map_err(|error| error.to_string())
        });
        match wire {
            Ok(wire) => {
                self.wire = Some(wire);
                self.client.connected(now.monotonic, &mut self.out);
            }
            Err(why) => self.client.unreachable(now.monotonic, why),
        }
    }

    fn read(&mut self, now: Now) {
        for _ in 0..READS {
            let Some(wire) = self.wire.as_mut().filter(|_| self.is_readable) else { return };
            match wire.read(&mut self.buffer) {
                Ok(None) => self.is_readable = false,
                Ok(Some(0)) | Err(_) => {
                    self.is_readable = false;
                    self.client.stream_ended(now.monotonic);
                }
                Ok(Some(count)) => {
                    self.client.read(now, &mut self.buffer[..count], &mut self.out);
                }
            }
        }
    }

    fn write(&mut self, now: Now) {
        match &mut self.wire {
            Some(wire) => {
                if wire.write(&mut self.out).is_err() {
                    self.client.stream_ended(now.monotonic);
                }
            }
            None => self.out.clear(),
        }
    }

    fn take_input(&mut self, now: Now) {
        while let Some(stdin) = &self.stdin {
            if matches!(&self.face, Face::Pipe(pipe) if !pipe.has_room()) {
                return;
            }
            match (stdin.try_recv(), &mut self.face) {
                (Ok(bytes), Face::Window(window)) => {
                    window.take(&bytes, now, &mut self.client, &mut self.out);
                }
                (Ok(bytes), Face::Pipe(pipe)) => {
                    pipe.take(&bytes);
                    pipe.advance(now, &mut self.client, &mut self.out);
                }
                (Err(TryRecvError::Empty), _) => return,
                (Err(TryRecvError::Disconnected), face) => {
                    self.stdin = None;
                    match face {
                        // The terminal is gone.
                        Face::Window(_) => self.client.leave(now.monotonic, &mut self.out),
                        Face::Pipe(pipe) => pipe.end(now.monotonic),
                    }
                }
            }
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let now = self.clock.now().monotonic;
        let of_face = match &self.face {
            Face::Window(window) => window.is_pending().then(|| now + SEQUENCE),
            Face::Pipe(pipe) => pipe.deadline(),
        };
        let deadline = [self.client.deadline(), of_face].into_iter().flatten().min();
        let timeout = match deadline {
            _ if self.is_readable && self.wire.is_some() => Some(Duration::ZERO),
            // Rounded up: the kernel counts in milliseconds, and would wake up too early, again and again.
            deadline => deadline.map(|at| at.since(now) + Duration::from_millis(1)),
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        if let Face::Window(window) = &mut self.face
            && self.events.is_empty()
        {
            window.give_up();
        }
        let mut has_signal = false;
        for event in &self.events {
            match event.token() {
                WIRE => self.is_readable = true,
                SIGNALS => has_signal = true,
                _ => {}
            }
        }
        if has_signal { self.obey() } else { Ok(()) }
    }

    fn obey(&mut self) -> io::Result<()> {
        while let Some(signal) = self.signals.take() {
            match (signal, &mut self.face) {
                (Signal::SIGWINCH | Signal::SIGCONT, Face::Window(window)) => {
                    window.signal(signal)?;
                }
                (Signal::SIGWINCH | Signal::SIGCONT, Face::Pipe(_)) => {}
                _ => {
                    self.is_hurried = self.is_leaving;
                    self.is_leaving = true;
                    self.client.leave(self.clock.now().monotonic, &mut self.out);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<u8> {
        let unanswered = self.client.unanswered();
        match self.face {
            Face::Window(window) => {
                window.close(unanswered)?;
                Ok(if unanswered > 0 { UNDELIVERED } else { 0 })
            }
            Face::Pipe(mut pipe) => {
                pipe.show()?;
                Ok(match (pipe.is_refused(), pipe.has_failed() || unanswered > 0) {
                    (true, _) => NO_CONNECTION,
                    (false, true) => UNDELIVERED,
                    (false, false) => 0,
                })
            }
        }
    }
}
