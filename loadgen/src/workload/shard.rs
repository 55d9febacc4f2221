//! [`Shard`]: the part of a plan that one process plays, if several share it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::phone_id::PhoneId;

/// One of several processes that share the phones of a plan, in turn. So each has as many phones as the others,
/// or one more, and as large a part of every persona and of every second of the ramp.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Shard {
    /// Which one, from 1.
    pub(crate) number: u32,
    /// How many there are.
    pub(crate) of: u32,
}

impl Shard {
    /// The most shards of a plan.
    pub(crate) const MOST: u32 = 64;
    /// How far the clocks of two processes may be apart.
    pub(crate) const APART: Duration = Duration::from_millis(500);

    /// The number of the shard that plays a phone.
    pub(crate) const fn of_phone(self, phone: PhoneId) -> u32 {
        phone.0 % self.of + 1
    }

    /// Whether this shard plays a phone.
    pub(crate) const fn has(self, phone: PhoneId) -> bool {
        self.of_phone(phone) == self.number
    }

    /// How many of this many phones it plays.
    pub(crate) const fn phones(self, all: u32) -> u32 {
        (all + self.of - self.number) / self.of
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let most = Shard::MOST;
        let wrong = || format!("it looks like 1/4: the first of four, and there can be {most}");
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let read = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        let (number, of) = (read(number)?, read(of)?);
        match (1..=of).contains(&number) && of <= most {
            true => Ok(Shard { number, of }),
            false => Err(wrong()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phone_is_played_by_one_shard_and_no_shard_has_two_more_than_another() {
        for (all, of) in [(1, 1), (10, 3), (1000, 7), (64, 64), (3, 5)] {
            let shards: Vec<_> = (1..=of).map(|number| Shard { number, of }).collect();
            let phones = || (0..all).map(PhoneId);
            for phone in phones() {
                assert_eq!(shards.iter().filter(|shard| shard.has(phone)).count(), 1);
            }
            for shard in &shards {
                let count = phones().filter(|&phone| shard.has(phone)).count();
                assert_eq!(count, shard.phones(all) as usize, "{shard} of {all}");
                assert!(count.abs_diff((all / of) as usize) <= 1);
            }
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        assert_eq!("3/4".parse(), Ok(Shard { number: 3, of: 4 }));
        for text in ["", "1", "0/4", "5/4", "1/0", "1/65", "-1/4", "1/4/4", "a/b"] {
            let error = text.parse::<Shard>().expect_err(text);
            assert!(error.starts_with("it looks like 1/4"), "{error}");
        }
    }
}
