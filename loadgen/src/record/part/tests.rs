//! Two shards whose messages cross: arrived, lost, doubled, never sent.

use std::time::Duration;

use super::*;
use crate::phone_id::PhoneId;
use crate::record::{Begun, Fault, Missing, Party, Receipt, Way};
use crate::workload::{Place, ServerId, Shard, Stamp};

/// Phones of the first shard of two, and of the second.
const ANN: PhoneId = PhoneId(0);
const BOB: PhoneId = PhoneId(1);
const CAT: PhoneId = PhoneId(2);

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

/// Ann's shard and Bob's. Both have drawn `messages` from Ann to Bob, a millisecond apart.
struct Two {
    anns: Record,
    bobs: Record,
    stamps: Vec<Stamp>,
}

impl Two {
    fn after(messages: u64) -> Self {
        let shard = || {
            let mut record = Record::of_numbers(4);
            record.be_a_shard(std::iter::empty());
            record
        };
        let (mut anns, mut bobs) = (shard(), shard());
        let send = |number| {
            bobs.books.expect(ANN, (Party { phone: BOB, generation: 1 }, true), at(number));
            anns.books.send_across(ANN, BOB, at(number))
        };
        let stamps = (0..messages).map(send).collect();
        Two { anns, bobs, stamps }
    }

    /// A message arrives at Bob's phone at this moment.
    fn arrives(&mut self, number: usize, now: Moment) {
        let stamp = self.stamps[number];
        if let Some(receipt) = self.bobs.books.receive(BOB, Some(ANN), Some(stamp)) {
            self.bobs.delivered(&receipt, now);
        }
    }

    fn merged(mut self) -> (Outcome, Exchanged) {
        let part = |record: &mut Record| {
            record.finish();
            let record = std::mem::replace(record, Record::of_numbers(0));
            let outcome = Outcome { record, ..Outcome::of_nothing() };
            let json = Part::of(&outcome).map(|part| serde_json::to_string(&part));
            let json = json.expect("a shard").expect("it is data");
            serde_json::from_str(&json).expect("the same data")
        };
        Part::merge(&[part(&mut self.anns), part(&mut self.bobs)])
    }
}

#[test]
fn a_message_between_shards_has_arrived_once_or_twice_or_is_lost() {
    let mut two = Two::after(4);
    for number in [0, 1, 1, 3] {
        two.arrives(number, at(10));
    }
    let (outcome, exchanged) = two.merged();
    let books = &outcome.record.books;
    assert_eq!((books.sent(), books.delivered(), outcome.lost, outcome.in_doubt), (4, 3, 1, 0));
    assert_eq!(books.count(Fault::Duplicated), 1);
    assert_eq!(exchanged, Exchanged { sent: 4, arrived: 3, too_early: 0 });
    assert_eq!(outcome.record.delivery.corrected.count(), 3);
}

#[test]
fn a_message_that_was_not_sent_is_not_lost_and_one_that_comes_all_the_same_is_invented() {
    let mut two = Two::after(1);
    for number in [1, 2] {
        two.anns.books.leave_out(ANN, BOB, at(number));
        two.bobs.books.expect(ANN, (Party { phone: BOB, generation: 1 }, true), at(number));
        two.stamps.push(Stamp { number, intended: at(number), ..two.stamps[0] });
    }
    two.arrives(0, at(10));
    two.arrives(2, at(10));
    let (outcome, _) = two.merged();
    let books = &outcome.record.books;
    assert_eq!((books.sent(), books.delivered(), outcome.lost), (1, 1, 0));
    assert_eq!(books.count(Fault::Garbled), 1);
}

#[test]
fn what_is_missing_is_in_doubt_if_the_connection_broke_on_either_side() {
    let broken = [(ANN, true), (BOB, true), (CAT, false)];
    for (phone, is_in_doubt) in broken {
        let mut two = Two::after(1);
        let shard = if phone == BOB { &mut two.bobs } else { &mut two.anns };
        shard.doubt(Party { phone, generation: 1 });
        let (outcome, _) = two.merged();
        let expected = (u64::from(!is_in_doubt), u64::from(is_in_doubt));
        assert_eq!((outcome.lost, outcome.in_doubt), expected, "{phone:?}");
    }
}

