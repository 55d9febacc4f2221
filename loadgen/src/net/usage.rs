//! What processes use: loadgen's CPU time, the server's CPU time and memory, and the limit on descriptors.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};
use switchboard::timer::Moment;

use crate::record::{ProcessUse, Sample};

/// Descriptors beside those of phones.
const OURS: u64 = 32;

/// Raises the soft limit on descriptors to the hard one, and checks that all phones fit. `has_own_server`:
/// a server of loadgen's own will need as many in its process, and some more.
///
/// # Errors
///
/// One sentence, if they do not fit.
pub(crate) fn make_room(phones: u32, has_own_server: bool) -> Result<(), String> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|error| format!("cannot read the limit on descriptors: {error}"))?;
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = if raised { hard } else { soft };
    let phones = u64::from(phones);
    if phones + OURS <= limit {
        return Ok(());
    }
    let needed = phones + OURS + if has_own_server { phones / 15 + 1 } else { 0 };
    Err(format!(
        "{phones} phones need {needed} descriptors, and this machine allows a process {limit}: ulimit -n {needed}, or fewer --clients"
    ))
}

/// What has been used until now.
pub(super) fn sample(at: Moment, server: Option<ProcessUse>) -> Sample {
    Sample { at, own_cpu: own_cpu(), server }
}

/// loadgen's CPU time so far.
pub(super) fn own_cpu() -> Duration {
    let time = |time: TimeVal| {
        let micros = time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    getrusage(UsageWho::RUSAGE_SELF)
        .map_or(Duration::ZERO, |usage| time(usage.user_time()) + time(usage.system_time()))
}

/// The memory that loadgen has now, in bytes; zero if the kernel does not say.
pub(super) fn own_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kilobytes(&status, "VmRSS:").unwrap_or(0) * 1024
}

/// What the kernel says of a process (proc(5)); `None` if there is no such process.
pub(super) fn process(pid: u32) -> Option<ProcessUse> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let ticks_per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten()?;
    let ticks = cpu_ticks(&stat)? as f64 / ticks_per_second as f64;
    Some(ProcessUse {
        // Both are lower bounds. Ticks are 10 ms, which is much of what a good server needs in ten seconds.
        // The threads' times are exact, but leave out threads that have ended.
        cpu: Duration::from_secs_f64(ticks).max(of_threads(pid)),
        rss: kilobytes(&status, "VmRSS:")? * 1024,
        rss_peak: kilobytes(&status, "VmHWM:")? * 1024,
    })
}

/// utime and stime, the fields 14 and 15. The second field is the program's name in parentheses, which may
/// contain anything. So counting starts behind it.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// The CPU time of the present threads in nanoseconds: the first number of their schedstat
/// (Documentation/scheduler/sched-stats.rst). Zero if the kernel does not give it.
fn of_threads(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_a_strange_name_is_read_all_the_same() {
        let stat = "42 (a) S (b) R 1 42 42 0 -1 4194304 100 0 0 0 250 130 0 0 20 0 1 0 99 0 0";
        assert_eq!(cpu_ticks(stat), Some(380));
        assert_eq!(cpu_ticks("42 (a) R 1"), None);
        assert_eq!(kilobytes("Name:\ta\nVmRSS:\t    5124 kB\n", "VmRSS:"), Some(5124));
    }

    #[test]
    fn this_very_process_uses_memory() {
        let used = process(std::process::id()).expect("we are here");
        assert!(used.rss > 0 && used.rss_peak >= used.rss, "{used:?}");
        assert!(process(u32::MAX).is_none());
    }
}
