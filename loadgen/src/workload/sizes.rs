//! [`Sizes`]: how long texts are.
//!
//! A message's size follows from its number and the seed alone. So the recipient knows how long the text
//! has to be, and a text that was cut off is noticed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::count;

/// How long texts are, in bytes of JSON between the quotes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Sizes {
    /// All texts have this size.
    Fixed(usize),
    /// Any size between these two, both included, equally likely.
    Between(usize, usize),
    /// Many short texts and a few long ones: an exponential distribution with this mean, up to the longest
    /// text that is allowed.
    About { mean: usize, most: usize },
}

impl Sizes {
    /// The shortest text: room for a stamp of four billion messages, a million phones and three days.
    pub(crate) const LEAST_BYTES: usize = 48;
    /// The longest text that SCA allows.
    pub(crate) const MOST_BYTES: usize = 16 * 1024;

    /// The size of one message's text.
    pub(crate) fn of(self, number: u64, seed: u64) -> usize {
        // Neighbouring numbers must not get neighbouring sizes.
        let random = || fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        match self {
            Sizes::Fixed(bytes) => bytes,
            Sizes::Between(least, most) => random().usize(least..=most),
            Sizes::About { mean, most } => {
                let spread = (mean - Sizes::LEAST_BYTES) as f64;
                let more = -(1.0 - random().f64()).ln() * spread;
                (Sizes::LEAST_BYTES + more as usize).min(most)
            }
        }
    }

    /// The mean, in bytes.
    pub(crate) const fn mean(self) -> usize {
        match self {
            Sizes::Fixed(bytes) | Sizes::About { mean: bytes, .. } => bytes,
            Sizes::Between(least, most) => usize::midpoint(least, most),
        }
    }

    /// The longest that a text can be.
    pub(super) const fn most(self) -> usize {
        match self {
            Sizes::Fixed(bytes) | Sizes::Between(_, bytes) => bytes,
            Sizes::About { most, .. } => most,
        }
    }

    /// The same sizes where no text may be longer than this; `None` if they cannot be.
    pub(crate) fn at_most(self, most: usize) -> Option<Self> {
        match self {
            Sizes::About { mean, .. } => (mean <= most).then_some(Sizes::About { mean, most }),
            Sizes::Fixed(bytes) | Sizes::Between(_, bytes) => (bytes <= most).then_some(self),
        }
    }
}

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = |text: &str| {
            let (least, most) = (Sizes::LEAST_BYTES, Sizes::MOST_BYTES);
            let bytes = count::parse(text).filter(|bytes| bytes.fract() == 0.0);
            let bytes = bytes.map(|bytes| bytes as usize).filter(|it| (least..=most).contains(it));
            bytes.ok_or_else(|| {
                format!("it must be from {least} to {most} bytes: 64, 48..2000 or ~200")
            })
        };
        if let Some(mean) = text.strip_prefix('~') {
            return size(mean).map(|mean| Sizes::About { mean, most: Sizes::MOST_BYTES });
        }
        match text.split_once("..") {
            None => size(text).map(Sizes::Fixed),
            Some((least, most)) => match (size(least)?, size(most)?) {
                (least, most) if least <= most => Ok(Sizes::Between(least, most)),
                _ => Err("the first number must be the smaller one".to_owned()),
            },
        }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sizes::Fixed(bytes) => write!(f, "{bytes}"),
            Sizes::Between(least, most) => write!(f, "{least}..{most}"),
            Sizes::About { mean, .. } => write!(f, "~{mean}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_their_distribution_and_are_the_same_every_time() {
        for text in ["64", "48..2000", "~200"] {
            let sizes: Sizes = text.parse().expect("valid");
            assert_eq!(sizes.to_string(), text);
            let all: Vec<_> = (0..10_000).map(|number| sizes.of(number, 1)).collect();
            assert_eq!(all, (0..10_000).map(|number| sizes.of(number, 1)).collect::<Vec<_>>());
            let mean = all.iter().sum::<usize>() / all.len();
            assert!(mean.abs_diff(sizes.mean()) <= sizes.mean() / 20, "{text}: {mean}");
            assert!(all.iter().all(|size| (Sizes::LEAST_BYTES..=sizes.most()).contains(size)));
        }
    }

    #[test]
    fn sizes_are_held_to_what_a_protocol_allows() {
        for (text, most, is_possible) in
            [("64", 64, true), ("65", 64, false), ("48..65", 64, false), ("~65", 64, false)]
        {
            let sizes: Sizes = text.parse().expect("valid");
            assert_eq!(sizes.at_most(most).is_some(), is_possible, "{text}");
        }
        let held = "~60".parse::<Sizes>().expect("valid").at_most(64).expect("60 is less");
        let all: Vec<_> = (0..1000).map(|number| held.of(number, 1)).collect();
        assert_eq!((all.iter().max(), held.most()), (Some(&64), 64));
    }

    #[test]
    fn a_size_that_cannot_be_is_refused() {
        for wrong in ["", "10", "100000", "2000..48", "48..", "~10", "48..64..80", "-64"] {
            assert!(wrong.parse::<Sizes>().is_err(), "{wrong}");
        }
    }
}
