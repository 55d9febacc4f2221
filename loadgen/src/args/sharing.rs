//! [`Sharing`]: the flags by which several processes share a plan.

use std::time::{Duration, SystemTime};

use crate::workload::Shard;

/// The heading in the help.
pub(super) const LOAD: &str = "Load";

/// How the plan is shared.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = LOAD)]
pub(super) struct Sharing {
    /// Play a part of the plan, such as 1/4; other processes play the others, and `loadgen merge` adds them up
    ///
    /// All shards have the same flags, but for this one and the outputs: the same URL, --seed and --start-at above
    /// all. Phones are shared in turn, and write to phones of other shards, too; sessions only to those of their own, and
    /// rooms have members of one shard. The file of --accounts must have all users, and is not written. Expectations
    /// and the server's books are judged by `merge`.
    #[arg(long, env = "LOADGEN_SHARD", value_name = "N/OF")]
    pub(super) shard: Option<Shard>,

    /// Begin at this moment: seconds since the Unix epoch, or 2026-11-29T14:00:00Z
    ///
    /// $(($(date +%s) + 5)) is in five seconds. The clocks of several machines have to agree to a tenth of a second.
    #[arg(long, env = "LOADGEN_START_AT", value_name = "TIME", value_parser = start_at)]
    pub(super) start_at: Option<Duration>,
}

fn start_at(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
    let date = || humantime::parse_rfc3339(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok();
    seconds.or_else(date).ok_or_else(|| {
        "it looks like 1796000000, seconds since the Unix epoch, or 2026-11-29T14:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_seconds_or_a_date() {
        let at = |text: &str| start_at(text).expect("a moment").as_secs();
        assert_eq!(at("1796000000"), 1_796_000_000);
        assert_eq!(at("1970-01-02T00:00:00Z"), 86_400);
        for text in ["", "soon", "-1", "14:00", "1969-01-01T00:00:00Z", "99999999999"] {
            assert!(start_at(text).is_err(), "{text}");
        }
    }
}
