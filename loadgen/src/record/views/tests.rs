//! Which phones know of which: told by lists that come late, early, twice, and to all but one.

use std::time::Duration;

use super::*;
use crate::record::checks::Checks as _;

const ANN: PhoneId = PhoneId(0);
const BOB: PhoneId = PhoneId(1);
const CAT: PhoneId = PhoneId(2);

fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

/// A chat in which these phones see what they are told.
struct Chat {
    views: Views,
    bytes_of_lists: usize,
}

impl Chat {
    /// Ann and Bob are online since 0 ms, and both know it.
    fn of_ann_and_bob() -> Self {
        let mut chat = Chat { views: Views::new(3, 1), bytes_of_lists: 0 };
        for phone in [ANN, BOB] {
            chat.views.expect(phone, ServerId::FIRST);
            chat.views.joined(phone, Begun::at(at(0)), at(0));
        }
        chat.list(ANN, &[ANN, BOB], 0);
        chat.list(BOB, &[ANN, BOB], 0);
        chat.views.convergence = Measure::default();
        chat
    }

    fn list(&mut self, to: PhoneId, online: &[PhoneId], millis: u64) {
        let bytes = format!("{online:?}");
        let numbers = || {
            self.bytes_of_lists += bytes.len();
            online.iter().copied()
        };
        self.views.see_list(to, bytes.as_bytes(), numbers, at(millis));
    }

    fn delta(&mut self, to: PhoneId, touched: &[(PhoneId, bool)], millis: u64) {
        let bytes = format!("{touched:?}");
        self.views.see_delta(to, bytes.as_bytes(), || touched.to_vec(), at(millis));
    }

    fn join(&mut self, phone: PhoneId, millis: u64) {
        self.views.expect(phone, ServerId::FIRST);
        self.joined(phone, millis);
    }

    fn joined(&mut self, phone: PhoneId, millis: u64) {
        // Planned 5 ms before.
        let begun = Begun { planned: at(millis - 5), actual: at(millis) };
        self.views.joined(phone, begun, at(millis));
    }

    /// How many changes phones have heard of, and the longest that one took, in milliseconds.
    fn heard(&self) -> (u64, u128) {
        let times = &self.views.convergence.uncorrected;
        (times.count(), (times.max() + Duration::from_micros(100)).as_millis())
    }
}

#[test]
fn a_coming_is_entered_once_for_each_who_hears_of_it_from_when_it_was() {
    let mut chat = Chat::of_ann_and_bob();
    chat.join(CAT, 10);
    assert_eq!((chat.views.stale(), chat.views.changes()), (2, 3));
    chat.list(CAT, &[ANN, BOB, CAT], 11);
    assert_eq!(chat.heard(), (0, 0), "she knows of herself");
    chat.list(ANN, &[ANN, BOB, CAT], 13);
    chat.list(ANN, &[ANN, BOB, CAT], 14);
    assert_eq!(chat.heard(), (1, 3));
    chat.list(BOB, &[ANN, BOB, CAT], 40);
    assert_eq!((chat.heard(), chat.views.stale()), ((2, 30), 0));
    let corrected = chat.views.convergence.corrected.max();
    assert!(corrected >= Duration::from_millis(35), "{corrected:?}");
}

#[test]
fn a_leaving_counts_until_the_list_no_longer_has_it() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.left(BOB, Begun::at(at(20)), at(20));
    chat.list(ANN, &[ANN, BOB], 25);
    assert_eq!((chat.heard(), chat.views.stale()), ((0, 0), 1));
    chat.list(ANN, &[ANN], 27);
    assert_eq!((chat.heard(), chat.views.stale()), ((1, 7), 0));
}

#[test]
fn a_going_that_others_hear_of_before_we_do_was_told_at_once() {
    for is_delta in [false, true] {
        let mut chat = Chat::of_ann_and_bob();
        match is_delta {
            true => chat.delta(ANN, &[(BOB, false)], 20),
            false => chat.list(ANN, &[ANN], 20),
        }
        assert_eq!(chat.views.stale(), 1, "as far as we know");
        chat.views.left(BOB, Begun::at(at(21)), at(21));
        assert_eq!((chat.heard(), chat.views.stale()), ((1, 0), 0), "{is_delta}");
        // What it said before is still wrong.
        chat.list(ANN, &[ANN, BOB], 22);
        assert_eq!(chat.views.stale(), 1);
    }
}