#[test]
fn times_between_shards_count_only_if_the_clocks_agree() {
    let mut two = Two::after(3);
    two.arrives(0, at(50));
    two.arrives(1, at(51));
    let p50 = |outcome: &Outcome| outcome.record.delivery.corrected.quantile(0.5);
    let (outcome, _) = two.merged();
    assert_eq!(p50(&outcome).as_millis(), 50);

    let mut two = Two::after(3);
    two.arrives(0, at(50));
    two.arrives(2, at(1));
    let (outcome, exchanged) = two.merged();
    assert_eq!((exchanged.arrived, exchanged.too_early), (2, 1));
    let times = outcome.record.delivery.corrected.count();
    assert_eq!((outcome.record.books.delivered(), times), (2, 0));
}

#[test]
fn the_rows_of_a_second_are_one_with_the_quantiles_of_all() {
    let mut two = Two::after(100);
    for number in 0..100 {
        two.arrives(number, at(number as u64 * 2));
    }
    // More messages arrive within Ann's shard, and sooner.
    for number in 1_000..1_101 {
        let (sent, is_of_another) = (at(0), false);
        let receipt =
            Receipt { number, sender: ANN, intended: sent, sent, is_of_another, way: Way::Within };
        two.anns.delivered(&receipt, at(1));
    }
    for record in [&mut two.anns, &mut two.bobs] {
        record.end_second(at(1_001), Duration::from_millis(300), &Default::default());
        record.end_second(at(2_000), Duration::from_millis(400), &Default::default());
    }
    let (outcome, _) = two.merged();
    let rows = outcome.record.series.rows();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].sent, rows[0].delivered, rows[1].sent), (100, 100, 0));
    assert_eq!((rows[0].at_seconds, rows[1].at_seconds), (1.001, 2.0));
    let p50 = rows[0].delivery_p50_ns.expect("there were some");
    assert!(p50.abs_diff(1_000_000) < 10_000, "{p50}");
    assert!(rows[1].delivery_p50_ns.is_none());
    let busiest = rows[0].loadgen_cpu_seconds;
    assert!((busiest - 0.3).abs() < 1e-9, "not the sum of both: {busiest}");
}

/// Ann's shard and Bob's, in which two more users are, Cat and Dan. Both have drawn the same messages to everyone.
struct Users {
    shards: [Record; 2],
    stamps: Vec<Stamp>,
}

const DAN: PhoneId = PhoneId(3);

impl Users {
    /// After messages of these senders, all of which were sent.
    fn after(senders: &[PhoneId]) -> Self {
        let shards = [1, 2].map(|number| {
            let mut accounts = Accounts::new(4);
            let shard = Shard { number, of: 2 };
            accounts.share(shard, 7);
            let mut record = Record::new(Checked::Account(Box::new(accounts)), true);
            record.be_a_shard(std::iter::empty());
            for phone in [ANN, BOB, CAT, DAN].into_iter().filter(|&phone| shard.has(phone)) {
                record.dialled(phone, Persona::Chatter, ServerId::FIRST);
                record.came(phone, Persona::Chatter, Begun::at(at(0)), at(0));
            }
            record
        });
        let mut users = Users { shards, stamps: Vec::new() };
        senders.iter().for_each(|&sender| users.draws(sender, true));
        users
    }

    fn shard_of(&mut self, phone: PhoneId) -> &mut Record {
        &mut self.shards[phone.index() % 2]
    }

    /// Both draw the next message, which its shard sends or not.
    fn draws(&mut self, sender: PhoneId, is_sent: bool) {
        let (to, planned) = (Place::Everyone.recipient(), at(1_000 + self.stamps.len() as u64));
        for (at, record) in self.shards.iter_mut().enumerate() {
            let is_ours = sender.index() % 2 == at;
            if !is_ours || !is_sent {
                record.leave_to_others((sender, to), planned, is_ours);
                continue;
            }
            let party = |phone| Party { phone, generation: 1 };
            let books = &mut record.books;
            let stamp = books.send(party(sender), party(to), Way::Within, planned, planned);
            record.checked.accounts_mut().expect("users").send(&stamp, planned);
        }
        let number = self.stamps.len() as u64;
        self.stamps.push(Stamp { number, sender, recipient: to, intended: planned });
    }

    fn hears(&mut self, by: PhoneId, numbers: &[usize]) {
        for &number in numbers {
            let stamp = self.stamps[number];
            let record = self.shard_of(by);
            let accounts = record.checked.accounts_mut().expect("users");
            accounts.hear(by, &stamp, &mut record.books, at(1_500));
        }
    }

