//! Users with accounts, who are told what a server might tell them.

mod hearing;
mod orders;
mod shared;
mod stored;

use super::*;
use crate::record::Party;
use crate::record::books::{Fault, Way};
use crate::record::checks::Checks as _;
use crate::record::measure::Begun;
use crate::workload::{Persona, ServerId};

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
        come_at(&mut accounts, phone, at(0));
    }
    (accounts, Books::default())
}

fn come_at(accounts: &mut Accounts, phone: PhoneId, now: Moment) {
    accounts.dialled(phone, Persona::Chatter, ServerId::FIRST);
    let begun = Begun { planned: at(0), actual: at(0) };
    accounts.came(phone, Persona::Chatter, begun, true, now);
}

fn send(accounts: &mut Accounts, books: &mut Books, from: PhoneId, place: Place) -> Stamp {
    let to = Party { phone: place.recipient(), generation: 0 };
    let stamp = books.send(Party { phone: from, generation: 1 }, to, Way::Within, at(1), at(2));
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
    let one = |&stamp| Kept {
        stamp: Some(stamp),
        is_author_right: true,
        is_answer_right: true,
        is_id_right: true,
    };
    stamps.iter().map(one).collect()
}

const EVERYONE: (Place, PhoneId) = (Place::Everyone, ANN);

#[test]
fn a_message_to_everyone_is_complete_when_all_have_it_and_nothing_is_wrong() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    let receipt = Receipt {
        number: 0,
        sender: ANN,
        way: Way::Within,
        intended: at(1),
        sent: at(2),
        is_of_another: false,
    };
    let hear =
        |accounts: &mut Accounts, books: &mut Books, by| accounts.hear(by, &one, books, at(3));
    assert_eq!(hear(&mut accounts, &mut books, BOB), Some(Arrival::Delivered(receipt)));
    assert_eq!(hear(&mut accounts, &mut books, ANN), Some(Arrival::Acknowledged(receipt)));
    assert_eq!((books.delivered(), accounts.is_complete(true)), (0, false));
    assert_eq!(hear(&mut accounts, &mut books, CAT), Some(Arrival::Delivered(receipt)));
    assert_eq!((books.delivered(), accounts.is_complete(true)), (1, true));
    assert_eq!((accounts.counts.deliveries, accounts.counts.acknowledged), (2, 1));
    assert!(faults(&books).is_empty() && lapses(&mut accounts, &mut books).is_empty());
}

#[test]
fn a_private_message_is_for_two_and_astray_at_a_third() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
    assert_eq!(accounts.hear(CAT, &one, &mut books, at(3)), None);
    hear_all(&mut accounts, &mut books, &one);
    assert_eq!(faults(&books), [(Fault::Misdelivered, 2)]);
    assert_eq!((books.delivered(), accounts.counts.deliveries), (1, 1));
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
fn a_message_that_one_phone_misses_is_lost_there_and_all_others_hear_it_in_its_place() {
    // The phone that misses it hears what follows before all others, or after them.
    for order in [[CAT, BOB, ANN], [BOB, ANN, CAT]] {
        let (mut accounts, mut books) = three();
        let all: Vec<_> = [ANN, BOB, ANN, BOB]
            .map(|from| send(&mut accounts, &mut books, from, Place::Everyone))
            .into();
        hear_all(&mut accounts, &mut books, &all[0]);
        for by in order {
            for (number, stamp) in all.iter().enumerate().skip(1) {
                if (by, number) != (CAT, 1) {
                    accounts.hear(by, stamp, &mut books, at(4));
                }
            }
        }
        accounts.compare(EVERYONE, &kept(&all), true);
        assert!(faults(&books).is_empty(), "{order:?}: {:?}", faults(&books));
        assert_eq!((accounts.missing().lost, books.delivered()), (1, 3));
        assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::DeliveryLost, 1)], "{order:?}");
        // It comes after all.
        accounts.hear(CAT, &all[1], &mut books, at(5));
        assert_eq!(faults(&books), [(Fault::Reordered, 1)]);
    }
}

