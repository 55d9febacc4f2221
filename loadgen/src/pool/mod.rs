//! [`Pool`]: the accounts of the users that loadgen plays, with their passwords and tokens.
//!
//! Each phone has one. Neither a password nor a token is in any output but the pool's own file.

mod lines;

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::phone_id::PhoneId;

/// The accounts of a run: by phone.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    accounts: Vec<Account>,
    /// The places of all accounts, in the order of their names.
    by_name: Vec<u32>,
    /// The server's ids of the run's rooms, by number. They are made for each run, and are not in the file.
    pub(crate) rooms: Vec<String>,
}

/// A user's account.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// The server's id of the user; empty if it is not known.
    pub(crate) id: String,
    /// `None`: the user has none, or the pool does not know it. Then only the token opens.
    pub(crate) password: Option<String>,
    /// `None`: the user has to log in.
    pub(crate) token: Option<String>,
}

impl Pool {
    /// A pool of these accounts. Of two with the same name, the later one counts.
    pub(crate) fn new(accounts: Vec<Account>) -> Self {
        let mut pool = Pool::default();
        for account in accounts {
            pool.put(account);
        }
        pool
    }

    /// The same without those after the first ones.
    pub(crate) fn of_first(mut self, count: u32) -> Self {
        self.accounts.truncate(count as usize);
        Pool::new(self.accounts)
    }

    /// Adds an account, or replaces the one of this name.
    pub(crate) fn put(&mut self, account: Account) {
        match self.place(&account.name) {
            Ok(at) => self.accounts[self.by_name[at] as usize] = account,
            Err(at) => {
                let last = u32::try_from(self.accounts.len()).expect("accounts are fewer");
                self.by_name.insert(at, last);
                self.accounts.push(account);
            }
        }
    }

    /// All accounts.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// All accounts, to be changed; their names stay.
    pub(crate) fn accounts_mut(&mut self) -> &mut [Account] {
        &mut self.accounts
    }

    /// Drops the accounts that no server knows yet: those with neither an id nor a token.
    pub(crate) fn keep_known(&mut self) {
        let is_known = |account: &Account| !account.id.is_empty() || account.token.is_some();
        let known: Vec<_> =
            std::mem::take(&mut self.accounts).into_iter().filter(is_known).collect();
        *self = Pool::new(known);
    }

    /// The account of a phone.
    pub(crate) fn get(&self, phone: PhoneId) -> Option<&Account> {
        self.accounts.get(phone.index())
    }

    /// The name of a phone's user.
    pub(crate) fn name(&self, phone: PhoneId) -> Option<&str> {
        self.get(phone).map(|account| &*account.name)
    }

    /// A hash of all names in their order: two pools in which each phone has the same name have the same.
    pub(crate) fn hash_of_names(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.accounts.iter().for_each(|account| account.name.hash(&mut hasher));
        hasher.finish()
    }

    /// The server's id of a room.
    pub(crate) fn room(&self, room: u32) -> &str {
        self.rooms.get(room as usize).map_or("", String::as_str)
    }

    /// The phone whose user has this name.
    pub(crate) fn find(&self, name: &str) -> Option<PhoneId> {
        self.place(name).ok().map(|at| PhoneId(self.by_name[at]))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|&at| self.accounts[at as usize].name.as_str().cmp(name))
    }
}

/// Shows no password and no token.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}
