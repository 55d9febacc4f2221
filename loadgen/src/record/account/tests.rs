//! Users with accounts, who are told what a server might tell them.

use super::*;
use crate::record::Party;
use crate::record::checks::Checks as _;
use crate::workload::Persona;

const ANN: PhoneId = PhoneId(0);
const BOB: PhoneId = PhoneId(1);
const CAT: PhoneId = PhoneId(2);

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

/// Three users who are there, and the books.
fn three() -> (Accounts, Books) {
    let mut accounts = Accounts::new(3);
    for phone in [ANN, BOB, CAT] {
        come(&mut accounts, phone);
    }
    (accounts, Books::default())
}

fn come(accounts: &mut Accounts, phone: PhoneId) {
    accounts.dialled(phone, Persona::Chatter);
    let begun = Begun { planned: at(0), actual: at(0) };
    accounts.came(phone, Persona::Chatter, begun, true, at(0));
}

fn send(accounts: &mut Accounts, books: &mut Books, from: PhoneId, place: Place) -> Stamp {
    let to = Party { phone: place.recipient(), generation: 0 };
    let stamp = books.send(Party { phone: from, generation: 1 }, to, at(1), at(2));
    accounts.send(&stamp, at(2));
    stamp
}

fn hear_all(accounts: &mut Accounts, books: &mut Books, stamp: &Stamp) {
    for by in [ANN, BOB, CAT] {
        accounts.hear(by, stamp, books, at(3));
    }
}

fn faults(books: &Books) -> Vec<(Fault, u64)> {
    let all = Fault::ALL.into_iter().map(|fault| (fault, books.count(fault)));
    all.filter(|&(_, count)| count > 0).collect()
}

fn lapses(accounts: &mut Accounts, books: &mut Books) -> Vec<(Lapse, u64)> {
    accounts.finish(books);
    let all = Lapse::ALL.into_iter().map(|lapse| (lapse, accounts.lapses.count(lapse)));
    all.filter(|&(_, count)| count > 0).collect()
}

fn kept(stamps: &[Stamp]) -> Vec<Kept> {
    let one = |&stamp| Kept { stamp: Some(stamp), is_author_right: true };
    stamps.iter().map(one).collect()
}

const EVERYONE: (Place, PhoneId) = (Place::Everyone, ANN);

#[test]
fn a_message_to_everyone_is_complete_when_all_have_it_and_nothing_is_wrong() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let receipt =
        Receipt { number: 0, sender: ANN, intended: at(1), sent: at(2), is_of_another: false };
    let hear =
        |accounts: &mut Accounts, books: &mut Books, by| accounts.hear(by, &one, books, at(3));
    assert_eq!(hear(&mut accounts, &mut books, BOB), Some(Arrival::Delivered(receipt)));
    assert_eq!(hear(&mut accounts, &mut books, ANN), Some(Arrival::Acknowledged(receipt)));
    assert_eq!((books.delivered(), accounts.is_complete(true)), (0, false));
    assert_eq!(hear(&mut accounts, &mut books, CAT), Some(Arrival::Delivered(receipt)));
    assert_eq!((books.delivered(), accounts.is_complete(true)), (1, true));
    assert_eq!((accounts.deliveries, accounts.acknowledged()), (2, 1));
    assert!(faults(&books).is_empty() && lapses(&mut accounts, &mut books).is_empty());
}

#[test]
fn a_private_message_is_for_two_and_astray_at_a_third() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
    assert_eq!(accounts.hear(CAT, &one, &mut books, at(3)), None);
    hear_all(&mut accounts, &mut books, &one);
    assert_eq!(faults(&books), [(Fault::Misdelivered, 2)]);
    assert_eq!((books.delivered(), accounts.deliveries), (1, 1));
}

#[test]
fn what_one_phone_misses_hears_twice_or_late_is_found_although_no_delivery_is_kept() {
    let (mut accounts, mut books) = three();
    let all: Vec<_> =
        (0..4).map(|_| send(&mut accounts, &mut books, ANN, Place::Everyone)).collect();
    for stamp in &all {
        accounts.hear(ANN, stamp, &mut books, at(3));
        accounts.hear(BOB, stamp, &mut books, at(3));
    }
    // 0, 2, 1, 2: late, twice, and the last never.
    for number in [0, 2, 1, 2] {
        accounts.hear(CAT, &all[number], &mut books, at(4));
    }
    assert_eq!(faults(&books), [(Fault::Duplicated, 1), (Fault::Reordered, 1)]);
    assert_eq!(accounts.missing(), Missing { lost: 1, in_doubt: 0 });
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::DeliveryLost, 1)]);
    assert_eq!(books.delivered(), 3);
}

