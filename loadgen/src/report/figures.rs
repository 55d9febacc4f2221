//! The numbers that an expectation may name: [`Figures`] of an [`Outcome`].

use std::time::Duration;

use crate::expect::{Figures, Statistic};
use crate::record::{Breach, Fault, Measure, Outcome, Times};

impl Figures for Outcome {
    fn counter(&self, name: &str) -> Option<u64> {
        let (record, books, heard) = (&self.record, &self.record.books, &self.record.heard);
        Some(match name {
            "sent" => books.sent(),
            "delivered" => books.delivered(),
            "lost" => self.lost,
            "in_doubt" => self.in_doubt,
            "duplicated" => books.count(Fault::Duplicated),
            "misdelivered" => books.count(Fault::Misdelivered),
            "reordered" => books.count(Fault::Reordered),
            "misattributed" => books.count(Fault::Misattributed),
            "garbled" => books.count(Fault::Garbled),
            "late" => record.late_sends,
            "skipped" => record.skipped_sends,
            "undelivered" => heard.undelivered + books.given_back(),
            "errors" => heard.errors,
            "nonsense" => heard.nonsense,
            "planned" => self.planned,
            "ready" => record.connecting.total.count(),
            "peak" => self.peak,
            "disconnects" => {
                record.tallies.values().flat_map(|tally| tally.unexpected.values()).sum()
            }
            "stale_views" => record.stale_views,
            "unnoticed" => record.unnoticed,
            "too_early" => record.too_early,
            name => {
                let breach = Breach::ALL.into_iter().find(|breach| breach.word() == name)?;
                let messenger = record.messenger();
                messenger.map_or(0, |messenger| messenger.breaches.count(breach))
            }
        })
    }

    fn time(&self, measure: &str, is_corrected: bool, statistic: Statistic) -> Option<f64> {
        let record = &self.record;
        let both = |measure: &'_ Measure| match is_corrected {
            true => statistic_of(&measure.corrected, statistic),
            false => statistic_of(&measure.uncorrected, statistic),
        };
        let one = |times: &'_ Times| statistic_of(times, statistic);
        match measure {
            "connect" => both(&record.connecting.total),
            "connect.tcp" => one(&record.connecting.tcp),
            "connect.upgrade" => one(&record.connecting.upgrade),
            "connect.first_frame" => one(&record.connecting.first_frame),
            "delivery" => both(&record.delivery),
            "heartbeat" => both(&record.heartbeat),
            "convergence" => both(record.convergence()),
            "read" | "invitation" => {
                let Some(messenger) = record.messenger() else {
                    return (statistic == Statistic::Count).then_some(0.0);
                };
                if measure == "read" { both(&messenger.read) } else { one(&messenger.invitation) }
            }
            "notice" => both(&record.notice),
            "send_lag" => one(&record.send_lag),
            "loop_lag" => one(&record.loop_lag),
            _ => None,
        }
    }
}

fn statistic_of(times: &Times, statistic: Statistic) -> Option<f64> {
    let nanos = |time: Duration| time.as_nanos() as f64;
    if times.count() == 0 && statistic != Statistic::Count {
        return None;
    }
    Some(match statistic {
        Statistic::Quantile(share) => nanos(times.quantile(share)),
        Statistic::Min => nanos(times.min()),
        Statistic::Mean => nanos(times.mean()),
        Statistic::Max => nanos(times.max()),
        Statistic::Count => times.count() as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::{COUNTERS, MEASURES};

    #[test]
    fn every_name_that_is_promised_has_a_figure() {
        let outcome = Outcome::of_nothing();
        for name in COUNTERS {
            assert_eq!(outcome.counter(name), Some(0), "{name}");
        }
        for name in MEASURES {
            assert_eq!(outcome.time(name, true, Statistic::Count), Some(0.0), "{name}");
            assert_eq!(outcome.time(name, false, Statistic::Max), None, "{name}");
        }
    }
}
