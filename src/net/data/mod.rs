//! The folder with the data of the account realm, and the threads that work there for the loop.
//!
//! Without the flag `--data` none of this happens: no thread is started, and nothing is written. `folder`
//! opens the folder, `lanes` hands over jobs and takes results, `store_thread` and `hash_thread` do the
//! jobs, and `tools` is what an operator can do beside the server or instead of it, with `import` for what
//! another app has left. `zone` is the machine's time zone, which some protocols of the realm show times in.

mod folder;
mod hash_thread;
mod import;
mod lanes;
mod many_users;
mod store_thread;
mod tools;
mod typed;
mod zone;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use mio::Waker;

use crate::chat::account::{JobResult, UnixMs};
use crate::store;
use crate::timer::Now;

pub use import::{ImportTool, OldApp};
pub(super) use lanes::Lanes;
pub(super) use tools::run_tool;
pub use tools::{Tool, UserTool};
pub(super) use zone::local as local_zone;

/// Where the data is, and how it is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder. It has to exist.
    pub folder: PathBuf,
    /// How the store behaves.
    pub store: store::Settings,
}

/// Where a thread puts its results.
struct Answers {
    results: Sender<JobResult>,
    waker: Arc<Waker>,
}

impl Answers {
    /// Puts results into the loop's mailbox, and wakes the loop once.
    fn send(&self, results: impl IntoIterator<Item = JobResult>) {
        for result in results {
            // If the loop has ended, nobody receives this.
            let _ = self.results.send(result);
        }
        let _ = self.waker.wake();
    }
}

/// Random bytes from the kernel.
fn dice(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the kernel has random bytes for every process (getrandom(2))");
}

/// The wall clock's time, as the realm writes it.
fn unix_ms(now: Now) -> UnixMs {
    UnixMs(i64::try_from(now.unix.as_millis()).unwrap_or(i64::MAX))
}