#[test]
fn the_first_phone_that_hears_two_messages_of_one_sender_hears_them_in_order() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let two = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &two);
    hear_all(&mut accounts, &mut books, &one);
    assert_eq!(faults(&books), [(Fault::Reordered, 1)]);
}

#[test]
fn a_message_that_is_never_acknowledged_is_found_and_in_doubt_if_its_sender_has_gone() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    accounts.hear(BOB, &one, &mut books, at(3));
    accounts.hear(CAT, &one, &mut books, at(3));
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::Unacknowledged, 1)]);

    // The sender's connection ends, or all of them, before anybody has it.
    for gone in [&[ANN][..], &[ANN, BOB, CAT]] {
        let (mut accounts, mut books) = three();
        send(&mut accounts, &mut books, ANN, Place::Everyone);
        for &phone in gone {
            accounts.went(phone, Persona::Chatter, &mut books, at(3));
        }
        assert_eq!(accounts.missing(), Missing { lost: 0, in_doubt: 1 }, "{gone:?}");
        assert!(lapses(&mut accounts, &mut books).is_empty());
    }
}

#[test]
fn who_comes_back_is_owed_what_is_sent_from_then_on_and_hears_on_from_the_history() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    accounts.went(CAT, Persona::Chatter, &mut books, at(3));
    let two = send(&mut accounts, &mut books, ANN, Place::Everyone);
    for stamp in [one, two] {
        accounts.hear(ANN, &stamp, &mut books, at(3));
        accounts.hear(BOB, &stamp, &mut books, at(3));
    }
    assert!(accounts.is_complete(true), "nothing is owed to who is gone");
    accounts.dialled(CAT, Persona::Chatter);
    accounts.see_history(CAT, [one, two].into_iter(), at(4));
    let begun = Begun { planned: at(0), actual: at(0) };
    accounts.came(CAT, Persona::Chatter, begun, true, at(5));
    let three = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &three);
    // What the history has shown does not come again.
    assert_eq!(accounts.hear(CAT, &two, &mut books, at(6)), None);
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    assert!(lapses(&mut accounts, &mut books).is_empty());
    accounts.dialled(CAT, Persona::Chatter);
    accounts.see_history(CAT, [one, three].into_iter(), at(4));
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::HistoryWrong, 1)], "two is left out");
}

#[test]
fn a_history_at_the_end_has_each_acknowledged_message_once_and_in_the_order_that_was_seen() {
    let stored = |order: &[usize], is_whole: bool| {
        let (mut accounts, mut books) = three();
        let all: Vec<_> =
            (0..4).map(|_| send(&mut accounts, &mut books, ANN, Place::Everyone)).collect();
        // The last one is in doubt: nobody hears it.
        all[..3].iter().for_each(|stamp| hear_all(&mut accounts, &mut books, stamp));
        let order: Vec<_> = order.iter().map(|&number| all[number]).collect();
        let has_all = accounts.has_all(EVERYONE, &kept(&order));
        accounts.compare(EVERYONE, &kept(&order), is_whole);
        let lapses = Lapse::ALL.into_iter().map(|lapse| (lapse, accounts.lapses.count(lapse)));
        let lapses: Vec<_> = lapses.filter(|&(_, count)| count > 0).collect();
        (lapses, accounts.stored.found, accounts.stored.out_of_reach, has_all)
    };
    assert_eq!(stored(&[0, 1, 2], true), (vec![], 3, 0, true));
    assert_eq!(stored(&[0, 1, 2, 3], true), (vec![], 3, 0, true), "in doubt, and stored");
    assert_eq!(stored(&[0, 2], true), (vec![(Lapse::StoredMissing, 1)], 2, 0, false));
    assert_eq!(stored(&[0, 2, 1], true), (vec![(Lapse::StoredOutOfOrder, 1)], 3, 0, true));
    assert_eq!(stored(&[0, 1, 1, 2], true), (vec![(Lapse::StoredTwice, 1)], 3, 0, true));
    assert_eq!(stored(&[0, 1, 2, 3, 3], true), (vec![(Lapse::StoredTwice, 1)], 3, 0, true));
    // A history that does not go back to the beginning.
    assert_eq!(stored(&[1, 2], false), (vec![], 2, 1, false));
    assert_eq!(stored(&[1], false), (vec![(Lapse::StoredMissing, 1)], 1, 1, false));
    assert_eq!(stored(&[], false), (vec![], 0, 3, false));
}

