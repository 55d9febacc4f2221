//! What the server says to users with accounts: [`Desk`] enters it into the record.

use switchboard::timer::Moment;

use super::Desk;
use crate::client::{History, News, Post, Spot};
use crate::phone_id::PhoneId;
use crate::record::{Accounts, Books, Came, Fault, Kept};
use crate::workload::{Place, Stamp};

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
            News::Post(post) => self.hear_post(by, post, is_sociable, now),
            News::Acknowledged { id, mid: _ } => {
                let number = self.names.read_message(id);
                self.hear_acknowledgement(by, number, is_sociable, now);
            }
            News::History(history) => self.see_history(by, history, now),
            News::Typing { .. } => {
                let Some((accounts, _)) = self.accounts() else { return };
                accounts.typing_seen += u64::from(is_sociable);
            }
            News::Online { bytes } => {
                let heard = &mut self.record.heard;
                heard.lists += 1;
                heard.list_bytes += *bytes as u64;
                heard.longest_list_bytes = heard.longest_list_bytes.max(*bytes);
            }
            News::Welcome | News::Unread(_) | News::Known => {}
        }
    }

    fn hear_post(&mut self, by: PhoneId, post: &Post<'_>, is_sociable: bool, now: Moment) {
        let Some(stamp) = self.texts.read(&post.text) else {
            // Other people may be there. But the phones write nothing else.
            match self.pool.find(&post.from).is_some() || self.texts.begin(&post.text) {
                true => self.record.books.note(Fault::Garbled),
                false => self.record.heard.other += 1,
            }
            return;
        };
        if !self.is_right(&stamp, post) {
            self.record.books.note(Fault::Misattributed);
        }
        self.hear_stamp(by, &stamp, is_sociable, now);
    }

    fn hear_acknowledgement(
        &mut self,
        by: PhoneId,
        number: Option<u64>,
        is_sociable: bool,
        now: Moment,
    ) {
        let Some((accounts, books)) = self.accounts() else { return };
        match number.and_then(|number| accounts.sent(number)).filter(|stamp| stamp.sender == by) {
            Some(stamp) => self.hear_stamp(by, &stamp, is_sociable, now),
            None => books.note(Fault::Garbled),
        }
    }

    fn hear_stamp(&mut self, by: PhoneId, stamp: &Stamp, is_sociable: bool, now: Moment) {
        let Some((accounts, books)) = self.accounts() else { return };
        match accounts.hear(by, stamp, books, now) {
            Some(Came::Acknowledged(receipt)) => self.keep(&receipt),
            Some(Came::Delivered(receipt)) if is_sociable => self.deliver(&receipt, now),
            Some(Came::Delivered(_)) | None => {}
        }
    }

    /// Messages of other runs and of other people are passed over.
    fn see_history(&mut self, by: PhoneId, history: &History<'_>, now: Moment) {
        let stamps: Vec<Stamp> =
            history.posts.iter().filter_map(|post| self.texts.read(&post.text)).collect();
        if let Some((accounts, _)) = self.accounts() {
            accounts.see_history(by, stamps.into_iter(), now);
        }
    }

    /// What is kept of this run in a history.
    pub(in crate::net) fn kept(&self, posts: &[Post<'_>]) -> Vec<Kept> {
        let of_this_run = posts.iter().filter(|post| self.texts.begin(&post.text));
        let kept = of_this_run.map(|post| {
            let stamp = self.texts.read(&post.text);
            let is_author_right =
                stamp.is_none_or(|stamp| self.pool.name(stamp.sender) == Some(&*post.from));
            Kept { stamp, is_author_right }
        });
        kept.collect()
    }

    /// Whether the server names the author and the place that are in the text.
    fn is_right(&self, stamp: &Stamp, post: &Post<'_>) -> bool {
        let is_place_right = match (&post.place, Place::of(stamp.recipient)) {
            (Spot::Everyone, place) => place == Place::Everyone,
            (Spot::User(name), Place::Phone(to)) => self.pool.name(to) == Some(&**name),
            (Spot::Room(_), place) => matches!(place, Place::Room(_)),
            (Spot::User(_), Place::Everyone | Place::Room(_)) => false,
        };
        is_place_right && self.pool.name(stamp.sender) == Some(&*post.from)
    }

    pub(in crate::net) fn accounts(&mut self) -> Option<(&mut Accounts, &mut Books)> {
        let record = &mut self.record;
        record.checked.accounts_mut().map(|accounts| (accounts, &mut record.books))
    }
}