#[test]
fn a_history_on_connecting_has_all_that_others_had_when_the_phone_dialled() {
    let shown = |shown: &[usize], is_whole: bool| {
        let (mut accounts, mut books) = three();
        accounts.went(CAT, Persona::Chatter, &mut books, at(1));
        let all: Vec<_> =
            (0..5).map(|_| send(&mut accounts, &mut books, ANN, Place::Everyone)).collect();
        for (number, stamp) in all.iter().enumerate() {
            if number == 4 {
                accounts.dialled(CAT, Persona::Chatter, ServerId::FIRST);
            }
            accounts.hear(ANN, stamp, &mut books, at(3));
            accounts.hear(BOB, stamp, &mut books, at(3));
        }
        accounts.see_history(CAT, shown.iter().map(|&number| all[number]), is_whole, at(4));
        accounts.lapses.count(Lapse::HistoryWrong) > 0
    };
    for right in [&[0, 1, 2, 3][..], &[0, 1, 2, 3, 4]] {
        assert!(!shown(right, true) && !shown(right, false), "{right:?}");
    }
    assert!(!shown(&[2, 3], false), "there is room for two");
    assert!(!shown(&[], false), "other people have written since");
    for wrong in [&[][..], &[1, 2, 3], &[0, 1, 2], &[0, 1, 3], &[1, 0, 2, 3]] {
        assert!(shown(wrong, true), "{wrong:?}");
    }
    assert!(shown(&[0, 1], false), "the first two, and not the last two");
}

#[test]
fn a_message_has_one_id_and_no_other_message_has_it() {
    let (mut accounts, mut books) = three();
    let all: Vec<_> =
        (0..3).map(|_| send(&mut accounts, &mut books, ANN, Place::Everyone)).collect();
    all.iter().for_each(|stamp| hear_all(&mut accounts, &mut books, stamp));
    accounts.note_id(0, "a");
    accounts.note_id(0, "a");
    accounts.note_id(1, "b");
    assert!(accounts.is_id_right(0, Some("a")) && accounts.is_id_right(0, None));
    assert!(accounts.is_id_right(2, Some("a")), "it is not known");
    assert!(!accounts.is_id_right(0, Some("b")));
    accounts.note_id(99, "c");
    accounts.note_id(u64::MAX, "c");
    assert_eq!(accounts.lapses.count(Lapse::IdWrong), 0);
    accounts.note_id(0, "b");
    accounts.note_id(2, "b");
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::IdWrong, 2)], "changed, and repeated");
}

#[test]
fn who_was_told_that_a_message_is_stored_is_known_when_all_others_have_it() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    assert!(!accounts.has_acknowledged(ANN, 0));
    hear_all(&mut accounts, &mut books, &one);
    assert_eq!(accounts.sent(0), None, "nothing is waited for");
    let known = [(ANN, 0), (BOB, 0), (ANN, 1), (ANN, u64::MAX)];
    let known = known.map(|(phone, number)| accounts.has_acknowledged(phone, number));
    assert_eq!(known, [true, false, false, false]);
}

#[test]
fn a_message_that_is_never_acknowledged_is_found_and_in_doubt_if_its_sender_has_gone() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    accounts.hear(BOB, &one, &mut books, at(3));
    accounts.hear(CAT, &one, &mut books, at(3));
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::Unacknowledged, 1)]);
    // It has arrived all the same.
    assert_eq!(accounts.missing(), Missing { lost: 0, in_doubt: 0 });
    assert_eq!(books.delivered(), 1);

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
    accounts.dialled(CAT, Persona::Chatter, ServerId::FIRST);
    accounts.see_history(CAT, [one, two].into_iter(), true, at(4));
    let begun = Begun { planned: at(0), actual: at(0) };
    accounts.came(CAT, Persona::Chatter, begun, true, at(5));
    let three = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &three);
    // What the history has shown does not come again.
    assert_eq!(accounts.hear(CAT, &two, &mut books, at(6)), None);
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    assert!(lapses(&mut accounts, &mut books).is_empty());
    accounts.dialled(CAT, Persona::Chatter, ServerId::FIRST);
    accounts.see_history(CAT, [one, three].into_iter(), true, at(4));
    assert_eq!(lapses(&mut accounts, &mut books), [(Lapse::HistoryWrong, 1)], "two is left out");
}

