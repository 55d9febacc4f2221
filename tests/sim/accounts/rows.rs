//! [`Rows`]: the messages that the store has told of its commits, and all that each of them ever said.
//!
//! A [`Version`] is what a message said from one commit on. The first one is the message as it was stored. Every
//! text is the text of one version of one message, so a text that a client is shown says which one that is.

use std::collections::HashMap;

use switchboard::chat::account::{MessageId, Place, Seq, UnixMs, UserKey};

/// What a message says from one commit on.
pub(super) struct Version {
    /// The number of the commit, among those of any kind.
    pub(super) order: u64,
    pub(super) at: UnixMs,
    /// `None`: the message is deleted.
    pub(super) text: Option<String>,
    /// Whether the server was told, or will be.
    pub(super) is_told: bool,
}

/// A message that is in the database.
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) mid: MessageId,
    pub(super) from: UserKey,
    pub(super) reply_to: Option<MessageId>,
    pub(super) versions: Vec<Version>,
}

impl Row {
    /// The number of the commit that has stored it.
    pub(super) fn order(&self) -> u64 {
        self.first().order
    }

    pub(super) fn first(&self) -> &Version {
        &self.versions[0]
    }

    pub(super) fn is_told(&self) -> bool {
        self.first().is_told
    }

    pub(super) fn seq(&self) -> u32 {
        self.mid.seq().0
    }

    /// What it says now. `None`: it is deleted.
    pub(super) fn text(&self) -> Option<&str> {
        self.versions.last().and_then(|last| last.text.as_deref())
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.text().is_none()
    }

    /// Which version has this text. The texts of all versions differ.
    pub(super) fn version_of(&self, text: &str) -> Option<usize> {
        self.versions.iter().position(|one| one.text.as_deref() == Some(text))
    }

    /// The version that a server shows which has been told of all up to this commit.
    pub(super) fn version_at(&self, order: u64) -> usize {
        let is_known = |one: &Version| one.is_told && one.order <= order;
        self.versions.iter().rposition(is_known).unwrap_or(0)
    }

    /// The other user of a private conversation.
    pub(super) fn recipient(&self) -> Option<UserKey> {
        match self.place {
            Place::Private(one, other) => Some(if one == self.from { other } else { one }),
            Place::Global | Place::Room(_) => None,
        }
    }
}

/// All messages, in the order of their commits.
#[derive(Default)]
pub(super) struct Rows {
    all: Vec<Row>,
    by_text: HashMap<String, usize>,
    by_mid: HashMap<MessageId, usize>,
    by_id: HashMap<(UserKey, String), usize>,
}

impl Rows {
    /// Notes that a message was stored.
    pub(super) fn add(&mut self, row: Row, id: Option<&str>) {
        let last = self.of(row.place).next_back().map_or(0, Row::seq);
        assert_eq!(row.seq(), last + 1, "A4: a row's number follows that of the row before");
        let number = self.all.len();
        let text = row.first().text.clone().expect("it was just said");
        assert_eq!(self.by_text.insert(text, number), None, "A2: a text is in the store twice");
        self.by_mid.insert(row.mid, number);
        if let Some(id) = id {
            self.by_id.insert((row.from, id.to_owned()), number);
        }
        self.all.push(row);
    }

    /// Notes that a message says something else from now on.
    pub(super) fn change(&mut self, mid: MessageId, version: Version) {
        let number = self.by_mid[&mid];
        if let Some(text) = &version.text {
            self.by_text.insert(text.clone(), number);
        }
        self.all[number].versions.push(version);
    }

    /// The server will not be told of what was committed after this one.
    pub(super) fn untell(&mut self, after: u64) {
        let versions = self.all.iter_mut().flat_map(|row| &mut row.versions);
        versions.filter(|one| one.order > after).for_each(|one| one.is_told = false);
    }

    /// The server reads all of it.
    pub(super) fn tell(&mut self) {
        self.all.iter_mut().flat_map(|row| &mut row.versions).for_each(|one| one.is_told = true);
    }

    pub(super) fn all(&self) -> &[Row] {
        &self.all
    }

    /// The messages of a conversation, oldest first.
    pub(super) fn of(&self, place: Place) -> impl DoubleEndedIterator<Item = &Row> {
        self.all.iter().filter(move |row| row.place == place)
    }

    /// The message with this text, in any of its versions.
    pub(super) fn with_text(&self, text: &str) -> Option<&Row> {
        self.by_text.get(text).map(|&number| &self.all[number])
    }

    pub(super) fn get(&self, mid: MessageId) -> Option<&Row> {
        self.by_mid.get(&mid).map(|&number| &self.all[number])
    }

    /// The message to which its sender's client gave this id.
    pub(super) fn with_id(&self, from: UserKey, id: &str) -> Option<&Row> {
        self.by_id.get(&(from, id.to_owned())).map(|&number| &self.all[number])
    }

    /// The last message of a conversation that the server was told of, or could have read when it started.
    pub(super) fn last_in(&self, place: Place) -> u32 {
        self.of(place).rfind(|row| row.is_told()).map_or(0, Row::seq)
    }

    /// Whether all messages between two of a conversation are deleted.
    pub(super) fn are_deleted_between(&self, place: Place, before: u32, after: u32) -> bool {
        let between = self.of(place).filter(|row| before < row.seq() && row.seq() < after);
        between.into_iter().all(Row::is_deleted)
    }

    /// The last of the deleted messages that follow a message without a gap, or that message.
    pub(super) fn deleted_after(&self, place: Place, seq: u32) -> u32 {
        let after = self.of(place).filter(|row| row.seq() > seq);
        after.take_while(|row| row.is_deleted()).last().map_or(seq, Row::seq)
    }
}

/// The version of a message as it is stored.
pub(super) fn first(order: u64, at: UnixMs, text: &str) -> Version {
    Version { order, at, text: Some(text.to_owned()), is_told: true }
}

/// The number of a message in its conversation.
pub(super) fn seq(mid: MessageId) -> u32 {
    let Seq(seq) = mid.seq();
    seq
}
