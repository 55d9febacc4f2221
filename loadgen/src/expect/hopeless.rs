//! [`Expectation::is_hopeless`]: whether an expectation can no longer be met, whatever comes until the end of the
//! run. Then `--abort-on-fail` ends the run.
//!
//! Counts only grow, the longest time only gets longer, and the shortest one only shorter. A quantile or a mean is
//! decided as soon as even the most quick values that can still come would not save it. If it is not known how
//! many can still come, it is decided at the end.

use super::{Expectation, Figures, Name, Operator, Statistic};

/// Has the numbers of a run that is under way.
pub(crate) trait SoFar: Figures {
    /// How many values of a measure are not below this time, in nanoseconds.
    fn not_below(&self, measure: &str, is_corrected: bool, nanos: f64) -> u64;
    /// The most values of a measure that there can be in the end; `None` if that is not known.
    fn most(&self, measure: &str) -> Option<u64>;
}

/// Counters that are known only at the end: until then, what is missing may still arrive.
const KNOWN_LATE: [&str; 5] = ["lost", "in_doubt", "stale_views", "planned", "peak"];

impl Expectation {
    /// Whether it can no longer be met.
    pub(crate) fn is_hopeless(&self, so_far: &impl SoFar) -> bool {
        let Some(bound) = self.operator.bound() else { return false };
        let is_over = |found: f64| !bound.holds(found, self.value);
        match self.name {
            Name::Counter(name) if KNOWN_LATE.contains(&name) => false,
            Name::Counter(name) => {
                let count = so_far.counter(name);
                bound.is_upper() && count.is_some_and(|count| is_over(count as f64))
            }
            Name::Time { measure, is_corrected, statistic } => {
                let time = |statistic| so_far.time(measure, is_corrected, statistic);
                match (statistic, bound.is_upper()) {
                    (Statistic::Max | Statistic::Count, true) | (Statistic::Min, false) => {
                        time(statistic).is_some_and(is_over)
                    }
                    (Statistic::Mean, true) => {
                        let sum = time(Statistic::Mean).zip(time(Statistic::Count));
                        let most = so_far.most(measure);
                        sum.zip(most).is_some_and(|((mean, count), most)| {
                            is_over(mean * count / (most as f64).max(count).max(1.0))
                        })
                    }
                    (Statistic::Quantile(share), true) => {
                        let beyond = self.value + if bound.holds(1.0, 1.0) { 1.0 } else { 0.0 };
                        let slow = so_far.not_below(measure, is_corrected, beyond);
                        let may_be_slow = |most: u64| {
                            let most = most as f64;
                            most - (share * most).ceil()
                        };
                        so_far.most(measure).is_some_and(|most| slow as f64 > may_be_slow(most))
                    }
                    (Statistic::Max | Statistic::Count, false)
                    | (Statistic::Min, true)
                    | (Statistic::Mean | Statistic::Quantile(_), false) => false,
                }
            }
        }
    }
}

impl Operator {
    /// The bound that a value has to keep. A value that must be equal may not be more, for a start.
    fn bound(self) -> Option<Operator> {
        match self {
            Operator::Less | Operator::LessOrEqual => Some(self),
            Operator::Greater | Operator::GreaterOrEqual => Some(self),
            Operator::Equal => Some(Operator::LessOrEqual),
            Operator::NotEqual => None,
        }
    }

    fn is_upper(self) -> bool {
        match self {
            Operator::Less | Operator::LessOrEqual => true,
            Operator::Greater | Operator::GreaterOrEqual | Operator::Equal | Operator::NotEqual => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a thousand deliveries, a hundred have arrived: ninety after 1 ms and ten after 100 ms. Nothing is known
    /// of other measures. Three messages were duplicated.
    struct Fake;

    impl Figures for Fake {
        fn counter(&self, _: &str) -> Option<u64> {
            Some(3)
        }

        fn time(&self, measure: &str, _: bool, statistic: Statistic) -> Option<f64> {
            let time = match statistic {
                Statistic::Count => 100.0,
                Statistic::Min => 1e6,
                Statistic::Max => 100e6,
                Statistic::Mean => 10.9e6,
                Statistic::Quantile(share) => {
                    if share <= 0.9 {
                        1e6
                    } else {
                        100e6
                    }
                }
            };
            (measure == "delivery").then_some(time)
        }
    }

    impl SoFar for Fake {
        fn not_below(&self, measure: &str, _: bool, nanos: f64) -> u64 {
            match (measure, nanos) {
                ("delivery", nanos) if nanos <= 1e6 => 100,
                ("delivery", nanos) if nanos <= 100e6 => 10,
                _ => 0,
            }
        }

        fn most(&self, measure: &str) -> Option<u64> {
            (measure == "delivery").then_some(1000)
        }
    }

    #[test]
    fn what_can_still_be_met_is_waited_for_and_what_cannot_is_not() {
        for (text, is_hopeless) in [
            ("duplicated==0", true),
            ("duplicated<3", true),
            ("duplicated<=3", false),
            ("duplicated==4", false),
            ("duplicated!=3", false),
            ("duplicated>5", false),
            // What is missing may still arrive.
            ("lost==0", false),
            ("delivery.max<50ms", true),
            ("delivery.max<101ms", false),
            ("delivery.min>2ms", true),
            ("delivery.min<1us", false),
            ("delivery.count<=99", true),
            ("delivery.count>=1000", false),
            // Ten of a thousand may be slow, and ten are; nine may not.
            ("delivery.p99<50ms", false),
            ("delivery.p99.1<50ms", true),
            ("delivery.p99.1<=100ms", false),
            ("delivery.p99.1<100ms", true),
            ("delivery.p50<1ms", false),
            // A hundred have taken 1.09 s in all: a thousand take 1.09 ms or more, on average.
            ("delivery.mean<1ms", true),
            ("delivery.mean<1.1ms", false),
            ("heartbeat.max<1ns", false),
        ] {
            let expectation: Expectation = text.parse().expect(text);
            assert_eq!(expectation.is_hopeless(&Fake), is_hopeless, "{text}");
        }
    }
}
