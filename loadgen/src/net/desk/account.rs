//! What the server says to users with accounts: [`Desk`] enters it into the record.

use std::cell::LazyCell;

use switchboard::timer::Moment;

use super::Desk;
use crate::client::{
    AccountWords, App, Change, History, Listed, News, Online, OpenPage, Pen, Post, Spot,
};
use crate::phone_id::PhoneId;
use crate::pool::Pool;
use crate::record::{Accounts, Begun, Books, Came, Conversation, Fault, Kept, Lapse};
use crate::workload::{Page, Place, Stamp};

/// The most users that are asked at the end how much is unread. Each has to sign in for it.
pub(in crate::net) const ASKED: usize = 100;

/// A message that a phone marks as read.
#[derive(Debug)]
pub(in crate::net) struct Mark {
    place: Place,
    /// The server's id of it.
    mid: String,
}

/// How a message that has come to a phone is entered: as one that was heard, or as one of its own that is stored.
type Enter = fn(&mut Accounts, PhoneId, &Stamp, &mut Books, Moment) -> Option<Came>;

/// A history that a user has asked for while the plan is played.
#[derive(Clone, Copy, Debug)]
pub(in crate::net) struct Look {
    pub(in crate::net) at: (Place, PhoneId),
    /// The user's connection.
    pub(in crate::net) generation: u32,
    /// How many messages phones had heard by then.
    pub(in crate::net) known: u32,
    pub(in crate::net) begun: Begun,
}

/// What this place of a phone is called on the wire.
pub(in crate::net) fn spot(pool: &Pool, place: Place) -> Spot<'_> {
    match place {
        Place::Everyone => Spot::Everyone,
        Place::Phone(other) => Spot::User(pool.name(other).unwrap_or_default().into()),
        Place::Room(room) => Spot::Room(pool.room(room).into()),
    }
}

impl Desk {
    /// A phone has heard something. `is_sociable`: it is timed.
    pub(super) fn hear_news(
        &mut self,
        by: PhoneId,
        news: &News<'_>,
        is_sociable: bool,
        now: Moment,
    ) {
        match news {
            News::Post(_) | News::Notice(_) | News::Online(_)
                if self.is_on_another_page(by, news) =>
            {
                self.record.books.note(Fault::Misdelivered);
            }
            News::Post(post) | News::Notice(post) => {
                self.hear_post(by, (post, Accounts::hear), is_sociable, now);
            }
            News::Sent { post, is_delivered } => {
                self.hear_post(by, (post, Accounts::hear_stored), is_sociable, now);
                let stamp = self.texts.read(&post.text).filter(|_| !is_delivered);
                if let (Some((accounts, _)), Some(stamp)) = (self.accounts(), stamp) {
                    accounts.deny_delivery(&stamp);
                }
            }
            News::Ping => self.is_pinged = true,
            News::Acknowledged { id, mid } => {
                self.hear_acknowledgement(by, (id, mid), is_sociable, now);
            }
            News::History(history) => self.see_history(by, history, now),
            News::Typing { from, place, is_typing } => {
                self.see_typing(by, (from, place), *is_typing, is_sociable, now);
            }
            News::Online(online) if is_sociable => self.see_online(by, online, now),
            News::Online(_) => self.record.heard.by_hostile += 1,
            News::Welcome { user } => {
                let is_right = self.pool.name(by) == Some(&**user);
                if let Some((accounts, _)) = self.accounts().filter(|_| !is_right) {
                    accounts.lapses.add(Lapse::IdentityWrong);
                }
            }
            // Nobody marks anything as read while the plan is played: the app does that over HTTP.
            News::UnreadReset { .. } => {
                if let Some((accounts, _)) = self.accounts() {
                    accounts.lapses.add(Lapse::ResetUncalled);
                }
            }
            News::Unread(_) | News::Room { .. } | News::Known => {}
        }
    }

