//! [`Commands`]: runs the commands of `--at` at their moments. What phones do after them is in `aftermath`.
//!
//! A command must not delay the phones. So it is a process, and a thread of its own waits for that process.
//! loadgen ends no command: what a command has started may be the server that the run goes on with.

use std::env;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{self, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use switchboard::timer::Moment;

use super::clock::Clock;
use crate::plan::Plan;
use crate::record::Ended;
use crate::schedule::Command;
use crate::shell;
use crate::target::Server;

/// For at least this long after a command it is the command's effect if a phone loses its connection.
const EFFECT: Duration = Duration::from_secs(5);
/// The variables that a command finds the server by.
const URL: &str = "SERVER_URL";
const URLS: &str = "SERVER_URLS";
const PID: &str = "SERVER_PID";

/// The commands of a plan that are still to be run, and those that are running.
#[derive(Debug)]
pub(super) struct Commands<'p> {
    plan: &'p [Command],
    next: usize,
    clock: Clock,
    variables: Vec<(&'static str, String)>,
    /// The place of a command, and when and how it ended.
    sender: Sender<(usize, Moment, Ended)>,
    ended: Receiver<(usize, Moment, Ended)>,
    /// The end of the time in which a lost connection may be the effect of a command.
    effect_ends: Option<Moment>,
}

impl<'p> Commands<'p> {
    /// The commands of this plan. `pid` is the server's process, if loadgen started it.
    pub(super) fn new(plan: &'p Plan, servers: &[Server], pid: Option<u32>, clock: Clock) -> Self {
        let (sender, ended) = mpsc::channel();
        let pid = pid.map(|pid| (PID, pid.to_string()));
        let urls: Vec<_> = servers.iter().map(|server| server.target.url()).collect();
        let named = [(URL, urls[0].clone()), (URLS, urls.join(" "))];
        let variables = named.into_iter().chain(pid).collect();
        Commands {
            plan: &plan.commands,
            next: 0,
            clock,
            variables,
            sender,
            ended,
            effect_ends: None,
        }
    }

    /// When the next one is due.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.plan.get(self.next).map(|command| Moment::START + command.at)
    }

    /// The place of the next one, if it is due.
    pub(super) fn next_due(&mut self, now: Moment) -> Option<usize> {
        self.next_deadline().filter(|&due| due <= now)?;
        self.next += 1;
        Some(self.next - 1)
    }

    /// Starts one.
    pub(super) fn start(&mut self, at: usize, now: Moment) {
        self.effect_ends = self.effect_ends.max(Some(now + EFFECT));
        let (text, clock, sender) = (self.plan[at].text.clone(), self.clock, self.sender.clone());
        let variables = self.variables.clone();
        thread::spawn(move || {
            let ended =
                run(&text, variables).unwrap_or_else(|error| Ended::Badly(error.to_string()));
            // If the run is over, nobody asks any more.
            let _ = sender.send((at, clock.now(), ended));
        });
    }

    /// The place of one that has ended, and when and how.
    pub(super) fn next_ended(&self) -> Option<(usize, Moment, Ended)> {
        self.ended.try_recv().ok()
    }

    /// Whether a connection that is lost now may be lost because of a command.
    pub(super) fn has_effect(&self, now: Moment) -> bool {
        self.effect_ends.is_some_and(|end| now < end)
    }
}

/// Runs a command, and waits for its end. What it prints goes to stderr: stdout is for the report.
fn run(text: &str, variables: Vec<(&'static str, String)>) -> io::Result<Ended> {
    let mut command = process::Command::new(env::current_exe()?);
    // Ctrl-C goes to all processes of the terminal's process group, and is meant for loadgen.
    command.arg(shell::ARGUMENT).arg(text).envs(variables).stdin(Stdio::null()).process_group(0);
    let status = command.stdout(Stdio::from(io::stderr())).status()?;
    Ok(match (status.code(), status.signal()) {
        (Some(0), _) => Ended::Well,
        (Some(code), _) => Ended::Badly(format!("exit status {code}")),
        (None, signal) => {
            let name = signal.and_then(|number| Signal::try_from(number).ok());
            Ended::Badly(name.map_or("a signal", |signal| signal.as_str()).to_owned())
        }
    })
}
