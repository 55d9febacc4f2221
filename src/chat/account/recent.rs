//! [`Recent`]: the last global messages, as they are in the store. A client that comes gets them as its
//! history, without a read from the disk.
//!
//! A message gets in when its commit is known, in the same call in which it is broadcast. So a client
//! sees each message once: in its history, or live after it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{MessageId, Said, Spot, UnixMs, UserId, UserName};

/// A message that was committed while the server ran, or before.
pub(super) struct Message {
    /// Its number among all messages that were committed since the start, in all conversations; 0 for one
    /// that was committed before.
    pub(super) commit: u64,
    pub(super) mid: MessageId,
    pub(super) from_id: UserId,
    /// The sender's name. The user may have been deleted since.
    pub(super) from: UserName,
    /// The recipient's name. `None`: everybody.
    pub(super) to: Option<UserName>,
    pub(super) text: Arc<str>,
    pub(super) at: UnixMs,
    /// The message that it replies to.
    pub(super) reply_to: Option<MessageId>,
    /// When its text was changed last.
    pub(super) edited: Option<UnixMs>,
}

impl Message {
    /// What a client is told of it.
    pub(super) fn said(&self) -> Said<'_> {
        Said {
            mid: self.mid,
            place: self.to.as_ref().map_or(Spot::Everybody, |to| Spot::User(to.as_str())),
            from_id: self.from_id,
            from: self.from.as_str(),
            text: &self.text,
            at: self.at,
            quote: None,
            reply_to: self.reply_to,
            edited: self.edited,
            is_deleted: false,
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

    /// Gives a message another text, or forgets it if it was deleted, if it is among them.
    pub(super) fn change(&mut self, mid: MessageId, changed: Option<(&Arc<str>, UnixMs)>) {
        let Ok(place) = self.messages.binary_search_by_key(&mid, |message| message.mid) else {
            return;
        };
        match changed {
            Some((text, at)) => {
                let message = &mut self.messages[place];
                (message.text, message.edited) = (Arc::clone(text), Some(at));
            }
            None => _ = self.messages.remove(place),
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
        let ids: Vec<MessageId> = self.iter().map(|message| message.mid).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "the order is the store's");
    }
}
