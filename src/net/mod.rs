//! The network: mio, sockets, the clock, signals, the process. No other room touches any of them.
//!
//! [`run`] is the loop itself: it sleeps until something happens, tells the turn what happened, and lets
//! it run. Besides, it reads the clock, and obeys signals.

mod background;
mod ban_keeper;
mod bans_file;
mod check;
mod clock;
#[cfg(feature = "accounts")]
mod data;
#[cfg(not(feature = "accounts"))]
#[path = "no_data.rs"]
mod data;
mod descriptors;
mod doors;
mod key_file;
mod listen_address;
mod listener;
mod log;
mod notes;
mod own_lines;
mod page_files;
mod process;
mod reload;
mod replace_file;
mod secret;
mod signals;
mod sockets;
mod start_watch;
mod stop;
mod systemd;
mod text_file;
#[cfg(feature = "auth")]
mod token_tool;
#[cfg(not(feature = "auth"))]
#[path = "no_token_tool.rs"]
mod token_tool;
mod tool;
mod trace_file;
mod unix_socket;
mod wait;

use std::fmt;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use crate::chat::{Bans, account};
use crate::timer::{Moment, Now};
use crate::turn::{Limits, Listener, Note, Polled, Readiness, StoreState, Turn, Wish};
use crate::web::WebClient;
use ban_keeper::BanKeeper;
use clock::Clock;
use data::Lanes;
use listener::Listening;
use log::{Log, Value};
use process::Sampler;
use reload::Reload;
use signals::Asked;
use sockets::{MioSockets, id_of};
use stop::Stop;
use systemd::{Report, Supervisor};
use trace_file::TraceFile;

pub use check::{Checked, check, most_connections};
#[cfg(feature = "accounts")]
pub use data::{ImportTool, OldApp, UserTool};
pub use data::{Settings as DataSettings, Tool as DataTool};
pub use listen_address::ListenAddress;
pub use listener::{Passed, passed_addresses};
pub use log::{Format, Level, LogSettings};
pub use reload::{Reread, Setting, read_settings_file};
pub use secret::operators_token;
pub use signals::Signals;
pub use start_watch::interruptible;
pub use token_tool::TokenTool;
pub use tool::{Tool, run_tool};
pub use unix_socket::connect_unix;

/// The tokens of the sources that are not connections. No connection has such a token: it would be one
/// of the last of four billion generations, in one of the last of four billion slots.
const LISTENER: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);
const ADMIN: Token = Token(usize::MAX - 2);
/// A thread has something for the loop. mio wants one waker for each poll, so all threads share it.
const WAKE: Token = Token(usize::MAX - 3);

/// All settings of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address to listen on, unless systemd passes a socket.
    pub listen: ListenAddress,
    /// The address of the operator's own listener, if there is one.
    pub admin_listen: Option<ListenAddress>,
    /// The permissions of the files of Unix sockets that the server makes.
    pub socket_mode: u32,
    /// The most WebSockets that may be open. If not given, the limit on descriptors decides.
    pub max_connections: Option<usize>,
    /// A file with the operator's token, if there is one.
    pub admin_token_file: Option<PathBuf>,
    /// A file with those who are banned, if there is one.
    pub bans_file: Option<PathBuf>,
    /// A file with the keys that prove whose number it is. `None`: numbers are not verified.
    pub auth_key_file: Option<PathBuf>,
    /// The audience that tokens have to be for.
    pub auth_audience: Option<String>,
    /// All limits of the turn. [`run`] fills in the two on connections.
    pub limits: Limits,
    /// Which log lines are written, and how.
    pub log: LogSettings,
    /// A turn that takes longer than this is logged.
    pub slow_turn: Duration,
    /// The file to which SIGUSR1 writes the flight recorder's trace, if there is one.
    pub trace_file: Option<PathBuf>,
    /// The folder with an app's own pages, if there is one.
    pub pages: Option<PathBuf>,
    /// Whether the server serves the web client.
    pub web: bool,
    /// Sentences that are logged as warnings once the server serves.
    pub warnings: Vec<String>,
    /// The folder with the data of the account realm, if there is one.
    pub data: Option<DataSettings>,
    /// The value of each flag. A reload compares them.
    pub values: Vec<Setting>,
    /// How SIGHUP reads the settings again. `None`: it cannot.
    pub reread: Option<Reread>,
}

