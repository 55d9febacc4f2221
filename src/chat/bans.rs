//! [`Ban`]: a number, session, account or address that may not connect. [`Bans`]: all of them, sorted by what they concern.
//!
//! Each realm asks its own list, and no realm sees another's. A ban of an address concerns all realms. What is banned
//! is personal, so debug output does not show it. The caller reads files and clocks.

use std::fmt;
use std::mem;
use std::time::Duration;

use super::account::UserName;
use super::messenger::PersonId;
use super::{Chat, ConnectionId, Entrant, Mobile, Person, Refusal};
use crate::limiter::{BanList, BannedNetworks, Block, Network, Term};
use crate::timer::Now;

/// Who is banned.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Banned {
    /// A number of the `mobile` realm.
    Number(Mobile),
    /// An id of the messenger realm.
    Session(Box<str>),
    /// The name of a user of the account realm, registered or not.
    Account(Box<str>),
    /// An address, or a network.
    Address(Network),
}

/// A ban.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ban {
    /// Who is banned.
    pub who: Banned,
    /// Until when, and why.
    pub term: Term,
}

/// All bans.
#[derive(Clone, Debug, Default)]
pub struct Bans {
    pub(super) numbers: BanList<Mobile>,
    pub(super) sessions: BanList<Box<str>>,
    pub(super) accounts: BanList<Box<str>>,
    pub(super) addresses: BannedNetworks,
}

/// The sentence that a banned client is told.
pub const BANNED: &str = "you are banned from this server";

/// The refusal of a banned client.
pub(super) const REFUSAL: Refusal =
    Refusal { sentence: BANNED, code: "banned", retry_after: None, limit: None, is_ban: true };

impl Banned {
    /// The words for the kinds, as files and requests have them.
    pub const KINDS: [&str; 4] = ["number", "session", "account", "address"];

    /// Reads who is meant: `number` and `0123456789`, for example.
    ///
    /// # Errors
    ///
    /// A sentence that shows the right form, and does not quote the text.
    pub fn parse(kind: &str, text: &str) -> Result<Self, String> {
        match kind {
            "number" => Mobile::parse(text.as_bytes())
                .map(Banned::Number)
                .map_err(|error| error.to_string()),
            "session" => PersonId::parse(text)
                .map(|id| Banned::Session(id.as_str().into()))
                .map_err(|_| "an id has 1 to 256 characters, and no control characters".to_owned()),
            "account" => match UserName::new(text) {
                Ok(name) => Ok(Banned::Account(name.as_str().into())),
                Err(_) => Err("it is not the name of a user: 3 to 32 characters".to_owned()),
            },
            "address" => {
                let network = Network::parse(text)?;
                match BannedNetworks::refusal(&network) {
                    None if Network::has_more_bits(text) => {
                        Err(format!("write {network} for the network, or the address alone"))
                    }
                    None => Ok(Banned::Address(network)),
                    Some(why) => Err(why),
                }
            }
            _ => Err(format!("a ban begins with one of {}", Banned::KINDS.join(", "))),
        }
    }

    /// The word for the kind, and who is banned, for the operator's eyes alone.
    pub fn shown(&self) -> (&'static str, String) {
        match self {
            Banned::Number(mobile) => ("number", mobile.to_string()),
            Banned::Session(id) => ("session", id.to_string()),
            Banned::Account(name) => ("account", name.to_string()),
            Banned::Address(network) => ("address", network.to_string()),
        }
    }
}

impl fmt::Debug for Banned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown().0)
    }
}

impl Ban {
    /// A ban until a time since 1970, or for ever, and why.
    pub fn new(who: Banned, until: Option<Duration>, why: &str) -> Self {
        Ban { who, term: Term { until, why: why.into() } }
    }
}

impl Bans {
    /// The most bans. With a remark of 40 characters each, they take 20 MB.
    pub const MOST: usize = 100_000;

    /// Adds a ban, or changes its term.
    ///
    /// # Errors
    ///
    /// A sentence, if there are [`MOST`](Self::MOST) of them already.
    pub fn add(&mut self, ban: Ban) -> Result<(), String> {
        if self.len() >= Self::MOST {
            return Err(format!("there are {} bans, and more are not kept", Self::MOST));
        }
        let Ban { who, term } = ban;
        match who {
            Banned::Number(mobile) => self.numbers.add(mobile, term),
            Banned::Session(id) => self.sessions.add(id, term),
            Banned::Account(name) => self.accounts.add(name, term),
            Banned::Address(network) => self.addresses.add(network, term),
        }
        Ok(())
    }

    /// Lifts a ban. Returns whether there was one.
    pub fn remove(&mut self, who: &Banned) -> bool {
        match who {
            Banned::Number(mobile) => self.numbers.remove(mobile),
            Banned::Session(id) => self.sessions.remove(id),
            Banned::Account(name) => self.accounts.remove(name),
            Banned::Address(network) => self.addresses.remove(network),
        }
    }

    /// How many bans there are, those included whose time is over.
    pub fn len(&self) -> usize {
        self.numbers.len() + self.sessions.len() + self.accounts.len() + self.addresses.len()
    }

