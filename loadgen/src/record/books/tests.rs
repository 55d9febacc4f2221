//! What is lost, in doubt, doubled, misled, overtaken or given back.

use super::*;

const ANN: PhoneId = PhoneId(0);
const BOB: PhoneId = PhoneId(1);
const CAT: PhoneId = PhoneId(2);

fn party(phone: PhoneId) -> Party {
    Party { phone, generation: 1 }
}

/// Ann writes to another.
fn write(books: &mut Books, to: PhoneId, way: Way) -> Stamp {
    books.send(party(ANN), party(to), way, Moment::START, Moment::START)
}

/// Books in which Ann has written to Bob this many times.
fn books(count: u64) -> (Books, Vec<Stamp>) {
    let mut books = Books::default();
    let at = |number| Moment::from_nanos(number * 10);
    let stamps = (0..count)
        .map(|n| books.send(party(ANN), party(BOB), Way::Within, at(n), at(n + 1)))
        .collect();
    (books, stamps)
}

fn faults(books: &Books) -> Vec<(Fault, u64)> {
    let counts = Fault::ALL.map(|fault| (fault, books.count(fault)));
    counts.into_iter().filter(|&(_, count)| count > 0).collect()
}

#[test]
fn books_of_messages_that_all_arrive_balance_and_take_no_memory() {
    let (mut books, stamps) = books(100);
    for (number, stamp) in stamps.into_iter().enumerate() {
        let receipt = books.receive(BOB, Some(ANN), Some(stamp)).expect("as it should be");
        assert_eq!(receipt.intended, Moment::from_nanos(number as u64 * 10));
        assert_eq!(receipt.sent, Moment::from_nanos(number as u64 * 10 + 10));
    }
    assert_eq!((books.sent(), books.delivered(), books.under_way()), (100, 100, 0));
    assert!(books.entries.is_empty() && books.pairs.is_empty());
    assert_eq!(faults(&books), []);
}

#[test]
fn a_lost_message_is_missing_and_those_after_it_are_not_out_of_order() {
    let (mut books, stamps) = books(3);
    books.receive(BOB, Some(ANN), Some(stamps[0]));
    books.receive(BOB, Some(ANN), Some(stamps[2]));
    assert_eq!(books.missing(), Missing { lost: 1, in_doubt: 0 });
    assert_eq!((books.under_way(), faults(&books)), (1, vec![]));
}

#[test]
fn what_was_under_way_on_a_connection_that_broke_is_in_doubt_and_not_on_the_next_one() {
    let (mut books, _) = books(2);
    books.doubt(party(BOB));
    let returned = Party { phone: BOB, generation: 2 };
    books.send(party(ANN), returned, Way::Within, Moment::START, Moment::START);
    assert_eq!(books.missing(), Missing { lost: 1, in_doubt: 2 });
}

#[test]
fn a_second_copy_is_a_duplicate_whether_or_not_the_first_was_dropped_from_the_books() {
    let (mut books, stamps) = books(3);
    books.receive(BOB, Some(ANN), Some(stamps[0]));
    books.receive(BOB, Some(ANN), Some(stamps[2]));
    for copy in [stamps[0], stamps[2]] {
        assert_eq!(books.receive(BOB, Some(ANN), Some(copy)), None);
    }
    assert_eq!((books.delivered(), faults(&books)), (2, vec![(Fault::Duplicated, 2)]));
}

#[test]
fn a_message_to_the_wrong_phone_is_misdelivered_and_still_missing() {
    let (mut books, stamps) = books(1);
    assert_eq!(books.receive(CAT, Some(ANN), Some(stamps[0])), None);
    assert_eq!((books.under_way(), faults(&books)), (1, vec![(Fault::Misdelivered, 1)]));
    // A copy of a message that has arrived is also in doubt.
    books.receive(BOB, Some(ANN), Some(stamps[0]));
    books.receive(CAT, Some(ANN), Some(stamps[0]));
    assert_eq!((books.under_way(), faults(&books)), (0, vec![(Fault::Misdelivered, 2)]));
}

#[test]
fn a_message_that_overtakes_another_of_its_pair_is_noticed_and_between_pairs_it_may() {
    let mut books = Books::default();
    let [first, second] = [BOB, BOB].map(|to| write(&mut books, to, Way::Within));
    let other = write(&mut books, CAT, Way::Within);
    assert!(books.receive(CAT, Some(ANN), Some(other)).is_some());
    assert!(books.receive(BOB, Some(ANN), Some(second)).is_some());
    assert_eq!(faults(&books), []);
    assert!(books.receive(BOB, Some(ANN), Some(first)).is_some(), "late, but there");
    assert_eq!(faults(&books), [(Fault::Reordered, 1)]);
}

#[test]
fn a_wrong_sender_and_a_text_that_nobody_sent_are_noticed() {
    let (mut books, stamps) = books(2);
    assert!(books.receive(BOB, Some(CAT), Some(stamps[0])).is_some());
    assert!(books.receive(BOB, None, Some(stamps[1])).is_some());
    assert_eq!(faults(&books), [(Fault::Misattributed, 2)]);
    let unsent = Stamp { number: 2, ..stamps[1] };
    let (mut books, stamps) = self::books(2);
    let altered = Stamp { sender: CAT, ..stamps[1] };
    for stamp in [None, Some(unsent), Some(altered)] {
        assert_eq!(books.receive(BOB, Some(ANN), stamp), None);
    }
    assert_eq!(faults(&books), [(Fault::Garbled, 3)]);
}

#[test]
fn what_went_to_a_half_open_connection_stays_in_doubt_while_the_next_is_given_back() {
    let mut books = Books::default();
    let ghost = write(&mut books, BOB, Way::Across);
    let moved = Party { phone: BOB, generation: 2 };
    let later = books.send(party(ANN), moved, Way::Across, Moment::START, Moment::START);
    books.doubt(party(BOB));
    assert_eq!(books.give_back_oldest(ANN, BOB), Some(later.number));
    assert_eq!(books.missing(), Missing { lost: 0, in_doubt: 1 });
    // Its server had it in an outbox, and says so after all.
    assert_eq!(books.give_back_oldest(ANN, BOB), Some(ghost.number));
    assert_eq!(books.missing(), Missing { lost: 0, in_doubt: 0 });
}

#[test]
fn what_the_other_server_does_not_take_is_given_back_in_order_and_nothing_else_is() {
    let mut books = Books::default();
    let within = write(&mut books, CAT, Way::Within);
    let [first, other, second] = [BOB, CAT, BOB].map(|to| write(&mut books, to, Way::Across));
    assert_eq!(books.give_back_oldest(ANN, BOB), Some(first.number));
    assert_eq!(books.give_back_oldest(ANN, BOB), Some(second.number));
    assert_eq!(books.give_back_oldest(ANN, BOB), None, "no third one was sent");
    assert_eq!(books.give_back_oldest(ANN, CAT), Some(other.number));
    assert_eq!(books.give_back_oldest(ANN, CAT), None, "that one stays on its server");
    assert_eq!((books.given_back(), books.under_way()), (3, 1));
    // A server that gives back a message, and delivers it all the same, has told a lie.
    assert_eq!(books.receive(BOB, Some(ANN), Some(first)), None);
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    assert!(books.receive(CAT, Some(ANN), Some(within)).is_some());
    let tally = |way| {
        let WayTally { sent, delivered, given_back } = books.tally(way);
        (sent, delivered, given_back)
    };
    assert_eq!((tally(Way::Within), tally(Way::Across)), ((1, 1, 0), (3, 0, 3)));
    assert_eq!(books.missing(), Missing { lost: 0, in_doubt: 0 });
}
