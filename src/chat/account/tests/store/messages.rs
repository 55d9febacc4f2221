//! What the store in memory does with messages, histories and marks.

use super::*;

impl Store {
    pub(super) fn say(
        &mut self,
        (place, from, at, text): (Place, UserKey, UnixMs, Arc<str>),
        reply: Option<&ReplyTo>,
        client_id: Option<Arc<str>>,
    ) -> Output {
        let place = in_order(place);
        if let Some(id) = client_id.clone()
            && let Some(&mid) = self.client_ids.get(&(from, id))
        {
            let row = self.rows.iter().find(|row| row.mid == mid).expect("no row goes");
            let is_same = row.text == text || row.edited.is_some() || row.is_deleted;
            return match is_same && row.place == place {
                true => Output::SaidBefore { mid, at: row.at },
                false => Output::IdReused,
            };
        }
        let reply_to = reply.and_then(ReplyTo::mid);
        let quoted = reply_to.map(|mid| self.rows.iter().find(|row| row.mid == mid));
        let quoted = match quoted {
            Some(Some(row)) if row.place == place => Some(row.text.to_string()),
            Some(_) => return Output::NoSuchMessage,
            None => None,
        };
        if let Place::Private(one, other) = place
            && one != other
        {
            let reader = if one == from { other } else { one };
            self.marks.entry((reader, from)).or_insert((0, Seq(0))).0 += 1;
        }
        let before = self.rows.iter().filter(|row| row.place == place).count();
        let seq = Seq(u32::try_from(before).expect("few") + 1);
        let mid = MessageId::of(self.number_of(place), seq);
        let new = quoted.filter(|_| matches!(place, Place::Room(_))).map(|text| {
            let (sender_id, sender_name) = ("".into(), "".into());
            Arc::new(Quote { sender_id, sender_name, text: text.into() })
        });
        let quote = reply.and_then(ReplyTo::quote).or_else(|| new.clone());
        let (edited, is_deleted) = (None, false);
        self.rows.push(Stored { place, mid, from, at, text, quote, reply_to, edited, is_deleted });
        if let Some(id) = client_id {
            self.client_ids.insert((from, id), mid);
        }
        Output::Said { mid, quote: new }
    }

    /// The number of a conversation: 0 for the global one, and then in the order in which they began.
    fn number_of(&mut self, place: Place) -> i64 {
        if place == Place::Global {
            return 0;
        }
        let at = self.conversations.iter().position(|&other| other == place);
        let at = at.unwrap_or_else(|| {
            self.conversations.push(place);
            self.conversations.len() - 1
        });
        i64::try_from(at).expect("few") + 1
    }

    fn sees(&self, user: UserKey, place: Place) -> bool {
        match place {
            Place::Global => true,
            Place::Private(one, other) => user == one || user == other,
            Place::Room(room) => self.is_member(room, user),
        }
    }

    pub(super) fn change_message(
        &mut self,
        mid: MessageId,
        by: UserKey,
        (at, text): (UnixMs, Option<Arc<str>>),
    ) -> Output {
        let Some(found) = self.rows.iter().position(|row| row.mid == mid) else {
            return Output::NoSuchMessage;
        };
        let row = &self.rows[found];
        if !self.sees(by, row.place) || row.is_deleted && text.is_some() {
            return Output::NoSuchMessage;
        }
        if row.from != by {
            return Output::NotYours;
        }
        let row = &mut self.rows[found];
        match text {
            Some(text) => (row.text, row.edited) = (text, Some(at)),
            None if !row.is_deleted => {
                (row.text, row.edited, row.is_deleted) = ("".into(), None, true);
                let row = row.clone();
                self.unmark(&row);
                return Output::Changed(Box::new(row));
            }
            None => {}
        }
        Output::Changed(Box::new(row.clone()))
    }

    /// A message that was deleted is not unread.
    fn unmark(&mut self, row: &Stored) {
        let Place::Private(one, other) = row.place else { return };
        let reader = if one == row.from { other } else { one };
        if let Some((unread, read)) = self.marks.get_mut(&(reader, row.from))
            && *read < row.mid.seq()
        {
            *unread -= 1;
        }
    }

