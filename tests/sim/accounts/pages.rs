//! The laws for MyChat's pages: private conversations, notices, the status, rooms, and what the pages ask for.
//!
//! | law | what it says here |
//! |---|---|
//! | A3 A4 | what a socket of a conversation is shown is committed, ascends, and has no gap |
//! | A6 | a message in a room is shown to users who were in it when it was committed, and to no socket that was open before its user left |
//! | A7 | what is said over such a socket comes back over it, in order, or the socket ends |
//! | A11 | unread is what follows the mark, also after a crash |

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use switchboard::chat::account::{Place, RoomKey, UserId, UserKey};

use super::laws::{Kind, Laws, key, name};
use super::rows::Row;
use super::store::{Store, in_order};
use crate::net::WireId;

/// What a page's socket is for. A user and a room are numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Pair(usize),
    Notices,
    Status,
    Room(usize),
}

/// A socket of a page, and what it was shown.
pub(super) struct Page {
    pub(super) login: usize,
    pub(super) purpose: Purpose,
    pub(super) is_up: bool,
    /// Whether its login was over before it was opened.
    pub(super) is_late: bool,
    /// The commits that the server knew of, and the jobs that a full disk has failed, when it was opened.
    since: u64,
    full: u64,
    /// The number and the commit of the last message that it was shown, in each conversation.
    last: HashMap<Place, (u32, u64)>,
    /// Its messages that were not answered yet, oldest first.
    pub(super) pending: VecDeque<usize>,
    /// Who is online, by the last list.
    online: Option<Vec<bool>>,
}

impl Page {
    pub(super) fn new((login, is_late): (usize, bool), purpose: Purpose, store: &Store) -> Self {
        Page {
            login,
            purpose,
            is_up: false,
            is_late,
            since: store.told(),
            full: store.full,
            last: HashMap::new(),
            pending: VecDeque::new(),
            online: None,
        }
    }
}

/// What a page asks for over HTTP, with which login, and when: the commits that the server knew of.
pub(super) struct Question {
    pub(super) login: usize,
    pub(super) since: u64,
    pub(super) wants: Wants,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Wants {
    Unread,
    MarkRead,
    History(usize),
    Rooms,
    RoomHistory(usize),
    /// To take a user into a room, or out of it.
    Change(usize),
    Delete(usize),
}

impl Laws {
    /// Whether the server may end a page's socket with this code.
    pub(super) fn may_end_page(&self, page: &Page, code: Option<u16>, store: &Store) -> bool {
        let user = key(self.logins[page.login].user);
        match (code, page.purpose) {
            // Between the lookup of the login and the upgrade the server may have forgotten it.
            (Some(1013), _) => page.last.is_empty() || store.full > page.full || store.has_failed(),
            (Some(1008), Purpose::Room(room)) => {
                let (_, room) = store.talk.rooms[room];
                let was_in = store.talk.was_member(room, user, page.since);
                !was_in || store.has_failed() || store.talk.moved_since(room, user, page.since)
            }
            _ => false,
        }
    }

    /// Whether a page's socket may be refused with this status.
    pub(super) fn may_refuse_page(&self, page: &Page, status: u16) -> bool {
        matches!(status, 503 | 507) || status == 401 && self.logins[page.login].ends
    }

