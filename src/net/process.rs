//! What the kernel knows about this process, for the metrics: CPU time, memory and descriptors.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};

use crate::timer::Moment;
use crate::turn::Process;

/// The age at which a sample is replaced by the next turn.
const AGE: Duration = Duration::from_millis(100);

/// Where the kernel says what this process uses (proc(5)).
const PROC: &str = "/proc/self";

/// Takes samples, at most one in each [`AGE`].
#[derive(Debug)]
pub(super) struct Sampler {
    page_bytes: u64,
    most_descriptors: Option<u64>,
    proc: PathBuf,
    next: Moment,
}

impl Sampler {
    pub(super) fn new() -> Self {
        let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
        let page_bytes = page.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(4096);
        let most_descriptors = getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft);
        Sampler { page_bytes, most_descriptors, proc: PROC.into(), next: Moment::START }
    }

    /// Takes a new sample, if the last one is older than [`AGE`]. It takes some microseconds: neither
    /// call waits for a disk. Each figure is read by itself: where there is no `/proc`, the others are
    /// still there.
    pub(super) fn sample(&mut self, now: Moment) -> Option<Process> {
        if now < self.next {
            return None;
        }
        self.next = now + AGE;
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok();
        // The first number counts all pages, the second the pages in memory (proc(5), statm). A sandbox may
        // show a file of zeros.
        let statm = fs::read_to_string(self.proc.join("statm")).unwrap_or_default();
        let mut pages = statm.split_whitespace().map(|pages| pages.parse::<u64>().ok());
        let mut bytes = || Some(pages.next()?? * self.page_bytes).filter(|bytes| *bytes > 0);
        Some(Process {
            cpu: usage.map(|usage| duration(usage.user_time()) + duration(usage.system_time())),
            virtual_bytes: bytes(),
            resident_bytes: bytes(),
            // Linux 6.2 and later give the number as the folder's size (proc(5)). To count twenty
            // thousand entries instead would take milliseconds.
            open_descriptors: fs::metadata(self.proc.join("fd"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_proc_what_cannot_be_read_is_missing_and_the_rest_is_there() {
        let process = Sampler::new().sample(Moment::START).expect("the first sample");
        assert!(process.cpu.is_some() && process.most_descriptors.is_some());
        assert!(process.resident_bytes.is_some_and(|resident| resident > 100_000), "{process:?}");
        assert!(process.resident_bytes < process.virtual_bytes, "{process:?}");

        let mut elsewhere = Sampler { proc: "/nowhere".into(), ..Sampler::new() };
        let without = elsewhere.sample(Moment::START).expect("the first sample");
        assert!(without.cpu >= process.cpu);
        assert_eq!(without.most_descriptors, process.most_descriptors);
        let unread = (without.virtual_bytes, without.resident_bytes, without.open_descriptors);
        assert_eq!(unread, (None, None, None));
    }

    #[test]
    fn a_sample_is_not_taken_again_at_once() {
        let mut sampler = Sampler::new();
        assert!(sampler.sample(Moment::START).is_some());
        assert!(sampler.sample(Moment::START + AGE / 2).is_none());
        assert!(sampler.sample(Moment::START + AGE).is_some());
    }
}
