//! [`Publisher`]: listens for those that ask for loadgen's own metrics (`--listen`), from the first run to the last, and
//! remembers what became of the runs that are over. `scrapes` answers while one is played.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Listens, and knows what became of the runs that are over.
#[derive(Debug)]
pub(crate) struct Publisher {
    listener: TcpListener,
    address: SocketAddr,
    /// By verdict: how many runs are over.
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// Messages that they have lost.
    pub(super) lost: u64,
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
        Ok(Publisher { listener, address, verdicts: BTreeMap::new(), lost: 0 })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener, for a loop.
    pub(super) fn listener(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }

    /// A run is over, with this verdict, and has lost this many messages.
    pub(crate) fn run_is_over(&mut self, verdict: &'static str, lost: u64) {
        *self.verdicts.entry(verdict).or_default() += 1;
        self.lost += lost;
    }
}