#[test]
fn who_comes_back_does_not_get_again_what_it_had_before() {
    let (mut accounts, mut books) = three();
    let one = send(&mut accounts, &mut books, ANN, Place::Everyone);
    hear_all(&mut accounts, &mut books, &one);
    accounts.went(BOB, Persona::Chatter, &mut books, at(4));
    let missed = send(&mut accounts, &mut books, ANN, Place::Everyone);
    for by in [ANN, CAT] {
        accounts.hear(by, &missed, &mut books, at(5));
    }
    come_at(&mut accounts, BOB, at(6));
    assert!(accounts.hear(BOB, &one, &mut books, at(7)).is_none());
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
    // What it has missed is no second delivery.
    assert!(accounts.hear(BOB, &missed, &mut books, at(8)).is_some());
    assert_eq!(faults(&books), [(Fault::Duplicated, 1)]);
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
        accounts.see_history(CAT, [wrong].into_iter(), false, at(4));
        accounts.compare(EVERYONE, &kept(&[wrong]), true);
    }
    assert!(books.count(Fault::Garbled) + books.count(Fault::Misdelivered) == 5);
}

#[test]
fn what_is_unread_is_what_others_said_behind_the_mark() {
    let (mut accounts, mut books) = three();
    let all: Vec<_> = [ANN, BOB, CAT, ANN, BOB]
        .map(|from| {
            let stamp = send(&mut accounts, &mut books, from, Place::Everyone);
            hear_all(&mut accounts, &mut books, &stamp);
            stamp
        })
        .into();
    // Behind the second message, one of Ann's is left out for Ann.
    accounts.mark(ANN, Place::Everyone, all[0].number);
    accounts.mark(ANN, Place::Everyone, all[1].number);
    accounts.mark(CAT, Place::Everyone, all[0].number);
    let mut says = |user, count, expected: u64| {
        let before = accounts.lapses.count(Lapse::UnreadWrong);
        accounts.compare_unread(user, Place::Everyone, count);
        let wrong = accounts.lapses.count(Lapse::UnreadWrong) - before;
        assert_eq!(wrong, expected, "{user:?}: {count:?}");
    };
    for (count, wrong) in [(Some(2), 0), (Some(1), 1), (Some(3), 1), (None, 1)] {
        says(ANN, count, wrong);
    }
    says(CAT, Some(3), 0);
    says(BOB, Some(99), 0);
    assert_eq!(accounts.counts.unread_compared, 5, "Bob has marked nothing");
    let places = vec![Place::Everyone];
    assert_eq!(accounts.readers(9), [(ANN, places.clone()), (CAT, places.clone())]);
    assert_eq!(accounts.readers(1), [(ANN, places)]);
    // The mark may not have come through.
    accounts.broke(Party { phone: ANN, generation: 1 });
    assert_eq!(accounts.readers(9).len(), 1);
}

#[test]
fn a_server_may_look_at_the_newest_thousand_messages_behind_a_mark_and_at_no_fewer() {
    let (mut accounts, mut books) = three();
    let mut say = |from| {
        let stamp = send(&mut accounts, &mut books, from, Place::Everyone);
        hear_all(&mut accounts, &mut books, &stamp);
        stamp.number
    };
    let mark = say(BOB);
    // 200 of others, which are too old to be looked at; then 1,000, of which 100 are Ann's own.
    for _ in 0..200 {
        say(CAT);
    }
    for at in 0..1_000 {
        say(if at % 10 == 0 { ANN } else { BOB });
    }
    accounts.mark(ANN, Place::Everyone, mark);
    for (said, wrong) in [(900, 0), (1_000, 0), (1_100, 0), (899, 1), (1_101, 1)] {
        let before = accounts.lapses.count(Lapse::UnreadWrong);
        accounts.compare_unread(ANN, Place::Everyone, Some(said));
        assert_eq!(accounts.lapses.count(Lapse::UnreadWrong) - before, wrong, "{said}");
    }
}

