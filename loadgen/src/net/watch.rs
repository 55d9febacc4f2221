//! [`Watch`]: looks at the server while a plan is played: at its process, if it is loadgen's own, and every
//! second at its `/metrics`, if it has any.
//!
//! The page is fetched by calls that block. So a thread of its own does that, and the loop takes what it found last.
//! Several servers have a thread each, and are added up: only if all have told something is there a sum.

use std::iter::Sum;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::get::{FOR_A_PAGE, get};
use super::usage::process;
use crate::exposition::{Process, Turns};
use crate::record::{ProcessUse, Seen};
use crate::target::{Server, Target};

/// Time between two looks at the page.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at the servers.
#[derive(Debug)]
pub(super) struct Watch {
    pid: Option<u32>,
    /// By server. Empty, if one of them has no page that we know of.
    pages: Vec<Watched>,
    cpu: Option<Duration>,
}

/// A page that is looked at.
#[derive(Debug)]
struct Watched {
    page: Arc<Mutex<Option<Page>>>,
    /// Dropping it ends the thread.
    _stop: Sender<()>,
    /// What it said last.
    process: Process,
    turns: Option<Turns>,
}

/// What a page says.
#[derive(Debug)]
struct Page {
    process: Process,
    turns: Option<Turns>,
}

impl Watch {
    /// Begins to look at a process, if there is one, and at the pages of all servers.
    pub(super) fn start(pid: Option<u32>, servers: &[Server]) -> Self {
        let all: Option<Vec<_>> = servers.iter().map(|server| server.metrics.as_ref()).collect();
        let pages = all.unwrap_or_default().into_iter().map(Watched::start).collect();
        let cpu = pid.and_then(process).map(|used| used.cpu);
        Watch { pid, pages, cpu }
    }

    /// The process, now. `None` if we may not look at it.
    pub(super) fn process(&self) -> Option<ProcessUse> {
        self.pid.and_then(process)
    }

    /// What is new since the last call.
    pub(super) fn news(&mut self, connections: u64) -> Seen {
        let looks: Vec<_> = self.pages.iter_mut().filter_map(Watched::look).collect();
        let longest_turn = looks.iter().copied().flatten().max();
        // What the kernel says is newer and more exact.
        let (cpu, rss) = match self.process() {
            Some(used) => (Some(used.cpu), Some(used.rss)),
            None if looks.is_empty() => (None, None),
            None => (self.sum(|said| said.cpu), self.sum(|said| said.rss)),
        };
        let server_cpu = cpu.zip(self.cpu).map(|(now, before)| now.saturating_sub(before));
        self.cpu = cpu.or(self.cpu);
        Seen { connections, server_cpu, server_rss: rss, longest_turn }
    }

    /// What all pages say together; `None` if one does not say it, or there is none.
    fn sum<T: Sum>(&self, of: impl Fn(&Process) -> Option<T>) -> Option<T> {
        let all: Option<Vec<T>> = self.pages.iter().map(|one| of(&one.process)).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.into_iter().sum())
    }
}

impl Watched {
    fn start(target: &Target) -> Self {
        let page = Arc::default();
        let (stop, stopped) = mpsc::channel();
        let (target, shared) = (target.clone(), Arc::clone(&page));
        thread::spawn(move || {
            loop {
                look(&target, &shared);
                let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PAUSE) else { break };
            }
        });
        Watched { page, _stop: stop, process: Process::default(), turns: None }
    }

    /// Takes the last page, if there is a new one. Returns the server's longest turn since the one before, if it
    /// tells.
    fn look(&mut self) -> Option<Option<Duration>> {
        let Page { process, turns } =
            self.page.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let recent = turns.as_ref().zip(self.turns.as_ref()).map(|(now, then)| now.since(then));
        self.process = process;
        self.turns = turns.or_else(|| self.turns.take());
        Some(recent.and_then(|turns| turns.at_most(1.0)))
    }
}

/// Fetches the page. If that fails, the next may come.
fn look(target: &Target, page: &Mutex<Option<Page>>) {
    if let Ok((text, _)) = get(target, "/metrics", FOR_A_PAGE, None) {
        let news = Page { process: Process::read(&text), turns: Turns::read(&text) };
        *page.lock().unwrap_or_else(PoisonError::into_inner) = Some(news);
    }
}
