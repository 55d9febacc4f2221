//! Reads numbers from a server's `/metrics`, a page in Prometheus' text format, version 0.0.4.
//!
//! The pages of several servers, one behind the other, are one page, in which each name has the sum of all.
//!
//! It reads only what the reports need: the value of a name, and how long the turns of the server's loop
//! were. A missing metric is no error: other servers publish other metrics.

use std::collections::BTreeMap;
use std::time::Duration;

/// The value of a metric, summed over its labels; `None` if it is not there.
pub(crate) fn value(page: &str, name: &str) -> Option<f64> {
    samples(page, name).map(|(_, value)| value).reduce(|sum, value| sum + value)
}

/// The sum of all counters. They never fall: so of two pages of one server, the later one has the higher sum.
pub(crate) fn sum_of_counters(page: &str) -> f64 {
    let counted = page.lines().filter_map(|line| {
        let name = line.split(['{', ' ']).next().filter(|name| name.ends_with("_total"));
        name.and_then(|_| line.rsplit(' ').next()?.parse::<f64>().ok())
    });
    counted.sum()
}

/// The server's version, from its `/metrics`; `None` if that does not say.
pub(crate) fn version(page: &str) -> Option<String> {
    let (labels, _) = samples(page, "switchboard_build_info").next()?;
    let (_, rest) = labels.split_once("version=\"")?;
    rest.split('"').next().map(str::to_owned)
}

/// The limits that a server says are in effect, by their names; empty if it does not say. On the pages of several
/// servers, the lowest of each counts.
pub(crate) fn limits(page: &str) -> BTreeMap<String, f64> {
    let most = samples(page, "switchboard_max_connections");
    let most = most.map(|(_, most)| ("max_connections", most));
    let others = samples(page, "switchboard_limit").filter_map(|(labels, value)| {
        let (_, rest) = labels.split_once("limit=\"")?;
        Some((rest.split('"').next()?, value))
    });
    let mut limits = BTreeMap::new();
    for (name, value) in most.chain(others) {
        let lowest = limits.entry(name.to_owned()).or_insert(value);
        *lowest = value.min(*lowest);
    }
    limits
}

/// The server's version, from its `/`; `None` if that does not say.
pub(crate) fn version_of_index(page: &str) -> Option<String> {
    let page: serde_json::Value = serde_json::from_str(page).ok()?;
    page.get("version")?.as_str().map(str::to_owned)
}

/// What a server says it has used. The names are those that Prometheus recommends for every process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    /// CPU time, of the user and of the system.
    pub(crate) cpu: Option<Duration>,
    /// Bytes of memory in use.
    pub(crate) rss: Option<u64>,
}

impl Process {
    /// Reads it from a page.
    pub(crate) fn read(page: &str) -> Self {
        let cpu = value(page, "process_cpu_seconds_total");
        Process {
            cpu: cpu.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            rss: value(page, "process_resident_memory_bytes").map(|bytes| bytes as u64),
        }
    }
}

/// How long the turns of the server's loop were: a histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Turns {
    /// Upper bounds in seconds, and how many turns were no longer than each.
    buckets: Vec<(f64, u64)>,
    /// The sum of all turns, in seconds.
    sum: f64,
}

impl Turns {
    /// Reads them from a page; `None` if it has none.
    pub(crate) fn read(page: &str) -> Option<Self> {
        const NAME: &str = "switchboard_turn_seconds";
        let bound = |labels: &str| labels.split_once("le=\"")?.1.split('"').next()?.parse().ok();
        let buckets: Vec<(f64, u64)> = samples(page, &format!("{NAME}_bucket"))
            .filter_map(|(labels, count)| Some((bound(labels)?, count as u64)))
            .collect();
        let sum = value(page, &format!("{NAME}_sum"))?;
        // A bound that stands on the pages of several servers has the turns of all.
        let buckets =
            buckets.into_iter().fold(Vec::new(), |mut all: Vec<(f64, u64)>, (bound, count)| {
                match all.iter_mut().find(|bucket| bucket.0 == bound) {
                    Some(bucket) => bucket.1 += count,
                    None => all.push((bound, count)),
                }
                all
            });
        let is_whole = buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1);
        (is_whole && !buckets.is_empty()).then_some(Turns { buckets, sum })
    }

    /// The turns since an earlier page of the same server.
    pub(crate) fn since(&self, earlier: &Turns) -> Turns {
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        Turns {
            buckets: pairs.map(|(now, then)| (now.0, now.1.saturating_sub(then.1))).collect(),
            sum: (self.sum - earlier.sum).max(0.0),
        }
    }

    /// How many turns there were.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.last().map_or(0, |&(_, count)| count)
    }

    /// The mean; zero if there were no turns.
    pub(crate) fn mean(&self) -> Duration {
        let mean = self.sum / self.count().max(1) as f64;
        Duration::try_from_secs_f64(mean).unwrap_or_default()
    }

    /// The time that this share of all turns did not exceed, rounded up to a bound; 1.0 is for the longest
    /// turn. `None` if there were no turns, or if the time is beyond the last bound.
    pub(crate) fn at_most(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        let rank = (count as f64 * share).ceil() as u64;
        let bucket = self.buckets.iter().find(|bucket| count > 0 && bucket.1 >= rank)?;
        Duration::try_from_secs_f64(bucket.0).ok()
    }
}

