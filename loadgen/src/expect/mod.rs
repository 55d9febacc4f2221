//! [`Expectation`]: what a run must come to, so that a CI job can fail on it.
//!
//! ```text
//! EXPR    = NAME OP VALUE             delivery.p99 < 50ms      lost == 0
//! NAME    = COUNTER | MEASURE "." [ "uncorrected." ] STAT
//! STAT    = "p" PERCENT | min | mean | max | count             p50, p99.9 (or p999)
//! OP      = < | <= | > | >= | == | !=
//! VALUE   = NUMBER [ UNIT ]           ns us µs ms s m h for times, none for counts
//! ```
//!
//! Knows names and no numbers: those come from the record, which is asked for them as [`Figures`].

mod hopeless;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::count;
use crate::near::nearest;

pub(crate) use hopeless::SoFar;

/// What `--help` says of it.
pub(crate) const HELP: &str = "What must hold, or the exit code is 3; may be given several times

NAME OP VALUE, such as 'delivery.p99<50ms' or 'lost==0'. OP is one of < <= > >= == !=.
A time has a unit (ns, us, ms, s, m, h), a count has none.
NAME is a measure with a statistic: delivery.p99, connect.max, heartbeat.uncorrected.p99.9.
  measures: connect, connect.tcp, connect.tls, connect.upgrade, connect.first_frame, delivery,
            heartbeat, convergence, notice, send_lag, loop_lag; of sessions also read, invitation;
            of users ack, history; of several servers delivery.within, delivery.across
  statistics: p0 to p100, min, mean, max, count; of nothing, only count holds
or a counter: sent, delivered, lost, in_doubt, duplicated, misdelivered, reordered, misattributed,
  garbled, late, skipped, undelivered, errors, nonsense, planned, ready, peak, disconnects,
  stale_views, listed_twice, unanswered, unnoticed, too_early; of sessions also copies_lost,
  mirrors_lost, mirrors_twice, mirrors_wrong, statuses_lost, statuses_twice, statuses_out_of_order, statuses_uncalled,
  wrongly_undelivered, invitations_lost, invitations_wrong, answers_lost, answers_wrong,
  typing_lost, typing_uncalled, strangers_shown; of users also acknowledged, deliveries,
  deliveries_lost, notices_lost, unacknowledged, histories_wrong, misplaced, ids_wrong,
  identities_wrong, replies_wrong, unread_wrong, resets_lost, resets_uncalled, deliveries_denied,
  online_wrong, typing_lost, typing_misdelivered, typing_uncalled, unlisted, stored.missing,
  stored.twice, stored.out_of_order, stored.wrong, stored.replies_wrong, stored.unread";

