//! [`Logins`]: which token is whose, as far as memory knows, and when each login ends.
//!
//! All logins are in the store. Those that have a socket, and those that were used last, are kept here by
//! the hash of their token, so that most requests need not wait for the disk. A login with a socket has a
//! timer that ends its sockets at the moment at which it expires.
//!
//! A login is *doubtful* if another process has changed the store since it was read. It proves nothing
//! until the store has been asked again. It costs about 90 bytes. The table knows no socket, only how many
//! there are.

use slab::Slab;

use super::{Guest, TokenDigest, UnixMs, UserKey};
use crate::chat::chain::{Chain, Links};
use crate::shards::Shards;
use crate::timer::{Moment, Now, TimerId, Wheel};

/// A login in [`Logins`]. It is valid while the login has a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LoginKey(pub(super) u32);

/// One login.
pub(super) struct Login {
    token: TokenDigest,
    /// Whose it is.
    pub(super) user: UserKey,
    expires: UnixMs,
    /// How many sockets it has.
    seats: u32,
    /// The neighbours in `idle`, if it has no socket.
    links: Links,
    /// The timer of its end, if it has a socket.
    timer: Option<TimerId>,
    is_doubtful: bool,
}

/// The logins in memory.
pub(super) struct Logins {
    all: Slab<Login>,
    by_token: Shards<u32>,
    /// Those without a socket, the one that was used last at the end.
    idle: Chain,
    wheel: Wheel<u32>,
    /// The most logins without a socket.
    most: usize,
}

impl Logins {
    /// Makes an empty table that keeps up to `most` logins without a socket.
    pub(super) fn new(most: usize, now: Moment) -> Self {
        Logins {
            all: Slab::new(),
            by_token: Shards::default(),
            idle: Chain::default(),
            wheel: Wheel::new(now),
            most,
        }
    }

    /// How many logins are in memory.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The guest with this token, by what memory knows. `None`: the store has to be asked.
    pub(super) fn identify(&mut self, token: &TokenDigest, now: Now) -> Option<Guest> {
        let key = self.find(token)?;
        let Login { user, expires, is_doubtful, .. } = self.all[key.0 as usize];
        // The wall clock decides, at every use: it may have been set since.
        if is_doubtful || unix_ms(now) >= expires {
            return None;
        }
        if self.all[key.0 as usize].seats == 0 {
            self.idle.remove(&mut self.all, links, key.0);
            self.idle.push(&mut self.all, links, key.0);
        }
        Some(Guest { user, login: *token, expires })
    }

    /// The login of a token, doubtful or not.
    pub(super) fn find(&self, token: &TokenDigest) -> Option<LoginKey> {
        let is_it = |&key: &u32| self.all[key as usize].token == *token;
        self.by_token.find(token, is_it).map(|&key| LoginKey(key))
    }

    /// The token of a login.
    pub(super) fn token(&self, key: LoginKey) -> TokenDigest {
        self.all[key.0 as usize].token
    }

    /// The user of a login.
    pub(super) fn user(&self, key: LoginKey) -> UserKey {
        self.all[key.0 as usize].user
    }

    /// Keeps what the store has said of a token.
    pub(super) fn learn(&mut self, guest: Guest) {
        if let Some(key) = self.find(&guest.login) {
            self.all[key.0 as usize].is_doubtful = false;
            return;
        }
        let Guest { user, login: token, expires } = guest;
        let login = Login {
            token,
            user,
            expires,
            seats: 0,
            links: Links::default(),
            timer: None,
            is_doubtful: false,
        };
        let key = u32::try_from(self.all.insert(login)).expect("their number is limited");
        let all = &self.all;
        self.by_token.insert(key, |&key| all[key as usize].token);
        self.put_aside(key);
    }

    /// Forgets the login of a token, if it has no socket.
    pub(super) fn forget_idle(&mut self, token: &TokenDigest) {
        if let Some(LoginKey(key)) = self.find(token)
            && self.all[key as usize].seats == 0
        {
            self.forget(key);
        }
    }