/// The samples of one name: their labels, and their value.
fn samples<'p>(page: &'p str, name: &str) -> impl Iterator<Item = (&'p str, f64)> {
    page.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_once('}')?,
            None => ("", rest),
        };
        let value = rest.strip_prefix(' ')?.split_whitespace().next()?;
        Some((labels, value.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_pages_the_later_one_has_counted_more_whatever_it_counts() {
        let page = "# TYPE a_total counter\na_total 3\nb_total{by=\"x y\"} 2.5\nc_totals 9\nd 7\n";
        assert_eq!(sum_of_counters(page), 5.5);
        assert_eq!(sum_of_counters(""), 0.0);
    }

    #[test]
    fn a_metric_is_found_by_its_whole_name_and_its_labels_are_added_up() {
        let page = "# HELP a_total What a is.\n# TYPE a_total counter\na_total 7\n\
                    a_total_more 100\nb_total{reason=\"x\"} 2\nb_total{reason=\"y z\"} 3 1700000000\n";
        assert_eq!(value(page, "a_total"), Some(7.0));
        assert_eq!(value(page, "b_total"), Some(5.0));
        assert_eq!(value(page, "a"), None);
    }

    #[test]
    fn a_process_says_what_it_uses_or_does_not() {
        let page = "process_cpu_seconds_total 1.25\nprocess_resident_memory_bytes 7.34e+06\n";
        let said = Process { cpu: Some(Duration::from_millis(1250)), rss: Some(7_340_000) };
        assert_eq!(Process::read(page), said);
        assert_eq!(Process::read("process_cpu_seconds_total NaN\n"), Process::default());
    }

    #[test]
    fn turns_between_two_pages_are_those_of_the_time_between() {
        let page = |counts: [u64; 3], sum: f64| {
            let [a, b, all] = counts;
            format!(
                "switchboard_turn_seconds_bucket{{le=\"0.001\"}} {a}\n\
                 switchboard_turn_seconds_bucket{{le=\"0.004\"}} {b}\n\
                 switchboard_turn_seconds_bucket{{le=\"+Inf\"}} {all}\n\
                 switchboard_turn_seconds_sum {sum}\nswitchboard_turn_seconds_count {all}\n"
            )
        };
        let read = |counts, sum| Turns::read(&page(counts, sum)).expect("a histogram");
        let turns = read([109, 110, 110], 0.035).since(&read([10, 10, 10], 0.005));
        assert_eq!((turns.count(), turns.mean()), (100, Duration::from_micros(300)));
        assert_eq!(turns.at_most(0.99), Some(Duration::from_millis(1)));
        assert_eq!(turns.at_most(1.0), Some(Duration::from_millis(4)));
        let endless = read([0, 0, 1], 9.0);
        assert_eq!(endless.at_most(1.0), None, "beyond the last bound");
        assert_eq!(endless.since(&endless).at_most(0.5), None, "no turn at all");
        assert_eq!(Turns::read("switchboard_turn_seconds_sum 1\n"), None);
        let both = Turns::read(&(page([10, 10, 10], 0.005) + &page([1, 5, 5], 0.01)));
        let both = both.expect("a histogram of two servers");
        assert_eq!((both.count(), both.mean()), (15, Duration::from_millis(1)));
        assert_eq!(both.at_most(0.7), Some(Duration::from_millis(1)));
    }

    #[test]
    fn limits_are_those_that_the_server_tells() {
        let page = "switchboard_limit{limit=\"strikes\"} 50\nswitchboard_limits_hit_total{limit=\"x\"} 1\n\
                    switchboard_limit{limit=\"ping_timeout\"} 60.5\nswitchboard_max_connections 9\n";
        let told = [("max_connections", 9.0), ("ping_timeout", 60.5), ("strikes", 50.0)];
        let told = told.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(limits(page), BTreeMap::from(told));
        let two =
            "switchboard_limit{limit=\"strikes\"} 50\nswitchboard_limit{limit=\"strikes\"} 7\n";
        assert_eq!(limits(two)["strikes"], 7.0);
        assert!(limits("up 1\n").is_empty());
    }

    #[test]
    fn the_version_is_where_the_server_tells_it_and_nowhere_else() {
        let page = "switchboard_build_info{version=\"0.3.1\"} 1\n";
        assert_eq!(version(page).as_deref(), Some("0.3.1"));
        assert_eq!(version("up 1\n"), None);
        assert_eq!(version_of_index(r#"{"version":"0.3.1"}"#).as_deref(), Some("0.3.1"));
        assert_eq!(version_of_index("<html>"), None);
    }
}
