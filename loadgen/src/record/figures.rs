//! The numbers that an expectation may name: those of a run that is over, an [`Outcome`], and those of one that is
//! [`Running`].

use std::time::Duration;

use super::{Breach, Fault, Lapse, Measure, Outcome, Record, Times, Way};
use crate::expect::{Figures, MEASURES, SoFar, Statistic};

/// A run that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running<'a> {
    /// What has happened so far.
    pub(crate) record: &'a Record,
    /// The most messages that are sent in the open model; `None` in the closed one.
    pub(crate) messages: Option<u64>,
    /// The most phones to which one message is delivered.
    pub(crate) receivers: u64,
    /// The most connections that are made; `None` if phones come back.
    pub(crate) connections: Option<u64>,
}

impl Figures for Running<'_> {
    fn counter(&self, name: &str) -> Option<u64> {
        self.record.counter(name)
    }

    fn time(&self, measure: &str, is_corrected: bool, statistic: Statistic) -> Option<f64> {
        let times = self.record.times(measure, is_corrected)?;
        statistic_of(times, statistic)
    }
}

impl SoFar for Running<'_> {
    fn not_below(&self, measure: &str, is_corrected: bool, nanos: f64) -> u64 {
        let times = self.record.times(measure, is_corrected);
        times.map_or(0, |times| times.not_below(Duration::from_nanos(nanos.max(0.0) as u64)))
    }

    fn most(&self, measure: &str) -> Option<u64> {
        match measure {
            "delivery" | "delivery.within" | "delivery.across" => {
                self.messages.map(|messages| messages * self.receivers)
            }
            "ack" | "send_lag" => self.messages,
            "connect"
            | "connect.tcp"
            | "connect.tls"
            | "connect.upgrade"
            | "connect.first_frame" => self.connections,
            _ => None,
        }
    }
}

impl Figures for Outcome {
    fn counter(&self, name: &str) -> Option<u64> {
        match name {
            "lost" => Some(self.lost),
            "in_doubt" => Some(self.in_doubt),
            "planned" => Some(self.planned),
            "peak" => Some(self.peak),
            name => self.record.counter(name),
        }
    }

    fn time(&self, measure: &str, is_corrected: bool, statistic: Statistic) -> Option<f64> {
        match self.record.times(measure, is_corrected) {
            Some(times) => statistic_of(times, statistic),
            // What happens only among sessions, or on several servers, has not happened.
            None => {
                let is_known = MEASURES.contains(&measure) && statistic == Statistic::Count;
                is_known.then_some(0.0)
            }
        }
    }
}

impl Record {
    /// What has gone wrong so far, by the names that expectations have for it.
    pub(crate) fn errors(&self) -> Vec<(&'static str, u64)> {
        /// Those of all protocols.
        const EVERYWHERE: [&str; 12] = [
            "duplicated",
            "misdelivered",
            "reordered",
            "misattributed",
            "garbled",
            "errors",
            "nonsense",
            "disconnects",
            "listed_twice",
            "unanswered",
            "unnoticed",
            "too_early",
        ];
        let lapses = Lapse::ALL.into_iter().filter(|_| self.accounts().is_some()).map(Lapse::word);
        let breaches =
            Breach::ALL.into_iter().filter(|_| self.messenger().is_some()).map(Breach::word);
        let all = EVERYWHERE.into_iter().chain(lapses).chain(breaches);
        all.map(|name| (name, self.counter(name).unwrap_or(0))).collect()
    }

    /// Messages that the server has given back to their senders: their recipient was not there.
    pub(crate) fn undelivered(&self) -> u64 {
        self.heard.undelivered + self.books.given_back()
    }