    /// Whether there is no ban.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most this many bans, sorted by kind and name. Which ones, if there are more, is not specified.
    pub fn some(&self, most: usize) -> Vec<Ban> {
        let numbers = self.numbers.iter().map(|(who, term)| (Banned::Number(*who), term));
        let sessions = self.sessions.iter().map(|(who, term)| (Banned::Session(who.clone()), term));
        let accounts = self.accounts.iter().map(|(who, term)| (Banned::Account(who.clone()), term));
        let addresses = self.addresses.iter().map(|(who, term)| (Banned::Address(*who), term));
        let all = numbers.chain(sessions).chain(accounts).chain(addresses).take(most);
        let mut all: Vec<Ban> = all.map(|(who, term)| Ban { who, term: term.clone() }).collect();
        all.sort_by_cached_key(|ban| ban.who.shown());
        all
    }

    /// Whether a block of addresses is banned.
    pub(super) fn has_address(&self, from: Block, now: Now) -> bool {
        self.addresses.has(from, now.unix)
    }
}

impl Chat {
    /// Bans these people and addresses, and nobody else any more. The caller ends the connections of those who
    /// [`are banned`](Self::is_banned) and still connected.
    pub fn set_bans(&mut self, mut bans: Bans) {
        if let Some(account) = &mut self.account {
            *account.bans() = mem::take(&mut bans.accounts);
        }
        self.bans = bans;
    }

    /// Who is banned: to look at, or to change. The account realm keeps the bans of its users itself, so this call
    /// takes a closure, which sees all of them in one place.
    pub fn with_bans<R>(&mut self, act: impl FnOnce(&mut Bans) -> R) -> R {
        let Chat { mobile: _, messenger: _, account, bans } = self;
        let Some(account) = account else { return act(bans) };
        mem::swap(account.bans(), &mut bans.accounts);
        let result = act(bans);
        mem::swap(account.bans(), &mut bans.accounts);
        result
    }

    /// Whether this address block is banned.
    pub fn is_address_banned(&self, now: Now, from: Block) -> bool {
        self.bans.has_address(from, now)
    }

    /// Whether the person at a connection is banned.
    pub fn is_banned(&self, now: Now, id: ConnectionId) -> bool {
        match self.person_at(id) {
            None => false,
            Some(Person::Mobile(mobile)) => self.bans.numbers.has(&mobile, now.unix),
            Some(Person::Messenger(id)) => self.bans.sessions.has(id, now.unix),
            Some(Person::Account(user)) => {
                self.account.as_ref().is_some_and(|realm| realm.is_banned(user, now))
            }
        }
    }

    pub(super) fn is_entrant_banned(&self, now: Now, from: Block, who: Entrant<'_>) -> bool {
        self.is_address_banned(now, from)
            || match who {
                Entrant::Mobile { mobile, .. } => self.bans.numbers.has(&mobile, now.unix),
                Entrant::Messenger(who) => self.bans.sessions.has(who.id.as_str(), now.unix),
                Entrant::Account { guest, .. } => {
                    self.account.as_ref().is_some_and(|realm| realm.is_banned(guest.user, now))
                }
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_meant_is_read_and_shown_in_the_same_words_and_debug_output_has_none() {
        for (kind, text) in [
            ("number", "0123456789"),
            ("session", "two words # and a hash"),
            ("account", "Ada Lovelace"),
            ("address", "10.0.0.0/8"),
            ("address", "2001:db8::/64"),
        ] {
            let banned = Banned::parse(kind, text).expect(text);
            assert_eq!(banned.shown(), (kind, text.to_owned()));
            assert_eq!(format!("{banned:?}"), kind);
        }
        assert_eq!(
            Banned::parse("address", "10.0.0.7").map(|one| one.shown().1),
            Ok("10.0.0.7/32".into())
        );
    }

    #[test]
    fn what_nobody_can_be_is_refused() {
        for (kind, text, why) in [
            ("number", "12345", "10 to 32 digits"),
            ("number", "+49123456789", "10 to 32 digits"),
            ("session", "", "1 to 256"),
            ("account", "x", "3 to 32"),
            ("address", "10.0.0.7/8", "write 10.0.0.0/8"),
            ("address", "nginx", "looks like"),
            ("address", "::/0", "everybody"),
            ("person", "x", "number, session, account, address"),
        ] {
            let error = Banned::parse(kind, text).expect_err(text);
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn there_are_not_more_bans_than_may_be() {
        let mut bans = Bans::default();
        let ban = |n: usize| Ban {
            who: Banned::parse("number", &format!("{n:010}")).expect("a number"),
            term: Term::default(),
        };
        for n in 0..Bans::MOST {
            bans.add(ban(n)).expect("there is room");
        }
        assert!(bans.add(ban(Bans::MOST)).is_err_and(|error| error.contains("100000 bans")));
        assert!(bans.remove(&ban(7).who) && bans.add(ban(Bans::MOST)).is_ok());
        assert_eq!((bans.len(), bans.some(usize::MAX).len()), (Bans::MOST, Bans::MOST));
    }
}
