//! What: who writes to whom, what the text is, when each phone's heartbeat falls.
//!
//! Every choice comes from the seed: pairs in the order of the plan, and what belongs to one phone from
//! the seed and that phone alone, since nobody knows in which order phones get through. Knows neither
//! sockets nor the time. Called by `net`, and by the report for the words of the plan.

mod numbers;
mod stamp;

pub(crate) use numbers::Numbers;
pub(crate) use stamp::{Stamp, Texts};

use std::time::Duration;

use crate::phone_id::PhoneId;

/// What phones do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Settings {
    /// Size of a text, in bytes of JSON between its quotes.
    pub(crate) text_bytes: usize,
    /// How the phones want to be told who is online.
    pub(crate) presence: Presence,
    /// Time between two pings of one phone.
    pub(crate) heartbeat: Option<Duration>,
    /// Time between two requests for the list; the first follows the first frame.
    pub(crate) refresh: Option<Duration>,
}

/// How a phone wants to be told who is online.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Presence {
    /// Whole lists, as the original app: the only mode that every SCA server has.
    Full,
    /// A list, and then what has changed.
    Delta,
    /// Not at all.
    None,
}

impl Presence {
    /// The word for it, on the wire and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Presence::Full => "full",
            Presence::Delta => "delta",
            Presence::None => "none",
        }
    }

    /// What is appended to the address. The original app knows no modes, and appends nothing.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Presence::Full => "",
            Presence::Delta => "?presence=delta",
            Presence::None => "?presence=none",
        }
    }
}

/// Chooses who writes to whom.
#[derive(Debug)]
pub(crate) struct Pairs {
    random: fastrand::Rng,
    clients: u32,
}

impl Pairs {
    /// For this many phones.
    pub(crate) fn new(clients: u32, seed: u64) -> Self {
        // Not the generator of the schedule: the two must not draw from one sequence.
        Pairs { random: fastrand::Rng::with_seed(!seed), clients }
    }

    /// A sender and a recipient, two different phones that are ready.
    ///
    /// `None`: no two phones are. While all are, the choice depends on nothing but the seed.
    pub(crate) fn next(
        &mut self,
        is_ready: impl Fn(PhoneId) -> bool,
    ) -> Option<(PhoneId, PhoneId)> {
        let sender = self.choose(&is_ready)?;
        let recipient = self.choose(|phone| phone != sender && is_ready(phone))?;
        Some((sender, recipient))
    }

    fn choose(&mut self, fits: impl Fn(PhoneId) -> bool) -> Option<PhoneId> {
        /// Draws in vain before the phones are looked at one by one.
        const DRAWS: u32 = 32;
        let mut phone = 0;
        for _ in 0..DRAWS {
            phone = self.random.u32(0..self.clients);
            if fits(PhoneId(phone)) {
                return Some(PhoneId(phone));
            }
        }
        (phone..self.clients).chain(0..phone).map(PhoneId).find(|&phone| fits(phone))
    }
}

/// How long after its first frame a phone's first heartbeat falls: within one interval, so that phones
/// which connect together do not ping together.
pub(crate) fn heartbeat_phase(phone: PhoneId, interval: Duration, seed: u64) -> Duration {
    let mut random = fastrand::Rng::with_seed(seed ^ u64::from(phone.0) << 32);
    interval.mul_f64(random.f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(seed: u64, count: usize) -> Vec<Option<(PhoneId, PhoneId)>> {
        let mut pairs = Pairs::new(10, seed);
        (0..count).map(|_| pairs.next(|_| true)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_pairs_and_another_one_others() {
        assert_eq!(pairs(1, 100), pairs(1, 100));
        assert_ne!(pairs(1, 100), pairs(2, 100));
    }

    #[test]
    fn nobody_writes_to_himself_and_everybody_gets_a_turn() {
        let pairs: Vec<_> = pairs(1, 1000).into_iter().flatten().collect();
        assert_eq!(pairs.len(), 1000);
        assert!(pairs.iter().all(|(sender, recipient)| sender != recipient));
        for phone in (0..10).map(PhoneId) {
            assert!(pairs.iter().any(|&(sender, _)| sender == phone));
            assert!(pairs.iter().any(|&(_, recipient)| recipient == phone));
        }
    }

    #[test]
    fn only_phones_that_are_ready_are_chosen_even_if_they_are_few() {
        let mut pairs = Pairs::new(10_000, 1);
        let few = [PhoneId(3), PhoneId(9_999)];
        let (sender, recipient) = pairs.next(|phone| few.contains(&phone)).expect("two are ready");
        assert!(few.contains(&sender) && few.contains(&recipient) && sender != recipient);
        assert_eq!(pairs.next(|phone| phone == few[0]), None);
        assert_eq!(pairs.next(|_| false), None);
    }

    #[test]
    fn heartbeats_are_spread_over_their_interval() {
        let interval = Duration::from_secs(20);
        let phase = |phone| heartbeat_phase(PhoneId(phone), interval, 1);
        assert_eq!(phase(5), phase(5));
        let early = (0..1000).filter(|&phone| phase(phone) < interval / 2).count();
        assert!((400..600).contains(&early), "{early} of 1000 in the first half");
        assert!((0..1000).all(|phone| phase(phone) <= interval));
    }
}
