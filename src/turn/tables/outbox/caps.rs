//! [`Caps`]: how many bytes may wait for clients that do not read.

use crate::dialects::{Allowance, Dialect};

/// The most bytes that may wait while a socket is full.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// In one outbox, in bytes.
    pub each: usize,
    /// In the outbox of an `/echo` connection, in bytes: two of the largest messages it may send.
    pub echo: usize,
    /// In all outboxes together, in bytes. A shared frame counts once for each outbox that it is in.
    pub all: usize,
}

impl Caps {
    /// The cap of an outbox whose connection speaks `dialect`, in bytes.
    pub(super) fn of(&self, dialect: Option<Dialect>) -> usize {
        match dialect.map(|dialect| dialect.manners().allowance) {
            Some(Allowance::Conformance) => self.echo,
            Some(Allowance::Chat) | None => self.each,
        }
    }
}