#[test]
fn a_history_with_a_wrong_author_text_or_place_is_found() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let private = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
    hear_all(&mut accounts, &mut books, &one);
    let mut kept = kept(&[one, private]);
    kept[0].is_author_right = false;
    kept.push(Kept { stamp: None, is_author_right: true });
    accounts.compare(EVERYONE, &kept, true);
    assert_eq!(accounts.lapses.count(Lapse::StoredWrong), 3);
}

#[test]
fn a_text_that_names_what_was_never_sent_is_garbled_and_no_panic() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &one);
    // The entry is dropped by now, so that only the text can tell.
    for wrong in [
        Stamp { number: 7, ..one },
        Stamp { sender: PhoneId(99), ..one },
        Stamp { recipient: BOB, ..one },
        Stamp { recipient: Place::Room(3).recipient(), ..one },
        Stamp { number: u64::MAX, ..one },
    ] {
        assert_eq!(accounts.hear(BOB, &wrong, &mut books, at(3)), None, "{wrong:?}");
        accounts.see_history(CAT, [wrong].into_iter(), at(4));
        accounts.compare(EVERYONE, &kept(&[wrong]), true);
    }
    assert!(books.count(Fault::Garbled) + books.count(Fault::Misdelivered) == 5);
}

/// Cat comes while a message to everyone is on its way: Ann and Bob are told of it before the next one. But loadgen
/// reads Cat's socket first, where there is only the next one.
#[test]
fn a_phone_that_has_just_come_does_not_say_what_the_order_is() {
    let (mut accounts, mut books) = three();
    accounts.went(CAT, Persona::Chatter, &mut books, at(1));
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    come(&mut accounts, CAT);
    let two = send(&mut accounts, &mut books, BOB, Place::Everyone);
    accounts.hear(CAT, &two, &mut books, at(3));
    for by in [ANN, BOB] {
        accounts.hear(by, &one, &mut books, at(3));
        accounts.hear(by, &two, &mut books, at(3));
    }
    let three = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &three);
    assert_eq!((faults(&books), books.delivered()), (vec![], 3));
    assert!(lapses(&mut accounts, &mut books).is_empty());
    accounts.compare(EVERYONE, &kept(&[one, two, three]), true);
    accounts.compare_the_rest(true);
    assert_eq!((accounts.stored.found, accounts.lapses.count(Lapse::StoredOutOfOrder)), (3, 0));
}

/// The server stores a message, and dies before anybody hears of it. The next message is heard first, and the one
/// before it is only in a history.
#[test]
fn a_message_that_only_a_history_shows_is_neither_late_nor_out_of_order() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &one);
    let two = send(&mut accounts, &mut books, ANN, Place::Everyone);
    for phone in [ANN, BOB, CAT] {
        accounts.went(phone, Persona::Chatter, &mut books, at(3));
    }
    come(&mut accounts, ANN);
    let three = send(&mut accounts, &mut books, ANN, Place::Everyone);
    accounts.hear(ANN, &three, &mut books, at(4));
    accounts.dialled(BOB, Persona::Chatter);
    accounts.see_history(BOB, [one, two, three].into_iter(), at(4));
    accounts.compare(EVERYONE, &kept(&[one, two, three]), true);
    accounts.compare_the_rest(true);
    assert_eq!((faults(&books), accounts.stored.found), (vec![], 2));
    assert_eq!(accounts.missing(), Missing { lost: 0, in_doubt: 1 });
    assert!(lapses(&mut accounts, &mut books).is_empty());
}

/// A phone hears a message that has no place in a log, and is told that its own is stored; then it is not.
#[test]
fn an_acknowledged_message_without_a_place_must_be_in_a_history_as_well() {
    for (stored, is_whole, expected) in
        [(true, true, (1, 0, 0)), (false, true, (0, 0, 1)), (false, false, (0, 1, 0))]
    {
        let (mut accounts, mut books) = three();
        accounts.went(CAT, Persona::Chatter, &mut books, at(1));
        send(&mut accounts, &mut books, ANN, Place::Everyone);
        come(&mut accounts, CAT);
        let two = send(&mut accounts, &mut books, CAT, Place::Everyone);
        accounts.hear(CAT, &two, &mut books, at(3));
        accounts.compare(EVERYONE, &kept(&[two][..usize::from(stored)]), is_whole);
        accounts.compare_the_rest(is_whole);
        let Stored { found, out_of_reach, .. } = accounts.stored;
        let missing = accounts.lapses.count(Lapse::StoredMissing);
        assert_eq!((found, out_of_reach, missing), expected);
    }
}
