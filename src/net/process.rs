//! What the kernel knows about this process, for the metrics: CPU time, memory and descriptors.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};

use crate::timer::Moment;
use crate::turn::Process;

/// The age at which a sample is replaced by the next turn.
const AGE: Duration = Duration::from_millis(100);

/// Takes samples, at most one in each [`AGE`].
#[derive(Debug)]
pub(super) struct Sampler {
    page_bytes: u64,
    most_descriptors: u64,
    next: Moment,
}

impl Sampler {
    pub(super) fn new() -> Self {
        let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        let page_bytes = page.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(4096);
        let most_descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
        Sampler { page_bytes, most_descriptors, next: Moment::START }
    }

    /// Takes a new sample, if the last one is older than [`AGE`]. It takes some microseconds: neither
    /// call waits for a disk.
    pub(super) fn sample(&mut self, now: Moment) -> Option<Process> {
        if now < self.next {
            return None;
        }
        self.next = now + AGE;
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        // The first number counts all pages, the second the pages in memory (proc(5), statm).
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let mut pages = statm.split_whitespace().map(|pages| pages.parse::<u64>().ok());
        let (all, resident) = (pages.next()??, pages.next()??);
        Some(Process {
            cpu: duration(usage.user_time()) + duration(usage.system_time()),
            resident_bytes: resident * self.page_bytes,
            virtual_bytes: all * self.page_bytes,
            // Linux 6.2 and later give the number as the folder's size (proc(5)). To count twenty
            // thousand entries instead would take milliseconds.
            open_descriptors: fs::metadata("/proc/self/fd")
                .ok()
                .map(|m| m.len())
                .filter(|n| *n > 0),
            most_descriptors: self.most_descriptors,
        })
    }
}

fn duration(time: TimeVal) -> Duration {
    let micros = u32::try_from(time.tv_usec()).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec()).unwrap_or(0), micros * 1000)
}
