//! [`Homes`]: which phone is on which server, if the run has several.
//!
//! Phones are shared out by the servers' weights, exactly; the seed decides which phone goes where. All devices of
//! a session are on one server. Only a roamer leaves its home.

use std::num::NonZeroU32;

use crate::phone_id::PhoneId;

/// A server of a run, by its place on the command line, counted from 0.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ServerId(pub(crate) u8);

impl ServerId {
    /// The only server, or the first.
    pub(crate) const FIRST: ServerId = ServerId(0);

    /// As a place in a list.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The most servers of one run. A place has 8 bits, and nobody has more at hand.
pub(crate) const MOST_SERVERS: usize = 64;

/// Which phone is on which server at first.
#[derive(Clone, Debug)]
pub(crate) struct Homes {
    /// By session. Empty if there is one server only.
    of: Vec<ServerId>,
    servers: u8,
}

impl Homes {
    /// Shares out this many sessions among servers with these weights.
    pub(crate) fn new(weights: &[NonZeroU32], sessions: u32, seed: u64) -> Self {
        let servers = u8::try_from(weights.len()).expect("there are 64 servers at most");
        if servers < 2 {
            return Homes { of: Vec::new(), servers: 1 };
        }
        let whole: u64 = weights.iter().map(|weight| u64::from(weight.get())).sum();
        let (mut of, mut weight) = (Vec::new(), 0);
        for (server, one) in (0..).map(ServerId).zip(weights) {
            // Each end is rounded, not each share: so the shares add up to all sessions.
            weight += u64::from(one.get());
            let end = (u64::from(sessions) * weight + whole / 2) / whole;
            of.resize(usize::try_from(end).unwrap_or(usize::MAX), server);
        }
        // Otherwise the first phones to come would all go to the first server.
        fastrand::Rng::with_seed(seed ^ 0x5e4e4).shuffle(&mut of);
        Homes { of, servers }
    }

    /// Whether there are several servers.
    pub(crate) fn are_several(&self) -> bool {
        self.servers > 1
    }

    /// The server that a session is on at first.
    pub(crate) fn of(&self, session: PhoneId) -> ServerId {
        self.of.get(session.index()).copied().unwrap_or(ServerId::FIRST)
    }

    /// Where a roamer on this server goes next: to the next one, and from the last to the first.
    pub(crate) fn after(&self, server: ServerId) -> ServerId {
        ServerId((server.0 + 1) % self.servers)
    }

    /// How many sessions are on this server at first, of this many in all.
    pub(crate) fn count(&self, server: ServerId, sessions: u32) -> u32 {
        match self.are_several() {
            false => sessions,
            true => {
                let count = self.of.iter().filter(|&&home| home == server).count();
                u32::try_from(count).expect("sessions have 32 bits")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(weights: &[u32]) -> Vec<NonZeroU32> {
        weights.iter().map(|&weight| NonZeroU32::new(weight).expect("not zero")).collect()
    }

    #[test]
    fn phones_are_shared_out_by_weight_exactly_and_the_seed_says_which() {
        let homes = |seed| Homes::new(&weights(&[1, 2, 7]), 1000, seed);
        let counts = [0, 1, 2].map(|server| homes(1).count(ServerId(server), 1000));
        assert_eq!(counts, [100, 200, 700]);
        let places = |seed| {
            let homes = homes(seed);
            (0..1000).map(|id| homes.of(PhoneId(id))).collect::<Vec<_>>()
        };
        assert_eq!(places(1), places(1));
        assert_ne!(places(1), places(2));
        let early = places(1)[..500].iter().filter(|&&home| home == ServerId(1)).count();
        assert!((70..130).contains(&early), "{early} of 200 in the first half");
        let seven = Homes::new(&weights(&[1, 1, 1]), 7, 1);
        let counts = [0, 1, 2].map(|server| seven.count(ServerId(server), 7));
        assert_eq!(counts.iter().sum::<u32>(), 7);
    }

    #[test]
    fn a_roamer_goes_from_server_to_server_and_round_again() {
        let homes = Homes::new(&weights(&[1, 1, 1]), 10, 1);
        let places = [0, 1, 2].map(|server| homes.after(ServerId(server)));
        assert_eq!(places, [1, 2, 0].map(ServerId));
        let alone = Homes::new(&weights(&[5]), 10, 1);
        assert!(!alone.are_several() && alone.of(PhoneId(3)) == ServerId::FIRST);
        assert_eq!(alone.after(ServerId::FIRST), ServerId::FIRST);
    }
}
