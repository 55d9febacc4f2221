//! What the server says to phones with numbers: [`Desk`] enters it into the record.

use switchboard::timer::Moment;

use super::{Desk, has_one_twice};
use crate::client::{Delta, List, Message};
use crate::phone_id::PhoneId;
use crate::record::{Receipt, Way};

impl Desk {
    /// A message has come. Returns a receipt if it is as it should be.
    pub(super) fn receive(&mut self, by: PhoneId, message: &Message<'_>) -> Option<Receipt> {
        let Message { from, text } = message;
        let (from, stamp) = (self.numbers.phone(from), self.texts.read(text));
        let receipt = self.record.books.receive(by, from, stamp)?;
        self.keep(&receipt);
        Some(receipt)
    }

    /// A phone is told that a message of its own will not arrive.
    pub(super) fn hear_undelivered(&mut self, by: PhoneId, to: Option<&str>, now: Moment) {
        let to = to.and_then(|to| self.numbers.phone(to));
        let Some(number) = self.record.give_back(by, to) else { return };
        // In the closed model, a phone does not wait for what will not come.
        let (sender, way, intended, sent) = (by, Way::Across, now, now);
        let is_of_another = false;
        self.keep(&Receipt { number, sender, way, intended, sent, is_of_another });
    }

    /// A sociable phone is shown which phones are online.
    pub(super) fn hear_list(&mut self, by: PhoneId, list: &List<'_>, now: Moment) {
        let (heard, json) = (&mut self.record.heard, list.json());
        heard.lists += 1;
        heard.list_bytes += json.len() as u64;
        // Counting reads every byte. So only a list that is longer than all before is counted.
        if json.len() > heard.longest_list_bytes {
            heard.longest_list_bytes = json.len();
            heard.longest_list_numbers = list.count();
        }
        if !self.record.follows {
            return;
        }
        if let Some(views) = self.record.checked.views_mut() {
            let numbers = || {
                let numbers = list.numbers();
                heard.nonsense += u64::from(numbers.is_none());
                let numbers = numbers.iter().flatten();
                let all: Vec<_> = numbers.filter_map(|n| self.numbers.phone(n)).collect();
                heard.listed_twice += u64::from(has_one_twice(&all));
                all.into_iter()
            };
            views.see_list(by, json.as_bytes(), numbers, now);
        }
    }

    /// A sociable phone is told which phones have come and gone.
    pub(super) fn hear_delta(&mut self, by: PhoneId, delta: &Delta<'_>, now: Moment) {
        let (heard, json) = (&mut self.record.heard, delta.json());
        heard.deltas += 1;
        heard.delta_bytes += json.len() as u64;
        if !self.record.follows {
            return;
        }
        if let Some(views) = self.record.checked.views_mut() {
            let touched = || {
                let (joined, left) = delta.touched();
                let phone = |number: &str| self.numbers.phone(number);
                let joined = joined.iter().filter_map(|n| Some((phone(n)?, true)));
                joined.chain(left.iter().filter_map(|n| Some((phone(n)?, false)))).collect()
            };
            views.see_delta(by, json.as_bytes(), touched, now);
        }
    }
}
