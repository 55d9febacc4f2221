//! [`Persona`]: what a phone is like, and [`Cast`]: which phone is like what.
//!
//! A *sociable* phone keeps up its heartbeat, and reads what it is sent. A *hostile* phone does what no
//! phone should: a server may throw it out, and that is no failure. The silent drop is neither: it is a
//! good phone that falls silent at some point.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::count;
use crate::near::nearest;
use crate::phone_id::PhoneId;

/// What a phone is like.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) enum Persona {
    /// Keeps up its heartbeat. Others write to it.
    Lurker,
    /// As a lurker, and writes to others.
    Chatter,
    /// As a lurker, and asks again and again who is online.
    Refresher,
    /// Drops its connection without a word, and returns, as in a tunnel.
    Flapper,
    /// Comes back on another server, or on the same if there is one only, while its old connection is half-open: the
    /// old server is told nothing, as if the phone had changed from one network to another.
    Roamer,
    /// Reads a fixed number of bytes a second, and no more.
    SlowReader,
    /// Stops reading and writing at some point, and leaves the connection open.
    SilentDrop,
    /// Sends half a request for the upgrade, and nothing more.
    HalfOpen,
    /// Sends one byte a second.
    Drip,
    /// Sends what is no HTTP, no WebSocket, or not the protocol.
    Garbage,
    /// Sends pings as fast as it can.
    Flood,
    /// In sessions: invites sociable sessions a hundred times, leaves without a word, and returns under a
    /// new name, again and again.
    QuotaHog,
}

impl Persona {
    /// All personas.
    pub(crate) const ALL: [Persona; 12] = [
        Persona::Lurker,
        Persona::Chatter,
        Persona::Refresher,
        Persona::Flapper,
        Persona::Roamer,
        Persona::SlowReader,
        Persona::SilentDrop,
        Persona::HalfOpen,
        Persona::Drip,
        Persona::Garbage,
        Persona::Flood,
        Persona::QuotaHog,
    ];

    /// The word for it, on the command line and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Persona::Lurker => "lurker",
            Persona::Chatter => "chatter",
            Persona::Refresher => "refresher",
            Persona::Flapper => "flapper",
            Persona::Roamer => "roamer",
            Persona::SlowReader => "slow-reader",
            Persona::SilentDrop => "silent-drop",
            Persona::HalfOpen => "half-open",
            Persona::Drip => "drip",
            Persona::Garbage => "garbage",
            Persona::Flood => "flood",
            Persona::QuotaHog => "quota-hog",
        }
    }

    /// Whether it does as good phones do. Then it is measured what it is told, and how soon.
    pub(crate) const fn is_sociable(self) -> bool {
        match self {
            Persona::Lurker
            | Persona::Chatter
            | Persona::Refresher
            | Persona::Flapper
            | Persona::Roamer => true,
            Persona::SlowReader
            | Persona::SilentDrop
            | Persona::HalfOpen
            | Persona::Drip
            | Persona::Garbage
            | Persona::Flood
            | Persona::QuotaHog => false,
        }
    }

    /// Whether others write to it. What a slow reader is sent must not be lost, duplicated or altered
    /// either, however long the reader takes.
    pub(crate) const fn is_written_to(self) -> bool {
        self.is_sociable() || matches!(self, Persona::SlowReader)
    }

    /// Whether a server may end its connection at any time.
    pub(crate) const fn is_hostile(self) -> bool {
        !self.is_sociable() && !matches!(self, Persona::SilentDrop)
    }

    /// Whether it sends texts that are no messages. In a protocol in which every text is one, that would be one, too.
    pub(crate) const fn sends_rubbish(self) -> bool {
        matches!(self, Persona::Garbage | Persona::Flood)
    }

    /// Whether it comes back by itself, once its connection has ended.
    pub(crate) const fn returns(self) -> bool {
        self.is_hostile() || matches!(self, Persona::Flapper | Persona::Roamer)
    }

    /// Whether it stays for as long as the plan says, and its connection should end in good order.
    pub(crate) const fn is_steady(self) -> bool {
        self.is_sociable() && !matches!(self, Persona::Flapper | Persona::Roamer)
    }
}