    /// Counts a socket of a login.
    pub(super) fn seat(&mut self, key: LoginKey, now: Now) {
        let login = &mut self.all[key.0 as usize];
        login.seats += 1;
        if login.seats == 1 {
            login.timer = Some(self.wheel.insert(end_of(login, now), key.0));
            self.idle.remove(&mut self.all, links, key.0);
        }
    }

    /// Stops counting a socket of a login.
    pub(super) fn unseat(&mut self, key: LoginKey) {
        let login = &mut self.all[key.0 as usize];
        login.seats -= 1;
        if login.seats == 0 {
            if let Some(timer) = login.timer.take() {
                self.wheel.cancel(timer);
            }
            self.put_aside(key.0);
        }
    }

    /// The next login whose time is over, and that still has sockets. Each call that returns `Some` ends
    /// one timer.
    pub(super) fn next_expired(&mut self, now: Now) -> Option<Option<LoginKey>> {
        let key = self.wheel.next_due(now.monotonic)?;
        let login = &mut self.all[key as usize];
        login.timer = None;
        if unix_ms(now) >= login.expires {
            return Some(Some(LoginKey(key)));
        }
        // The wall clock was set back.
        login.timer = Some(self.wheel.insert(end_of(login, now), key));
        Some(None)
    }

    /// When a timer is due next.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.wheel.next_deadline()
    }

    /// How many timers there are.
    pub(super) fn timers(&self) -> usize {
        self.wheel.len()
    }

    /// Notes that another process has changed the store. Returns the tokens to ask the store for: those of
    /// the logins with sockets. The others are forgotten.
    pub(super) fn doubt(&mut self) -> Vec<TokenDigest> {
        while let Some(key) = self.idle.first() {
            self.forget(key);
        }
        let doubtful = self.all.iter_mut().map(|(_, login)| {
            login.is_doubtful = true;
            login.token
        });
        doubtful.collect()
    }

    /// Puts a login without a socket to the end of `idle`. If there are too many, the first is forgotten.
    fn put_aside(&mut self, key: u32) {
        self.idle.push(&mut self.all, links, key);
        while self.idle.len() > self.most {
            let Some(first) = self.idle.first() else { return };
            self.forget(first);
        }
    }

    /// Forgets a login without a socket.
    fn forget(&mut self, key: u32) {
        self.idle.remove(&mut self.all, links, key);
        let Login { token, timer, .. } = self.all.remove(key as usize);
        debug_assert!(timer.is_none(), "only a login with a socket has a timer");
        self.by_token.remove(token, |&one| one == key);
    }

    /// Panics if the tables disagree, or if a login has not the number of sockets that `seats` says.
    pub(super) fn check_invariants(&self, seats: impl Fn(LoginKey) -> usize) {
        assert_eq!(self.by_token.len(), self.all.len(), "as many tokens as logins");
        assert!(self.idle.len() <= self.most, "more logins are kept than may be");
        let idle = self.all.iter().filter(|(_, login)| login.seats == 0).count();
        assert_eq!(self.idle.len(), idle, "a login without a socket is idle");
        assert_eq!(self.wheel.len() + idle, self.all.len(), "each other login has a timer");
        for (key, login) in &self.all {
            let key = LoginKey(u32::try_from(key).expect("it was a u32"));
            assert_eq!(self.find(&login.token), Some(key), "every login is found by its token");
            assert_eq!(login.seats as usize, seats(key), "a login counts its sockets");
        }
    }
}

fn links(login: &mut Login) -> &mut Links {
    &mut login.links
}

/// When the login ends, on the monotonic clock.
fn end_of(login: &Login, now: Now) -> Moment {
    let left = login.expires.0.saturating_sub(unix_ms(now).0);
    now.monotonic + std::time::Duration::from_millis(u64::try_from(left).unwrap_or(0))
}

/// The wall clock.
pub(super) fn unix_ms(now: Now) -> UnixMs {
    UnixMs(i64::try_from(now.unix.as_millis()).unwrap_or(i64::MAX))
}
