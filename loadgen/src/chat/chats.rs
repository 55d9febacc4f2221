//! [`Chats`]: what conversations there are, and what of them is unread. The one with the newest message comes
//! first. Knows nothing of connections.

use std::collections::VecDeque;

use super::place::Place;

/// All conversations.
#[derive(Debug, Default)]
pub(super) struct Chats {
    /// Those with the newest messages come first.
    all: Vec<Chat>,
}

/// One conversation.
#[derive(Debug)]
struct Chat {
    place: Place,
    unread: usize,
    /// The newest of the unread messages, if the server does not keep them.
    kept: VecDeque<Entry>,
    /// The newest message that was shown, if the server counts them.
    shown: Option<u64>,
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// The conversation, as it is called.
    pub(crate) place: String,
    /// Who wrote it.
    pub(crate) from: String,
    /// What; nothing if it was deleted.
    pub(crate) text: String,
    /// When it was stored, or came, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// Whether it was written by us, from another device or at another time.
    pub(crate) is_ours: bool,
    /// The server's id for it, if the server keeps messages.
    pub(crate) mid: Option<u64>,
}

/// The most conversations that are remembered.
const MOST: usize = 500;
/// The most unread messages of one conversation that are kept to be shown again.
const MOST_KEPT: usize = 20;

impl Chats {
    /// A message has come in a conversation.
    pub(super) fn heard(&mut self, place: &Place, entry: Entry, is_read: bool) {
        let at = self.find(place);
        let mut chat = self.all.remove(at);
        chat.shown = chat.shown.max(entry.mid);
        if !is_read {
            chat.unread += 1;
            if entry.mid.is_none() {
                chat.kept.push_back(entry);
            }
            if chat.kept.len() > MOST_KEPT {
                chat.kept.pop_front();
            }
        }
        self.all.insert(0, chat);
    }

    /// A person looks at a conversation. Returns how many messages were unread, and the newest of them.
    pub(super) fn read(&mut self, place: &Place) -> (usize, Vec<Entry>) {
        let at = self.find(place);
        let chat = &mut self.all[at];
        (std::mem::take(&mut chat.unread), chat.kept.drain(..).collect())
    }

    /// The server says how many messages are unread.
    pub(super) fn set_unread(&mut self, place: &Place, unread: usize) {
        let at = self.find(place);
        self.all[at].unread = unread;
    }

    /// A message was shown. Returns whether it is newer than all that were shown before.
    pub(super) fn show(&mut self, place: &Place, mid: u64) -> bool {
        let at = self.find(place);
        let shown = &mut self.all[at].shown;
        let is_newer = shown.is_none_or(|before| mid > before);
        *shown = (*shown).max(Some(mid));
        is_newer
    }

    /// The newest message of a conversation that was shown.
    pub(super) fn newest_shown(&self, place: &Place) -> Option<u64> {
        self.all.iter().find(|chat| chat.place == *place)?.shown
    }

    /// Whether there is a conversation with this person.
    pub(super) fn has(&self, who: &str) -> bool {
        self.all.iter().any(|chat| matches!(&chat.place, Place::Person(name) if name == who))
    }

    /// All of them, with the number of unread messages.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Place, usize)> {
        self.all.iter().map(|chat| (&chat.place, chat.unread))
    }

    /// A conversation is there no longer.
    pub(super) fn remove(&mut self, place: &Place) {
        self.all.retain(|chat| chat.place != *place);
    }

    /// Its place; it is added at the end, if there is none.
    fn find(&mut self, place: &Place) -> usize {
        if let Some(at) = self.all.iter().position(|chat| chat.place == *place) {
            return at;
        }
        if self.all.len() >= MOST {
            // The one that has been silent for the longest time, if all of it is read.
            let at = self.all.iter().rposition(|chat| chat.unread == 0);
            self.all.remove(at.unwrap_or(self.all.len() - 1));
        }
        let (place, kept) = (place.clone(), VecDeque::new());
        self.all.push(Chat { place, unread: 0, kept, shown: None });
        self.all.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str, mid: Option<u64>) -> Entry {
        let (place, from, text) = ("x".to_owned(), "x".to_owned(), text.to_owned());
        Entry { place, from, text, at: 0, is_ours: false, mid }
    }

    fn person(name: &str) -> Place {
        Place::Person(name.to_owned())
    }

    #[test]
    fn unread_messages_are_counted_for_each_chat_and_the_last_speaker_comes_first() {
        let mut chats = Chats::default();
        chats.read(&person("cas"));
        chats.heard(&person("ann"), entry("1", None), false);
        chats.heard(&person("bob"), entry("2", None), true);
        chats.heard(&person("ann"), entry("3", None), false);
        let (ann, bob, cas) = (person("ann"), person("bob"), person("cas"));
        assert_eq!(chats.all().collect::<Vec<_>>(), [(&ann, 2), (&bob, 0), (&cas, 0)]);
        let (count, kept) = chats.read(&ann);
        assert_eq!((count, kept), (2, vec![entry("1", None), entry("3", None)]));
        assert_eq!(chats.read(&ann), (0, vec![]));
        assert!(chats.has("ann") && !chats.has("dan"));
    }

    #[test]
    fn a_flood_of_messages_and_of_people_is_remembered_in_part() {
        let mut chats = Chats::default();
        for number in 0..100 {
            chats.heard(&person("ann"), entry(&number.to_string(), None), false);
        }
        for number in 0..2 * MOST {
            chats.heard(&person(&number.to_string()), entry("x", None), true);
        }
        assert_eq!(chats.all().count(), MOST);
        let (count, kept) = chats.read(&person("ann"));
        assert_eq!((count, kept.len(), &*kept[0].text), (100, MOST_KEPT, "80"));
    }

    #[test]
    fn of_a_history_only_what_is_newer_than_what_was_shown_is_new() {
        let mut chats = Chats::default();
        let place = Place::Everyone;
        chats.heard(&place, entry("5", Some(5)), true);
        assert_eq!([4, 5, 6, 6].map(|mid| chats.show(&place, mid)), [false, false, true, false]);
        assert_eq!(chats.newest_shown(&place), Some(6));
        chats.set_unread(&place, 7);
        assert_eq!(chats.read(&place).0, 7);
    }
}