/// Why the server could not start, or had to stop.
#[derive(Debug)]
pub enum Failure {
    /// A setting that cannot be fulfilled on this machine.
    Setting(String),
    /// The address cannot be listened on.
    Listen(ListenAddress, io::Error),
    /// The server can't listen on what systemd passed.
    Passed(String),
    /// The folder with the data cannot be used: one line that names it.
    Data(String),
    /// The kernel refuses something that the loop needs.
    Loop(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Setting(sentence) | Failure::Data(sentence) => f.write_str(sentence),
            Failure::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Failure::Passed(why) => write!(f, "the socket that systemd passed: {why}"),
            Failure::Loop(error) => write!(f, "the event loop failed: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Loop(error)
    }
}

/// Serves until a signal ends it. The first SIGTERM, SIGINT or SIGQUIT drains the server. A second one
/// ends it at once, with the exit code that a shell would report. `signals` were opened before anything
/// else, so that no signal during the start is lost.
///
/// # Errors
///
/// [`Failure`], if the server can't start, or if the loop's own system calls fail.
pub fn run(settings: Settings, signals: Signals) -> Result<ExitCode, Failure> {
    let (mut driver, mut poll) = Driver::start(settings, signals)?;
    let mut events = Events::with_capacity(wait::EVENTS);
    let mut asleep_since = driver.clock.monotonic();
    // No event reports the signals that were read during the start.
    if let Some(code) = driver.obey_signals(asleep_since) {
        return Ok(code);
    }
    loop {
        let time = driver.wait(asleep_since);
        let interrupted = wait::sleep(&mut poll, &mut events, time)?;
        let now = driver.clock.now();
        let lag = wait::lag(time.map(|time| asleep_since + time), now.monotonic);

        let mut named = 0;
        for event in &events {
            named += 1;
            match event.token() {
                LISTENER => driver.turn.listener_ready(Listener::Public),
                ADMIN => driver.turn.listener_ready(Listener::Admin),
                SIGNALS => {
                    if let Some(code) = driver.obey_signals(now.monotonic) {
                        return Ok(code);
                    }
                }
                // The results of jobs are taken by the turn itself.
                WAKE => {
                    driver.trace_file.look(&mut driver.log);
                    driver.look_for_reload();
                }
                token => driver.turn.ready(id_of(token), readiness(event)),
            }
        }
        lag.into_iter().for_each(|lag| driver.turn.record_lag(lag));
        driver.take_turn(now, wait::polled(named, interrupted, lag));
        driver.trace_file.write(|| driver.turn.recording(), &mut driver.log);
        driver.keep_bans();
        asleep_since = driver.clock.monotonic();
        driver.log.settle(asleep_since);
        driver.supervisor.report(asleep_since, Report::of(&driver.turn, &driver.stop));
        if driver.turn.is_drained() {
            let left = driver.turn.connections();
            driver.finish_bans();
            let is_closed = driver.lanes.close(driver.clock);
            driver.log.finish();
            if !is_closed {
                let message =
                    "the store is still busy, and ends unclosed: the next start repairs it";
                driver.log.owed(Level::Warn, format_args!("{message}"));
            }
            driver.log.owed(Level::Info, format_args!("drained, with {left} connections left"));
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Everything that the loop works with.
struct Driver {
    clock: Clock,
    log: Log,
    signals: Signals,
    sampler: Sampler,
    stop: Stop,
    supervisor: Supervisor,
    sockets: MioSockets,
    turn: Turn,
    slow_turn: Duration,
    trace_file: TraceFile,
    reload: Reload,
    ban_keeper: BanKeeper,
    lanes: Lanes,
    /// How the store was after the last turn.
    store: Option<StoreState>,
}

impl Driver {
    /// Opens everything, and logs where the server listens.
    fn start(settings: Settings, signals: Signals) -> Result<(Self, Poll), Failure> {
        let clock = Clock::start();
        let mut log = Log::new(&settings.log, clock);
        if let Some(mistake) = check::no_trace_file(&settings) {
            return Err(Failure::Setting(mistake));
        }
        let mut warnings = settings.warnings.clone();
        let listeners =
            listener::open(&settings.listen, settings.admin_listen.as_ref(), settings.socket_mode)?;
        let stop = Stop::new(listeners.outlive_us);
        let mut limits = settings.limits.clone();
        let bans = read_files(&settings, &mut limits, &mut warnings).map_err(Failure::Setting)?;
        // A flag gave its address, or systemd passed it.
        limits.session.admin_listener = listeners.admin.is_some();
        let admins = listeners.admin.as_ref().map_or(0, |_| limits.admin_connections + 1);
        let room =
            descriptors::make_room(settings.max_connections, admins).map_err(Failure::Setting)?;
        limits.max_connections = room.websockets;
        limits.spare_connections = room.spare;
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut SourceFd(&signals.as_raw_fd()), SIGNALS, Interest::READABLE)?;
        let listener = watch(listeners.public, LISTENER, registry)?;
        let admin = listeners.admin.map(|admin| watch(admin, ADMIN, registry)).transpose()?;
        let waker = Arc::new(Waker::new(registry, WAKE)?);
        let (lanes, snapshot) =
            Lanes::start(settings.data.as_ref(), clock, &waker).map_err(Failure::Data)?;
        let reload = Reload::new(&settings, &limits, &warnings, Arc::clone(&waker));
        let ban_keeper = BanKeeper::new(settings.bans_file, Arc::clone(&waker));
        let trace_file = TraceFile::new(settings.trace_file, waker);
        let registry = registry.try_clone()?;
        let supervisor = Supervisor::from_env(limits.drain_timeout);
        // Logged last: a reader of this line may rely on everything being open.
        log.always(format_args!(
            "listening on {} for up to {} connections, open: {}",
            listener.place()?,
            room.websockets,
            doors::of_log(&limits.session, snapshot.is_some())
        ));
        if let Some(admin) = &admin {
            log.always(format_args!("the operator's pages are at {}", admin.place()?));
        } else if listener.is_public()? {
            let warning =
                "every client can read the operator's pages, such as /metrics: set --admin-listen";
            warnings.push(warning.to_owned());
        }
        for warning in warnings {
            log.owed(Level::Warn, format_args!("{warning}"));
        }
        if let Some(snapshot) = &snapshot {
            log.always(format_args!("the store is open, with {} users", snapshot.users.len()));
        }

        let sockets = MioSockets::new(registry, listener, admin, clock);
        let mut turn = first_turn(limits, snapshot, bans, clock);
        turn.keep_bans(ban_keeper.has_file());
        let driver = Driver {
            clock,
            log,
            signals,
            sampler: Sampler::new(),
            stop,
            supervisor,
            sockets,
            store: turn.store_state(),
            turn,
            slow_turn: settings.slow_turn,
            trace_file,
            reload,
            ban_keeper,
            lanes,
        };
        start_watch::end();
        Ok((driver, poll))
    }

    /// How long to sleep, if nothing happens.
    fn wait(&mut self, now: Moment) -> Option<Duration> {
        let (stop, supervisor) = (self.stop.wait(now, &self.turn), self.supervisor.wait(now));
        let trace = self.trace_file.is_asked().then_some(Duration::ZERO);
        let all = [self.turn.wait(now), stop, supervisor, self.log.wait(now), trace];
        all.into_iter().flatten().min()
    }

    /// Obeys the signals that have arrived. Returns the exit code, if one of them ends the process.
    fn obey_signals(&mut self, now: Moment) -> Option<ExitCode> {
        while let Some(signal) = self.signals.next() {
            match signal {
                Asked::Trace => self.trace_file.ask(),
                Asked::Stop(number) => {
                    let code = self.stop.signal(number, now, &mut self.log);
                    if code.is_some() {
                        return code;
                    }
                }
                Asked::Reload(number) => self.hang_up(number),
                Asked::Nothing(number) => self.log.owed(
                    Level::Info,
                    format_args!("signal {number}: it means nothing here, the server goes on"),
                ),
            }
        }
        None
    }

    fn take_turn(&mut self, now: Now, polled: Polled) {
        if let Some(process) = self.sampler.sample(now.monotonic) {
            self.turn.record_process(process);
        }
        self.stop.proceed(now.monotonic, &mut self.turn, &mut self.sockets);
        let exhausted_before = self.turn.counters().exhausted;
        self.turn.run(now, polled, &mut self.sockets, &mut self.lanes, &mut self.clock);
        if self.turn.counters().exhausted > exhausted_before {
            // No client can connect, so this is an error and not a warning.
            let message = format_args!("out of descriptors or memory: somebody was turned away");
            self.log.line(Level::Error, message, &[]);
        }
        let store = self.turn.store_state();
        if store != self.store {
            self.store = store;
            own_lines::store(&mut self.log, store);
        }
        self.log_turn();
        while let Some(wish) = self.turn.next_wish() {
            match wish {
                Wish::Log(level) => self.log.set_level(level.into()),
                Wish::Drain => self.stop.order(now.monotonic, &mut self.log),
            }
        }
    }

    /// Logs which connections have ended or were refused, and whether the turn took too long.
    fn log_turn(&mut self) {
        while let Some(note) = self.turn.next_note() {
            match note {
                Note::Ended(end) => notes::log_end(&mut self.log, &end),
                Note::Refused(refused) => notes::log_refused(&mut self.log, refused),
                Note::Order(order) => notes::log_order(&mut self.log, order),
                Note::Stranger(by) => notes::log_stranger(&mut self.log, by),
            }
        }
        let left_out = self.turn.take_left_out();
        if left_out > 0 {
            let fields = [("lines", Value::Count(left_out))];
            let message = format_args!("too many connections ended or were refused at once");
            self.log.line(Level::Warn, message, &fields);
        }
        if let Some(turn) = self.turn.last_turn().filter(|turn| turn.time() > self.slow_turn) {
            own_lines::slow_turn(&mut self.log, turn);
        }
    }
}

/// A turn that nobody is connected to yet.
fn first_turn(
    limits: Limits,
    snapshot: Option<account::Snapshot>,
    bans: Bans,
    clock: Clock,
) -> Turn {
    let mut turn = match snapshot {
        Some(snapshot) => Turn::restore(limits, snapshot, clock.now()),
        None => Turn::new(limits, clock.now()),
    };
    turn.set_bans(bans);
    turn
}

/// Reads what is read at the start: the operator's token, an app's pages, the local time zone, and who is banned. And
/// makes the web client ready to be sent.
fn read_files(
    settings: &Settings,
    limits: &mut Limits,
    warnings: &mut Vec<String>,
) -> Result<Bans, String> {
    if let Some(path) = &settings.admin_token_file {
        limits.session.admin_token = Some(secret::read_token(path)?);
        warnings.extend(secret::exposure("--admin-token-file", path));
    }
    if let Some(path) = &settings.auth_key_file {
        let (keys, about) = key_file::read(path, settings.auth_audience.as_deref())?;
        limits.session.keys = Some(keys);
        warnings.extend(about);
    }
    if let Some(folder) = &settings.pages {
        limits.session.pages = page_files::read(folder)?;
    }
    if settings.web {
        limits.session.web =
            WebClient::new(&doors::of_page(&limits.session, settings.data.is_some()));
    }
    if settings.data.is_some() {
        let (zone, warning) = data::local_zone();
        limits.zone = zone;
        warnings.extend(warning);
    }
    let bans = settings.bans_file.as_deref().map(bans_file::read).transpose();
    bans.map(Option::unwrap_or_default).map_err(|lines| lines.join("\n"))
}

/// Registers a listener with the poll.
fn watch(mut listener: Listening, token: Token, registry: &Registry) -> Result<Listening, Failure> {
    listener.source().register(registry, token, Interest::READABLE)?;
    Ok(listener)
}

fn readiness(event: &Event) -> Readiness {
    Readiness {
        readable: event.is_readable(),
        writable: event.is_writable(),
        closed: event.is_read_closed() || event.is_write_closed() || event.is_error(),
    }
}
