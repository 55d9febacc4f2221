//! [`Missed`]: private messages for sockets that have no words for them yet.
//!
//! A client that has not switched from Chatterbox cannot be told of a private message. If it switches, it
//! gets those that were committed since it came. They are kept for it here: a limited number for each
//! socket, and a limited number of bytes in all. The oldest of a socket is forgotten first. A forgotten
//! message is still in the store, and its sender was told that it was not delivered.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::recent::Message;
use super::{Limits, MessageId, UnixMs};
use crate::chat::ConnectionId;
use crate::shards::Shards;

/// The messages that wait for a switch.
#[derive(Default)]
pub(super) struct Missed {
    /// Only of sockets that have missed one: others cost nothing.
    queues: Shards<Queue>,
    /// The bytes of all texts. A text that is kept for two sockets counts twice.
    bytes: usize,
}

struct Queue {
    id: ConnectionId,
    messages: VecDeque<Rc<Message>>,
}

impl Missed {
    /// Keeps a message for a socket, if there is room.
    pub(super) fn keep(&mut self, limits: &Limits, id: ConnectionId, message: &Rc<Message>) {
        if self.queues.find(id, |queue| queue.id == id).is_none() {
            self.queues.insert(Queue { id, messages: VecDeque::new() }, |queue| queue.id);
        }
        let Missed { queues, bytes } = self;
        let Some(queue) = queues.find_mut(id, |queue| queue.id == id) else { return };
        queue.messages.push_back(Rc::clone(message));
        *bytes += message.text.len();
        while queue.messages.len() > limits.missed_messages || *bytes > limits.missed_bytes {
            // A socket makes room with its own messages, so that none can push out those of others.
            let Some(oldest) = queue.messages.pop_front() else { return };
            *bytes -= oldest.text.len();
        }
    }

    /// Gives a message another text, or forgets it if it was deleted, wherever it is kept. O(kept).
    pub(super) fn change(&mut self, mid: MessageId, changed: Option<(&Arc<str>, UnixMs)>) {
        let Missed { queues, bytes } = self;
        for queue in queues.iter_mut() {
            let Some(place) = queue.messages.iter().position(|one| one.mid == mid) else {
                continue;
            };
            *bytes -= queue.messages[place].text.len();
            match changed {
                Some((text, at)) => {
                    *bytes += text.len();
                    let (text, edited) = (Arc::clone(text), Some(at));
                    let old = &queue.messages[place];
                    let (from, to) = (old.from.clone(), old.to.clone());
                    queue.messages[place] = Rc::new(Message { text, edited, from, to, ..**old });
                }
                None => _ = queue.messages.remove(place),
            }
        }
    }

    /// Takes out what was kept for a socket, the oldest first.
    pub(super) fn take(&mut self, id: ConnectionId) -> VecDeque<Rc<Message>> {
        let queue = self.queues.remove(id, |queue| queue.id == id);
        let messages = queue.map(|queue| queue.messages).unwrap_or_default();
        self.bytes -= messages.iter().map(|message| message.text.len()).sum::<usize>();
        messages
    }

    /// Panics if the bytes are miscounted, or if a socket that speaks or is gone has something kept.
    pub(super) fn check_invariants(&self, limits: &Limits, waits: impl Fn(ConnectionId) -> bool) {
        let of = |queue: &Queue| queue.messages.iter().map(|one| one.text.len()).sum::<usize>();
        assert_eq!(self.bytes, self.queues.iter().map(of).sum::<usize>(), "bytes are counted");
        assert!(self.bytes <= limits.missed_bytes, "more bytes are kept than may be");
        for queue in self.queues.iter() {
            assert!(waits(queue.id), "messages are kept for those that wait only");
            assert!(queue.messages.len() <= limits.missed_messages, "a socket has its limit");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::account::{UserId, UserName};

    fn message(commit: u64, text: &str) -> Rc<Message> {
        let name = UserName::registered("ada");
        let (from, to) = (name.clone(), Some(name));
        let (mid, from_id, at) =
            (MessageId(i64::try_from(commit).expect("small")), UserId([1; 16]), UnixMs(0));
        let (text, reply_to, edited) = (text.into(), None, None);
        Rc::new(Message { commit, mid, from_id, from, to, text, at, reply_to, edited })
    }

    fn kept(missed: &mut Missed, id: ConnectionId) -> Vec<u64> {
        missed.take(id).iter().map(|message| message.commit).collect()
    }

    #[test]
    fn the_oldest_message_of_a_socket_is_forgotten_first() {
        let limits = Limits { missed_messages: 2, ..Limits::default() };
        let (one, other) = (ConnectionId::new(1, 0), ConnectionId::new(2, 0));
        let mut missed = Missed::default();
        for commit in 1..=3 {
            missed.keep(&limits, one, &message(commit, "text"));
        }
        missed.keep(&limits, other, &message(4, "text"));
        missed.check_invariants(&limits, |_| true);
        assert_eq!((kept(&mut missed, one), kept(&mut missed, other)), (vec![2, 3], vec![4]));
        assert_eq!((kept(&mut missed, one), missed.bytes), (vec![], 0));
    }

    #[test]
    fn a_socket_without_room_loses_its_own_messages_and_nobody_elses() {
        let limits = Limits { missed_bytes: 10, ..Limits::default() };
        let (one, other) = (ConnectionId::new(1, 0), ConnectionId::new(2, 0));
        let mut missed = Missed::default();
        missed.keep(&limits, one, &message(1, "123456"));
        missed.keep(&limits, other, &message(2, "1234"));
        missed.keep(&limits, other, &message(3, "12345"));
        missed.check_invariants(&limits, |_| true);
        assert_eq!((kept(&mut missed, one), kept(&mut missed, other)), (vec![1], vec![]));
    }
}
