//! [`Publisher`]: listens for those that ask for loadgen's own metrics (`--listen`), from the first run to the last, and
//! remembers what became of the runs that are over. `scrapes` answers while one is played.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener};

use super::scrape::Scrape;
use super::totals::Totals;
use crate::record::Outcome;

/// Listens, and knows what became of the runs that are over.
#[derive(Debug)]
pub(crate) struct Publisher {
    listener: TcpListener,
    address: SocketAddr,
    /// Connections that wait for the next run, the oldest first.
    waiting: Vec<Scrape>,
    /// By verdict: how many runs are over.
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// Messages that they have lost.
    pub(super) lost: u64,
    /// What was counted in them.
    pub(super) totals: Totals,
}

impl Publisher {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (verdicts, totals) = (BTreeMap::new(), Totals::new());
        Ok(Publisher { listener, address, waiting: Vec::new(), verdicts, lost: 0, totals })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener, for a loop.
    pub(super) fn listener(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }

    /// Keeps these connections until the next run.
    pub(super) fn wait(&mut self, waiting: Vec<Scrape>) {
        self.waiting = waiting;
    }

    /// The connections that have waited for this run.
    pub(super) fn take_waiting(&mut self) -> Vec<Scrape> {
        mem::take(&mut self.waiting)
    }

    /// A run is over, with this verdict.
    pub(crate) fn run_is_over(&mut self, verdict: &'static str, outcome: &Outcome) {
        *self.verdicts.entry(verdict).or_default() += 1;
        self.lost += outcome.lost;
        self.totals.add(&outcome.record);
    }
}