#[test]
fn each_distinct_list_is_looked_into_once() {
    let mut chat = Chat::of_ann_and_bob();
    let before = chat.bytes_of_lists;
    for millis in 1..100 {
        chat.list(ANN, &[ANN, BOB], millis);
        chat.list(BOB, &[ANN, BOB], millis);
    }
    assert_eq!(chat.bytes_of_lists, before);
}

#[test]
fn the_same_list_may_be_wrong_and_then_right_again() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.left(BOB, Begun::at(at(10)), at(10));
    chat.list(ANN, &[ANN], 11);
    chat.join(BOB, 20);
    assert_eq!(chat.views.stale(), 1);
    chat.list(ANN, &[ANN, BOB], 26);
    assert_eq!((chat.heard(), chat.views.stale()), ((2, 6), 0));
}

#[test]
fn who_is_told_before_we_are_was_told_at_once() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.expect(CAT, ServerId::FIRST);
    chat.list(ANN, &[ANN, BOB, CAT], 30);
    assert_eq!(chat.heard(), (0, 0));
    chat.joined(CAT, 31);
    assert_eq!((chat.heard(), chat.views.stale()), ((1, 0), 1));
    chat.list(BOB, &[ANN, BOB, CAT], 33);
    assert_eq!((chat.heard(), chat.views.stale()), ((2, 2), 0));
}

#[test]
fn who_may_leave_is_right_to_be_listed_and_right_not_to_be() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.may_leave(BOB);
    chat.join(CAT, 10);
    chat.list(ANN, &[ANN, BOB, CAT], 11);
    chat.list(CAT, &[ANN, BOB, CAT], 11);
    assert_eq!((chat.views.stale(), chat.views.take_gone()), (0, vec![]));
    chat.list(ANN, &[ANN, CAT], 60);
    assert_eq!((chat.views.stale(), chat.views.take_gone()), (0, vec![BOB]));
    chat.views.left(BOB, Begun::at(at(61)), at(61));
    assert_eq!(chat.views.stale(), 1, "Cat still has the old list");
    chat.list(CAT, &[ANN, CAT], 70);
    assert_eq!((chat.views.stale(), chat.heard()), (0, (3, 9)));
}

#[test]
fn nothing_is_expected_of_phones_that_are_ignored_or_of_views_that_are_closed() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.ignore(CAT);
    chat.list(ANN, &[ANN, BOB, CAT], 10);
    chat.list(BOB, &[ANN, BOB], 10);
    assert_eq!(chat.views.stale(), 0);
    chat.views.left(BOB, Begun::at(at(20)), at(20));
    chat.views.left(ANN, Begun::at(at(20)), at(20));
    assert_eq!(chat.views.stale(), 0);
}

#[test]
fn deltas_move_a_view_on_as_far_as_they_name_what_has_changed() {
    let mut chat = Chat::of_ann_and_bob();
    chat.join(CAT, 10);
    chat.list(CAT, &[ANN, BOB, CAT], 10);
    chat.views.left(BOB, Begun::at(at(20)), at(20));
    chat.delta(ANN, &[(CAT, true)], 21);
    assert_eq!((chat.heard(), chat.views.stale()), ((1, 11), 2));
    chat.delta(ANN, &[(BOB, false)], 22);
    chat.delta(CAT, &[(BOB, false)], 22);
    assert_eq!((chat.heard(), chat.views.stale()), ((3, 11), 0));
    // Came and went in between.
    chat.join(BOB, 30);
    chat.views.left(BOB, Begun::at(at(31)), at(31));
    chat.delta(ANN, &[(BOB, false)], 35);
    chat.delta(CAT, &[(BOB, false)], 35);
    assert_eq!((chat.heard().0, chat.views.stale()), (7, 0));
}

#[test]
fn what_a_phone_was_shown_before_we_expected_it_needs_not_be_shown_again() {
    // The server's order is not ours: the frames that tell us come by many connections.
    let mut chat = Chat::of_ann_and_bob();
    chat.views.left(BOB, Begun::at(at(10)), at(10));
    chat.join(CAT, 20);
    chat.list(CAT, &[ANN, CAT], 20);
    chat.list(ANN, &[ANN, BOB, CAT], 25);
    assert_eq!(chat.views.stale(), 1, "Ann has Bob still");
    chat.delta(ANN, &[(BOB, false)], 30);
    assert_eq!(chat.views.stale(), 0);

    chat.views.left(CAT, Begun::at(at(40)), at(40));
    chat.join(BOB, 50);
    chat.list(BOB, &[ANN, BOB], 50);
    chat.delta(ANN, &[(BOB, true)], 55);
    assert_eq!(chat.views.stale(), 1, "Ann has Cat still");
    chat.delta(ANN, &[(CAT, false)], 60);
    assert_eq!(chat.views.stale(), 0);
}

