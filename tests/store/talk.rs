//! [`Talk`]: the model of conversations, rooms and marks, for the model of the store.

use std::collections::{HashMap, HashSet};

use switchboard::chat::account::{
    Entry, History, MessageId, Most, Output, Place, Quote, ReplyTo, Room, RoomChange, RoomKey, Seq,
    Stored, UnixMs, UserKey, Work,
};

/// The most characters of what the store quotes.
pub(super) const QUOTE_CHARS: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The messages of each conversation, in their order.
    messages: HashMap<Place, Vec<Message>>,
    /// How far a user has read a conversation.
    read: HashMap<(UserKey, Place), u32>,
    /// Since when a user is a member of a room.
    added: HashMap<(RoomKey, UserKey), i64>,
    /// The conversation and the text that a user's client gave an id to, and the message.
    once: HashMap<(UserKey, String), (Place, String, MessageId)>,
    pub(super) rooms: Vec<Room>,
    /// Every room there ever was.
    pub(super) keys: Vec<RoomKey>,
    /// Every message there ever was, and its conversation.
    pub(super) mids: Vec<(MessageId, Place)>,
}

#[derive(Clone, Debug)]
struct Message {
    mid: MessageId,
    from: UserKey,
    at: i64,
    /// `None`: it was deleted.
    text: Option<String>,
    edited: Option<UnixMs>,
    reply_to: Option<MessageId>,
    quoted: Option<String>,
}

impl Talk {
    /// Does to the model what the job does to the store, and checks what the job has brought. `created` says
    /// since when there is a user. Returns whether the job is about conversations.
    pub(super) fn expect(
        &mut self,
        work: &Work,
        output: &Output,
        created: impl Fn(UserKey) -> Option<i64>,
    ) -> bool {
        match (work, output) {
            (Work::Say { .. }, _) => self.check_say(work, output, created),
            (Work::Change { mid, by, at, text }, _) => {
                match (output, self.change(*mid, *by, (text.as_deref(), *at))) {
                    (Output::Changed(one), Output::Changed(other)) => {
                        assert!(same(&[*one.clone()], &[*other], Place::Global));
                    }
                    (output, expected) => assert_eq!(*output, expected),
                }
            }
            (Work::MarkRead { user, other }, Output::Read(up_to)) => {
                let place = in_order(Place::Private(*user, *other));
                let last = self.of(place).last().map(|last| last.mid);
                assert_eq!(*up_to, last);
                if let Some(last) = last {
                    self.read.insert((*user, place), last.seq().0);
                }
            }
            (Work::ReadUpTo { user, place, up_to }, _) => {
                let place = in_order(*place);
                let is_here = self.mids.contains(&(*up_to, place)) || is_no_message(*up_to, place);
                if !is_here {
                    assert_eq!(*output, Output::NoSuchMessage);
                    return true;
                }
                let before = self.unread(*user, place);
                let last = self.of(place).last().map_or(0, |last| last.mid.seq().0);
                let read = self.read.entry((*user, place)).or_insert(0);
                *read = (*read).max(up_to.seq().0.min(last));
                let up_to = (*read > 0).then_some(MessageId::of(up_to.conversation(), Seq(*read)));
                let is_private = matches!(place, Place::Private(..));
                let is_reset = is_private && before > 0 && self.unread(*user, place) == 0;
                assert_eq!(*output, Output::ReadUpTo { up_to, is_reset });
            }
            (Work::Unread(user), Output::Unread(unread)) => {
                let mut unread = unread.clone();
                unread.sort_unstable();
                let of = |other| self.unread(*user, in_order(Place::Private(*user, other)));
                let expected = (1..9).map(UserKey).map(|other| (other, of(other)));
                let expected: Vec<_> = expected.filter(|(_, count)| *count > 0).collect();
                assert_eq!(unread, expected);
            }
            (Work::History { place, limit }, Output::History(history)) => {
                self.check_history(*place, (*limit).into(), history);
            }
            (Work::Page { place, before, limit, bytes }, _) => {
                self.check_page(in_order(*place), (*before, (*limit).into(), *bytes), output);
            }
            (Work::Inbox { user, rooms, most }, Output::Inbox(entries)) => {
                self.check_inbox((*user, created(*user)), rooms, *most, entries);
            }
            (Work::CreateRoom { creator, name, at, .. }, Output::RoomCreated(room)) => {
                assert_eq!(room.is_some(), created(*creator).is_some());
                if let Some(room) = room {
                    assert_eq!((&room.name, &*room.members), (name, &[*creator][..]));
                    assert!(!self.keys.contains(&room.key), "a key is never given again");
                    self.keys.push(room.key);
                    self.rooms.push(room.clone());
                    self.added.insert((room.key, *creator), at.0);
                }
            }
            (Work::ChangeRoom { room, by, change, at }, Output::RoomChanged(is_done)) => {
                let expected = self.change_room((*room, *by), (*change, at.0), created);
                assert_eq!(*is_done, expected, "{change:?}");
            }
            _ => return false,
        }
        true
    }