/// How much of one persona there is, compared with the others: `NAME=WEIGHT`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Share {
    /// The persona.
    pub(crate) persona: Persona,
    /// Its weight: its part of the sum of all weights.
    pub(crate) weight: u32,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, weight) = text.split_once('=').ok_or("it looks like lurker=80")?;
        let persona = Persona::ALL.into_iter().find(|persona| persona.word() == name);
        let persona =
            persona.ok_or_else(|| match nearest(name, Persona::ALL.map(Persona::word)) {
                Some(near) => format!("there is no `{name}`: did you mean {near}?"),
                None => format!(
                    "there is no `{name}`; there are {}",
                    Persona::ALL.map(Persona::word).join(", ")
                ),
            })?;
        let weight = count::whole(weight, 0, u32::MAX)
            .map_err(|_| "a weight is a whole number, such as 80")?;
        Ok(Share { persona, weight })
    }
}

/// Which phone is like what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Cast(Vec<Persona>);

impl Cast {
    /// Shares out this many phones, exactly; the seed decides which phone gets which persona. Without
    /// shares, all are chatters.
    pub(crate) fn new(shares: &[Share], clients: u32, seed: u64) -> Self {
        let whole: u64 = shares.iter().map(|share| u64::from(share.weight)).sum();
        if whole == 0 {
            return Cast(vec![Persona::Chatter; PhoneId(clients).index()]);
        }
        let mut personas = Vec::new();
        let mut weight = 0;
        for share in shares {
            // Each end is rounded, not each share: so the shares add up to all phones.
            weight += u64::from(share.weight);
            let end = (u64::from(clients) * weight + whole / 2) / whole;
            personas.resize(usize::try_from(end).unwrap_or(usize::MAX), share.persona);
        }
        // Otherwise all phones of one persona would come first.
        fastrand::Rng::with_seed(seed ^ 0xca57).shuffle(&mut personas);
        Cast(personas)
    }

    /// What a phone is like.
    pub(crate) fn of(&self, phone: PhoneId) -> Persona {
        self.0[phone.index()]
    }

    /// The phones whose persona fits.
    pub(crate) fn phones(&self, is_meant: impl Fn(Persona) -> bool) -> Vec<PhoneId> {
        let phones = (0..).map(PhoneId).zip(&self.0);
        phones.filter(|&(_, &persona)| is_meant(persona)).map(|(phone, _)| phone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(cast: &Cast, persona: Persona) -> usize {
        cast.phones(|one| one == persona).len()
    }

    fn shares(texts: &[&str]) -> Vec<Share> {
        texts.iter().map(|text| text.parse().expect("a share")).collect()
    }

    #[test]
    fn shares_are_kept_to_the_phone_and_mixed_by_the_seed() {
        let shares = shares(&["lurker=70", "chatter=20", "silent-drop=10"]);
        let cast = Cast::new(&shares, 1000, 1);
        let counts = [Persona::Lurker, Persona::Chatter, Persona::SilentDrop, Persona::Flood];
        assert_eq!(counts.map(|persona| count(&cast, persona)), [700, 200, 100, 0]);
        let chatters_at_first = (0..500).filter(|&id| cast.of(PhoneId(id)) == Persona::Chatter);
        assert!((50..150).contains(&chatters_at_first.count()));
        assert_eq!(cast, Cast::new(&shares, 1000, 1));
        assert_ne!(cast, Cast::new(&shares, 1000, 2));
        let three = Cast::new(&self::shares(&["lurker=1", "flood=1", "drip=1"]), 7, 1);
        assert_eq!(Persona::ALL.map(|persona| count(&three, persona)).iter().sum::<usize>(), 7);
    }

    #[test]
    fn without_shares_all_are_chatters() {
        assert_eq!(count(&Cast::new(&[], 9, 1), Persona::Chatter), 9);
        assert_eq!(count(&Cast::new(&shares(&["lurker=0"]), 9, 1), Persona::Chatter), 9);
    }

    #[test]
    fn a_name_that_nobody_has_is_refused_with_those_that_there_are() {
        let error = "ghost=1".parse::<Share>().expect_err("no ghosts");
        assert!(error.contains("`ghost`") && error.contains("slow-reader"), "{error}");
        for wrong in ["lurker", "lurker=", "lurker=-1", "lurker=x"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
