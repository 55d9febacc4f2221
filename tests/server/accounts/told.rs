//! [`Told`]: what clients were told, and the laws that the database must keep after any death of the server.
//!
//! Each text is unique and says what it is: `ada>all#17` is ada's seventeenth text, to everybody, and
//! `ada>bob#18` is a private one. So a row of the database can be judged without the client that wrote it.
//! A *view* is what one connection heard, in order, its history included. A *told* message is one that
//! stands in a view.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::client::Data;

/// The texts of each conversation, in the order of the store.
pub(super) type Stored = BTreeMap<String, Vec<String>>;

/// The last global messages that the server keeps for newcomers.
const RECENT: usize = 50;

/// What all clients were told in all lives of the server.
#[derive(Default)]
pub(super) struct Told {
    /// For each connection the texts that it heard, in order.
    pub(super) views: Vec<Vec<String>>,
    /// For each connection the texts that it sent, in order.
    pub(super) sent: Vec<Vec<String>>,
    /// Names for which `/register` answered 200.
    pub(super) registered: Vec<String>,
    /// Tokens that a 200 of `/login` gave out.
    pub(super) tokens: Vec<String>,
    /// Tokens for which `/logout` was sent.
    pub(super) logging_out: BTreeSet<String>,
    /// Tokens for which `/logout` answered 200.
    pub(super) logged_out: Vec<String>,
}

/// The conversation of a text: `all`, or the two names in the order of the alphabet.
fn conversation_of(text: &str) -> String {
    let (from, rest) = text.split_once('>').expect("a text of ours");
    let (to, _) = rest.split_once('#').expect("a text of ours");
    match to {
        "all" => to.to_owned(),
        _ => format!("{}+{}", from.min(to), from.max(to)),
    }
}

impl Told {
    /// How many messages were told to a client at least once.
    pub(super) fn messages(&self) -> usize {
        self.views.iter().flatten().collect::<BTreeSet<_>>().len()
    }

    /// Asserts that the database keeps every law.
    #[track_caller]
    pub(super) fn expect_in(&self, stored: &Stored) {
        let all: Vec<&String> = stored.values().flatten().collect();
        let once: BTreeSet<&String> = all.iter().copied().collect();
        assert_eq!(once.len(), all.len(), "nothing is stored twice");
        let sent: BTreeSet<&String> = self.sent.iter().flatten().collect();
        assert!(once.is_subset(&sent), "nothing is stored that nobody has sent");
        for view in &self.views {
            expect_slices(view, stored);
        }
        for sent in &self.sent {
            // One connection is read in order, and the store works in order. So a stored message says that
            // those before it are stored.
            let count = sent.iter().take_while(|text| once.contains(text)).count();
            let later: Vec<_> = sent[count..].iter().filter(|text| once.contains(text)).collect();
            assert!(later.is_empty(), "{later:?} without {}", sent[count]);
        }
    }
}

/// Asserts that a view has of each conversation a slice of what is stored: the same texts in the same order,
/// none twice, and none missing between its first and its last.
#[track_caller]
fn expect_slices(view: &[String], stored: &Stored) {
    let mut heard: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for text in view {
        heard.entry(conversation_of(text)).or_default().push(text);
    }
    for (conversation, heard) in heard {
        let rows = stored.get(&conversation).map(Vec::as_slice).unwrap_or_default();
        let first = rows.iter().position(|text| text == heard[0]);
        let first = first.unwrap_or_else(|| panic!("{} was told, and is lost", heard[0]));
        let slice: Vec<&String> = rows[first..].iter().take(heard.len()).collect();
        assert_eq!(heard, slice, "{conversation}: what was heard is not what is stored");
    }
}

/// Asserts that the last global messages, as a client gets them, are those of the store.
#[track_caller]
pub(super) fn expect_recent(page: &Value, key: &str, stored: &Stored) {
    let rows = stored.get("all").map(Vec::as_slice).unwrap_or_default();
    let page = page.as_array().expect("a list");
    let page: Vec<&str> = page.iter().map(|one| one[key].as_str().expect("a text")).collect();
    assert_eq!(page, rows[rows.len().saturating_sub(RECENT)..]);
}

/// Reads the database of a server that is dead, as the disk has it: from a copy, so that the next server finds
/// what the last one left. SQLite itself is the reader, without any code of ours.
#[track_caller]
pub(super) fn read(data: &Data) -> Stored {
    let copy = Data::new();
    for name in ["switchboard.db", "switchboard.db-wal"] {
        if data.file(name).exists() {
            fs::copy(data.file(name), copy.file(name)).expect("there is room");
        }
    }
    let database = rusqlite::Connection::open(copy.file("switchboard.db")).expect("it is there");
    let check: String =
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("SQL");
    assert_eq!(check, "ok");
    let sql = "SELECT coalesce(min(low.name, high.name) || '+' || max(low.name, high.name), 'all'),
            message.id & 0xffffffff, sender.name, message.text
        FROM messages AS message
        JOIN conversations AS conversation ON conversation.key = message.id >> 32
        JOIN users AS sender ON sender.key = message.sender
        LEFT JOIN users AS low ON low.key = conversation.low
        LEFT JOIN users AS high ON high.key = conversation.high
        ORDER BY message.id";
    let mut statement = database.prepare(sql).expect("SQL");
    let mut rows = statement.query([]).expect("it can be read");
    let mut stored = Stored::new();
    while let Some(row) = rows.next().expect("it can be read") {
        let (conversation, sender): (String, String) = (text(row, 0), text(row, 2));
        let said = text(row, 3);
        assert_eq!(conversation_of(&said), conversation, "{said}");
        assert!(said.starts_with(&format!("{sender}>")), "{said} of {sender}");
        let texts = stored.entry(conversation.clone()).or_default();
        texts.push(said);
        let seq: u32 = row.get(1).expect("one");
        assert_eq!(seq as usize, texts.len(), "{conversation} has no gap");
    }
    stored
}

fn text(row: &rusqlite::Row<'_>, column: usize) -> String {
    row.get(column).expect("a text")
}