    /// Checks a frame that a page is shown.
    pub(super) fn page_shown(&mut self, wire: WireId, frame: &Value, store: &Store) {
        let Kind::Page(page) = &self.lines[wire].kind else { unreachable!("it is a page's") };
        let (purpose, login) = (page.purpose, &self.logins[page.login]);
        let user = key(login.user);
        match (purpose, frame["type"].as_str()) {
            (Purpose::Notices, Some("ping")) => {}
            (Purpose::Notices, Some("unread_reset")) => {
                let writer = self.user_of(&frame["from_id"], store);
                let place = in_order(Place::Private(user, writer));
                let was_read =
                    store.talk.has_read(user, place) > 0 || store.rows.last_in(place) == 0;
                assert!(was_read || user == writer, "A3: wire {wire} is told of no mark");
            }
            (Purpose::Notices, Some("notify")) => {
                let (number, row) = self.page_message(wire, frame, "from_name", store);
                assert_eq!(self.user_of(&frame["from_id"], store), row.from);
                assert_eq!(row.place, in_order(Place::Private(row.from, user)), "A6: a notice");
                assert_ne!(row.from, user, "a notice of one's own message");
                let (place, now) = (row.place, (row.seq(), row.order()));
                let last = self.page(wire).last.insert(place, now);
                // While a newer socket of the login was open, it was told instead.
                assert!(last.is_none_or(|last| last.0 < now.0), "A4: notice of {number}");
            }
            (Purpose::Status, None) => {
                let list = frame.as_array().expect("a list");
                let names: Vec<&str> = list.iter().filter_map(|one| one["name"].as_str()).collect();
                let all: Vec<String> = (0..store.talk.users.len()).map(name).collect();
                assert_eq!(names, all, "everyone is in the list");
                let online = list.iter().map(|one| one["online"] == true).collect();
                self.page(wire).online = Some(online);
            }
            (Purpose::Pair(other), None) => {
                let (number, row) = self.page_message(wire, frame, "user", store);
                assert_eq!(row.place, in_order(Place::Private(user, key(other))), "A6: {number}");
                assert_eq!(frame["room_id"], Value::Null);
                self.page_follows(wire, row.place, (row.seq(), row.order()));
                self.settle(wire, number);
            }
            (Purpose::Room(room), None) => {
                let (number, row) = self.page_message(wire, frame, "user", store);
                let (id, room) = store.talk.rooms[room];
                assert_eq!(row.place, Place::Room(room), "A6: {number} is of another room");
                assert_eq!(frame["room_id"], id.to_string());
                assert_eq!(self.user_of(&frame["sender_id"], store), row.from);
                let was_in = store.talk.was_member(room, user, row.order());
                assert!(was_in, "A6: wire {wire} is shown {number}, and its user is no member");
                let before = self.page_follows(wire, row.place, (row.seq(), row.order()));
                let has_left =
                    before.is_some_and(|at| store.talk.left_between(room, user, at, row.order()));
                assert!(!has_left, "A6: wire {wire} stays open although its user was removed");
                self.settle(wire, number);
            }
            other => panic!("wire {wire} is shown a frame of {other:?}"),
        }
    }

    /// Notes that a page was shown the next message of a conversation. Returns the commit of the one before.
    fn page_follows(&mut self, wire: WireId, place: Place, now: (u32, u64)) -> Option<u64> {
        let last = self.page(wire).last.insert(place, now);
        assert!(last.is_none_or(|last| last.0 + 1 == now.0), "A4: {last:?}, {now:?} at {wire}");
        last.map(|(_, order)| order)
    }

    /// Checks a message that a page is shown. Returns its letter and its row.
    fn page_message<'s>(
        &self,
        wire: WireId,
        frame: &Value,
        sender: &str,
        store: &'s Store,
    ) -> (usize, &'s Row) {
        let text = frame["text"].as_str().expect("a text");
        let row = store.rows.with_text(text);
        let row = row.unwrap_or_else(|| panic!("A3: wire {wire} is shown what is not committed"));
        let number = self.letter_of(text, row);
        assert_eq!(frame[sender], name(row.from.0 as usize - 1), "A2: the sender of {number}");
        if let Kind::Page(page) = &self.lines[wire].kind {
            let revoked = store.revoked.get(&self.logins[page.login].token.digest());
            let is_late = revoked.is_some_and(|&revoked| row.order() >= revoked);
            assert!(!is_late, "A6: wire {wire} is shown what was committed after its logout");
        }
        (number, row)
    }

    fn user_of(&self, id: &Value, store: &Store) -> UserKey {
        let id = UserId::parse(id.as_str().expect("an id")).expect("a UUID");
        let place = store.talk.users.iter().position(|user| *user == id);
        key(place.expect("a user's"))
    }

    /// Checks the answer to a question.
    pub(super) fn page_answered(
        &self,
        question: &Question,
        (status, body): (u16, &[u8]),
        store: &Store,
    ) {
        let Question { login, since, wants } = *question;
        let user = key(self.logins[login].user);
        match status {
            200 => {}
            401 => return assert!(self.logins[login].ends, "a login is forgotten"),
            503 | 507 => return,
            _ => return self.page_refused(question, status, store),
        }
        let body: Value = serde_json::from_slice(body).expect("JSON");
        match wants {
            Wants::Unread => {
                let all = body.as_object().expect("an object").iter();
                let all = all.map(|(id, count)| {
                    let from = self.user_of(&Value::from(id.as_str()), store);
                    (from, count.as_u64().expect("a number") as u32)
                });
                let mut all: Vec<_> = all.collect();
                all.sort_unstable();
                assert!(store.talk.was_counted(user, all), "A11: what the store has not counted");
            }
            Wants::History(other) => {
                let place = in_order(Place::Private(user, key(other)));
                self.history(&body, (place, since), store, |line, row| {
                    let reader = if row.from == user { key(other) } else { user };
                    let is_read =
                        reader == row.from || store.talk.has_read(reader, place) >= row.seq();
                    assert!(line["read"] == false || is_read, "A11: it is not read");
                });
            }
            Wants::RoomHistory(room) => {
                let (_, room) = store.talk.rooms[room];
                self.saw_room(room, user, since, store);
                self.history(&body, (Place::Room(room), since), store, |_, _| {});
            }
            Wants::Rooms => {
                let listed: Vec<&str> = body
                    .as_array()
                    .expect("a list")
                    .iter()
                    .filter_map(|room| room["id"].as_str())
                    .collect();
                for &(id, room) in &store.talk.rooms {
                    match listed.contains(&id.to_string().as_str()) {
                        true => self.saw_room(room, user, since, store),
                        false => assert!(
                            !store.talk.is_member(room, user)
                                || store.has_failed()
                                || store.talk.moved_since(room, user, since),
                            "a room is missing"
                        ),
                    }
                }
            }
            Wants::MarkRead | Wants::Change(_) | Wants::Delete(_) => {
                assert_eq!(body["status"], "ok");
            }
        }
    }

