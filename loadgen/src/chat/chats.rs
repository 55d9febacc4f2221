//! [`Chats`]: with what people there are conversations, and what of them is unread. The one that wrote last
//! comes first. Knows nothing of connections.

use std::collections::VecDeque;

/// All conversations.
#[derive(Debug, Default)]
pub(super) struct Chats {
    /// Those that wrote last come first.
    all: Vec<Chat>,
}

/// One conversation.
#[derive(Debug)]
struct Chat {
    with: String,
    unread: usize,
    /// The newest of the unread messages.
    kept: VecDeque<Entry>,
}

/// A message that has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// Who wrote it.
    pub(crate) from: String,
    /// What.
    pub(crate) text: String,
    /// When it came, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
}

/// The most conversations that are remembered.
const MOST: usize = 500;
/// The most unread messages of one conversation that are kept to be shown again.
const MOST_KEPT: usize = 20;

impl Chats {
    /// A message has come in the conversation with this person.
    pub(super) fn heard(&mut self, with: &str, entry: Entry, is_read: bool) {
        let at = self.find(with);
        let mut chat = self.all.remove(at);
        if !is_read {
            chat.unread += 1;
            chat.kept.push_back(entry);
            if chat.kept.len() > MOST_KEPT {
                chat.kept.pop_front();
            }
        }
        self.all.insert(0, chat);
    }

    /// A person looks at a conversation. Returns how many messages were unread, and the newest of them.
    pub(super) fn read(&mut self, with: &str) -> (usize, Vec<Entry>) {
        let at = self.find(with);
        let chat = &mut self.all[at];
        (std::mem::take(&mut chat.unread), chat.kept.drain(..).collect())
    }

    /// Whether there is a conversation with this person.
    pub(super) fn has(&self, with: &str) -> bool {
        self.all.iter().any(|chat| chat.with == with)
    }

    /// All of them, with the number of unread messages.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, usize)> {
        self.all.iter().map(|chat| (&*chat.with, chat.unread))
    }

    /// Its place; it is added at the end, if there is none.
    fn find(&mut self, with: &str) -> usize {
        if let Some(at) = self.all.iter().position(|chat| chat.with == with) {
            return at;
        }
        if self.all.len() >= MOST {
            // The one that has been silent for the longest time, if all of it is read.
            let at = self.all.iter().rposition(|chat| chat.unread == 0);
            self.all.remove(at.unwrap_or(self.all.len() - 1));
        }
        self.all.push(Chat { with: with.to_owned(), unread: 0, kept: VecDeque::new() });
        self.all.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        Entry { from: "x".to_owned(), text: text.to_owned(), at: 0 }
    }

    #[test]
    fn unread_messages_are_counted_for_each_chat_and_the_last_speaker_comes_first() {
        let mut chats = Chats::default();
        chats.read("cas");
        chats.heard("ann", entry("1"), false);
        chats.heard("bob", entry("2"), true);
        chats.heard("ann", entry("3"), false);
        assert_eq!(chats.all().collect::<Vec<_>>(), [("ann", 2), ("bob", 0), ("cas", 0)]);
        let (count, kept) = chats.read("ann");
        assert_eq!((count, kept), (2, vec![entry("1"), entry("3")]));
        assert_eq!(chats.read("ann"), (0, vec![]));
    }

    #[test]
    fn a_flood_of_messages_and_of_people_is_remembered_in_part() {
        let mut chats = Chats::default();
        for number in 0..100 {
            chats.heard("ann", entry(&number.to_string()), false);
        }
        for number in 0..2 * MOST {
            chats.heard(&number.to_string(), entry("x"), true);
        }
        assert_eq!(chats.all().count(), MOST);
        let (count, kept) = chats.read("ann");
        assert_eq!((count, kept.len(), &*kept[0].text), (100, MOST_KEPT, "80"));
    }
}