const HERE: ServerId = ServerId(0);
const THERE: ServerId = ServerId(1);

/// Ann and Bob are online here, and know it; Cat is online there.
fn on_two_servers() -> Chat {
    let mut chat = Chat { views: Views::new(3, 2), bytes_of_lists: 0 };
    for (phone, server) in [(ANN, HERE), (BOB, HERE), (CAT, THERE)] {
        chat.views.expect(phone, server);
        chat.views.joined(phone, Begun::at(at(0)), at(0));
    }
    chat.list(ANN, &[ANN, BOB], 0);
    chat.list(BOB, &[ANN, BOB], 0);
    chat.views.convergence = Measure::default();
    chat
}

#[test]
fn what_happens_on_another_server_may_be_shown_and_need_not_be() {
    let mut chat = on_two_servers();
    assert_eq!(chat.views.stale(), 0, "Cat is not expected here");
    chat.list(CAT, &[CAT], 5);
    assert_eq!((chat.heard(), chat.views.stale()), ((0, 0), 0));
    // Their servers tell each other.
    chat.list(ANN, &[ANN, BOB, CAT], 6);
    chat.list(CAT, &[ANN, BOB, CAT], 6);
    assert_eq!((chat.heard(), chat.views.stale()), ((0, 0), 0));
    chat.views.left(BOB, Begun::at(at(10)), at(10));
    assert_eq!(chat.views.stale(), 1, "Ann has to hear of that, and Cat need not");
    // The same bytes are right from one server, and wrong from the other.
    chat.list(CAT, &[ANN, BOB, CAT], 11);
    chat.list(ANN, &[ANN, BOB, CAT], 12);
    assert_eq!(chat.views.stale(), 1);
    chat.list(ANN, &[ANN, CAT], 14);
    assert_eq!((chat.heard(), chat.views.stale()), ((1, 4), 0));
}

#[test]
fn who_comes_back_on_another_server_is_expected_there_and_no_longer_here() {
    let mut chat = on_two_servers();
    chat.list(CAT, &[CAT], 5);
    chat.views.expect(BOB, THERE);
    chat.views.joined(BOB, Begun::at(at(10)), at(10));
    chat.list(BOB, &[BOB, CAT], 11);
    assert_eq!(chat.views.stale(), 0, "Cat may have been shown Bob before");
    chat.list(CAT, &[CAT], 12);
    assert_eq!(chat.views.stale(), 1, "Bob is there");
    chat.list(CAT, &[BOB, CAT], 14);
    // The old server finds out in the end.
    chat.list(ANN, &[ANN], 900);
    assert_eq!((chat.heard(), chat.views.stale()), ((0, 0), 0));
}

#[test]
fn who_comes_back_on_the_same_server_while_the_old_connection_is_open_has_not_been_away() {
    let mut chat = Chat::of_ann_and_bob();
    chat.views.expect(BOB, ServerId::FIRST);
    chat.views.joined(BOB, Begun::at(at(10)), at(10));
    assert_eq!((chat.views.stale(), chat.views.changes()), (0, 2), "nobody need be told");
    chat.list(BOB, &[ANN, BOB], 11);
    chat.list(ANN, &[ANN], 12);
    assert_eq!(chat.views.stale(), 1, "Bob is there");
}

#[test]
fn a_view_is_kept_as_long_as_a_phone_has_it_and_then_makes_room() {
    const ROUNDS: u64 = 500;
    let mut chat = Chat::of_ann_and_bob();
    for millis in (1..=ROUNDS).map(|round| 10 * round) {
        chat.join(CAT, millis);
        chat.list(ANN, &[ANN, BOB, CAT], millis + 1);
        chat.views.left(CAT, Begun::at(at(millis + 2)), at(millis + 2));
        chat.delta(ANN, &[(CAT, false)], millis + 3);
        assert_eq!(chat.views.stale(), 1, "Bob has been shown nothing of it");
    }
    chat.list(BOB, &[ANN, BOB], 10_000);
    assert_eq!((chat.heard().0, chat.views.stale()), (4 * ROUNDS, 0));
    assert!(chat.views.views.len() <= FEW_VIEWS, "{}", chat.views.views.len());
}