    fn check_say(
        &mut self,
        work: &Work,
        output: &Output,
        created: impl Fn(UserKey) -> Option<i64>,
    ) {
        let Work::Say { place, from, at, text, reply, client_id } = work else { return };
        let place = in_order(*place);
        let key = client_id.as_ref().map(|id| (*from, id.to_string()));
        if let Some((there, words, mid)) = key.as_ref().and_then(|key| self.once.get(key)) {
            let message = self.find(*mid).expect("nothing goes");
            let changed = message.text.is_none() || message.edited.is_some();
            let is_same = *there == place && (changed || *words == **text);
            let before = Output::SaidBefore { mid: *mid, at: UnixMs(message.at) };
            return assert_eq!(*output, if is_same { before } else { Output::IdReused });
        }
        let reply_to = reply.as_ref().and_then(ReplyTo::mid);
        let quoted = reply_to.and_then(|mid| {
            let message = self.find(mid).filter(|_| self.mids.contains(&(mid, place)))?;
            created(message.from)?;
            Some(message.text.clone().unwrap_or_default())
        });
        if reply_to.is_some() && quoted.is_none() {
            return assert_eq!(*output, Output::NoSuchMessage);
        }
        if let Place::Room(room) = place
            && !self.is_member(room, *from)
        {
            return assert_eq!(*output, Output::NotAMember);
        }
        let Output::Said { mid, quote } = output else { panic!("{output:?}") };
        let quoted = quoted.filter(|_| matches!(place, Place::Room(_)));
        let quoted = quoted.map(|text| text.chars().take(QUOTE_CHARS).collect::<String>());
        assert_eq!(quote.as_ref().map(|quote| &*quote.text), quoted.as_deref());
        let all = self.messages.entry(place).or_default();
        let count = u32::try_from(all.len() + 1).expect("few");
        assert_eq!(mid.seq(), Seq(count), "dense, and in the order of the jobs");
        let (from, at, words) = (*from, at.0, text.to_string());
        let (mid, text, edited) = (*mid, Some(words.clone()), None);
        all.push(Message { mid, from, at, text, edited, reply_to, quoted });
        let is_new = self.mids.iter().all(|(other, _)| *other != mid);
        assert!(is_new, "each message has an id of its own");
        self.mids.push((mid, place));
        if let Some(key) = key {
            self.once.insert(key, (place, words, mid));
        }
    }

    fn change(
        &mut self,
        mid: MessageId,
        by: UserKey,
        (text, at): (Option<&str>, UnixMs),
    ) -> Output {
        let place = self.mids.iter().find(|(known, _)| *known == mid).map(|(_, place)| *place);
        let sees = |place: &Place| match *place {
            Place::Global => true,
            Place::Private(one, other) => by == one || by == other,
            Place::Room(room) => self.is_member(room, by),
        };
        let Some(place) = place.filter(sees) else { return Output::NoSuchMessage };
        let all = self.messages.get_mut(&place).expect("it has a message");
        let message = all.iter_mut().find(|one| one.mid == mid).expect("it is here");
        if message.text.is_none() && text.is_some() {
            return Output::NoSuchMessage;
        }
        if message.from != by {
            return Output::NotYours;
        }
        message.text = text.map(str::to_owned);
        message.edited = text.map(|_| at);
        if text.is_none() {
            (message.reply_to, message.quoted) = (None, None);
        }
        let message = message.clone();
        if text.is_none() {
            let is_reply = |one: &&mut Message| one.reply_to == Some(mid) && one.quoted.is_some();
            all.iter_mut().filter(is_reply).for_each(|one| one.quoted = Some(String::new()));
        }
        Output::Changed(Box::new(message.stored(place)))
    }