    fn merged(self) -> (Outcome, Exchanged) {
        let parts = self.shards.map(|mut record| {
            record.finish();
            let Missing { lost, in_doubt } = record.missing();
            let outcome = Outcome { record, lost, in_doubt, ..Outcome::of_nothing() };
            let json = Part::of(&outcome).map(|part| serde_json::to_string(&part));
            let json = json.expect("a shard").expect("it is data");
            serde_json::from_str::<Part>(&json).expect("the same data")
        });
        assert!(parts.iter().all(|part| part.users() == Some(7)));
        Part::merge(&parts)
    }
}

/// Sent, delivered, lost and in doubt.
fn told(outcome: &Outcome) -> [u64; 4] {
    let books = &outcome.record.books;
    let told = [books.sent(), books.delivered(), outcome.lost, outcome.in_doubt];
    assert_eq!(told[0], told[1..].iter().sum::<u64>(), "{told:?}");
    told
}

fn lapse(outcome: &Outcome, lapse: Lapse) -> u64 {
    outcome.record.accounts().expect("users").lapses.count(lapse)
}

#[test]
fn a_message_to_users_of_two_shards_has_come_to_all_of_both_or_is_lost_once() {
    // The last one comes to nobody but its sender.
    let mut users = Users::after(&[ANN, BOB, ANN, BOB, DAN]);
    users.hears(ANN, &[0, 1, 2, 3]);
    users.hears(CAT, &[0, 1, 3]);
    users.hears(BOB, &[0, 1, 3]);
    users.hears(DAN, &[0, 1, 2, 3, 3, 4]);
    let (outcome, exchanged) = users.merged();
    assert_eq!(told(&outcome), [5, 3, 2, 0]);
    // Bob and Cat miss the third, and all the fifth.
    assert_eq!(lapse(&outcome, Lapse::DeliveryLost), 2 + 3);
    assert_eq!(outcome.record.books.count(Fault::Duplicated), 1);
    assert_eq!(exchanged, Exchanged { sent: 5, arrived: 3, too_early: 0 });
    let counts = outcome.record.accounts().expect("users").counts;
    assert_eq!((counts.acknowledged, counts.deliveries), (5, 10));
}

#[test]
fn what_a_user_did_not_send_is_not_lost_and_one_that_comes_all_the_same_is_invented() {
    let mut users = Users::after(&[ANN]);
    users.draws(ANN, false);
    users.draws(CAT, false);
    users.hears(BOB, &[0, 2]);
    users.hears(DAN, &[0]);
    users.hears(ANN, &[0]);
    users.hears(CAT, &[0]);
    let (outcome, _) = users.merged();
    assert_eq!(told(&outcome), [1, 1, 0, 0]);
    assert_eq!(outcome.record.books.count(Fault::Garbled), 1);
    assert_eq!((outcome.record.skipped_sends, lapse(&outcome, Lapse::DeliveryLost)), (2, 0));
}

#[test]
fn what_was_sent_too_late_or_over_a_broken_connection_is_in_doubt() {
    for is_late in [true, false] {
        let mut users = Users::after(&[ANN]);
        match is_late {
            true => users.shard_of(ANN).books.note_late(),
            false => users.shard_of(ANN).doubt(Party { phone: ANN, generation: 1 }),
        }
        users.hears(ANN, &[0]);
        users.hears(CAT, &[0]);
        let (outcome, _) = users.merged();
        assert_eq!(told(&outcome), [1, 0, 0, 1], "{is_late}");
        assert_eq!(lapse(&outcome, Lapse::DeliveryLost), 0);
    }
}

#[test]
fn two_shards_that_have_seen_different_orders_are_found() {
    for (order, reordered) in [([0, 1, 2], 0), ([1, 0, 2], 1)] {
        let mut users = Users::after(&[ANN, BOB, ANN]);
        for by in [ANN, CAT] {
            users.hears(by, &[0, 1, 2]);
        }
        for by in [BOB, DAN] {
            users.hears(by, &order);
        }
        let (outcome, _) = users.merged();
        assert_eq!(told(&outcome), [3, 3, 0, 0]);
        assert_eq!(outcome.record.books.count(Fault::Reordered), reordered);
    }
}
