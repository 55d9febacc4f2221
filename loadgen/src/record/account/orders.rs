//! [`Orders`]: in which order the phones of one process have seen messages that phones of others have seen, too. All
//! must have seen the same order.
//!
//! The logs follow each other, each as the numbers of its messages. A message whose place among those of its log is open
//! is a log of its own, after those: that it was seen is known, and nothing of its order. A number is written as its
//! difference to the one before, seven bits a byte: a log of everyone takes a little more than a byte a message, and that
//! of two phones, whose messages are far apart, three. In the report they are base64.

use std::collections::{BTreeSet, HashMap};

use data_encoding::BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::precedence::Precedence;

/// A message is looked for behind at most this many others. If it is behind none, another log begins: else one message that
/// nobody can place would have all that follow looked through for each of them.
const MOST_APART: usize = 64;

/// The order of the messages of some logs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::record) struct Orders(Vec<Vec<u32>>);

/// Where a message is in the logs of those shards that came first: the log, and the place in it.
#[derive(Clone, Copy, Debug)]
struct Known {
    log: u32,
    place: u32,
}

impl Orders {
    /// The order of these logs, as far as it is known.
    pub(super) fn of<'l>(logs: impl Iterator<Item = &'l [u32]>, precedence: &Precedence) -> Self {
        let (mut firm, mut open) = (Vec::new(), Vec::new());
        for log in logs {
            let mut order: Vec<u32> = Vec::new();
            let mut last = 0;
            for (place, &number) in log.iter().enumerate() {
                if order.is_empty() || precedence.is_behind(&log[last..=place]) {
                    order.push(number);
                    last = place;
                } else if place - last < MOST_APART {
                    open.push(vec![number]);
                } else {
                    firm.push(std::mem::replace(&mut order, vec![number]));
                    last = place;
                }
            }
            firm.push(order);
        }
        Orders(firm.into_iter().chain(open).filter(|log| !log.is_empty()).collect())
    }

    /// How many messages some shard has seen before one that they had followed in another shard.
    pub(in crate::record) fn reordered<'o>(shards: impl Iterator<Item = &'o Orders>) -> u64 {
        let mut known: Vec<Option<Known>> = Vec::new();
        let (mut logs, mut reordered) = (0, 0);
        for log in shards.flat_map(|Orders(logs)| logs) {
            let most = log.iter().max().map_or(0, |&number| number as usize + 1);
            known.resize(most.max(known.len()), None);
            // By log of the shards before: the last place in it.
            let mut last = HashMap::new();
            for Known { log, place } in log.iter().filter_map(|&number| known[number as usize]) {
                let last = last.entry(log).or_insert(place);
                reordered += u64::from(place < *last);
                *last = place.max(*last);
            }
            if last.is_empty() {
                for (place, &number) in (0..).zip(log) {
                    known[number as usize] = Some(Known { log: logs, place });
                }
                logs += 1;
            }
        }
        reordered
    }

    /// Those of these messages that were seen.
    pub(in crate::record) fn seen_of(&self, numbers: &BTreeSet<u64>) -> BTreeSet<u64> {
        let all = self.0.iter().flatten().map(|&number| u64::from(number));
        all.filter(|number| numbers.contains(number)).collect()
    }

    fn encoded(&self) -> String {
        let mut bytes = Vec::new();
        for log in &self.0 {
            push(log.len() as u64, &mut bytes);
            let mut last = 0;
            for &number in log {
                let step = i64::from(number) - last;
                // Small steps in both directions are small numbers.
                push((step << 1 ^ step >> 63) as u64, &mut bytes);
                last = number.into();
            }
        }
        BASE64.encode(&bytes)
    }

    /// `None`: it is nothing that was written here.
    fn decoded(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        let (mut rest, mut logs) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let count = take(&mut rest)?;
            let (mut log, mut last) = (Vec::new(), 0_i64);
            for _ in 0..count {
                let step = take(&mut rest)?;
                last = last.checked_add((step >> 1) as i64 ^ -((step & 1) as i64))?;
                log.push(u32::try_from(last).ok()?);
            }
            logs.push(log);
        }
        Some(Orders(logs))
    }
}

