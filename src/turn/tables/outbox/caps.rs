//! [`Caps`]: how much may wait for those who do not read.

use crate::dialects::{Allowance, Dialect};

/// The most bytes that may wait for somebody whose kernel buffer is full.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// In one outbox, in bytes.
    pub each: usize,
    /// In the outbox of an `/echo` connection, in bytes: two of the largest messages it may send.
    pub echo: usize,
    /// In all outboxes together, in bytes; a frame that several share counts for each of them.
    pub all: usize,
}

impl Caps {
    /// What may wait in the outbox of somebody who speaks `dialect`, in bytes.
    pub(super) fn of(&self, dialect: Option<Dialect>) -> usize {
        match dialect.map(|dialect| dialect.manners().allowance) {
            Some(Allowance::Conformance) => self.echo,
            Some(Allowance::Chat) | None => self.each,
        }
    }
}