    pub(super) fn page(&self, place: Place, before: Option<MessageId>, limit: usize) -> Output {
        let mut all: Vec<Stored> =
            self.rows.iter().filter(|row| row.place == place).cloned().collect();
        if let Some(before) = before {
            if !all.iter().any(|row| row.mid == before) {
                return Output::NoSuchMessage;
            }
            all.retain(|row| row.mid < before);
        }
        let older = all.len().saturating_sub(limit);
        Output::Page(all.split_off(older), older > 0)
    }

    pub(super) fn inbox(&self, user: UserKey, rooms: &[RoomKey], most: Most) -> Output {
        let own = self.rows.iter().map(|row| row.place).filter(|place| match *place {
            Place::Private(one, other) => one == user || other == user,
            Place::Global | Place::Room(_) => false,
        });
        let mut places: Vec<Place> = own.collect();
        places.push(Place::Global);
        places.extend(rooms.iter().map(|&room| Place::Room(room)));
        places.dedup();
        Output::Inbox(places.iter().map(|&place| self.entry(user, place, most)).collect())
    }

    fn entry(&self, user: UserKey, place: Place, most: Most) -> Entry {
        let own = |row: &&Stored| row.place == place && !row.is_deleted;
        let (other, read) = match place {
            Place::Private(one, other) => {
                let other = if one == user { other } else { one };
                (Some(other), self.marks.get(&(user, other)).map_or(Seq(0), |mark| mark.1))
            }
            Place::Global | Place::Room(_) => {
                let read = self.places_read.get(&(user, place_word(place)));
                (None, read.copied().unwrap_or(Seq(0)))
            }
        };
        let unread = self.rows.iter().filter(own).filter(|row| row.from != user);
        let unread = unread.filter(|row| row.mid.seq() > read).count();
        let unread = u32::try_from(unread).expect("few").min(most.unread);
        let read_by_other = other.and_then(|other| {
            let (_, seq) = *self.marks.get(&(other, user))?;
            let conversation = self.rows.iter().find(|row| row.place == place)?.mid.conversation();
            (seq > Seq(0)).then(|| MessageId::of(conversation, seq))
        });
        Entry { place, last: self.rows.iter().rfind(own).cloned(), unread, read_by_other }
    }

    pub(super) fn read_up_to(&mut self, user: UserKey, place: Place, up_to: MessageId) -> Output {
        let own: Vec<&Stored> = self.rows.iter().filter(|row| row.place == place).collect();
        let Some(last) = own.last().filter(|row| row.mid.conversation() == up_to.conversation())
        else {
            return Output::NoSuchMessage;
        };
        let seq = up_to.seq().min(last.mid.seq());
        let Place::Private(one, other) = place else {
            let read = self.places_read.entry((user, place_word(place))).or_insert(Seq(0));
            *read = seq.max(*read);
            let up_to = Some(MessageId::of(up_to.conversation(), *read));
            return Output::ReadUpTo { up_to, is_reset: false };
        };
        let other = if one == user { other } else { one };
        let unread = own.iter().filter(|row| row.from != user && !row.is_deleted);
        let mark = self.marks.entry((user, other)).or_insert((0, Seq(0)));
        let (before, read) = (mark.0, mark.1.max(seq));
        let unread = unread.filter(|row| row.mid.seq() > read).count();
        *mark = (u32::try_from(unread).expect("few"), read);
        let up_to = Some(MessageId::of(up_to.conversation(), read));
        Output::ReadUpTo { up_to, is_reset: before > 0 && mark.0 == 0 }
    }

    pub(super) fn history(&self, place: Place, limit: usize) -> History {
        let place = in_order(place);
        let all = self.rows.iter().filter(|row| row.place == place && !row.is_deleted).cloned();
        let all: Vec<Stored> = all.collect();
        let mark = |reader, from| Some((reader, self.marks.get(&(reader, from))?.1));
        let read = match place {
            Place::Private(one, other) => {
                [mark(one, other), mark(other, one)].into_iter().flatten().collect()
            }
            Place::Global | Place::Room(_) => Vec::new(),
        };
        History { messages: all[all.len().saturating_sub(limit)..].to_vec(), read }
    }
}

/// A key for a place that is no private one.
fn place_word(place: Place) -> u32 {
    match place {
        Place::Global => 0,
        Place::Private(..) => panic!("it has a mark of its own"),
        Place::Room(room) => room.0,
    }
}

pub(super) fn in_order(place: Place) -> Place {
    match place {
        Place::Private(one, other) => Place::Private(one.min(other), one.max(other)),
        Place::Global | Place::Room(_) => place,
    }
}
