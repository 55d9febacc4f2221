//! [`Desk`]: what the server says, entered into the record.

use std::mem;

use switchboard::timer::Moment;

use crate::client::{Message, Said};
use crate::phone_id::PhoneId;
use crate::record::Record;
use crate::workload::{Numbers, Texts};

/// Where all that is heard is written down.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) record: Record,
    pub(super) texts: Texts,
    pub(super) numbers: Numbers,
    /// Messages delivered since this was asked last.
    delivered: u64,
}

impl Desk {
    pub(super) fn new(texts: Texts, numbers: Numbers) -> Self {
        Desk { record: Record::new(), texts, numbers, delivered: 0 }
    }

    /// A phone has heard something.
    pub(super) fn hear(&mut self, by: PhoneId, said: &Said<'_>, now: Moment) {
        let heard = &mut self.record.heard;
        match said {
            Said::Message(Message { from, text }) => {
                let (from, stamp) = (self.numbers.phone(from), self.texts.read(text));
                if let Some(receipt) = self.record.books.receive(by, from, stamp) {
                    self.record.delivered(receipt, now);
                    self.delivered += 1;
                }
            }
            Said::List(list) => {
                heard.lists += 1;
                heard.list_bytes += list.bytes() as u64;
                // Counting looks at every byte: only what is longer than all before is counted.
                if list.bytes() > heard.longest_list_bytes {
                    heard.longest_list_bytes = list.bytes();
                    heard.longest_list_numbers = list.count();
                }
            }
            Said::Delta(bytes) => {
                heard.deltas += 1;
                heard.delta_bytes += *bytes as u64;
            }
            Said::Undelivered => heard.undelivered += 1,
            Said::Error => heard.errors += 1,
            // A pong that nobody waits for is nothing we know.
            Said::Pong | Said::Other => heard.other += 1,
            Said::Nonsense => heard.nonsense += 1,
        }
    }

    /// How many messages were delivered since this was called last.
    pub(super) fn take_delivered(&mut self) -> u64 {
        mem::take(&mut self.delivered)
    }
}
