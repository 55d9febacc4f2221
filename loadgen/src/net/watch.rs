//! [`Watch`]: looks at the server while a plan is played: at its process, if it is loadgen's own, and every
//! second at its `/metrics`, if it has any.
//!
//! The page is fetched over plain HTTP, by calls that block. So a thread of its own does that, and the loop
//! takes what it found last.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::get::{FOR_A_PAGE, get};
use super::usage::process;
use crate::exposition::{Process, Turns};
use crate::record::{ProcessUse, Seen};
use crate::target::Target;

/// Time between two looks at the page.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at a server.
#[derive(Debug)]
pub(super) struct Watch {
    pid: Option<u32>,
    page: Arc<Mutex<Option<Page>>>,
    /// Dropping it ends the thread.
    _stop: Option<Sender<()>>,
    cpu: Option<Duration>,
    turns: Option<Turns>,
}

/// What a page says.
#[derive(Debug)]
struct Page {
    process: Process,
    turns: Option<Turns>,
}

impl Watch {
    /// Begins to look at a process and at a page, if there are any.
    pub(super) fn start(pid: Option<u32>, metrics: Option<&Target>) -> Self {
        let page = Arc::default();
        let stop = metrics.map(|target| {
            let (stop, stopped) = mpsc::channel();
            let (target, page) = (target.clone(), Arc::clone(&page));
            thread::spawn(move || {
                loop {
                    look(&target, &page);
                    let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PAUSE) else { break };
                }
            });
            stop
        });
        let cpu = pid.and_then(process).map(|used| used.cpu);
        Watch { pid, page, _stop: stop, cpu, turns: None }
    }

    /// The process, now. `None` if we may not look at it.
    pub(super) fn process(&self) -> Option<ProcessUse> {
        self.pid.and_then(process)
    }

    /// What is new since the last call.
    pub(super) fn news(&mut self, connections: u64) -> Seen {
        let page = self.page.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (said, turns) = page.map_or_else(Default::default, |page| (page.process, page.turns));
        // What the kernel says is newer and more exact.
        let (cpu, rss) = match self.process() {
            Some(used) => (Some(used.cpu), Some(used.rss)),
            None => (said.cpu, said.rss),
        };
        let server_cpu = cpu.zip(self.cpu).map(|(now, before)| now.saturating_sub(before));
        let recent = turns.as_ref().zip(self.turns.as_ref()).map(|(now, then)| now.since(then));
        self.cpu = cpu.or(self.cpu);
        self.turns = turns.or_else(|| self.turns.take());
        let longest_turn = recent.and_then(|turns| turns.at_most(1.0));
        Seen { connections, server_cpu, server_rss: rss, longest_turn }
    }
}

/// Fetches the page. If that fails, the next may come.
fn look(target: &Target, page: &Mutex<Option<Page>>) {
    if let Ok((text, _)) = get(target, "/metrics", FOR_A_PAGE, None) {
        let news = Page { process: Process::read(&text), turns: Turns::read(&text) };
        *page.lock().unwrap_or_else(PoisonError::into_inner) = Some(news);
    }
}