    fn change_room(
        &mut self,
        (room, by): (RoomKey, UserKey),
        (change, at): (RoomChange, i64),
        created: impl Fn(UserKey) -> Option<i64>,
    ) -> bool {
        let Some(one) = self.rooms.iter_mut().find(|one| one.key == room) else { return false };
        let is_creator = one.creator == by;
        match change {
            RoomChange::Leave(user) => {
                if is_creator || !one.members.contains(&user) {
                    return false;
                }
                one.members.retain(|other| *other != user);
                self.added.remove(&(room, user));
            }
            _ if !is_creator => return false,
            RoomChange::Delete => self.rooms.retain(|one| one.key != room),
            RoomChange::Remove(user) => {
                one.members.retain(|other| *other != user);
                self.added.remove(&(room, user));
            }
            RoomChange::Add(user) => {
                if created(user).is_none() {
                    return false;
                }
                if !one.members.contains(&user) {
                    one.members.push(user);
                    self.added.insert((room, user), at);
                }
            }
        }
        true
    }

    pub(super) fn global(&self) -> Vec<&str> {
        self.of(Place::Global).iter().filter_map(|message| message.text.as_deref()).collect()
    }

    fn check_history(&self, place: Place, limit: usize, history: &History) {
        let place = in_order(place);
        let there: Vec<_> = self.of(place).iter().filter(|one| one.text.is_some()).collect();
        let expected = &there[there.len().saturating_sub(limit)..];
        let expected: Vec<_> = expected.iter().map(|one| one.stored(place)).collect();
        assert!(same(&history.messages, &expected, place));
        for &(reader, Seq(seq)) in &history.read {
            assert!(matches!(place, Place::Private(..)), "only private ones are read");
            assert_eq!(seq, self.read.get(&(reader, place)).copied().unwrap_or(0));
        }
    }

    fn check_page(
        &self,
        place: Place,
        (before, limit, bytes): (Option<MessageId>, usize, usize),
        output: &Output,
    ) {
        let is_here = |mid| self.mids.contains(&(mid, place)) || is_no_message(mid, place);
        if before.is_some_and(|mid| !is_here(mid)) {
            return assert_eq!(*output, Output::NoSuchMessage);
        }
        let Output::Page(messages, more) = output else { panic!("{output:?}") };
        let is_before = |one: &&Message| before.is_none_or(|before| one.mid < before);
        let older: Vec<_> = self.of(place).iter().filter(is_before).collect();
        let (mut size, mut count) = (0, 0);
        for message in older.iter().rev().take(limit) {
            size += message.text.as_ref().map_or(0, String::len);
            if size > bytes && count > 0 {
                break;
            }
            count += 1;
        }
        let expected = older[older.len() - count..].iter().map(|one| one.stored(place));
        assert!(same(messages, &expected.collect::<Vec<_>>(), place));
        assert_eq!(*more, count < older.len());
    }

