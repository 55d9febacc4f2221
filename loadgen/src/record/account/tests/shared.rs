//! Users of one process, who are told what users of another one have written.

use super::super::Lapse;
use super::super::follow::Step;
use super::super::shared::MOST_EARLY;
use super::*;
use crate::record::books::{Crossing, Overdue};
use crate::workload::Shard;
use std::collections::BTreeMap;

/// Like Bob, of the second shard of two.
const DAN: PhoneId = PhoneId(3);

/// The second shard, in which Bob and Dan come at this moment.
fn second(came: u64) -> (Accounts, Books) {
    let mut accounts = Accounts::new(4);
    accounts.share(Shard { number: 2, of: 2 }, 7);
    for phone in [BOB, DAN] {
        come_at(&mut accounts, phone, at(came));
    }
    (accounts, Books::of_a_shard())
}

fn come_again(accounts: &mut Accounts, books: &mut Books, phone: PhoneId, now: Moment) {
    accounts.went(phone, Persona::Chatter, books, now);
    come_at(accounts, phone, now);
}

/// The message with this number, which Ann of the first shard writes to everyone.
fn of_ann(number: u64) -> Stamp {
    let recipient = Place::Everyone.recipient();
    Stamp { number, sender: ANN, recipient, intended: at(1_000 + number) }
}

/// The shard draws it.
fn draw(accounts: &mut Accounts, books: &mut Books, stamp: &Stamp) {
    books.pass(Some((stamp.sender, stamp.recipient)), stamp.intended);
    accounts.expect(stamp, books);
}

fn hear(accounts: &mut Accounts, books: &mut Books, by: PhoneId, stamp: &Stamp) -> bool {
    accounts.hear(by, stamp, books, at(2_000)).is_some()
}

fn crossing(accounts: &Accounts) -> Crossing {
    let mut crossing = Crossing::default();
    accounts.enter_crossing(&mut crossing);
    crossing
}

#[test]
fn what_another_shard_has_sent_is_owed_to_the_phones_of_this_one_and_overdue_until_all_have_it() {
    let (mut accounts, mut books) = second(0);
    let all = [0, 1, 2].map(of_ann);
    all.iter().for_each(|stamp| draw(&mut accounts, &mut books, stamp));
    for (by, number) in [(BOB, 0), (DAN, 0), (BOB, 1)] {
        assert!(hear(&mut accounts, &mut books, by, &all[number]));
    }
    assert!(!hear(&mut accounts, &mut books, BOB, &all[1]), "a second time");
    let overdue = |phones| Overdue { sender: 0, in_doubt: false, phones, is_notice: false };
    let found = crossing(&accounts);
    assert_eq!(found.overdue, BTreeMap::from([(1, overdue(1)), (2, overdue(2))]));
    assert_eq!((found.sent, found.arrived, accounts.counts.deliveries), (0, 1, 3));
    assert_eq!((accounts.missing().lost, books.delivered()), (0, 0), "that is for merge to say");
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    assert!(lapses(&mut accounts, &mut books).is_empty());
}

#[test]
fn a_phone_that_came_later_than_a_message_may_have_been_sent_need_not_get_it() {
    let (mut accounts, mut books) = second(0);
    let private = |to| Stamp { recipient: Place::Phone(to).recipient(), ..of_ann(0) };
    assert_eq!([BOB, CAT].map(|to| accounts.receivers(&private(to))), [1, 0]);
    assert_eq!(accounts.receivers(&of_ann(0)), 2);
    come_again(&mut accounts, &mut books, BOB, at(600));
    assert_eq!((accounts.receivers(&of_ann(0)), accounts.receivers(&of_ann(100))), (1, 2));
    let one = of_ann(0);
    draw(&mut accounts, &mut books, &one);
    assert!(hear(&mut accounts, &mut books, BOB, &one) && !accounts.is_complete(false));
    assert!(hear(&mut accounts, &mut books, DAN, &one) && accounts.is_complete(false));
}

#[test]
fn who_goes_is_owed_nothing_more() {
    let (mut accounts, mut books) = second(0);
    draw(&mut accounts, &mut books, &of_ann(0));
    for phone in [BOB, DAN] {
        accounts.went(phone, Persona::Chatter, &mut books, at(1_500));
    }
    assert!(crossing(&accounts).overdue.is_empty() && accounts.is_complete(false));
    assert_eq!(accounts.missing().in_doubt, 0);
}

#[test]
fn a_message_may_come_before_this_shard_has_drawn_it_and_its_text_must_be_the_one_that_is_drawn() {
    let (mut accounts, mut books) = second(0);
    let (one, two) = (of_ann(0), of_ann(1));
    for (by, stamp) in [(BOB, &two), (BOB, &one), (DAN, &two)] {
        assert!(hear(&mut accounts, &mut books, by, stamp));
    }
    assert!(!hear(&mut accounts, &mut books, BOB, &two), "a second time");
    draw(&mut accounts, &mut books, &one);
    assert_eq!(crossing(&accounts).overdue[&0].phones, 1, "Dan has not got it");
    draw(&mut accounts, &mut books, &two);
    assert!(hear(&mut accounts, &mut books, DAN, &one) && accounts.is_complete(false));
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    assert_eq!(crossing(&accounts).arrived, 2);

    let (mut accounts, mut books) = second(0);
    let other = Stamp { intended: at(1), ..one };
    for stamp in [one, other] {
        hear(&mut accounts, &mut books, BOB, &stamp);
    }
    assert_eq!(books.count(Fault::Garbled), 1, "two texts with one number");
    draw(&mut accounts, &mut books, &other);
    assert_eq!(books.count(Fault::Garbled), 2, "another one was drawn");
    hear(&mut accounts, &mut books, BOB, &of_ann(7));
    hear(&mut accounts, &mut books, BOB, &of_ann(MOST_EARLY + 7));
    hear(&mut accounts, &mut books, BOB, &Stamp { sender: DAN, ..of_ann(8) });
    assert_eq!(books.count(Fault::Garbled), 4);
    accounts.finish(&mut books);
    assert_eq!(books.count(Fault::Garbled), 5, "the eighth was never due");

    // A private message comes early to another phone.
    let (mut accounts, mut books) = second(0);
    let private = Stamp { recipient: BOB, ..one };
    assert!(!hear(&mut accounts, &mut books, DAN, &private));
    draw(&mut accounts, &mut books, &private);
    assert_eq!(crossing(&accounts).overdue[&0].phones, 1);
    assert_eq!(faults(&books), [(Fault::Misdelivered, 1)]);
}

