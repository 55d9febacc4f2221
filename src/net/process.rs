//! What the kernel knows about this process: CPU time and memory, for the metrics.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};

use crate::timer::Moment;
use crate::turn::Process;

/// How old a sample may get before the next turn takes another.
const AGE: Duration = Duration::from_millis(100);

/// Takes a sample now and then.
#[derive(Debug)]
pub(super) struct Sampler {
    page_bytes: u64,
    next: Moment,
}

impl Sampler {
    pub(super) fn new() -> Self {
        let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        let page_bytes = page.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(4096);
        Sampler { page_bytes, next: Moment::START }
    }

    /// A new sample, if the last one has aged. Some microseconds: neither call waits for a disk.
    pub(super) fn sample(&mut self, now: Moment) -> Option<Process> {
        if now < self.next {
            return None;
        }
        self.next = now + AGE;
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        // The second number is the pages in memory (proc(5), statm).
        let statm = fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        Some(Process {
            cpu: duration(usage.user_time()) + duration(usage.system_time()),
            resident_bytes: pages * self.page_bytes,
        })
    }
}

fn duration(time: TimeVal) -> Duration {
    let micros = u32::try_from(time.tv_usec()).unwrap_or(0);
    Duration::new(u64::try_from(time.tv_sec()).unwrap_or(0), micros * 1000)
}