/// Appends a number, seven bits a byte, the lowest first. All bytes but the last have their highest bit set.
fn push(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes such a number from the front.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (place, &byte) in bytes.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            *bytes = &bytes[place + 1..];
            return Some(number);
        }
    }
    None
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Orders {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Orders::decoded(&text).ok_or_else(|| D::Error::custom("the order of messages is torn"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(logs: &[&[u32]]) -> Orders {
        Orders(logs.iter().map(|log| log.to_vec()).collect())
    }

    #[test]
    fn what_is_written_is_read_again_and_a_message_to_everyone_takes_little_more_than_a_byte() {
        let many: Vec<u32> = (0..10_000).map(|number| number ^ 1).collect();
        let one = orders(&[&many, &[u32::MAX, 0, u32::MAX], &[7]]);
        let text = serde_json::to_string(&one).expect("it is text");
        assert_eq!(serde_json::from_str::<Orders>(&text).expect("it was written here"), one);
        assert!(text.len() < 10_000 * 4 / 3 + 40, "{}", text.len());
        assert!(serde_json::from_str::<Orders>("\"\"").expect("nothing") == Orders::default());
        for torn in ["\"Ag\"", "\"gICA\"", "\"AgI=\"", "\"%\"", "7"] {
            assert!(serde_json::from_str::<Orders>(torn).is_err(), "{torn}");
        }
    }

    #[test]
    fn two_shards_that_saw_two_messages_in_another_order_are_found_and_gaps_are_none() {
        let first = orders(&[&[0, 2, 1, 5, 9], &[3, 4, 8]]);
        let reordered = |others: &[&Orders]| {
            Orders::reordered(std::iter::once(&first).chain(others.iter().copied()))
        };
        assert_eq!(reordered(&[&first, &first]), 0);
        assert_eq!(reordered(&[&orders(&[&[0, 2, 5, 9], &[4, 8]])]), 0, "not all have come");
        assert_eq!(reordered(&[&orders(&[&[2, 6, 1, 7, 9]])]), 0, "more have come");
        assert_eq!(reordered(&[&orders(&[&[6, 7]]), &orders(&[&[7, 6]])]), 1, "only to two others");
        assert_eq!(reordered(&[&orders(&[&[0, 1, 2, 5, 9]])]), 1);
        assert_eq!(reordered(&[&orders(&[&[9, 0, 2, 1, 5]]), &orders(&[&[4, 3, 8]])]), 5);
    }

    #[test]
    fn what_is_open_in_one_shard_may_be_as_it_is_in_another() {
        let mut precedence = Precedence::default();
        precedence.grow(6);
        let known = [[0, 1], [1, 3], [3, 4], [2, 4]];
        known.iter().for_each(|pair| precedence.add(pair));
        let one = Orders::of([&[0, 1, 2, 3, 4][..], &[]].into_iter(), &precedence);
        assert_eq!(one, orders(&[&[0, 1, 3, 4], &[2]]));
        let reordered = |log| Orders::reordered([&one, &orders(&[log])].into_iter());
        assert_eq!(reordered(&[0, 1, 3, 2, 4]), 0);
        assert_eq!(reordered(&[2, 0, 1, 3, 4]), 0);
        assert_eq!(reordered(&[2, 1, 0, 3, 4]), 1);
        assert_eq!(one.seen_of(&BTreeSet::from([2, 5])), BTreeSet::from([2]));
        // One that nobody can place, and many that follow each other.
        let mut precedence = Precedence::default();
        precedence.grow(1_000);
        let log: Vec<u32> = (0..1_000).collect();
        (2..1_000).for_each(|number| precedence.add(&[number - 1, number]));
        let Orders(logs) = Orders::of(std::iter::once(&log[..]), &precedence);
        let long = 1_000 - MOST_APART;
        assert!(logs.len() == 1 + MOST_APART && logs.iter().any(|log| log.len() == long));
    }

    #[test]
    fn it_knows_which_messages_were_seen() {
        let one = orders(&[&[0, 2], &[5, 4]]);
        let asked = BTreeSet::from([1, 2, 4]);
        assert_eq!(one.seen_of(&asked), BTreeSet::from([2, 4]));
    }
}