/// What must hold.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Expectation {
    /// The text, as it was written.
    text: String,
    name: Name,
    operator: Operator,
    /// A number of things; or a time in nanoseconds.
    value: f64,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Name {
    Counter(&'static str),
    Time { measure: &'static str, is_corrected: bool, statistic: Statistic },
}

/// The statistic of a measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Statistic {
    /// The time that this share of all did not exceed, such as 0.99 for p99.
    Quantile(f64),
    Min,
    Mean,
    Max,
    Count,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// Has the numbers that names stand for.
pub(crate) trait Figures {
    /// A counter.
    fn counter(&self, name: &str) -> Option<u64>;
    /// A statistic of a measure, with times in nanoseconds. `None` if there was nothing to measure.
    fn time(&self, measure: &str, is_corrected: bool, statistic: Statistic) -> Option<f64>;
}

/// All measures. They are durations.
pub(crate) const MEASURES: [&str; 17] = [
    "connect",
    "connect.tcp",
    "connect.tls",
    "connect.upgrade",
    "connect.first_frame",
    "delivery",
    "delivery.within",
    "delivery.across",
    "heartbeat",
    "convergence",
    "notice",
    "read",
    "invitation",
    "ack",
    "history",
    "send_lag",
    "loop_lag",
];

/// All counters.
pub(crate) const COUNTERS: [&str; 62] = [
    "sent",
    "delivered",
    "lost",
    "in_doubt",
    "duplicated",
    "misdelivered",
    "reordered",
    "misattributed",
    "garbled",
    "late",
    "skipped",
    "undelivered",
    "errors",
    "nonsense",
    "planned",
    "ready",
    "peak",
    "disconnects",
    "stale_views",
    "listed_twice",
    "unanswered",
    "unnoticed",
    "too_early",
    "copies_lost",
    "mirrors_lost",
    "mirrors_twice",
    "mirrors_wrong",
    "statuses_lost",
    "statuses_twice",
    "statuses_out_of_order",
    "statuses_uncalled",
    "wrongly_undelivered",
    "invitations_lost",
    "invitations_wrong",
    "answers_lost",
    "answers_wrong",
    "typing_lost",
    "typing_uncalled",
    "strangers_shown",
    "acknowledged",
    "deliveries",
    "deliveries_lost",
    "notices_lost",
    "unacknowledged",
    "histories_wrong",
    "misplaced",
    "ids_wrong",
    "identities_wrong",
    "replies_wrong",
    "unread_wrong",
    "resets_lost",
    "resets_uncalled",
    "deliveries_denied",
    "online_wrong",
    "typing_misdelivered",
    "unlisted",
    "stored.missing",
    "stored.twice",
    "stored.out_of_order",
    "stored.wrong",
    "stored.replies_wrong",
    "stored.unread",
];

impl Expectation {
    /// Whether it holds.
    ///
    /// # Errors
    ///
    /// One line that says what was found instead.
    pub(crate) fn check(&self, figures: &impl Figures) -> Result<(), String> {
        let found = match self.name {
            Name::Counter(name) => figures.counter(name).map(|count| count as f64),
            Name::Time { measure, is_corrected, statistic } => {
                figures.time(measure, is_corrected, statistic)
            }
        };
        match found {
            None => Err(format!("{}: there was nothing to measure", self.text)),
            Some(found) if self.operator.holds(found, self.value) => Ok(()),
            Some(found) if self.name.is_time() => {
                Err(format!("{}: it is {}", self.text, Millis(found)))
            }
            Some(found) => Err(format!("{}: it is {found}", self.text)),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Expectation> for String {
    fn from(expectation: Expectation) -> String {
        expectation.text
    }
}

impl TryFrom<String> for Expectation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['<', '>', '=', '!']).ok_or("it looks like 'delivery.p99<50ms'")?;
        let (name, rest) = text.split_at(at);
        let (operator, value) = Operator::split(rest).ok_or("compare with < <= > >= == or !=")?;
        let name = Name::parse(name.trim())?;
        let value = match name.is_time() {
            true => time(value.trim())?,
            false => number(value.trim())?,
        };
        Ok(Expectation { text: text.trim().to_owned(), name, operator, value })
    }
}

impl Name {
    fn parse(name: &str) -> Result<Self, String> {
        if let Some(name) = COUNTERS.into_iter().find(|&counter| counter == name) {
            return Ok(Name::Counter(name));
        }
        let found = name.rsplit_once('.').and_then(|(measure, statistic)| {
            // In p99.9 the last dot is not the one before the statistic.
            match measure.rsplit_once('.') {
                Some((measure, whole)) if statistic.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Some((measure, Statistic::parse(&format!("{whole}.{statistic}"))?))
                }
                _ => Some((measure, Statistic::parse(statistic)?)),
            }
        });
        let time = found.and_then(|(measure, statistic)| {
            let (measure, is_corrected) = match measure.strip_suffix(".uncorrected") {
                Some(measure) => (measure, false),
                None => (measure, true),
            };
            let measure = MEASURES.into_iter().find(|&one| one == measure)?;
            Some(Name::Time { measure, is_corrected, statistic })
        });
        time.ok_or_else(|| unknown(name))
    }

    fn is_time(self) -> bool {
        match self {
            Name::Counter(_) | Name::Time { statistic: Statistic::Count, .. } => false,
            Name::Time { .. } => true,
        }
    }
}

impl Statistic {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "min" => Statistic::Min,
            "mean" => Statistic::Mean,
            "max" => Statistic::Max,
            "count" => Statistic::Count,
            percentile => {
                let digits = percentile.strip_prefix('p')?;
                let is_number = !digits.is_empty()
                    && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                // p999 means p99.9, as usual.
                let digits = match digits.strip_prefix("99") {
                    Some(rest) if !rest.starts_with('.') => format!("99.{rest}0"),
                    Some(_) | None => digits.to_owned(),
                };
                let percent = digits.parse::<f64>().ok().filter(|_| is_number)?;
                (0.0..=100.0).contains(&percent).then_some(Statistic::Quantile(percent / 100.0))?
            }
        })
    }
}