    /// A counter, if it is known before the end.
    fn counter(&self, name: &str) -> Option<u64> {
        let (books, heard) = (&self.books, &self.heard);
        Some(match name {
            "sent" => books.sent(),
            "delivered" => books.delivered(),
            "duplicated" => books.count(Fault::Duplicated),
            "misdelivered" => books.count(Fault::Misdelivered),
            "reordered" => books.count(Fault::Reordered),
            "misattributed" => books.count(Fault::Misattributed),
            "garbled" => books.count(Fault::Garbled),
            "late" => self.late_sends,
            "skipped" => self.skipped_sends,
            "undelivered" => self.undelivered(),
            "errors" => heard.errors,
            "nonsense" => heard.nonsense,
            "listed_twice" => heard.listed_twice,
            "unanswered" => heard.unanswered,
            "ready" => self.connecting.total.count(),
            "disconnects" => {
                self.tallies.values().flat_map(|tally| tally.unexpected.values()).sum()
            }
            "stale_views" => self.stale_views,
            "unnoticed" => self.unnoticed,
            "acknowledged" => self.accounts().map_or(0, |accounts| accounts.counts.acknowledged),
            "deliveries" => self.accounts().map_or(0, |accounts| accounts.counts.deliveries),
            "too_early" => self.too_early,
            name => {
                let lapse = Lapse::ALL.into_iter().find(|lapse| lapse.word() == name);
                let breach = Breach::ALL.into_iter().find(|breach| breach.word() == name);
                // Some names mean something in both realms.
                let lapses = lapse.zip(self.accounts()).map(|(one, all)| all.lapses.count(one));
                let breaches =
                    breach.zip(self.messenger()).map(|(one, all)| all.breaches.count(one));
                let is_known = lapse.is_some() || breach.is_some();
                return lapses.or(breaches).or(is_known.then_some(0));
            }
        })
    }

    /// The times of deliveries on one way. On one server all are within.
    fn delivery_on(&self, way: Way) -> Option<&Times> {
        match (&self.delivery_by_way, way) {
            (Some(by_way), way) => Some(&by_way[way as usize]),
            (None, Way::Within) => Some(&self.delivery.corrected),
            (None, Way::Across) => None,
        }
    }

    /// The times of a measure; `None` if it is one of sessions, and there are none.
    fn times(&self, measure: &str, is_corrected: bool) -> Option<&Times> {
        let both = |measure| of(measure, is_corrected);
        Some(match measure {
            "connect" => both(&self.connecting.total),
            "connect.tcp" => &self.connecting.tcp,
            "connect.tls" => &self.connecting.tls,
            "connect.upgrade" => &self.connecting.upgrade,
            "connect.first_frame" => &self.connecting.first_frame,
            "delivery" => both(&self.delivery),
            "delivery.within" => self.delivery_on(Way::Within)?,
            "delivery.across" => self.delivery_on(Way::Across)?,
            "heartbeat" => both(&self.heartbeat),
            "convergence" => both(self.convergence()),
            "read" => both(&self.messenger()?.read),
            "invitation" => &self.messenger()?.invitation,
            "ack" => both(&self.accounts()?.acknowledgement),
            "history" => both(&self.accounts()?.history),
            "notice" => both(&self.notice),
            "send_lag" => &self.send_lag,
            "loop_lag" => &self.loop_lag,
            _ => return None,
        })
    }
}

fn of(measure: &Measure, is_corrected: bool) -> &Times {
    if is_corrected { &measure.corrected } else { &measure.uncorrected }
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
    use crate::expect::COUNTERS;

    #[test]
    fn a_message_to_everyone_may_be_delivered_as_often_as_there_are_phones() {
        let mut record = Record::of_numbers(2);
        // Of 10 messages to 20 phones, 2 deliveries were slow: that is not more than one in a hundred.
        record.delivery.corrected.add_many(Duration::from_secs(1), 2);
        let expectation: crate::expect::Expectation = "delivery.p99<50ms".parse().expect("valid");
        let hopeless = |record: &Record, receivers| {
            let running = Running { record, messages: Some(10), receivers, connections: Some(20) };
            expectation.is_hopeless(&running)
        };
        assert!(hopeless(&record, 1) && !hopeless(&record, 20));
        record.delivery.corrected.add(Duration::from_secs(1));
        assert!(hopeless(&record, 20), "three of two hundred are more than one in a hundred");
        let connect: crate::expect::Expectation = "connect.p50<=50ms".parse().expect("valid");
        record.connecting.total.corrected.add_many(Duration::from_secs(1), 11);
        let connections =
            |connections| Running { record: &record, messages: None, receivers: 1, connections };
        assert!(connect.is_hopeless(&connections(Some(20))));
        assert!(
            !connect.is_hopeless(&connections(Some(22)))
                && !connect.is_hopeless(&connections(None))
        );
    }

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
        let wrongs = Lapse::ALL.map(Lapse::word).into_iter().chain(Breach::ALL.map(Breach::word));
        wrongs.for_each(|name| assert!(COUNTERS.contains(&name), "{name} cannot be expected"));
    }
}
