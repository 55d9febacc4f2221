//! [`Stage`]: a piece of the plan, over which the numbers of phones and messages rise or fall in a straight
//! line.
//!
//! `--ramp`, `--clients`, `--duration` and `--rate` are two stages in a shorter spelling.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::parse_time;
use crate::count;

/// A piece of the plan.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Stage {
    /// How long it takes.
    pub(crate) time: Duration,
    /// Phones at its end.
    pub(crate) clients: u32,
    /// Messages a second at its beginning.
    pub(crate) rate_before: f64,
    /// Messages a second at its end.
    pub(crate) rate: f64,
}

impl Stage {
    /// A ramp without messages, and then a steady time with messages.
    pub(crate) fn ramp_and_hold(
        clients: u32,
        ramp: Duration,
        duration: Duration,
        rate: f64,
    ) -> Vec<Stage> {
        vec![
            Stage { time: ramp, clients, rate_before: 0.0, rate: 0.0 },
            Stage { time: duration, clients, rate_before: rate, rate },
        ]
    }

    /// The stages that these flags mean. `rate` holds in a stage that names none.
    pub(crate) fn from_flags(flags: &[StageFlag], rate: f64) -> Vec<Stage> {
        let mut before = 0.0;
        let stages = flags.iter().enumerate().map(|(place, flag)| {
            let (rate_before, rate) = match flag.rate {
                Some(rate) => (before, rate),
                // No phone writes while the first phones come.
                None if place == 0 => (0.0, 0.0),
                None => (rate, rate),
            };
            before = rate;
            Stage { time: flag.time, clients: flag.clients, rate_before, rate }
        });
        stages.collect()
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.rate_before == 0.0 && self.rate == 0.0
    }

    pub(super) fn messages(&self) -> f64 {
        (self.rate_before + self.rate) / 2.0 * self.time.as_secs_f64()
    }
}

/// A stage as it is written: `TIME:CLIENTS[:RATE]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StageFlag {
    time: Duration,
    pub(crate) clients: u32,
    pub(crate) rate: Option<f64>,
}

impl FromStr for StageFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it looks like 60s:5000 or 60s:5000:200 (TIME:CLIENTS[:RATE])".to_owned();
        let mut parts = text.splitn(3, ':');
        let time = parts.next().and_then(|time| parse_time(time).ok());
        let clients = parts.next().and_then(|clients| count::whole(clients, 0, u32::MAX).ok());
        let rate = parts.next().map(|rate| count::parse(rate).ok_or_else(wrong));
        let (time, clients) = (time.ok_or_else(wrong)?, clients.ok_or_else(wrong)?);
        Ok(StageFlag { time, clients, rate: rate.transpose()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_read_and_whatever_else_is_refused() {
        let stage: StageFlag = "60s:5000:2.5".parse().expect("valid");
        let time = Duration::from_secs(60);
        assert_eq!(stage, StageFlag { time, clients: 5000, rate: Some(2.5) });
        let stage: StageFlag = "1m:0".parse().expect("valid");
        assert_eq!(stage, StageFlag { time, clients: 0, rate: None });
        for wrong in
            ["", "60s", "60:5", "60s:-1", "60s:5:-1", "60s:5:x", "60s:5:1:1", "5000:60s", "366d:1"]
        {
            assert!(wrong.parse::<StageFlag>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_rate_nobody_writes_in_the_first_stage_and_the_usual_rate_holds_in_the_others() {
        let flags = ["1s:10", "1s:20", "1s:20:300", "1s:0:0"];
        let flags = flags.map(|flag| flag.parse().expect("valid"));
        let rates = |stage: &Stage| (stage.rate_before, stage.rate);
        let rates: Vec<_> = Stage::from_flags(&flags, 100.0).iter().map(rates).collect();
        assert_eq!(rates, [(0.0, 0.0), (100.0, 100.0), (100.0, 300.0), (300.0, 0.0)]);
    }
}
