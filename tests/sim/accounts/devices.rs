//! The laws for devices: sockets that speak `switchboard.v1`.
//!
//! | law | what it says here |
//! |---|---|
//! | A3 A4 | what a device is shown is committed, ascends in each conversation, comes once, and at rest nothing is missing |
//! | A6 | only who sees a conversation hears of it |
//! | A7 | each command that has an answer has one, with its id |
//! | A15 | an id names one row, and its `ack` that row. The socket that sent a message gets the `ack`, and all other devices the message |
//! | A16 | each change of a message is told once to each device of those who see it, and every later history shows it |
//!
//! `answers` has what a device asks for.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use switchboard::chat::account::{MessageId, Place, UserKey};

use super::answers::Ask;
use super::laws::{Kind, Laws, Line, key, name};
use super::rows::{Row, Version};
use super::store::Store;
use crate::net::WireId;

/// What a phone keeps of a message until it knows what became of it, and what it is sent over.
pub(super) struct Draft {
    /// The phone.
    pub(super) who: usize,
    pub(super) id: String,
    pub(super) frame: String,
    /// The sockets of this life of the server that it was sent over.
    pub(super) wires: Vec<WireId>,
    /// How often it was sent.
    pub(super) sent: u32,
    /// Whether it was acknowledged, or refused for good.
    pub(super) is_done: bool,
    /// Whether its id was that of another message before.
    pub(super) is_reused: bool,
    /// Whether it replies to a message of another conversation.
    pub(super) is_lost_reply: bool,
}

/// One socket of a device, and what it was shown.
pub(super) struct Device {
    pub(super) login: usize,
    /// Whether its login was over before it was opened.
    is_late: bool,
    /// The commits that the server knew of when it was opened, and when it was welcomed.
    pub(super) since: u64,
    pub(super) begun: Option<u64>,
    /// Who is online, by the last list.
    online: Option<Vec<String>>,
    heard: HashSet<MessageId>,
    /// The last message that it was shown, in each conversation.
    last: HashMap<Place, u32>,
    /// How many changes of a message it was told, and the last version.
    changes: HashMap<MessageId, (usize, usize)>,
    /// The marks that it was told of: the reader, the conversation, and the last message.
    pub(super) reads: Vec<(UserKey, Place, u32)>,
    /// Its messages that are stored, and those that are delivered.
    stored: HashSet<usize>,
    delivered: HashSet<usize>,
    /// What it has asked for, each with its id.
    pub(super) pending: Vec<(String, Ask)>,
}

impl Device {
    pub(super) fn new((login, is_late): (usize, bool), since: u64) -> Self {
        Device {
            login,
            is_late,
            since,
            begun: None,
            online: None,
            heard: HashSet::new(),
            last: HashMap::new(),
            changes: HashMap::new(),
            reads: Vec::new(),
            stored: HashSet::new(),
            delivered: HashSet::new(),
            pending: Vec::new(),
        }
    }
}

