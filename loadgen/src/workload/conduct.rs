//! [`Conduct`]: how the less ordinary personas behave, in numbers.
//!
//! What belongs to one phone comes from the seed, that phone and its connection alone: the order in which
//! phones get through is different in each run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::phone_id::PhoneId;

/// How the less ordinary personas behave.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Conduct {
    /// The mean time for which a flapper stays, and the mean time for which it is away.
    pub(crate) flap_up: Duration,
    pub(crate) flap_down: Duration,
    /// Bytes a second that a slow reader reads.
    pub(crate) slow_bytes: u32,
    /// The most pings a second that a flooding phone sends.
    pub(crate) flood_rate: u32,
}

/// How long a hostile phone waits before it comes again, once its connection has ended.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);
/// How long a quota hog is away between two visits. So it makes at most two visits a second.
pub(crate) const HOG_PAUSE: Duration = Duration::from_millis(500);
/// How long a quota hog stays after its invitations, so that the server can read them.
pub(crate) const HOG_STAY: Duration = Duration::from_millis(50);
/// How many invitations a quota hog sends in one visit.
pub(crate) const HOG_INVITATIONS: u32 = 100;
/// The time between two bytes of a drip.
pub(crate) const DRIP: Duration = Duration::from_secs(1);
/// The time between two pieces of garbage.
pub(crate) const GARBAGE: Duration = Duration::from_millis(200);

/// Random numbers of one phone: the same for the same seed, phone and purpose.
fn random(phone: PhoneId, seed: u64, purpose: u64) -> fastrand::Rng {
    let own = u64::from(phone.0) << 32 ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    fastrand::Rng::with_seed(seed ^ own)
}

/// How long after its first frame a phone's first heartbeat is due: within one interval, at random. So
/// phones which connect together do not ping together.
pub(crate) fn heartbeat_phase(phone: PhoneId, interval: Duration, seed: u64) -> Duration {
    interval.mul_f64(random(phone, seed, 0).f64())
}

/// A random time with an exponential distribution and this mean, for a phone's n-th connection or for its
/// absence after that.
pub(crate) fn flap(
    phone: PhoneId,
    generation: u32,
    mean: Duration,
    is_up: bool,
    seed: u64,
) -> Duration {
    let purpose = 2 + u64::from(generation) * 2 + u64::from(is_up);
    mean.mul_f64(-(1.0 - random(phone, seed, purpose).f64()).ln())
}

/// How long a phone waits before it tries to connect again: half to one and a half of the mean.
pub(crate) fn backoff(phone: PhoneId, generation: u32, mean: Duration, seed: u64) -> Duration {
    let purpose = 2 + u64::from(generation) * 2;
    mean.mul_f64(0.5 + random(phone, seed, purpose).f64())
}

/// When a phone falls silent: at a random moment in the first half of the time for messages.
pub(crate) fn silence(phone: PhoneId, duration: Duration, seed: u64) -> Duration {
    (duration / 2).mul_f64(random(phone, seed, 1).f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_are_spread_over_their_interval() {
        let interval = Duration::from_secs(20);
        let phase = |phone| heartbeat_phase(PhoneId(phone), interval, 1);
        assert_eq!(phase(5), phase(5));
        let early = (0..1000).filter(|&phone| phase(phone) < interval / 2).count();
        assert!((400..600).contains(&early), "{early} of 1000 in the first half");
        assert!((0..1000).all(|phone| phase(phone) <= interval));
    }

    #[test]
    fn flappers_stay_and_leave_for_exponential_times_of_their_own() {
        let mean = Duration::from_secs(10);
        let time = |phone, generation| flap(PhoneId(phone), generation, mean, true, 1);
        assert_eq!(time(3, 1), time(3, 1));
        assert_ne!(time(3, 1), time(3, 2));
        assert_ne!(time(3, 1), flap(PhoneId(3), 1, mean, false, 1));
        let sum: Duration = (0..1000).map(|phone| time(phone, 1)).sum();
        assert!((9.0..11.0).contains(&(sum.as_secs_f64() / 1000.0)), "{sum:?}");
        // Of an exponential time, 63 % are below the mean.
        let short = (0..1000).filter(|&phone| time(phone, 1) < mean).count();
        assert!((590..680).contains(&short), "{short}");
    }

    #[test]
    fn who_tries_to_come_back_waits_about_the_mean_and_never_much_longer() {
        let mean = Duration::from_secs(2);
        let times: Vec<_> = (0..1000).map(|phone| backoff(PhoneId(phone), 1, mean, 1)).collect();
        assert!(times.iter().all(|time| (mean / 2..=mean * 3 / 2).contains(time)), "{times:?}");
        assert_ne!(times[0], times[1]);
        assert_ne!(times[0], backoff(PhoneId(0), 2, mean, 1));
    }

    #[test]
    fn who_falls_silent_does_so_in_the_first_half() {
        let duration = Duration::from_secs(10);
        assert!((0..100).all(|phone| silence(PhoneId(phone), duration, 1) < duration / 2));
    }
}