    /// A phone is shown who is online, or who has come and gone. Other people may be among them.
    fn see_online(&mut self, by: PhoneId, online: &Online<'_>, now: Moment) {
        let Online { bytes, names, change } = online;
        // Reading a list of thousands takes long. It is done once, and only if it has to be.
        let named = LazyCell::new(|| Online::read(names));
        let gone = LazyCell::new(|| change.as_ref().map(|change| Online::read(&change.left)));
        let hears_changes = self.hears_changes;
        if let Some((accounts, _)) = self.accounts().filter(|_| hears_changes) {
            let came = named.len() as u64;
            match change {
                None => accounts.see_list_of(by, came),
                Some(change) => {
                    let went = gone.as_ref().map_or(0, Vec::len) as u64;
                    accounts.see_change_to(by, change.online, (came, went));
                }
            }
        }
        let heard = &mut self.record.heard;
        match change {
            None => {
                heard.lists += 1;
                heard.list_bytes += *bytes as u64;
                if *bytes > heard.longest_list_bytes {
                    heard.longest_list_bytes = *bytes;
                    heard.longest_list_numbers = named.len();
                }
            }
            Some(_) => {
                heard.deltas += 1;
                heard.delta_bytes += *bytes as u64;
            }
        }
        let Desk { record, pool, .. } = self;
        let Some(views) = record.checked.views_mut().filter(|_| record.follows) else { return };
        // A user with another user's id is nobody.
        let is_of = |phone: PhoneId, id: &str| pool.get(phone).is_some_and(|one| one.id == id);
        let find = |Listed { name, id, is_online }: &Listed<'_>| {
            let is_it = |&phone: &PhoneId| id.as_ref().is_none_or(|id| is_of(phone, id));
            Some((pool.find(name).filter(is_it)?, *is_online))
        };
        let (mut names_twice, mut lists_all) = (false, true);
        match change {
            None => {
                let listed = || {
                    let mut phones: Vec<_> = named.iter().filter_map(find).collect();
                    phones.sort_unstable();
                    names_twice = phones.windows(2).any(|two| two[0].0 == two[1].0);
                    phones.dedup_by_key(|(phone, _)| *phone);
                    lists_all = phones.len() == pool.accounts().len();
                    phones.into_iter().filter_map(|(phone, is_online)| is_online.then_some(phone))
                };
                views.see_list(by, names.as_bytes(), listed, now);
            }
            Some(Change { left, .. }) => {
                let touched = || {
                    let left = gone.iter().flatten().filter_map(find);
                    let left = left.map(|(phone, _)| (phone, false));
                    named.iter().filter_map(find).chain(left).collect()
                };
                views.see_delta(by, format!("{names}{left}").as_bytes(), touched, now);
            }
        }
        self.record.heard.listed_twice += u64::from(names_twice);
        // A page that shows who is online shows who is offline, too.
        let leaves_out = !lists_all && self.pages.of(by).is_some();
        if let Some((accounts, _)) = self.accounts() {
            accounts.lapses.add_many(Lapse::Unlisted, u64::from(leaves_out));
        }
    }

    /// Where a user writes the next message of the plan, which was meant for this other user.
    pub(in crate::net) fn place(&self, from: PhoneId, to: PhoneId) -> Place {
        match self.pages.of(from) {
            Some(Page::Room(room)) => Place::Room(room),
            Some(Page::Conversation | Page::Start | Page::Status) => Place::Phone(from.partner()),
            None => {
                let number = self.record.books.next_number();
                self.postings.place(number, (from, to), &self.rooms, self.seed)
            }
        }
    }

    /// Whether something is said to a phone that belongs to another page than the one that it has open. (Of rooms,
    /// the log knows.)
    fn is_on_another_page(&self, by: PhoneId, news: &News<'_>) -> bool {
        let Some(page) = self.pages.of(by) else { return false };
        let is_right = match news {
            News::Notice(_) => page == Page::Start,
            News::Online(_) => page == Page::Status,
            _ => matches!(page, Page::Conversation | Page::Room(_)),
        };
        !is_right
    }

    /// The page that a phone opens.
    pub(in crate::net) fn open_page(&self, phone: PhoneId) -> OpenPage<'_> {
        match self.pages.of(phone) {
            Some(Page::Start) => OpenPage::Start,
            Some(Page::Status) => OpenPage::Status,
            Some(Page::Room(room)) => OpenPage::Room(self.pool.room(room)),
            Some(Page::Conversation) | None => {
                let partner = self.pool.get(phone.partner());
                OpenPage::Conversation(partner.map_or("", |partner| &partner.id))
            }
        }
    }

    /// A phone sees that a user types, or has stopped. What other people do is passed over.
    fn see_typing(
        &mut self,
        by: PhoneId,
        (from, spot): (&str, &Spot<'_>),
        is_typing: bool,
        is_sociable: bool,
        now: Moment,
    ) {
        let Some(from) = self.pool.find(from) else {
            self.record.heard.other += 1;
            return;
        };
        let place = match spot {
            Spot::Everyone => Some(Place::Everyone),
            Spot::Here => Some(Place::Phone(from)),
            Spot::User(to) => (self.pool.find(to) == Some(by)).then_some(Place::Phone(from)),
            Spot::Room(id) => {
                let rooms = 0..self.rooms.count();
                let room = rooms.into_iter().find(|&room| self.pool.room(room) == &**id);
                room.filter(|&room| self.rooms.has(room, by)).map(Place::Room)
            }
        };
        let Some((accounts, _)) = self.accounts() else { return };
        match place.filter(|_| from != by) {
            None => accounts.lapses.add(Lapse::TypingMisdelivered),
            Some(place) if is_sociable => accounts.see_typing(by, (from, place), is_typing, now),
            Some(_) => {}
        }
    }

    fn hear_post(
        &mut self,
        by: PhoneId,
        (post, enter): (&Post<'_>, Enter),
        is_sociable: bool,
        now: Moment,
    ) {
        let Some(stamp) = self.texts.read(&post.text) else {
            // Other people may be there. But the phones write nothing else.
            match self.pool.find(&post.from).is_some() || self.texts.begin(&post.text) {
                true => self.record.books.note(Fault::Garbled),
                false => self.record.heard.other += 1,
            }
            return;
        };
        if !self.is_author(stamp.sender, post) {
            self.record.books.note(Fault::Misattributed);
        }
        let is_place_right = self.is_place_right(&stamp, &post.place);
        let Some((accounts, _)) = self.accounts() else { return };
        accounts.lapses.add_many(Lapse::Misplaced, u64::from(!is_place_right));
        if !accounts.is_answer_right(&stamp, post.reply_to.as_deref()) {
            accounts.lapses.add(Lapse::ReplyWrong);
        }
        self.hear_stamp(by, (&stamp, post.mid.as_deref(), enter), is_sociable, now);
        // On pages, the echo acknowledges a message; in a conversation nothing is answered.
        if by == stamp.sender && matches!(self.pages.of(by), Some(Page::Room(_))) {
            let sender_id = post.from_id.as_deref().unwrap_or_default();
            self.note_newest(&stamp, &App::quote(sender_id, &post.from, &post.text));
        }
    }

    fn hear_acknowledgement(
        &mut self,
        by: PhoneId,
        (id, mid): (&str, &str),
        is_sociable: bool,
        now: Moment,
    ) {
        let number = self.names.read_message(id);
        let Some((accounts, books)) = self.accounts() else { return };
        match number.and_then(|number| accounts.sent(number)).filter(|stamp| stamp.sender == by) {
            Some(stamp) => {
                self.note_newest(&stamp, mid);
                self.hear_stamp(by, (&stamp, Some(mid), Accounts::hear_stored), is_sociable, now);
            }
            None => {
                let is_second = number.is_some_and(|number| accounts.has_acknowledged(by, number));
                books.note(if is_second { Fault::Duplicated } else { Fault::Garbled });
            }
        }
    }

    fn hear_stamp(
        &mut self,
        by: PhoneId,
        (stamp, mid, enter): (&Stamp, Option<&str>, Enter),
        is_sociable: bool,
        now: Moment,
    ) {
        let Some((accounts, books)) = self.accounts() else { return };
        if let Some(mid) = mid {
            accounts.note_id(stamp.number, mid);
        }
        match enter(accounts, by, stamp, books, now) {
            Some(Came::Acknowledged(receipt)) => self.keep(&receipt),
            Some(Came::Delivered(receipt)) if is_sociable => {
                self.deliver(&receipt, now);
                let place = match Place::of(stamp.recipient) {
                    Place::Phone(_) => Place::Phone(stamp.sender),
                    place @ (Place::Everyone | Place::Room(_)) => place,
                };
                self.last_heard = Some((place, by));
                self.mark_read(by, stamp, place, mid);
            }
            Some(Came::Delivered(_)) | None => {}
        }
    }

    /// A message is stored: others can answer it.
    fn note_newest(&mut self, stamp: &Stamp, mid: &str) {
        if self.postings.replies > 0.0 {
            let place = Place::of(stamp.recipient);
            let newest = self.newest.entry(Conversation::of(stamp.sender, place)).or_default();
            newest.clear();
            newest.push_str(mid);
        }
    }

    /// The one phone that marks a message as read is to do so.
    fn mark_read(&mut self, by: PhoneId, stamp: &Stamp, place: Place, mid: Option<&str>) {
        let (said_to, phones) = (Place::of(stamp.recipient), self.rooms.users());
        let reader = self.postings.reader(stamp.number, said_to, (&self.rooms, phones), self.seed);
        let Some(mid) = mid.filter(|_| reader == Some(by)) else { return };
        self.marks.push(Mark { place, mid: mid.to_owned() });
        if let Some((accounts, _)) = self.accounts() {
            accounts.mark(by, place, stamp.number);
        }
    }

    /// Writes what the phone answers, and marks as read, that has just heard something.
    pub(in crate::net) fn write_answers(
        &mut self,
        words: &dyn AccountWords,
        pen: &mut Pen,
        out: &mut Vec<u8>,
    ) {
        if std::mem::take(&mut self.is_pinged) {
            words.answer_ping(pen, out);
        }
        for Mark { place, mid } in self.marks.drain(..) {
            words.mark_read(&spot(&self.pool, place), &mid, pen, out);
        }
    }

    /// A user is shown a history: one that was asked for, or the one on connecting. Messages of other runs and of other
    /// people are passed over.
    fn see_history(&mut self, by: PhoneId, history: &History<'_>, now: Moment) {
        let is_it = |look: &Look| {
            let is_here = (look.at.1, look.generation) == (by, self.hearing.0);
            is_here && history.place == spot(&self.pool, look.at.0)
        };
        let place = self.looks.iter().position(is_it);
        if let Some(look) = place.and_then(|place| self.looks.remove(place)) {
            let kept = self.kept(&history.posts);
            if let Some((accounts, _)) = self.accounts() {
                accounts.history.add(look.begun, now);
                accounts.look_back(look.at, &kept, look.known, !history.has_more);
            }
            return;
        }
        let stamps: Vec<Stamp> =
            history.posts.iter().filter_map(|post| self.texts.read(&post.text)).collect();
        if let Some((accounts, _)) = self.accounts() {
            accounts.see_history(by, stamps.into_iter(), !history.has_more, now);
        }
    }

    /// What is kept of this run in a history.
    pub(in crate::net) fn kept(&self, posts: &[Post<'_>]) -> Vec<Kept> {
        let of_this_run = posts.iter().filter(|post| self.texts.begin(&post.text));
        let kept = of_this_run.map(|post| {
            let stamp = self.texts.read(&post.text);
            let is_author_right = stamp.is_none_or(|stamp| {
                self.is_author(stamp.sender, post) && self.is_place_right(&stamp, &post.place)
            });
            let (mid, answered) = (post.mid.as_deref(), post.reply_to.as_deref());
            let known = stamp.zip(self.record.accounts());
            let is_answer_right =
                known.is_none_or(|(stamp, accounts)| accounts.is_answer_right(&stamp, answered));
            let is_id_right =
                known.is_none_or(|(stamp, accounts)| accounts.is_id_right(stamp.number, mid));
            Kept { stamp, is_author_right, is_answer_right, is_id_right }
        });
        kept.collect()
    }

    /// Whether a message to everyone was there before this run: it is none of the phones', and nobody else has written
    /// meanwhile.
    pub(in crate::net) fn is_older(&self, post: &Post<'_>) -> bool {
        !self.texts.begin(&post.text) && self.record.heard.other == 0
    }

    /// Whether the server names the place that is in the text.
    fn is_place_right(&self, stamp: &Stamp, place: &Spot<'_>) -> bool {
        match (place, Place::of(stamp.recipient)) {
            (Spot::Everyone, place) => place == Place::Everyone,
            (Spot::User(name), Place::Phone(to)) => self.pool.name(to) == Some(&**name),
            (Spot::Room(id), Place::Room(room)) => self.pool.room(room) == &**id,
            (Spot::Here, place) => matches!(place, Place::Phone(_)),
            (Spot::User(_) | Spot::Room(_), _) => false,
        }
    }

    /// Whether the server names this phone's user as the author.
    fn is_author(&self, phone: PhoneId, post: &Post<'_>) -> bool {
        let is_it = |id: &str| self.pool.get(phone).is_some_and(|account| account.id == id);
        self.pool.name(phone) == Some(&*post.from) && post.from_id.as_deref().is_none_or(is_it)
    }

    pub(in crate::net) fn accounts(&mut self) -> Option<(&mut Accounts, &mut Books)> {
        let record = &mut self.record;
        record.checked.accounts_mut().map(|accounts| (accounts, &mut record.books))
    }
}