impl Laws {
    /// Checks a frame that a device is shown.
    pub(super) fn device_shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let kind = frame["type"].as_str().expect("each frame has a type");
        let user = self.user_of_device(wire);
        let device = self.device(wire);
        assert_eq!(device.begun.is_none(), kind == "welcome", "{kind} at wire {wire}");
        match kind {
            "welcome" => {
                assert!(!device.is_late, "A10: a token opens a socket after its logout");
                assert_eq!(frame["user"], name(user));
                device.begun = Some(store.told());
            }
            "online_users" => {
                let list = frame["users"].as_array().expect("a list").iter();
                let mut names: Vec<_> = list.filter_map(Value::as_str).map(str::to_owned).collect();
                names.sort_unstable();
                device.online = Some(names);
            }
            "typing" => assert_ne!(frame["from"], name(user), "A6: one's own typing"),
            "message" => self.told(wire, frame, store),
            "edited" | "deleted" => self.told_of_change(wire, frame, store),
            "ack" => self.acknowledged(wire, frame, store),
            _ => self.device_answered(wire, kind, frame, store),
        }
    }

    fn told(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let text = frame["text"].as_str().expect("a text");
        let row = store.rows.with_text(text);
        let row = row.unwrap_or_else(|| panic!("A3: wire {wire} is shown what is not committed"));
        assert_eq!(row.version_of(text), Some(0), "A4: a message is told as it was stored");
        assert_eq!((mid(&frame["mid"]), frame["ts"].as_i64()), (row.mid, Some(row.first().at.0)));
        assert_eq!(frame["from"], name(row.from.0 as usize - 1), "A2: the sender");
        let reply_to = row.reply_to.map(|mid| mid.to_string());
        assert_eq!(frame["reply_to"].as_str(), reply_to.as_deref(), "A15: what it replies to");
        assert_eq!([&frame["edited"], &frame["deleted"]], [&Value::Null; 2]);
        names_place(frame, row, store);
        self.may_hear(wire, row.place, row.first(), store);
        let number = self.letter_of(text, row);
        let wires = self.letters[number].draft.as_ref().map(|draft| &draft.wires[..]);
        assert_ne!(wires, Some(&[wire][..]), "A15: wire {wire} is shown what it has sent itself");
        let device = self.device(wire);
        assert!(device.heard.insert(row.mid), "A15: wire {wire} is shown a message twice");
        let last = device.last.insert(row.place, row.seq());
        assert!(last.is_none_or(|last| last < row.seq()), "A4: {last:?}, then {}", row.seq());
    }

    fn told_of_change(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let (mid, user) = (mid(&frame["mid"]), key(self.user_of_device(wire)));
        let row = store.rows.get(mid).expect("A3: a change of no message");
        let (count, last) = self.device(wire).changes.get(&mid).copied().unwrap_or((0, 0));
        let is_it = |version: &Version| {
            version.text.as_deref() == frame["text"].as_str()
                && frame["ts"].as_i64() == Some(version.at.0)
        };
        let later = row.versions.iter().enumerate().skip(last + 1);
        let found = later.into_iter().find(|(_, version)| is_it(version));
        let (number, version) = found.unwrap_or_else(|| {
            panic!("A16: wire {wire} is told of a change that is none: {frame}")
        });
        assert_eq!(frame["type"] == "deleted", version.text.is_none());
        names_place(frame, row, store);
        self.may_hear(wire, row.place, version, store);
        let device = self.device(wire);
        device.changes.insert(mid, (count + 1, number));
        if let Some(id) = frame["id"].as_str() {
            let asked = device.take(id);
            let is_it = matches!(asked, Ask::Change { mid: asked, .. } if asked == mid);
            assert!(is_it && row.from == user, "A16: wire {wire} is answered {frame}");
        }
    }

    /// Checks that a device may hear of something that was committed in a conversation.
    fn may_hear(&self, wire: WireId, place: Place, version: &Version, store: &Store) {
        let Kind::Device(device) = &self.lines[wire].kind else { unreachable!("it is a device") };
        let login = &self.logins[device.login];
        let sees = saw(key(login.user), place, version.order, store);
        assert!(sees, "A6: wire {wire} hears of a conversation of others");
        assert!(version.is_told, "A3: wire {wire} hears of what nobody knows to be committed");
        assert!(version.order > device.since, "A4: wire {wire} hears of what was before");
        let revoked = store.revoked.get(&login.token.digest());
        let is_late = revoked.is_some_and(|&revoked| version.order >= revoked);
        assert!(!is_late, "A6: wire {wire} is shown what was committed after its logout");
    }

    fn acknowledged(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let id = frame["id"].as_str().expect("an id");
        let user = self.user_of_device(wire);
        let row = store.rows.with_id(key(user), id).filter(|row| row.is_told());
        let row = row.unwrap_or_else(|| panic!("A3: {id} is acknowledged before its commit"));
        let text = row.first().text.as_deref().expect("it was said");
        let number = self.letter_of(text, row);
        let named = (mid(&frame["mid"]), frame["ts"].as_i64());
        assert_eq!(
            named,
            (row.mid, Some(row.first().at.0)),
            "A15: {id} is acknowledged as another"
        );
        match frame["status"].as_str() {
            Some("stored") => {
                let Ask::Letter(asked) = self.device(wire).take(id) else { panic!("{id}") };
                let draft = self.letters[asked].draft.as_mut().expect("a device's");
                // The store has forgotten what an edited message said before.
                let may_be_taken = draft.is_reused && row.versions.len() > 1;
                assert!(asked == number || may_be_taken, "A15: {id} is acknowledged as another");
                draft.is_done = true;
                self.device(wire).stored.insert(asked);
            }
            Some("delivered") => {
                let recipient = row.recipient().expect("A15: a shared message is delivered");
                let is_theirs = |line: &Line| self.user_at(line) == Some(recipient);
                assert!(self.lines.iter().any(is_theirs), "A15: delivered to nobody");
                let device = self.device(wire);
                let is_first = device.stored.contains(&number) && device.delivered.insert(number);
                assert!(is_first, "A15: {id} is delivered before it is stored, or twice");
            }
            other => panic!("an ack that says {other:?}"),
        }
    }

    /// Checks an open device when nothing is under way.
    pub(super) fn check_device_at_rest(&self, wire: WireId, device: &Device, store: &Store) {
        let login = &self.logins[device.login];
        let user = key(login.user);
        let begun = device.begun.unwrap_or_else(|| panic!("wire {wire} waits for its welcome"));
        assert!(!login.is_over, "A6: wire {wire} is open, and its login was revoked");
        let waits = device.pending.iter().find(|(_, ask)| !matches!(ask, Ask::Mark { .. }));
        assert!(waits.is_none(), "A7: wire {wire} waits for an answer: {waits:?}");
        let online = (0..store.talk.users.len()).filter(|&user| self.is_online(user));
        let online: Vec<String> = online.map(name).collect();
        assert_eq!(device.online.as_ref(), Some(&online), "wire {wire} has an old list");
        for row in store.rows.all() {
            // After a failed sync nobody knows who is in a room.
            if store.has_failed() && matches!(row.place, Place::Room(_)) {
                continue;
            }
            let is_due = |version: &&Version| {
                version.is_told
                    && version.order > begun
                    && saw(user, row.place, version.order, store)
            };
            let text = row.first().text.as_deref().expect("it was said");
            let number = self.letter_of(text, row);
            let draft = self.letters[number].draft.as_ref();
            let is_own = draft.is_some_and(|draft| draft.wires.contains(&wire));
            let is_there = is_own || device.heard.contains(&row.mid);
            assert!(is_there || !is_due(&row.first()), "A4: wire {wire} has missed {number}");
            let due = row.versions[1..].iter().filter(is_due).count();
            let told = device.changes.get(&row.mid).map_or(0, |(count, _)| *count);
            assert!(told >= due, "A16: wire {wire} has missed a change of {number}");
            let is_sent_once = draft.is_some_and(|draft| draft.sent == 1);
            let is_delivered = device.delivered.contains(&number);
            if device.stored.contains(&number) && is_sent_once && !is_delivered {
                let heard = self.is_heard(row, store);
                assert!(!heard, "A15: {number} was heard, and is not delivered");
            }
        }
        self.check_reads_at_rest(wire, device, store);
    }

    /// Whether a device of the recipient was there when a private message was committed, and is still.
    fn is_heard(&self, row: &Row, store: &Store) -> bool {
        self.lines.iter().any(|line| match &line.kind {
            Kind::Device(device) => {
                let is_open = !line.has_left && !line.is_over && line.closed.is_none();
                let is_recipient = self.user_at(line) == row.recipient() && is_open;
                let is_other = row.recipient() != Some(row.from);
                is_recipient && is_other && device.begun.is_some_and(|begun| begun < row.order())
            }
            Kind::Socket(_) | Kind::Page(_) | Kind::Http(_) => false,
        }) && !store.has_failed()
    }

    fn user_at(&self, line: &Line) -> Option<UserKey> {
        let login = match &line.kind {
            Kind::Socket(socket) => socket.login,
            Kind::Page(page) => page.login,
            Kind::Device(device) => device.login,
            Kind::Http(_) => return None,
        };
        Some(key(self.logins[login].user))
    }

    pub(super) fn user_of_device(&self, wire: WireId) -> usize {
        let Kind::Device(device) = &self.lines[wire].kind else { unreachable!("it is a device") };
        self.logins[device.login].user
    }

    pub(super) fn device(&mut self, wire: WireId) -> &mut Device {
        match &mut self.lines[wire].kind {
            Kind::Device(device) => device,
            Kind::Socket(_) | Kind::Page(_) | Kind::Http(_) => panic!("wire {wire} is no device's"),
        }
    }
}

/// Whether a user saw a conversation just after a commit.
fn saw(user: UserKey, place: Place, order: u64, store: &Store) -> bool {
    match place {
        Place::Global => true,
        Place::Private(one, other) => user == one || user == other,
        Place::Room(room) => store.talk.was_member(room, user, order),
    }
}

/// Checks that a frame about a message names its place: a private one by the recipient.
fn names_place(frame: &Value, row: &Row, store: &Store) {
    let to = row.recipient().map(|key| name(key.0 as usize - 1));
    let room = match row.place {
        Place::Room(key) => store.talk.rooms.iter().find(|(_, room)| *room == key),
        Place::Global | Place::Private(..) => None,
    };
    let room = room.map(|(id, _)| id.to_string());
    let named = (frame["to"].as_str(), frame["room"].as_str());
    assert_eq!(named, (to.as_deref(), room.as_deref()), "A6: the place of a message");
}

/// The id of a message in a frame.
pub(super) fn mid(value: &Value) -> MessageId {
    value.as_str().and_then(MessageId::parse).expect("a mid is digits")
}