impl Operator {
    fn split(text: &str) -> Option<(Operator, &str)> {
        // The longer signs first, since the shorter ones are how they begin.
        let all = [
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        all.into_iter().find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
    }

    fn holds(self, found: f64, value: f64) -> bool {
        match self {
            Operator::Less => found < value,
            Operator::LessOrEqual => found <= value,
            Operator::Greater => found > value,
            Operator::GreaterOrEqual => found >= value,
            Operator::Equal => found == value,
            Operator::NotEqual => found != value,
        }
    }
}

fn unknown(name: &str) -> String {
    let first = name.split('.').next().unwrap_or_default();
    let all = || MEASURES.iter().chain(&COUNTERS).copied();
    let near = nearest(name, all()).or_else(|| nearest(first, all()));
    // A name that is right but for its statistic needs the list.
    if let Some(near) = near.filter(|&near| near != first) {
        return format!("there is no `{name}`: did you mean {near}?");
    }
    let (measures, counters) = (MEASURES.join(", "), COUNTERS.join(", "));
    format!(
        "there is no `{name}`; there are the counters {counters}; and, with .p50 .p99 .p99.9 .min \
         .mean .max .count and perhaps .uncorrected before that, the measures {measures}"
    )
}

fn number(text: &str) -> Result<f64, String> {
    let wrong =
        || format!("`{text}` is no number, and a count has no unit: it looks like 500 or 10k");
    count::parse(text).ok_or_else(wrong)
}

/// A time in nanoseconds.
fn time(text: &str) -> Result<f64, String> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("min", 60e9),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
    ];
    if text.parse() == Ok(0.0) {
        return Ok(0.0);
    }
    let found = UNITS.into_iter().find_map(|(unit, nanos)| {
        let number = text.strip_suffix(unit)?.trim().parse::<f64>().ok()?;
        number.is_finite().then_some(number * nanos)
    });
    found.ok_or_else(|| format!("`{text}` is no time: it looks like 50ms or 1.5s"))
}

/// A time in milliseconds, as people read it.
struct Millis(f64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Duration::from_nanos(self.0 as u64);
        write!(f, "{:.3} ms", time.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Delivery took 1 to 100 ms, three messages were lost, and no phone fell silent.
    struct Fake;

    impl Figures for Fake {
        fn counter(&self, name: &str) -> Option<u64> {
            Some(if name == "lost" { 3 } else { 0 })
        }

        fn time(&self, measure: &str, is_corrected: bool, statistic: Statistic) -> Option<f64> {
            if measure != "delivery" {
                return (statistic == Statistic::Count).then_some(0.0);
            }
            let factor = if is_corrected { 1e6 } else { 0.5e6 };
            Some(match statistic {
                Statistic::Quantile(share) => share * 100.0 * factor,
                Statistic::Min => factor,
                Statistic::Mean => 50.0 * factor,
                Statistic::Max => 100.0 * factor,
                Statistic::Count => 100.0,
            })
        }
    }

    fn holds(text: &str) -> bool {
        text.parse::<Expectation>().expect(text).check(&Fake).is_ok()
    }

    #[test]
    fn what_is_expected_is_compared_with_what_is_found() {
        for text in [
            "lost==3",
            "lost != 0",
            "lost <= 3",
            "duplicated==0",
            "delivery.p99<0.1s",
            "delivery.p99 <= 99ms",
            "delivery.p99.9<100ms",
            "delivery.p999>99.8ms",
            "delivery.uncorrected.p99<50ms",
            "delivery.uncorrected.p99.9<50ms",
            "delivery.max==100ms",
            "delivery.min>=1000us",
            "delivery.mean<51000000ns",
            "delivery.count==100",
            "notice.count==0",
            "delivery.p50>0",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in ["lost==0", "lost<3", "delivery.p99<50ms", "delivery.p100<1m", "notice.p50<9s"]
        {
            assert_eq!(holds(text), text.ends_with("1m"), "{text}");
        }
    }

    #[test]
    fn one_line_says_what_was_found_instead() {
        let check = |text: &str| text.parse::<Expectation>().expect(text).check(&Fake);
        assert_eq!(check("lost==0"), Err("lost==0: it is 3".to_owned()));
        let line = "delivery.p99<50ms: it is 99.000 ms".to_owned();
        assert_eq!(check("delivery.p99<50ms"), Err(line));
        let line = "notice.max<90s: there was nothing to measure".to_owned();
        assert_eq!(check("notice.max<90s"), Err(line));
    }

    #[test]
    fn what_is_unknown_is_refused_with_what_is_known() {
        for wrong in ["lag<5ms", "delivery<5ms", "delivery.p<5ms", "delivery.p101<5ms", "x.p99<5ms"]
        {
            let line = wrong.parse::<Expectation>().expect_err(wrong);
            assert!(line.contains("stale_views") && line.contains("convergence"), "{line}");
        }
        for wrong in
            ["", "lost", "lost=3", "lost==", "lost==3ms", "delivery.p99<50", "delivery.p99<ms"]
        {
            assert!(wrong.parse::<Expectation>().is_err(), "{wrong}");
        }
    }
}