    fn check_inbox(
        &self,
        (user, created): (UserKey, Option<i64>),
        rooms: &[RoomKey],
        most: Most,
        entries: &[Entry],
    ) {
        let places: Vec<Place> = entries.iter().map(|entry| in_order(entry.place)).collect();
        let private: HashSet<Place> = self
            .messages
            .keys()
            .copied()
            .filter(|place| matches!(place, Place::Private(one, other) if *one == user || *other == user))
            .collect();
        assert_eq!(places.len(), 1 + rooms.len() + private.len().min(most.conversations));
        for entry in entries {
            let place = in_order(entry.place);
            let said = |one: &&Message| one.text.is_some();
            let last = self.of(place).iter().rfind(said).map(|one| one.stored(place));
            let last = last.map(|one| {
                let text: String = one.text.chars().take(most.chars).collect();
                Stored { text: text.into(), ..one }
            });
            let (shown, expected) = (entry.last.as_slice(), last.as_slice());
            assert!(same(shown, expected, place));
            let (unread, other) = match place {
                Place::Private(one, other) => {
                    let other = if one == user { other } else { one };
                    (self.unread(user, place), Some(other).filter(|other| *other != user))
                }
                Place::Global => (self.unread_of_all(user, (place, created), most), None),
                Place::Room(room) => {
                    let added = self.added.get(&(room, user)).copied();
                    (self.unread_of_all(user, (place, added), most), None)
                }
            };
            assert_eq!(entry.unread, unread.min(most.unread), "{place:?}");
            let has_read = other.and_then(|other| self.read.get(&(other, place)));
            let has_read = has_read.copied().filter(|read| *read > 0);
            assert_eq!(entry.read_by_other.map(|mid| mid.seq().0), has_read);
        }
        // The ones that are left out have said nothing later.
        let newest = |place: &Place| self.of(*place).iter().rfind(|one| one.text.is_some());
        let newest = |place: &Place| newest(place).map(|one| one.at);
        let (shown, hidden): (Vec<Place>, Vec<Place>) =
            private.into_iter().partition(|place| places.contains(place));
        let oldest = shown.iter().map(newest).min();
        assert!(hidden.iter().map(newest).all(|at| oldest.is_some_and(|oldest| at <= oldest)));
    }

    /// The private messages that a user has not read.
    fn unread(&self, reader: UserKey, place: Place) -> u32 {
        let read = self.read.get(&(reader, place)).copied().unwrap_or(0);
        let is_unread =
            |one: &&Message| one.mid.seq().0 > read && one.from != reader && one.text.is_some();
        u32::try_from(self.of(place).iter().filter(is_unread).count()).expect("few")
    }

    /// The same in a conversation of many: among the newest, and since the user came to it.
    fn unread_of_all(
        &self,
        user: UserKey,
        (place, since): (Place, Option<i64>),
        most: Most,
    ) -> u32 {
        let read = self.read.get(&(user, place)).copied().filter(|read| *read > 0);
        let Some(since) = read.map(|_| i64::MIN).or(since) else { return 0 };
        let behind = |one: &&Message| one.mid.seq().0 > read.unwrap_or(0);
        let newest = self.of(place).iter().filter(behind).rev().take(most.unread as usize);
        let counts = |one: &&Message| one.from != user && one.text.is_some() && one.at >= since;
        u32::try_from(newest.filter(counts).count()).expect("few")
    }

    fn of(&self, place: Place) -> &[Message] {
        self.messages.get(&place).map_or(&[], Vec::as_slice)
    }

    fn find(&self, mid: MessageId) -> Option<&Message> {
        let (_, place) = self.mids.iter().find(|(known, _)| *known == mid)?;
        self.of(*place).iter().find(|message| message.mid == mid)
    }

    fn is_member(&self, room: RoomKey, user: UserKey) -> bool {
        self.rooms.iter().any(|one| one.key == room && one.members.contains(&user))
    }
}

impl Message {
    /// The message as the store has it. Only the text of a quote is of the model.
    fn stored(&self, place: Place) -> Stored {
        let quote = |text: &String| Quote {
            sender_id: "".into(),
            sender_name: "".into(),
            text: text.clone().into(),
        };
        Stored {
            place,
            mid: self.mid,
            from: self.from,
            at: UnixMs(self.at),
            text: self.text.as_deref().unwrap_or_default().into(),
            quote: self.quoted.as_ref().map(|text| quote(text).into()),
            reply_to: self.reply_to,
            edited: self.edited,
            is_deleted: self.text.is_none(),
        }
    }
}

/// Whether these are the same messages. Of quotes only the texts count.
fn same(stored: &[Stored], expected: &[Stored], place: Place) -> bool {
    let plain = |one: &Stored| {
        let text = one.quote.as_ref().map(|quote| quote.text.to_string());
        (text, Stored { place, quote: None, ..one.clone() })
    };
    stored.iter().map(plain).eq(expected.iter().map(plain))
}

/// Whether it is the id of no message of this conversation, as the model makes one up for that of everybody.
fn is_no_message(mid: MessageId, place: Place) -> bool {
    mid.conversation() == 0 && place == Place::Global
}

fn in_order(place: Place) -> Place {
    match place {
        Place::Private(one, other) => Place::Private(one.min(other), one.max(other)),
        Place::Global | Place::Room(_) => place,
    }
}