    fn page_refused(&self, question: &Question, status: u16, store: &Store) {
        let Question { login, since, wants } = *question;
        let user = key(self.logins[login].user);
        let (Wants::RoomHistory(room) | Wants::Change(room) | Wants::Delete(room)) = wants else {
            panic!("{status} for {wants:?}")
        };
        let (_, room) = store.talk.rooms[room];
        let moved = store.has_failed()
            || store.talk.moved_since(room, user, since)
            || !store.talk.was_member(room, user, since);
        let may_be = match status {
            403 => moved,
            404 => store.talk.is_deleted(room),
            _ => false,
        };
        assert!(may_be, "{status} for {wants:?}");
    }

    /// Checks that a user was in a room at some time since a commit.
    pub(super) fn saw_room(&self, room: RoomKey, user: UserKey, since: u64, store: &Store) {
        let talk = &store.talk;
        // After a failed sync nobody knows what the disk holds.
        let is_unknown = store.has_failed() || talk.moved_since(room, user, since);
        let was_in = is_unknown || talk.was_member(room, user, since);
        assert!(was_in, "A6: a room is shown to a user who is no member");
    }

    fn history(
        &self,
        body: &Value,
        (place, since): (Place, u64),
        store: &Store,
        check: impl Fn(&Value, &Row),
    ) {
        let mut before = None;
        for line in body.as_array().expect("a list") {
            let text = line["text"].as_str().expect("a text");
            let row =
                store.rows.with_text(text).expect("A3: a history shows what is not committed");
            assert_eq!(row.place, place, "A6: a history shows another conversation");
            let is_gap = before
                .is_some_and(|before| !store.rows.are_deleted_between(place, before, row.seq()));
            assert!(!is_gap, "A5: a history with a gap");
            assert!(
                row.version_of(text) >= Some(row.version_at(since)),
                "A16: an old text: {text}"
            );
            assert_eq!(line["user"], name(row.from.0 as usize - 1), "A2: the sender");
            before = Some(row.seq());
            check(line, row);
        }
    }

    /// Checks an open page's socket when nothing is under way.
    pub(super) fn check_page_at_rest(&self, wire: WireId, page: &Page, store: &Store) {
        let login = &self.logins[page.login];
        assert!(page.is_up, "wire {wire} waits for its upgrade for ever");
        assert!(page.pending.is_empty(), "A7: wire {wire} waits for an answer");
        assert!(!login.is_over, "A6: wire {wire} is open, and its login was revoked");
        for (place, last) in &page.last {
            let is_last = last.0 == store.rows.last_in(*place);
            assert!(is_last || page.purpose == Purpose::Notices, "A4: wire {wire} has missed some");
        }
        if let Purpose::Room(room) = page.purpose {
            let is_in = store.talk.is_member(store.talk.rooms[room].1, key(login.user));
            // After a failed sync nobody knows what the disk holds.
            assert!(is_in || store.has_failed(), "A6: wire {wire} is open for a room it left");
        }
        if page.purpose == Purpose::Status {
            let online = (0..store.talk.users.len()).map(|user| self.is_online(user));
            let online: Vec<bool> = online.collect();
            assert_eq!(page.online.as_ref(), Some(&online), "wire {wire} has an old status");
        }
    }

    /// Whether a user has an open socket.
    pub(super) fn is_online(&self, user: usize) -> bool {
        self.lines.iter().any(|line| {
            let login = match &line.kind {
                Kind::Socket(socket) => socket.login,
                Kind::Page(page) => page.login,
                Kind::Device(device) => device.login,
                Kind::Http(_) => return false,
            };
            let is_open = !line.has_left && !line.is_over && line.closed.is_none();
            is_open && self.logins[login].user == user
        })
    }

    fn page(&mut self, wire: WireId) -> &mut Page {
        match &mut self.lines[wire].kind {
            Kind::Page(page) => page,
            Kind::Socket(_) | Kind::Device(_) | Kind::Http(_) => panic!("wire {wire} is no page's"),
        }
    }
}
