//! [`Desk`]: what the server says, entered into the record.

mod messenger;

use std::mem;

use switchboard::timer::Moment;

use super::errand::Errand;
use crate::client::{Message, Said};
use crate::phone_id::PhoneId;
use crate::plan::Settings;
use crate::record::{Receipt, Record};
use crate::schedule::Timing;
use crate::workload::{Manners, Names, Numbers, Texts};

/// Where all that is heard is written down.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) record: Record,
    pub(super) texts: Texts,
    pub(super) numbers: Numbers,
    /// Whether who is online is still followed.
    pub(super) follows: bool,
    /// Messages delivered since this was asked last.
    delivered: u64,
    /// The same one by one, if somebody waits for them.
    receipts: Option<Vec<Receipt>>,
    /// What sessions are called, and what they do beside writing.
    pub(super) names: Names,
    pub(super) manners: Manners,
    pub(super) seed: u64,
    /// Which connection of its own somebody hears something on, and since when he is there.
    pub(super) hearing: (u32, Moment),
    /// What the phone that has just heard something has to say to it.
    pub(super) errands: Vec<Errand>,
}

impl Desk {
    pub(super) fn new(record: Record, settings: &Settings, timing: &Timing) -> Self {
        let Timing { clients, seed, .. } = *timing;
        Desk {
            record,
            texts: Texts::new(settings.sizes, seed),
            numbers: Numbers::new(clients, seed),
            follows: true,
            delivered: 0,
            receipts: None,
            names: Names::new(clients, seed),
            manners: settings.manners,
            seed,
            hearing: (0, Moment::START),
            errands: Vec::new(),
        }
    }

    /// From now on receipts are kept for [`Desk::take_receipts`].
    pub(super) fn keep_receipts(&mut self) {
        self.receipts = Some(Vec::new());
    }

    /// A sociable phone has heard something.
    pub(super) fn hear(&mut self, by: PhoneId, said: &Said<'_>, now: Moment) {
        let heard = &mut self.record.heard;
        match said {
            Said::Message(message) => {
                if let Some(receipt) = self.receive(by, message) {
                    self.deliver(&receipt, now);
                }
            }
            Said::List(list) => {
                let json = list.json();
                heard.lists += 1;
                heard.list_bytes += json.len() as u64;
                // Counting looks at every byte: only what is longer than all before is counted.
                if json.len() > heard.longest_list_bytes {
                    heard.longest_list_bytes = json.len();
                    heard.longest_list_numbers = list.count();
                }
                if self.follows {
                    let numbers = || list.numbers().filter_map(|n| self.numbers.phone(n));
                    self.record.views.see_list(by, json.as_bytes(), numbers, now);
                }
            }
            Said::Delta(delta) => {
                let json = delta.json();
                heard.deltas += 1;
                heard.delta_bytes += json.len() as u64;
                if self.follows {
                    let touched = || {
                        let (joined, left) = delta.touched();
                        let phone = |number: &str| self.numbers.phone(number);
                        let joined = joined.iter().filter_map(|n| Some((phone(n)?, true)));
                        joined.chain(left.iter().filter_map(|n| Some((phone(n)?, false)))).collect()
                    };
                    self.record.views.see_delta(by, json.as_bytes(), touched, now);
                }
            }
            Said::Told(told) => self.hear_told(by, told, now),
            Said::Undelivered => heard.undelivered += 1,
            Said::Error => heard.errors += 1,
            // A pong that nobody waits for is nothing we know.
            Said::Pong | Said::Other => heard.other += 1,
            Said::Nonsense => heard.nonsense += 1,
        }
    }

    /// A phone has heard something of which anything may be thought. Messages to it go into the books, but
    /// how long they took is its own doing.
    pub(super) fn overhear(&mut self, by: PhoneId, said: &Said<'_>, now: Moment) {
        match said {
            Said::Message(message) => drop(self.receive(by, message)),
            Said::Told(told) => self.overhear_told(by, told, now),
            Said::List(_)
            | Said::Delta(_)
            | Said::Undelivered
            | Said::Error
            | Said::Pong
            | Said::Other
            | Said::Nonsense => self.record.heard.by_hostile += 1,
        }
    }

    /// How many messages were delivered since this was called last.
    pub(super) fn take_delivered(&mut self) -> u64 {
        mem::take(&mut self.delivered)
    }

    /// Which ones, if they are kept.
    pub(super) fn take_receipts(&mut self) -> Vec<Receipt> {
        self.receipts.as_mut().map(mem::take).unwrap_or_default()
    }

    fn receive(&mut self, by: PhoneId, message: &Message<'_>) -> Option<Receipt> {
        let Message { from, text } = message;
        let (from, stamp) = (self.numbers.phone(from), self.texts.read(text));
        let receipt = self.record.books.receive(by, from, stamp)?;
        self.keep(&receipt);
        Some(receipt)
    }

    /// A message has arrived for the first time, and in time.
    pub(super) fn deliver(&mut self, receipt: &Receipt, now: Moment) {
        self.record.delivered(receipt, now);
        self.delivered += 1;
    }

    /// A message has arrived for the first time.
    pub(super) fn keep(&mut self, receipt: &Receipt) {
        if let Some(receipts) = &mut self.receipts {
            receipts.push(*receipt);
        }
    }
}