#[test]
fn a_phone_that_has_just_come_gives_no_message_of_others_its_place() {
    let (mut accounts, mut books) = second(0);
    come_again(&mut accounts, &mut books, DAN, at(900));
    // The server has 1 before 0. Dan came between the two, and is read first.
    let all = [of_ann(0), Stamp { sender: CAT, ..of_ann(1) }, of_ann(600)];
    accounts.hear(DAN, &all[0], &mut books, at(1_100));
    assert!(
        accounts.logs.everyone.order.is_empty(),
        "a history that another phone is shown may lack it"
    );
    for stamp in [&all[1], &all[0], &all[2]] {
        hear(&mut accounts, &mut books, BOB, stamp);
    }
    hear(&mut accounts, &mut books, DAN, &all[2]);
    assert!(faults(&books).is_empty(), "{:?}", faults(&books));
    assert_eq!(accounts.logs.everyone.order, [1, 0, 600]);
    let step = accounts.follow(DAN, &all[2], 600, at(2_000));
    assert_eq!(step, Step::Again, "its stretch begins with the message that is owed to it");
}

#[test]
fn a_history_is_held_against_the_messages_of_this_shard_and_the_order_of_all() {
    let compare = |order: &[usize]| {
        let (mut accounts, mut books) = second(0);
        draw(&mut accounts, &mut books, &of_ann(0));
        let own = send(&mut accounts, &mut books, BOB, Place::Everyone);
        draw(&mut accounts, &mut books, &of_ann(2));
        // Nobody here has heard the last one.
        draw(&mut accounts, &mut books, &of_ann(3));
        let all = [of_ann(0), own, of_ann(2), of_ann(3)];
        for stamp in &all[..3] {
            for by in [BOB, DAN] {
                hear(&mut accounts, &mut books, by, stamp);
            }
        }
        let places = accounts.places();
        let history: Vec<_> = order.iter().map(|&number| all[number]).collect();
        accounts.compare(places[0], &kept(&history), true);
        accounts.compare_the_rest(true);
        let found = Lapse::ALL.map(|lapse| (lapse, accounts.lapses.count(lapse)));
        let found: Vec<_> = found.into_iter().filter(|&(_, count)| count > 0).collect();
        (found, accounts.stored.found, places)
    };
    let everyone = vec![(Place::Everyone, BOB)];
    assert_eq!(compare(&[0, 1, 2, 3]), (vec![], 1, everyone));
    assert!(compare(&[1]).0.is_empty(), "the first shard misses its own");
    assert!(compare(&[0, 0, 1, 2, 3, 3]).0.is_empty(), "and finds them twice");
    assert_eq!(compare(&[0, 2]).0, [(Lapse::StoredMissing, 1)]);
    assert_eq!(compare(&[0, 1, 1, 2]).0, [(Lapse::StoredTwice, 1)]);
    assert_eq!(compare(&[0, 2, 1]).0, [(Lapse::StoredOutOfOrder, 1)]);
    assert!(compare(&[1, 0, 2]).0.is_empty(), "the message that is late is of the first shard");
}

#[test]
fn what_this_shard_has_not_sent_and_comes_all_the_same_is_garbled() {
    let (mut accounts, mut books) = second(0);
    let recipient = Place::Phone(DAN).recipient();
    let unsent = books.leave_out(BOB, recipient, at(1_000));
    accounts.pass(&unsent, &mut books);
    assert!(!hear(&mut accounts, &mut books, DAN, &unsent));
    assert_eq!(faults(&books), [(Fault::Garbled, 1)]);
    assert_eq!((accounts.missing().lost, accounts.missing().in_doubt), (0, 0));
}

#[test]
fn neither_typing_of_others_nor_what_their_messages_answer_is_judged() {
    let (mut accounts, mut books) = second(0);
    accounts.see_typing(BOB, (ANN, Place::Everyone), true, at(1_000));
    assert!(accounts.is_answer_right(&of_ann(0), Some("17")));
    assert_eq!(accounts.counts.typing_seen, 0);
    assert!(lapses(&mut accounts, &mut books).is_empty());
}

#[test]
fn what_goes_to_no_other_shard_does_not_count_as_sent_to_them() {
    let (mut accounts, mut books) = second(0);
    for (place, sent) in [(Place::Everyone, 1), (Place::Phone(DAN), 1), (Place::Phone(ANN), 2)] {
        send(&mut accounts, &mut books, BOB, place);
        assert_eq!(crossing(&accounts).sent, sent);
    }
}
