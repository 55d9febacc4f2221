//! [`Recent`]: the last global messages, as they are in the store. A client that comes gets them as its
//! history, without a read from the disk.
//!
//! A message gets in when its commit is known, in the same call in which it is broadcast. So a client
//! sees each message once: in its history, or live after it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Said, Seq, UnixMs, UserName};

/// A message that was committed while the server ran, or before.
pub(super) struct Message {
    /// Its number among all messages that were committed since the start, in all conversations; 0 for one
    /// that was committed before.
    pub(super) commit: u64,
    pub(super) seq: Seq,
    /// The sender's name. The user may have been deleted since.
    pub(super) from: UserName,
    /// The recipient's name. `None`: everybody.
    pub(super) to: Option<UserName>,
    pub(super) text: Arc<str>,
    pub(super) at: UnixMs,
}

impl Message {
    /// What a client is told of it.
    pub(super) fn said(&self) -> Said<'_> {
        Said {
            seq: self.seq,
            from: self.from.as_str(),
            to: self.to.as_ref().map(UserName::as_str),
            text: &self.text,
            at: self.at,
        }
    }
}

/// The last global messages, the oldest first.
pub(super) struct Recent {
    messages: VecDeque<Message>,
    most: usize,
}

impl Recent {
    /// Keeps at most this many.
    pub(super) fn new(most: usize) -> Self {
        Recent { messages: VecDeque::new(), most }
    }

    /// Adds a message, and forgets the oldest if there are too many.
    pub(super) fn add(&mut self, message: Message) {
        debug_assert!(message.to.is_none(), "only global messages are for everybody");
        self.messages.push_back(message);
        if self.messages.len() > self.most {
            self.messages.pop_front();
        }
    }

    /// Forgets those that the server received before this moment.
    pub(super) fn forget(&mut self, before: UnixMs) {
        while self.messages.front().is_some_and(|oldest| oldest.at < before) {
            self.messages.pop_front();
        }
    }

    /// All of them, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// The newest.
    pub(super) fn newest(&self) -> Option<&Message> {
        self.messages.back()
    }

    /// Panics if they are too many, or not in their order.
    pub(super) fn check_invariants(&self) {
        assert!(self.messages.len() <= self.most, "more messages are kept than may be");
        let seqs: Vec<u32> = self.iter().map(|message| message.seq.0).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "the order is the store's");
    }
}