#[test]
fn what_was_read_before_the_run_is_not_unread_and_all_that_came_since_is() {
    let (mut accounts, mut books) = three();
    accounts.mark_before(BOB, Place::Phone(ANN));
    accounts.mark_before(ANN, Place::Phone(CAT));
    for _ in 0..2 {
        let stamp = send(&mut accounts, &mut books, ANN, Place::Phone(BOB));
        for by in [ANN, BOB] {
            accounts.hear(by, &stamp, &mut books, at(3));
        }
    }
    // That mark was there before the connection.
    accounts.broke(Party { phone: BOB, generation: 1 });
    for (user, other, said, wrong) in
        [(BOB, ANN, 2, 0), (BOB, ANN, 1, 1), (BOB, ANN, 3, 1), (ANN, CAT, 0, 0), (ANN, CAT, 1, 1)]
    {
        let before = accounts.lapses.count(Lapse::UnreadWrong);
        accounts.compare_unread(user, Place::Phone(other), Some(said));
        let found = accounts.lapses.count(Lapse::UnreadWrong) - before;
        assert_eq!(found, wrong, "{user:?} is told of {said}");
    }
    accounts.compare_reset(Reset::Done);
    assert_eq!(accounts.lapses.count(Lapse::ResetLost), 0);
    accounts.compare_reset(Reset::Untold);
    assert_eq!(accounts.lapses.count(Lapse::ResetLost), 1);
}

#[test]
fn a_reply_answers_what_it_answered_when_it_was_sent_also_in_the_history() {
    let (mut accounts, mut books) = three();
    let stamp = send(&mut accounts, &mut books, ANN, Place::Everyone);
    accounts.answer(stamp.number, "17");
    assert!(accounts.is_answer_right(&stamp, Some("17")));
    assert!(!accounts.is_answer_right(&stamp, Some("18")));
    assert!(!accounts.is_answer_right(&stamp, None), "it was forgotten");
    let next = Stamp { number: stamp.number + 1, ..stamp };
    assert!(!accounts.is_answer_right(&next, Some("17")), "that one answers nothing");
    hear_all(&mut accounts, &mut books, &stamp);
    let forgotten = Kept { is_answer_right: false, ..kept(&[stamp])[0] };
    let changed = Kept { is_id_right: false, ..kept(&[stamp])[0] };
    accounts.compare(EVERYONE, &[forgotten], true);
    assert_eq!(lapses(&mut accounts, &mut books), vec![(Lapse::StoredReply, 1)]);
    accounts.compare(EVERYONE, &[changed, changed], true);
    assert_eq!(accounts.lapses.count(Lapse::IdWrong), 1, "a second one is wrong anyway");
}

#[test]
fn a_message_to_a_room_is_owed_to_its_members_and_to_nobody_else() {
    let (mut accounts, mut books) = three();
    accounts.add_room([ANN, BOB].into_iter());
    let stamp = send(&mut accounts, &mut books, ANN, Place::Room(0));
    assert_eq!(accounts.others(ANN, Place::Room(0)), 1);
    accounts.hear(ANN, &stamp, &mut books, at(3));
    accounts.hear(CAT, &stamp, &mut books, at(3));
    assert_eq!(faults(&books), [(Fault::Misdelivered, 1)]);
    assert_eq!(accounts.missing().lost, 1, "Bob has not got it");
    accounts.hear(BOB, &stamp, &mut books, at(4));
    assert_eq!(accounts.missing().lost, 0);
}
